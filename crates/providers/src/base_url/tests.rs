use proptest::prelude::*;

use super::*;
use crate::registry::{ALL, find};

fn parse(vendor: &str, text: &str) -> Result<String, BaseUrlError> {
    BaseUrl::parse(text, find(vendor).expect("a vendor")).map(|url| url.to_string())
}

#[test]
fn pasted_forms_of_a_base_url_come_to_the_same() {
    for (vendor, pasted, expected) in [
        ("vllm", "http://10.0.0.5:8000", "http://10.0.0.5:8000/v1"),
        ("vllm", " http://10.0.0.5:8000/ \n", "http://10.0.0.5:8000/v1"),
        ("vllm", "http://10.0.0.5:8000/v1", "http://10.0.0.5:8000/v1"),
        ("vllm", "http://10.0.0.5:8000//v1///", "http://10.0.0.5:8000/v1"),
        ("vllm", "http://10.0.0.5:8000/v1/chat/completions", "http://10.0.0.5:8000/v1"),
        ("vllm", "http://10.0.0.5:8000/v1/models/", "http://10.0.0.5:8000/v1"),
        ("vllm", "HTTP://Gpu_1.LAN/team/a", "http://gpu_1.lan/team/a/v1"),
        ("groq", "https://api.groq.com", "https://api.groq.com/openai/v1"),
        ("groq", "https://api.groq.com:443/openai/", "https://api.groq.com/openai/v1"),
        ("groq", "https://api.groq.com/openai/v1", "https://api.groq.com/openai/v1"),
        ("groq", "http://relay:9000/v1", "http://relay:9000/v1"),
        ("deepinfra", "https://api.deepinfra.com", "https://api.deepinfra.com/v1/openai"),
        ("deepinfra", "https://api.deepinfra.com/v1", "https://api.deepinfra.com/v1/openai"),
        ("openrouter", "https://openrouter.ai/api", "https://openrouter.ai/api/v1"),
        ("anthropic", "https://api.anthropic.com", "https://api.anthropic.com/v1"),
        ("anthropic", "https://api.anthropic.com/v1/messages/count_tokens", "https://api.anthropic.com/v1"),
        ("anthropic", "https://models.example.com/anthropic", "https://models.example.com/anthropic/v1"),
        ("ollama", "http://127.0.0.1:11434", "http://127.0.0.1:11434/v1"),
        ("ollama", "http://127.0.0.1:11434/api", "http://127.0.0.1:11434/v1"),
        ("ollama", "http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434/v1"),
        ("ollama", "http://chat.lan/ollama/api/tags", "http://chat.lan/ollama/v1"),
        ("ollama", "http://127.0.0.1:11434/v1/chat/completions", "http://127.0.0.1:11434/v1"),
        ("openai", "http://127.0.0.1:11434/api/chat", "http://127.0.0.1:11434/api/chat/v1"),
        ("gemini", "https://g.example.com", "https://g.example.com/v1beta/openai"),
        ("gemini", "https://g.example.com/v1beta", "https://g.example.com/v1beta/openai"),
        ("gemini", "https://g.example.com/v1beta/models", "https://g.example.com/v1beta/openai"),
        ("gemini", "https://g.example.com/v1beta/openai/models", "https://g.example.com/v1beta/openai"),
        (
            "gemini",
            "https://g.example.com/v1beta/models/gemini-3-pro:generateContent",
            "https://g.example.com/v1beta/openai",
        ),
        ("gemini", "https://g.example.com/modelserver", "https://g.example.com/modelserver/v1beta/openai"),
        ("openai", "https://models.example.com/api/paas/v4", "https://models.example.com/api/paas/v4"),
        ("openai", "https://example.com/v1beta/openai", "https://example.com/v1beta/openai"),
        ("openai", "https://example.com/api/chat/completions", "https://example.com/api"),
        ("openai", "https://example.com/vault", "https://example.com/vault/v1"),
        ("openai", "http://[::1]:80", "http://[::1]/v1"),
        ("openai", "https://[2001:DB8::1]:8443/v1", "https://[2001:db8::1]:8443/v1"),
        ("dummy", "http://127.0.0.1", "http://127.0.0.1"),
    ] {
        assert_eq!(parse(vendor, pasted).as_deref(), Ok(expected), "{vendor} {pasted}");
    }
}

#[test]
fn what_is_no_base_url_is_refused_with_its_reason() {
    for (pasted, error) in [
        ("", BaseUrlError::Scheme),
        ("localhost:8000", BaseUrlError::Scheme),
        ("ws://localhost:8000", BaseUrlError::Scheme),
        ("https:/api.example.com", BaseUrlError::Scheme),
        ("https://", BaseUrlError::Host),
        ("https:///v1", BaseUrlError::Host),
        ("https://:443", BaseUrlError::Host),
        ("https://a..b", BaseUrlError::Host),
        ("http://127.1", BaseUrlError::Host),
        ("http://999.0.0.1", BaseUrlError::Host),
        ("http://::1", BaseUrlError::Host),
        ("http://[::1", BaseUrlError::Host),
        ("http://[::1]x", BaseUrlError::Host),
        ("http://[fe80::1%25eth0]", BaseUrlError::Host),
        ("http://a:", BaseUrlError::Port),
        ("http://a:0", BaseUrlError::Port),
        ("http://a:+80", BaseUrlError::Port),
        ("http://a:65536", BaseUrlError::Port),
        ("http://a:80:80", BaseUrlError::Port),
        ("https://user:pw@api.example.com", BaseUrlError::Credentials),
        ("https://sk-1@api.example.com/v1", BaseUrlError::Credentials),
        ("https://api.example.com/v1?key=sk-1", BaseUrlError::QueryOrFragment),
        ("https://api.example.com?key=sk-1", BaseUrlError::QueryOrFragment),
        ("https://api.example.com/v1#top", BaseUrlError::QueryOrFragment),
        ("https://api.example.com/a b", BaseUrlError::BadCharacter),
        ("https://api.example.com\\v1", BaseUrlError::BadCharacter),
        ("https://bücher.example", BaseUrlError::BadCharacter),
        ("https://api.example.com/v1\r\nx: y", BaseUrlError::BadCharacter),
        ("https://api.example.com/../v1", BaseUrlError::DotSegment),
    ] {
        assert_eq!(parse("openai", pasted), Err(error), "{pasted}");
    }
    assert_eq!(parse("openai", &format!("http://a/{}", "a".repeat(URL_BYTES_MAX))), Err(BaseUrlError::TooLong));
}

#[test]
fn join_and_authority_give_the_request_line_and_the_host_header() {
    let url = BaseUrl::parse("https://api.groq.com", find("groq").expect("a vendor")).expect("a base URL");
    assert_eq!(url.join("/chat/completions"), "/openai/v1/chat/completions");
    assert_eq!(url.authority(), "api.groq.com");
    let url = BaseUrl::parse("http://[::1]:8000", find("vllm").expect("a vendor")).expect("a base URL");
    assert_eq!((url.authority().as_str(), url.host.as_str()), ("[::1]:8000", "::1"));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        let _ = parse("openai", &text);
        let _ = parse("openai", &format!("http://{text}"));
    }

    #[test]
    fn what_was_read_reads_the_same_again(
        rest in "[a-z0-9.:\\[\\]/v_-]{1,40}",
        vendor in proptest::sample::select(ALL.iter().map(|vendor| vendor.id).collect::<Vec<_>>()),
    ) {
        if let Ok(once) = parse(vendor, &format!("http://{rest}")) {
            // A path that was stripped of one API path may end in another; then the second reading strips that too.
            prop_assume!(!API_PATHS.iter().any(|path| once.ends_with(path)));
            prop_assume!(once.contains("/v"));
            prop_assert_eq!(parse(vendor, &once), Ok(once));
        }
    }
}

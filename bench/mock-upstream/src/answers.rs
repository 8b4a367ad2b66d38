//! The canned answers, in the shape and the size real servers give them.

use std::fmt::Write as _;

use bytes::Bytes;

/// A chat completion of about 640 bytes.
pub(crate) const CHAT: &str = concat!(
    r#"{"id":"chatcmpl-BmockBmockBmockBmock01","object":"chat.completion","created":1760000000,"model":"mock-model","#,
    r#""choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog, and "#,
    r#"then it trots back along the river bank to see whether the dog has noticed anything at all.","refusal":null,"#,
    r#""annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":42,"completion_tokens":31,"#,
    r#""total_tokens":73,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0},"completion_tokens_details":"#,
    r#"{"reasoning_tokens":0,"audio_tokens":0}},"service_tier":"default","system_fingerprint":"fp_mock"}"#,
);

/// The model list.
pub(crate) const MODELS: &str = concat!(
    r#"{"object":"list","data":[{"id":"mock-model","object":"model","created":1760000000,"owned_by":"mock","#,
    r#""max_model_len":131072}]}"#,
);

/// What `GET /health` says.
pub(crate) const HEALTH: &str = r#"{"status":"ok"}"#;

/// What every other path says.
pub(crate) const NO_SUCH_PATH: &str =
    r#"{"error":{"message":"no such path","type":"invalid_request_error","param":null,"code":null}}"#;

const WORDS: [&str; 10] = [" quick", " brown", " fox", " jumps", " over", " the", " lazy", " dog", " and", " back"];

const CHUNK_HEAD: &str = concat!(
    r#"data: {"id":"chatcmpl-BmockBmockBmockBmock01","object":"chat.completion.chunk","created":1760000000,"#,
    r#""model":"mock-model","service_tier":"default","system_fingerprint":"fp_mock","choices":["#,
);

/// Whether a stream ends with the extra chunk that counts tokens: only when `stream_options.include_usage` asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UsageChunk {
    Sent,
    NotSent,
}

/// The events of one stream: role, `chunks` pieces of content, finish, usage if asked for, `[DONE]`.
/// Each is one element, since a real server writes each as one HTTP chunk.
pub(crate) fn stream_events(chunks: u64, usage: UsageChunk) -> Vec<Bytes> {
    let mut events = vec![choice(r#"{"role":"assistant","content":""}"#, "null")];
    let words = WORDS.iter().cycle().zip(0..chunks);
    events.extend(words.map(|(word, _)| choice(&format!(r#"{{"content":"{word}"}}"#), "null")));
    events.push(choice("{}", r#""stop""#));
    if usage == UsageChunk::Sent {
        let total = chunks + 42;
        events.push(Bytes::from(format!(
            r#"{CHUNK_HEAD}],"usage":{{"prompt_tokens":42,"completion_tokens":{chunks},"total_tokens":{total}}}}}{END}"#
        )));
    }
    events.push(Bytes::from_static(b"data: [DONE]\n\n"));
    events
}

const END: &str = "\n\n";

fn choice(delta: &str, finish_reason: &str) -> Bytes {
    let mut event = String::from(CHUNK_HEAD);
    // Writing to a String cannot fail.
    let _ = write!(event, r#"{{"index":0,"delta":{delta},"logprobs":null,"finish_reason":{finish_reason}}}]}}{END}"#);
    Bytes::from(event)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(events: &[Bytes]) -> String {
        events.iter().map(|event| str::from_utf8(event).expect("ASCII")).collect()
    }

    #[test]
    fn a_stream_is_role_content_finish_usage_and_done() {
        let expected = [
            format!(
                r#"{CHUNK_HEAD}{{"index":0,"delta":{{"role":"assistant","content":""}},"logprobs":null,"finish_reason":null}}]}}"#
            ),
            format!(
                r#"{CHUNK_HEAD}{{"index":0,"delta":{{"content":" quick"}},"logprobs":null,"finish_reason":null}}]}}"#
            ),
            format!(
                r#"{CHUNK_HEAD}{{"index":0,"delta":{{"content":" brown"}},"logprobs":null,"finish_reason":null}}]}}"#
            ),
            format!(r#"{CHUNK_HEAD}{{"index":0,"delta":{{}},"logprobs":null,"finish_reason":"stop"}}]}}"#),
            format!(r#"{CHUNK_HEAD}],"usage":{{"prompt_tokens":42,"completion_tokens":2,"total_tokens":44}}}}"#),
            "data: [DONE]".to_owned(),
        ];
        let expected: String = expected.iter().map(|event| format!("{event}\n\n")).collect();
        assert_eq!(text(&stream_events(2, UsageChunk::Sent)), expected);
    }

    #[test]
    fn a_stream_that_was_not_asked_for_usage_has_no_usage_chunk() {
        let mut asked = stream_events(3, UsageChunk::Sent);
        asked.remove(asked.len() - 2);
        assert_eq!(text(&stream_events(3, UsageChunk::NotSent)), text(&asked));
    }

    #[test]
    fn a_completion_is_about_640_bytes() {
        assert!((630..650).contains(&CHAT.len()));
    }
}

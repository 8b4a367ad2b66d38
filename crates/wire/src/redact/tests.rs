use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;

const KEY: &str = "sk-proj-abcdefghijklmnop0123456789";

fn redactor(own: &[&str]) -> Redactor {
    let own = own.iter().map(|rule| (*rule).to_owned()).collect();
    Redactor::new(Redactions { credentials: true, emails: false, own }).unwrap()
}

/// Compiled once: that takes longer than all tests.
static CREDENTIALS: LazyLock<Redactor> = LazyLock::new(|| redactor(&[]));

fn check(raw: &str, form: Form) -> String {
    String::from_utf8(CREDENTIALS.redact(raw.as_bytes(), form, usize::MAX).text).unwrap()
}

#[test]
fn credentials_are_taken_out_and_what_is_around_them_stays() {
    let github = format!("ghp_{}", "a1".repeat(18));
    let cases = [
        ("it is sk-ant-api03-0123456789abcdef, see?", "it is [redacted], see?"),
        ("Authorization: Bearer abcdefgh.ijklmnop", "[redacted]"),
        ("AKIAIOSFODNN7EXAMPLE", "[redacted]"),
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "[redacted]"),
        (&*github, "[redacted]"),
        ("AIzaSyA0123456789abcdefghijklmnopqrstuv", "[redacted]"),
        ("postgres://me:hunter2@host/db", "[redacted]host/db"),
        ("-----BEGIN RSA PRIVATE KEY-----\\nMIIE", "[redacted]"),
        ("DB_PASSWORD=hunter2hunter2 next", "DB_[redacted] next"),
        ("password: hunter2hunter2, next", "[redacted], next"),
        ("a task-based sk- and sk-short, a@b.example", "a task-based sk- and sk-short, a@b.example"),
    ];
    for (said, kept) in cases {
        let body = |text: &str| format!(r#"{{"messages":[{{"role":"user","content":"{text}"}}],"max_tokens":16}}"#);
        assert_eq!(check(&body(said), Form::Whole), body(kept));
    }
}

#[test]
fn what_is_no_json_is_searched_as_it_is() {
    assert_eq!(check(&format!("data \"x\" {KEY}"), Form::Whole), "data \"x\" [redacted]");
    let bytes = [&b"ID3\xff\x00 "[..], KEY.as_bytes()].concat();
    assert_eq!(CREDENTIALS.redact(&bytes, Form::Whole, usize::MAX).text, b"ID3\xff\x00 [redacted]");
}

#[test]
fn a_secret_in_escapes_or_under_a_telling_name_is_found() {
    let escaped = KEY.replacen("sk", r"\u0073k", 1);
    assert_eq!(check(&format!(r#"{{"a":"\"{escaped}\" é"}}"#), Form::Whole), r#"{"a":"\"[redacted]\" é"}"#);
    assert_eq!(
        check(r#"{"input":{"password" : "x","age":3}}"#, Form::Whole),
        r#"{"input":{"password" : "[redacted]","age":3}}"#
    );
    let arguments = r#"{"arguments":"{\"password\":\"correct horse\"}"}"#;
    assert!(!check(arguments, Form::Whole).contains("correct"));
}

#[test]
fn a_secret_that_is_spread_over_frames_is_taken_out_of_all_of_them() {
    let event = |index: u32, text: &str| {
        format!("data: {{\"choices\":[{{\"index\":{index},\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n")
    };
    let stream = |a: &str, b: &str, c: &str| {
        event(0, a) + &event(1, "other") + &event(0, b) + &event(1, " text") + &event(0, c) + "data: [DONE]\n\n"
    };
    let said = stream("the key sk-pr", "oj-abcdefgh", "ijklmnop0123 it is");
    assert_eq!(check(&said, Form::Frames), stream("the key [redacted]", "", " it is"));
    let lines = "{\"message\":{\"content\":\"sk-abcdefgh\"}}\n{\"message\":{\"content\":\"ijklmnopqrst\"}}\n";
    let kept = "{\"message\":{\"content\":\"[redacted]\"}}\n{\"message\":{\"content\":\"\"}}\n";
    assert_eq!(check(lines, Form::Frames), kept);
}

#[test]
fn a_secret_on_the_edge_of_what_is_kept_is_not_kept_by_half() {
    let body = format!(r#"{{"content":"{KEY} and more"}}"#);
    let kept = CREDENTIALS.redact(body.as_bytes(), Form::Whole, 20);
    assert_eq!(kept, Redacted { text: br#"{"content":"[redacted]"#.to_vec(), taken: 1 });
    let kept = CREDENTIALS.redact("{\"a\":\"é\"}".as_bytes(), Form::Whole, 7);
    assert_eq!(kept, Redacted { text: b"{\"a\":\"".to_vec(), taken: 0 });
}

#[test]
fn expressions_of_an_operator_are_checked_and_used() {
    let redactor = redactor(&[r"customer-\d+", r"\b\d{16}\b"]);
    let kept = redactor.redact(br#"{"a":"customer-7 paid","card":4111111111111111}"#, Form::Whole, usize::MAX);
    assert_eq!(kept.text, br#"{"a":"[redacted] paid","card":[redacted]}"#);
    assert_eq!(kept.taken, 2);
    let own = ["(", "x*", "fine", "(a{1000}){1000}"].map(str::to_owned).to_vec();
    let wrong = Redactor::new(Redactions { own, ..Redactions::default() }).unwrap_err();
    assert_eq!(wrong.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 1, 3]);
    assert_eq!(wrong[1].1, RuleError::Empty);
    let all = Redactor::new(Redactions { emails: true, ..Redactions::default() }).unwrap();
    assert_eq!(all.redact(b"to ada@example.com now", Form::Whole, usize::MAX).text, b"to [redacted] now");
}

proptest! {
    #[test]
    fn any_bytes_are_read_and_a_key_never_stays(before in ".{0,40}", after in " .{0,40}", bytes in any::<Vec<u8>>(), max in 0usize..200) {
        for form in [Form::Whole, Form::Frames] {
            let kept = CREDENTIALS.redact(&bytes, form, max);
            prop_assert!(kept.taken > 0 || kept.text.len() <= max);
            let body = serde_json::json!({ "content": format!("{before} {KEY}{after}") }).to_string();
            let kept = CREDENTIALS.redact(body.as_bytes(), form, max);
            prop_assert!(!String::from_utf8_lossy(&kept.text).contains("sk-proj"));
        }
    }

    #[test]
    fn a_stream_keeps_no_key_however_it_was_cut(cuts in prop::collection::vec(1usize..34, 0..6)) {
        let mut cuts = cuts;
        cuts.extend([0, KEY.len()]);
        cuts.sort_unstable();
        let frame = |text: &str| format!("data: {{\"delta\":{}}}\n\n", serde_json::json!(text));
        let stream: String = cuts.windows(2).map(|cut| frame(&KEY[cut[0]..cut[1]])).collect();
        let kept = CREDENTIALS.redact(stream.as_bytes(), Form::Frames, usize::MAX);
        let text = String::from_utf8(kept.text).unwrap();
        let left: String = text.split("\"").filter(|part| KEY.contains(*part) && !part.is_empty()).collect();
        prop_assert_eq!((left, kept.taken), (String::new(), 1));
    }
}

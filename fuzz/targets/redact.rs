//! Any bytes through the search for secrets: nothing panics, what is kept stays within its bound, and a key in the middle of
//! them is never kept.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use trunkline_wire::redact::{Form, Redactions, Redactor};

static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| {
    Redactor::new(Redactions { credentials: true, emails: true, own: Vec::new() }).expect("they compile")
});

fuzz_target!(|data: &[u8]| {
    for form in [Form::Whole, Form::Frames] {
        let kept = REDACTOR.redact(data, form, data.len() / 2);
        assert!(kept.taken > 0 || kept.text.len() <= data.len() / 2);
    }
    let body = serde_json::json!({ "content": format!("{} AKIAIOSFODNN7EXAMPLE ", String::from_utf8_lossy(data)) }).to_string();
    let kept = REDACTOR.redact(body.as_bytes(), Form::Whole, usize::MAX);
    assert!(!String::from_utf8_lossy(&kept.text).contains("AKIAIOSFODNN7EXAMPLE"));
});

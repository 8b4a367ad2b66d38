//! Whether models must call tools, from all who may say so.

use std::time::Duration;

use super::support::{ok, problems};
use expect_test::expect;
use trunkline_config::{EnforceSetting, Enforcement};

const DOCUMENT: &str = r#"
[enforce_tool_call]
termination_flag = "[DONE]"
max_retries = 3

[models.agent]
targets = [{ provider = "dummy", model = "echo-1" }]
enforce_tool_call = { enabled = true, guidance = "", stream_chunk_delay = "20ms", empty_response_policy = "lenient" }

[models.chat]
targets = [{ provider = "dummy", model = "echo-1" }]
"#;

/// In one line: on or off, flag, retries, guidance, delay, whether empty passes.
fn shown(found: &Enforcement) -> String {
    let Enforcement { enabled, demand, retries, chunk_delay } = found;
    format!("{enabled} {:?} {retries} {:?} {chunk_delay:?} {}", demand.flag, demand.guidance, demand.empty_passes)
}

#[test]
fn a_model_says_more_than_all_models_and_all_models_more_than_nobody() {
    let snapshot = ok(Some(DOCUMENT), &[]).snapshot;
    let of = |name: &str| shown(&snapshot.models[name].enforcement);
    assert_eq!(of("agent"), r#"true Some("[DONE]") 3 Some("") 20ms true"#);
    assert_eq!(of("chat"), r#"false Some("[DONE]") 3 None 0ns false"#);
    assert_eq!(shown(&snapshot.enforcement), of("chat"));
    assert_eq!(shown(&ok(None, &[]).snapshot.enforcement), r#"false Some("[TASK_COMPLETE]") 10 None 0ns false"#);
}

#[test]
fn variables_say_it_for_models_that_do_not() {
    let said = [
        ("ENFORCE_TOOL_CALL_MODE", "on"),
        ("TOOL_CALL_TERMINATION_FLAG", ""),
        ("TOOL_CALL_MAX_RETRIES", "50"),
        ("TOOL_CALL_INJECTION_GUIDANCE", "Act."),
        ("STREAM_CHUNK_DELAY", "15"),
        ("EMPTY_RESPONSE_POLICY", "Lenient"),
    ];
    let snapshot = ok(Some(DOCUMENT), &said).snapshot;
    assert_eq!(shown(&snapshot.models["chat"].enforcement), r#"true Some("[DONE]") 50 Some("Act.") 15ms true"#);
    assert_eq!(shown(&snapshot.models["agent"].enforcement), r#"true Some("[DONE]") 50 Some("") 20ms true"#);
}

#[test]
fn what_a_request_says_counts_only_where_it_is_understood() {
    let mut own = Enforcement::clone(&ok(Some(DOCUMENT), &[]).snapshot.enforcement);
    let before = own.clone();
    let wrong = [
        (EnforceSetting::Mode, "perhaps"),
        (EnforceSetting::Retries, "51"),
        (EnforceSetting::Retries, "-1"),
        (EnforceSetting::ChunkDelay, "10001"),
        (EnforceSetting::ChunkDelay, "1 day"),
        (EnforceSetting::EmptyPolicy, ""),
    ];
    for (setting, text) in wrong {
        assert_eq!(own.set(setting, text), None, "{setting:?} {text}");
    }
    assert_eq!(own, before);
    own.set(EnforceSetting::ChunkDelay, "10s").unwrap();
    own.set(EnforceSetting::Flag, "").unwrap();
    assert_eq!((own.chunk_delay, own.demand.flag), (Duration::from_secs(10), None));
}

#[test]
fn bad_settings_are_said() {
    let text = "[enforce_tool_call]\nmax_retries = 51\nstream_chunk_delay = \"11s\"\nempty_response_policy = \"lax\"\n";
    expect![[r#"
        ENFORCE_TOOL_CALL_MODE: "perhaps" is not understood; it takes `true` or `false`
        t.toml:2:15: enforce_tool_call.max_retries: 51 is out of range; write a number from 0 to 50
        t.toml:3:22: enforce_tool_call.stream_chunk_delay: is more than `10s`
        t.toml:4:25: enforce_tool_call.empty_response_policy: "lax" is not known here; there are `strict`, `lenient`"#]]
    .assert_eq(&problems(Some(text), &[("ENFORCE_TOOL_CALL_MODE", "perhaps")]));
}

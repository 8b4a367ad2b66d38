//! What a document says of dialects, of what models take, and of losses.

use std::sync::Arc;

use super::support::{env, ok, problems};
use expect_test::{Expect, expect};
use trunkline_config::{OnLoss, Overrides, Provider, load};
use trunkline_wire::{Capabilities, DialectId};

const NO_ENV: &[(&str, &str)] = &[];

fn provider(text: &str, name: &str) -> Arc<Provider> {
    Arc::clone(&ok(Some(text), NO_ENV).snapshot.providers[name])
}

/// What `takes` does not take as a model does of which nothing is known.
fn shown(takes: &Capabilities) -> String {
    let (all, unknown) = (format!("{takes:?}"), format!("{:?}", Capabilities::UNKNOWN));
    let changed = all.split(", ").zip(unknown.split(", ")).filter(|(field, other)| field != other);
    let changed: Vec<&str> =
        changed.map(|(field, _)| field.trim_start_matches("Capabilities { ").trim_end_matches(" }")).collect();
    changed.join("\n")
}

#[track_caller]
fn check(takes: &Capabilities, expected: &Expect) {
    expected.assert_eq(&shown(takes));
}

#[test]
fn dialects_are_the_types_unless_the_document_says() {
    assert_eq!(provider("[providers.anthropic]\nkey = \"k\"", "anthropic").dialects, [DialectId::Anthropic]);
    assert_eq!(provider("[providers.ollama]", "ollama").dialects[0], DialectId::Ollama);
    let text = "[providers.x]\ntype = \"vllm\"\ndialects = [\"anthropic\", \"openai_chat\"]";
    assert_eq!(provider(text, "x").dialects, [DialectId::Anthropic, DialectId::OpenaiChat]);
    assert_eq!(provider(text, "dummy").dialects, []);
}

#[test]
fn every_dialect_can_be_said_by_its_name() {
    for dialect in DialectId::ALL {
        let text = format!("[providers.vllm]\ndialects = [{:?}]", dialect.as_str());
        assert_eq!(provider(&text, "vllm").dialects, [dialect]);
    }
}

#[test]
fn dialects_that_make_no_sense_are_told() {
    let text = r#"
[providers.a]
type = "vllm"
dialects = []
[providers.b]
type = "vllm"
dialects = ["antropic", "anthropic", "anthropic", "soap"]
[providers.c]
type = "dummy"
dialects = ["openai_chat"]
[providers.d]
type = "vllm"
dialects = "anthropic"
"#;
    expect![[r#"
        t.toml:4:12: providers.a.dialects: must not be empty
        t.toml:7:13: providers.b.dialects[0]: "antropic" is not known here; did you mean `anthropic`?
        t.toml:7:38: providers.b.dialects[2]: `anthropic` is stated before
        t.toml:7:51: providers.b.dialects[3]: "soap" is not known here; there are `openai_chat`, `openai_completions`, `openai_responses`, `anthropic`, `ollama`, `gemini`
        t.toml:10:12: providers.c.dialects: `dummy` is built in and speaks no dialect
        t.toml:13:12: providers.d.dialects: expected a list, found a text; write it in brackets: `["..."]`"#]].assert_eq(&problems(Some(text), NO_ENV));
}

#[test]
fn a_key_travels_as_each_dialect_wants() {
    let gemini = provider("[providers.gemini]\nkey = \"k\"", "gemini");
    let header = |dialect| {
        let (name, value) = gemini.keys[0].header_for(dialect);
        (name.as_str(), value.to_str().unwrap(), value.is_sensitive())
    };
    assert_eq!(header(DialectId::Gemini), ("x-goog-api-key", "k", true));
    assert_eq!(header(DialectId::OpenaiChat), ("authorization", "Bearer k", true));
}

const LAYERS: &str = r#"
[providers.local]
type = "vllm"
context_window = 50000
[providers.local.models."a"]
context_window = 40000
capabilities = { thinking = "budget", output_tokens_max = 4000, images = false, stop_texts_max = 2 }
[models.one]
targets = [{ provider = "local", model = "a" }, { provider = "local", model = "b" }]
context_window = 30000
on_loss = "reject"
capabilities = { thinking = "always", max_tokens_field = "max_completion_tokens", reasoning_replay = "dropped" }
[models.two]
targets = [{ provider = "local", model = "b" }]
"#;

#[test]
fn a_target_takes_what_is_known_then_what_its_provider_says_then_what_its_model_says() {
    let snapshot = ok(Some(LAYERS), NO_ENV).snapshot;
    let [one, two] = [&snapshot.models["one"].targets, &snapshot.models["two"].targets];
    check(
        &one[0].capabilities,
        &expect![[r#"
            thinking: Always
            openai_options: false
            system_in_middle: false
            developer_role: false
            max_tokens_field: MaxCompletionTokens
            output_tokens_max: Some(4000)
            output_tokens_default: 4000
            context_window: Some(40000)
            images: false
            documents: false
            reasoning_replay: Dropped
            stop_texts_max: Some(2)"#]],
    );
    check(
        &one[1].capabilities,
        &expect![[r#"
            thinking: Always
            openai_options: false
            system_in_middle: false
            developer_role: false
            max_tokens_field: MaxCompletionTokens
            context_window: Some(30000)
            documents: false
            tool_images: true
            reasoning_replay: Dropped"#]],
    );
    check(
        &two[0].capabilities,
        &expect![[r#"
            openai_options: false
            system_in_middle: false
            developer_role: false
            context_window: Some(50000)
            documents: false
            tool_images: true
            reasoning_replay: Reasoning"#]],
    );
    let local = &snapshot.providers["local"];
    check(
        &local.capabilities_of("a"),
        &expect![[r#"
            thinking: Budget
            openai_options: false
            system_in_middle: false
            developer_role: false
            output_tokens_max: Some(4000)
            output_tokens_default: 4000
            context_window: Some(40000)
            images: false
            documents: false
            reasoning_replay: Reasoning
            stop_texts_max: Some(2)"#]],
    );
    assert_eq!(local.capabilities_of("b"), two[0].capabilities);
}

#[test]
fn losses_are_reported_unless_the_model_says_otherwise() {
    let snapshot = ok(Some(LAYERS), NO_ENV).snapshot;
    assert_eq!([snapshot.models["one"].on_loss, snapshot.models["two"].on_loss], [OnLoss::Reject, OnLoss::Report]);
    let asked = ["one", "two", "local/a"].map(|name| snapshot.on_loss_of(name));
    assert_eq!(asked, [OnLoss::Reject, OnLoss::Report, OnLoss::Report]);
}

#[test]
fn capabilities_that_make_no_sense_are_told() {
    let text = r#"
[providers.local]
type = "vllm"
[providers.local.models."a".capabilities]
thinking = "somtimes"
output_tokens_max = 100
output_tokens_default = 200
stop_texts_max = -1
image = true
[models.m]
targets = [{ provider = "local", model = "a" }]
on_loss = "refuse"
capabilities = { tools = "yes", images = false, tool_images = true }
"#;
    expect![[r#"
        t.toml:5:12: providers.local.models.a.capabilities.thinking: "somtimes" is not known here; there are `any`, `never`, `budget`, `adaptive`, `always`
        t.toml:7:25: providers.local.models.a.capabilities.output_tokens_default: 200 is more than `output_tokens_max`, 100
        t.toml:8:18: providers.local.models.a.capabilities.stop_texts_max: -1 is out of range; write a number from 0 to 4294967295
        t.toml:9:1: providers.local.models.a.capabilities.image: unknown key; did you mean `images`?
        t.toml:12:11: models.m.on_loss: "refuse" is not known here; there are `report`, `reject`
        t.toml:13:26: models.m.capabilities.tools: expected `true` or `false`, found a text
        t.toml:13:63: models.m.capabilities.tool_images: results of tools cannot hold images for a model that sees none"#]].assert_eq(&problems(Some(text), NO_ENV));
}

#[test]
fn a_detached_copy_says_the_same_in_memory_of_its_own() {
    let text = format!("{LAYERS}[providers.gemini]\nkey = \"k\"\n");
    let snapshot = load(Some(("t.toml", &text)), &env(NO_ENV), &Overrides::default(), &[]).unwrap().snapshot;
    let copy = snapshot.detached();
    assert_eq!(format!("{copy:?}"), format!("{snapshot:?}"));
    for (name, model) in &snapshot.models {
        for (target, copied) in model.targets.iter().zip(&copy.models[name].targets) {
            assert!(!Arc::ptr_eq(&target.capabilities, &copied.capabilities));
            assert!(Arc::ptr_eq(&copied.provider, &copy.providers[&*copied.provider.name]));
        }
    }
    let stated = |snapshot: &trunkline_config::Snapshot| snapshot.providers["local"].capabilities_of("a");
    assert!(!Arc::ptr_eq(&stated(&snapshot), &stated(&copy)));
}

//! Which tries a request gets, from a whole configuration.

#![expect(clippy::panic, reason = "a panic is how a test fails")]

use std::collections::HashMap;
use std::sync::Arc;

use trunkline_config::{Env, Overrides, Snapshot, load};
use trunkline_providers::{ListedModel, Tokenizer};
use trunkline_route::{
    Ask, Attempt, Catalog, Counter, Lane, Listing, Live, Lot, Moment, NoPlan, Now, Plan, Prompt, Session, Wants,
    counters,
};
use trunkline_wire::{DialectId, Fault, FaultKind, Operation, wishes};

#[derive(Debug)]
struct Nobody;

impl Session for Nobody {
    fn id(&self) -> Option<u64> {
        None
    }
}

const CONFIG: &str = r#"
[providers.one]
type = "openai"
base_url = "http://127.0.0.1:1/v1"
keys = ["k1", "k2", "k3"]
[providers.two]
type = "vllm"
base_url = "http://127.0.0.1:2/v1"
[models.fast]
targets = [{ provider = "two", model = "b", priority = 1 }, { provider = "one", model = "a" }]
fallbacks = ["slow"]
[models.slow]
targets = [{ provider = "two", model = "c" }]
fallbacks = ["fast"]
"#;

fn snapshot() -> Snapshot {
    load(Some(("t.toml", CONFIG)), &Env::default(), &Overrides::default(), &[]).expect("a right document").snapshot
}

fn catalog(snapshot: &Snapshot) -> Catalog {
    let listed = |ids: &[&str]| {
        let model =
            |id: &&str| ListedModel { id: (*id).to_owned(), context_window: None, created: None, owned_by: None };
        Arc::new(Listing { models: ids.iter().map(model).collect(), problem: None, is_unreachable: false })
    };
    let listings = [("one", listed(&["a", "org/shared"])), ("two", listed(&["b", "org/shared"]))];
    Catalog::new(snapshot, HashMap::from(listings.map(|(name, listing)| (Arc::from(name), listing))))
}

/// A plan made while all is well.
fn plan(snapshot: &Snapshot, catalog: &Catalog, ask: Ask<'_>, turn: usize) -> Result<Plan, Fault> {
    let now =
        Now { live: &Live::default(), at: Moment(0), began: Moment(0), lot: Lot { turn, chance: 0 }, session: &Nobody };
    trunkline_route::plan(snapshot, catalog, ask, now).map_err(|unplanned| match unplanned.why {
        NoPlan::Fault(fault) => fault,
        NoPlan::Wait(until) => panic!("nobody rests, least of all until {until:?}"),
    })
}

/// The tries for `model`, each as `provider/model key`, or the kind of fault and its sentence.
#[track_caller]
fn check(model: &str, operation: Operation, turn: usize, expected: Result<&[&str], (FaultKind, &str)>) {
    let snapshot = snapshot();
    let ask = Ask { model, dialect: DialectId::OpenaiChat, operation, wants: Wants::default() };
    let planned = plan(&snapshot, &catalog(&snapshot), ask, turn);
    let found = planned.as_ref().map(|plan| {
        assert_eq!(&*plan.model, model);
        let shown = plan.attempts.iter().map(|attempt| {
            let key = attempt.key.as_deref().map(|key| format!(" {}", key.label)).unwrap_or_default();
            format!("{}/{}{key}", attempt.target.provider.name, attempt.target.model.name)
        });
        shown.collect::<Vec<_>>()
    });
    let found = found.as_ref().map(Vec::as_slice).map_err(|fault| (fault.kind, fault.message.as_str()));
    let expected: Result<Vec<String>, _> = expected.map(|tries| tries.iter().map(ToString::to_string).collect());
    assert_eq!(found, expected.as_ref().map(Vec::as_slice).map_err(|fault| *fault));
}

#[test]
fn a_declared_model_tries_its_targets_by_priority_then_its_fallbacks_once() {
    let tries: &[&str] = &["one/a one#1", "one/a one#2", "one/a one#3", "two/b", "two/c"];
    check("fast", Operation::Chat, 0, Ok(tries));
}

#[test]
fn keys_take_turns() {
    check("one/x", Operation::Chat, 1, Ok(&["one/x one#2", "one/x one#3", "one/x one#1"]));
    check("one/x", Operation::Chat, 5, Ok(&["one/x one#3", "one/x one#1", "one/x one#2"]));
}

#[test]
fn keys_are_gone_through_again_while_there_is_room() {
    let text = CONFIG.replace("[providers.two]", "[failover]\nkey_cycles = 3\n[providers.two]");
    let snapshot = load(Some(("t.toml", &text)), &Env::default(), &Overrides::default(), &[]).expect("right").snapshot;
    let ask =
        Ask { model: "one/x", dialect: DialectId::OpenaiChat, operation: Operation::Chat, wants: Wants::default() };
    let planned = plan(&snapshot, &catalog(&snapshot), ask, 1).expect("a plan");
    let keys: String =
        planned.attempts.iter().filter_map(|attempt| attempt.key.as_deref()?.label.chars().last()).collect();
    assert_eq!(keys, "23123123", "three times three, of which a plan has room for eight");
}

#[test]
fn a_bare_name_goes_to_whoever_lists_it() {
    check("b", Operation::Chat, 0, Ok(&["two/b"]));
    let both: &[&str] = &["two/org/shared", "one/org/shared one#1", "one/org/shared one#2", "one/org/shared one#3"];
    check("org/shared", Operation::Embedding, 0, Ok(both));
}

#[test]
fn an_unknown_name_is_answered_with_the_nearest_ones() {
    let unknown = (FaultKind::ModelNotFound, r#"model "fsat" is not configured; did you mean "fast"?"#);
    check("fsat", Operation::Chat, 0, Err(unknown));
    let prefix = (FaultKind::ProviderNotFound, r#"provider "twoo" is not configured; did you mean "two"?"#);
    check("twoo/b", Operation::Chat, 0, Err(prefix));
    let far = (FaultKind::ModelNotFound, r#"model "zzzz" is not configured; `GET /v1/models` lists what is"#);
    check("zzzz", Operation::Chat, 0, Err(far));
}

#[test]
fn a_model_that_is_switched_off_is_said_to_be() {
    let text = CONFIG.replace("[models.slow]", "[models.slow]\nenabled = false");
    let snapshot = load(Some(("t.toml", &text)), &Env::default(), &Overrides::default(), &[]).expect("right").snapshot;
    let ask = |model| {
        let (dialect, operation) = (DialectId::OpenaiChat, Operation::Chat);
        plan(&snapshot, &catalog(&snapshot), Ask { model, dialect, operation, wants: Wants::default() }, 0)
    };
    let fault = ask("slow").expect_err("nobody serves it");
    let said = r#"model "slow" is switched off: its `enabled` is `false`"#;
    assert_eq!((fault.kind, &*fault.message), (FaultKind::ModelNotFound, said));
    let fast = ask("fast").expect("others go on");
    assert!(fast.attempts.iter().all(|attempt| &*attempt.target.model.name != "c"), "nor is it a fallback");
}

#[test]
fn the_dummy_serves_chat_and_only_its_own_models() {
    check("dummy/echo-1", Operation::Chat, 0, Ok(&["dummy/echo-1"]));
    let cannot = r#"model "dummy/echo-1" does not serve this path: provider "dummy" cannot"#;
    check("dummy/echo-1", Operation::Embedding, 0, Err((FaultKind::InvalidRequest, cannot)));
    let snapshot = snapshot();
    let ask = Ask {
        model: "dummy/echo-9",
        dialect: DialectId::OpenaiChat,
        operation: Operation::Chat,
        wants: Wants::default(),
    };
    let fault = plan(&snapshot, &catalog(&snapshot), ask, 0).expect_err("no such model");
    assert_eq!(fault.kind, FaultKind::ModelNotFound);
}

/// The lane of a question for tokens that is asked of a provider of this type, and who else could count.
#[track_caller]
fn check_count(provider: &str, asked_in: DialectId, lane: &str, others: &[Counter]) {
    let config = format!("[providers.p]\nbase_url = \"http://127.0.0.1:1/v1\"\n{provider}\n");
    let loaded = load(Some(("t.toml", &config)), &Env::default(), &Overrides::default(), &[]);
    let snapshot = loaded.expect("a right document").snapshot;
    let ask = Ask { model: "p/m", dialect: asked_in, operation: Operation::CountTokens, wants: Wants::default() };
    let planned = plan(&snapshot, &Catalog::new(&snapshot, HashMap::new()), ask, 0).expect("a plan");
    let attempt = planned.attempts.first().expect("never empty");
    let found = match attempt.lane {
        Lane::Native => "native",
        Lane::Counted => "counted",
        Lane::Estimated => "estimated",
        Lane::Bridged(_) | Lane::Adapter(_) => "another",
    };
    assert_eq!(found, lane, "{provider} {}", asked_in.as_str());
    assert_eq!(counters(&attempt.target, asked_in).collect::<Vec<_>>(), others, "{provider} {}", asked_in.as_str());
}

#[test]
fn tokens_are_counted_by_whoever_can() {
    use Counter::Dialect;
    use DialectId::{Anthropic, Gemini, OpenaiChat, OpenaiResponses};
    let chat = Counter::Tokenizer(Tokenizer::Chat { path: "/tokenize" });
    let text = Counter::Tokenizer(Tokenizer::Text { template: "/apply-template", path: "/tokenize" });
    check_count("type = \"anthropic\"\nkey = \"k\"", Anthropic, "native", &[]);
    check_count("type = \"anthropic\"\nkey = \"k\"", OpenaiResponses, "counted", &[Dialect(Anthropic)]);
    check_count("type = \"gemini\"\nkey = \"k\"", Anthropic, "counted", &[Dialect(Gemini)]);
    check_count("type = \"openai\"\nkey = \"k\"", Gemini, "counted", &[Dialect(OpenaiResponses)]);
    check_count("type = \"vllm\"", Anthropic, "native", &[chat]);
    check_count("type = \"vllm\"", Gemini, "counted", &[Dialect(Anthropic), chat]);
    check_count("type = \"vllm\"\ndialects = [\"openai_chat\"]", Anthropic, "counted", &[chat]);
    let all = [Dialect(OpenaiChat), Dialect(OpenaiResponses), Dialect(Anthropic), text];
    check_count("type = \"llama_cpp\"", Gemini, "counted", &all);
    check_count("type = \"ollama\"", Anthropic, "estimated", &[]);
    check_count("type = \"groq\"\nkey = \"k\"", Anthropic, "estimated", &[]);
}

/// A prompt of so many tokens at least.
#[derive(Debug)]
struct Long(u64);

impl Prompt for Long {
    fn tokens_min_bound(&self) -> u64 {
        self.0
    }
    fn tokens_min(&self) -> u64 {
        self.0
    }
}

/// The tries for a model that one, two and a gateway serve, as `provider`, those that are left out in brackets; or the kind
/// of fault. Windows: `two`'s list says 4,000 tokens, the document says 8,000 of all; nobody knows of the last one.
#[track_caller]
fn check_wants(wishes: &str, tokens: u64, expected: Result<&str, FaultKind>) {
    const WISHED: &str = r#"
        [providers.one]
        type = "openai"
        key = "k"
        [providers.two]
        type = "vllm"
        base_url = "http://127.0.0.1:2/v1"
        [providers.router]
        type = "openrouter"
        key = "k"
        [models.m]
        context_window = 8000
        strategy = "backup"
        targets = [{ provider = "one", model = "a" }, { provider = "two", model = "b" }, { provider = "router", model = "c" }]
        fallbacks = ["n"]
        [models.n]
        targets = [{ provider = "two", model = "n" }]
    "#;
    let document = Some(("t.toml", WISHED));
    let snapshot = load(document, &Env::default(), &Overrides::default(), &[]).expect("a right document").snapshot;
    let model = ListedModel { id: "b".to_owned(), context_window: Some(4_000), created: None, owned_by: None };
    let listing = Arc::new(Listing { models: vec![model], problem: None, is_unreachable: false });
    let catalog = Catalog::new(&snapshot, HashMap::from([(Arc::from("two"), listing)]));
    let wishes = wishes::read(DialectId::OpenaiChat, wishes.as_bytes()).expect("wishes");
    let prompt = Long(tokens);
    let wants = Wants { wishes: wishes.as_ref(), prompt: Some(&prompt), allowance: None };
    let ask = Ask { model: "m", dialect: DialectId::OpenaiChat, operation: Operation::Chat, wants };
    let planned = plan(&snapshot, &catalog, ask, 0).map(|plan| {
        let name = |attempt: &Attempt| format!("{}/{}", attempt.target.provider.name, attempt.target.model.name);
        let tries = plan.attempts.iter().map(name);
        tries.chain(plan.left_out.iter().map(|left| format!("[{}]", name(&left.attempt)))).collect::<Vec<_>>().join(" ")
    });
    assert_eq!(planned.as_deref().map_err(|fault| fault.kind), expected);
}

#[test]
fn a_client_chooses_among_providers() {
    check_wants("{}", 0, Ok("one/a two/b router/c two/n"));
    check_wants(r#"{"provider":{"order":["VLLM","none"]}}"#, 0, Ok("two/b one/a router/c two/n"));
    check_wants(r#"{"provider":{"order":["two"],"allow_fallbacks":false}}"#, 0, Ok("two/b two/n [one/a] [router/c]"));
    check_wants(r#"{"provider":{"allow_fallbacks":false}}"#, 0, Ok("one/a two/n [two/b] [router/c]"));
    check_wants(r#"{"provider":{"ignore":["two","openrouter"]}}"#, 0, Ok("one/a [two/b] [router/c] [two/n]"));
    // A gateway is told, and chooses among its own.
    check_wants(r#"{"provider":{"only":["one"]}}"#, 0, Ok("one/a router/c [two/b] [two/n]"));
    let nobody = r#"{"provider":{"only":["x"],"ignore":["router"]}}"#;
    check_wants(nobody, 0, Err(FaultKind::InvalidRequest));
}

#[test]
fn a_client_chooses_other_models() {
    check_wants(r#"{"models":["m","one/x"]}"#, 0, Ok("one/a two/b router/c one/x"));
    check_wants(r#"{"fallbacks":["n","one/x"]}"#, 0, Ok("one/a two/b router/c two/n one/x"));
    check_wants(r#"{"disable_fallbacks":true,"models":["n"]}"#, 0, Ok("one/a two/b router/c"));
    check_wants(r#"{"models":["nobody"]}"#, 0, Err(FaultKind::ModelNotFound));
}

#[test]
fn a_prompt_goes_only_where_it_may_fit() {
    check_wants("{}", 4_000, Ok("one/a two/b router/c two/n"));
    check_wants("{}", 4_001, Ok("one/a router/c two/n [two/b]"));
    // Nobody knows how much the last one takes.
    check_wants("{}", 8_001, Ok("two/n [one/a] [two/b] [router/c]"));
    check_wants(r#"{"disable_fallbacks":true}"#, 8_001, Err(FaultKind::ContextTooLong));
}

#[test]
fn the_last_provider_that_lists_a_name_serves_it_where_that_is_wanted() {
    let document = format!("[discovery]\nsame_name = \"last_wins\"\n{CONFIG}");
    let loaded = load(Some(("t.toml", &document)), &Env::default(), &Overrides::default(), &[]).expect("a document");
    let catalog = catalog(&loaded.snapshot);
    let (dialect, operation) = (DialectId::OpenaiChat, Operation::Chat);
    let ask = Ask { model: "org/shared", dialect, operation, wants: Wants::default() };
    let plan = plan(&loaded.snapshot, &catalog, ask, 0).expect("a plan");
    let providers: Vec<&str> = plan.attempts.iter().map(|attempt| &*attempt.target.provider.name).collect();
    assert_eq!(providers, ["two"]);
}

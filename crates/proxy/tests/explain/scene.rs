//! A configuration and its clients, by chance.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};
use trunkline_config::file::DialectName;
use trunkline_route::Question;
use trunkline_testkit::Upstream;

use crate::dice::Dice;

/// Types of providers, how few and how many keys each takes, and what it speaks where that is to be said.
const KINDS: [(&str, u64, u64, &str); 6] = [
    ("vllm", 0, 3, "dialects = [\"openai_chat\"]"),
    ("openai", 1, 3, ""),
    ("openai", 1, 2, "dialects = [\"openai_responses\"]"),
    ("anthropic", 1, 3, ""),
    ("ollama", 0, 0, "dialects = [\"ollama\"]"),
    ("gemini", 1, 2, ""),
];
const STRATEGIES: [&str; 6] = ["weighted", "round_robin", "backup", "least_busy", "two_choices", "sticky"];
const MODELS: u64 = 3;

/// One configuration.
pub(crate) struct Scene {
    pub(crate) document: String,
    names: Vec<String>,
}

impl Scene {
    /// The one with this number; everything that rests in it rests for longer than the test takes.
    pub(crate) fn new(number: u64, upstream: &Upstream, dice: &mut Dice) -> Self {
        let resting = dice.one_of(&["fail", "fail", "try", "wait"]);
        let mut document = format!(
            "[discovery]\nprobe = false\n[failover]\nretries = 0\nwhen_resting = \"{resting}\"\nwait = \"1h\"\n\
             circuit_failures = {}\ncircuit_open = \"10m\"\n[[client_keys]]\nname = \"laptop\"\nkey = \"sk-laptop\"\n",
            1 + dice.roll(3)
        );
        let providers = 1 + dice.roll(4);
        for index in 0..providers {
            document += &provider(index, &upstream.url_below(&format!("/{number}/p{index}")), dice);
        }
        for index in 0..MODELS {
            document += &model(index, providers, dice);
        }
        let mut names: Vec<String> = (0..MODELS).map(|index| format!("m{index}")).collect();
        names.extend(["m0".to_owned(), "p0/u0".to_owned()]);
        if dice.once_in(12) {
            names.push("nobody-has-it".to_owned());
        }
        Self { document, names }
    }

    /// One request of a client.
    pub(crate) fn request(&self, dice: &mut Dice) -> Asked {
        let model = dice.one_of(&self.names);
        let spoken = [
            DialectName::OpenaiChat,
            DialectName::OpenaiChat,
            DialectName::OpenaiResponses,
            DialectName::Anthropic,
            DialectName::Ollama,
            DialectName::Gemini,
        ];
        let dialect = dice.one_of(&spoken);
        let stream = dice.once_in(4);
        let (path, body) = conversation(dialect, &model, stream, dice);
        let mut headers = vec![("authorization", "Bearer sk-laptop".to_owned())];
        if dice.once_in(3) {
            headers.push(("x-session-id", format!("s{}", dice.roll(9))));
        }
        if dice.once_in(10) {
            headers.push(("x-trunkline-on-loss", dice.one_of(&["reject", "report"]).to_owned()));
        }
        let body = if dice.once_in(25) { "{\"model\": 7".to_owned() } else { body.to_string() };
        Asked { dialect, path, headers, body }
    }
}

fn provider(index: u64, url: &str, dice: &mut Dice) -> String {
    let (kind, fewest, most, dialects) = dice.one_of(&KINDS);
    let keys = fewest + dice.roll(most - fewest + 1);
    let keys: Vec<String> = (1..=keys).map(|key| format!("\"key-{index}-{key}-\"")).collect();
    let mut text = format!("[providers.p{index}]\ntype = \"{kind}\"\nbase_url = \"{url}\"\n{dialects}\n");
    if !keys.is_empty() {
        let strategy = dice.one_of(&["round_robin", "fill_first"]);
        let cooldown = dice.one_of(&["10m", "10m", "10m", "0s"]);
        let keys = keys.join(", ");
        write!(text, "keys = [{keys}]\nkey_strategy = \"{strategy}\"\nkey_cooldown = \"{cooldown}\"\n").expect("text");
    }
    if dice.once_in(4) {
        let action = dice.one_of(&["provider_cooldown", "fallback_no_cooldown", "global_key_failure", "pass_through"]);
        let case = dice.one_of(&["500", "503", "429", "5xx"]);
        writeln!(text, "errors = {{ \"{case}\" = \"{action}\" }}").expect("text");
    }
    text
}

fn model(index: u64, providers: u64, dice: &mut Dice) -> String {
    let mut known = BTreeSet::new();
    let mut targets = Vec::new();
    for _ in 0..=dice.roll(3) {
        let (provider, upstream) = (dice.roll(providers), dice.roll(3));
        if known.insert((provider, upstream)) {
            targets.push(format!(
                "{{ provider = \"p{provider}\", model = \"u{upstream}\", priority = {}, weight = {}, cooldown = \"10m\" }}",
                dice.roll(2),
                1 + dice.roll(4)
            ));
        }
    }
    let strategy = dice.one_of(&STRATEGIES);
    let on_loss = dice.one_of(&["report", "report", "report", "reject"]);
    let mut text = format!(
        "[models.m{index}]\nstrategy = \"{strategy}\"\non_loss = \"{on_loss}\"\ntargets = [{}]\n",
        targets.join(", ")
    );
    if dice.once_in(2) {
        writeln!(text, "fallbacks = [\"m{}\"]", (index + 1) % MODELS).expect("text");
    }
    if dice.once_in(2) {
        text += "price = { input = 0.5, output = 2.0 }\n";
    }
    text
}

/// Path and body of one turn in this dialect, with things in it that others have no word for.
fn conversation(dialect: DialectName, model: &str, stream: bool, dice: &mut Dice) -> (String, Value) {
    if dialect == DialectName::OpenaiChat && dice.once_in(5) {
        // Nobody knows what it says, so only those who speak the same can be asked.
        return ("/v1/rerank".to_owned(), json!({"model": model, "query": "hi"}));
    }
    let said = json!([{"role": "user", "content": "hi"}]);
    let (path, mut body, special) = match dialect {
        DialectName::OpenaiChat | DialectName::OpenaiCompletions => {
            let special = [("logit_bias", json!({"7": 1})), ("seed", json!(7)), ("max_tokens", json!(9))];
            ("/v1/chat/completions", json!({"model": model, "messages": said}), special)
        }
        DialectName::OpenaiResponses => {
            let special = [("truncation", json!("auto")), ("prompt_cache_key", json!("k")), ("top_logprobs", json!(2))];
            ("/v1/responses", json!({"model": model, "input": "hi"}), special)
        }
        DialectName::Anthropic => {
            let special =
                [("top_k", json!(5)), ("metadata", json!({"user_id": "u"})), ("stop_sequences", json!(["x"]))];
            ("/v1/messages", json!({"model": model, "max_tokens": 9, "messages": said}), special)
        }
        DialectName::Ollama => {
            let special = [("options", json!({"mirostat": 1})), ("keep_alive", json!(5)), ("think", json!(false))];
            ("/api/chat", json!({"model": model, "messages": said, "stream": stream}), special)
        }
        DialectName::Gemini => {
            let special = [
                ("generationConfig", json!({"seed": 7, "topK": 3})),
                ("safetySettings", json!([])),
                ("cachedContent", json!("c")),
            ];
            let path = if stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
            let path = format!("/v1beta/models/{}:{path}", model.replace('/', "%2F"));
            let mut body = json!({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]});
            add(&mut body, &special, dice);
            return (path, body);
        }
    };
    if stream {
        body["stream"] = json!(true);
    }
    add(&mut body, &special, dice);
    if dice.once_in(20) {
        // Relayed as it is, but no dialect that has to read it can.
        body["messages"] = json!("none");
        body["input"] = json!(7);
    }
    (path.to_owned(), body)
}

fn add(body: &mut Value, special: &[(&str, Value)], dice: &mut Dice) {
    for (name, value) in special {
        if dice.once_in(3) {
            body[*name] = value.clone();
        }
    }
}

/// One request of a client.
pub(crate) struct Asked {
    pub(crate) dialect: DialectName,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Asked {
    /// The request line without the version.
    pub(crate) fn line(&self) -> String {
        format!("POST {}", self.path)
    }

    pub(crate) fn header_lines(&self) -> Vec<String> {
        self.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect()
    }

    /// The question what would become of it; `None` where its body is no JSON and cannot stand in one.
    pub(crate) fn question(&self) -> Option<Question> {
        let headers = self.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let request = Some(serde_json::from_str(&self.body).ok()?);
        let (path, client_key) = (Some(self.path.clone()), Some("laptop".to_owned()));
        Some(Question { path, client_key, headers, request, ..Question::default() })
    }
}

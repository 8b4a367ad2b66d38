//! What requests have in common that ask for the same answer: the body in one way of writing, without what only says how
//! the answer comes, for whom, or what is remembered of it.
//!
//! It is told apart by dialect: what two dialects leave to the provider is not the same.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::DialectId;

/// Members of a body of OpenAI's that change nothing of what the model says. `usage` and `cache` are for us.
const UNSAID_IN_OPENAI: [&str; 13] = [
    "stream",
    "stream_options",
    "user",
    "safety_identifier",
    "metadata",
    "client_metadata",
    "store",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "session_id",
    "usage",
    "cache",
];
const UNSAID_IN_ANTHROPIC: [&str; 4] = ["stream", "metadata", "usage", "cache"];
const UNSAID_IN_OLLAMA: [&str; 4] = ["stream", "keep_alive", "usage", "cache"];

/// A request in one way of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canonical {
    /// Equal for requests that ask for the same.
    pub text: String,
    /// The member, if any, that says that another request like it is to get an answer of its own, or one that is more
    /// than a text.
    pub once: Option<&'static str>,
}

/// Writes a body in the one way; `None` for one that says something twice or is no object: who reads it may understand it
/// in several ways.
pub fn of(dialect: DialectId, body: &[u8]) -> Option<Canonical> {
    let mut root: Node = serde_json::from_slice(body).ok()?;
    let Node::Table(members) = &mut root else { return None };
    for name in unsaid(dialect) {
        members.remove(*name);
    }
    let once = once(members);
    let mut text = String::with_capacity(body.len());
    root.write(&mut text);
    Some(Canonical { text, once })
}

/// What is left out of a body in this dialect.
fn unsaid(dialect: DialectId) -> &'static [&'static str] {
    match dialect {
        DialectId::OpenaiChat | DialectId::OpenaiCompletions | DialectId::OpenaiResponses => &UNSAID_IN_OPENAI,
        DialectId::Anthropic => &UNSAID_IN_ANTHROPIC,
        DialectId::Ollama => &UNSAID_IN_OLLAMA,
        DialectId::Gemini => &[],
    }
}

/// A member after which no answer is worth keeping, whatever the dialect: those it means nothing in do not say it.
fn once(members: &BTreeMap<String, Node>) -> Option<&'static str> {
    let said = |name: &&str| members.get(*name).is_some_and(|node| !node.is_nothing());
    let many = |members: &BTreeMap<String, Node>, name: &str| {
        members.get(name).is_some_and(|node| !node.is_nothing() && !node.is("1"))
    };
    let always = ["previous_response_id", "conversation", "background", "modalities", "audio"];
    if let Some(name) = always.into_iter().find(said) {
        return Some(name);
    }
    if let Some(name) = ["n", "best_of"].into_iter().find(|name| many(members, name)) {
        return Some(name);
    }
    let Some(Node::Table(gemini)) = members.get("generationConfig").or_else(|| members.get("generation_config")) else {
        return None;
    };
    ["candidateCount", "candidate_count"].into_iter().find(|name| many(gemini, name)).or_else(|| {
        let of_gemini = ["responseModalities", "response_modalities", "speechConfig", "speech_config"];
        of_gemini.into_iter().find(|name| gemini.get(*name).is_some_and(|node| !node.is_nothing()))
    })
}

/// One JSON value.
enum Node {
    /// A number, a text, a truth or nothing, as JSON writes it.
    Plain(String),
    List(Vec<Self>),
    Table(BTreeMap<String, Self>),
}

impl Node {
    fn is(&self, plain: &str) -> bool {
        matches!(self, Self::Plain(said) if said == plain)
    }

    /// Whether it says no more than its absence.
    fn is_nothing(&self) -> bool {
        self.is("null") || self.is("false") || matches!(self, Self::List(nodes) if nodes.is_empty())
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Plain(said) => out.push_str(said),
            Self::List(nodes) => {
                out.push('[');
                for node in nodes {
                    node.write(out);
                    out.push(',');
                }
                out.push(']');
            }
            Self::Table(members) => {
                out.push('{');
                for (name, node) in members {
                    out.push_str(&quoted(name));
                    out.push(':');
                    node.write(out);
                    out.push(',');
                }
                out.push('}');
            }
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("text always serialises")
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value that says nothing twice")
    }

    fn visit_bool<E>(self, said: bool) -> Result<Node, E> {
        Ok(Node::Plain(said.to_string()))
    }

    fn visit_u64<E>(self, said: u64) -> Result<Node, E> {
        Ok(Node::Plain(said.to_string()))
    }

    fn visit_i64<E>(self, said: i64) -> Result<Node, E> {
        Ok(Node::Plain(said.to_string()))
    }

    fn visit_f64<E>(self, said: f64) -> Result<Node, E> {
        Ok(Node::Plain(Value::from(said).to_string()))
    }

    fn visit_str<E>(self, said: &str) -> Result<Node, E> {
        Ok(Node::Plain(quoted(said)))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Plain("null".to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut table: A) -> Result<Node, A::Error> {
        let mut members = BTreeMap::new();
        while let Some(name) = table.next_key()? {
            match members.entry(name) {
                Entry::Vacant(free) => free.insert(table.next_value()?),
                Entry::Occupied(_) => return Err(Error::custom("a member is said twice")),
            };
        }
        Ok(Node::Table(members))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Map;

    use super::*;

    fn text(dialect: DialectId, body: &str) -> String {
        of(dialect, body.as_bytes()).expect("an object").text
    }

    #[test]
    fn order_space_and_escapes_change_nothing() {
        let one = r#"{"model":"m","messages":[{"role":"user","content":"\u0068i"}],"temperature":0.5}"#;
        let other = r#"{ "temperature": 5e-1, "messages": [ {"content": "hi", "role": "user"} ], "model": "m" }"#;
        assert_eq!(text(DialectId::OpenaiChat, one), text(DialectId::OpenaiChat, other));
    }

    #[test]
    fn what_is_asked_is_told_apart() {
        let bodies = [
            r#"{"a":["b","c"]}"#,
            r#"{"a":["c","b"]}"#,
            r#"{"a":["b,c"]}"#,
            r#"{"a":["b",["c"]]}"#,
            r#"{"a":"1"}"#,
            r#"{"a":1}"#,
            r#"{"a":null}"#,
            r#"{"a":true}"#,
            r#"{"a":{}}"#,
            r#"{"a":[]}"#,
            "{}",
        ];
        for (at, one) in bodies.iter().enumerate() {
            for other in bodies.iter().skip(at + 1) {
                assert_ne!(text(DialectId::OpenaiChat, one), text(DialectId::OpenaiChat, other), "{one} {other}");
            }
        }
    }

    #[test]
    fn what_says_only_how_and_for_whom_is_left_out_where_it_means_that() {
        let plain = r#"{"messages":[{"user":"stays"}],"model":"m"}"#;
        let more = |members: &[&str]| {
            let members: String = members.iter().map(|name| format!("{name:?}:\"x\",")).collect();
            plain.replacen('{', &format!("{{{members}"), 1)
        };
        for dialect in [DialectId::OpenaiChat, DialectId::OpenaiCompletions, DialectId::OpenaiResponses] {
            assert_eq!(text(dialect, &more(&UNSAID_IN_OPENAI)), text(dialect, plain));
        }
        assert_eq!(text(DialectId::Anthropic, &more(&UNSAID_IN_ANTHROPIC)), text(DialectId::Anthropic, plain));
        assert_eq!(text(DialectId::Ollama, &more(&UNSAID_IN_OLLAMA)), text(DialectId::Ollama, plain));
        // It means nothing there that we know.
        assert_ne!(text(DialectId::Gemini, &more(&["user"])), text(DialectId::Gemini, plain));
        assert_ne!(text(DialectId::Anthropic, &more(&["store"])), text(DialectId::Anthropic, plain));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_not_compared() {
        for body in [r#"{"a":1,"a":1}"#, r#"{"b":{"a":1,"\u0061":2}}"#, "[]", "7", "{", ""] {
            assert_eq!(of(DialectId::OpenaiChat, body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn what_is_for_one_time_is_named() {
        for (body, once) in [
            (r#"{"n":2}"#, Some("n")),
            (r#"{"n":1,"best_of":1,"audio":null,"background":false,"modalities":[]}"#, None),
            (r#"{"previous_response_id":"r"}"#, Some("previous_response_id")),
            (r#"{"modalities":["text","audio"]}"#, Some("modalities")),
            (r#"{"generationConfig":{"candidateCount":3}}"#, Some("candidateCount")),
            (r#"{"generationConfig":{"candidateCount":1,"topK":2}}"#, None),
            (r#"{"generation_config":{"response_modalities":["IMAGE"]}}"#, Some("response_modalities")),
        ] {
            assert_eq!(of(DialectId::OpenaiChat, body.as_bytes()).expect("an object").once, once, "{body}");
        }
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec((".{0,6}", inner), 0..6)
                    .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
            ]
        })
    }

    fn reversed(value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(reversed).collect(),
            Value::Object(members) => {
                Value::Object(members.iter().rev().map(|(name, value)| (name.clone(), reversed(value))).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
        }
    }

    proptest! {
        #[test]
        fn only_equal_values_are_written_alike(one in json(), other in json()) {
            let written = |value: &Value| text(DialectId::Gemini, &format!("{{\"a\":{value}}}"));
            prop_assert_eq!(written(&one), written(&reversed(&one)));
            prop_assert!(written(&one) != written(&other) || one == other);
        }
    }
}

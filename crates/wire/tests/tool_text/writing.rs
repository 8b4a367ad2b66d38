//! The parts that formats are written with.

use serde_json::Value;

use crate::run::Call;

pub(crate) fn first(calls: &[Call]) -> &[Call] {
    calls.get(..1).unwrap_or_default()
}

pub(crate) fn each(calls: &[Call], between: &str, write: impl Fn(&str, &Value) -> String) -> String {
    calls.iter().map(|(name, arguments)| write(name, arguments)).collect::<Vec<_>>().join(between)
}

/// With a space behind each colon and comma outside of texts, as models write.
pub(crate) fn object(name: &str, arguments: &Value, key: &str) -> String {
    format!("{{\"name\": \"{name}\", \"{key}\": {arguments}}}")
}

pub(crate) fn list(calls: &[Call], name: &str, key: &str) -> String {
    format!("[{}]", each(calls, ", ", |n, a| format!("{{\"{name}\": \"{n}\", \"{key}\": {a}}}")))
}

/// Each argument: texts as they are, all else as JSON.
pub(crate) fn members(arguments: &Value, write: impl Fn(&str, &str) -> String) -> String {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let members = arguments.as_object().expect("an object").iter();
    members.map(|(key, value)| write(key, &text(value))).collect::<Vec<_>>().concat()
}

pub(crate) fn qwen(arguments: &Value) -> String {
    members(arguments, |key, value| format!("<parameter={key}>\n{value}\n</parameter>\n"))
        .trim_end_matches('\n')
        .to_owned()
}

pub(crate) fn glm(arguments: &Value, line: &str) -> String {
    members(arguments, |key, value| format!("<arg_key>{key}</arg_key>{line}<arg_value>{value}</arg_value>{line}"))
}

pub(crate) fn invoke(prefix: &str, name: &str, arguments: &Value) -> String {
    let members =
        members(arguments, |key, value| format!("<{prefix}parameter name=\"{key}\">{value}</{prefix}parameter>\n"));
    format!("<{prefix}invoke name=\"{name}\">\n{members}</{prefix}invoke>")
}

pub(crate) fn gemma(arguments: &Value, quote: &str) -> String {
    let members = arguments.as_object().expect("an object").iter().map(|(key, value)| match value.as_str() {
        Some(text) => format!("{key}:{quote}{text}{quote}"),
        None => format!("{key}:{value}"),
    });
    members.collect::<Vec<_>>().join(",")
}

pub(crate) fn keywords(arguments: &Value) -> String {
    let members = arguments.as_object().expect("an object").iter().map(|(key, value)| match value.as_bool() {
        Some(true) => format!("{key}=True"),
        Some(false) => format!("{key}=False"),
        None => format!("{key}={value}"),
    });
    members.collect::<Vec<_>>().join(", ")
}

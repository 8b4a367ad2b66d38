//! What an upstream of another gateway is in Trunkline's words: its type, where it is, how its keys travel.

use http::HeaderName;
use toml::Table;
use trunkline_providers::{AuthStyle, BaseUrl, Vendor, registry};
use trunkline_wire::DialectId;

use super::draft::{Draft, Set, list};

/// Stands for the key in the value of a header.
pub(super) const KEY: &str = "{api_key}";

/// The wire formats that the predecessors know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    OpenAi,
    Anthropic,
}

impl Wire {
    fn dialect(self) -> DialectId {
        match self {
            Self::OpenAi => DialectId::OpenaiChat,
            Self::Anthropic => DialectId::Anthropic,
        }
    }
    /// The type that is nothing but this format.
    pub(super) fn vendor_id(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
        }
    }
    /// Where chats go, behind the base URL.
    pub(super) fn chat_path(self) -> &'static str {
        match self {
            Self::OpenAi => "/chat/completions",
            Self::Anthropic => "/messages",
        }
    }
}

/// How a key travels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyHeader {
    pub(super) name: String,
    /// The value, with [`KEY`] for the key.
    pub(super) format: String,
}

impl KeyHeader {
    pub(super) fn bearer() -> Self {
        Self { name: "authorization".to_owned(), format: format!("Bearer {KEY}") }
    }
    pub(super) fn plain(name: &str) -> Self {
        Self { name: name.to_ascii_lowercase(), format: KEY.to_owned() }
    }
    /// As this type of provider has it.
    pub(super) fn of(vendor: &Vendor) -> Option<Self> {
        match vendor.auth {
            AuthStyle::Bearer => Some(Self::bearer()),
            AuthStyle::Header(name) => Some(Self::plain(name)),
            AuthStyle::None => None,
        }
    }
    fn is_of(&self, vendor: &Vendor) -> bool {
        Self::of(vendor).as_ref() == Some(self)
    }
}

/// What became of an upstream's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeysSent {
    /// All are used in turn.
    All,
    /// Only the first: their header is one that this type of provider does not use, and is written down as such.
    FirstOnly,
}

/// The type of an upstream: the vendor whose address it has, else the one it is named after, else plain `wire`.
pub(super) fn vendor_of(name: &str, url: &str, wire: Wire) -> &'static Vendor {
    let speaks = |vendor: &&'static Vendor| vendor.dialects.contains(&wire.dialect());
    let host = host_of(url);
    let hosted = registry::ALL.iter().copied().filter(speaks).find(|vendor| {
        let own = vendor.default_base_url.filter(|_| vendor.local_port.is_none());
        own.is_some_and(|own| host.is_some() && host_of(own) == host)
    });
    let named = || registry::find(&name.to_ascii_lowercase().replace(['-', '.', ' '], "_")).filter(speaks);
    hosted.or_else(named).or_else(|| registry::find(wire.vendor_id())).expect("both formats have a type of their own")
}

fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', ':', '?']).next().filter(|host| !host.is_empty())
}

/// What to write as `base_url` so that chats go to `path` below `url`; else why that cannot be. A URL that holds a
/// variable is written with its path, which says exactly where the API is.
pub(super) fn base_url(url: &str, path: &str, wire: Wire, vendor: &Vendor) -> Result<String, String> {
    let url = url.trim().trim_end_matches('/');
    let whole = format!("{url}/{}", path.trim_start_matches('/'));
    if !whole.ends_with(wire.chat_path()) {
        return Err(format!("Trunkline posts to a path that ends with `{}`, this one does not", wire.chat_path()));
    }
    if url.contains("${") {
        return Ok(whole);
    }
    let exact = BaseUrl::parse(&whole, vendor).map_err(|error| format!("the URL {error}"))?;
    let short_is_enough = BaseUrl::parse(url, vendor).is_ok_and(|short| short == exact);
    Ok(if short_is_enough { url.to_owned() } else { whole })
}

/// Writes how `keys` travel; `header` `None`: not at all.
pub(super) fn write_keys(
    section: &mut Table,
    vendor: &Vendor,
    header: Option<&KeyHeader>,
    keys: &[String],
) -> KeysSent {
    match (header, keys) {
        (Some(header), [_, ..]) if header.is_of(vendor) => section.set("keys", list(keys.to_vec())),
        (Some(header), [first, rest @ ..]) => {
            section.set("auth", "none");
            section.inner("headers").set(&header.name, header.format.replace(KEY, first));
            if !rest.is_empty() {
                return KeysSent::FirstOnly;
            }
        }
        (Some(_) | None, []) if !vendor.needs_key => {}
        (Some(_) | None, _) => section.set("auth", "none"),
    }
    KeysSent::All
}

/// Writes limits of a minute, each with its name here, into each of the keys.
pub(super) fn write_key_limits(section: &mut Table, limits: &[(&str, i64)]) {
    let Some(toml::Value::Array(keys)) = section.get_mut("keys") else { return };
    for key in keys.iter_mut().filter(|_| !limits.is_empty()) {
        if let toml::Value::String(text) = key {
            let mut table = Table::new();
            table.set("key", std::mem::take(text));
            *key = toml::Value::Table(table);
        }
        if let toml::Value::Table(table) = key {
            limits.iter().for_each(|(name, count)| table.set(name, *count));
        }
    }
}

/// The most that `failover.retries` takes.
const RETRIES_MAX: i64 = 10;

/// Writes how often requests are tried again, unless more is written already. Returns what to say of it.
pub(super) fn write_retries(draft: &mut Draft, retries: i64) -> String {
    let failover = draft.sections.entry("failover").or_default();
    let known = failover.get("retries").and_then(toml::Value::as_integer).unwrap_or(0);
    failover.set("retries", retries.clamp(known, RETRIES_MAX.max(known)));
    let most = if retries > RETRIES_MAX { ", at most 10" } else { "" };
    format!("`failover.retries`: all keys and targets of a request once more{most}, for all models")
}

/// What is said of parameters that are not written into targets.
pub(super) const PARAMETERS: &str = "where it is for requests to say, write it into the targets' `default` or `set`";

/// Why a key cannot be sent, if it cannot; one that names a variable is not looked at.
pub(super) fn key_problem(vendor: &Vendor, key: &str) -> Option<String> {
    if key.contains("${") { None } else { vendor.auth.header(key).err().map(|error| error.to_string()) }
}

/// Why a header cannot be added to each request, if it cannot.
pub(super) fn header_problem(name: &str, value: &str) -> Option<String> {
    if value.chars().any(|char| char.is_control()) {
        return Some("its value holds a character that a header cannot carry".to_owned());
    }
    crate::resolve::header_name(name).err().map(|(message, _)| message)
}

/// Writes a header that goes with each request, unless the keys fill it. Returns why not.
pub(super) fn write_header(section: &mut Table, vendor: &Vendor, name: &str, value: String) -> Result<(), String> {
    if let Some(problem) = header_problem(name, &value) {
        return Err(problem);
    }
    let name = name.to_ascii_lowercase();
    let filled = section.contains_key("keys") && vendor.auth.name().is_some_and(|header: HeaderName| header == *name);
    if filled || section.get("headers").is_some_and(|headers| headers.get(&name).is_some()) {
        return Err("the keys fill this header".to_owned());
    }
    section.inner("headers").set(&name, value);
    Ok(())
}

/// A name that a provider may have: it is the prefix in `provider/model`.
pub(super) fn provider_name(name: &str) -> String {
    let fits = |char: char| !(char == '/' || char.is_whitespace() || char.is_control());
    let name: String = name.trim().chars().map(|char| if fits(char) { char } else { '-' }).collect();
    if name.is_empty() { "provider".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_the_vendor_it_is_at_or_is_named_after() {
        let check = |name, url, wire| vendor_of(name, url, wire).id;
        assert_eq!(check("fast", "https://api.groq.com/openai/v1", Wire::OpenAi), "groq");
        assert_eq!(check("groq", "http://10.0.0.1/v1", Wire::OpenAi), "groq");
        assert_eq!(check("LM-Studio", "http://10.0.0.1/v1", Wire::OpenAi), "lm_studio");
        assert_eq!(check("nahcrof", "https://ai.nahcrof.com/v2", Wire::OpenAi), "openai");
        assert_eq!(check("groq", "https://api.groq.com/openai/v1", Wire::Anthropic), "anthropic");
        assert_eq!(check("claude", "https://api.anthropic.com", Wire::OpenAi), "openai");
    }

    #[test]
    fn a_base_url_is_written_short_where_that_says_the_same() {
        let check = |url: &str, path: &str| {
            let vendor = vendor_of("x", url, Wire::OpenAi);
            base_url(url, path, Wire::OpenAi, vendor)
        };
        assert_eq!(check("https://h.example/v1/", "/chat/completions"), Ok("https://h.example/v1".to_owned()));
        assert_eq!(check("https://h.example", "/v1/chat/completions"), Ok("https://h.example".to_owned()));
        assert_eq!(check("https://h.example", "chat/completions"), Ok("https://h.example/chat/completions".to_owned()));
        assert_eq!(check("${BASE}", "/chat/completions"), Ok("${BASE}/chat/completions".to_owned()));
        assert!(check("https://h.example", "/generate").is_err());
        assert!(check("ftp://h.example", "/chat/completions").is_err());
    }

    #[test]
    fn keys_that_travel_otherwise_become_a_header() {
        let openai = registry::find("openai").unwrap();
        let check = |header: Option<KeyHeader>, keys: &[&str]| {
            let mut section = Table::new();
            let keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
            let sent = write_keys(&mut section, openai, header.as_ref(), &keys);
            (section.to_string().trim().replace('\n', " "), sent)
        };
        assert_eq!(check(Some(KeyHeader::bearer()), &["a", "b"]), (r#"keys = ["a", "b"]"#.to_owned(), KeysSent::All));
        assert_eq!(
            check(Some(KeyHeader::plain("X-API-Key")), &["a", "b"]),
            (r#"auth = "none"  [headers] x-api-key = "a""#.to_owned(), KeysSent::FirstOnly)
        );
        assert_eq!(check(Some(KeyHeader::bearer()), &[]), (r#"auth = "none""#.to_owned(), KeysSent::All));
        assert_eq!(check(None, &["a"]), (r#"auth = "none""#.to_owned(), KeysSent::All));
    }
}

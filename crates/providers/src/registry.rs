//! Every vendor, in one slice.

use http::{HeaderMap, HeaderName, HeaderValue};
use trunkline_wire::{Capabilities, DialectId, Operation};

use crate::capabilities::{HOSTED, LOCAL};
use crate::{Adapter, AuthStyle, ModelLine, vendor};

/// What is known of one kind of provider.
#[derive(Debug)]
pub struct Vendor {
    /// The `type` in the config, such as `llama_cpp`.
    pub id: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// What whoever sets one up should know; nothing where a key or an address is all there is to say.
    pub hint: Option<&'static str>,
    /// Where it is when the config does not say; `None` makes `base_url` required, save for an adapter.
    pub default_base_url: Option<&'static str>,
    /// The path that every API path follows, such as `/v1` or `/openai/v1`.
    pub version_path: &'static str,
    /// How a key is sent.
    pub auth: AuthStyle,
    /// Whether it refuses callers without a key.
    pub needs_key: bool,
    /// Whether operators run it themselves, with models and templates of their own choice: then calls may come as text.
    pub self_hosted: bool,
    /// The environment variable that holds its key by custom, such as `GROQ_API_KEY`.
    pub key_variable: Option<&'static str>,
    /// The loopback port it listens on by custom.
    pub local_port: Option<u16>,
    /// The wire formats it serves, the one that says most first; empty for an adapter.
    pub dialects: &'static [DialectId],
    /// Dialects to which its key travels otherwise than `auth` says.
    pub own_auth: &'static [(DialectId, AuthStyle)],
    /// API paths, behind the base URL's own, that differ from everybody's; `None`: it has no such path. See
    /// [`Vendor::path`].
    pub own_paths: &'static [(DialectId, Operation, Option<&'static str>)],
    /// What all of its models take, as far as is known.
    pub capabilities: Capabilities,
    /// Whose names say more about a model of it.
    pub lines: &'static [ModelLine],
    /// How its model list is asked for.
    pub model_list: ModelList,
    /// Where a server of one model says how much of a prompt it takes, which its list does not; beside the version, as
    /// [`Vendor::path_beside`] has it. See [`models::parse_window`](crate::models::parse_window).
    pub window_path: Option<&'static str>,
    /// How its models' tokeniser is asked, where it lets one.
    pub tokenizer: Option<Tokenizer>,
    /// What it does not take although it speaks the dialect.
    pub quirks: Quirks,
    /// Set for what is not an HTTP server at all.
    pub adapter: Option<&'static dyn Adapter>,
}

/// How a model list is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ModelList {
    /// The path, query included, that follows the base URL's own.
    pub path: &'static str,
    /// How the key travels on this path; see [`AuthStyle::restyle`] for a key that was prepared for all others.
    pub auth: AuthStyle,
    /// Headers that this path wants beside the key: lower-case name, value.
    pub headers: &'static [(&'static str, &'static str)],
}

impl Vendor {
    /// What the request for the model list carries: the key, given as the ready-made header value that all other
    /// requests carry, and the vendor's own headers.
    pub fn model_list_headers(&self, key: Option<&HeaderValue>) -> HeaderMap {
        let own = self.model_list.headers.iter();
        let mut headers: HeaderMap =
            own.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect();
        headers.extend(key.and_then(|key| self.auth.restyle(key, self.model_list.auth)));
        headers
    }
}

/// How a server's tokeniser is asked how many tokens a prompt is, where no dialect's own counter answers. Paths stand
/// beside the version, not below it; see [`Vendor::path_beside`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tokenizer {
    /// It takes a chat, tools included, and says how many tokens it is.
    Chat {
        /// Where.
        path: &'static str,
    },
    /// It takes text; the server makes a chat into text when it is asked for that first.
    Text {
        /// Where a chat is made into text.
        template: &'static str,
        /// Where text is made into tokens.
        path: &'static str,
    },
}

/// How a server is had to go on from the model's own last words, where it can: others begin a new answer after them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoesOn {
    /// It does so unasked when they come last, in this dialect.
    Unasked(DialectId),
    /// It does so when Chat's `continue_final_message` says so.
    WhenTold,
}

impl GoesOn {
    /// The dialect in which it can be had to.
    pub fn dialect(self) -> DialectId {
        match self {
            Self::Unasked(dialect) => dialect,
            Self::WhenTold => DialectId::OpenaiChat,
        }
    }
}

/// Departures from the dialect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Quirks {
    /// `stream_options` is refused, or pointless because usage comes by itself.
    pub no_stream_options: bool,
    /// The one dialect in which it can be told its context size; in the others it cuts long prompts without a word.
    pub window_in: Option<DialectId>,
    /// It is a gateway itself and takes what a client wishes of one: other models to ask, and whom to ask for them.
    pub takes_wishes: bool,
    /// How it goes on from the model's own last words; `None`: it does not, as far as is known.
    pub goes_on: Option<GoesOn>,
}

/// A hosted server that behaves like OpenAI's; a vendor states only where it differs.
pub const LOOK_ALIKE: Vendor = Vendor {
    id: "",
    title: "",
    hint: None,
    default_base_url: None,
    version_path: "/v1",
    auth: AuthStyle::Bearer,
    needs_key: true,
    self_hosted: false,
    key_variable: None,
    local_port: None,
    dialects: &[DialectId::OpenaiChat],
    own_auth: &[],
    own_paths: &[],
    capabilities: HOSTED,
    lines: &[],
    model_list: ModelList { path: "/models", auth: AuthStyle::Bearer, headers: &[] },
    window_path: None,
    tokenizer: None,
    quirks: Quirks { no_stream_options: false, window_in: None, takes_wishes: false, goes_on: None },
    adapter: None,
};

/// The same on the operator's own machine: it asks for a key only when it was started with one, and speaks what Claude
/// Code and Codex speak, too.
pub const LOCAL_LOOK_ALIKE: Vendor = Vendor {
    needs_key: false,
    self_hosted: true,
    dialects: &[DialectId::OpenaiChat, DialectId::OpenaiCompletions, DialectId::OpenaiResponses, DialectId::Anthropic],
    capabilities: LOCAL,
    ..LOOK_ALIKE
};

/// Every vendor, by id.
pub static ALL: &[&Vendor] = &[
    &vendor::anthropic::VENDOR,
    &vendor::cerebras::VENDOR,
    &vendor::deepinfra::VENDOR,
    &vendor::dummy::VENDOR,
    &vendor::gemini::VENDOR,
    &vendor::groq::VENDOR,
    &vendor::llama_cpp::VENDOR,
    &vendor::lm_studio::VENDOR,
    &vendor::mistral::VENDOR,
    &vendor::ollama::VENDOR,
    &vendor::openai::VENDOR,
    &vendor::openrouter::VENDOR,
    &vendor::sglang::VENDOR,
    &vendor::together::VENDOR,
    &vendor::vllm::VENDOR,
];

/// The vendor with this `type`.
pub fn find(id: &str) -> Option<&'static Vendor> {
    ALL.iter().copied().find(|vendor| vendor.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::BaseUrl;

    #[test]
    fn ids_are_sorted_and_unique() {
        let ids: Vec<_> = ALL.iter().map(|vendor| vendor.id).collect();
        let sorted: Vec<_> = BTreeSet::from_iter(&ids).into_iter().copied().collect();
        assert_eq!(ids, sorted);
    }

    #[test]
    fn every_vendor_has_its_file_and_every_file_its_vendor() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/vendor");
        let files: BTreeSet<String> = std::fs::read_dir(folder)
            .expect("the folder is part of the crate")
            .map(|entry| entry.expect("readable").file_name().to_string_lossy().trim_end_matches(".rs").to_owned())
            .filter(|name| name != "mod")
            .collect();
        let ids: BTreeSet<String> = ALL.iter().map(|vendor| vendor.id.to_owned()).collect();
        assert_eq!(ids, files);
    }

    #[test]
    fn default_base_urls_are_already_in_their_final_form() {
        for vendor in ALL {
            let Some(text) = vendor.default_base_url else {
                assert!(vendor.adapter.is_some(), "{} is an HTTP server without a place", vendor.id);
                continue;
            };
            let url = BaseUrl::parse(text, vendor).expect(vendor.id);
            assert_eq!((url.to_string().as_str(), url.path.as_str()), (text, vendor.version_path), "{}", vendor.id);
            match vendor.local_port {
                Some(port) => {
                    assert_eq!((url.host.as_str(), url.port, vendor.needs_key), ("127.0.0.1", port, false));
                }
                None => assert!(url.tls && vendor.needs_key && vendor.key_variable.is_some(), "{}", vendor.id),
            }
        }
    }

    #[test]
    fn anthropics_model_list_is_asked_for_in_its_own_way() {
        let key = HeaderValue::from_static("sk-1");
        let headers = vendor::anthropic::VENDOR.model_list_headers(Some(&key));
        let expected = HeaderMap::from_iter([
            (HeaderName::from_static("anthropic-version"), HeaderValue::from_static("2023-06-01")),
            (HeaderName::from_static("x-api-key"), HeaderValue::from_static("sk-1")),
        ]);
        assert_eq!(headers, expected);
        let key = HeaderValue::from_static("Bearer sk-1");
        let headers = vendor::groq::VENDOR.model_list_headers(Some(&key));
        assert_eq!(headers, HeaderMap::from_iter([(HeaderName::from_static("authorization"), key)]));
        // Names that are not lower case would panic; every vendor's are looked at here.
        ALL.iter()
            .for_each(|vendor| assert_eq!(vendor.model_list_headers(None).len(), vendor.model_list.headers.len()));
    }

    #[test]
    fn dialects_are_stated_once_and_only_for_servers() {
        for vendor in ALL {
            let once: BTreeSet<DialectId> = vendor.dialects.iter().copied().collect();
            assert_eq!(once.len(), vendor.dialects.len(), "{}", vendor.id);
            assert_eq!(vendor.dialects.is_empty(), vendor.adapter.is_some(), "{}", vendor.id);
            let own = vendor.own_paths.iter().map(|(dialect, ..)| dialect);
            let own = own.chain(vendor.own_auth.iter().map(|(dialect, _)| dialect));
            assert!(own.into_iter().all(|dialect| once.contains(dialect)), "{}", vendor.id);
        }
    }

    #[test]
    fn find_knows_every_id_and_nothing_else() {
        for vendor in ALL {
            assert!(std::ptr::eq(find(vendor.id).expect(vendor.id), *vendor));
        }
        assert!(find("").is_none());
        assert!(find("OpenAI").is_none());
    }
}

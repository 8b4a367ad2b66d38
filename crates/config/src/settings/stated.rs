//! What each setting is, and who says so: for whoever looks at a running process.

use serde_json::Value as Json;

use super::reference::leaves;
use super::table::{self, Setting};
use super::{Overrides, data_dir};
use crate::Secret;
use crate::edit::value;
use crate::env::{Env, expand, references};
use crate::mask::{mask_value, masked};
use crate::path::Path;

/// Who says what a setting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatedBy {
    /// Nobody.
    Default,
    /// The document.
    Document,
    /// A variable.
    Environment,
    /// A flag.
    Argument,
}

impl StatedBy {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Document => "document",
            Self::Environment => "environment",
            Self::Argument => "argument",
        }
    }
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// The part of the document that it belongs to; `process` and `environment` for what the document cannot say.
    pub group: String,
    /// Its path in the document, or its name behind the group.
    pub key: String,
    /// What may be shown of it; `None`: nothing is set.
    pub shown: Option<String>,
    /// What it is, with the variables that it names replaced.
    pub value: Option<Secret>,
    /// Who says so.
    pub by: StatedBy,
    /// Whether `shown` is a mask.
    pub is_secret: bool,
}

/// The settings of the document that have one value, then what only flags and variables say, then the variables that the
/// document names. What is said of single providers, models and client keys is not among them.
pub fn stated(document: &str, env: &Env, overrides: &Overrides) -> Vec<Stated> {
    let tree = value(document).unwrap_or_default();
    let of_document = leaves().into_iter().filter(|(path, _)| !path.contains("NAME") && !path.contains("[]"));
    let mut all: Vec<Stated> = of_document
        .map(|(path, leaf)| {
            let is_secret = leaf.schema["writeOnly"] == true || leaf.schema["items"]["writeOnly"] == true;
            let beside = beside(&path, env, overrides);
            beside.map(|(text, by)| of_text(&path, text, by, is_secret)).unwrap_or_else(|| {
                let keys: Vec<&str> = path.split('.').collect();
                let at = Path::of_keys(&keys);
                match at.of(&tree) {
                    Some(said) => of_value(&path, &at, said, env, is_secret),
                    None => of_default(&path, &leaf.default(), is_secret),
                }
            })
        })
        .collect();
    all.extend(of_process(env, overrides));
    all.extend(of_environment(document, env));
    all
}

/// What a flag or a variable says of a setting.
fn beside(path: &str, env: &Env, overrides: &Overrides) -> Option<(String, StatedBy)> {
    let settings = || table::ALL.iter().filter(|setting| setting.path == path);
    let argument = settings().find_map(|setting| flag(setting, overrides)).map(|text| (text, StatedBy::Argument));
    argument.or_else(|| {
        let said = settings().flat_map(|setting| setting.variables).find_map(|name| env.get(name));
        Some((said?.to_owned(), StatedBy::Environment))
    })
}

fn flag(setting: &Setting, overrides: &Overrides) -> Option<String> {
    match setting.flag? {
        "--host" => overrides.host.clone(),
        "--port" => overrides.port.map(|port| port.to_string()),
        "--log-level" => overrides.log_level.clone(),
        "--store-url" => overrides.store_url.as_ref().map(|url| url.expose().to_owned()),
        "--data-dir" => overrides.data_dir.as_ref().map(|folder| folder.display().to_string()),
        _ => None,
    }
}

fn group_of(path: &str) -> String {
    path.split_once('.').map_or("general", |(group, _)| group).to_owned()
}

fn of_text(path: &str, text: String, by: StatedBy, is_secret: bool) -> Stated {
    let shown = if is_secret { masked(&text) } else { text.clone() };
    let (shown, value) = (Some(shown), Some(Secret::new(text)));
    Stated { group: group_of(path), key: path.to_owned(), shown, value, by, is_secret }
}

fn of_value(path: &str, at: &Path, said: &Json, env: &Env, is_secret: bool) -> Stated {
    let mut shown = said.clone();
    mask_value(at, &mut shown);
    let whole = in_words(said);
    // A stored secret stays one: it is written and never read.
    let value = expand(&whole, env).map(|text| text.into_owned()).unwrap_or(whole);
    Stated {
        group: group_of(path),
        key: path.to_owned(),
        shown: Some(in_words(&shown)),
        value: Some(Secret::new(value)),
        by: StatedBy::Document,
        is_secret,
    }
}

fn of_default(path: &str, default: &str, is_secret: bool) -> Stated {
    let value = Some(default.trim_matches('`').trim_matches('"').to_owned()).filter(|text| text != "none");
    let secret = value.clone().map(Secret::new);
    Stated {
        group: group_of(path),
        key: path.to_owned(),
        shown: value,
        value: secret,
        by: StatedBy::Default,
        is_secret,
    }
}

/// What the document cannot say.
fn of_process(env: &Env, overrides: &Overrides) -> Vec<Stated> {
    let outside = table::ALL.iter().filter_map(|setting| Some((setting, setting.outside.as_ref()?)));
    let row = |(setting, outside): (&&'static Setting, &table::Outside)| {
        let name = setting.path.trim_matches(['(', ')']).replace(' ', "_");
        let is_secret = setting.path == table::CLIENT_API_KEY.path;
        let said = beside(setting.path, env, overrides);
        let stated = match said {
            Some((text, by)) => of_text(&name, text, by, is_secret),
            None if setting.path == table::DATA_DIR.path => {
                let folder = data_dir(env, overrides).display().to_string();
                of_text(&name, folder, StatedBy::Default, false)
            }
            None => of_default(&name, outside.default, is_secret),
        };
        Stated { group: "process".to_owned(), key: format!("process.{name}"), ..stated }
    };
    outside.map(row).collect()
}

/// The variables that the document names. Nobody says which of them are secrets, so all are.
fn of_environment(document: &str, env: &Env) -> Vec<Stated> {
    let mut names: Vec<&str> = references(document).filter(|name| env.get(name).is_some()).collect();
    names.sort_unstable();
    names.dedup();
    let row = |name: &str| {
        let text = env.get(name)?.to_owned();
        let stated = of_text(name, text, StatedBy::Environment, true);
        Some(Stated { group: "environment".to_owned(), key: format!("environment.{name}"), ..stated })
    };
    names.into_iter().filter_map(row).collect()
}

fn in_words(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"
[server]
body_limit = "1MiB"
cors_origins = ["https://a.example"]

[admin]
token = "${ADMIN}"
viewer_tokens = ["a viewer's own secret 1234"]
"#;

    fn find(key: &str) -> Stated {
        let variables = [("ADMIN", "canary-0123456789-abcd"), ("LOG_LEVEL", "debug"), ("CLIENT_API_KEY", "canary-key")];
        let overrides = Overrides { port: Some(9_000), ..Overrides::default() };
        let all = stated(DOCUMENT, &variables.into_iter().collect(), &overrides);
        let found: Vec<&Stated> = all.iter().filter(|stated| stated.key == key).collect();
        let [only] = found[..] else { panic!("{key}: {found:?}") };
        only.clone()
    }

    #[test]
    fn each_setting_is_told_with_who_says_so_and_secrets_as_masks() {
        for (key, group, shown, by) in [
            ("server.listen", "server", Some("9000"), StatedBy::Argument),
            ("log.level", "log", Some("debug"), StatedBy::Environment),
            ("server.body_limit", "server", Some("1MiB"), StatedBy::Document),
            ("server.cors_origins", "server", Some("[\"https://a.example\"]"), StatedBy::Document),
            ("server.requests_max", "server", Some("10000"), StatedBy::Default),
            ("admin.token", "admin", Some("${ADMIN}"), StatedBy::Document),
            ("admin.viewer_tokens", "admin", Some("[\"••••••••1234\"]"), StatedBy::Document),
            ("admin.password", "admin", None, StatedBy::Default),
            ("process.client_key", "process", Some("••••••••"), StatedBy::Environment),
            ("environment.ADMIN", "environment", Some("••••••••abcd"), StatedBy::Environment),
        ] {
            let stated = find(key);
            assert_eq!((&*stated.group, stated.shown.as_deref(), stated.by), (group, shown, by), "{key}");
        }
        assert!(find("admin.token").is_secret && find("admin.viewer_tokens").is_secret && !find("log.level").is_secret);
        let value = |key| find(key).value.map(|value| value.expose().to_owned());
        assert_eq!(value("admin.token").as_deref(), Some("canary-0123456789-abcd"));
        assert_eq!(value("environment.ADMIN").as_deref(), Some("canary-0123456789-abcd"));
        assert!(!format!("{:?}", find("environment.ADMIN")).contains("canary"));
    }
}

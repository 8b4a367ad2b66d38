//! Client keys: what is asked of whoever keeps them, and what they look like from outside.

use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;
use trunkline_config::file::AllowanceSection;

use crate::plane::Misasked;

/// What a client key is to be.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema)]
#[schemars(rename = "ClientKeyFields")]
pub struct KeyFields {
    /// What reports and logs call its holder.
    pub name: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// Words to find it by.
    #[schemars(default)]
    pub tags: Vec<String>,
    /// What its holder may do.
    #[schemars(flatten)]
    pub allowance: AllowanceSection,
}

/// Where a client key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "ClientKeyOrigin")]
pub enum Origin {
    /// The configuration document, where it is changed.
    Document,
    /// It was made at run time.
    Made,
}

/// A client key as it is shown. The key itself is not: nobody has it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "ClientKey")]
pub struct KeyRow {
    /// Never given to another.
    pub id: String,
    /// What reports and logs call its holder.
    pub name: String,
    /// How the key ends; `None` where nobody knows.
    pub hint: Option<String>,
    /// Where it comes from.
    pub origin: Origin,
    /// Whose it is.
    pub owner: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// What its holder may do.
    #[serde(flatten)]
    pub allowance: AllowanceSection,
    /// When it was made, in RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub created: Option<String>,
    /// When it was revoked, in RFC 3339.
    #[schemars(extend("format" = "date-time"))]
    pub revoked: Option<String>,
    /// Requests that are open now.
    pub open: u32,
    /// What is set aside for them, in USD.
    pub reserved_usd: String,
    /// What was spent in the periods that it is now, in USD: where the key has a budget.
    pub spent: Vec<SpentRow>,
}

/// What was spent in one period.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "Spent")]
pub struct SpentRow {
    /// Which: `hour`, `day`, `week`, `month` or `total`.
    pub period: &'static str,
    /// How much, in USD.
    pub usd: String,
}

/// A key that was just made: the only time that it is shown.
#[derive(Clone, Serialize, JsonSchema)]
#[schemars(rename = "MadeClientKey")]
pub struct Made {
    /// The key.
    pub key: String,
    /// All else.
    #[serde(flatten)]
    pub row: KeyRow,
}

impl fmt::Debug for Made {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Made").field("row", &self.row).finish_non_exhaustive()
    }
}

/// A request that is over, as far as its cost goes.
#[derive(Clone, Debug)]
pub struct Spending {
    /// The request's id.
    pub id: String,
    /// When it came, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// How long it took, in microseconds.
    pub total_us: u64,
    /// The client key's name.
    pub client_key: Option<String>,
    /// The name of the model that was asked for, and the provider's own.
    pub model: (Option<String>, Option<String>),
    /// Tokens of the prompt and of the answer.
    pub tokens: (u64, u64),
    /// What it cost, in USD; `None`: nobody knows.
    pub usd: Option<String>,
    /// How it ended.
    pub outcome: String,
}

/// Why something cannot be done with a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum KeyProblem {
    /// There is none.
    #[error("no client key has the id, the name or the hash {0:?}")]
    NotFound(String),
    /// Another has the name.
    #[error("another client key is called {0:?}")]
    NameTaken(String),
    /// It is not the store's.
    #[error("client key {0:?} is the configuration document's: change it there")]
    InDocument(String),
    /// Somebody else was faster.
    #[error("client key {0:?} has just been changed by somebody else; look again")]
    Outdated(String),
    /// What is asked for is wrong.
    #[error(transparent)]
    Misasked(#[from] Misasked),
    /// The store does not answer.
    #[error("the store does not answer")]
    Down,
}

/// An answer on its way.
pub type Answer<T> = Pin<Box<dyn Future<Output = Result<T, KeyProblem>> + Send>>;

/// Whoever keeps the client keys. A key is named by its id, its name, its hash, or itself.
pub trait Keys: Send + Sync {
    /// All keys, those of the document among them, and those that were revoked last.
    fn list(&self) -> Answer<Vec<KeyRow>>;
    /// Makes a key.
    fn create(&self, fields: KeyFields) -> Answer<Made>;
    /// Changes what is named in an object; `null` takes a field back.
    fn change(&self, key: String, changes: Map<String, Value>) -> Answer<KeyRow>;
    /// Makes the key another one; the one before is good for so long.
    fn rotate(&self, key: String, overlap: Duration) -> Answer<Made>;
    /// Ends it for good.
    fn revoke(&self, key: String) -> Answer<KeyRow>;
    /// The last requests, the newest first.
    fn spending(&self, limit: u32) -> Answer<Vec<Spending>>;
}

impl KeyFields {
    /// Reads an object: `name`, `owner`, `tags`, and what a key may do by the names of the document.
    ///
    /// # Errors
    /// When it holds something else, or something that cannot be.
    pub fn read(mut object: Map<String, Value>) -> Result<Self, Misasked> {
        let name: String = field(&mut object, "name")?.unwrap_or_default();
        if name.trim().is_empty() || name.trim() != name || name.contains(char::is_control) {
            return Err(Misasked { field: "name".to_owned(), message: "it must be a name".to_owned() });
        }
        let (owner, tags) = (field(&mut object, "owner")?, field::<Vec<String>>(&mut object, "tags")?);
        let allowance = serde_path_to_error::deserialize(Value::Object(object))
            .map_err(|error| Misasked { field: error.path().to_string(), message: error.into_inner().to_string() })?;
        Ok(Self { name, owner, tags: tags.unwrap_or_default(), allowance })
    }

    /// The same with some fields changed; `null` takes one back.
    ///
    /// # Errors
    /// As [`KeyFields::read`].
    pub fn changed(&self, changes: Map<String, Value>) -> Result<Self, Misasked> {
        let mut object = self.written();
        for (name, value) in changes {
            if value.is_null() {
                object.remove(&name)
            } else {
                object.insert(name, value)
            };
        }
        Self::read(object)
    }

    fn written(&self) -> Map<String, Value> {
        let allowance = serde_json::to_value(&self.allowance).ok();
        let mut object = allowance.and_then(|value| value.as_object().cloned()).unwrap_or_default();
        object.insert("name".to_owned(), Value::from(self.name.as_str()));
        object.insert("tags".to_owned(), Value::from(self.tags.as_slice()));
        object.extend(self.owner.as_deref().map(|owner| ("owner".to_owned(), Value::from(owner))));
        object
    }
}

fn field<T: serde::de::DeserializeOwned>(object: &mut Map<String, Value>, name: &str) -> Result<Option<T>, Misasked> {
    let value = object.remove(name).filter(|value| !value.is_null());
    let read = value.map(|value| {
        serde_json::from_value(value).map_err(|error| Misasked { field: name.to_owned(), message: error.to_string() })
    });
    read.transpose()
}

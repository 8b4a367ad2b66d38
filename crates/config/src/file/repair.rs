//! What is done to answers that models got wrong.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};

/// What stands where a default depends on the provider.
pub(super) const BY_PROVIDER: &str = "`mend` for servers that operators run themselves, `off` for others";

/// How far calls of tools are repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RepairMode {
    /// Not at all: answers pass as the model wrote them.
    Off,
    /// Calls that stand in the text become calls, arguments are mended; what cannot be mended stays as it is.
    Mend,
    /// The same, and a call that cannot be mended is an error: another target is asked.
    Strict,
}

/// In which formats models write calls into their text; written as `"auto"`, one name, or a list of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolFormat(pub Vec<String>);

impl ToolFormat {
    /// What says that the model's name decides.
    pub const AUTO: &'static str = "auto";
}

impl<'de> Deserialize<'de> for ToolFormat {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            One(String),
            Several(Vec<String>),
        }
        Ok(Self(match Written::deserialize(deserializer)? {
            Written::One(name) => vec![name],
            Written::Several(names) => names,
        }))
    }
}

impl JsonSchema for ToolFormat {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "ToolFormat".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": ["string", "array"],
            "items": { "type": "string" },
            "minItems": 1,
            "x-default": "auto",
            "x-unit": "`\"auto\"`, or names of formats",
        })
    }
}

//! What a model may call.

use serde_json::value::RawValue;

use super::{At, CacheMark, Extra};
use crate::DialectId;
use crate::fields::parse;

/// One tool.
#[derive(Clone, Debug)]
pub struct Tool {
    /// What sort of tool.
    pub kind: ToolKind,
    /// Up to here the tools are worth caching.
    pub cache: Option<CacheMark>,
    /// Everything else it carried.
    pub extras: Vec<Extra>,
    /// Where it stood.
    pub at: At,
}

/// What sort of tool.
#[derive(Clone, Debug)]
pub enum ToolKind {
    /// The caller runs it; the model writes JSON.
    Function {
        /// What calls name it by.
        name: String,
        /// For the model.
        description: Option<String>,
        /// A JSON schema, untouched; `None` for a tool that takes nothing.
        parameters: Option<Box<RawValue>>,
        /// Whether arguments must fit the schema; `None` leaves it to the provider.
        strict: Option<bool>,
    },
    /// The caller runs it; the model writes plain text.
    Custom {
        /// What calls name it by.
        name: String,
        /// For the model.
        description: Option<String>,
        /// The grammar of the text, in the words of its origin.
        format: Option<Box<RawValue>>,
    },
    /// The provider runs it, or it is known to its own dialect only.
    Hosted {
        /// Whose words these are.
        origin: DialectId,
        /// Its own name for itself, such as `web_search`.
        kind: String,
        /// All of it, untouched.
        raw: Box<RawValue>,
    },
}

impl Tool {
    /// A tool with nothing beside its kind.
    pub fn new(kind: ToolKind) -> Self {
        Self { kind, cache: None, extras: Vec::new(), at: At::default() }
    }

    /// The same, standing there.
    pub fn at(self, at: impl Into<At>) -> Self {
        Self { at: at.into(), ..self }
    }

    /// What calls name it by; `None` where the provider decides.
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            ToolKind::Function { name, .. } | ToolKind::Custom { name, .. } => Some(name),
            ToolKind::Hosted { .. } => None,
        }
    }
}

/// What a model is told of a custom tool where it gets a function of one text in its place: the description, and what the
/// text must be.
pub fn custom_in_words(description: Option<&str>, format: Option<&RawValue>) -> Option<String> {
    /// Any text, which goes without saying.
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        /// `text`.
        #[serde(rename = "type")]
        kind: String,
    }
    let is_any = |format: &RawValue| parse::<Form>(format).is_some_and(|form| form.kind == "text");
    let Some(format) = format.filter(|format| !is_any(format)) else { return description.map(str::to_owned) };
    let told = format!("{}\n\nThe input must be of this form: {}", description.unwrap_or_default(), format.get());
    Some(told.trim_start().to_owned())
}

/// Whether the model may, must or must not call a tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// It must not.
    None,
    /// It must call one.
    Required,
    /// It must call this one.
    Named {
        /// Which.
        name: String,
        /// Whether that is a custom tool.
        custom: bool,
    },
    /// Only these; all the others are there for the cache alone.
    Allowed {
        /// Whether it must call one of them.
        required: bool,
        /// Which.
        names: Vec<String>,
    },
}

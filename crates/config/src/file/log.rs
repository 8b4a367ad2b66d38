//! `[log]`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is logged, and how. Never prompts, completions or keys.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogSection {
    /// The least severe events that are logged.
    #[serde(default)]
    pub level: LogLevel,
    /// How a log line looks.
    #[serde(default)]
    pub format: LogFormat,
    /// Whether each request is logged, as one line at its end.
    #[serde(default = "default_requests")]
    pub requests: bool,
}

impl Default for LogSection {
    fn default() -> Self {
        Self { level: LogLevel::default(), format: LogFormat::default(), requests: default_requests() }
    }
}

/// The least severe events that are logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// Someone should act.
    Error,
    /// Degraded and carried on.
    Warn,
    /// Once a request or rarer.
    #[default]
    Info,
    /// Why things happen.
    Debug,
    /// Everything.
    Trace,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for log collectors.
    Json,
}

fn default_requests() -> bool {
    true
}

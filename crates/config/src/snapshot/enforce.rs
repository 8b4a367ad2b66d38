//! Which answers must call a tool.

use std::sync::Arc;
use std::time::Duration;

use trunkline_wire::filter::Demand;

/// How often an answer is asked for again at most.
pub const ENFORCE_RETRIES_MAX: u32 = 50;

/// The longest pause before a piece of a streamed answer.
pub const CHUNK_DELAY_MAX: Duration = Duration::from_secs(10);

/// Which answers must call a tool, and what happens to those that do not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enforcement {
    /// Whether it is asked for, unless the request says otherwise.
    pub enabled: bool,
    /// What an answer must be.
    pub demand: Demand,
    /// How often it is asked for again, at most [`ENFORCE_RETRIES_MAX`].
    pub retries: u32,
    /// The pause before each piece of a streamed answer, at most [`CHUNK_DELAY_MAX`].
    pub chunk_delay: Duration,
}

/// One setting of it, where the document is not what says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnforceSetting {
    /// Whether it is asked for.
    Mode,
    /// What ends it without a call.
    Flag,
    /// How often it is asked again.
    Retries,
    /// What the model is told beforehand.
    Guidance,
    /// The pause before each piece.
    ChunkDelay,
    /// What becomes of an answer that says nothing.
    EmptyPolicy,
}

impl EnforceSetting {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Mode, Self::Flag, Self::Retries, Self::Guidance, Self::ChunkDelay, Self::EmptyPolicy];

    /// What its words are, for whoever wrote others.
    pub const fn accepts(self) -> &'static str {
        match self {
            Self::Mode => "`true` or `false`",
            Self::Flag | Self::Guidance => "a text",
            Self::Retries => "a number from 0 to 50",
            Self::ChunkDelay => "milliseconds, or a period such as `50ms`, up to `10s`",
            Self::EmptyPolicy => "`strict` or `lenient`",
        }
    }
}

impl Enforcement {
    /// Sets what a variable, a header or a query says. `None` when its words are not understood; then nothing has changed.
    pub fn set(&mut self, setting: EnforceSetting, text: &str) -> Option<()> {
        match setting {
            EnforceSetting::Mode => self.enabled = switch(text)?,
            EnforceSetting::Flag => self.demand.flag = (!text.is_empty()).then(|| Arc::from(text)),
            EnforceSetting::Guidance => self.demand.guidance = Some(Arc::from(text)),
            EnforceSetting::Retries => {
                self.retries = text.parse().ok().filter(|retries| *retries <= ENFORCE_RETRIES_MAX)?;
            }
            EnforceSetting::ChunkDelay => self.chunk_delay = chunk_delay(text)?,
            EnforceSetting::EmptyPolicy => {
                self.demand.empty_passes = match &*text.to_ascii_lowercase() {
                    "strict" => false,
                    "lenient" => true,
                    _ => return None,
                }
            }
        }
        Some(())
    }
}

fn switch(text: &str) -> Option<bool> {
    match &*text.to_ascii_lowercase() {
        "true" | "on" | "1" | "yes" | "enabled" => Some(true),
        "false" | "off" | "0" | "no" | "disabled" => Some(false),
        _ => None,
    }
}

/// A bare number is in milliseconds, as the setting's predecessor had it.
fn chunk_delay(text: &str) -> Option<Duration> {
    let delay = match text.parse() {
        Ok(milliseconds) => Duration::from_millis(milliseconds),
        Err(_) => crate::file::PeriodOrZero::parse(text).ok()?.duration(),
    };
    (delay <= CHUNK_DELAY_MAX).then_some(delay)
}

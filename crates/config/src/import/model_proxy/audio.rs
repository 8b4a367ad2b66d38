//! `audio-models/NAME.json`: transcription, which Trunkline does not serve by declared models.

use super::super::rules::{Rule, refuse};

/// Said of every key.
pub(super) const UNSERVED: &str = "Trunkline does not route transcriptions by model yet";

/// What becomes of each key.
pub(super) const RULES: &[Rule<()>] =
    &[refuse("model_routings", UNSERVED), refuse("fallback_model_routings", UNSERVED)];

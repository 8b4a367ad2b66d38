//! Why an answer ended: `stop_reason` and `stop_sequence`.

use serde_json::value::RawValue;

use crate::fields::parse;
use crate::ir::StopReason;

/// Reads both; `called` says whether the answer calls a tool, which servers forget to say.
pub(super) fn decode(reason: Option<String>, sequence: Option<String>, called: bool) -> StopReason {
    let Some(reason) = reason else {
        return if called { StopReason::ToolCalls } else { StopReason::End };
    };
    match reason.as_str() {
        "end_turn" | "stop_sequence" if called => StopReason::ToolCalls,
        "end_turn" => StopReason::End,
        "stop_sequence" => sequence.map_or(StopReason::End, StopReason::StopText),
        "max_tokens" => StopReason::Length,
        "tool_use" => StopReason::ToolCalls,
        "pause_turn" => StopReason::Paused,
        "refusal" => StopReason::Filtered,
        "model_context_window_exceeded" => StopReason::ContextFull,
        _ => StopReason::Other(reason),
    }
}

/// Why the model refused, out of `stop_details`.
pub(super) fn explanation(details: &RawValue) -> Option<String> {
    /// What a refusal says of itself.
    #[derive(serde::Deserialize)]
    struct Details {
        /// For a person.
        explanation: Option<String>,
    }
    parse::<Details>(details)?.explanation.filter(|why| !why.is_empty())
}

/// What else an answer held that its end depends on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Held {
    /// It calls a tool.
    pub(super) called: bool,
    /// It says why the model will not answer.
    pub(super) refused: bool,
}

/// The words for it: `stop_reason` and `stop_sequence`.
pub(super) fn encode(stop: &StopReason, held: Held) -> (&str, Option<&str>) {
    let word = match stop {
        StopReason::End if held.refused => "refusal",
        StopReason::End if held.called => "tool_use",
        StopReason::End => "end_turn",
        StopReason::StopText(text) => return ("stop_sequence", Some(text)),
        StopReason::Length => "max_tokens",
        StopReason::ContextFull => "model_context_window_exceeded",
        StopReason::ToolCalls => "tool_use",
        StopReason::Filtered => "refusal",
        StopReason::Paused => "pause_turn",
        // The only word of Messages that the neutral model has none for; other vendors' words mean nothing here.
        StopReason::Other(word) if word == "compaction" => "compaction",
        StopReason::Other(_) => "end_turn",
    };
    (word, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(reason: &str, sequence: Option<&str>, stop: &StopReason) {
        assert_eq!(&decode(Some(reason.to_owned()), sequence.map(str::to_owned), false), stop);
        assert_eq!(encode(stop, Held::default()), (reason, sequence));
    }

    #[test]
    fn reasons_go_over_and_back() {
        check("end_turn", None, &StopReason::End);
        check("stop_sequence", Some("x"), &StopReason::StopText("x".to_owned()));
        check("max_tokens", None, &StopReason::Length);
        check("model_context_window_exceeded", None, &StopReason::ContextFull);
        check("tool_use", None, &StopReason::ToolCalls);
        check("refusal", None, &StopReason::Filtered);
        check("pause_turn", None, &StopReason::Paused);
        check("compaction", None, &StopReason::Other("compaction".to_owned()));
    }

    #[test]
    fn calls_and_refusals_are_reasons_to_stop() {
        for reason in [None, Some("end_turn"), Some("stop_sequence")] {
            assert_eq!(decode(reason.map(str::to_owned), None, true), StopReason::ToolCalls, "{reason:?}");
        }
        assert_eq!(decode(None, None, false), StopReason::End);
        assert_eq!(encode(&StopReason::End, Held { called: true, refused: false }), ("tool_use", None));
        assert_eq!(encode(&StopReason::End, Held { called: false, refused: true }), ("refusal", None));
        assert_eq!(encode(&StopReason::Other("eos".to_owned()), Held::default()), ("end_turn", None));
    }
}

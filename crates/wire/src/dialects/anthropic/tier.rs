//! With which capacity a request is served: Anthropic's words for it.

use crate::ir::ServiceTier;

/// What a request asks for.
pub(super) fn read_asked(word: &str) -> ServiceTier {
    match word {
        "standard_only" => ServiceTier::Standard,
        word => ServiceTier::from_name(word),
    }
}

/// What can be asked for, and whether that is all of it: there is no cheaper capacity, and nobody can insist on the
/// faster one.
pub(super) fn write_asked(tier: &ServiceTier) -> (Option<&'static str>, bool) {
    match tier {
        ServiceTier::Auto => (Some("auto"), true),
        ServiceTier::Standard => (Some("standard_only"), true),
        ServiceTier::Priority => (Some("auto"), false),
        ServiceTier::Flex => (Some("standard_only"), false),
        ServiceTier::Other(_) => (None, false),
    }
}

/// What an answer was served with.
pub(super) fn read_served(word: &str) -> ServiceTier {
    match word {
        "standard" => ServiceTier::Standard,
        word => ServiceTier::from_name(word),
    }
}

/// The same, where there is a word for it.
pub(super) fn write_served(tier: &ServiceTier) -> Option<&str> {
    match tier {
        ServiceTier::Standard | ServiceTier::Auto => Some("standard"),
        ServiceTier::Priority => Some("priority"),
        ServiceTier::Other(word) if word == "batch" => Some("batch"),
        ServiceTier::Flex | ServiceTier::Other(_) => None,
    }
}

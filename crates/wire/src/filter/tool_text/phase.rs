//! What a search through a text is at.

use super::ends::EndFinder;
use super::family::Family;
use super::flow::Flow;

/// Where in a text a search stands.
#[derive(Debug)]
pub(super) enum Phase {
    /// Looking for a marker.
    Text,
    /// A marker, or the first bracket of the text: is it a call?
    Head { marker: Option<u16> },
    /// A call that is read when it has ended.
    Body { family: &'static Family, finder: EndFinder },
    /// A call whose arguments pass on. `held` begins with what was not passed on yet.
    Arguments(Flow),
    /// Behind a call.
    After,
    /// Nothing that follows counts.
    Discard,
}

impl Phase {
    /// Whether that is within the arguments of a call.
    pub(super) fn is_within_call(&self) -> bool {
        match self {
            Self::Body { .. } => true,
            Self::Arguments(flow) => !flow.is_over(),
            Self::Text | Self::Head { .. } | Self::After | Self::Discard => false,
        }
    }
}

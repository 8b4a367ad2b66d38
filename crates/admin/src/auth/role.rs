//! What callers may do, and what a path asks of them.

use schemars::JsonSchema;
use serde::Serialize;

/// What somebody who is signed in may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look at everything but secrets, and change nothing.
    Viewer,
    /// Everything.
    Admin,
}

/// What a path asks of whoever calls it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asks {
    /// Nothing: it is how one signs in.
    Open,
    /// To be signed in.
    Viewer,
    /// The role `admin`.
    Admin,
}

impl Role {
    /// Both, the lesser first.
    pub const ALL: [Self; 2] = [Self::Viewer, Self::Admin];

    /// As documents and the store have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Admin => "admin",
        }
    }

    /// The role of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether that is enough.
    pub(crate) fn may(self, asks: Asks) -> bool {
        match asks {
            Asks::Open | Asks::Viewer => true,
            Asks::Admin => self == Self::Admin,
        }
    }
}

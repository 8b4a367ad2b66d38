//! What each path does.

pub(crate) mod explain;

//! The admin APIs of other gateways, as far as they go over ours.

pub(crate) mod litellm;

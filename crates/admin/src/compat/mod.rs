//! The admin APIs of other gateways, as far as they go over ours.

mod document;
pub(crate) mod litellm;
mod merge;
pub(crate) mod model_proxy;
pub(crate) mod serverless_proxy;
mod tree;
pub(crate) mod words;

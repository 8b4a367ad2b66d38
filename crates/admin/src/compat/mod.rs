//! The admin APIs of other gateways, as far as they go over ours.

pub(crate) mod litellm;
pub(crate) mod model_proxy;
pub(crate) mod serverless_proxy;
pub(crate) mod words;

//! The request, read from clients and written for providers.

mod decode;
mod encode;
pub(in crate::dialects) mod handling;
mod marks;
mod options;

pub(super) use decode::decode;
pub(crate) use decode::decode_orphans;
pub(super) use encode::{encode, write_signature};
pub(in crate::dialects) use options::{model, read as read_options, write as write_options};

#[cfg(test)]
mod tests;

//! The dialects, one folder each.

pub mod openai_chat;

//! A request, both ways.

mod decode;
mod encode;
mod items;
mod made;
mod messages;
mod part;
mod tools;

pub(super) use decode::{check_results, decode};
pub(super) use encode::{encode, put_reasoning, put_text};
pub(super) use items::{Conversation, Item, decode_item, write_seal};
pub(super) use messages::{items_of, split_instructions};
pub(super) use tools::{Reader, Shape, put_tool_choice, put_tools};

#[cfg(test)]
mod tests;

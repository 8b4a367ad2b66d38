//! The neutral model: what a request, an answer and a stream say, whatever dialect said it.
//!
//! It is a superset of all dialects: content is ordered blocks, arguments stay the text that the model wrote, and what it
//! has no word for rides along untouched as an [`Extra`] or an opaque block, in the words of its origin.

mod block;
mod citation;
mod event;
mod grammar;
mod handling;
mod loss;
mod place;
mod request;
mod response;
mod tool;
mod unsaid;
mod usage;

pub use block::{
    Block, CacheMark, Content, Extra, Media, MediaKind, MediaSource, Reasoning, Seal, SealOrigin, ToolCall, ToolResult,
};
pub use citation::{Citation, Page};
pub use event::{BlockKind, Delta, Event};
pub use grammar::{Breach, Grammar};
pub use handling::{Handling, ServiceTier};
pub use loss::{Loss, Losses, Lost};
pub use place::{At, Field, Member, Names, ToolMember};
pub use request::{Caching, Effort, Message, OutputFormat, Request, Role, Sampling, Thinking};
pub use response::{Collector, Response, StopReason};
pub use tool::{Tool, ToolChoice, ToolKind, custom_in_words};
pub use unsaid::{Said, Sealed, Speech, Unsaid};
pub use usage::{Quality, Usage};

#[cfg(test)]
pub(crate) use place::tests::placed;

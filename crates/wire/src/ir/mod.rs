//! The neutral model: what a request, an answer and a stream say, whatever dialect said it.

mod event;
mod grammar;
mod request;
mod response;
mod usage;

pub use event::{BlockKind, Delta, Event};
pub use grammar::{Breach, Grammar};
pub use request::{Block, Extra, Message, Request, Role, Sampling};
pub use response::{Response, StopReason};
pub use usage::{Quality, Usage};

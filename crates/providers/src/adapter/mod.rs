//! Providers that are not HTTP servers: Rust code over the neutral model.
//!
//! To add one, write one file that holds a type, its [`Adapter`] implementation and a [`Vendor`](crate::Vendor) that
//! points to it, as `vendor/ID.rs`; then add its `mod` line there and its line in
//! [`registry::ALL`](crate::registry::ALL). [`dummy`] is the example to copy.
//!
//! What an adapter can rely on:
//! - The request is valid: its [`Subset`] was checked before [`Adapter::chat`] is called.
//! - [`Context::headers`] are the client's own, credentials included; nobody else reads them for an adapter.
//! - Its stream is dropped as soon as the client leaves, and polled only as fast as the client reads. Whatever must be
//!   stopped then belongs into the stream's `Drop`, or is owned by it.
//!
//! What is expected of it:
//! - `chat` returns at once; work that waits happens while the stream is polled.
//! - Events follow the grammar `Start (Open Delta* Close | Usage | Ping)* (Stop | Fault)`. The same events make the
//!   whole answer and the streamed one.
//! - Memory does not grow with the length of an answer: make events when they are asked for.

pub mod dummy;
pub mod subset;

use std::fmt::Debug;
use std::pin::Pin;
use std::task;

use futures_core::Stream;
use http::HeaderMap;
use trunkline_wire::{Fault, ir};

pub use subset::Subset;

/// A stream of events; dropped when the client leaves, and with it whatever the adapter was doing.
pub type Events = Pin<Box<dyn Stream<Item = ir::Event> + Send>>;

/// What an adapter may know beside the request.
#[derive(Clone, Debug)]
pub struct Context {
    /// The headers as the client sent them, credentials included.
    pub headers: HeaderMap,
    /// The adapter's own name for the model: what follows `provider/`.
    pub model: String,
    /// Unique among all requests; fit to make ids from.
    pub request_id: String,
}

/// A provider in Rust. It sees only requests that its subset admits.
pub trait Adapter: Debug + Sync {
    /// What may be asked of it; anything else is refused before it is called.
    fn subset(&self) -> &'static Subset;

    /// The models it serves, without the provider's name.
    fn models(&self) -> &'static [&'static str];

    /// Who owns the models, for the list.
    fn owned_by(&self) -> &'static str;

    /// Answers one turn. Whole and streamed answers are made from the same events.
    ///
    /// # Errors
    /// A fault before the first event becomes a real HTTP status. What fails later is an [`ir::Event::Fault`], which
    /// ends a stream that had begun.
    fn chat(&self, request: ir::Request, context: Context) -> Result<Events, Fault>;
}

/// Events that never have to be waited for, made one by one as the client reads.
pub fn ready(events: impl Iterator<Item = ir::Event> + Send + Unpin + 'static) -> Events {
    Box::pin(Ready(events))
}

struct Ready<I>(I);

impl<I: Iterator<Item = ir::Event> + Unpin> Stream for Ready<I> {
    type Item = ir::Event;

    fn poll_next(self: Pin<&mut Self>, _: &mut task::Context<'_>) -> task::Poll<Option<ir::Event>> {
        task::Poll::Ready(self.get_mut().0.next())
    }
}

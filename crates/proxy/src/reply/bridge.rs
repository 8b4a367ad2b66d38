//! A provider's stream in its own dialect, as events.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use trunkline_wire::StreamDecoder;
use trunkline_wire::dialects::anthropic::names::Restorer;
use trunkline_wire::ir::Event;

use crate::attempt::fault_of;
use crate::upstream::Body;

/// Reads a provider's body as it is asked for. Dropping it closes the provider's connection.
pub(crate) struct BridgedEvents {
    body: Body,
    decoder: Box<dyn StreamDecoder>,
    /// Puts the client's names for its tools back.
    restorer: Restorer,
    provider: Arc<str>,
    /// Decoded, not yet taken: at most what one read brought.
    ready: VecDeque<Event>,
    decoded: Vec<Event>,
    restored: Vec<Event>,
    ended: bool,
}

impl BridgedEvents {
    pub(crate) fn new(
        body: Body,
        decoder: Box<dyn StreamDecoder>,
        restorer: Restorer,
        provider: Arc<str>,
    ) -> Self {
        let (decoded, restored) = (Vec::new(), Vec::new());
        Self { body, decoder, restorer, provider, ready: VecDeque::new(), decoded, restored, ended: false }
    }
}

impl Stream for BridgedEvents {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.ready.pop_front() {
                return Poll::Ready(Some(event));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match this.body.poll_data(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(chunk))) => this.decoder.push(&chunk, &mut this.decoded),
                Poll::Ready(Some(Err(error))) => {
                    this.ended = true;
                    this.decoded.push(Event::Fault(fault_of(&this.provider, &error)));
                }
                Poll::Ready(None) => {
                    this.ended = true;
                    this.decoder.finish(&mut this.decoded);
                }
            }
            for event in this.decoded.drain(..) {
                this.restorer.push(event, &mut this.restored);
            }
            this.ready.extend(this.restored.drain(..));
        }
    }
}

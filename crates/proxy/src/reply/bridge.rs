//! A provider's stream in its own dialect, as events.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_core::Stream;
use trunkline_wire::StreamDecoder;
use trunkline_wire::dialects::anthropic::names::{Restorer, ToolNames};
use trunkline_wire::ir::Event;

use crate::attempt::fault_of;
use crate::upstream::Body;

/// Reads a provider's body as it is asked for. Dropping it closes the provider's connection.
pub(crate) struct BridgedEvents {
    body: Body,
    decoder: Box<dyn StreamDecoder>,
    /// Puts the client's names for its tools back, where they had to change.
    restorer: Option<Restorer>,
    provider: Arc<str>,
    /// Decoded, not yet taken, the next one last: at most what one read brought.
    ready: Vec<Event>,
    /// Room for what the restorer takes in, kept for the next read.
    decoded: Vec<Event>,
    ended: bool,
}

impl BridgedEvents {
    pub(crate) fn new(body: Body, decoder: Box<dyn StreamDecoder>, names: ToolNames, provider: Arc<str>) -> Self {
        let restorer = (!names.is_empty()).then(|| names.restorer());
        Self { body, decoder, restorer, provider, ready: Vec::new(), decoded: Vec::new(), ended: false }
    }
}

impl Stream for BridgedEvents {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let this = &mut *self;
        loop {
            if let Some(event) = this.ready.pop() {
                return Poll::Ready(Some(event));
            }
            if this.ended {
                return Poll::Ready(None);
            }
            match this.body.poll_data(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(chunk))) => this.decoder.push(&chunk, &mut this.ready),
                Poll::Ready(Some(Err(error))) => {
                    this.ended = true;
                    this.ready.push(Event::Fault(Box::new(fault_of(&this.provider, &error))));
                }
                Poll::Ready(None) => {
                    this.ended = true;
                    this.decoder.finish(&mut this.ready);
                }
            }
            if let Some(restorer) = &mut this.restorer {
                std::mem::swap(&mut this.ready, &mut this.decoded);
                for event in this.decoded.drain(..) {
                    restorer.push(event, &mut this.ready);
                }
            }
            this.ready.reverse();
        }
    }
}

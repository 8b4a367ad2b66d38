//! Answers on their way to the client.

mod bridge;
mod deadline;
mod events;
mod gathered;
mod native;
mod opening;
mod recorded;
mod repaired;
mod settled;
mod waiting;

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;

use crate::admin::AdminBody;

pub(crate) use bridge::BridgedEvents;
pub(crate) use deadline::Deadline;
pub(crate) use events::{EventsReply, Ping, Telling};
pub(crate) use gathered::Gathered;
pub(crate) use native::{NativeReply, Relay, Source, speaks_tokens};
pub(crate) use opening::{Until, open};
pub(crate) use recorded::RecordedReply;
pub(crate) use repaired::Repaired;
pub(crate) use settled::SettledReply;
pub(crate) use waiting::{WaitingReply, Work};

/// The body of any answer.
pub(crate) enum ReplyBody {
    /// All of it at once.
    Full(Bytes),
    /// A provider's bytes, passing through.
    Native(NativeReply),
    /// Events, encoded as they come.
    Events(Box<EventsReply>),
    /// Signs of life until there is an answer, then that.
    Waiting(Box<WaitingReply>),
    /// Any of these, whose end waits for its report.
    Settled(Box<SettledReply>),
    /// Any of these but the last, which is written down.
    Recorded(Box<RecordedReply>),
    /// The admin API's.
    Admin(AdminBody),
}

/// An answer that cannot be completed and has no way left to say so: the connection is cut instead.
#[derive(Debug, Error)]
#[error("the answer broke off in its middle")]
pub struct BrokenOff;

impl From<Bytes> for ReplyBody {
    fn from(bytes: Bytes) -> Self {
        Self::Full(bytes)
    }
}

impl From<Infallible> for BrokenOff {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl ReplyBody {
    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        match self {
            Self::Full(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Full(bytes) => Poll::Ready(Some(Ok(std::mem::take(bytes)))),
            Self::Native(reply) => reply.poll(cx),
            Self::Events(reply) => reply.poll(cx).map(|data| data.map(Ok)),
            Self::Waiting(reply) => reply.poll(cx),
            Self::Settled(reply) => reply.poll(cx),
            Self::Recorded(reply) => reply.poll(cx),
            // No body of ours has trailers.
            Self::Admin(body) => {
                let frame = body.as_mut().poll_frame(cx);
                frame.map(|frame| frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())))
            }
        }
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        self.get_mut().poll_data(cx).map(|data| data.map(|data| data.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Full(bytes) => bytes.is_empty(),
            Self::Native(reply) => reply.is_ended(),
            Self::Events(reply) => reply.is_ended(),
            Self::Waiting(reply) => reply.is_ended(),
            Self::Settled(reply) => reply.is_ended(),
            Self::Recorded(reply) => reply.is_ended(),
            Self::Admin(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Native(reply) => reply.exact_len().map_or_else(SizeHint::default, SizeHint::with_exact),
            Self::Settled(reply) => reply.exact_len().map_or_else(SizeHint::default, SizeHint::with_exact),
            Self::Recorded(reply) => reply.exact_len().map_or_else(SizeHint::default, SizeHint::with_exact),
            Self::Events(_) | Self::Waiting(_) => SizeHint::default(),
            Self::Admin(body) => body.size_hint(),
        }
    }
}

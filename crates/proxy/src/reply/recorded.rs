//! An answer that is written down on its way.

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::Body as _;

use super::{BrokenOff, ReplyBody};
use crate::recording::Recording;

/// One such answer.
pub(crate) struct RecordedReply {
    /// Dropped first: its guard has the last word.
    answer: ReplyBody,
    recording: Arc<Recording>,
}

impl RecordedReply {
    /// An answer, and where it is written down.
    pub(crate) fn of(answer: ReplyBody, recording: Arc<Recording>) -> ReplyBody {
        ReplyBody::Recorded(Box::new(Self { answer, recording }))
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.answer.is_end_stream()
    }

    /// Bytes still to come, when that is known.
    pub(crate) fn exact_len(&self) -> Option<u64> {
        self.answer.size_hint().exact()
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let polled = self.answer.poll_data(cx);
        if let Poll::Ready(Some(Ok(data))) = &polled {
            self.recording.response(data);
        }
        polled
    }
}

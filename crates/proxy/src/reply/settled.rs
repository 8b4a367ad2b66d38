//! An answer whose last byte waits until its report is safe.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Body as _;
use trunkline_route::{ReportSink, Settled};

use super::{BrokenOff, ReplyBody};

/// One such answer.
pub(crate) struct SettledReply {
    stage: Stage,
    reports: Arc<dyn ReportSink>,
}

enum Stage {
    /// All but the last piece is passed on.
    Open(ReplyBody),
    /// The report is on its way; these bytes wait for it.
    Waits(Bytes, Settled),
    Ended,
}

impl SettledReply {
    pub(crate) fn new(answer: ReplyBody, reports: Arc<dyn ReportSink>) -> Self {
        Self { stage: Stage::Open(answer), reports }
    }

    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.stage, Stage::Ended)
    }

    /// Bytes still to come, when that is known.
    pub(crate) fn exact_len(&self) -> Option<u64> {
        match &self.stage {
            Stage::Open(answer) => answer.size_hint().exact(),
            Stage::Waits(last, _) => Some(last.len() as u64),
            Stage::Ended => Some(0),
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        if let Stage::Open(answer) = &mut self.stage {
            let last = match ready!(answer.poll_data(cx)) {
                Some(Ok(data)) if !answer.is_end_stream() => return Poll::Ready(Some(Ok(data))),
                Some(Ok(data)) => data,
                None => Bytes::new(),
                // It was not finished, so nothing is promised of it.
                Some(Err(broken)) => return Poll::Ready(Some(Err(broken))),
            };
            // The answer hands its report over when it is dropped, and only after that the wait is for it, too.
            self.stage = Stage::Ended;
            self.stage = Stage::Waits(last, self.reports.settled());
        }
        if let Stage::Waits(last, settled) = &mut self.stage {
            ready!(settled.as_mut().poll(cx));
            let last = std::mem::take(last);
            self.stage = Stage::Ended;
            return Poll::Ready((!last.is_empty()).then_some(Ok(last)));
        }
        Poll::Ready(None)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::task::Waker;

    use trunkline_route::Report;

    use super::*;

    /// Settles when it is told to.
    #[derive(Default)]
    struct Slow(Arc<AtomicBool>);

    impl ReportSink for Slow {
        fn take(&self, _report: Report) {}
        fn holds_answers(&self) -> bool {
            true
        }
        fn settled(&self) -> Settled {
            let is_safe = Arc::clone(&self.0);
            let poll = move |_: &mut Context<'_>| {
                if is_safe.load(Ordering::Relaxed) { Poll::Ready(()) } else { Poll::Pending }
            };
            Box::pin(std::future::poll_fn(poll))
        }
    }

    #[test]
    fn the_last_piece_waits_for_the_report_and_its_length_is_known_before() {
        let slow = Slow::default();
        let is_safe = Arc::clone(&slow.0);
        let mut reply = SettledReply::new(ReplyBody::Full(Bytes::from_static(b"whole")), Arc::new(slow));
        let mut cx = Context::from_waker(Waker::noop());
        assert_eq!((reply.exact_len(), reply.is_ended()), (Some(5), false));
        assert!(reply.poll(&mut cx).is_pending());
        assert!(reply.poll(&mut cx).is_pending());
        assert_eq!((reply.exact_len(), reply.is_ended()), (Some(5), false));
        is_safe.store(true, Ordering::Relaxed);
        assert!(matches!(reply.poll(&mut cx), Poll::Ready(Some(Ok(last))) if last == "whole"));
        assert_eq!((reply.exact_len(), reply.is_ended()), (Some(0), true));
        assert!(matches!(reply.poll(&mut cx), Poll::Ready(None)));
    }
}

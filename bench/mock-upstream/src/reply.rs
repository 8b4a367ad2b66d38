//! The body of an answer: all at once, or event by event at a given pace.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// One answer's body.
pub(crate) enum Reply {
    /// Sent with a length.
    Whole(Option<Bytes>),
    /// Every event is one HTTP chunk.
    Events {
        events: Arc<Vec<Bytes>>,
        next: usize,
        /// `None` sends them as fast as the socket takes them: the server then joins many into one write.
        pace: Option<Pace>,
    },
}

/// The wait before each event.
pub(crate) struct Pace {
    delay: Duration,
    timer: Pin<Box<Sleep>>,
}

impl Reply {
    pub(crate) fn whole(body: impl Into<Bytes>) -> Self {
        Self::Whole(Some(body.into()))
    }

    pub(crate) fn events(events: Arc<Vec<Bytes>>, delay: Duration) -> Self {
        let pace = (!delay.is_zero()).then(|| Pace { delay, timer: Box::pin(sleep(delay)) });
        Self::Events { events, next: 0, pace }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let frame = match self.get_mut() {
            Self::Whole(body) => body.take(),
            Self::Events { events, next, pace } => {
                let Some(event) = events.get(*next) else { return Poll::Ready(None) };
                if let Some(Pace { delay, timer }) = pace {
                    ready!(timer.as_mut().poll(context));
                    timer.as_mut().reset(Instant::now() + *delay);
                }
                *next += 1;
                Some(event.clone())
            }
        };
        Poll::Ready(frame.map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_none(),
            Self::Events { events, next, .. } => *next >= events.len(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, |body| body.len() as u64)),
            Self::Events { .. } => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt as _;

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn events_are_sent_one_by_one_at_the_given_pace() {
        let events = Arc::new(vec![Bytes::from_static(b"a"), Bytes::from_static(b"b")]);
        let began = Instant::now();
        let mut reply = Reply::events(events, Duration::from_millis(5));
        let mut seen = Vec::new();
        while let Some(Ok(frame)) = reply.frame().await {
            seen.push((frame.into_data().expect("data"), began.elapsed().as_millis()));
        }
        assert_eq!(seen, [(Bytes::from_static(b"a"), 5), (Bytes::from_static(b"b"), 10)]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_whole_answer_has_a_length() {
        let reply = Reply::whole("hello");
        assert_eq!(reply.size_hint().exact(), Some(5));
        let body = reply.collect().await.expect("cannot fail").to_bytes();
        assert_eq!(body, "hello");
    }
}

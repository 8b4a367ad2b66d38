//! An answer that begins before anybody has answered: signs of life, and then what came of it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use trunkline_wire::ir::Event;
use trunkline_wire::{Fault, FaultKind, StreamEncoder};

use super::events::Ping;
use super::{BrokenOff, ReplyBody};
use crate::lane::{Failed, Tried};

/// What gives the answer.
pub(crate) type Work = Pin<Box<dyn Future<Output = Tried> + Send>>;

/// One such answer. Dropping it drops the work, and with it the request's place among those who wait.
pub(crate) struct WaitingReply {
    stage: Stage,
    /// Says in the client's dialect what is said before there is an answer, or instead of one. What it says is in no
    /// report but for a failure: it is no part of anybody's answer.
    encoder: Box<dyn StreamEncoder>,
    ping: Ping,
    /// Whether the client has heard anything but the head.
    is_heard: bool,
}

enum Stage {
    Waits(Work),
    Answers(Box<ReplyBody>),
    Failed,
}

impl WaitingReply {
    pub(crate) fn new(work: Work, encoder: Box<dyn StreamEncoder>) -> Self {
        Self { stage: Stage::Waits(work), encoder, ping: Ping::default(), is_heard: false }
    }

    pub(crate) fn is_ended(&self) -> bool {
        match &self.stage {
            Stage::Waits(_) => false,
            Stage::Answers(answer) => http_body::Body::is_end_stream(&**answer),
            Stage::Failed => true,
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        loop {
            let tried = match &mut self.stage {
                Stage::Answers(answer) => return answer.poll_data(cx),
                Stage::Failed => return Poll::Ready(None),
                Stage::Waits(work) => work.as_mut().poll(cx),
            };
            match tried {
                Poll::Ready(Ok(response)) => match response.into_body() {
                    ReplyBody::Native(answer) if !answer.is_stream() => {
                        let fault = Fault::new(FaultKind::UpstreamBroken, "the provider's answer is no stream");
                        let last = self.fail(&fault);
                        answer.refuse(&fault, last.len());
                        return Poll::Ready(Some(Ok(last)));
                    }
                    answer @ (ReplyBody::Full(_)
                    | ReplyBody::Native(_)
                    | ReplyBody::Events(_)
                    | ReplyBody::Waiting(_)
                    | ReplyBody::Settled(_)
                    | ReplyBody::Recorded(_)
                    | ReplyBody::Admin(_)) => self.stage = Stage::Answers(Box::new(answer)),
                },
                Poll::Ready(Err(failed)) => {
                    let Failed { fault, mut guard } = *failed;
                    let last = self.fail(&fault);
                    guard.broke(&fault);
                    guard.sent(last.len());
                    return Poll::Ready(Some(Ok(last)));
                }
                Poll::Pending if !self.is_heard || self.ping.poll(cx).is_ready() => return self.show_life(),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn show_life(&mut self) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        let mut out = Vec::new();
        self.encoder.ping(&mut out);
        self.is_heard = true;
        self.ping.rest();
        Poll::Ready(Some(Ok(out.into())))
    }

    /// Ends the stream with one error in the client's dialect.
    fn fail(&mut self, fault: &Fault) -> Bytes {
        let mut out = Vec::new();
        self.encoder.push(&Event::Fault(Box::new(fault.clone())), &mut out);
        self.stage = Stage::Failed;
        out.into()
    }
}

//! The beginning of an answer in the native lane, held until it is one: what breaks there is still a status, or the next
//! try's to mend.

use std::future::poll_fn;
use std::time::Duration;

use bytes::BytesMut;
use trunkline_wire::ir::Event;
use trunkline_wire::{DialectId, Fault, FaultKind, Operation, StreamDecoder, dialect};

use super::events::PING_AFTER;
use super::native::{Relay, Source, speaks_tokens};

/// Bytes held while nothing of an answer has begun, or while a whole one is not complete. Guards memory; what is longer
/// goes on as it comes.
const HELD_BYTES_MAX: usize = 4 << 20;

/// Bytes looked at in one go. The first content is near the front, and what one read brought may hold hundreds of events
/// behind it.
const STEP_BYTES: usize = 512;

/// Events of content after which an answer has begun, whatever is in them: what the neutral model does not know, such as
/// sound, is content too. Some servers' first events say nothing but who speaks.
const CONTENT_EVENTS_ENOUGH: u64 = 4;

/// What an answer's head waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// For its first content.
    Begun,
    /// For all of one that is no stream, since the head says what it cost.
    CostIsKnown,
}

/// Reads until the answer has begun, and leaves all that was read to be sent.
///
/// # Errors
/// What became of an answer of which nothing has been sent.
pub(crate) async fn open(source: &mut Source, dialect: DialectId, until: Until) -> Result<(), Fault> {
    poll_fn(|cx| source.poll_read(cx)).await?;
    let mut opening = Opening::of(source, dialect, until);
    if opening.has_begun(source, &source.ready)? {
        return Ok(());
    }
    let mut held = BytesMut::from(&*std::mem::take(&mut source.ready));
    let patience = opening.patience();
    let rest = async {
        loop {
            poll_fn(|cx| source.poll_read(cx)).await?;
            let piece = std::mem::take(&mut source.ready);
            held.extend_from_slice(&piece);
            let seen = if opening.needs_all() { &*held } else { &piece };
            if opening.has_begun(source, seen)? || held.len() >= HELD_BYTES_MAX {
                return Ok::<(), Fault>(());
            }
        }
    };
    // Late is not lost: the head goes out with what there is.
    tokio::time::timeout(patience, rest).await.unwrap_or(Ok(()))?;
    source.ready = held.freeze();
    Ok(())
}

/// How to see that an answer has begun.
enum Opening {
    /// By its first content, as its dialect has it.
    Stream { dialect: DialectId, decoder: Box<dyn StreamDecoder>, events: Vec<Event> },
    /// By its end: half of it is of no use to anybody.
    Whole(DialectId),
    /// By its end as well, whatever it is.
    Ended,
    /// By its first bytes, whatever they are.
    Any,
}

impl Opening {
    fn of(source: &Source, dialect: DialectId, until: Until) -> Self {
        let is_json = matches!(source.relay, Relay::Json(_));
        if until == Until::CostIsKnown && is_json && source.operation == Operation::Embedding {
            return Self::Ended;
        }
        if !speaks_tokens(source.operation) {
            return Self::Any;
        }
        match source.relay {
            // A burst: no need to read it twice.
            Relay::Sse(_) | Relay::Lines(_) if flows(source) && !source.relay.has_failed() => Self::Any,
            Relay::Sse(_) | Relay::Lines(_) => {
                Self::Stream { dialect, decoder: dialect::of(dialect).stream_decoder(), events: Vec::new() }
            }
            Relay::Json(_) => Self::Whole(dialect),
            Relay::Opaque(_) => Self::Any,
        }
    }

    /// How long a client may be left without a byte once there are some for it.
    fn patience(&self) -> Duration {
        match self {
            Self::Stream { .. } | Self::Any => PING_AFTER,
            // It would have no use for them; the provider's own limits hold.
            Self::Whole(_) | Self::Ended => Duration::MAX,
        }
    }

    /// Whether it is told by all that came so far and not by the newest piece alone.
    fn needs_all(&self) -> bool {
        matches!(self, Self::Whole(_))
    }

    /// Whether the answer has begun, now that `seen` has come.
    fn has_begun(&mut self, source: &Source, seen: &[u8]) -> Result<bool, Fault> {
        match self {
            Self::Any => Ok(true),
            Self::Ended => Ok(source.ended),
            Self::Whole(_) if !source.ended => Ok(false),
            Self::Whole(dialect) => whole(source, *dialect, seen).map(|()| true),
            Self::Stream { dialect, decoder, events } => {
                for step in seen.chunks(STEP_BYTES) {
                    decoder.push(step, events);
                    if let Some(begun) = events.drain(..).find_map(|event| committed(source, &event)) {
                        return begun.map(|()| true);
                    }
                }
                // Nothing of it was content that is understood.
                if source.relay.has_failed() && !flows(source) {
                    return Err(source.failure(*dialect));
                }
                Ok(source.ended || flows(source))
            }
        }
    }
}

/// Whether so much came that there must be content in it.
fn flows(source: &Source) -> bool {
    let facts = source.relay.facts();
    facts.content_events >= CONTENT_EVENTS_ENOUGH && !facts.garbled
}

/// Whether all of an answer is one.
fn whole(source: &Source, dialect: DialectId, body: &[u8]) -> Result<(), Fault> {
    let facts = source.relay.facts();
    if facts.error
        && let Some(fault) = dialect::of(dialect).error_in(body)
    {
        return Err(fault);
    }
    if facts.finished { Ok(()) } else { Err(unreadable(source)) }
}

/// Whether an event says that the answer has begun, or that it never will.
fn committed(source: &Source, event: &Event) -> Option<Result<(), Fault>> {
    match event {
        Event::Delta { .. } | Event::Stop(_) => Some(Ok(())),
        // What the provider says of it is read from its own words.
        Event::Fault(_) if source.relay.has_failed() => None,
        Event::Fault(_) if source.relay.facts().garbled => Some(Err(unreadable(source))),
        // What only we do not understand does not stop the bytes.
        Event::Fault(_) => Some(Ok(())),
        Event::Start { .. }
        | Event::Open { .. }
        | Event::Close { .. }
        | Event::Usage(_)
        | Event::Served(_)
        | Event::Ping => None,
    }
}

/// What is no answer at all.
fn unreadable(source: &Source) -> Fault {
    let message = format!("provider {:?}: its answer cannot be read", source.provider);
    Fault::new(FaultKind::UpstreamBroken, message)
}

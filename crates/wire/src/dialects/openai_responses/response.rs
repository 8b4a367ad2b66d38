//! The whole answer: the `response` object.

use bytes::Bytes;
use serde_json::value::{RawValue, to_raw_value};

use super::item::UsageBody;
use super::request::{self, Reader};
use super::{answer, error, form, stream};
use crate::dialect::{Encoded, StreamHead};
use crate::fields::{Fields, parse};
use crate::ir::{
    self, BlockKind, Citation, Content, Event, Extra, Lost, Response, Said, Sealed, ServiceTier, Speech, StopReason,
    Unsaid,
};
use crate::write::{Object, object};
use crate::{DialectId, Fault, Usd, WireError};

/// Where an answer says with which capacity it is served.
const SERVICE_TIER: &str = "service_tier";

/// How far an answer is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome<'a> {
    /// It has begun.
    InProgress,
    /// It is complete.
    Completed,
    /// It was cut off, for this reason.
    Incomplete(&'static str),
    /// It broke off.
    Failed(&'a Fault),
}

impl Outcome<'_> {
    /// What a model's reason to stop comes to. A refusal that is said in so many words is a complete answer.
    pub(super) fn of(stop: &StopReason, refused: bool) -> Self {
        match stop {
            StopReason::Length | StopReason::ContextFull => Self::Incomplete("max_output_tokens"),
            StopReason::Filtered if !refused => Self::Incomplete("content_filter"),
            StopReason::End
            | StopReason::StopText(_)
            | StopReason::ToolCalls
            | StopReason::Filtered
            | StopReason::Paused
            | StopReason::Other(_) => Self::Completed,
        }
    }

    /// The value of `status`, and the end of the event's name.
    pub(super) fn status(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Incomplete(_) => "incomplete",
            Self::Failed(_) => "failed",
        }
    }
}

/// What every state of an answer says alike.
#[derive(Debug)]
pub(super) struct Frame {
    id: String,
    created: u64,
    model: String,
    /// What is repeated of the request.
    echo: Vec<Extra>,
    /// What it cost, where that is to be told.
    pub(super) cost: Option<Usd>,
}

impl Frame {
    /// The frame of the answer to a request.
    pub(super) fn new(head: &StreamHead) -> Self {
        let echo = echo(head.request.as_deref());
        Self {
            id: format!("resp_{}", head.request_id),
            created: head.created,
            model: head.model.clone(),
            echo,
            cost: head.cost,
        }
    }

    /// The frame of an answer of which nothing is known.
    pub(super) fn unknown() -> Self {
        Self { id: "resp_unknown".to_owned(), created: 0, model: String::new(), echo: echo(None), cost: None }
    }

    /// Writes the whole object.
    pub(super) fn write(
        &self,
        body: &mut Object<'_>,
        outcome: &Outcome<'_>,
        output: &[Box<RawValue>],
        usage: Option<ir::Usage>,
        tier: Option<&ServiceTier>,
    ) {
        body.put("id", &self.id);
        body.put("object", "response");
        body.put("created_at", &self.created);
        body.put("status", outcome.status());
        match outcome {
            Outcome::Failed(fault) => body.object("error", |object| {
                object.put("code", error::code(fault));
                object.put("message", &error::message(fault));
            }),
            Outcome::InProgress | Outcome::Completed | Outcome::Incomplete(_) => body.put("error", &None::<()>),
        }
        match outcome {
            Outcome::Incomplete(reason) => body.object("incomplete_details", |object| object.put("reason", reason)),
            Outcome::InProgress | Outcome::Completed | Outcome::Failed(_) => {
                body.put("incomplete_details", &None::<()>);
            }
        }
        body.put("model", &self.model);
        body.put("output", output);
        body.put("usage", &usage.map(|usage| UsageBody::from(usage).with_cost(self.cost)));
        for Extra { name, raw } in &self.echo {
            match tier {
                // With what was asked for it begins, with what it was it ends.
                Some(tier) if name == SERVICE_TIER => body.put(name, tier.as_str()),
                Some(_) | None => body.raw(name, raw),
            }
        }
    }
}

/// What an answer repeats of its request, every key that clients insist on among it.
fn echo(request: Option<&ir::Request>) -> Vec<Extra> {
    let nothing = ir::Request::new(DialectId::OpenaiResponses, "");
    let request = request.unwrap_or(&nothing);
    let handling = &request.handling;
    let kept = |name: &str| form::find(&request.extras, name).map(ToOwned::to_owned);
    let json = |bytes: Vec<u8>| parse_back(&bytes);
    let null = || RawValue::NULL.to_owned();
    let (operator, _) = request::split_instructions(request);
    let instructions = operator.and_then(|message| message.blocks.first()).and_then(|block| block.as_text());
    let tools = member("tools", |body| {
        body.array("tools", |list| request::put_tools(list, request, Reader::Client, &mut Lost::of(request)));
    });
    let choice = member("tool_choice", |body| {
        let choice = request.tool_choice.clone().unwrap_or(ir::ToolChoice::Auto);
        request::put_tool_choice(body, &choice, &request.tools);
    });
    let reasoning = member("reasoning", |body| request::put_reasoning(body, &request.thinking, &request.extras));
    let text = member("text", |body| {
        // What goes without saying in a request is said in an answer.
        let plain = form::mark(form::TEXT_FORMAT, &json(object(|format| format.put("type", "text"))));
        let given = request.extras.iter().filter(|extra| extra.name.starts_with("text.")).cloned();
        let verbosity = request.handling.verbosity.as_deref();
        request::put_text(body, request.output_format.as_ref(), verbosity, &given.chain([plain]).collect::<Vec<_>>());
    });
    let default_reasoning = || {
        json(object(|reasoning| {
            reasoning.put("effort", &None::<()>);
            reasoning.put("summary", &None::<()>);
        }))
    };
    let previous = kept("previous_response_id").or_else(|| kept(form::RESUMED));
    let members = [
        ("background", raw(&false)),
        ("instructions", raw(&instructions)),
        ("max_output_tokens", raw(&request.sampling.output_tokens_max)),
        ("max_tool_calls", kept("max_tool_calls").unwrap_or_else(null)),
        ("metadata", handling.metadata.clone().unwrap_or_else(|| json(object(|_| {})))),
        ("parallel_tool_calls", raw(&request.parallel_tool_calls.unwrap_or(true))),
        ("previous_response_id", previous.unwrap_or_else(null)),
        ("prompt_cache_key", raw(&request.caching.key)),
        ("reasoning", reasoning.unwrap_or_else(default_reasoning)),
        ("safety_identifier", raw(&handling.safety_identifier)),
        (SERVICE_TIER, raw(&handling.tier.as_ref().map(ServiceTier::as_str))),
        ("store", kept("store").unwrap_or_else(|| raw(&true))),
        ("temperature", raw(&request.sampling.temperature)),
        ("text", text.unwrap_or_else(null)),
        ("tool_choice", kept("tool_choice").or(choice).unwrap_or_else(null)),
        ("tools", tools.unwrap_or_else(null)),
        ("top_logprobs", raw(&handling.top_logprobs.unwrap_or(0))),
        ("top_p", raw(&request.sampling.top_p)),
        ("truncation", kept("truncation").unwrap_or_else(|| form::text("disabled"))),
        ("user", raw(&request.user)),
    ];
    let retention = request.caching.retention.as_ref().map(raw);
    let optional = [
        ("conversation", kept("conversation")),
        ("prompt_cache_options", handling.cache_options.clone()),
        ("prompt_cache_retention", retention),
    ];
    let given = optional.into_iter().filter_map(|(name, raw)| Some((name, raw?)));
    members.into_iter().chain(given).map(|(name, raw)| Extra { name: name.to_owned(), raw }).collect()
}

fn raw<T: serde::Serialize + ?Sized>(value: &T) -> Box<RawValue> {
    to_raw_value(value).expect("text and numbers always serialise")
}

fn parse_back(bytes: &[u8]) -> Box<RawValue> {
    serde_json::from_slice(bytes).expect("what was just written is JSON")
}

/// What `write` writes under `name`, where it writes it at all.
fn member(name: &str, write: impl FnOnce(&mut Object<'_>)) -> Option<Box<RawValue>> {
    let bytes = object(write);
    let mut fields = Fields::of_body(&bytes).ok()?;
    fields.take(name).map(ToOwned::to_owned)
}

/// Writes a whole answer: the stream of it, of which only the end is kept, so that both always agree.
pub(super) fn encode(response: &Response, head: &StreamHead) -> Encoded {
    let mut losses = Unsaid::of(response, &Answers);
    response.extras.iter().for_each(|extra| losses.add(extra.name.clone()));
    let encoder = run(stream::Encoder::new(head), &response.clone().into_events());
    let outcome = Outcome::of(&response.stop, encoder.refused());
    let bytes = object(|body| encoder.write_response(body, &outcome));
    Encoded { bytes: Bytes::from(bytes), losses }
}

/// The items of a whole answer, seals included whether or not the client asked for them.
pub(super) fn output_items(response: &Response, head: &StreamHead) -> Vec<Box<RawValue>> {
    run(stream::Encoder::new(head).with_seals(), &response.clone().into_events()).into_output()
}

fn run(mut encoder: stream::Encoder, events: &[Event]) -> stream::Encoder {
    use crate::dialect::StreamEncoder;
    let mut unread = Vec::new();
    for event in events {
        encoder.push(event, &mut unread);
        unread.clear();
    }
    encoder
}

/// What answers of Responses can say.
#[derive(Debug)]
pub(super) struct Answers;

impl Speech for Answers {
    fn block(&self, kind: &BlockKind) -> Said {
        match kind {
            BlockKind::Opaque { origin, .. } if *origin != DialectId::OpenaiResponses => Said::Nothing,
            BlockKind::Text
            | BlockKind::Refusal
            | BlockKind::Reasoning { .. }
            | BlockKind::ToolCall { .. }
            | BlockKind::Opaque { .. } => Said::All,
        }
    }

    fn seal(&self, on: Sealed) -> bool {
        match on {
            Sealed::Thoughts => true,
            // Items of calls have no member for it.
            Sealed::Call => false,
        }
    }

    fn citation(&self, citation: &Citation) -> bool {
        citation.is_sayable(DialectId::OpenaiResponses)
    }

    fn logprobs(&self) -> bool {
        true
    }

    fn tier(&self, _tier: &ServiceTier) -> bool {
        true
    }

    fn stop(&self, reason: &StopReason) -> Option<&'static str> {
        matches!(reason, StopReason::StopText(_)).then_some("stop_sequence")
    }
}

/// What an answer repeats of its request, or says of itself: nothing of it is lost when it is not handed on.
const ECHOED: &[&str] = &[
    "background",
    "completed_at",
    "error",
    "frequency_penalty",
    "incomplete_details",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "object",
    "output_text",
    "parallel_tool_calls",
    "presence_penalty",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "store",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
];

/// Reads a whole answer of a provider; one that failed is none.
pub(super) fn decode(body: &[u8]) -> Result<Response, WireError> {
    let mut fields = Fields::of_body(body)?;
    if fields.look("error").is_some() {
        return Err(fields.wrong("error", "null, for the answer to be one"));
    }
    let status: Option<String> = fields.optional("status", "a string")?;
    let items = fields.list("output", "an array of items")?.ok_or_else(|| fields.missing("output"))?;
    let mut blocks = Vec::with_capacity(items.len());
    for (index, raw) in (0..).zip(items) {
        blocks.extend(answer::blocks(raw, index)?);
    }
    let reason: Option<String> = match fields.object("incomplete_details")? {
        Some(mut details) => details.optional("reason", "a string")?,
        None => None,
    };
    let called = blocks.iter().any(|block| matches!(block.content, Content::ToolCall(_)));
    let tier: Option<String> = fields.take(SERVICE_TIER).and_then(parse);
    let usage = fields.take("usage").and_then(parse::<UsageBody>).map(ir::Usage::from);
    Ok(Response {
        id: fields.optional("id", "a string")?.unwrap_or_default(),
        model: fields.optional("model", "a string")?.unwrap_or_default(),
        // Some write it with a fraction.
        created: fields.optional::<f64>("created_at", "a number")?.map(whole_seconds).unwrap_or_default(),
        blocks,
        stop: stop(status.as_deref().unwrap_or("completed"), reason.as_deref(), called),
        usage,
        tier: tier.as_deref().map(ServiceTier::from_name),
        extras: fields.rest().into_iter().filter(|extra| !ECHOED.contains(&extra.name.as_str())).collect(),
    })
}

/// Why the model stopped, by the answer's status and the reason that it is incomplete.
pub(super) fn stop(status: &str, reason: Option<&str>, called: bool) -> StopReason {
    match (status, reason) {
        ("incomplete", Some("max_output_tokens") | None) => StopReason::Length,
        ("incomplete", Some("content_filter")) => StopReason::Filtered,
        ("incomplete", Some(other)) => StopReason::Other(other.to_owned()),
        ("completed", _) if called => StopReason::ToolCalls,
        ("completed", _) => StopReason::End,
        (other, _) => StopReason::Other(other.to_owned()),
    }
}

fn whole_seconds(seconds: f64) -> u64 {
    std::time::Duration::try_from_secs_f64(seconds).map(|since| since.as_secs()).unwrap_or_default()
}

#[cfg(test)]
mod tests;

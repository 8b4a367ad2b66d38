//! Writes a request for a provider, within what its model takes.

mod content;
mod messages;
mod tools;

pub(in crate::dialects::openai_chat) use messages::write_signature;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::options::{self, is_openai_own};
use crate::capabilities::ThinkingMode;
use crate::dialect::Encoded;
use crate::ir::{Effort, Extra, Field, Lost, OutputFormat, Request, Thinking};
use crate::write::{self, Object};
use crate::{Capabilities, DialectId};

/// Writes a request. Whatever is asked can be asked, if with losses.
pub(in crate::dialects::openai_chat) fn encode(request: &Request, to: &Capabilities) -> Encoded {
    let mut lost = Lost::of(request);
    let bytes = write::object(|object| {
        object.put("model", &request.model);
        object.array("messages", |list| {
            messages::Writer::new(list, request, to, &mut lost).write();
        });
        tools::write(object, request, to, &mut lost);
        write_output_format(object, request, to, &mut lost);
        write_thinking(object, request, to, &mut lost);
        options::write(object, request, DialectId::OpenaiChat, to, &mut lost);
    });
    Encoded { bytes: Bytes::from(bytes), losses: lost.into_losses() }
}

/// Whether the request came in this dialect.
fn is_own(request: &Request) -> bool {
    request.origin == DialectId::OpenaiChat
}

/// Most tokens to think with that still count as little, and as some. Nobody but us says so.
const LOW_TOKENS_MAX: u64 = 1024;
const MEDIUM_TOKENS_MAX: u64 = 8192;

fn write_thinking(object: &mut Object<'_>, request: &Request, to: &Capabilities, lost: &mut Lost<'_>) {
    let Thinking { enabled, effort, budget_tokens, shown } = &request.thinking;
    let off = *enabled == Some(false) || *effort == Some(Effort::None);
    match to.thinking {
        ThinkingMode::Never => {
            if !off {
                lose_thinking(&request.thinking, lost);
            }
            return;
        }
        ThinkingMode::Always if off => return lose_thinking(&request.thinking, lost),
        ThinkingMode::Any | ThinkingMode::Budget | ThinkingMode::Adaptive | ThinkingMode::Always => {}
    }
    let beyond_effort = budget_tokens.is_some() || shown.is_some() || *enabled == Some(true);
    if is_own(request) && beyond_effort && !is_openai_own(to) {
        return object.object("reasoning", |inner| {
            inner.put_some("effort", effort.as_ref().map(Effort::as_str));
            inner.put_some("max_tokens", *budget_tokens);
            inner.put_some("exclude", shown.map(|shown| !shown));
            inner.put_some("enabled", *enabled);
        });
    }
    let effort = match (effort, budget_tokens) {
        (Some(effort), _) => Some(effort.as_str()),
        (None, _) if off => Some("none"),
        (None, Some(0..=LOW_TOKENS_MAX)) => Some("low"),
        (None, Some(0..=MEDIUM_TOKENS_MAX)) => Some("medium"),
        (None, Some(_)) => Some("high"),
        (None, None) => None,
    };
    object.put_some("reasoning_effort", effort);
    // An effort takes its place at best.
    lost.field_if(budget_tokens.is_some() && !off, Field::ThinkingBudget);
    if *shown == Some(false) && !off {
        lost.field(Field::ThoughtsShown);
    }
}

/// All that is said of thinking.
fn lose_thinking(thinking: &Thinking, lost: &mut Lost<'_>) {
    for (field, said) in [
        (Field::Thinking, thinking.enabled.is_some()),
        (Field::Effort, thinking.effort.is_some()),
        (Field::ThinkingBudget, thinking.budget_tokens.is_some()),
        (Field::ThoughtsShown, thinking.shown == Some(true)),
    ] {
        lost.field_if(said, field);
    }
}

fn write_output_format(object: &mut Object<'_>, request: &Request, to: &Capabilities, lost: &mut Lost<'_>) {
    const NAME: &str = "response_format";
    match &request.output_format {
        None => {}
        Some(OutputFormat::JsonObject) => object.object(NAME, |format| format.put("type", "json_object")),
        Some(OutputFormat::JsonSchema { .. }) if !to.json_schema => {
            lost.field(Field::OutputFormat);
            object.object(NAME, |format| format.put("type", "json_object"));
        }
        Some(OutputFormat::JsonSchema { name, description, schema, strict }) => object.object(NAME, |format| {
            format.put("type", "json_schema");
            format.object("json_schema", |inner| {
                inner.put("name", name.as_deref().unwrap_or("response"));
                inner.put_some("description", description.as_ref());
                inner.raw("schema", schema);
                inner.put_some("strict", *strict);
            });
        }),
    }
}

/// The extras that stood in the member `name`, by their names there.
fn nested<'a>(extras: &'a [Extra], name: &'a str) -> impl Iterator<Item = (&'a str, &'a RawValue)> {
    extras.iter().filter_map(move |extra| {
        let inner = extra.name.strip_prefix(name)?.strip_prefix('.')?;
        Some((inner, &*extra.raw))
    })
}

/// The extras that stood in no member.
fn outer<'a>(extras: &'a [Extra], name: &'a str) -> impl Iterator<Item = (&'a str, &'a RawValue)> {
    let nested = move |extra: &Extra| extra.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'));
    extras.iter().filter(move |extra| !nested(extra)).map(|extra| (extra.name.as_str(), &*extra.raw))
}

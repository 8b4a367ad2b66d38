//! Writes a request for a model: planned first, so that losses are known, then written in one go.

mod contents;
mod handling;
mod settings;
mod thinking;
mod tools;

use bytes::Bytes;
use serde_json::value::RawValue;

use super::home;
use crate::ir::{Extra, Field, Lost, Request};
use crate::write::{Object, object};
use crate::{Capabilities, DialectId, Encoded, WireError};

use contents::Contents;
use handling::Handled;
use settings::Settings;
use tools::Tools;

/// Writes a body; model and stream stand in the path.
pub(in super::super) fn encode(request: &Request, to: &Capabilities) -> Result<Encoded, WireError> {
    let mut lost = Lost::of(request);
    let plan = Plan::new(request, to, &mut lost)?;
    Ok(Encoded { bytes: Bytes::from(object(|body| plan.write(body))), losses: lost.into_losses() })
}

/// A request as Gemini can say it.
#[derive(Debug)]
pub(in super::super) struct Plan<'a> {
    contents: Contents<'a>,
    tools: Tools<'a>,
    settings: Settings<'a>,
    handled: Handled,
    /// Of Gemini's own making; empty for any other origin.
    extras: &'a [Extra],
}

impl<'a> Plan<'a> {
    /// Decides what is said and how; what cannot be said is added to `lost`.
    ///
    /// # Errors
    /// When the result of a tool answers no call: Gemini wants its name.
    pub(in super::super) fn new(
        request: &'a Request,
        to: &Capabilities,
        lost: &mut Lost<'_>,
    ) -> Result<Self, WireError> {
        let own = request.origin == DialectId::Gemini;
        let contents = Contents::plan(request, to, lost)?;
        let tools = Tools::plan(request, to, lost);
        let settings = Settings::plan(request, to, lost);
        lost.field_if(request.user.is_some(), Field::User);
        lost.field_if(request.caching.key.is_some(), Field::CacheKey);
        lost.field_if(request.caching.retention.is_some(), Field::CacheRetention);
        if let Some(mark) = &request.caching.mark {
            lost.mark(mark);
        }
        let handled = Handled::plan(request, lost);
        if !own {
            request.extras.iter().for_each(|extra| lost.extra(extra));
        }
        Ok(Self { contents, tools, settings, handled, extras: if own { &request.extras } else { &[] } })
    }

    /// Writes the members of the body.
    pub(in super::super) fn write(&self, body: &mut Object<'_>) {
        self.contents.write(body);
        self.tools.write(self.extras, body);
        object_unless_empty("generationConfig", body, |config| self.settings.write(self.extras, config));
        self.handled.write(body);
        at_home(self.extras, "").for_each(|(name, raw)| body.raw(name, raw));
    }
}

/// The extras that stood in the object at `prefix`.
fn at_home<'a>(extras: &'a [Extra], prefix: &'static str) -> impl Iterator<Item = (&'a str, &'a RawValue)> {
    extras.iter().filter_map(move |extra| {
        let (stood, name) = home(&extra.name);
        (stood == prefix).then_some((name, extra.raw.as_ref()))
    })
}

/// A member that is an object, left out when `write` writes nothing into it.
fn object_unless_empty(name: &str, into: &mut Object<'_>, write: impl FnOnce(&mut Object<'_>)) {
    let bytes = object(write);
    if bytes == b"{}" {
        return;
    }
    let text = String::from_utf8(bytes).expect("JSON was written");
    into.raw(name, &RawValue::from_string(text).expect("JSON was written"));
}

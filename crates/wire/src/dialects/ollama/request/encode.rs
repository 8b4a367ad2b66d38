//! Writes a request for `/api/chat`.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{OPTIONS, history, options, tools};
use crate::dialect::Encoded;
use crate::ir::{Extra, Lost, Request};
use crate::{Capabilities, DialectId, write};

/// Members of `/api/generate` that `/api/chat` would pass over in silence.
const GENERATE_ONLY: &[&str] = &["suffix", "raw", "template", "context"];

/// One request on its way out.
pub(in super::super) struct Writer<'a> {
    pub(in super::super) request: &'a Request,
    pub(super) to: &'a Capabilities,
    /// Whether the request came in this dialect.
    pub(super) own: bool,
    pub(in super::super) lost: Lost<'a>,
}

/// Extras to write, by the names they have where they stand.
type Named<'a> = Vec<(&'a str, &'a RawValue)>;

/// Writes the body.
pub(in super::super) fn encode(request: &Request, to: &Capabilities) -> Encoded {
    let mut writer = Writer::new(request, to);
    let bytes = write::object(|body| {
        body.put("model", &request.model);
        body.array("messages", |list| history::encode(list, &mut writer));
        tools::encode(body, &mut writer);
        options::encode(body, &mut writer);
        writer.own_members(GENERATE_ONLY).iter().for_each(|(name, raw)| body.raw(name, raw));
    });
    Encoded { bytes: Bytes::from(bytes), losses: writer.lost.into_losses() }
}

impl<'a> Writer<'a> {
    pub(in super::super) fn new(request: &'a Request, to: &'a Capabilities) -> Self {
        let own = request.origin == DialectId::Ollama;
        Self { request, to, own, lost: Lost::of(request) }
    }

    /// The request's own extras that stand in `options`.
    pub(super) fn own_options(&self) -> Named<'a> {
        let request = self.request;
        let option = |extra: &'a Extra| Some((extra.name.strip_prefix(OPTIONS)?, extra.raw.as_ref()));
        if self.own { request.extras.iter().filter_map(option).collect() } else { Vec::new() }
    }

    /// The request's extras that stand at the top, but for those of `unsayable`, which are lost.
    pub(in super::super) fn own_members(&mut self, unsayable: &[&str]) -> Named<'a> {
        let mut own = Named::new();
        for extra in &self.request.extras {
            if !self.own || unsayable.contains(&extra.name.as_str()) {
                self.lost.extra(extra);
            } else if !extra.name.starts_with(OPTIONS) {
                own.push((&extra.name, &extra.raw));
            }
        }
        own
    }

    /// The extras of something: its own, and those whose names begin with `inner`, without it. None of another dialect's.
    pub(super) fn split_extras<'e>(&self, extras: &'e [Extra], inner: &str) -> (Named<'e>, Named<'e>) {
        let (mut outside, mut inside) = (Named::new(), Named::new());
        for extra in extras.iter().filter(|_| self.own) {
            if let Some(name) = extra.name.strip_prefix(inner).filter(|_| !inner.is_empty()) {
                inside.push((name, &*extra.raw));
            } else {
                outside.push((extra.name.as_str(), &*extra.raw));
            }
        }
        (outside, inside)
    }
}

#[cfg(test)]
mod tests;

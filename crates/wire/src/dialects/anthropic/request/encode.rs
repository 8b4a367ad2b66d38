//! Writes a request for a model, within what that takes.

mod blocks;
mod media;
mod schema;
mod settings;
mod thinking;
mod tools;
mod turns;

use std::borrow::Borrow;
use std::collections::HashSet;

use bytes::Bytes;
use serde_json::value::RawValue;

use self::thinking::Plan;
use self::turns::{Arranged, Piece, Turn};
use crate::dialect::Encoded;
use crate::dialects::anthropic::extras;
use crate::dialects::anthropic::names::{Renames, ToolNames};
use crate::ir::{At, Block, Content, Extra, Field, Lost, Request};
use crate::write::{Array, Object, object};
use crate::{Capabilities, DialectId, WireError};

pub(in crate::dialects::anthropic) use blocks::call_input;

/// Marks that Anthropic takes in one request; more are refused.
const CACHE_MARKS_MAX: usize = 4;

/// Writes a request.
pub(in crate::dialects::anthropic) fn encode(request: &Request, to: &Capabilities) -> Result<Encoded, WireError> {
    let mut writer = Writer {
        request,
        to,
        own: request.origin == DialectId::Anthropic,
        names: ToolNames::of(request),
        ids: Renames::of_calls(request),
        lost: Lost::of(request),
        called: HashSet::new(),
        marks_left: CACHE_MARKS_MAX,
    };
    let arranged = writer.arrange();
    if arranged.turns.is_empty() {
        return Err(WireError::Wrong { path: "messages".to_owned(), expected: "at least one message with content" });
    }
    let plan = writer.plan(&arranged.turns);
    let bytes = object(|body| writer.body(&arranged, &plan, body));
    Ok(Encoded { bytes: Bytes::from(bytes), losses: writer.lost.into_losses() })
}

/// What the parts of a request are written with.
struct Writer<'a> {
    request: &'a Request,
    to: &'a Capabilities,
    /// Whether the request came in this very dialect: then what it carried besides goes back.
    own: bool,
    names: ToolNames,
    ids: Renames,
    lost: Lost<'a>,
    /// Calls that are said; only their results are.
    called: HashSet<&'a str>,
    /// Cache marks that may still be written.
    marks_left: usize,
}

impl<'a> Writer<'a> {
    /// The whole body; tools and system come first, for that is the order of the cache and so of its marks.
    fn body(&mut self, arranged: &Arranged<'a>, plan: &Plan, body: &mut Object<'_>) {
        body.put("model", &self.request.model);
        body.put("max_tokens", &plan.output_tokens);
        self.put_tools(plan, body);
        if !arranged.system.is_empty() {
            self.put_content("system", &arranged.system, body);
        }
        body.array("messages", |list| arranged.turns.iter().for_each(|turn| self.put_turn(turn, list)));
        self.put_sampling(plan, body);
        self.put_stop(body);
        self.put_thinking(plan, body);
        self.put_output_config(plan, body);
        let mut unsaid = self.request.handling.clone();
        self.put_metadata(&mut unsaid, body);
        self.put_tier(&mut unsaid, body);
        self.lost.handling(&unsaid);
        let caching = &self.request.caching;
        self.put_cache(caching.mark.as_ref(), &self.request.extras, &At::default(), body);
        self.lost.field_if(caching.key.is_some(), Field::CacheKey);
        self.lost.field_if(caching.retention.is_some(), Field::CacheRetention);
        if self.request.stream {
            body.put("stream", &true);
        }
        if self.own {
            self.put_extras(&self.request.extras, body);
        } else {
            self.request.extras.iter().for_each(|extra| self.lost.extra(extra));
        }
    }

    fn put_turn(&mut self, turn: &Turn<'a>, list: &mut Array<'_>) {
        list.object(|message| {
            message.put("role", turn.speaker.as_str());
            let pieces: Vec<&Piece<'a>> = turn.results.iter().chain(&turn.moved).chain(&turn.rest).collect();
            self.put_content("content", &pieces, message);
            if self.own {
                message.extras(turn.extras);
            }
        });
    }

    /// Content: one plain text as a string, all else as blocks.
    fn put_content<'p>(&mut self, name: &str, pieces: &[impl Borrow<Piece<'p>>], to: &mut Object<'_>) {
        if let [piece] = pieces
            && let Some(text) = piece.borrow().plain_text()
        {
            to.put(name, text);
            return;
        }
        to.array(name, |list| pieces.iter().for_each(|piece| self.put_piece(piece.borrow(), list)));
    }

    fn put_piece(&mut self, piece: &Piece<'_>, list: &mut Array<'_>) {
        match piece {
            Piece::Said(text) => list.object(|block| {
                block.put("type", "text");
                block.put("text", text);
            }),
            Piece::Block(Block { content: Content::Opaque { raw, .. }, .. }) => list.raw(raw),
            Piece::Block(held) => list.object(|block| self.put_block(held, block)),
        }
    }

    /// What stood in the object `name` beside what the neutral model has fields for; nothing of another dialect's.
    fn nested<'e>(&self, extras: &'e [Extra], name: &'e str) -> Vec<(&'e str, &'e RawValue)> {
        if self.own { extras::within(extras, name).collect() } else { Vec::new() }
    }

    /// Gives their own dialect its extras back.
    fn put_extras(&self, extras: &[Extra], to: &mut Object<'_>) {
        if self.own {
            extras::outside(extras).for_each(|extra| to.raw(&extra.name, &extra.raw));
        }
    }
}

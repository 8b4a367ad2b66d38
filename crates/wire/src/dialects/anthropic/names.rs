//! Names that Messages takes, and the way back to those the client knows.
//!
//! Tools must match `^[a-zA-Z0-9_-]{1,64}$` and calls `^[a-zA-Z0-9_-]+$`; other dialects allow more.

use std::collections::{BTreeMap, BTreeSet};

use super::signature::Fingerprint;
use crate::ir::{self, BlockKind, Content, Delta, Event, Request, ToolChoice, ToolKind};

/// Longest name of a tool.
const NAME_CHARS_MAX: usize = 64;

/// Arguments of one call of a custom tool, which are held until they are whole. Guards memory against a call that never
/// ends; what is longer is handed on as it came.
const CUSTOM_BYTES_MAX: usize = 4 << 20;

/// What the tools of one request are called on the provider's side. The same request always gives the same names.
#[derive(Clone, Debug, Default)]
pub struct ToolNames {
    renamed: Renames,
    /// Tools that take plain text; Messages has none, so they go over with one argument, `input`.
    custom: BTreeSet<String>,
}

impl ToolNames {
    /// The names of every tool that `request` offers, chooses or remembers a call of.
    pub fn of(request: &Request) -> Self {
        let mut names = BTreeSet::new();
        let mut custom = BTreeSet::new();
        for tool in &request.tools {
            names.extend(tool.name());
            if let ToolKind::Custom { name, .. } = &tool.kind {
                custom.insert(name.clone());
            }
        }
        match &request.tool_choice {
            Some(ToolChoice::Named { name, .. }) => names.extend([name.as_str()]),
            Some(ToolChoice::Allowed { names: allowed, .. }) => names.extend(allowed.iter().map(String::as_str)),
            Some(ToolChoice::Auto | ToolChoice::None | ToolChoice::Required) | None => {}
        }
        for block in request.messages.iter().flat_map(|message| &message.blocks) {
            if let Content::ToolCall(call) = &block.content {
                names.extend([call.name.as_str()]);
            }
        }
        Self { renamed: Renames::of(&names, NAME_CHARS_MAX), custom }
    }

    /// What the provider is told.
    pub fn sent<'a>(&'a self, name: &'a str) -> &'a str {
        self.renamed.sent(name)
    }

    /// What the client calls it.
    pub fn original<'a>(&'a self, sent: &'a str) -> &'a str {
        self.renamed.original.get(sent).map_or(sent, String::as_str)
    }

    /// Whether there is a way back from the name that is sent for this one. There is, but for names made to collide.
    pub fn is_reversible(&self, name: &str) -> bool {
        !self.renamed.lost.contains(name)
    }

    /// Whether nothing has to be put back into an answer.
    pub fn is_empty(&self) -> bool {
        self.renamed.original.is_empty() && self.custom.is_empty()
    }

    /// Puts the client's names back into a whole answer, and the text of custom tools out of its wrapping.
    pub fn restore(&self, response: &mut ir::Response) {
        for block in &mut response.blocks {
            if let Content::ToolCall(call) = &mut block.content {
                call.name = self.original(&call.name).to_owned();
                if self.custom.contains(&call.name) {
                    call.custom = true;
                    call.arguments = unwrapped(std::mem::take(&mut call.arguments));
                }
            }
        }
    }

    /// The same for a streamed answer.
    pub fn restorer(self) -> Restorer {
        Restorer { names: self, held: BTreeMap::new() }
    }
}

/// Puts the client's names back into a streamed answer. The text of a custom tool comes in one piece, at its call's end.
#[derive(Debug)]
pub struct Restorer {
    names: ToolNames,
    /// Arguments of open calls of custom tools.
    held: BTreeMap<u32, String>,
}

impl Restorer {
    /// Appends what `event` is for the client to `out`; may be nothing.
    pub fn push(&mut self, mut event: Event, out: &mut Vec<Event>) {
        match &mut event {
            Event::Open { block, kind: BlockKind::ToolCall { name, custom, .. } } => {
                *name = self.names.original(name).to_owned();
                if self.names.custom.contains(name) {
                    *custom = true;
                    self.held.insert(*block, String::new());
                }
            }
            Event::Delta { block, delta: Delta::Arguments(more) } => {
                if let Some(held) = self.held.get_mut(block) {
                    held.push_str(more);
                    if held.len() <= CUSTOM_BYTES_MAX {
                        return;
                    }
                    *more = self.held.remove(block).unwrap_or_default();
                }
            }
            Event::Close { block } => {
                if let Some(held) = self.held.remove(block) {
                    let text = unwrapped(held);
                    if !text.is_empty() {
                        out.push(Event::Delta { block: *block, delta: Delta::Arguments(text) });
                    }
                }
            }
            Event::Start { .. }
            | Event::Open { .. }
            | Event::Delta { .. }
            | Event::Usage(_)
            | Event::Served(_)
            | Event::Ping
            | Event::Stop(_)
            | Event::Fault(_) => {}
        }
        out.push(event);
    }
}

/// The only argument of a custom tool; what is not wrapped stays as it is.
fn unwrapped(arguments: String) -> String {
    /// What a custom tool is called with.
    #[derive(serde::Deserialize)]
    struct Wrapped {
        /// The plain text.
        input: String,
    }
    match serde_json::from_str::<Wrapped>(&arguments) {
        Ok(wrapped) => wrapped.input,
        Err(_) => arguments,
    }
}

/// Names that had to change, both ways.
#[derive(Clone, Debug, Default)]
pub(super) struct Renames {
    sent: BTreeMap<String, String>,
    original: BTreeMap<String, String>,
    /// Those that share what is sent for them with another one.
    lost: BTreeSet<String>,
}

impl Renames {
    /// Finds a name for each of `names` that must change.
    fn of(names: &BTreeSet<&str>, chars_max: usize) -> Self {
        let mut renames = Self::default();
        for name in names.iter().copied() {
            let plain = fit(name, chars_max);
            if plain == name {
                continue;
            }
            let taken = |sent: &str| names.contains(sent) || renames.original.contains_key(sent);
            let sent = if taken(&plain) { marked(&plain, name, chars_max) } else { plain };
            if taken(&sent) {
                renames.lost.insert(name.to_owned());
            } else {
                renames.original.insert(sent.clone(), name.to_owned());
            }
            renames.sent.insert(name.to_owned(), sent);
        }
        renames
    }

    /// The ids of all calls and results of a request. Nobody needs the way back: answers bring ids of their own.
    pub(super) fn of_calls(request: &Request) -> Self {
        let mut ids = BTreeSet::new();
        for block in request.messages.iter().flat_map(|message| &message.blocks) {
            match &block.content {
                Content::ToolCall(call) => ids.extend([call.id.as_str()]),
                Content::ToolResult(result) => ids.extend([result.call_id.as_str()]),
                Content::Text(_)
                | Content::Refusal(_)
                | Content::Media(_)
                | Content::Reasoning(_)
                | Content::Opaque { .. } => {}
            }
        }
        Self::of(&ids, usize::MAX)
    }

    /// What is sent for this one.
    pub(super) fn sent<'a>(&'a self, name: &'a str) -> &'a str {
        self.sent.get(name).map_or(name, String::as_str)
    }
}

/// The name with nothing in it that Messages refuses.
fn fit(name: &str, chars_max: usize) -> String {
    let allowed = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-');
    let plain: String = name.chars().map(|char| if allowed(char) { char } else { '_' }).collect();
    match plain.len() {
        0 => "_".to_owned(),
        length if length > chars_max => marked(&plain, name, chars_max),
        _ => plain,
    }
}

/// The name with a hash of the original at its end.
fn marked(plain: &str, name: &str, chars_max: usize) -> String {
    let hash = Fingerprint::of(name).hex();
    let room = chars_max - hash.len() - 1;
    let front: String = plain.chars().take(room).collect();
    format!("{front}_{hash}")
}

#[cfg(test)]
mod tests;

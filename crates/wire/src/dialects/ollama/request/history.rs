//! Writes the messages: text is one string, tool results are messages of their own.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::super::call::Arguments;
use super::FUNCTION;
use super::encode::Writer;
use crate::capabilities::ReasoningReplay;
use crate::ir::{
    Block, Content, Media, MediaKind, MediaSource, Member, Message, Reasoning, Role, ToolCall, ToolResult,
};
use crate::write::{Array, Object};

/// What stands between two texts that become one, where the model did not write them itself.
const SEPARATOR: &str = "\n\n";

/// What one message says.
#[derive(Default)]
pub(in super::super) struct Said<'a> {
    pub(in super::super) content: String,
    thinking: String,
    pub(in super::super) images: Vec<&'a str>,
    calls: Vec<Call<'a>>,
    /// Whether there was anything to say it with, if only an empty text.
    pub(in super::super) anything: bool,
}

struct Call<'a> {
    call: &'a ToolCall,
    arguments: Arguments,
    outside: Vec<(&'a str, &'a RawValue)>,
    inside: Vec<(&'a str, &'a RawValue)>,
}

/// Writes all messages.
pub(super) fn encode(list: &mut Array<'_>, writer: &mut Writer<'_>) {
    let request = writer.request;
    let mut names = BTreeMap::new();
    let mut talking = false;
    for message in &request.messages {
        for block in &message.blocks {
            if let Content::ToolCall(call) = &block.content {
                names.insert(call.id.as_str(), call.name.as_str());
            }
        }
        encode_message(list, message, role(message, talking, writer), &names, writer);
        talking |= message.role != Role::System && message.role != Role::Developer;
    }
}

/// The word for who speaks.
fn role<'a>(message: &'a Message, talking: bool, writer: &mut Writer<'_>) -> &'a str {
    match &message.role {
        Role::System | Role::Developer if talking && !writer.to.system_in_middle => {
            writer.lost.role(message);
            "user"
        }
        Role::Developer if !writer.own => "system",
        // Whatever stands beside the results is the person's.
        Role::Tool => "user",
        Role::System | Role::Developer | Role::User | Role::Assistant | Role::Other(_) => message.role.as_str(),
    }
}

fn encode_message(
    list: &mut Array<'_>,
    message: &Message,
    role: &str,
    names: &BTreeMap<&str, &str>,
    writer: &mut Writer<'_>,
) {
    if !writer.own {
        writer.lost.message_extras(message);
    }
    let (mut extras, _) = writer.split_extras(&message.extras, "");
    let said = gather(message, writer);
    let alone = message.blocks.len() == 1;
    let results = message.blocks.iter().any(|block| matches!(block.content, Content::ToolResult(_)));
    for block in &message.blocks {
        if let Content::ToolResult(result) = &block.content {
            lose_trimmings(block, writer);
            let extras = if alone { std::mem::take(&mut extras) } else { Vec::new() };
            encode_result(list, (block, result), names, &extras, writer);
        }
    }
    // A turn of the person's stays a turn, even when nothing of it can be said: without any, Ollama would not answer.
    if said.anything || message.blocks.is_empty() || (message.role == Role::User && !results) {
        list.object(|object| {
            object.put("role", role);
            said.write(object);
            extras.iter().for_each(|(name, raw)| object.raw(name, raw));
        });
    }
}

fn encode_result(
    list: &mut Array<'_>,
    (block, result): (&Block, &ToolResult),
    names: &BTreeMap<&str, &str>,
    extras: &[(&str, &RawValue)],
    writer: &mut Writer<'_>,
) {
    if result.is_error == Some(true) {
        writer.lost.of_block(block, Member::IsError);
    }
    let mut said = Said::default();
    for block in &result.blocks {
        let sayable = match &block.content {
            Content::Media(media) => writer.own || media.kind != MediaKind::Image || writer.to.tool_images,
            Content::Text(_) | Content::Refusal(_) => true,
            Content::Reasoning(_) | Content::ToolCall(_) | Content::ToolResult(_) | Content::Opaque { .. } => false,
        };
        if sayable {
            said.add(block, SEPARATOR, writer);
        } else {
            writer.lost.block(block);
        }
    }
    let name = result.name.as_deref().or_else(|| names.get(result.call_id.as_str()).copied());
    list.object(|object| {
        object.put("role", "tool");
        said.write(object);
        object.put_some("tool_name", name);
        if !result.call_id.is_empty() {
            object.put("tool_call_id", &result.call_id);
        }
        extras.iter().for_each(|(name, raw)| object.raw(name, raw));
    });
}

/// What a message says beside the results of tools.
pub(in super::super) fn gather<'a>(message: &'a Message, writer: &mut Writer<'_>) -> Said<'a> {
    // What a model wrote goes back as it wrote it.
    let separator = if message.role == Role::Assistant { "" } else { SEPARATOR };
    let mut said = Said::default();
    for block in &message.blocks {
        if !matches!(block.content, Content::ToolResult(_)) {
            said.add(block, separator, writer);
        }
    }
    said
}

impl<'a> Said<'a> {
    fn add(&mut self, block: &'a Block, separator: &str, writer: &mut Writer<'_>) {
        let sayable = match &block.content {
            Content::Text(text) | Content::Refusal(text) => {
                self.add_text(text, separator);
                true
            }
            Content::Media(media) => self.add_media(media, separator, block, writer),
            Content::Reasoning(reasoning) => self.add_reasoning(reasoning, block, writer),
            Content::ToolCall(call) => return self.add_call(call, block, writer),
            // The caller writes these.
            Content::ToolResult(_) => true,
            Content::Opaque { .. } => {
                writer.lost.block(block);
                false
            }
        };
        // What is left out as a whole needs no list of its parts.
        if sayable {
            lose_trimmings(block, writer);
        }
    }

    fn add_text(&mut self, text: &str, separator: &str) {
        self.anything = true;
        if !self.content.is_empty() && !text.is_empty() {
            self.content.push_str(separator);
        }
        self.content.push_str(text);
    }

    /// Whether it can be said.
    fn add_media(&mut self, media: &'a Media, separator: &str, block: &Block, writer: &mut Writer<'_>) -> bool {
        let taken = match media.kind {
            MediaKind::Image => writer.to.images,
            // Models that hear take sounds among the images.
            MediaKind::Audio => writer.to.audio,
            MediaKind::Document | MediaKind::Video => false,
        };
        match &media.source {
            MediaSource::Base64(data) if taken => {
                self.anything = true;
                self.images.push(data);
                if media.detail.as_deref().is_some_and(|detail| detail != "auto") {
                    writer.lost.of_block(block, Member::MediaDetail);
                }
                if media.name.is_some() {
                    writer.lost.of_block(block, Member::MediaName);
                }
                true
            }
            MediaSource::Text(text) if media.kind == MediaKind::Document => {
                if let Some(name) = &media.name {
                    self.add_text(name, separator);
                }
                self.add_text(text, if media.name.is_some() { "\n" } else { separator });
                true
            }
            MediaSource::Base64(_) | MediaSource::Url(_) | MediaSource::File(_) | MediaSource::Text(_) => {
                writer.lost.block(block);
                false
            }
        }
    }

    /// Whether it is to be said.
    fn add_reasoning(&mut self, reasoning: &Reasoning, block: &Block, writer: &mut Writer<'_>) -> bool {
        match writer.to.reasoning_replay {
            ReasoningReplay::Dropped => return false,
            ReasoningReplay::ReasoningContent | ReasoningReplay::Reasoning => {}
        }
        if reasoning.seal.is_some() {
            writer.lost.of_block(block, Member::Seal);
        }
        if !reasoning.text.is_empty() {
            self.anything = true;
            if !self.thinking.is_empty() {
                self.thinking.push('\n');
            }
            self.thinking.push_str(&reasoning.text);
        }
        true
    }

    fn add_call(&mut self, call: &'a ToolCall, block: &'a Block, writer: &mut Writer<'_>) {
        self.anything = true;
        if call.seal.is_some() {
            writer.lost.of_block(block, Member::Seal);
        }
        if let Some(mark) = &block.cache {
            writer.lost.mark(mark);
        }
        let arguments = Arguments::of(call);
        if !arguments.is_faithful() {
            writer.lost.of_block(block, Member::Arguments);
        }
        if !writer.own {
            writer.lost.block_extras(block);
        }
        let (outside, inside) = writer.split_extras(&block.extras, FUNCTION);
        self.calls.push(Call { call, arguments, outside, inside });
    }

    /// Writes all members but the role.
    fn write(&self, object: &mut Object<'_>) {
        object.put("content", &self.content);
        if !self.thinking.is_empty() {
            object.put("thinking", &self.thinking);
        }
        if !self.images.is_empty() {
            object.put("images", &self.images);
        }
        if !self.calls.is_empty() {
            object.array("tool_calls", |list| {
                self.calls.iter().for_each(|call| list.object(|object| call.write(object)))
            });
        }
    }
}

impl Call<'_> {
    fn write(&self, object: &mut Object<'_>) {
        object.put("id", &self.call.id);
        object.object("function", |function| {
            function.put("name", &self.call.name);
            self.arguments.write(function);
            self.inside.iter().for_each(|(name, raw)| function.raw(name, raw));
        });
        self.outside.iter().for_each(|(name, raw)| object.raw(name, raw));
    }
}

/// What a block carries beside its content. This dialect's own blocks carry nothing.
fn lose_trimmings(block: &Block, writer: &mut Writer<'_>) {
    if let Some(mark) = &block.cache {
        writer.lost.mark(mark);
    }
    if !block.citations.is_empty() {
        writer.lost.of_block(block, Member::Citations);
    }
    writer.lost.block_extras(block);
}

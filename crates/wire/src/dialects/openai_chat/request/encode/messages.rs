//! Writes messages: the results of tools each in one of its own, right behind the calls; what they cannot hold after
//! them.

mod assistant;

use super::content::{self, Part, Several};
use super::is_own;
use crate::Capabilities;
use crate::ir::{Block, Content, Extra, Lost, Member, Message, Request, Role, ToolResult};
use crate::write::Array;

pub(in crate::dialects::openai_chat) use assistant::write_signature;

/// Writes the messages of one request.
pub(super) struct Writer<'w, 'l, 'a> {
    list: &'w mut Array<'l>,
    request: &'a Request,
    to: &'a Capabilities,
    lost: &'w mut Lost<'a>,
    /// What results hold beside text, for the next message of the user.
    attached: Vec<Part<'a>>,
}

impl<'w, 'l, 'a> Writer<'w, 'l, 'a> {
    pub(super) fn new(
        list: &'w mut Array<'l>,
        request: &'a Request,
        to: &'a Capabilities,
        lost: &'w mut Lost<'a>,
    ) -> Self {
        Self { list, request, to, lost, attached: Vec::new() }
    }

    /// Writes all of them.
    pub(super) fn write(mut self) {
        let messages = &self.request.messages;
        let leading = messages.iter().take_while(|message| is_operator(&message.role)).count();
        let (leading, rest) = messages.split_at_checked(leading).unwrap_or((messages, &[]));
        if self.to.system_in_middle {
            for message in leading {
                self.operator(&message.role, &[message]);
            }
        } else if let Some(first) = leading.first() {
            self.operator(&first.role, &leading.iter().collect::<Vec<_>>());
        }
        for message in rest {
            match &message.role {
                role @ (Role::System | Role::Developer) if self.to.system_in_middle => {
                    self.attach();
                    self.operator(role, &[message]);
                }
                Role::System | Role::Developer => self.operator_as_user(message),
                Role::User | Role::Tool | Role::Other(_) => self.user(message),
                Role::Assistant => {
                    self.attach();
                    self.assistant(message);
                }
            }
        }
        self.attach();
    }

    fn parts(&mut self, blocks: impl IntoIterator<Item = &'a Block>) -> Vec<Part<'a>> {
        blocks.into_iter().filter_map(|block| Part::of(block, self.request, self.to, self.lost)).collect()
    }

    /// What stands beside the content: back to its own dialect, else lost.
    fn extras(&mut self, message: &'a Message) -> &'a [Extra] {
        if is_own(self.request) {
            return &message.extras;
        }
        self.lost.message_extras(message);
        &[]
    }

    fn operator(&mut self, role: &Role, messages: &[&'a Message]) {
        let word = if *role == Role::Developer && self.to.developer_role { "developer" } else { "system" };
        let parts = self.parts(messages.iter().flat_map(|message| &message.blocks));
        let mut extras: &[Extra] = &[];
        for (place, message) in messages.iter().enumerate() {
            if place == 0 {
                extras = self.extras(message);
            } else {
                self.lost.message_extras(message);
            }
        }
        let several = self.several("\n\n");
        self.list.object(|object| {
            object.put("role", word);
            content::write(object, &parts, several, self.to);
            object.extras(extras);
        });
    }

    /// For chat templates that know the operator's words at the beginning only.
    fn operator_as_user(&mut self, message: &'a Message) {
        self.lost.message_extras(message);
        let words = self.parts(&message.blocks);
        let mut parts = std::mem::take(&mut self.attached);
        parts.push(Part::text("<system>"));
        parts.extend(words);
        parts.push(Part::text("</system>"));
        self.list.object(|object| {
            object.put("role", "user");
            content::write(object, &parts, Several::Joined("\n"), self.to);
        });
    }

    /// A client that spoke this dialect knew what it meant by several texts.
    fn several(&self, separator: &'static str) -> Several {
        if is_own(self.request) { Several::Parts } else { Several::Joined(separator) }
    }

    fn user(&mut self, message: &'a Message) {
        let extras = self.extras(message);
        let mut rest = Vec::new();
        let mut results = 0_usize;
        for block in &message.blocks {
            match &block.content {
                Content::ToolResult(result) => {
                    results += 1;
                    let alone = message.blocks.len() == 1;
                    self.result(block, result, if alone { extras } else { &[] });
                }
                Content::Text(_)
                | Content::Refusal(_)
                | Content::Media(_)
                | Content::Reasoning(_)
                | Content::ToolCall(_)
                | Content::Opaque { .. } => rest.push(block),
            }
        }
        if rest.is_empty() && results > 0 {
            return;
        }
        let mut parts = std::mem::take(&mut self.attached);
        parts.extend(self.parts(rest));
        let word = match &message.role {
            Role::Other(word) => word.as_str(),
            Role::System | Role::Developer | Role::User | Role::Assistant | Role::Tool => "user",
        };
        self.list.object(|object| {
            object.put("role", word);
            content::write(object, &parts, Several::Parts, self.to);
            object.extras(extras);
        });
    }

    /// What results held beside text, as a message of the user.
    fn attach(&mut self) {
        let parts = std::mem::take(&mut self.attached);
        if !parts.is_empty() {
            self.list.object(|object| {
                object.put("role", "user");
                content::write(object, &parts, Several::Parts, self.to);
            });
        }
    }

    fn result(&mut self, block: &'a Block, result: &'a ToolResult, extras: &[Extra]) {
        if !is_own(self.request) {
            self.lost.block_extras(block);
        }
        let (mut texts, mut beside) = (Vec::new(), Vec::new());
        let mut mark = block.cache.as_ref();
        for inner in &result.blocks {
            mark = mark.or(inner.cache.as_ref());
            match &inner.content {
                Content::Text(text) => {
                    texts.push(text.as_str());
                    if !is_own(self.request) {
                        self.lost.block_extras(inner);
                    }
                    if !inner.citations.is_empty() {
                        self.lost.of_block(inner, Member::Citations);
                    }
                }
                Content::Refusal(_)
                | Content::Media(_)
                | Content::Reasoning(_)
                | Content::ToolCall(_)
                | Content::ToolResult(_)
                | Content::Opaque { .. } => beside.push(inner),
            }
        }
        let mut beside = self.parts(beside);
        let mut text = texts.join("\n");
        // There is no field for it, and the model should know.
        if result.is_error == Some(true) && !text.starts_with("Error") {
            text.insert_str(0, "Error: ");
        }
        if !beside.is_empty() && !self.to.tool_images {
            text.push_str(if text.is_empty() { "[attached below]" } else { "\n[attached below]" });
            self.attached.push(Part::text(format!("Tool result {} holds:", result.call_id)));
            self.attached.append(&mut beside);
        }
        if let Some(mark) = mark.filter(|_| !self.to.cache_marks) {
            self.lost.mark(mark);
        }
        let mut parts = vec![Part::text(text).marked(mark.filter(|_| self.to.cache_marks))];
        parts.append(&mut beside);
        self.list.object(|object| {
            object.put("role", "tool");
            object.put("tool_call_id", &result.call_id);
            object.put_some("name", result.name.as_ref().filter(|_| is_own(self.request)));
            content::write(object, &parts, Several::Joined("\n"), self.to);
            object.extras(extras);
        });
    }
}

fn is_operator(role: &Role) -> bool {
    match role {
        Role::System | Role::Developer => true,
        Role::User | Role::Assistant | Role::Tool | Role::Other(_) => false,
    }
}

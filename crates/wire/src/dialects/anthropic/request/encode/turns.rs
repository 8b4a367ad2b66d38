//! Arranges messages into the turns that Messages wants: results of tools first and in one message of the user, the
//! operator at the front, neighbours of one role merged, nothing empty.

use super::Writer;
use crate::ir::{Block, Content, Extra, MediaKind, Message, Role, ToolResult};

/// A request's content in Messages' order.
pub(super) struct Arranged<'a> {
    /// What the operator says before the first turn.
    pub(super) system: Vec<Piece<'a>>,
    /// The rest; none of them is empty.
    pub(super) turns: Vec<Turn<'a>>,
}

/// One message.
pub(super) struct Turn<'a> {
    /// Its role.
    pub(super) speaker: Speaker<'a>,
    /// Results of tools: they come first.
    pub(super) results: Vec<Piece<'a>>,
    /// Images out of results, for models that take none there.
    pub(super) moved: Vec<Piece<'a>>,
    /// All other blocks.
    pub(super) rest: Vec<Piece<'a>>,
    /// What the message carried besides.
    pub(super) extras: &'a [Extra],
}

impl Turn<'_> {
    fn is_empty(&self) -> bool {
        self.results.is_empty() && self.rest.is_empty()
    }
}

/// A role of Messages.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaker<'a> {
    User,
    Assistant,
    System,
    /// Any other word, of this very dialect.
    Other(&'a str),
}

impl<'a> Speaker<'a> {
    pub(super) fn as_str(self) -> &'a str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::System => "system",
            Self::Other(name) => name,
        }
    }

    /// Whether it may call tools; what another word of this very dialect may do is not ours to judge.
    pub(super) fn is_the_model(self) -> bool {
        matches!(self, Self::Assistant | Self::Other(_))
    }

    /// Whether it may answer calls; likewise.
    pub(super) fn is_the_user(self) -> bool {
        matches!(self, Self::User | Self::Other(_))
    }
}

/// One block to write.
pub(super) enum Piece<'a> {
    /// A block of the request that can be said.
    Block(&'a Block),
    /// A text that stands for something else.
    Said(String),
}

impl Piece<'_> {
    /// Its text, when it is nothing but text.
    pub(super) fn plain_text(&self) -> Option<&str> {
        match self {
            Self::Said(text) => Some(text),
            Self::Block(block) => {
                let bare = block.cache.is_none() && block.citations.is_empty() && block.extras.is_empty();
                block.as_text().filter(|_| bare)
            }
        }
    }
}

impl<'a> Writer<'a> {
    /// Arranges all messages; what cannot be said is left out, and is a loss.
    pub(super) fn arrange(&mut self) -> Arranged<'a> {
        let messages = &self.request.messages;
        let operator = |message: &Message| matches!(message.role, Role::System | Role::Developer);
        let front = messages.iter().take_while(|message| operator(message)).count();
        let mut arranged = Arranged { system: Vec::new(), turns: Vec::new() };
        for (index, message) in messages.iter().enumerate() {
            if index < front {
                arranged.system.extend(self.pieces(message, Speaker::System).rest);
                self.lost.message_extras(message);
            } else if operator(message) {
                let next = messages.iter().skip(index + 1).find(|message| !operator(message));
                let turn = self.interruption(message, arranged.turns.last(), next);
                self.append(turn, message, &mut arranged.turns);
            } else {
                let speaker = self.speaker(message);
                let turn = self.pieces(message, speaker);
                self.append(turn, message, &mut arranged.turns);
            }
        }
        if arranged.turns.is_empty() && !arranged.system.is_empty() {
            // Somebody must speak to the model.
            messages.iter().take(1).for_each(|first| self.lost.role(first));
            let rest = std::mem::take(&mut arranged.system);
            arranged.turns.push(Turn { rest, ..empty(Speaker::User) });
        }
        arranged.system.extend(self.format_hint().map(Piece::Said));
        arranged
    }

    fn speaker(&mut self, message: &'a Message) -> Speaker<'a> {
        match &message.role {
            Role::User | Role::Tool => Speaker::User,
            Role::Assistant => Speaker::Assistant,
            Role::System | Role::Developer => Speaker::System,
            Role::Other(name) if self.own => Speaker::Other(name),
            Role::Other(_) => {
                self.lost.role(message);
                Speaker::User
            }
        }
    }

    /// What of a message can be said.
    fn pieces(&mut self, message: &'a Message, speaker: Speaker<'a>) -> Turn<'a> {
        let mut turn = empty(speaker);
        for block in &message.blocks {
            if !self.admits(block, speaker) {
                continue;
            }
            match &block.content {
                // The call was left out, or there never was one: the request would be refused.
                Content::ToolResult(result) if !self.called.contains(result.call_id.as_str()) => {
                    self.lost.block(block);
                }
                Content::ToolResult(result) => {
                    turn.results.push(Piece::Block(block));
                    self.move_images(result, &mut turn.moved);
                }
                Content::ToolCall(call) => {
                    self.called.insert(&call.id);
                    turn.rest.push(Piece::Block(block));
                }
                Content::Text(_)
                | Content::Refusal(_)
                | Content::Media(_)
                | Content::Reasoning(_)
                | Content::Opaque { .. } => turn.rest.push(Piece::Block(block)),
            }
        }
        turn
    }

    /// Images of a result whose model takes none there.
    fn move_images(&mut self, result: &'a ToolResult, moved: &mut Vec<Piece<'a>>) {
        if self.to.tool_images {
            return;
        }
        let mut images: Vec<Piece<'a>> = result
            .blocks
            .iter()
            .filter(|block| is_image(block))
            .filter(|block| self.admits(block, Speaker::User))
            .map(Piece::Block)
            .collect();
        if !images.is_empty() {
            moved.push(Piece::Said(format!("Tool result {} images:", self.ids.sent(&result.call_id))));
            moved.append(&mut images);
        }
    }

    /// What the operator says between the turns: in a message of its own where that may stand, else within the user's.
    fn interruption(&mut self, message: &'a Message, before: Option<&Turn<'_>>, next: Option<&Message>) -> Turn<'a> {
        let turn = self.pieces(message, Speaker::System);
        let after_user = before.is_some_and(|turn| matches!(turn.speaker, Speaker::User | Speaker::System));
        let before_answer = next.is_none_or(|next| next.role == Role::Assistant);
        if turn.is_empty() || self.to.system_in_middle && (self.own || after_user && before_answer) {
            return turn;
        }
        self.lost.role(message);
        let mut text = String::new();
        for piece in &turn.rest {
            if let Piece::Block(block) = piece {
                block.cache.iter().for_each(|mark| self.lost.mark(mark));
                text.push('\n');
                text.push_str(block.as_text().unwrap_or_default());
            }
        }
        Turn { rest: vec![Piece::Said(format!("<system>{text}\n</system>"))], ..empty(Speaker::User) }
    }

    /// Puts a turn behind the others, or into the last one.
    fn append(&mut self, mut turn: Turn<'a>, message: &'a Message, turns: &mut Vec<Turn<'a>>) {
        if turn.is_empty() {
            self.lost.message_extras(message);
            return;
        }
        if !self.own {
            self.lost.message_extras(message);
        }
        match turns.last_mut().filter(|last| last.speaker == turn.speaker && message.extras.is_empty()) {
            Some(last) => {
                last.results.append(&mut turn.results);
                last.moved.append(&mut turn.moved);
                last.rest.append(&mut turn.rest);
            }
            None => turns.push(Turn { extras: &message.extras, ..turn }),
        }
    }
}

fn empty(speaker: Speaker<'_>) -> Turn<'_> {
    Turn { speaker, results: Vec::new(), moved: Vec::new(), rest: Vec::new(), extras: &[] }
}

/// Whether it is a picture.
pub(super) fn is_image(block: &Block) -> bool {
    matches!(&block.content, Content::Media(media) if media.kind == MediaKind::Image)
}

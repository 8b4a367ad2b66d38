//! What a translation could not say.

use super::{At, Block, CacheMark, Extra, Field, Handling, Member, Message, Names, Request, Tool, ToolMember};
use crate::dialect;

/// One field that did not go over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// Its path in the body that it came in, such as `top_k`, `metadata.user_id` or `messages[2].content[0].citations`.
    pub field: String,
}

impl Loss {
    /// The loss of this field.
    pub fn new(field: impl Into<String>) -> Self {
        Self { field: field.into() }
    }
}

/// Losses of one translation: each field once, at most [`Losses::MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses(Vec<Loss>);

impl Losses {
    /// Kept; more are of no use to anybody, and they go into a header.
    pub const MAX: usize = 32;

    /// Bytes of one field's path. Guards the header: members of an object are named as the client named them.
    pub const FIELD_BYTES_MAX: usize = 128;

    /// Notes one. A form ([`Extra::FORM`]) is none.
    pub fn add(&mut self, field: impl Into<String>) {
        let mut loss = Loss::new(field);
        if loss.field.rsplit('.').next().is_some_and(|name| name.starts_with(Extra::FORM)) {
            return;
        }
        let end = loss.field.floor_char_boundary(Self::FIELD_BYTES_MAX);
        loss.field.truncate(end);
        if !self.is_full() && !self.0.contains(&loss) {
            self.0.push(loss);
        }
    }

    /// Notes all of `others`.
    pub fn extend(&mut self, others: Self) {
        others.0.into_iter().for_each(|loss| self.add(loss.field));
    }

    /// Takes back those that are none after all.
    pub fn forgive(&mut self, is_none: impl Fn(&str) -> bool) {
        self.0.retain(|loss| !is_none(&loss.field));
    }

    /// In the order they were met.
    pub fn iter(&self) -> std::slice::Iter<'_, Loss> {
        self.0.iter()
    }

    /// The fields, with this between them.
    pub fn joined(&self, between: &str) -> String {
        self.0.iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>().join(between)
    }

    /// Whether all of it went over.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn is_full(&self) -> bool {
        self.0.len() >= Self::MAX
    }
}

/// Notes what is lost of one request, in the words of the dialect that it came in. A path is made when something is lost,
/// and not once there are [`Losses::MAX`].
#[derive(Debug)]
pub struct Lost<'r> {
    request: &'r Request,
    names: &'static dyn Names,
    losses: Losses,
}

impl<'r> Lost<'r> {
    /// Nothing of this request so far.
    pub fn of(request: &'r Request) -> Self {
        Self { request, names: dialect::of(request.origin).names(), losses: Losses::default() }
    }

    /// What was lost.
    pub fn into_losses(self) -> Losses {
        self.losses
    }

    /// What the request's dialect calls a field, as the request spelt it.
    pub fn name(&self, field: Field) -> &'static str {
        let spelt = self.request.spelt.iter().rev().find(|(spelt, _)| *spelt == field);
        spelt.map_or_else(|| self.names.field(field), |(_, name)| name)
    }

    /// A field.
    pub fn field(&mut self, field: Field) {
        self.losses.add(self.name(field));
    }

    /// A field, when it was given.
    pub fn field_if(&mut self, given: bool, field: Field) {
        if given {
            self.field(field);
        }
    }

    /// How it was to be handled, as far as something is asked for here.
    pub fn handling(&mut self, unsaid: &Handling) {
        unsaid.asked().for_each(|field| self.field(field));
    }

    /// What stands under this name in a field.
    pub fn within(&mut self, field: Field, name: &str) {
        let path = format!("{}.{name}", self.name(field));
        self.losses.add(path);
    }

    /// What the request carried beside its fields.
    pub fn extra(&mut self, extra: &Extra) {
        self.losses.add(extra.name.as_str());
    }

    /// Who speaks; of a field of its own, such as `system`, that is all of it.
    pub fn role(&mut self, message: &Message) {
        let at = message.at.as_str();
        if at.ends_with(']') { self.joined(&message.at, "role") } else { self.whole(&message.at) }
    }

    /// A message, all of it.
    pub fn message(&mut self, message: &Message) {
        self.whole(&message.at);
    }

    /// What a message carried beside its blocks.
    pub fn message_extras(&mut self, message: &Message) {
        message.extras.iter().for_each(|extra| self.joined(&message.at, &extra.name));
    }

    /// A block, all of it.
    pub fn block(&mut self, block: &Block) {
        self.whole(&block.at);
    }

    /// A member of a block.
    pub fn of_block(&mut self, block: &Block, member: Member) {
        self.joined(&block.at, self.names.of_block(&block.content, member));
    }

    /// What a block carried beside its content.
    pub fn block_extras(&mut self, block: &Block) {
        block.extras.iter().for_each(|extra| self.joined(&block.at, &extra.name));
    }

    /// Every tool: the field that holds them, and those that stood elsewhere.
    pub fn tools(&mut self) {
        let request = self.request;
        let name = self.name(Field::Tools);
        for tool in &request.tools {
            let elsewhere = !tool.at.as_str().is_empty() && !tool.at.as_str().starts_with(name);
            if elsewhere { self.tool(tool) } else { self.field(Field::Tools) }
        }
    }

    /// A tool, all of it.
    pub fn tool(&mut self, tool: &Tool) {
        self.whole(&tool.at);
    }

    /// A member of a tool.
    pub fn of_tool(&mut self, tool: &Tool, member: ToolMember) {
        self.joined(&tool.at, self.names.of_tool(&tool.kind, member));
    }

    /// What stands under this name in a member of a tool.
    pub fn within_tool(&mut self, tool: &Tool, member: ToolMember, name: &str) {
        self.joined(&tool.at, &format!("{}.{name}", self.names.of_tool(&tool.kind, member)));
    }

    /// What a tool carried beside what it is.
    pub fn tool_extras(&mut self, tool: &Tool) {
        tool.extras.iter().for_each(|extra| self.joined(&tool.at, &extra.name));
    }

    /// A cache mark.
    pub fn mark(&mut self, mark: &CacheMark) {
        self.whole(&mark.at);
    }

    /// How long a cache mark is to last.
    pub fn mark_ttl(&mut self, mark: &CacheMark) {
        self.joined(&mark.at, "ttl");
    }

    /// What stands under this name beside what stands at `at`, or at the top.
    pub fn at(&mut self, at: &At, name: &str) {
        if at.as_str().is_empty() { self.losses.add(name) } else { self.joined(at, name) }
    }

    /// Of what the gateway made itself nothing is lost.
    fn whole(&mut self, at: &At) {
        if !at.as_str().is_empty() && !self.losses.is_full() {
            self.losses.add(at.as_str());
        }
    }

    fn joined(&mut self, at: &At, name: &str) {
        if !at.as_str().is_empty() && !self.losses.is_full() {
            self.losses.add(self.names.join(at.as_str(), name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_lost_once_and_a_form_never() {
        let mut losses = Losses::default();
        for field in ["top_k", "messages[0].name", "top_k", "form:text_format", "messages[0].content[1].form:id"] {
            losses.add(field);
        }
        assert_eq!(losses.iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>(), ["top_k", "messages[0].name"]);
    }

    #[test]
    fn a_loss_has_the_name_that_the_client_wrote() {
        let mut request = Request::new(crate::DialectId::Gemini, "m");
        request.spelt = vec![(Field::Schema, "generationConfig.responseSchema")];
        let mut lost = Lost::of(&request);
        lost.field(Field::TopK);
        lost.within(Field::Schema, "minimum");
        lost.of_block(&Block::text("a").at("contents[0].parts[1]"), Member::Seal);
        // Nobody wrote this one.
        lost.block(&Block::text("b"));
        let fields = ["generationConfig.topK", "generationConfig.responseSchema.minimum"];
        let expected = [fields.as_slice(), &["contents[0].parts[1].thoughtSignature"]].concat();
        assert_eq!(lost.into_losses().iter().map(|loss| loss.field.as_str()).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_a_client_named_at_length_is_cut() {
        let mut losses = Losses::default();
        (0..100).for_each(|number| losses.add(format!("metadata.{number}{}", "\u{e4}".repeat(1000))));
        assert_eq!(losses.iter().len(), Losses::MAX);
        for loss in losses.iter() {
            assert!((1..=Losses::FIELD_BYTES_MAX).contains(&loss.field.len()), "{}", loss.field);
        }
    }
}

//! Tool messages that do not go together: answers without a call, calls without an answer, answers out of place. Providers
//! refuse such conversations; here they are put right.

use std::collections::HashMap;

use crate::ir::{Block, Content, Losses, Message, Request, Role, ToolCall, ToolResult};
use crate::{DialectId, WireError, dialect, dialects};

/// What stands for the answer that a call never had.
const NO_ANSWER: &str = "The tool gave no answer.";

/// Where a block stands: which message, and which block of it.
type Place = (usize, usize);

/// Reads a conversation whose answers need not go together with its calls, where the dialect lets one read it.
///
/// # Errors
/// As for any request; in dialects other than Chat and Messages also when an answer has no call.
pub fn decode_request(dialect: DialectId, body: &[u8]) -> Result<Request, WireError> {
    match dialect {
        DialectId::OpenaiChat => dialects::openai_chat::request::decode_orphans(body),
        DialectId::Anthropic => dialects::anthropic::request::decode_orphans(body),
        DialectId::OpenaiCompletions | DialectId::OpenaiResponses | DialectId::Ollama | DialectId::Gemini => {
            dialect::of(dialect).decode_request(body)
        }
    }
}

/// Puts right what does not go together: afterwards the answers of every call stand right behind the message that calls,
/// one for each. An answer that was elsewhere is moved there, a missing one is made up, and those to no call are left out:
/// they are named in the losses. Nothing else is changed. `None` when there was nothing to put right.
///
/// Of Responses, a run of the model's own messages calls as one.
pub fn mend(request: &mut Request) -> Option<Losses> {
    let (messages, losses) = mended(request)?;
    request.messages = messages;
    Some(losses)
}

fn mended(request: &Request) -> Option<(Vec<Message>, Losses)> {
    let turns = Turns::of(request);
    let claims = turns.claims(request);
    let answers: HashMap<Place, usize> =
        claims.iter().enumerate().filter_map(|(call, at)| Some(((*at)?, call))).collect();
    let whole: Vec<bool> = turns.list.iter().map(|turn| turn.is_whole(request, &claims, &answers)).collect();
    let stray = results(request).any(|(place, _)| !answers.contains_key(&place));
    if !stray && whole.iter().all(|whole| *whole) {
        return None;
    }
    let mut losses = Losses::default();
    let mut messages = Vec::with_capacity(request.messages.len());
    for (index, message) in request.messages.iter().enumerate() {
        let stays = |place: Place| match answers.get(&place) {
            Some(call) => whole.get(turns.of_call(*call)).copied().unwrap_or_default(),
            None => false,
        };
        let mut kept = Message { blocks: Vec::with_capacity(message.blocks.len()), ..without_blocks(message) };
        for (number, block) in message.blocks.iter().enumerate() {
            let is_result = matches!(block.content, Content::ToolResult(_));
            if !is_result || stays((index, number)) {
                kept.blocks.push(block.clone());
            } else if !answers.contains_key(&(index, number)) {
                let at = if block.at.as_str().is_empty() { &message.at } else { &block.at };
                losses.add(at.as_str());
            }
        }
        if !kept.blocks.is_empty() || message.blocks.is_empty() {
            messages.push(kept);
        }
        let ends_here = turns.list.iter().zip(&whole).find(|(turn, whole)| turn.last == index && !**whole);
        if let Some((turn, _)) = ends_here {
            let calls = turns.calls.iter().zip(&claims).skip(turn.first_call).take(turn.calls);
            messages.extend(calls.map(|((_, call), answer)| answer_to(request, call, *answer)));
        }
    }
    Some((messages, losses))
}

/// Calls that are to be answered together.
#[derive(Debug)]
struct Turn {
    /// The message behind which the answers belong.
    last: usize,
    first_call: usize,
    calls: usize,
}

/// All calls of a request.
struct Turns<'r> {
    list: Vec<Turn>,
    calls: Vec<(usize, &'r ToolCall)>,
}

impl<'r> Turns<'r> {
    fn of(request: &'r Request) -> Self {
        let together = request.origin == DialectId::OpenaiResponses;
        let mut turns = Self { list: Vec::new(), calls: Vec::new() };
        for (index, message) in request.messages.iter().enumerate() {
            let first_call = turns.calls.len();
            turns.calls.extend(message.blocks.iter().filter_map(|block| Some((index, call_in(block)?))));
            let calls = turns.calls.len() - first_call;
            let goes_on = |turn: &&mut Turn| together && turn.last + 1 == index && message.role == Role::Assistant;
            match turns.list.last_mut().filter(goes_on) {
                Some(turn) => {
                    turn.last = index;
                    turn.calls += calls;
                }
                None if calls > 0 => turns.list.push(Turn { last: index, first_call, calls }),
                None => {}
            }
        }
        turns
    }

    /// The turn of a call.
    fn of_call(&self, call: usize) -> usize {
        self.list.partition_point(|turn| turn.first_call + turn.calls <= call)
    }

    /// The answer of every call: the first behind it that no other has, and that does not stand behind a later call of the
    /// same id; else one that stands before it.
    fn claims(&self, request: &Request) -> Vec<Option<Place>> {
        let mut by_id: HashMap<&str, Vec<Place>> = HashMap::new();
        for (place, result) in results(request) {
            by_id.entry(&result.call_id).or_default().push(place);
        }
        let mut next_of: HashMap<&str, usize> = HashMap::new();
        let mut claims = vec![None; self.calls.len()];
        let mut ends = vec![usize::MAX; self.calls.len()];
        for (call, (message, said)) in self.calls.iter().enumerate().rev() {
            let later = next_of.insert(&said.id, call);
            // Calls of one message share what comes behind it.
            let end = later.and_then(|later| {
                let (at, end) = (self.calls.get(later)?.0, *ends.get(later)?);
                Some(if at == *message { end } else { at })
            });
            if let (Some(slot), Some(end)) = (ends.get_mut(call), end) {
                *slot = end;
            }
        }
        let mut claim = |call: usize, from: usize, to: usize| -> Option<()> {
            let (_, said) = self.calls.get(call)?;
            let free = by_id.get_mut(said.id.as_str())?;
            let found = free.iter().position(|(message, _)| (from..to).contains(message))?;
            *claims.get_mut(call)? = Some(free.remove(found));
            Some(())
        };
        let behind: Vec<bool> = self
            .calls
            .iter()
            .zip(&ends)
            .enumerate()
            .map(|(call, ((message, _), end))| claim(call, message + 1, *end).is_some())
            .collect();
        for (call, (message, _)) in
            self.calls.iter().enumerate().filter(|(call, _)| !behind.get(*call).copied().unwrap_or_default())
        {
            claim(call, 0, *message);
        }
        claims
    }
}

impl Turn {
    /// Whether all answers stand where they belong: right behind the call, and nothing before them but what is left out.
    fn is_whole(&self, request: &Request, claims: &[Option<Place>], answers: &HashMap<Place, usize>) -> bool {
        let own = self.first_call..self.first_call + self.calls;
        if claims.iter().skip(self.first_call).take(self.calls).any(Option::is_none) {
            return false;
        }
        let behind = request.messages.iter().enumerate().skip(self.last + 1);
        let blocks = behind.flat_map(|(index, message)| {
            message.blocks.iter().enumerate().map(move |(number, block)| ((index, number), block))
        });
        let mut missing = self.calls;
        for (place, block) in blocks {
            if missing == 0 {
                break;
            }
            let is_result = matches!(block.content, Content::ToolResult(_));
            match answers.get(&place) {
                Some(call) if own.contains(call) => missing -= 1,
                None if is_result => {}
                Some(_) | None => return false,
            }
        }
        missing == 0
    }
}

/// Every answer of a tool, and where it stands.
fn results(request: &Request) -> impl Iterator<Item = (Place, &ToolResult)> {
    request.messages.iter().enumerate().flat_map(|(index, message)| {
        let blocks = message.blocks.iter().enumerate();
        blocks.filter_map(move |(number, block)| match &block.content {
            Content::ToolResult(result) => Some(((index, number), result)),
            Content::Text(_)
            | Content::Refusal(_)
            | Content::Media(_)
            | Content::Reasoning(_)
            | Content::ToolCall(_)
            | Content::Opaque { .. } => None,
        })
    })
}

fn call_in(block: &Block) -> Option<&ToolCall> {
    match &block.content {
        Content::ToolCall(call) => Some(call),
        Content::Text(_)
        | Content::Refusal(_)
        | Content::Media(_)
        | Content::Reasoning(_)
        | Content::ToolResult(_)
        | Content::Opaque { .. } => None,
    }
}

/// The message that answers a call: the answer from where it stands, or one that says there is none.
fn answer_to(request: &Request, call: &ToolCall, answer: Option<Place>) -> Message {
    let found = answer.and_then(|(message, block)| {
        let message = request.messages.get(message)?;
        Some((message, message.blocks.get(block)?))
    });
    match found {
        // All of a message of its own is moved, what it carries beside the answer too.
        Some((message, block)) if message.blocks.len() == 1 => {
            Message { blocks: vec![block.clone()], ..without_blocks(message) }
        }
        Some((_, block)) => Message::new(Role::Tool, vec![block.clone()]),
        None => Message::new(Role::Tool, vec![Block::from(Content::ToolResult(no_answer(call)))]),
    }
}

fn no_answer(call: &ToolCall) -> ToolResult {
    ToolResult {
        call_id: call.id.clone(),
        name: Some(call.name.clone()),
        blocks: vec![Block::text(NO_ANSWER)],
        is_error: None,
        custom: call.custom,
    }
}

fn without_blocks(message: &Message) -> Message {
    let Message { role, blocks: _, extras, at } = message;
    Message { role: role.clone(), blocks: Vec::new(), extras: extras.clone(), at: at.clone() }
}

#[cfg(test)]
mod tests;

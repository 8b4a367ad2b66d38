//! Joins what clients keep apart: the official ones replay a streamed answer as they got it, a turn a step.

use crate::ir::{Block, Content, Message, Reasoning, Role, SealOrigin};

/// Adds a turn to the conversation. A turn of the model after another one goes on where that stopped.
pub(super) fn add(turn: Message, to: &mut Vec<Message>) {
    match to.last_mut() {
        Some(last) if goes_on(last, &turn) => {
            let mut more = turn.blocks.into_iter();
            more.next().into_iter().for_each(|first| go_on(&mut last.blocks, first));
            last.blocks.extend(more);
        }
        Some(_) | None => to.push(turn),
    }
}

fn goes_on(last: &Message, turn: &Message) -> bool {
    let models = last.role == Role::Assistant && turn.role == Role::Assistant;
    models && last.extras.is_empty() && turn.extras.is_empty()
}

fn go_on(blocks: &mut Vec<Block>, block: Block) {
    if !block.extras.is_empty() {
        return blocks.push(block);
    }
    let last = blocks.last_mut().filter(|last| last.extras.is_empty()).map(|last| &mut last.content);
    match (last, &block.content) {
        (Some(Content::Text(text)), Content::Text(more)) => text.push_str(more),
        (Some(Content::Reasoning(thoughts)), Content::Reasoning(more)) if is_open(thoughts) && is_open(more) => {
            thoughts.text.push_str(&more.text);
        }
        // The last step of a stream often says nothing.
        (Some(_), Content::Text(text)) if text.is_empty() => {}
        (_, _) => blocks.push(block),
    }
}

fn is_open(thoughts: &Reasoning) -> bool {
    thoughts.seal.is_none() && !thoughts.redacted
}

/// A seal of another vendor's is of all the thoughts before it: the stream's encoder tells them piece by piece and the
/// seal last, and its maker wants both together.
pub(super) fn with_whole_thoughts(blocks: Vec<Block>) -> Vec<Block> {
    let mut whole: Vec<Block> = Vec::with_capacity(blocks.len());
    for mut block in blocks {
        if let Content::Reasoning(sealed) = &mut block.content
            && !sealed.redacted
            && sealed.seal.as_ref().is_some_and(|seal| seal.origin != SealOrigin::Gemini)
        {
            let mut pieces = vec![std::mem::take(&mut sealed.text)];
            while let Some(Block { content: Content::Reasoning(piece), .. }) = whole.pop_if(is_piece) {
                pieces.push(piece.text);
            }
            pieces.reverse();
            sealed.text = pieces.concat();
        }
        whole.push(block);
    }
    whole
}

fn is_piece(block: &mut Block) -> bool {
    block.extras.is_empty() && matches!(&block.content, Content::Reasoning(thoughts) if is_open(thoughts))
}

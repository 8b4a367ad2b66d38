//! gpt-oss: a channel with a recipient.

use super::{Anywhere, Family, Head, Line, Opening, Stop, Trust, json};

const CLOSERS: &[&str] = &["<|call|>", "<|end|>", "<|return|>", "<|start|>", "<|channel|>"];

pub(crate) static FAMILY: Family = Family {
    name: "harmony",
    markers: &[
        ("<|channel|>", Anywhere),
        ("<|start|>assistant", Anywhere),
        ("assistantcommentary to=", Line),
        ("commentary to=", Line),
    ],
    trust: Trust::Anywhere,
    last: false,
    head,
    read: json::calls,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    if !opening.marker.ends_with("to=") {
        if opening.marker == "<|start|>assistant" {
            opening.cursor.skip("<|channel|>")?;
        }
        opening.cursor.run(|c| c == ' ')?;
        for channel in ["commentary", "analysis"] {
            opening.cursor.skip(channel)?;
        }
        opening.cursor.spaces()?;
        opening.cursor.expect("to=")?;
    }
    let name = opening.cursor.name()?;
    let tool = opening.tool(name)?;
    // What the channel is for, and of which type the message is.
    for _ in 0..PARTS_MAX {
        opening.cursor.spaces()?;
        match opening.cursor.any(PARTS) {
            Ok("<|message|>") => break,
            Ok(_) => {}
            Err(Stop::More) => return Err(Stop::More),
            Err(Stop::No) => break,
        }
    }
    json::body(opening, tool, json::one(CLOSERS, &[]))
}

/// What may stand between a recipient and its message.
const PARTS: &[&str] = &["<|channel|>", "commentary", "analysis", "<|constrain|>", "json", "code", "<|message|>"];

/// Parts between a recipient and its message. Bounds the loop.
const PARTS_MAX: usize = 8;

//! Claude and those that were taught like it, MiniMax M2, DeepSeek V3.2 and V4, Step 3, dots, Muse: elements
//! `invoke`, whatever stands before their name.

use super::{Anywhere, Ends, Family, Head, Opening, Raw, Stop, Trust, xml};

const INVOKES: &[&str] = &[
    "<invoke",
    "<antml:invoke",
    "<atem:invoke",
    "<steptml:invoke",
    "<｜DSML｜invoke",
    "<｜DSML｜ invoke",
    "]<]minimax[>[<invoke",
];

const ENDS: Ends = xml::until(
    &["</invoke>", "</antml:invoke>", "</atem:invoke>", "</steptml:invoke>", "</｜DSML｜invoke>", "</｜DSML｜ invoke>"],
    INVOKES,
);

pub(crate) static FAMILY: Family = Family {
    name: "invoke",
    markers: &[
        ("<minimax:tool_call>", Anywhere),
        ("]<]minimax[>[<tool_call>", Anywhere),
        ("<function_calls>", Anywhere),
        ("<antml:function_calls>", Anywhere),
        ("<atem:function_calls>", Anywhere),
        ("<dots_function_call>", Anywhere),
        ("<｜DSML｜function_calls>", Anywhere),
        ("<｜DSML｜tool_calls>", Anywhere),
        ("<｜DSML｜toolcalls>", Anywhere),
        ("<｜DSML｜tool>", Anywhere),
        ("<｜DSML｜ calls>", Anywhere),
        ("<｜tool_calls_begin｜>", Anywhere),
        ("<｜tool_call_begin｜>", Anywhere),
        ("<invoke", Anywhere),
        ("<antml:invoke", Anywhere),
        ("<atem:invoke", Anywhere),
        ("<steptml:invoke", Anywhere),
        ("<｜DSML｜invoke", Anywhere),
        ("<｜DSML｜ invoke", Anywhere),
    ],
    trust: Trust::Anywhere,
    last: false,
    head,
    read,
};

fn head(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    if !opening.marker.ends_with("invoke") {
        opening.cursor.spaces()?;
        if opening.marker == "<｜tool_calls_begin｜>" {
            opening.cursor.expect("<｜tool_call_begin｜>")?;
            opening.cursor.spaces()?;
        }
        if opening.marker.starts_with("<｜tool_call") {
            opening.cursor.skip("function")?;
            opening.cursor.expect("<｜tool_sep｜>")?;
            opening.cursor.spaces()?;
        }
        opening.cursor.any(INVOKES)?;
    }
    xml::named(opening, ENDS)
}

fn read(text: &str) -> Option<Vec<Raw>> {
    xml::call(text, "invoke")
}

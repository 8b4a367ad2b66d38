//! Hermes, Qwen 2.5 and 3, Granite 3.1 and 4, ERNIE, MiniMax M1, Jamba, Hunyuan and many tunes of them: JSON within a
//! tag.

use super::{Anywhere, Family, Head, Opening, Stop, Trust, json};

const CLOSERS: &[&str] = &[
    "</tool_call>",
    "</longcat_tool_call>",
    "</function_call>",
    "</tool_use>",
    "</tool_code>",
    "</tool>",
    "</function>",
    "</TOOLCALL>",
    "</ifm|tool_call>",
];
const OPENERS: &[&str] = &["<tool_call>", "<longcat_tool_call>", "<function_call>", "<tool_use>", "<tool_code>"];

/// One call, or one list of calls, a tag.
pub(crate) static ONE: Family = Family {
    name: "hermes",
    markers: &[
        ("<tool_call>", Anywhere),
        ("<longcat_tool_call>", Anywhere),
        ("<function_call>", Anywhere),
        ("<tool_use>", Anywhere),
        ("<tool_code>", Anywhere),
        ("<tool>", Anywhere),
        ("<function>", Anywhere),
        ("<TOOLCALL>", Anywhere),
        ("<ifm|tool_call>", Anywhere),
    ],
    trust: Trust::Anywhere,
    last: false,
    head: one,
    read: json::calls,
};

/// Many calls in one tag.
pub(crate) static MANY: Family = Family {
    name: "hermes",
    markers: &[("<tool_calls>", Anywhere)],
    trust: Trust::Anywhere,
    last: false,
    head: many,
    read: json::calls,
};

fn one(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    json::head(opening, json::one(CLOSERS, OPENERS))
}

fn many(opening: &mut Opening<'_>) -> Result<Head, Stop> {
    json::head(opening, json::many(&["</tool_calls>"], &["<tool_calls>"]))
}

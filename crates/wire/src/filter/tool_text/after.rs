//! What stands behind a call and says nothing: closing tags, tokens that end a turn.

/// Closing tags and end tokens of all families.
const NOISE: &[&str] = &[
    "</tool_call>",
    "</tool_calls>",
    "</function_calls>",
    "</function_call>",
    "</function>",
    "</invoke>",
    "</tool>",
    "</tool_use>",
    "</tool_code>",
    "</longcat_tool_call>",
    "</seed:tool_call>",
    "</ifm|tool_call>",
    "</TOOLCALL>",
    "</minimax:tool_call>",
    "</atem:function_calls>",
    "</antml:function_calls>",
    "</antml:invoke>",
    "</atem:invoke>",
    "</dots_function_call>",
    "</steptml:invoke>",
    "</｜DSML｜function_calls>",
    "</｜DSML｜invoke>",
    "</｜DSML｜tool_calls>",
    "</｜DSML｜ calls>",
    "</｜DSML｜ invoke>",
    "</｜DSML｜toolcalls>",
    "</｜DSML｜tool>",
    "</arguments>",
    "</response>",
    "[/TOOL_CALL]",
    "[/TOOL_CALLS]",
    "<|im_end|>",
    "<|endoftext|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end|>",
    "<|call|>",
    "<|return|>",
    "<|END_ACTION|>",
    "<|tools_suffix|>",
    "<|python_end|>",
    "<|action_end|>",
    "<|tool_call_end|>",
    "<|tool_calls_section_end|>",
    "<|END_OF_TURN_TOKEN|>",
    "<|role_end|>",
    "<|message_sep|>",
    "<|close|>call<|sep|>",
    "<|close|>tools<|sep|>",
    "<end_function_call>",
    "<end_of_turn>",
    "<tool_call|>",
    "</s>",
    "<｜tool▁call▁end｜>",
    "<｜tool▁calls▁end｜>",
    "<｜tool_call_end｜>",
    "<｜tool_calls_end｜>",
    "<｜end▁of▁sentence｜>",
    "]<]minimax[>[</tool_call>",
    "✿RESULT✿",
    "}",
    "]",
    ")",
];

/// What a text behind a call begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behind {
    /// So many bytes of white space.
    Spaces(usize),
    /// So many bytes that say nothing.
    Noise(usize),
    /// It could still become noise.
    More,
    /// Something else.
    Text,
}

/// Looks at what follows a call.
pub(crate) fn look(text: &str, ended: bool) -> Behind {
    let spaces = text.len() - text.trim_start().len();
    if spaces > 0 {
        return Behind::Spaces(spaces);
    }
    if !ended && NOISE.iter().any(|noise| noise.len() > text.len() && noise.starts_with(text)) {
        return Behind::More;
    }
    // One may begin as another does: the longest counts.
    let found = NOISE.iter().filter(|noise| text.starts_with(**noise)).map(|noise| noise.len()).max();
    found.map_or(Behind::Text, Behind::Noise)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_noise_counts_and_is_waited_for() {
        assert_eq!(look("]<]mini", false), Behind::More);
        assert_eq!(look("]", false), Behind::More);
        assert_eq!(look("]<]minimax[>[</tool_call>]", false), Behind::Noise(25));
        assert_eq!(look("]<x", false), Behind::Noise(1));
        assert_eq!(look("]", true), Behind::Noise(1));
        assert_eq!(look("</tool_cal", true), Behind::Text);
        assert_eq!(look("\n x", false), Behind::Spaces(2));
    }
}

//! The formats in which models write calls, as templates.

use serde_json::{Value, json};

use crate::run::Call;
use crate::writing::{each, first, gemma, glm, invoke, keywords, list, members, object, qwen};

/// One format.
pub(crate) struct Format {
    pub(crate) name: &'static str,
    /// Writes calls.
    pub(crate) write: fn(&[Call]) -> String,
    /// What a model leaves out at the end when it is cut off.
    pub(crate) close: &'static str,
    /// Whether words may stand before.
    pub(crate) prose: bool,
}

const fn format(name: &'static str, write: fn(&[Call]) -> String, close: &'static str) -> Format {
    Format { name, write, close, prose: true }
}

const fn alone(name: &'static str, write: fn(&[Call]) -> String) -> Format {
    Format { name, write, close: "", prose: false }
}

pub(crate) const ALL: &[Format] = &[
    format(
        "hermes",
        |calls| each(calls, "\n", |n, a| format!("<tool_call>\n{}\n</tool_call>", object(n, a, "arguments"))),
        "\n</tool_call>",
    ),
    format(
        "hermes, one line",
        |calls| each(calls, "", |n, a| format!("<tool_call>{}</tool_call>", object(n, a, "parameters"))),
        "}</tool_call>",
    ),
    format(
        "longcat",
        |calls| each(calls, "", |n, a| format!("<longcat_tool_call>{}</longcat_tool_call>", object(n, a, "arguments"))),
        "</longcat_tool_call>",
    ),
    format(
        "minimax m1",
        |calls| format!("<tool_calls>\n{}\n</tool_calls>", each(calls, "\n", |n, a| object(n, a, "arguments"))),
        "\n</tool_calls>",
    ),
    format("jamba", |calls| format!("<tool_calls>{}</tool_calls>", list(calls, "name", "arguments")), "</tool_calls>"),
    format("granite 3.0", |calls| format!("<|tool_call|>{}", list(calls, "name", "arguments")), ""),
    format("granite 3.1", |calls| format!("<tool_call>{}", list(calls, "name", "arguments")), "]"),
    format(
        "granite 20b",
        |calls| each(calls, "\n", |n, a| format!("<function_call> {}", object(n, a, "arguments"))),
        "",
    ),
    format("mistral list", |calls| format!("[TOOL_CALLS] {}", list(calls, "name", "arguments")), "]"),
    format("mistral names", |calls| each(calls, "", |n, a| format!("[TOOL_CALLS]{n}{a}")), ""),
    format("mistral args", |calls| each(calls, "", |n, a| format!("[TOOL_CALLS]{n}[ARGS]{a}</s>")), "</s>"),
    format("mistral ids", |calls| each(calls, "", |n, a| format!("[TOOL_CALLS]{n}[CALL_ID]abc123def[ARGS]{a}")), ""),
    format(
        "llama tag",
        |calls| format!("<|python_tag|>{}<|eom_id|>", each(calls, "; ", |n, a| object(n, a, "parameters"))),
        "<|eom_id|>",
    ),
    format(
        "llama call",
        |calls| format!("<|python_tag|>{}", each(calls, "; ", |n, a| format!("{n}.call({})", keywords(a)))),
        "",
    ),
    alone("llama bare", |calls| each(calls, "\n", |n, a| object(n, a, "parameters"))),
    format("phi", |calls| format!("functools{}", list(calls, "name", "arguments")), "]"),
    format(
        "internlm",
        |calls| {
            each(calls, "", |n, a| format!("<|action_start|> <|plugin|>\n{}<|action_end|>", object(n, a, "parameters")))
        },
        "<|action_end|>",
    ),
    alone("xlam bare", |calls| list(calls, "name", "arguments")),
    format("xlam fence", |calls| format!("```json\n{}\n```", list(calls, "name", "arguments")), "\n```"),
    format(
        "cohere",
        |calls| format!("<|START_ACTION|>{}<|END_ACTION|>", list(calls, "tool_name", "parameters")),
        "<|END_ACTION|>",
    ),
    format(
        "apertus",
        |calls| format!("<|tools_prefix|>[{}]<|tools_suffix|>", each(calls, ", ", |n, a| json!({n: a}).to_string())),
        "<|tools_suffix|>",
    ),
    format(
        "gigachat",
        |calls| each(calls, "\n", |n, a| format!("function call<|role_sep|>\n{}", object(n, a, "arguments"))),
        "",
    ),
    format("llama function", |calls| each(calls, "", |n, a| format!("<function={n}>{a}</function>")), "</function>"),
    format("functionary", |calls| each(calls, "\n", |n, a| format!(">>>{n}\n{a}")), ""),
    format(
        "fence tool",
        |calls| each(calls, "\n", |n, a| format!("```json\n{}\n```", json!({"tool": n, "args": a}))),
        "\n```",
    ),
    format(
        "fence action",
        |calls| each(calls, "\n", |n, a| format!("```\n{}\n```", json!({"action": n, "action_input": a}))),
        "",
    ),
    alone("openai", |calls| {
        let calls: Vec<Value> = calls
            .iter()
            .map(|(n, a)| json!({"id": "call_1", "function": {"name": n, "arguments": a.to_string()}}))
            .collect();
        json!({"tool_calls": calls}).to_string()
    }),
    format(
        "tool_use",
        |calls| each(calls, "\n", |n, a| format!("<tool_use>{}</tool_use>", object(n, a, "input"))),
        "</tool_use>",
    ),
    format(
        "tool_code",
        |calls| each(calls, "\n", |n, a| format!("<tool_code>{}</tool_code>", object(n, a, "args"))),
        "</tool_code>",
    ),
    format(
        "tool",
        |calls| each(calls, "\n", |n, a| format!("<tool>\n{}\n</tool>", object(n, a, "arguments"))),
        "\n</tool>",
    ),
    format(
        "qwen coder",
        |calls| {
            each(calls, "\n", |n, a| format!("<tool_call>\n<function={n}>\n{}\n</function>\n</tool_call>", qwen(a)))
        },
        "\n</function>\n</tool_call>",
    ),
    format(
        "qwen without opening",
        |calls| each(calls, "\n", |n, a| format!("<function={n}>\n{}\n</function>\n</tool_call>", qwen(a))),
        "</tool_call>",
    ),
    format(
        "qwen open parameters",
        |calls| {
            each(calls, "\n", |n, a| {
                format!(
                    "<tool_call>\n<function={n}>\n{}\n</function>\n</tool_call>",
                    qwen(a).replace("\n</parameter>", "")
                )
            })
        },
        "\n</tool_call>",
    ),
    format(
        "seed",
        |calls| {
            each(calls, "\n", |n, a| {
                format!("<seed:tool_call>\n<function={n}>\n{}\n</function>\n</seed:tool_call>", qwen(a))
            })
        },
        "\n</seed:tool_call>",
    ),
    format(
        "glm 4.5",
        |calls| each(calls, "\n", |n, a| format!("<tool_call>{n}\n{}\n</tool_call>", glm(a, "\n"))),
        "\n</tool_call>",
    ),
    format(
        "glm 4.7",
        |calls| each(calls, "", |n, a| format!("<tool_call>{n}{}</tool_call>", glm(a, ""))),
        "</tool_call>",
    ),
    format(
        "hunyuan",
        |calls| {
            format!(
                "<tool_calls>{}</tool_calls>",
                each(calls, "", |n, a| format!("<tool_call>{n}<tool_sep>{}</tool_call>", glm(a, "")))
            )
        },
        "</tool_calls>",
    ),
    format(
        "minimax m2",
        |calls| format!("<minimax:tool_call>\n{}\n</minimax:tool_call>", each(calls, "\n", |n, a| invoke("", n, a))),
        "\n</invoke>\n</minimax:tool_call>",
    ),
    format(
        "claude",
        |calls| format!("<function_calls>\n{}\n</function_calls>", each(calls, "\n", |n, a| invoke("", n, a))),
        "\n</function_calls>",
    ),
    format(
        "claude named",
        |calls| {
            format!(
                "<atem:function_calls>\n{}\n</atem:function_calls>",
                each(calls, "\n", |n, a| invoke("atem:", n, a))
            )
        },
        "\n</atem:function_calls>",
    ),
    format("invoke", |calls| each(calls, "\n", |n, a| invoke("", n, a)), "\n</invoke>"),
    format(
        "step 3",
        |calls| {
            format!(
                "<｜tool_calls_begin｜>{}<｜tool_calls_end｜>",
                each(calls, "", |n, a| format!(
                    "<｜tool_call_begin｜>function<｜tool_sep｜>{}<｜tool_call_end｜>",
                    invoke("steptml:", n, a)
                ))
            )
        },
        "<｜tool_calls_end｜>",
    ),
    format(
        "deepseek v3.2",
        |calls| {
            format!(
                "<｜DSML｜function_calls>\n{}\n</｜DSML｜function_calls>",
                each(calls, "\n", |n, a| invoke("｜DSML｜", n, a))
            )
        },
        "\n</｜DSML｜function_calls>",
    ),
    format(
        "deepseek v4.1",
        |calls| format!("<｜DSML｜ calls>\n{}\n</｜DSML｜ calls>", each(calls, "\n", |n, a| invoke("｜DSML｜ ", n, a))),
        "\n</｜DSML｜ calls>",
    ),
    format(
        "minicpm",
        |calls| {
            each(calls, "\n", |n, a| {
                format!(
                    "<function name=\"{n}\">{}</function>",
                    members(a, |k, v| format!("<param name=\"{k}\"><![CDATA[{v}]]></param>"))
                )
            })
        },
        "</function>",
    ),
    format(
        "tool element",
        |calls| {
            each(calls, "\n", |n, a| {
                format!("<tool name=\"{n}\">{}</tool>", members(a, |k, v| format!("<{k}>{v}</{k}>")))
            })
        },
        "</tool>",
    ),
    format(
        "deepseek v3",
        |calls| {
            format!(
                "<｜tool▁calls▁begin｜>{}<｜tool▁calls▁end｜>",
                each(calls, "\n", |n, a| format!(
                    "<｜tool▁call▁begin｜>function<｜tool▁sep｜>{n}\n```json\n{a}\n```<｜tool▁call▁end｜>"
                ))
            )
        },
        "<｜tool▁calls▁end｜>",
    ),
    format(
        "deepseek v3.1",
        |calls| {
            format!(
                "<｜tool▁calls▁begin｜>{}<｜tool▁calls▁end｜>",
                each(calls, "", |n, a| format!("<｜tool▁call▁begin｜>{n}<｜tool▁sep｜>{a}<｜tool▁call▁end｜>"))
            )
        },
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    ),
    format(
        "kimi k2",
        |calls| {
            format!(
                "<|tool_calls_section_begin|>{}<|tool_calls_section_end|>",
                each(calls, "", |n, a| format!(
                    "<|tool_call_begin|>functions.{n}:0<|tool_call_argument_begin|>{a}<|tool_call_end|>"
                ))
            )
        },
        "<|tool_call_end|><|tool_calls_section_end|>",
    ),
    format(
        "kimi k3",
        |calls| {
            format!(
                "<|open|>tools<|sep|>{}<|close|>tools<|sep|>",
                each(calls, "", |n, a| format!(
                    "<|open|>call tool=\"{n}\" index=\"1\"<|sep|>{}<|close|>call<|sep|>",
                    members(a, |k, v| format!(
                        "<|open|>argument key=\"{k}\" type=\"string\"<|sep|>{v}<|close|>argument<|sep|>"
                    ))
                ))
            )
        },
        "<|close|>tools<|sep|>",
    ),
    format(
        "harmony",
        |calls| {
            each(calls, "", |n, a| {
                format!("<|channel|>commentary to=functions.{n} <|constrain|>json<|message|>{a}<|call|>")
            })
        },
        "<|call|>",
    ),
    format(
        "harmony start",
        |calls| {
            each(calls, "", |n, a| {
                format!("<|start|>assistant to=functions.{n}<|channel|>commentary json<|message|>{a}<|call|>")
            })
        },
        "<|call|>",
    ),
    format(
        "harmony stripped",
        |calls| each(calls, "\n", |n, a| format!("assistantcommentary to=functions.{n} json{a}")),
        "",
    ),
    format(
        "functiongemma",
        |calls| {
            each(calls, "", |n, a| {
                format!("<start_function_call>call:{n}{{{}}}<end_function_call>", gemma(a, "<escape>"))
            })
        },
        "<end_function_call>",
    ),
    format(
        "gemma 4",
        |calls| each(calls, "", |n, a| format!("<|tool_call>call:{n}{{{}}}<tool_call|>", gemma(a, "<|\"|>"))),
        "<tool_call|>",
    ),
    format(
        "lfm2",
        |calls| {
            format!(
                "<|tool_call_start|>[{}]<|tool_call_end|>",
                each(calls, ", ", |n, a| format!("{n}({})", keywords(a)))
            )
        },
        "<|tool_call_end|>",
    ),
    alone("llama 4", |calls| format!("[{}]", each(calls, ", ", |n, a| format!("{n}({})", keywords(a))))),
    format(
        "llama 4 tag",
        |calls| {
            format!("<|python_start|>[{}]<|python_end|>", each(calls, ", ", |n, a| format!("{n}({})", keywords(a))))
        },
        "<|python_end|>",
    ),
    format(
        "olmo",
        |calls| {
            format!(
                "<function_calls>\n{}\n</function_calls>",
                each(calls, "\n", |n, a| format!("{n}({})", keywords(a)))
            )
        },
        "\n</function_calls>",
    ),
    format(
        "gemma 3",
        |calls| format!("```tool_code\n{}\n```", each(calls, "\n", |n, a| format!("print({n}({}))", keywords(a)))),
        "\n```",
    ),
    format("calling", |calls| each(calls, "\n", |n, a| format!("[Calling tool: {n}({a})]")), ""),
    format("tool call", |calls| each(calls, "\n", |n, a| format!("[Tool call: {n}] {a}")), ""),
    format("bracket", |calls| each(calls, "\n", |n, a| format!("[tool]{n}[/tool]{a}")), ""),
    format(
        "bracket json",
        |calls| each(calls, "\n", |n, a| format!("[TOOL_CALL]{}[/TOOL_CALL]", object(n, a, "args"))),
        "[/TOOL_CALL]",
    ),
];

/// Formats that say one thing, and then imagine the answer.
pub(crate) const LAST: &[Format] = &[
    format(
        "react",
        |calls| each(first(calls), "", |n, a| format!("Action: {n}\nAction Input: {a}\nObservation: none")),
        "\nObservation: none",
    ),
    format(
        "qwen agent",
        |calls| each(first(calls), "", |n, a| format!("✿FUNCTION✿: {n}\n✿ARGS✿: {a}\n✿RESULT✿")),
        "\n✿RESULT✿",
    ),
];

//! The patterns that ship. For most of them there is a family that does better; they are for those who come from a gateway
//! that had them.

use super::Pattern;

/// One of them.
#[derive(Debug)]
pub(super) struct Default {
    name: &'static str,
    priority: i64,
    regex: &'static str,
    group: Option<usize>,
    json_path: Option<&'static str>,
    names: &'static [(&'static str, &'static str)],
    parameters: &'static [(&'static str, &'static str)],
}

const JSON: Default =
    Default { name: "", priority: 0, regex: "", group: None, json_path: Some("name"), names: &[], parameters: &[] };

pub(super) static DEFAULTS: &[Default] = &[
    Default { name: "fence_json", priority: 100, regex: r"```(?:json)?\s*(\{.*?\})\s*```", ..JSON },
    Default {
        name: "inline_json",
        priority: 90,
        regex: r#"(\{\s*"name"\s*:\s*"[^"]+"\s*,\s*"(?:arguments|parameters)"\s*:\s*\{.*?\}\s*\})"#,
        ..JSON
    },
    Default {
        name: "tool_call_bare_param",
        priority: 87,
        regex: r"<tool_call>\s*([\w.-]+)\s*<parameter=.*?(?:</tool_call>|$)",
        group: Some(1),
        json_path: None,
        ..JSON
    },
    Default {
        name: "tool_call_nested_xml",
        priority: 86,
        regex: r"<tool_call>\s*<function=([\w.-]+)>.*?(?:</tool_call>|$)",
        group: Some(1),
        json_path: None,
        ..JSON
    },
    Default { name: "tool_call_alt", priority: 85, regex: r"\[TOOL_CALL\]\s*(\{.*?\})\s*\[/TOOL_CALL\]", ..JSON },
    Default { name: "tool_use", priority: 80, regex: r"<tool_use>\s*(\{.*?\})\s*</tool_use>", ..JSON },
    Default { name: "tool_code", priority: 80, regex: r"<tool_code>\s*(\{.*?\})\s*</tool_code>", ..JSON },
    Default { name: "tool_call", priority: 80, regex: r"<tool_call>\s*(\{.*?\})\s*</tool_call>", ..JSON },
    Default {
        name: "bracket_tool",
        priority: 70,
        regex: r"\[tool\]\s*([\w.-]+)\s*\[/tool\]\s*(\{.*?\})(?:\s|$)",
        group: Some(1),
        json_path: None,
        ..JSON
    },
    Default {
        name: "action",
        priority: 60,
        regex: r"\[(searching|reading|running|executing|listing|fetching)\s+(?:for\s+)?([^\]]+)\]",
        group: Some(1),
        json_path: None,
        names: &[
            ("searching", "search"),
            ("reading", "read"),
            ("running", "bash"),
            ("executing", "bash"),
            ("listing", "list"),
            ("fetching", "fetch"),
        ],
        parameters: &[("2", "query")],
    },
];

impl Default {
    pub(super) fn pattern(&self) -> Pattern {
        let owned = |pairs: &[(&str, &str)]| pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Pattern {
            name: self.name.to_owned(),
            priority: self.priority,
            regex: self.regex.to_owned(),
            tool_name: None,
            tool_name_group: self.group,
            tool_name_json_path: self.json_path.map(str::to_owned),
            tool_name_mapping: owned(self.names),
            parameter_mapping: owned(self.parameters),
            enabled: true,
        }
    }
}

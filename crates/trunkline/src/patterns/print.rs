//! Patterns, and what became of them, for a person or for a program.

use std::io::{self, Write};

use serde_json::{Map, Value, json};
use trunkline_wire::filter::{Matched, Pattern, Tried};

use super::Outcome;

/// One line for each, in the order in which they are tried.
pub(super) fn list(patterns: &[Pattern], out: &mut impl Write) -> io::Result<()> {
    let width = patterns.iter().map(|pattern| pattern.name.chars().count()).max().unwrap_or_default();
    for Pattern { name, priority, regex, enabled, .. } in patterns {
        let state = if *enabled { "on " } else { "off" };
        writeln!(out, "{name:width$}  {priority:>5}  {state}  {}", printable(regex))?;
    }
    if patterns.is_empty() {
        writeln!(out, "no patterns; `--defaults` shows those that ship")?;
    }
    Ok(())
}

/// The same as a list in JSON.
pub(super) fn list_json(patterns: &[Pattern], out: &mut impl Write) -> io::Result<()> {
    let names = |pairs: &[(String, String)]| -> Map<String, Value> {
        pairs.iter().map(|(from, to)| (from.clone(), to.as_str().into())).collect()
    };
    let as_value = |pattern: &Pattern| {
        json!({
            "name": pattern.name,
            "regex": pattern.regex,
            "priority": pattern.priority,
            "tool_name": pattern.tool_name,
            "tool_name_group": pattern.tool_name_group,
            "tool_name_json_path": pattern.tool_name_json_path,
            "tool_name_mapping": names(&pattern.tool_name_mapping),
            "parameter_mapping": names(&pattern.parameter_mapping),
            "enabled": pattern.enabled,
        })
    };
    writeln!(out, "{}", Value::from(patterns.iter().map(as_value).collect::<Vec<_>>()))
}

/// The calls; then each pattern, and why it made none.
pub(super) fn outcome(outcome: &Outcome, text: &str, out: &mut impl Write) -> io::Result<()> {
    for Matched { pattern, range, tool, arguments } in &outcome.searched.calls {
        let found = text.get(range.clone()).unwrap_or_default();
        writeln!(out, "{tool} {}", Value::Object(arguments.clone()))?;
        writeln!(out, "  by {pattern}, from \"{}\"", shortened(found))?;
    }
    if outcome.searched.calls.is_empty() {
        writeln!(out, "no calls")?;
    }
    if let Some(made) = &outcome.made {
        writeln!(out, "with these tools a client gets:")?;
        made.calls.iter().try_for_each(|(tool, arguments)| writeln!(out, "  {tool} {arguments}"))?;
        if made.calls.is_empty() {
            writeln!(out, "  no calls: none of them names a tool that is offered")?;
        }
        made.repairs.iter().try_for_each(|repair| writeln!(out, "  {repair}"))?;
    }
    for tried in &outcome.searched.tried {
        writeln!(out, "{}: {}", tried.pattern, said(tried))?;
    }
    outcome.off.iter().try_for_each(|name| writeln!(out, "{name}: switched off"))
}

/// Characters of a text that are shown.
const SHOWN_MAX: usize = 60;

fn shortened(text: &str) -> String {
    let shown: String = text.chars().take(SHOWN_MAX).collect();
    let more = if shown.len() < text.len() { "..." } else { "" };
    format!("{}{more}", printable(&shown))
}

/// In one line.
fn printable(text: &str) -> String {
    let shown = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(shown).collect()
}

fn said(tried: &Tried) -> String {
    let before = || tried.behind.as_ref().map(|other| format!("what it matches, `{other}` has taken before it"));
    let nameless = || (tried.nameless > 0).then(|| format!("{} matches that name no tool", tried.nameless));
    match tried.calls {
        0 => nameless().or_else(before).unwrap_or_else(|| "no match".to_owned()),
        1 => "1 call".to_owned(),
        calls => format!("{calls} calls"),
    }
}

/// The same as one object in JSON.
pub(super) fn outcome_json(outcome: &Outcome, out: &mut impl Write) -> io::Result<()> {
    let call = |call: &Matched| {
        json!({
            "tool": call.tool,
            "arguments": call.arguments,
            "pattern": call.pattern,
            "from": call.range.start,
            "to": call.range.end,
        })
    };
    let tried = |tried: &Tried| json!({ "pattern": tried.pattern, "calls": tried.calls, "said": said(tried) });
    let off = |name: &String| json!({ "pattern": name, "calls": 0, "said": "switched off" });
    let made = outcome.made.as_ref().map(|made| {
        let calls = made.calls.iter().map(|(tool, arguments)| json!({ "tool": tool, "arguments": arguments }));
        json!({ "calls": calls.collect::<Vec<_>>(), "repairs": made.repairs })
    });
    let calls: Vec<_> = outcome.searched.calls.iter().map(call).collect();
    let patterns: Vec<_> = outcome.searched.tried.iter().map(tried).chain(outcome.off.iter().map(off)).collect();
    writeln!(out, "{}", json!({ "calls": calls, "client_gets": made, "patterns": patterns }))
}

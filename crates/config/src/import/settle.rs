//! Makes a draft a document that passes the check.

use toml::{Table, Value};

use super::draft::{Draft, Set};
use crate::env::{Env, references};
use crate::path::path;
use crate::problem::Problem;
use crate::settings::Overrides;

/// How often the check is asked again after something was taken out. Each pass leaves less to find.
const PASSES_MAX: usize = 4;

/// Settings that name other models.
const FALLBACKS: [&str; 3] = ["fallbacks", "context_fallbacks", "content_fallbacks"];

/// Switches off providers that name variables which are not set, drops fallbacks that lead nowhere and models without
/// targets, and then whatever the check still finds. Returns what it did, a line each.
///
/// Client keys and who may call are left as they are: what is wrong with those is for a person to mend.
pub(super) fn settle(draft: &mut Draft, env: &Env) -> Vec<String> {
    let mut notes = Vec::new();
    switch_off_unset(draft, env, &mut notes);
    for _ in 0..PASSES_MAX {
        drop_dangling(draft, &mut notes);
        let document = draft.write();
        let Err(problems) = crate::load(Some(("document", &document)), env, &Overrides::default(), &[]) else { break };
        for problem in &problems {
            mend(draft, problem, &mut notes);
        }
    }
    notes
}

fn switch_off_unset(draft: &mut Draft, env: &Env, notes: &mut Vec<String>) {
    for (name, section) in draft.providers.iter_mut().filter(|(_, section)| !is_off(section)) {
        if let Some(variable) = unset(&Value::Table(section.clone()), env) {
            section.set("enabled", false);
            notes.push(format!(
                "provider `{name}` is switched off: `${{{variable}}}` is not set here; set it and drop `enabled = false`"
            ));
        }
    }
}

fn is_off(section: &Table) -> bool {
    section.get("enabled") == Some(&Value::Boolean(false))
}

fn drop_dangling(draft: &mut Draft, notes: &mut Vec<String>) {
    draft.models.retain(|name, model| {
        if model.targets.is_empty() {
            notes.push(format!("model `{name}` is left out: nothing that could serve it is left"));
        }
        !model.targets.is_empty()
    });
    let names: Vec<String> = draft.models.keys().cloned().collect();
    for (name, model) in &mut draft.models {
        for key in FALLBACKS {
            let Some(Value::Array(fallbacks)) = model.settings.get_mut(key) else { continue };
            let before = fallbacks.len();
            let leads_on = |other: &str| other != name && names.iter().any(|it| it == other);
            fallbacks.retain(|other| other.as_str().is_some_and(leads_on));
            if fallbacks.len() < before {
                notes.push(format!("model `{name}`: fallbacks that are not in the document are left out"));
            }
            if fallbacks.is_empty() {
                model.settings.remove(key);
            }
        }
    }
}

/// Takes out what the check refuses: a provider first by switching it off, then by all it says.
fn mend(draft: &mut Draft, problem: &Problem, notes: &mut Vec<String>) {
    let is_in = |section: &str, name: &str| {
        let rest = problem.path.strip_prefix(&path(&[section, name]).to_string());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    let said = format!("{}: {}", problem.path, problem.message);
    if let Some((_, section)) = draft.providers.iter_mut().find(|(name, _)| is_in("providers", name)) {
        if is_off(section) {
            section.retain(|key, _| key == "type");
        }
        section.set("enabled", false);
        notes.push(format!("switched off, since {said}"));
    } else if let Some(name) = draft.models.keys().find(|name| is_in("models", name)).cloned() {
        draft.models.shift_remove(&name);
        notes.push(format!("left out, since {said}"));
    } else if let Some((section, key)) = problem.path.split_once('.').filter(|_| problem.path != "server.auth") {
        let removed = draft.sections.get_mut(section).and_then(|section| section.remove(key));
        if removed.is_some() {
            notes.push(format!("left out, since {said}"));
        }
    }
}

/// A variable that is named in it and not set.
fn unset(value: &Value, env: &Env) -> Option<String> {
    match value {
        Value::String(text) => references(text).find(|name| env.get(name).is_none()).map(str::to_owned),
        Value::Array(items) => items.iter().find_map(|item| unset(item, env)),
        Value::Table(table) => table.values().find_map(|value| unset(value, env)),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) => None,
    }
}

//! How models write calls when nobody parses them, as far as their names say.

/// Models of one maker, and the formats that they write calls in.
#[derive(Debug)]
pub struct ToolFormats {
    /// What their names hold, in lower case.
    names: &'static [&'static str],
    /// Families of formats, as [`trunkline_wire::filter::family_names`] has them; besides [`COMMON`].
    families: &'static [&'static str],
}

/// What any model may fall back to.
const COMMON: &[&str] = &["hermes", "fenced", "bare"];

/// Seen in the models' cards and chat templates (autumn 2026).
pub static ALL: &[ToolFormats] = &[
    ToolFormats {
        names: &["qwen", "qwq", "mimo", "nemotron", "seed-oss", "step-3"],
        families: &["qwen", "qwen_agent", "invoke", "bracket"],
    },
    ToolFormats { names: &["glm-", "glm4", "hunyuan"], families: &["glm"] },
    ToolFormats { names: &["minimax"], families: &["invoke", "glm"] },
    ToolFormats { names: &["deepseek"], families: &["deepseek", "invoke"] },
    ToolFormats { names: &["kimi", "moonshot"], families: &["kimi"] },
    ToolFormats { names: &["gpt-oss"], families: &["harmony"] },
    ToolFormats {
        names: &["mistral", "ministral", "mixtral", "magistral", "devstral", "codestral"],
        families: &["mistral"],
    },
    ToolFormats { names: &["llama"], families: &["llama", "pythonic", "qwen"] },
    ToolFormats { names: &["gemma"], families: &["gemma", "pythonic"] },
    ToolFormats { names: &["granite"], families: &["granite", "qwen"] },
    ToolFormats { names: &["internlm"], families: &["internlm"] },
    ToolFormats { names: &["command-r", "command-a", "c4ai"], families: &["cohere"] },
    ToolFormats { names: &["lfm2", "olmo"], families: &["pythonic"] },
];

impl ToolFormats {
    /// Whether a family of formats is looked for in these models' answers.
    pub fn has(&self, family: &str) -> bool {
        self.families.contains(&family) || COMMON.contains(&family)
    }
}

/// Where in [`ALL`] a model's formats stand; `None` when its name says nothing, or too much: a model that one maker has
/// taught what another's wrote may write as either.
pub fn place(model: &str) -> Option<usize> {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    let fits = |formats: &ToolFormats| formats.names.iter().any(|part| name.contains(part));
    let mut places = ALL.iter().enumerate().filter(|(_, formats)| fits(formats)).map(|(place, _)| place);
    let first = places.next();
    first.filter(|_| places.next().is_none())
}

#[cfg(test)]
mod tests {
    use trunkline_wire::filter::family_names;

    use super::*;

    #[test]
    fn every_family_is_known_to_the_filter() {
        let known = family_names();
        for family in ALL.iter().flat_map(|formats| formats.families).chain(COMMON) {
            assert!(known.contains(family), "{family}");
        }
    }

    #[test]
    fn a_name_tells_the_formats_when_it_is_one_makers() {
        for (model, family) in [
            ("Qwen/Qwen3-Coder-30B-A3B-Instruct", Some("qwen")),
            ("zai-org/GLM-4.6", Some("glm")),
            ("deepseek-ai/DeepSeek-V3.1", Some("deepseek")),
            ("mistralai/Mistral-Small-3.2", Some("mistral")),
            ("openai/gpt-oss-120b", Some("harmony")),
            ("gemma3:27b", Some("gemma")),
            ("deepseek-ai/DeepSeek-R1-Distill-Qwen-7B", None),
            ("NousResearch/Hermes-3-Llama-3.1-8B", Some("llama")),
            ("gpt-4o", None),
            ("my-model", None),
        ] {
            let formats = place(model).and_then(|place| ALL.get(place));
            assert_eq!(formats.is_some(), family.is_some(), "{model}");
            assert!(formats.is_none_or(|formats| family.is_none_or(|family| formats.has(family))), "{model}");
        }
    }
}

//! The files of model-proxy v2 as somebody has them at hand: a bundle that it exported, or single files and a `.env`.

use serde_json::Value;
use trunkline_config::import::SourceFile;

/// What was handed over.
pub(super) struct Opened {
    /// As they are in a `config` folder.
    pub(super) files: Vec<SourceFile>,
    /// Variables and what they are set to.
    pub(super) variables: Vec<(String, String)>,
}

/// Takes bundles apart, finds out what single files are, and reads variables.
pub(super) fn open(files: Vec<SourceFile>) -> Opened {
    let mut opened = Opened { files: Vec::new(), variables: Vec::new() };
    for file in files {
        let tree = file.text.as_ref().ok().and_then(|text| serde_json::from_str::<Value>(text).ok());
        match tree {
            Some(tree) if tree["setup"].is_object() => opened.take_apart(&tree["setup"]),
            Some(tree) => opened.files.push(SourceFile { name: place(&file.name, &tree), ..file }),
            None if is_env(&file.name) => opened.variables.extend(file.text.iter().flat_map(|text| variables(text))),
            None => opened.files.push(file),
        }
    }
    opened
}

impl Opened {
    fn take_apart(&mut self, setup: &Value) {
        for (folder, name) in [("providers", "name"), ("models", "logical_name"), ("audio_models", "logical_name")] {
            for (index, item) in setup[folder].as_array().into_iter().flatten().enumerate() {
                let name = item[name].as_str().map_or_else(|| index.to_string(), str::to_owned);
                let name = format!("{}/{name}.json", folder.replace('_', "-"));
                self.files.push(SourceFile { name, text: Ok(item.to_string()) });
            }
        }
        let set = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let environment = setup["environment"].as_object().into_iter().flatten();
        self.variables.extend(environment.filter_map(|(name, value)| Some(set((name, value.as_str()?)))));
        let keys = setup["api_keys"].as_object().into_iter().flat_map(|keys| keys.values());
        let keys = keys.filter_map(Value::as_array).flatten();
        self.variables.extend(keys.filter_map(|key| Some(set((key["env_var"].as_str()?, key["value"].as_str()?)))));
    }
}

/// Where in a `config` folder a file belongs that came without one, by what it says.
fn place(name: &str, tree: &Value) -> String {
    if name.contains('/') {
        // Browsers and archives put more before it.
        let folders = ["/providers/", "/models/", "/audio-models/"];
        let at = folders.iter().filter_map(|folder| name.rfind(folder)).max();
        return at.and_then(|at| name.get(at + 1..)).unwrap_or(name).to_owned();
    }
    let folder =
        if tree.get("model_routings").is_some() || tree.get("logical_name").is_some() { "models" } else { "providers" };
    format!("{folder}/{name}")
}

fn is_env(name: &str) -> bool {
    name == ".env" || name.ends_with(".env") || name.starts_with(".env")
}

/// The lines of a `.env`.
fn variables(text: &str) -> Vec<(String, String)> {
    let variable = |line: &str| {
        let line = line.trim();
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        let value = value.trim();
        let quoted = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
        (!line.starts_with('#')).then(|| (name.trim().to_owned(), quoted.unwrap_or(value).to_owned()))
    };
    text.lines().filter_map(variable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, text: &str) -> SourceFile {
        SourceFile { name: name.to_owned(), text: Ok(text.to_owned()) }
    }

    #[test]
    fn what_is_at_hand_becomes_a_folder() {
        let bundle = r#"{"version": 1, "setup": {"providers": [{"name": "groq"}], "models": [{"logical_name": "turbo"}],
            "environment": {"PORT": "1"}, "api_keys": {"groq": [{"env_var": "GROQ_API_KEY_1", "value": "k"}]}}}"#;
        let opened = open(vec![
            file("bundle.json", bundle),
            file("slow.json", r#"{"model_routings": []}"#),
            file("openai.json", r#"{"endpoints": {}}"#),
            file("home/config/models/x.json", "{}"),
            file("models/bad.json", "{"),
            file(".env", "# no\nexport A = 'b'\nC=\"d=e\"\n"),
        ]);
        let names: Vec<_> = opened.files.iter().map(|file| file.name.as_str()).collect();
        let expected = [
            "providers/groq.json",
            "models/turbo.json",
            "models/slow.json",
            "providers/openai.json",
            "models/x.json",
            "models/bad.json",
        ];
        assert_eq!(names, expected);
        let variables: Vec<_> = opened.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(variables, [("PORT", "1"), ("GROQ_API_KEY_1", "k"), ("A", "b"), ("C", "d=e")]);
    }
}

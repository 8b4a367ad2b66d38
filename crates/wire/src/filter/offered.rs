//! The tools that a request offers, as filters look them up.

use std::sync::OnceLock;

use crate::ir::{Request, ToolChoice, ToolKind};

mod schema;

pub(crate) use schema::{Kind, Schema};

/// The tools that a model was offered, by name.
#[derive(Debug)]
pub struct Offered {
    tools: Vec<Tool>,
    /// Whether more than one may be called in an answer.
    pub parallel: bool,
}

/// One tool.
#[derive(Debug)]
pub(crate) struct Tool {
    pub(crate) name: String,
    /// Whether it takes plain text in place of JSON.
    pub(crate) custom: bool,
    parameters: Option<String>,
    schema: OnceLock<Option<Schema>>,
}

impl Tool {
    /// What its arguments must be; read when first asked for. `None` when it says nothing of use.
    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.schema.get_or_init(|| Schema::parse(self.parameters.as_deref()?)).as_ref()
    }
}

impl Default for Offered {
    /// No tools yet; as many calls as the model likes.
    fn default() -> Self {
        Self { tools: Vec::new(), parallel: true }
    }
}

impl Offered {
    /// The tools of a request that an answer may call; `None` when it may call none.
    pub fn of(request: &Request) -> Option<Self> {
        let allowed = |name: &str| match &request.tool_choice {
            Some(ToolChoice::None) => false,
            Some(ToolChoice::Allowed { names, .. }) => names.iter().any(|allowed| allowed == name),
            Some(ToolChoice::Auto | ToolChoice::Required | ToolChoice::Named { .. }) | None => true,
        };
        let mut offered = Self { tools: Vec::new(), parallel: request.parallel_tool_calls != Some(false) };
        for tool in &request.tools {
            match &tool.kind {
                ToolKind::Function { name, parameters, .. } if allowed(name) => {
                    offered.add(name, parameters.as_deref().map(|raw| raw.get()));
                }
                ToolKind::Custom { name, .. } if allowed(name) => offered.add_custom(name),
                ToolKind::Function { .. } | ToolKind::Custom { .. } | ToolKind::Hosted { .. } => {}
            }
        }
        (!offered.tools.is_empty()).then_some(offered)
    }

    /// One more tool, with its JSON schema.
    pub fn add(&mut self, name: &str, schema: Option<&str>) {
        self.put(name, schema, false);
    }

    /// One more tool, which takes plain text.
    pub fn add_custom(&mut self, name: &str) {
        self.put(name, None, true);
    }

    fn put(&mut self, name: &str, schema: Option<&str>, custom: bool) {
        let parameters = schema.map(str::to_owned);
        self.tools.push(Tool { name: name.to_owned(), custom, parameters, schema: OnceLock::new() });
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Tool> {
        self.tools.get(place)
    }

    /// The tool of this name: as it is, without a namespace, or but for case and separators when only one is like it.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        let is = |wanted: &str| self.tools.iter().position(|tool| tool.name == wanted);
        is(name).or_else(|| is(bare(name))).or_else(|| self.alike(bare(name)))
    }

    fn alike(&self, name: &str) -> Option<usize> {
        let mut like = self.tools.iter().enumerate().filter(|(_, tool)| folded(&tool.name).eq(folded(name)));
        let (place, _) = like.next()?;
        like.next().is_none().then_some(place)
    }
}

/// A name without `functions.` and the number that Kimi puts behind it.
fn bare(name: &str) -> &str {
    let name = ["functions.", "function.", "tools.", "default_api."]
        .into_iter()
        .find_map(|space| name.strip_prefix(space))
        .unwrap_or(name);
    match name.rsplit_once(':') {
        Some((before, number)) if !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) => before,
        Some(_) | None => name,
    }
}

/// A name as it is compared when case and separators do not matter.
pub(crate) fn folded(name: &str) -> impl Iterator<Item = char> + '_ {
    name.chars().filter(|c| !matches!(c, '_' | '-' | ' ' | '.')).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_as_it_is_or_when_only_one_is_like_it() {
        let mut offered = Offered::default();
        for name in ["get_weather", "Read", "read_file", "readFile"] {
            offered.add(name, None);
        }
        let find = |name| offered.find(name);
        assert_eq!(find("get_weather"), Some(0));
        assert_eq!(find("functions.get_weather:3"), Some(0));
        assert_eq!(find("GetWeather"), Some(0));
        assert_eq!(find("read"), Some(1));
        assert_eq!(find("readfile"), None, "two are like it");
        assert_eq!(find("write"), None);
    }
}

//! `[[patterns]]` and `default_patterns`

use std::collections::HashSet;
use std::sync::Arc;

use trunkline_wire::filter::{PATTERNS_MAX, Pattern, PatternError, Patterns, default_patterns};

use super::Resolver;
use crate::file::PatternSection;
use crate::path::{Path, path};

impl Resolver<'_, '_> {
    /// All patterns, compiled. Those of the document stand in the place of defaults of their name.
    pub(super) fn compiled_patterns(&mut self) -> Arc<Patterns> {
        let file = self.file;
        let all = path(&["patterns"]);
        let mut names = HashSet::new();
        for (index, section) in file.patterns.iter().enumerate() {
            let at = all.index(index).key("name");
            if section.name.trim().is_empty() || section.name.contains(char::is_control) {
                self.findings.at(&at, format!("{:?} cannot be a pattern's name", section.name), None);
            } else if !names.insert(section.name.as_str()) {
                self.findings.at(&at, format!("another pattern is called `{}`", section.name), None);
            }
        }
        let defaults = default_patterns().into_iter().filter(|_| file.default_patterns);
        let patterns: Vec<Pattern> = file
            .patterns
            .iter()
            .map(PatternSection::pattern)
            .chain(defaults.filter(|default| !names.contains(default.name.as_str())))
            .collect();
        let (patterns, errors) = Patterns::check(&patterns);
        for (index, error) in errors {
            self.wrong_pattern(&all, index, &error);
        }
        Arc::new(patterns)
    }

    fn wrong_pattern(&mut self, all: &Path, index: usize, error: &PatternError) {
        let at = all.index(index);
        let place = match error {
            PatternError::Regex(_) | PatternError::Empty => at.key("regex"),
            PatternError::NameGroup(_) => at.key("tool_name_group"),
            PatternError::ParameterGroup(key) => {
                let at = at.key("parameter_mapping").key(key);
                return self.findings.at_key(&at, error.to_string(), None);
            }
            PatternError::NoName => at,
            PatternError::TooMany => {
                let hint = format!("the most is {PATTERNS_MAX}, the defaults among them where they are asked for");
                return self.findings.at(all, error.to_string(), Some(hint));
            }
        };
        self.findings.at(&place, error.to_string(), None);
    }
}

//! What is done to a model's answers: what the document says of it.

use trunkline_wire::filter::{Mode, family_names};

use super::Resolver;
use crate::file::{ModelSection, ProviderModelSection, RepairMode, ToolFormat};
use crate::nearest;
use crate::path::Path;
use crate::snapshot::StatedRepair;

impl Resolver<'_, '_> {
    /// Notes formats that nobody knows.
    pub(super) fn check_tool_format(&mut self, stated: Option<&ToolFormat>, at: &Path) {
        let names = stated.map(|format| format.0.as_slice()).unwrap_or_default();
        let mut known = family_names();
        if names.len() < 2 {
            known.push(ToolFormat::AUTO);
        }
        for (index, name) in names.iter().enumerate().filter(|(_, name)| !known.contains(&name.as_str())) {
            let inner = at.index(index);
            let at = if self.findings.quote(&inner).is_empty() { at } else { &inner };
            self.findings.at(at, format!("the format {name:?} is not known here"), nearest::hint(name, &known));
        }
    }
}

/// What `[models.NAME]` says.
pub(super) fn of_model(section: &ModelSection) -> StatedRepair {
    stated(section.repair, section.tool_format.as_ref(), section.show_reasoning)
}

/// What `[providers.NAME.models."ID"]` says.
pub(super) fn of_providers_model(section: &ProviderModelSection) -> StatedRepair {
    stated(section.repair, section.tool_format.as_ref(), section.show_reasoning)
}

fn stated(mode: Option<RepairMode>, format: Option<&ToolFormat>, show_reasoning: Option<bool>) -> StatedRepair {
    let named = |format: &&ToolFormat| !format.0.iter().any(|name| name == ToolFormat::AUTO);
    StatedRepair {
        mode: mode.map(|mode| match mode {
            RepairMode::Off => Mode::Off,
            RepairMode::Mend => Mode::Mend,
            RepairMode::Strict => Mode::Strict,
        }),
        families: format.filter(named).map(|format| format.0.clone()),
        show_reasoning,
    }
}

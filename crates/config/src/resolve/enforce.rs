//! `[enforce_tool_call]`, and the same for one model.

use std::sync::Arc;
use std::time::Duration;

use trunkline_wire::filter::Demand;

use super::Resolver;
use crate::file::{EmptyResponsePolicy, EnforceSection};
use crate::path::{Path, path};
use crate::settings::table;
use crate::snapshot::{CHUNK_DELAY_MAX, Enforcement};

/// What a model writes when it is done, unless it is stated.
const FLAG: &str = "[TASK_COMPLETE]";

/// How often an answer is asked for again, unless that is stated.
const RETRIES: u32 = 10;

impl Resolver<'_, '_> {
    /// For all models that say nothing of their own.
    pub(super) fn enforcement(&mut self) -> Arc<Enforcement> {
        let unsaid = Enforcement {
            enabled: false,
            demand: Demand { flag: Some(FLAG.into()), guidance: None, empty_passes: false },
            retries: RETRIES,
            chunk_delay: Duration::ZERO,
        };
        let mut all = self.overlaid(&unsaid, &self.file.enforce_tool_call, &path(&["enforce_tool_call"]));
        for (setting, variable) in table::ENFORCE_TOOL_CALL {
            self.layers().text(variable, None, |text| all.set(*setting, text));
        }
        Arc::new(all)
    }

    /// For one model.
    pub(super) fn enforcement_of(&mut self, stated: &EnforceSection, all: &Enforcement, at: &Path) -> Arc<Enforcement> {
        Arc::new(self.overlaid(all, stated, &at.key("enforce_tool_call")))
    }

    fn overlaid(&mut self, under: &Enforcement, stated: &EnforceSection, at: &Path) -> Enforcement {
        let EnforceSection { enabled, termination_flag, max_retries, guidance, stream_chunk_delay, .. } = stated;
        let chunk_delay = stream_chunk_delay.map_or(under.chunk_delay, |delay| delay.duration());
        if chunk_delay > CHUNK_DELAY_MAX {
            self.findings.at(&at.key("stream_chunk_delay"), "is more than `10s`", None);
        }
        let flag = termination_flag.as_ref().map(|flag| (!flag.is_empty()).then(|| flag.as_str().into()));
        Enforcement {
            enabled: enabled.unwrap_or(under.enabled),
            demand: Demand {
                flag: flag.unwrap_or_else(|| under.demand.flag.clone()),
                guidance: guidance.as_deref().map(Arc::from).or_else(|| under.demand.guidance.clone()),
                empty_passes: match stated.empty_response_policy {
                    Some(EmptyResponsePolicy::Strict) => false,
                    Some(EmptyResponsePolicy::Lenient) => true,
                    None => under.demand.empty_passes,
                },
            },
            retries: max_retries.unwrap_or(under.retries),
            chunk_delay,
        }
    }
}

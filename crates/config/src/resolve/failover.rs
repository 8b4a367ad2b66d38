//! `[failover]`, and what providers say about their errors.

use indexmap::IndexMap;

use super::Resolver;
use crate::file::{self, ErrorAction};
use crate::nearest;
use crate::path::{Path, path};
use crate::settings::table;
use crate::snapshot::{CircuitLimits, ErrorCase, Failover, UPSTREAM_KINDS, WhenResting};

impl Resolver<'_, '_> {
    pub(super) fn failover(&mut self) -> Failover {
        let stated = &self.file.failover;
        let key_cycles = self.layers().number(&table::KEY_CYCLES, 1..=u64::MAX).and_then(|it| u32::try_from(it).ok());
        let (backoff, backoff_max) = (stated.backoff.duration(), stated.backoff_max.duration());
        if backoff > backoff_max {
            self.findings.at(&path(&["failover", "backoff"]), "is more than `backoff_max`", None);
        }
        Failover {
            retries: stated.retries,
            key_cycles: key_cycles.unwrap_or(stated.key_cycles).min(table::KEY_CYCLES_MAX),
            backoff,
            backoff_max,
            when_resting: match stated.when_resting {
                file::WhenResting::Fail => WhenResting::Fail,
                file::WhenResting::Try => WhenResting::Try,
                file::WhenResting::Wait => WhenResting::Wait(stated.wait.duration()),
            },
            circuit: CircuitLimits {
                failures: stated.circuit_failures,
                window: stated.circuit_window.duration(),
                open: stated.circuit_open.duration(),
                slow_start: stated.slow_start.duration(),
            },
            queue: self.queue(),
        }
    }

    pub(super) fn errors(
        &mut self,
        stated: &IndexMap<String, ErrorAction>,
        at: &Path,
    ) -> Vec<(ErrorCase, ErrorAction)> {
        let mut errors = Vec::with_capacity(stated.len());
        for (text, action) in stated {
            match ErrorCase::parse(text) {
                Some(case) => errors.push((case, *action)),
                None => {
                    let kinds: Vec<&str> = UPSTREAM_KINDS.iter().map(|kind| kind.as_str()).collect();
                    let hint = format!("write a status such as `429`, `4xx`, `5xx`, or {}", nearest::list(&kinds));
                    let message = format!("{text:?} is no status and no kind of error");
                    self.findings.at_key(&at.key(text), message, Some(hint));
                }
            }
        }
        errors
    }
}

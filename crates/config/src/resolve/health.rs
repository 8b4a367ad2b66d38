//! How providers are asked whether they are well, and where requests wait.

use trunkline_providers::Vendor;

use super::Resolver;
use crate::file::HealthSection;
use crate::path::{Path, path};
use crate::snapshot::{HealthCheck, QueueLimits};

impl Resolver<'_, '_> {
    pub(super) fn queue(&mut self) -> QueueLimits {
        let stated = &self.file.queue;
        let (wait_max, spill_after) = (stated.wait_max.duration(), stated.spill_after.duration());
        if spill_after > wait_max {
            self.findings.at(&path(&["queue", "spill_after"]), "is more than `wait_max`", None);
        }
        QueueLimits {
            waiting_max: stated.waiting_max,
            wait_max,
            spill_after,
            keepalive_after: stated.keepalive_after.duration(),
        }
    }

    pub(super) fn health(&mut self, stated: &HealthSection, vendor: &Vendor, at: &Path) -> Option<HealthCheck> {
        if vendor.adapter.is_some() {
            self.findings.at(at, format!("`{}` is built in and always well", vendor.id), None);
            return None;
        }
        let from_root = |path: &str| path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
        if stated.path.as_deref().is_some_and(|path| !from_root(path)) {
            let hint = "write it from the root of the host, such as `/health`".to_owned();
            self.findings.at(&at.key("path"), "is no path", Some(hint));
        }
        for (index, status) in stated.status.iter().enumerate() {
            if !(100..600).contains(status) {
                self.findings.at(&at.key("status").index(index), "is no status", None);
            }
        }
        Some(HealthCheck {
            interval: stated.interval.duration(),
            timeout: stated.timeout.duration(),
            path: stated.path.clone(),
            statuses: stated.status.clone(),
            contains: stated.contains.clone(),
            cold_is_well: stated.cold_is_well,
            unhealthy_after: stated.unhealthy_after,
            healthy_after: stated.healthy_after,
        })
    }
}

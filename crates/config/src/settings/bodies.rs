//! What of requests and answers is kept, and what is taken out of it before.

use std::sync::Arc;
use std::time::Duration;

use trunkline_wire::redact::{REDACT_RULES_MAX, Redactions, Redactor, RuleError};

use crate::file::BodiesSection;
use crate::findings::Findings;
use crate::path::path;

/// What of requests and answers is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bodies {
    /// Of a million requests, those whose bodies are kept.
    pub sample_ppm: u32,
    /// Whether those of all requests that fail are.
    pub failed: bool,
    /// How long.
    pub keep: Duration,
    /// Bytes that all of them may take in the database.
    pub keep_bytes: u64,
    /// Bytes that are kept of one.
    pub body_bytes_max: usize,
    /// What takes secrets out of them.
    pub redactor: Arc<Redactor>,
}

impl Bodies {
    /// Whether any are kept at all.
    pub fn are_kept(&self) -> bool {
        self.sample_ppm > 0 || self.failed
    }
}

pub(super) fn settle(section: &BodiesSection, found: &mut Findings<'_>) -> Bodies {
    Bodies {
        // The document's check has seen that it is a share; one that is not zero must not become it.
        sample_ppm: (section.sample.clamp(0.0, 1.0) * 1e6).ceil() as u32,
        failed: section.failed,
        keep: section.keep.duration(),
        keep_bytes: section.keep_bytes.bytes(),
        body_bytes_max: usize::try_from(section.body_bytes_max.bytes()).unwrap_or(usize::MAX),
        redactor: Arc::new(redactor(section, found)),
    }
}

fn redactor(section: &BodiesSection, found: &mut Findings<'_>) -> Redactor {
    let own = section.redact.clone();
    let wanted = Redactions { credentials: section.redact_credentials, emails: section.redact_emails, own };
    match Redactor::new(wanted) {
        Ok(redactor) => redactor,
        Err(wrong) => {
            let all = path(&["ledger", "bodies", "redact"]);
            for (index, error) in wrong {
                if error == RuleError::TooMany {
                    found.at(&all, error.to_string(), Some(format!("the most is {REDACT_RULES_MAX}")));
                    break;
                }
                found.at(&all.index(index), error.to_string(), None);
            }
            // The document is refused.
            Redactor::default()
        }
    }
}

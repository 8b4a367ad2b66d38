//! Another gateway's configuration as a document, from what somebody has handed over.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use trunkline_admin::{DocumentProblem, ForeignDocument, TakenOver};
use trunkline_config::import::{Finding, Imported, SourceFile, Verdict, litellm, model_proxy};
use trunkline_config::{Env, literal};

use super::{bundle, failed};
use crate::import::from_database;

pub(super) async fn take_over(from: ForeignDocument, env: &Env, folder: &Path) -> Result<TakenOver, DocumentProblem> {
    let Imported { document, report } = match from {
        ForeignDocument::ModelProxy(files) => of_model_proxy(files, env),
        ForeignDocument::Litellm(file) => litellm(&file, env),
        ForeignDocument::ServerlessProxy(bytes) => {
            let file = Laid::down(folder, &bytes).map_err(failed)?;
            from_database(&file.0, env).await.map_err(failed)?
        }
    };
    Ok(TakenOver { text: document, report })
}

/// Keys that came along are put where they are named: this process was not started with them.
fn of_model_proxy(files: Vec<SourceFile>, env: &Env) -> Imported {
    let bundle::Opened { files, variables } = bundle::open(files);
    let mut imported = model_proxy(&files, &env.with(&variables));
    for (name, value) in variables.iter().filter(|(name, _)| env.get(name).is_none()) {
        let named = format!("${{{name}}}");
        if imported.document.contains(&named) {
            imported.document = imported.document.replace(&named, &literal(value));
            imported.report.findings.push(Finding {
                path: format!(".env: {name}"),
                verdict: Verdict::Approximate,
                note: "this process was not started with it: what it is set to stands in the document".into(),
            });
        }
    }
    imported
}

/// A file that is gone when this is: it may hold keys.
struct Laid(PathBuf);

impl Laid {
    fn down(folder: &Path, bytes: &[u8]) -> std::io::Result<Self> {
        let mut id = [0; 8];
        getrandom::fill(&mut id).map_err(std::io::Error::other)?;
        let laid = Self(folder.join(format!("import-{:016x}.db", u64::from_ne_bytes(id))));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&laid.0)?;
        file.write_all(bytes)?;
        Ok(laid)
    }
}

impl Drop for Laid {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "a file that was imported could not be removed");
        }
    }
}

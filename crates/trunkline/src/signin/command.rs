//! `trunkline admin`: passwords from the command line. A process that serves asks for them from then on.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use thiserror::Error;
use trunkline_admin::make_password;
use trunkline_config::{Loaded, PASSWORD_CHARACTERS_MIN};
use trunkline_store::{AdminTable, StoreError};

use super::user;
use crate::cli::AdminCommand;
use crate::source::make_folder;

/// Longest line that is read as a password. Guards memory.
const LINE_BYTES_MAX: u64 = 1024;

/// Why no password was set.
#[derive(Debug, Error)]
pub(crate) enum AdminError {
    #[error("a password has {PASSWORD_CHARACTERS_MIN} characters at least, and {LINE_BYTES_MAX} bytes at most")]
    Length,
    #[error("the data folder {folder:?} cannot be made: {reason}; `--data-dir` sets another")]
    DataFolder { folder: PathBuf, reason: io::Error },
    #[error("the store cannot be used: {0}")]
    Store(#[from] StoreError),
    #[error("cannot read or print: {0}")]
    Terminal(#[from] io::Error),
}

/// Does what was asked.
///
/// # Errors
/// Whatever keeps it from being done.
pub(crate) async fn run(command: &AdminCommand, loaded: Loaded) -> Result<ExitCode, AdminError> {
    let AdminCommand::Password { role, stdin, .. } = command;
    let folder = &loaded.settings.data_dir;
    make_folder(folder).map_err(|reason| AdminError::DataFolder { folder: folder.clone(), reason })?;
    let password = if *stdin { read_line()? } else { make_password() };
    let role = role.role();
    AdminTable::at(loaded.settings.store_url.expose())?.put_user(&user(role, &password).await).await?;
    let name = role.as_str();
    if *stdin {
        writeln!(io::stderr(), "the role `{name}` has this password now; its sessions are over")?;
    } else {
        writeln!(io::stderr(), "the role `{name}` has this password now, shown this once; its sessions are over:")?;
        writeln!(io::stdout(), "{password}")?;
    }
    if loaded.settings.admin_password.is_some() {
        writeln!(
            io::stderr(),
            "`TRUNKLINE_ADMIN_PASSWORD` or `password` in `[admin]` will set its own at the next start"
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn read_line() -> Result<String, AdminError> {
    use io::{BufRead as _, Read as _};
    let mut line = String::new();
    io::stdin().lock().take(LINE_BYTES_MAX + 2).read_line(&mut line)?;
    let password = line.trim_end_matches(['\r', '\n']);
    let fits = password.chars().count() >= PASSWORD_CHARACTERS_MIN && password.len() as u64 <= LINE_BYTES_MAX;
    fits.then(|| password.to_owned()).ok_or(AdminError::Length)
}

//! A `config` folder of model-proxy v2, read whole.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;
use trunkline_config::import::SourceFile;

/// The folders whose files are configuration.
const FOLDERS: [&str; 3] = ["providers", "models", "audio-models"];

/// The name of the folder that holds them, when the one above it is given.
const CONFIG: &str = "config";

/// The longest file. Guards memory against a folder that is something else.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// The longest all files together may be, for the same reason.
const FOLDER_BYTES_MAX: usize = 64 << 20;

/// The most files in one folder, for the same reason.
const FILES_MAX: usize = 10_000;

/// A folder that is none of model-proxy v2.
#[derive(Debug, Error)]
pub(crate) enum FolderError {
    #[error("{path:?} holds neither `models` nor `providers`; give the `config` folder of model-proxy v2")]
    NotOne { path: PathBuf },
    #[error("{path:?} cannot be read: {reason}")]
    Unreadable { path: PathBuf, reason: io::Error },
    #[error("{path:?} holds more than {FILES_MAX} files")]
    TooMany { path: PathBuf },
}

/// The files in it, by name; a file that cannot be read says why.
///
/// # Errors
/// When it is not a `config` folder, or cannot be listed.
pub(crate) fn read(folder: &Path) -> Result<Vec<SourceFile>, FolderError> {
    let root = root(folder)?;
    let mut bytes = 0_usize;
    let named = |path: PathBuf| {
        let name = path.strip_prefix(&root).unwrap_or(&path).to_string_lossy().into_owned();
        let mut text = text(&path);
        bytes = bytes.saturating_add(text.as_ref().map_or(0, String::len));
        if bytes > FOLDER_BYTES_MAX {
            text = Err(format!("with the files before it, it is longer than {FOLDER_BYTES_MAX} bytes"));
        }
        SourceFile { name, text }
    };
    Ok(files(folder)?.into_iter().map(named).collect())
}

/// Where its files are, in a steady order.
///
/// # Errors
/// When it is not a `config` folder, or cannot be listed.
pub(crate) fn files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let root = root(folder)?;
    let mut files = Vec::new();
    for folder in FOLDERS.map(|name| root.join(name)) {
        if folder.is_dir() {
            let entries = std::fs::read_dir(&folder).and_then(|entries| {
                entries.take(FILES_MAX + 1).map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()
            });
            let mut entries = entries.map_err(|reason| FolderError::Unreadable { path: folder.clone(), reason })?;
            if entries.len() > FILES_MAX {
                return Err(FolderError::TooMany { path: folder });
            }
            entries.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
            entries.sort();
            files.append(&mut entries);
        }
    }
    Ok(files)
}

fn root(folder: &Path) -> Result<PathBuf, FolderError> {
    let is_root = |path: &PathBuf| ["models", "providers"].iter().any(|name| path.join(name).is_dir());
    let found = [folder.to_owned(), folder.join(CONFIG)].into_iter().find(is_root);
    found.ok_or_else(|| FolderError::NotOne { path: folder.to_owned() })
}

/// One file, called by its name without folders; it may be of any gateway.
pub(crate) fn read_file(path: &Path) -> SourceFile {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    SourceFile { name, text: text(path) }
}

fn text(path: &Path) -> Result<String, String> {
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text));
    match read {
        Err(reason) => Err(format!("it cannot be read: {reason}")),
        Ok(bytes) if bytes as u64 > FILE_BYTES_MAX => Err(format!("it is longer than {FILE_BYTES_MAX} bytes")),
        Ok(_) => Ok(text),
    }
}

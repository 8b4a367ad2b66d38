//! A document in a file: whether it can be written, and how.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use crate::source::make_folder;

/// Why a document cannot be changed where it is; `None` when it can, as far as can be seen without trying.
pub(crate) fn why_not(path: &Path) -> Option<String> {
    if path.is_dir() {
        return Some(
            "it is made from a `config` folder of model-proxy v2; import that, and start with what comes of it"
                .to_owned(),
        );
    }
    let shown = path.display();
    match fs::metadata(path).and_then(|facts| Ok((facts, OpenOptions::new().append(true).open(path)?))) {
        // To the system's administrator the mode says nothing; to us it says what its owner wants.
        Ok((facts, _)) if facts.permissions().readonly() => Some(format!("{shown} is marked as read-only")),
        Ok(_) => None,
        Err(error) if error.kind() == ErrorKind::ReadOnlyFilesystem => Some(format!("{shown} is mounted read-only")),
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            Some(format!("this process may not write {shown}"))
        }
        Err(error) => Some(format!("{shown} cannot be written: {error}")),
    }
}

/// Makes a file say something else: whole or not at all, where its folder allows that.
///
/// # Errors
/// When the system does not let it.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    // A link stays one.
    let path = fs::canonicalize(path)?;
    match replace(&path, text) {
        Err(error) if cannot_be_replaced(error.kind()) => overwrite(&path, text),
        done => done,
    }
}

fn overwrite(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// A file that is mounted by itself cannot be renamed over; other folders may not be written, or not for its owner.
fn cannot_be_replaced(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::ResourceBusy
            | ErrorKind::CrossesDevices
            | ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::Unsupported
    )
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path);
    let done = fill(path, &beside, text).and_then(|()| fs::rename(&beside, path));
    if done.is_err() {
        // What is there is not worth a word beside what went wrong.
        let _ = fs::remove_file(&beside);
    }
    done?;
    sync_folder(path)
}

/// A new file of the same owner and mode.
fn fill(path: &Path, beside: &Path, text: &str) -> io::Result<()> {
    let before = fs::metadata(path)?;
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(beside)?;
    file.write_all(text.as_bytes())?;
    let made = file.metadata()?;
    if (made.uid(), made.gid()) != (before.uid(), before.gid()) {
        fchown(&file, Some(before.uid()), Some(before.gid()))?;
    }
    file.set_permissions(fs::Permissions::from_mode(before.mode()))?;
    file.sync_all()
}

fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

fn sync_folder(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(folder) => File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}

/// Makes a file where there is none, for its owner alone: it may hold keys.
///
/// # Errors
/// When there is one, or the system does not let it.
pub(super) fn create(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    sync_folder(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_and_keeps_its_mode_and_its_links() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("t.toml"), folder.path().join("link.toml"));
        create(&file, "a = 1\n").unwrap();
        assert_eq!(mode(&file), 0o600);
        assert!(create(&file, "").is_err());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let before = fs::metadata(&file).unwrap().ino();
        write(&link, "a = 2\n").unwrap();
        assert_eq!((fs::read_to_string(&file).unwrap().as_str(), mode(&file)), ("a = 2\n", 0o640));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_ne!(fs::metadata(&file).unwrap().ino(), before, "whole or not at all");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[test]
    fn a_file_that_cannot_be_replaced_is_written_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.toml");
        create(&file, "a = 1, and more\n").unwrap();
        fs::create_dir(beside(&file)).unwrap();
        assert_eq!(write(&file, "a = 2\n").unwrap_err().kind(), ErrorKind::IsADirectory);
        assert_eq!(fs::read_to_string(&file).unwrap(), "a = 1, and more\n", "a failure leaves it as it was");
        assert!(cannot_be_replaced(ErrorKind::ResourceBusy) && !cannot_be_replaced(ErrorKind::StorageFull));
        overwrite(&file, "a = 2\n").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "a = 2\n");
    }

    #[test]
    fn what_cannot_be_written_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.toml");
        create(&file, "").unwrap();
        assert_eq!(why_not(&file), None);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o444)).unwrap();
        assert!(why_not(&file).unwrap().ends_with("t.toml is marked as read-only"));
        assert!(why_not(folder.path()).unwrap().contains("model-proxy"));
        assert!(why_not(&folder.path().join("gone")).unwrap().contains("cannot be written"));
    }
}

//! Where the master key comes from: a variable, or a file in the data folder that is made when it is first needed.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use crate::seal::{Name, SealingKey, hex};

/// Holds the master key, in the place of a file.
pub const KEY_VARIABLE: &str = "TRUNKLINE_SECRET_KEY";

/// Holds the one before, until all is sealed anew.
pub const PREVIOUS_KEY_VARIABLE: &str = "TRUNKLINE_SECRET_KEY_PREVIOUS";

/// Fewest characters of a key in a variable. Guards against words that can be tried one by one: nothing slows that down.
pub const KEY_CHARACTERS_MIN: usize = 32;

/// The file in the data folder.
const FILE: &str = "secret.key";

/// The one that takes its place at the end of a rotation.
const NEXT_FILE: &str = "secret.key.next";

/// Random bytes of a key that is made here.
const KEY_BYTES: usize = 32;

/// More than a file of ours holds. Guards memory against something else in its place.
const FILE_BYTES_MAX: u64 = 1024;

/// The file is its owner's alone.
const MODE: u32 = 0o600;

/// How keys are made that go into the variable.
const HOW: &str = "`openssl rand -base64 32` makes one";

/// Why there is no key to seal or open with. The text is for the operator.
#[derive(Debug, Error)]
pub enum KeyError {
    /// A variable holds too little.
    #[error("`{variable}` is shorter than {KEY_CHARACTERS_MIN} characters; {HOW}")]
    Short {
        /// Which.
        variable: &'static str,
    },
    /// Others could have it.
    #[error(
        "the key file {path:?} can be used by others than its owner (mode {mode:03o}): \
         `chmod 600 {}`, and think of who has read it by now", .path.display()
    )]
    Exposed {
        /// Where it is.
        path: PathBuf,
        /// What its permissions are.
        mode: u32,
    },
    /// There is something else in its place.
    #[error("{path:?} is no key file: it should hold {} hexadecimal digits", KEY_BYTES * 2)]
    NoKey {
        /// Where it is.
        path: PathBuf,
    },
    /// The system does not let it be read or made.
    #[error("the key file {path:?} cannot be used: {source}")]
    File {
        /// Where it is.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// None of the keys at hand opens what is there.
    #[error(
        "what is kept in the store was sealed with another key than {tried}; start with that key in \
         `{KEY_VARIABLE}`, or bring its key file back"
    )]
    Wrong {
        /// Which were tried.
        tried: String,
    },
    /// There is no key at all, and what is there is sealed.
    #[error("what is kept in the store is sealed, and there is no key: set `{KEY_VARIABLE}`, or bring {path:?} back")]
    Missing {
        /// Where the file would be.
        path: PathBuf,
    },
    /// With the right key, and yet.
    #[error(
        "{what} cannot be opened, though the key is the right one: somebody has changed it, or a later release wrote it"
    )]
    Shut {
        /// What it is.
        what: String,
    },
}

/// The keys at hand. Files are looked at when a key is needed, so that a process notices a rotation.
#[derive(Clone, Debug)]
pub struct Keyring(Arc<Ring>);

#[derive(Debug)]
struct Ring {
    /// In the order in which they are tried; `None`: the variable holds too little.
    stated: Vec<(&'static str, Option<SealingKey>)>,
    folder: PathBuf,
}

/// The key that takes the place of the one in force.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) key: SealingKey,
    /// Whether it is in a file that takes the other's place.
    in_file: bool,
}

impl Keyring {
    /// What the two variables hold, and the files in the data folder.
    pub fn new(stated: Option<&str>, previous: Option<&str>, data_dir: impl Into<PathBuf>) -> Self {
        let variables = [(KEY_VARIABLE, stated), (PREVIOUS_KEY_VARIABLE, previous)];
        let key = |text: &str| {
            let enough = text.chars().count() >= KEY_CHARACTERS_MIN;
            enough.then(|| SealingKey::derive(text.as_bytes()))
        };
        let stated = variables.into_iter().filter_map(|(variable, text)| Some((variable, key(text?)))).collect();
        Self(Arc::new(Ring { stated, folder: data_dir.into() }))
    }

    /// Whether the key in force has to be the variable's: then every process that has the same variable has the same key.
    pub fn is_stated(&self) -> bool {
        self.0.stated.iter().any(|(variable, _)| *variable == KEY_VARIABLE)
    }

    /// The key that made this proof; the one for all that is to come, when there is none yet.
    pub(crate) fn key_for(&self, proof: Option<&[u8]>) -> Result<SealingKey, KeyError> {
        let Some(proof) = proof else { return self.first() };
        let opens = |key: &SealingKey| key.open(Name::Proof, proof).is_ok();
        let mut tried = Vec::new();
        for (variable, key) in &self.0.stated {
            let key = key.as_ref().ok_or(KeyError::Short { variable })?;
            if opens(key) {
                return Ok(key.clone());
            }
            tried.push(format!("the one in `{variable}`"));
        }
        for path in [self.file(FILE), self.file(NEXT_FILE)] {
            match read(&path)? {
                Some(key) if opens(&key) => return Ok(key),
                Some(_) => tried.push(format!("the one in {path:?}")),
                None => {}
            }
        }
        if tried.is_empty() {
            return Err(KeyError::Missing { path: self.file(FILE) });
        }
        Err(KeyError::Wrong { tried: tried.join(" and ") })
    }

    /// What all is to be sealed with from now on: the variable's, else a new one.
    pub(crate) fn next(&self) -> Result<Next, KeyError> {
        if let Some(key) = self.stated()? {
            return Ok(Next { key, in_file: false });
        }
        let path = self.file(NEXT_FILE);
        // What an earlier rotation has left, which came to nothing: whoever asks has made sure of that.
        let cleared = std::fs::remove_file(&path);
        let cleared =
            cleared.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) });
        cleared.map_err(|source| KeyError::File { path: path.clone(), source })?;
        self.make(&path).map(|key| Next { key, in_file: true })
    }

    /// A new key has taken effect: its file takes the place of the one before.
    pub(crate) fn settle(&self, next: &Next) -> Result<(), KeyError> {
        if next.in_file {
            let path = self.file(FILE);
            std::fs::rename(self.file(NEXT_FILE), &path).map_err(|source| KeyError::File { path, source })?;
        }
        Ok(())
    }

    /// Goes on with a rotation that took effect and was stopped before its key file was in place.
    pub(crate) fn mend(&self, proof: &[u8]) -> Result<(), KeyError> {
        let opens = |path: &Path| Ok(read(path)?.is_some_and(|key| key.open(Name::Proof, proof).is_ok()));
        if !opens(&self.file(FILE))? && opens(&self.file(NEXT_FILE))? {
            let path = self.file(FILE);
            std::fs::rename(self.file(NEXT_FILE), &path).map_err(|source| KeyError::File { path, source })?;
        }
        Ok(())
    }

    fn first(&self) -> Result<SealingKey, KeyError> {
        let path = self.file(FILE);
        if let Some(key) = self.stated()? {
            return Ok(key);
        }
        read(&path)?.map_or_else(|| self.make(&path), Ok)
    }

    fn stated(&self) -> Result<Option<SealingKey>, KeyError> {
        let found = self.0.stated.iter().find(|(variable, _)| *variable == KEY_VARIABLE);
        found.map(|(variable, key)| key.clone().ok_or(KeyError::Short { variable })).transpose()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.folder.join(name)
    }

    /// Makes a key file, whole or not at all. The key of whoever is faster is everybody's.
    fn make(&self, path: &Path) -> Result<SealingKey, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        let (bytes, name): ([u8; KEY_BYTES], [u8; 8]) = (random(), random());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0.folder).map_err(failed)?;
        let draft = self.file(&format!("{FILE}.{}", hex(&name)));
        let linked = write(&draft, &hex(&bytes)).and_then(|()| std::fs::hard_link(&draft, path));
        // It has served, or it never will.
        let _ = std::fs::remove_file(&draft);
        match linked {
            Ok(()) => {
                File::open(&self.0.folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
                Ok(SealingKey::derive(&bytes))
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                read(path)?.ok_or_else(|| KeyError::NoKey { path: path.to_owned() })
            }
            Err(error) => Err(failed(error)),
        }
    }
}

fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).expect("the system has randomness, or nothing here is safe");
    bytes
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

/// The key in a file; `None` when there is no file.
fn read(path: &Path) -> Result<Option<SealingKey>, KeyError> {
    let failed = |source| KeyError::File { path: path.to_owned(), source };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mode = file.metadata().map_err(failed)?.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut text = String::new();
    let no_key = || KeyError::NoKey { path: path.to_owned() };
    let read = file.take(FILE_BYTES_MAX).read_to_string(&mut text);
    read.map_err(|error| if error.kind() == io::ErrorKind::InvalidData { no_key() } else { failed(error) })?;
    let digits = text.trim();
    let pairs = (0..KEY_BYTES).map(|at| u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok());
    let bytes: Option<Vec<u8>> = pairs.collect();
    let bytes = bytes.filter(|_| digits.len() == KEY_BYTES * 2).ok_or_else(no_key)?;
    Ok(Some(SealingKey::derive(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_is_made_once_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (ring, path) =
            (Keyring::new(None, None, folder.path().join("data")), folder.path().join("data/secret.key"));
        let key = ring.key_for(None).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.trim_end().len(), 64);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(ring.key_for(None).unwrap().hash("a"), key.hash("a"));
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn all_who_begin_at_once_have_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let ring = Keyring::new(None, None, folder.path());
        let hashes: Vec<String> = std::thread::scope(|scope| {
            let ask = || ring.key_for(None).unwrap().hash("a");
            let asked: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
            asked.into_iter().map(|asked| asked.join().unwrap()).collect()
        });
        assert!(hashes.iter().all(|hash| *hash == hashes[0]));
    }

    #[test]
    fn a_file_that_others_may_use_is_refused_and_so_is_what_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let (ring, path) = (Keyring::new(None, None, folder.path()), folder.path().join("secret.key"));
        ring.key_for(None).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601] {
            set_mode(&path, mode);
            let error = ring.key_for(None).unwrap_err().to_string();
            assert!(error.contains(&format!("(mode {mode:03o}): `chmod 600 ")), "{error}");
        }
        set_mode(&path, 0o600);
        for text in ["", "0123", &"x".repeat(64), &"0".repeat(65), &"\u{e9}".repeat(32)] {
            std::fs::write(&path, text).unwrap();
            assert!(matches!(ring.key_for(None), Err(KeyError::NoKey { .. })), "{text:?}");
        }
        std::fs::write(&path, [0xff; 64]).unwrap();
        assert!(matches!(ring.key_for(None), Err(KeyError::NoKey { .. })));
    }

    #[test]
    fn keys_are_never_shown() {
        let ring = Keyring::new(Some("canary-canary-canary-canary-canary"), Some("canary"), "/x");
        assert!(!format!("{ring:?}").contains("canary"));
    }
}

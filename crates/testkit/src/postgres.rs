//! A PostgreSQL server of a test's own, from the machine's package, reached through a socket in a folder that is gone after.

use std::fs;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Where Debian and its kin install servers, a folder for each version.
const PACKAGES: &str = "/usr/lib/postgresql";

/// Whom the server runs as when this process is root, which it refuses to be.
const USER: &str = "postgres";

/// No port, and nothing that a test does not need: the files are gone after it.
const SETTINGS: &str = "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
     -c shared_buffers=32MB";

/// A server. Stopped when dropped.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
}

impl Postgres {
    /// Starts a server that does not survive a loss of power, which no test causes.
    ///
    /// # Errors
    /// When there is no server on this machine (`apt-get install postgresql`), or it does not start; never passed over.
    pub fn start() -> io::Result<Self> {
        let postgres = Self { programs: programs()?, folder: TempDir::new()? };
        if is_root() {
            done(Command::new("chown").arg(format!("{USER}:")).arg(postgres.folder.path()))?;
        }
        let initdb = ["-U", "trunkline", "-A", "trust", "-N", "--no-instructions", "--locale=C.UTF-8", "-E", "UTF8"];
        done(postgres.program("initdb").args(initdb))?;
        postgres.resume()?;
        Ok(postgres)
    }

    /// Starts it again after [`Postgres::stop`], and waits until it answers.
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&self) -> io::Result<()> {
        let settings = format!("{SETTINGS} -k {}", self.folder.path().display());
        done(
            self.program("pg_ctl").arg("-l").arg(self.folder.path().join("log")).args(["-w", "-o", &settings, "start"]),
        )
    }

    /// Stops it at once, as a crash would, and keeps its files.
    ///
    /// # Errors
    /// When it does not run.
    pub fn stop(&self) -> io::Result<()> {
        done(self.program("pg_ctl").args(["-w", "-m", "immediate", "stop"]))
    }

    /// Makes an empty database; its URL.
    ///
    /// # Errors
    /// When there is one of this name.
    pub fn database(&self, name: &str) -> io::Result<String> {
        done(self.program("createdb").arg("-h").arg(self.folder.path()).args(["-U", "trunkline", name]))?;
        Ok(format!("postgres://trunkline@localhost/{name}?host={}", self.folder.path().display()))
    }

    /// Bytes that a database takes on disk.
    ///
    /// # Errors
    /// When there is no such database.
    pub fn bytes(&self, name: &str) -> io::Result<u64> {
        let query = format!("SELECT pg_database_size('{name}')");
        let mut psql = self.program("psql");
        let told = psql.arg("-h").arg(self.folder.path()).args(["-U", "trunkline", "-Atc", &query, name]).output()?;
        String::from_utf8_lossy(&told.stdout).trim().parse().map_err(io::Error::other)
    }

    /// One of the server's programs, run as whom it accepts.
    fn program(&self, name: &str) -> Command {
        let program = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command
                .args([format!("--reuid={USER}"), format!("--regid={USER}"), "--clear-groups".to_owned()])
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.folder.path()).env("PGDATA", self.folder.path().join("data"));
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may have been stopped; there is nobody to tell.
        let _ = self.stop();
    }
}

/// The newest version's programs.
fn programs() -> io::Result<PathBuf> {
    let missing = |error: io::Error| {
        io::Error::new(
            error.kind(),
            format!("no PostgreSQL server in {PACKAGES} ({error}); install the package `postgresql`"),
        )
    };
    let folders = fs::read_dir(PACKAGES).map_err(missing)?;
    let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
    let programs = folders.filter_map(|folder| Some(folder.ok()?.path())).filter(|path| version(path).is_some());
    let newest = programs.max_by_key(|path| version(path));
    newest.map(|path| path.join("bin")).ok_or_else(|| missing(io::ErrorKind::NotFound.into()))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    // This process's own files are its user's.
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Runs a program to its end.
fn done(command: &mut Command) -> io::Result<()> {
    // Into a file, not a pipe: the server keeps what it is given, and a pipe would not end before it does.
    let mut said = tempfile::tempfile()?;
    let (out, err) = (said.try_clone()?, said.try_clone()?);
    let status = command.stdin(Stdio::null()).stdout(out).stderr(err).status()?;
    if status.success() {
        return Ok(());
    }
    let mut text = String::new();
    said.rewind()?;
    said.read_to_string(&mut text)?;
    Err(io::Error::other(format!("{command:?} failed: {text}")))
}

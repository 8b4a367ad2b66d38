//! A PostgreSQL server of a test's own, from the machine's package, reached through a socket in a folder that is gone after.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Where Debian and its kin install servers, a folder for each version.
const PACKAGES: &str = "/usr/lib/postgresql";

/// Whom the server runs as when this process is root, which it refuses to be.
const USER: &str = "postgres";

/// Longest wait for the server to start or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often it is looked whether it has.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a test does not need: the files are gone after it.
const FAST: [&str; 4] = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB"];

/// A running server. Stopped when dropped.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: TempDir,
    server: Option<Child>,
}

impl Postgres {
    /// Starts a server that does not survive a loss of power, which no test causes.
    ///
    /// # Errors
    /// When there is no server on this machine (`apt-get install postgresql`), or it does not start; never passed over.
    pub fn start() -> io::Result<Self> {
        let mut postgres = Self { programs: programs()?, folder: TempDir::new()?, server: None };
        if is_root() {
            done(Command::new("chown").arg(format!("{USER}:")).arg(postgres.folder.path()))?;
        }
        let data = postgres.data();
        let initdb =
            ["-U", "trunkline", "-A", "trust", "-N", "--no-instructions", "--locale=C.UTF-8", "-E", "UTF8", "-D"];
        done(postgres.program("initdb").args(initdb).arg(data))?;
        postgres.resume()?;
        Ok(postgres)
    }

    /// Starts it again after [`Postgres::stop`].
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&mut self) -> io::Result<()> {
        let mut server = self.program("postgres");
        server.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path()).args(["-c", "listen_addresses="]);
        server.args(FAST.iter().flat_map(|setting| ["-c", setting]));
        let log = fs::File::create(self.folder.path().join("log"))?;
        self.server = Some(server.stdout(Stdio::null()).stderr(log).spawn()?);
        self.wait_for("a server that answers", |postgres| postgres.is_ready())
    }

    /// Stops it at once, as a crash would, and keeps its files.
    ///
    /// # Errors
    /// When it cannot be told to.
    pub fn stop(&mut self) -> io::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        done(Command::new("kill").arg("-QUIT").arg(server.id().to_string()))?;
        server.wait().map(drop)
    }

    /// Makes an empty database; its URL.
    ///
    /// # Errors
    /// When there is one of this name.
    pub fn database(&self, name: &str) -> io::Result<String> {
        done(self.program("createdb").arg("-h").arg(self.folder.path()).args(["-U", "trunkline", name]))?;
        Ok(format!("postgres://trunkline@localhost/{name}?host={}", self.folder.path().display()))
    }

    fn is_ready(&self) -> bool {
        let ready = self.program("pg_isready").arg("-q").arg("-h").arg(self.folder.path()).status();
        ready.is_ok_and(|status| status.success())
    }

    fn wait_for(&self, what: &str, there: impl Fn(&Self) -> bool) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !there(self) {
            if Instant::now() > deadline {
                let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("waited for {what} in vain; the server says: {log}")));
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
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
        command.current_dir(self.folder.path());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // There is nobody to tell; the folder goes, and the server ends without it.
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
    let output = command.stdin(Stdio::null()).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr))))
}

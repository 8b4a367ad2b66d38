//! A Redis server of a test's own, from the machine's package, reached through a socket in a folder that is gone after.

use std::io::{self, BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// No port. Every write is on disk before it is answered, so that a server that is killed has lost nothing.
const SETTINGS: [&str; 8] = ["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", "always"];

/// What it says once it has taken up what it had and answers, whatever the case.
const READY: &str = "ready to accept connections";

/// A server. Killed when dropped.
#[derive(Debug)]
pub struct Redis {
    folder: TempDir,
    server: Option<Child>,
}

impl Redis {
    /// Starts a server, and waits until it answers.
    ///
    /// # Errors
    /// When there is no server on this machine (`apt-get install redis-server`), or it does not start; never passed over.
    pub fn start() -> io::Result<Self> {
        let mut redis = Self { folder: TempDir::new()?, server: None };
        redis.resume()?;
        Ok(redis)
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("redis+unix://{}", self.socket().display())
    }

    /// Kills it, as a crash would; its files stay.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(&mut self) -> io::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        // It may have ended by itself.
        let _ = server.kill();
        server.wait().map(drop)
    }

    /// Starts it again with what it had.
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&mut self) -> io::Result<()> {
        let spawned = Command::new("redis-server")
            .args(SETTINGS)
            .arg("--unixsocket")
            .arg(self.socket())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn();
        let missing = |error: io::Error| {
            io::Error::new(error.kind(), format!("no `redis-server` ({error}); install the package `redis-server`"))
        };
        let said = self.server.insert(spawned.map_err(missing)?).stdout.take();
        let said = said.ok_or_else(|| io::Error::other("nothing that it says can be read"))?;
        let mut log = String::new();
        // What it says after that is not read by anybody, which it does not mind.
        for line in BufReader::new(said).lines() {
            let line = line?;
            if line.to_ascii_lowercase().contains(READY) {
                return Ok(());
            }
            log.push_str(&line);
            log.push('\n');
        }
        Err(io::Error::other(format!("the Redis server does not start: {log}")))
    }

    /// Starts it again with nothing.
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume_empty(&mut self) -> io::Result<()> {
        let files = self.folder.path().join("appendonlydir");
        if files.exists() {
            std::fs::remove_dir_all(files)?;
        }
        self.resume()
    }

    /// Leaves it hanging: it takes what is sent and answers nothing.
    ///
    /// # Errors
    /// When it cannot be told to.
    pub fn pause(&self) -> io::Result<()> {
        self.signal("-STOP")
    }

    /// Ends [`Redis::pause`].
    ///
    /// # Errors
    /// When it cannot be told to.
    pub fn go_on(&self) -> io::Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, name: &str) -> io::Result<()> {
        let Some(server) = &self.server else { return Err(io::Error::other("it does not run")) };
        let status = Command::new("kill").args([name, &server.id().to_string()]).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("kill {name}: {status}"))) }
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // There is nobody to tell.
        let _ = self.kill();
    }
}

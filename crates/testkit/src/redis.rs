//! A Redis server of a test's own, from the machine's package, reached through a socket in a folder that is gone after.

use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// No port. Every write is on disk before it is answered, so that a server that is killed has lost nothing.
const SETTINGS: [&str; 8] = ["--port", "0", "--save", "", "--appendonly", "yes", "--appendfsync", "always"];

/// Longest wait for a server that starts; only a failing test waits this long.
const START_TIMEOUT: Duration = Duration::from_secs(10);

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
        let log = std::fs::File::create(self.folder.path().join("log"))?;
        let spawned = Command::new("redis-server")
            .args(SETTINGS)
            .arg("--unixsocket")
            .arg(self.socket())
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn();
        let missing = |error: io::Error| {
            io::Error::new(error.kind(), format!("no `redis-server` ({error}); install the package `redis-server`"))
        };
        self.server = Some(spawned.map_err(missing)?);
        let start = Instant::now();
        while !self.answers() {
            let ended = self.server.as_mut().is_some_and(|server| matches!(server.try_wait(), Ok(Some(_)) | Err(_)));
            if ended || start.elapsed() > START_TIMEOUT {
                let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
                return Err(io::Error::other(format!("the Redis server does not start: {log}")));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
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

    /// Whether it has taken up what it had and answers.
    fn answers(&self) -> bool {
        use std::io::{Read as _, Write as _};
        let Ok(mut stream) = std::os::unix::net::UnixStream::connect(self.socket()) else { return false };
        let mut answer = [0; 5];
        let asked = stream.set_read_timeout(Some(Duration::from_secs(1)));
        asked.and_then(|()| stream.write_all(b"PING\r\n")).and_then(|()| stream.read_exact(&mut answer)).is_ok()
            && &answer == b"+PONG"
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // There is nobody to tell.
        let _ = self.kill();
    }
}

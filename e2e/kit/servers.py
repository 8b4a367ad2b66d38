"""Servers that replicas share, from the machine's packages: each of a test's own, in a folder that is gone after it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .backends import process
from .waits import eventually

#: Nothing that a test does not need: its files are gone after it.
POSTGRES_SETTINGS = "-c listen_addresses= -c fsync=off -c synchronous_commit=off -c full_page_writes=off"


class Postgres:
    """A PostgreSQL server, reached through a socket in its folder."""

    def __init__(self, folder: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
        assert found, "no PostgreSQL server; install the package `postgresql`"
        self.programs, self.folder = found[-1], folder
        folder.mkdir()
        # The server refuses to be root, and its user has to reach its files through folders that are pytest's.
        self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.getuid() == 0 else []
        if self.user:
            subprocess.run(["chown", "postgres:", str(folder)], check=True)
        self.run("initdb", "-U", "trunkline", "-A", "trust", "-N", "--no-instructions", "-D", str(folder / "data"))
        settings = f"{POSTGRES_SETTINGS} -k {folder}"
        self.run("pg_ctl", "-D", str(folder / "data"), "-l", str(folder / "log"), "-w", "-o", settings, "start")

    def run(self, program: str, *arguments: str) -> None:
        """Runs one of its programs, as whom it accepts."""
        done = subprocess.run(
            [*self.user, str(self.programs / program), *arguments],
            cwd="/",
            # What it writes to a pipe would be held open by the server.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        assert done.returncode == 0, f"{program} ended with {done.returncode}"

    def database(self, name: str) -> str:
        """Makes an empty database; its URL."""
        self.run("createdb", "-h", str(self.folder), "-U", "trunkline", name)
        return f"postgres://trunkline@localhost/{name}?host={self.folder}"

    def stop(self) -> None:
        """Ends it at once."""
        self.run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", "immediate", "stop")


@contextlib.contextmanager
def redis() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A Redis server, reached through a socket in its folder: its URL, and the process."""
    # Not in pytest's folder: a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="trunkline-redis-") as folder:
        log, socket = Path(folder) / "log", Path(folder) / "redis.sock"
        settings = ["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket", str(socket), "--dir", folder]
        with process(["redis-server", *settings], log) as server:
            eventually("Redis accepts", lambda: "eady to accept connections" in log.read_text(), 20)
            yield f"redis+unix://{socket}", server


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server."""
    # That of a root's pytest is closed to the server's user.
    with tempfile.TemporaryDirectory(prefix="trunkline-pg-") as folder:
        Path(folder).chmod(0o755)
        server = Postgres(Path(folder) / "server")
        try:
            yield server
        finally:
            server.stop()

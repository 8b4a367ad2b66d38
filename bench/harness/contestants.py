"""Who is measured: nginx, Trunkline, nobody (`direct`), or a proxy that runs already."""

import hashlib
import http.client
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from pathlib import Path

from . import processes, upstream, workloads

HERE = Path(__file__).resolve().parent.parent
START_S_MAX = 30
"""Seconds a proxy may take to its first answer."""
CLIENT_KEYS = 1000
OTHER_MODELS = 50
ALLOWANCE = """requests_per_minute = 100000000
tokens_per_minute = 100000000000
parallel_requests = 10000
budgets = [{ usd = 1000000, period = "day" }, { usd = 10000000, period = "month" }]
"""
"""What every client key may do: more than any run asks for, so that all of it is counted and nothing refused."""
UPSTREAM_KEY = "sk-upstream-of-the-benchmark"


def client_key(number: int) -> str:
    return "sk-bench-" + hashlib.sha256(str(number).encode()).hexdigest()[:40]


class Contestant:
    """One proxy in one round. `tree` is None for what has no process to measure."""

    name = "direct"
    model = "mock-model"
    key = client_key(7)
    only_workload: str | None = "single"
    is_gateway = False
    address = ""
    tree: processes.Tree | None = None
    start_ms: float | None = None
    requests_upstream = 0
    """What the mock counted while this contestant was driven."""

    def start(self, folder: Path, mock: upstream.Upstream) -> None:
        self.address = mock.address

    def stop(self) -> None:
        pass

    def account(self) -> dict:
        """What the proxy wrote down of this round, once it has stopped."""
        return {}


class Started(Contestant):
    """A proxy this harness starts and stops."""

    only_workload = None
    process: subprocess.Popen | None = None

    def prepare(self, port: int, mock: upstream.Upstream) -> list[str]:
        """Writes the configuration into `self.folder`; the command to start."""
        raise NotImplementedError

    def start(self, folder: Path, mock: upstream.Upstream) -> None:
        self.folder = folder / self.name
        self.folder.mkdir()
        port = _free_port()
        self.address = f"127.0.0.1:{port}"
        command = self.prepare(port, mock)
        # Only what it needs: a provider's key in the environment would change what is measured.
        environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(self.folder)}
        with open(self.folder / "stdout.log", "wb") as out, open(self.folder / "stderr.log", "wb") as err:
            began = time.perf_counter()
            self.process = subprocess.Popen(
                command,
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )
        self._await_first_answer(began)
        self.start_ms = (time.perf_counter() - began) * 1e3
        self.tree = processes.Tree(self.process.pid)

    def _await_first_answer(self, began: float) -> None:
        body, headers = workloads.body("small", self.model), workloads.headers(self.key)
        said = "nothing"
        while time.perf_counter() - began < START_S_MAX:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self._log_tail()}")
            try:
                status, _, answer = upstream.get(self.address, workloads.PATH, body, headers)
            except (OSError, http.client.HTTPException):
                time.sleep(0.0005)
                continue
            if status == 200:
                return
            said = f"{status} {answer[:300]!r}"
            time.sleep(0.01)
        self.stop()
        raise RuntimeError(f"{self.name} gave no answer in {START_S_MAX} s (last: {said}):\n{self._log_tail()}")

    def _log_tail(self) -> str:
        text = "".join((self.folder / name).read_text(errors="replace") for name in ("stdout.log", "stderr.log"))
        return text[-2000:]

    def stop(self) -> None:
        if self.process:
            processes.stop(self.process)


class Nginx(Started):
    name = "nginx"

    def prepare(self, port, mock):
        _fill(HERE / "nginx.conf", self.folder / "nginx.conf", PORT=port, UPSTREAM=mock.address, DIR=self.folder)
        return [nginx_binary() or "nginx", "-c", str(self.folder / "nginx.conf")]


class Trunkline(Started):
    name = "trunkline"
    model = "bench"
    is_gateway = True

    def __init__(self, binary: str):
        self.binary = binary

    def prepare(self, port, mock):
        config = self.folder / "trunkline.toml"
        _fill(HERE / "trunkline.toml", config, PORT=port, UPSTREAM=mock.address, UPSTREAM_KEY=UPSTREAM_KEY)
        with open(config, "a") as file:
            for number in range(OTHER_MODELS):
                file.write(f'\n[models.other-{number}]\ntargets = [{{ provider = "mock", model = "mock-{number}" }}]\n')
            for number in range(CLIENT_KEYS):
                file.write(f'\n[[client_keys]]\nname = "client-{number}"\nkey = "{client_key(number)}"\n{ALLOWANCE}')
        self.data = self.folder / "data"
        self.data.mkdir()
        return [self.binary, "serve", "--config", str(config), "--data-dir", str(self.data)]

    def account(self):
        lines = 0
        for name in ("stdout.log", "stderr.log"):
            with open(self.folder / name, "rb") as file:
                lines += sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        rows, with_tokens = ledger_rows(self.data)
        return {
            "requests": self.requests_upstream,
            "ledger_rows": rows,
            "rows_with_tokens": with_tokens,
            "log_lines": lines,
        }


class Running(Contestant):
    """A proxy that runs already and forwards to the mock."""

    name = "running"
    only_workload = None
    is_gateway = True

    def __init__(self, address: str, pid: int | None, model: str, key: str):
        self.address, self.model, self.key = address, model, key
        self.tree = processes.Tree(pid) if pid else None

    def start(self, folder, mock):
        pass


def nginx_binary() -> str | None:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def ledger_rows(folder: Path) -> tuple[int, int]:
    """Rows of the table `requests`, in whichever SQLite file of the data folder has one, and how many count tokens."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".db", ".sqlite", ".sqlite3"):
            continue
        database = sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)
        try:
            return database.execute("SELECT count(*), count(nullif(output_tokens, 0)) FROM requests").fetchone()
        except sqlite3.DatabaseError:
            continue  # another file, or no ledger
        finally:
            database.close()
    return 0, 0


def _fill(template: Path, target: Path, **values) -> None:
    text = template.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    target.write_text(text)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]

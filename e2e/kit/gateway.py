"""Trunkline as its users run it: the real binary, a config file, a data folder and a port of its own."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import httpx

from .waits import eventually

ROOT = Path(__file__).resolve().parents[2]

#: From the process's start to its first healthy answer. Generous: a debug build on a loaded machine.
START_DEADLINE_S = 20.0
#: From SIGTERM to the end of the process when nothing is open.
STOP_DEADLINE_S = 15.0
#: Longest wait of a client for anything; a test that needs longer is a hang.
CLIENT_TIMEOUT_S = 20.0

LISTENING = re.compile(r"http://127\.0\.0\.1:(\d+)\s")


def binary() -> Path:
    """The binary under test: `TRUNKLINE_BIN`, else the debug build of this checkout."""
    chosen = os.environ.get("TRUNKLINE_BIN")
    if chosen:
        return Path(chosen)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return ROOT / target / "debug" / "trunkline"


def clean_env(home: Path, extra: dict[str, str] | None = None) -> dict[str, str]:
    """An environment that holds no key, no setting and no home of the person who runs the tests."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "RUST_BACKTRACE": "1"}
    env["TRUNKLINE_PROBE"] = "false"  # a test finds only what it set up
    env.update(extra or {})
    return env


def command(args: list[str], home: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a command of the binary that ends by itself."""
    return subprocess.run(
        [str(binary()), *args],
        cwd=home,
        env=clean_env(home, env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=START_DEADLINE_S,
        check=False,
    )


class Gateway:
    """One running Trunkline."""

    def __init__(
        self,
        folder: Path,
        config: str | None,
        *,
        env: dict[str, str] | None = None,
        args: list[str] | None = None,
        port: int | None = 0,
        word: str = "serve",
        data: Path | None = None,
    ) -> None:
        """`config` `None` starts without a document; `port` `None` leaves host and port to the document."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.data = data or folder / "data"
        self.config_path = folder / "trunkline.toml"
        self.stdout_path = folder / "stdout.log"
        self.stderr_path = folder / "stderr.log"
        arguments = [str(binary()), *word.split(), "--data-dir", str(self.data)]
        if config is not None:
            self.write_config(config)
            arguments += ["--config", str(self.config_path)]
        if port is not None:
            arguments += ["--host", "127.0.0.1", "--port", str(port)]
        with self.stdout_path.open("wb") as out, self.stderr_path.open("wb") as err:
            self.process = subprocess.Popen(
                arguments + (args or []),
                cwd=folder,
                env=clean_env(folder, env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            )
        self.port = 0
        try:
            self.port = eventually("the gateway says where it listens", self._listening, START_DEADLINE_S)
            self.http = httpx.Client(base_url=self.url, timeout=CLIENT_TIMEOUT_S, trust_env=False)
            eventually("the gateway is healthy", lambda: self.healthy(), START_DEADLINE_S)
        except BaseException:
            self.process.kill()
            self.process.wait()
            print(self.logs())
            raise

    def _listening(self) -> int | None:
        code = self.process.poll()
        if code is not None:
            raise SystemExit(f"the gateway ended with {code} while starting\n{self.logs()}")
        found = LISTENING.search(self.stdout())
        return int(found.group(1)) if found else None

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def v1(self) -> str:
        """What an OpenAI client is given as its base URL."""
        return f"{self.url}/v1"

    def stdout(self) -> str:
        """What it printed so far."""
        return self.stdout_path.read_text(errors="replace")

    def stderr(self) -> str:
        """What it logged so far."""
        return self.stderr_path.read_text(errors="replace")

    def logs(self) -> str:
        """Both, cut to what a person would read."""
        return f"--- stdout\n{self.stdout()[-4000:]}\n--- stderr\n{self.stderr()[-8000:]}"

    def write_config(self, text: str) -> None:
        """Replaces the document in one step, as editors do."""
        draft = self.config_path.with_suffix(".draft")
        draft.write_text(text)
        os.replace(draft, self.config_path)

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def healthy(self) -> bool:
        """Whether it runs and answers."""
        return self.alive() and self.http.get("/health").status_code == 200

    def chat(self, model: str, **fields: Any) -> httpx.Response:
        """One plain chat."""
        body = {"model": model, "messages": [{"role": "user", "content": "hello"}], **fields}
        return self.http.post("/v1/chat/completions", json=body)

    def rows(self) -> list[dict[str, Any]]:
        """The ledger, oldest first, read beside the running gateway."""
        database = self.data / "trunkline.db"
        if not database.exists():
            return []
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=5) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM requests_view ORDER BY at_ms")]

    def rows_of(self, model: str, count: int = 1) -> list[dict[str, Any]]:
        """The ledger's rows of one model, once there are at least `count`."""

        def found() -> list[dict[str, Any]] | None:
            rows = [row for row in self.rows() if row["model"] == model]
            return rows if len(rows) >= count else None

        return eventually(f"{count} ledger rows of {model}", found)

    def terminate(self) -> None:
        """Asks it to stop."""
        self.process.send_signal(signal.SIGTERM)

    def stop(self) -> int:
        """Asks it to stop, waits, and gives its exit code."""
        self.http.close()
        if self.alive():
            self.terminate()
        try:
            return self.process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the gateway did not stop within {STOP_DEADLINE_S} s\n{self.logs()}") from None

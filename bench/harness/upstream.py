"""The mock upstream: starting it, setting it, asking it what it saw."""

import contextlib
import http.client
import json
import subprocess

from . import processes


def get(address: str, path: str, body: bytes | None = None, headers: dict | None = None):
    """One request on its own connection: a GET, or a POST when there is a body. (status, headers, body)"""
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


class Upstream:
    def __init__(self, binary: str, port: int = 0):
        self.process = subprocess.Popen(
            [binary, "--port", str(port)],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError(f"{binary} did not start")
        self.address = line.split()[-1]
        self.tree = processes.Tree(self.process.pid)

    def set(self, **settings) -> dict:
        """Sets `chunks`, `delay_us`, `keep_last`; settings and counters come back."""
        query = "&".join(f"{name}={value}" for name, value in settings.items())
        status, _, body = get(self.address, f"/_control?{query}")
        if status != 200:
            raise RuntimeError(f"mock upstream: {body.decode()}")
        return json.loads(body)

    def counters(self) -> dict:
        return self.set()

    @contextlib.contextmanager
    def counting(self, contestant):
        """Adds the requests that arrive meanwhile to those of `contestant`; nobody else is driven at the time."""
        before = self.counters()["requests"]
        yield
        contestant.requests_upstream += self.counters()["requests"] - before

    def last(self) -> tuple[str | None, dict]:
        """Credentials and body of the latest request, after `set(keep_last=1)`."""
        _, headers, body = get(self.address, "/_last")
        return headers.get("x-mock-authorization"), json.loads(body or b"{}")

    def stop(self) -> None:
        processes.stop(self.process)
        self.process.stdout.close()

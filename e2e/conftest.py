"""Fixtures of all suites: gateways that end with their test, and one upstream and gateway a module to share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kit import config
from kit.backends import free_port
from kit.gateway import Gateway, binary
from kit.sdks import Drivers
from kit.upstream import Upstream

RUNNING: list[Gateway] = []


def pytest_sessionstart() -> None:
    if not binary().exists():
        pytest.exit(f"{binary()} is missing: run `make test`, or name a binary with TRUNKLINE_BIN", returncode=2)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Shows what the gateways logged beside a failure."""
    report = yield
    if report.failed:
        for gateway in RUNNING:
            report.sections.append((f"gateway in {gateway.folder.name}", gateway.logs()))
    return report


def _ended(gateway: Gateway) -> None:
    """Every gateway that a test left running must stop when asked to, and say that all went well."""
    try:
        was_alive = gateway.alive()
        code = gateway.stop()
        assert "panicked" not in gateway.stderr(), gateway.logs()
        assert not was_alive or code == 0, f"exit code {code}\n{gateway.logs()}"
    finally:
        RUNNING.remove(gateway)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Gateway]]:
    """Starts gateways of the test's own; the arguments are those of `Gateway`."""
    mine: list[Gateway] = []

    def begin(text: str | None, **more: object) -> Gateway:
        gateway = Gateway(tmp_path / f"gateway-{len(mine)}", text, **more)
        mine.append(gateway)
        RUNNING.append(gateway)
        return gateway

    yield begin
    for gateway in mine:
        _ended(gateway)


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """A scripted upstream for the module."""
    server = Upstream()
    yield server
    server.close()
    assert not server.failures, server.failures


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway for the module: provider `up` is the scripted upstream, `alias` its `real-name`."""
    running = Gateway(tmp_path_factory.mktemp("shared"), config.standard(upstream.base_url))
    RUNNING.append(running)
    yield running
    _ended(running)


@pytest.fixture(scope="module")
def hasty(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway for the module that is out of patience after half a second."""
    text = config.QUIET + config.provider("up", upstream.base_url, more=config.HASTY)
    text += config.provider("gone", f"http://127.0.0.1:{free_port()}/v1", more=config.HASTY)
    text += config.provider("through", upstream.base_url, keys=[], more=config.HASTY + 'auth = "passthrough"\n')
    text += config.model("fine", "up", "fine")
    running = Gateway(tmp_path_factory.mktemp("hasty"), text)
    RUNNING.append(running)
    yield running
    _ended(running)


@pytest.fixture(scope="session")
def drivers() -> Iterator[Drivers]:
    """The official SDKs, each started when a test first asks for it."""
    running = Drivers()
    yield running
    running.close()


@pytest.fixture
def hasty_goes_on(hasty: Gateway) -> Iterator[None]:
    """After the test the gateway still serves, over the same upstream."""
    yield
    assert hasty.chat("fine").status_code == 200

"""The configuration in the store: pushed, followed by every process, compared and taken back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from kit import config
from kit.gateway import Gateway, command
from kit.upstream import Upstream
from kit.waits import eventually

Start = Callable[..., Gateway]

#: Within this time a running process knows what was pushed.
KNOWN_WITHIN_S = 1.0


def store_of(folder: Path) -> list[str]:
    return ["--config", "store", "--data-dir", str(folder / "data")]


def done(folder: Path, *args: str) -> str:
    """Runs `trunkline config` on the store in a folder, and gives what it prints."""
    ran = command(["config", *args, *store_of(folder)], folder)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def refused(folder: Path, *args: str) -> str:
    """The same, where it must say no; gives what it says."""
    ran = command(["config", *args, *store_of(folder)], folder)
    assert ran.returncode == 1 and not ran.stdout, ran.stdout
    return ran.stderr


def document(folder: Path, upstream: Upstream, model: str) -> tuple[str, str]:
    """Writes a document that serves one model; its path and its text."""
    text = config.provider("up", upstream.base_url) + config.model(model, "up", "real-name")
    path = folder / f"{model}.toml"
    path.write_text(f"# serves {model}\n{text}")
    return str(path), path.read_text()


def serves(gateway: Gateway, model: str) -> bool:
    return gateway.chat(model).status_code == 200


def test_what_is_pushed_is_served_within_a_second_and_can_be_taken_back(
    start: Start, upstream: Upstream, tmp_path: Path
) -> None:
    gateway = start(None, args=["--config", "store"])
    folder = gateway.folder
    assert serves(gateway, "dummy/echo-1"), "an empty store is a working start"
    assert "there is no revision yet" in refused(folder, "show")
    one, text = document(folder, upstream, "one")
    two, _ = document(folder, upstream, "two")

    assert done(folder, "push", one, "--note", "the first") == "revision 1 is in force\n"
    eventually("the first is served", lambda: serves(gateway, "one"), KNOWN_WITHIN_S)
    assert done(folder, "show") == text
    assert done(folder, "push", one) == "revision 1 is in force and says the same\n"

    assert done(folder, "push", two, "--base", "1") == "revision 2 is in force\n"
    eventually("the second is served", lambda: serves(gateway, "two"), KNOWN_WITHIN_S)
    assert not serves(gateway, "one")
    assert "revision 2 is in force and revision 1 was edited" in refused(folder, "push", one, "--base", "1")
    difference = done(folder, "diff", "1").splitlines()
    assert difference[:2] == ["--- revision 1", "+++ revision 2"]
    assert "-# serves one" in difference and "+# serves two" in difference

    assert done(folder, "rollback", "1", "--note", "two is slow") == "revision 3 is in force\n"
    eventually("the first is served again", lambda: serves(gateway, "one"), KNOWN_WITHIN_S)
    assert done(folder, "show", "3") == text
    rows = json.loads(done(folder, "revisions", "--json"))["data"]
    notes = [(row["revision"], row["note"]) for row in rows]
    assert notes == [(3, "back to revision 1: two is slow"), (2, ""), (1, "the first")]
    assert rows[0]["hash"] == rows[2]["hash"] != rows[1]["hash"]
    assert gateway.http.get("/health/detailed").json()["config_revision"] == 3


def test_a_broken_document_is_told_of_as_check_does_and_changes_nothing(
    start: Start, upstream: Upstream, tmp_path: Path
) -> None:
    gateway = start(None, args=["--config", "store"])
    folder = gateway.folder
    good, _ = document(folder, upstream, "one")
    done(folder, "push", good)
    bad = folder / "bad.toml"
    bad.write_text('[models.m]\ntargets = [{ provider = "nobody", model = "x" }]\n')
    said = refused(folder, "push", str(bad))
    assert said == command(["check", str(bad)], folder).stderr
    assert "bad.toml:2:" in said
    assert [row["revision"] for row in json.loads(done(folder, "revisions", "--json"))["data"]] == [1]
    assert "there is no revision 7" in refused(folder, "rollback", "7")


def test_processes_on_one_store_all_follow(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    first = start(None, args=["--config", "store"])
    second = start(None, args=["--config", "store"], data=first.data)
    path, _ = document(first.folder, upstream, "shared")
    done(first.folder, "push", path)
    for gateway in (first, second):
        eventually("it is served", lambda gateway=gateway: serves(gateway, "shared"), KNOWN_WITHIN_S)


def test_a_file_has_a_history_too(start: Start, upstream: Upstream) -> None:
    gateway = start(config.QUIET + config.provider("up", upstream.base_url) + config.model("a", "up", "x"))
    first = gateway.config_path.read_text()
    gateway.write_config(first + config.model("b", "up", "x"))
    eventually("the file is read again", lambda: serves(gateway, "b"))
    listed = lambda: json.loads(done(gateway.folder, "revisions", "--json"))["data"]  # noqa: E731
    eventually("both states are kept", lambda: [row["who"] for row in listed()] == ["file", "file"])
    assert done(gateway.folder, "show", "1") == first

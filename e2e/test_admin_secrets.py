"""Stored secrets: set by command and by API, named by the document, sealed with a key that is somebody's own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx

from kit import config
from kit.gateway import Gateway, binary, clean_env
from kit.upstream import Upstream
from kit.waits import eventually

Start = Callable[..., Gateway]

TOKEN = "canary-admin-token"
ADMIN = f'[admin]\ntoken = "{TOKEN}"\n'
PATH = "/api/v1/secrets"
KEY = "a key that is long enough to be one"
OTHER_KEY = "another key that is long enough as well"
#: Within this time a running process knows what was set elsewhere.
KNOWN_WITHIN_S = 1.0


def document(upstream: Upstream, *names: str) -> str:
    """One that names these secrets as keys of its provider; with none, a key of its own."""
    keys = [f"secret:{name}" for name in names] or ["plain"]
    return config.QUIET + ADMIN + config.provider("up", upstream.base_url, keys=keys) + config.model("m", "up", "real")


def secrets(
    folder: Path, *args: str, value: str = "", env: dict[str, str] | None = None, data: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs `trunkline secrets` beside the gateway in a folder."""
    options = ["--data-dir", str(data or folder / "data")]
    if (folder / "trunkline.toml").exists():
        options += ["--config", str(folder / "trunkline.toml")]
    return subprocess.run(
        [str(binary()), "secrets", *args, *options],
        cwd=folder,
        env=clean_env(folder, env),
        input=value,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )


def done(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def refused(ran: subprocess.CompletedProcess[str]) -> str:
    assert ran.returncode == 1 and not ran.stdout, ran.stdout
    return ran.stderr


def ask(gateway: Gateway, method: str, path: str, **more: object) -> httpx.Response:
    return gateway.http.request(method, path, headers={"authorization": f"Bearer {TOKEN}"}, **more)


def presented(gateway: Gateway, upstream: Upstream) -> str | None:
    """The key that a chat reaches its provider with."""
    before = len(upstream.received)
    if gateway.chat("m").status_code != 200:
        return None
    return (upstream.received[before].header("authorization") or "").removeprefix("Bearer ")


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_secret_is_set_named_replaced_and_forgotten(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    folder = tmp_path / "gateway-0"
    folder.mkdir()
    (folder / "trunkline.toml").write_text(document(upstream, "groq"))
    said = done(secrets(folder, "set", "groq", value="canary-one\n"))
    assert said == 'the secret `groq` is set; a document names it as "secret:groq"\n'
    gateway = start(document(upstream, "groq"))
    assert presented(gateway, upstream) == "canary-one"

    (folder / "value").write_text("canary-two")
    done(secrets(folder, "set", "groq", "--from-file", str(folder / "value")))
    eventually("the new one is used", lambda: presented(gateway, upstream) == "canary-two", KNOWN_WITHIN_S)
    assert ask(gateway, "PUT", f"{PATH}/groq", json={"value": "canary-three"}).status_code == 204
    eventually("so is the next", lambda: presented(gateway, upstream) == "canary-three", KNOWN_WITHIN_S)
    assert ask(gateway, "PUT", f"{PATH}/spare", json={"value": "canary-spare"}).status_code == 204

    page = ask(gateway, "GET", PATH).json()
    assert [(row["name"], row["used_by"]) for row in page["items"]] == [("groq", ["providers.up.keys[0]"]), ("spare", [])]
    assert page["next_cursor"] is None and page["items"][0]["set_at"].endswith("Z")
    assert json.loads(done(secrets(folder, "list", "--json")))["items"] == page["items"]
    assert "providers.up.keys[0]" in done(secrets(folder, "list")) and "canary" not in done(secrets(folder, "list"))

    answer = ask(gateway, "DELETE", f"{PATH}/groq")
    assert answer.status_code == 409 and "providers.up.keys[0]" in answer.json()["detail"]
    assert "providers.up.keys[0]" in refused(secrets(folder, "remove", "groq"))
    assert ask(gateway, "DELETE", f"{PATH}/spare").status_code == 204
    assert ask(gateway, "DELETE", f"{PATH}/spare").status_code == 404
    gateway.write_config(document(upstream))
    assert done(secrets(folder, "remove", "groq")) == "the secret `groq` is forgotten\n"
    assert all(b"canary" not in kept for kept in files(gateway.data).values())
    assert "canary" not in gateway.stdout() + gateway.stderr()


def test_what_is_not_stored_is_told_with_its_place_until_it_is(start: Start, upstream: Upstream) -> None:
    gateway = start(document(upstream))
    folder = gateway.folder
    done(secrets(folder, "set", "groq", value="canary-one"))
    gateway.write_config(document(upstream, "grok"))
    ran = subprocess.run(
        [str(binary()), "check", str(gateway.config_path)],
        env=clean_env(folder, {"TRUNKLINE_DATA_DIR": str(gateway.data)}),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ran.returncode == 1
    assert "trunkline.toml:14:9: providers.up.keys[0]: the secret `grok` is not stored; did you mean `groq`?" in ran.stderr
    assert "`trunkline secrets set grok` stores it" in ran.stderr
    eventually("the process says so, too", lambda: "the secret `grok` is not stored" in gateway.stderr())
    assert presented(gateway, upstream) == "plain", "what was before goes on"
    done(secrets(folder, "set", "grok", value="canary-two"))
    eventually("it is in force", lambda: presented(gateway, upstream) == "canary-two", 2 * KNOWN_WITHIN_S)


def test_bad_names_and_values_are_refused(start: Start, upstream: Upstream) -> None:
    gateway = start(document(upstream))
    for name, body, field in [
        ("a%20b", {"value": "x"}, "name"),
        ("-a", {"value": "x"}, "name"),
        ("a" * 65, {"value": "x"}, "name"),
        ("a", {"value": ""}, "value"),
        ("a", {"value": " \n"}, "value"),
        ("a", {"value": "x" * (64 * 1024 + 1)}, "value"),
        ("a", {}, None),
        ("a", {"value": 7}, "value"),
    ]:
        answer = ask(gateway, "PUT", f"{PATH}/{name}", json=body)
        assert (answer.status_code, answer.json().get("field")) == (400, field), answer.text
    assert ask(gateway, "GET", PATH).json()["items"] == []
    assert "1 to 65536 bytes" in refused(secrets(gateway.folder, "set", "a", value="x" * 70_000))
    assert refused(secrets(gateway.folder, "set", "a", "--from-file", "/nowhere"))
    ran = secrets(gateway.folder, "set", "a", "a-value-on-the-command-line")
    assert ran.returncode == 2, "a value is never an argument"


def test_the_key_file_is_its_owners_alone(start: Start, upstream: Upstream) -> None:
    gateway = start(document(upstream))
    done(secrets(gateway.folder, "set", "groq", value="canary-one"))
    path = gateway.data / "secret.key"
    assert path.stat().st_mode & 0o777 == 0o600 and len(path.read_text().strip()) == 64
    gateway.write_config(document(upstream, "groq"))
    eventually("it is in force", lambda: presented(gateway, upstream) == "canary-one")
    gateway.stop()
    path.chmod(0o640)
    said = refused(secrets(gateway.folder, "set", "other", value="x"))
    assert "secret.key" in said and "(mode 640): `chmod 600" in said
    again = subprocess.run(
        [str(binary()), "serve", "--data-dir", str(gateway.data), "--config", str(gateway.config_path), "--port", "0"],
        env=clean_env(gateway.folder),
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert again.returncode == 1 and "providers.up.keys[0]: the secret `groq` cannot be read" in again.stderr
    assert "chmod 600" in again.stderr and "panicked" not in again.stderr
    # Where nothing names one, the process runs, and says what it cannot do.
    without = start(document(upstream), data=gateway.data)
    assert "stored secrets cannot be read" in without.stderr()
    answer = ask(without, "PUT", f"{PATH}/x", json={"value": "x"})
    assert answer.status_code == 409 and "chmod 600" in answer.json()["detail"]


def test_another_key_opens_nothing_and_names_what_to_set(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    folder = tmp_path / "gateway-0"
    folder.mkdir()
    (folder / "trunkline.toml").write_text(document(upstream, "groq"))
    done(secrets(folder, "set", "groq", value="canary-one", env={"TRUNKLINE_SECRET_KEY": KEY}))
    assert "secret.key" not in files(folder / "data"), "where the variable is set, no file is made"
    for env, words in [
        ({"TRUNKLINE_SECRET_KEY": OTHER_KEY}, "was sealed with another key than the one in `TRUNKLINE_SECRET_KEY`"),
        ({"TRUNKLINE_SECRET_KEY": "short"}, "`TRUNKLINE_SECRET_KEY` is shorter than 32 characters"),
        ({}, "there is no key: set `TRUNKLINE_SECRET_KEY`, or bring"),
    ]:
        assert words in refused(secrets(folder, "set", "other", value="x", env=env)), env
        ran = subprocess.run(
            [str(binary()), "models", "--config", str(folder / "trunkline.toml"), "--data-dir", str(folder / "data")],
            env=clean_env(folder, env),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        assert ran.returncode == 1 and "providers.up.keys[0]: the secret `groq` cannot be read" in ran.stderr
        assert words in ran.stderr and "panicked" not in ran.stderr
    gateway = start(document(upstream, "groq"), env={"TRUNKLINE_SECRET_KEY": KEY})
    assert presented(gateway, upstream) == "canary-one"


def test_the_key_is_rotated_under_a_process_that_serves(start: Start, upstream: Upstream) -> None:
    gateway = start(document(upstream))
    folder = gateway.folder
    done(secrets(folder, "set", "groq", value="canary-one"))
    gateway.write_config(document(upstream, "groq"))
    eventually("it is in force", lambda: presented(gateway, upstream) == "canary-one")
    before = (gateway.data / "secret.key").read_text()
    sealed = eventually("the document is a revision", lambda: done(secrets(folder, "rotate-key")))
    assert sealed.startswith("1 secrets and ")
    assert (gateway.data / "secret.key").read_text() != before
    assert presented(gateway, upstream) == "canary-one"
    done(secrets(folder, "set", "groq", value="canary-two"))
    eventually("what is sealed now is read", lambda: presented(gateway, upstream) == "canary-two", KNOWN_WITHIN_S)
    # From the file into a variable, and from there into another.
    done(secrets(folder, "rotate-key", env={"TRUNKLINE_SECRET_KEY": KEY}))
    assert "was sealed with another key than" in refused(secrets(folder, "set", "a", value="x"))
    both = {"TRUNKLINE_SECRET_KEY": OTHER_KEY, "TRUNKLINE_SECRET_KEY_PREVIOUS": KEY}
    assert done(secrets(folder, "rotate-key", env=both)).startswith("1 secrets and ")
    assert presented(gateway, upstream) == "canary-two", "a process without the key goes on with what it knows"
    done(secrets(folder, "set", "groq", value="canary-three", env={"TRUNKLINE_SECRET_KEY": OTHER_KEY}))
    eventually("and says so", lambda: "changes of stored secrets are not seen" in gateway.stderr())
    again = start(document(upstream, "groq"), data=gateway.data, env={"TRUNKLINE_SECRET_KEY": OTHER_KEY})
    assert presented(again, upstream) == "canary-three"


def test_the_document_in_the_store_is_sealed_for_all_replicas(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    folder = tmp_path / "one"
    folder.mkdir()
    literal = config.QUIET + config.provider("up", upstream.base_url, keys=["canary-literal"]) + config.model("m", "up", "r")
    (folder / "pushed.toml").write_text(literal)
    store = ["--config", "store", "--store-url", f"sqlite:{folder}/shared.db"]

    def trunkline(*args: str, data: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(binary()), *args, *store, "--data-dir", str(tmp_path / data)],
            cwd=folder,
            env=clean_env(folder, env),
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )

    same = {"TRUNKLINE_SECRET_KEY": KEY}
    done(trunkline("config", "push", "pushed.toml", data="one", env=same))
    os.remove(folder / "pushed.toml")
    assert all(b"canary" not in kept for kept in files(tmp_path).values())
    assert "canary-literal" in done(trunkline("config", "show", data="two", env=same))
    assert json.loads(done(trunkline("config", "revisions", "--json", data="two")))["data"][0]["revision"] == 1
    for env in [None, {"TRUNKLINE_SECRET_KEY": OTHER_KEY}]:
        said = refused(trunkline("config", "show", data="two", env=env))
        assert "`TRUNKLINE_SECRET_KEY`" in said and "canary" not in said
    gateway = start(None, args=store, data=tmp_path / "two", env=same)
    assert presented(gateway, upstream) == "canary-literal"

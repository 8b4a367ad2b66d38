"""The document: checked whole, explained by place, reloaded in one step, and never half applied."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
import tomllib
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from kit import config
from kit.backends import free_port
from kit.gateway import ROOT, Gateway, command
from kit.upstream import Upstream, openai_error
from kit.waits import eventually

Start = Callable[..., Gateway]

WRONG = """\
[server]
listen = "127.0.0.1:8700"
lisen = "127.0.0.1:8701"
body_limit = true

[providers.local]
type = "vlm"
base_url = "http://127.0.0.1:8000/v1"

[providers.groq]
type = "groq"
keys = ["${E2E_NOT_SET}"]

[models.turbo]
targets = [
  { provider = "gork", model = "llama" },
  { provider = "local", modle = "qwen" },
]
"""

#: Line, column, what the message or hint must name.
PROBLEMS = [
    (3, 1, "lisen"),
    (3, 1, "listen"),
    (4, 14, "body_limit"),
    (7, 8, "vllm"),
    (12, 9, "E2E_NOT_SET"),
    (16, 16, "gork"),
    (16, 16, "groq"),
    (17, 3, "missing"),
    (17, 25, "modle"),
]


def test_check_prints_every_problem_with_its_place_and_a_hint(tmp_path: Path) -> None:
    path = tmp_path / "trunkline.toml"
    path.write_text(WRONG)
    ran = command(["check", str(path)], tmp_path)
    printed = ran.stdout + ran.stderr
    assert ran.returncode == 1, ran
    found = re.findall(r"trunkline\.toml:(\d+):(\d+)", printed)
    places = {(int(line), int(column)) for line, column in found}
    assert places >= {(line, column) for line, column, _ in PROBLEMS}, printed
    for _, _, word in PROBLEMS:
        assert word in printed, printed
    assert "did you mean" in printed


def test_check_of_a_right_document_says_so(tmp_path: Path) -> None:
    path = tmp_path / "trunkline.toml"
    path.write_text(config.standard("http://127.0.0.1:9/v1"))
    ran = command(["check", str(path)], tmp_path)
    assert (ran.returncode, ran.stderr) == (0, ""), ran


@pytest.mark.parametrize("text", ["[server", "= 1", 'a = "x\n', "\x00", "[a]\n[a]\n"])
def test_check_of_what_is_no_toml_says_where(text: str, tmp_path: Path) -> None:
    path = tmp_path / "trunkline.toml"
    path.write_text(text)
    ran = command(["check", str(path)], tmp_path)
    assert ran.returncode == 1, ran
    assert re.search(r"trunkline\.toml:\d+:\d+", ran.stdout + ran.stderr), ran


def test_check_of_a_missing_document_says_so(tmp_path: Path) -> None:
    ran = command(["check", "not-there.toml"], tmp_path)
    assert ran.returncode != 0
    assert "not-there.toml" in ran.stderr


def schema(folder: Path) -> dict:
    ran = command(["schema"], folder)
    assert ran.returncode == 0, ran
    return json.loads(ran.stdout)


def test_the_schema_is_a_json_schema_and_takes_the_example(tmp_path: Path) -> None:
    document = schema(tmp_path)
    kind = jsonschema.validators.validator_for(document)
    kind.check_schema(document)
    validator = kind(document)
    example = tomllib.loads((ROOT / "trunkline.example.toml").read_text())
    assert [error.message for error in validator.iter_errors(example)] == []
    assert not validator.is_valid(tomllib.loads(WRONG))
    assert not validator.is_valid({"server": {"lisen": "x"}})


def test_the_example_passes_its_own_check(tmp_path: Path) -> None:
    text = (ROOT / "trunkline.example.toml").read_text()
    variables = set(re.findall(r"\$\{(\w+)\}", text))
    ran = command(["check", str(ROOT / "trunkline.example.toml")], tmp_path, {name: "sk-example" for name in variables})
    assert ran.returncode == 0, ran


def test_the_version_is_the_workspaces(tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    ran = command(["--version"], tmp_path)
    assert (ran.returncode, ran.stdout.strip()) == (0, f"trunkline {version}")


def test_the_models_command_lists_what_clients_may_ask_for(tmp_path: Path, upstream: Upstream) -> None:
    path = tmp_path / "trunkline.toml"
    path.write_text(config.standard(upstream.base_url))
    ran = command(["models", "--config", str(path)], tmp_path)
    assert ran.returncode == 0, ran
    assert "alias" in ran.stdout
    assert "up/listed-1" in ran.stdout


@pytest.mark.parametrize("arguments", [["serve", "--prot", "1"], ["nonsense"], ["serve", "--port", "99999"], ["check"]])
def test_a_wrong_command_line_is_explained(arguments: list[str], tmp_path: Path) -> None:
    ran = command(arguments, tmp_path)
    assert ran.returncode == 2, ran
    assert arguments[-1] in ran.stderr or "--" in ran.stderr or "FILE" in ran.stderr


def test_a_wrong_document_stops_the_start_with_all_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "trunkline.toml"
    path.write_text(WRONG)
    ran = command(["serve", "--config", str(path), "--data-dir", str(tmp_path / "data"), "--port", "0"], tmp_path)
    assert ran.returncode not in (0, 101), ran
    assert ran.stderr.count("trunkline.toml:") >= 6, ran.stderr


def test_a_document_that_was_named_must_exist(tmp_path: Path) -> None:
    ran = command(["serve", "--config", "not-there.toml", "--data-dir", str(tmp_path / "d"), "--port", "0"], tmp_path)
    assert ran.returncode not in (0, 101)
    assert "not-there.toml" in ran.stderr


@pytest.mark.parametrize("how", ["flag", "variable", "document"])
def test_an_open_address_without_keys_refuses_to_start(how: str, tmp_path: Path) -> None:
    """The address is of the machine itself; nothing is bound, since the start is refused before."""
    path = tmp_path / "trunkline.toml"
    path.write_text(config.QUIET + (config.server(listen='"0.0.0.0:0"') if how == "document" else ""))
    arguments = ["serve", "--config", str(path), "--data-dir", str(tmp_path / "data")]
    arguments += ["--host", "0.0.0.0", "--port", "0"] if how == "flag" else []
    ran = command(arguments, tmp_path, {"HOST": "0.0.0.0", "PORT": "0"} if how == "variable" else None)
    assert ran.returncode not in (0, 101), ran
    assert "client_keys" in ran.stderr or "CLIENT_API_KEY" in ran.stderr, ran.stderr
    assert 'auth = "none"' in ran.stderr, ran.stderr


@pytest.mark.parametrize("way", ["keys", "variable", "on purpose"])
def test_an_open_address_with_keys_or_on_purpose_starts(way: str, start: Start) -> None:
    settings = {"listen": '"0.0.0.0:0"', **({"auth": '"none"'} if way == "on purpose" else {})}
    text = config.QUIET + config.server(**settings) + (config.client_key("a", "the-key") if way == "keys" else "")
    gateway = start(text, port=None, env={"CLIENT_API_KEY": "the-key"} if way == "variable" else None)
    status = 200 if way == "on purpose" else 401
    assert gateway.http.get("/v1/models").status_code == status
    assert gateway.http.get("/v1/models", headers={"x-api-key": "the-key"}).status_code == 200


def test_a_taken_port_is_said_plainly(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    taken = start(config.QUIET)
    arguments = ["serve", "--data-dir", str(tmp_path / "other"), "--host", "127.0.0.1", "--port", str(taken.port)]
    ran = command(arguments, tmp_path)
    assert ran.returncode not in (0, 101), ran
    assert str(taken.port) in ran.stderr


def test_a_missing_variable_in_the_document_is_a_problem_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "trunkline.toml"
    path.write_text(config.QUIET + config.client_key("a", "${E2E_NOT_SET}"))
    ran = command(["serve", "--config", str(path), "--data-dir", str(tmp_path / "data"), "--port", "0"], tmp_path)
    assert ran.returncode not in (0, 101)
    assert "E2E_NOT_SET" in ran.stderr


@pytest.mark.parametrize("name", ["PORT", "API_PORT", "PROXY_PORT"])
def test_variables_override_the_document_and_flags_override_both(name: str, start: Start) -> None:
    in_document, in_variable = free_port(), free_port()
    text = config.QUIET + config.server(listen=f'"127.0.0.1:{in_document}"')
    assert start(text, port=None).port == in_document
    assert start(text, port=None, env={name: str(in_variable)}).port == in_variable
    by_flag = start(text, port=0, env={name: str(in_variable)}).port
    assert by_flag not in (in_document, in_variable)


def test_the_document_may_be_named_by_a_variable(start: Start, tmp_path: Path, upstream: Upstream) -> None:
    path = tmp_path / "elsewhere.toml"
    path.write_text(config.standard(upstream.base_url))
    gateway = start(None, env={"TRUNKLINE_CONFIG": str(path)})
    assert gateway.chat("alias").status_code == 200


def test_a_document_in_the_working_folder_is_found(start: Start, tmp_path: Path, upstream: Upstream) -> None:
    folder = tmp_path / "gateway-0"
    folder.mkdir()
    (folder / "trunkline.toml").write_text(config.standard(upstream.base_url))
    assert start(None).chat("alias").status_code == 200


def has_model(gateway: Gateway, name: str) -> bool:
    return gateway.http.get(f"/v1/models/{name}").status_code == 200


def detail(gateway: Gateway) -> str:
    return json.dumps(gateway.http.get("/health/detailed").json())


def test_a_changed_document_is_taken_without_a_restart(start: Start, upstream: Upstream) -> None:
    text = config.standard(upstream.base_url)
    gateway = start(text)
    assert not has_model(gateway, "second")
    gateway.write_config(text + config.model("second", "up", "real-second"))
    eventually("the new model is served", lambda: has_model(gateway, "second"))
    assert gateway.chat("second").json()["model"] == "second"
    gateway.write_config(text)
    eventually("the model is gone again", lambda: not has_model(gateway, "second"))
    assert gateway.chat("second").status_code == 404


def test_a_document_written_in_place_is_taken_too(start: Start, upstream: Upstream) -> None:
    text = config.standard(upstream.base_url)
    gateway = start(text)
    gateway.config_path.write_text(text + config.model("second", "up", "real-second"))
    eventually("the new model is served", lambda: has_model(gateway, "second"))


def test_a_mounted_document_that_is_swapped_by_its_link_is_taken(
    start: Start, upstream: Upstream, tmp_path: Path
) -> None:
    """Kubernetes mounts config maps so: the name is a link, and only what it points to changes."""
    text = config.standard(upstream.base_url)
    for version, more in (("v1", ""), ("v2", config.model("second", "up", "real-second"))):
        (tmp_path / version).mkdir()
        (tmp_path / version / "trunkline.toml").write_text(text + more)
    (tmp_path / "data").symlink_to("v1")
    (tmp_path / "trunkline.toml").symlink_to("data/trunkline.toml")
    gateway = start(None, args=["--config", str(tmp_path / "trunkline.toml")])
    (tmp_path / "data-next").symlink_to("v2")
    os.replace(tmp_path / "data-next", tmp_path / "data")
    eventually("the new model is served", lambda: has_model(gateway, "second"))


def test_sighup_reads_the_document_again(start: Start, upstream: Upstream) -> None:
    """Length and time of the file stay the same, so that the signal alone tells."""
    text = config.standard(upstream.base_url) + config.model("first-one", "up", "real-second")
    gateway = start(text)
    before = gateway.config_path.stat()
    with gateway.config_path.open("r+b") as file:
        file.write(text.replace("first-one", "other-one").encode())
    os.utime(gateway.config_path, ns=(before.st_atime_ns, before.st_mtime_ns))
    gateway.process.send_signal(signal.SIGHUP)
    eventually("the new model is served", lambda: has_model(gateway, "other-one"))
    assert gateway.alive()


def test_a_bad_document_leaves_the_old_one_running_and_says_so(start: Start, upstream: Upstream) -> None:
    text = config.standard(upstream.base_url)
    gateway = start(text)
    healthy = detail(gateway)
    gateway.write_config(text + config.model("broken", "nobody", "x"))
    eventually("the problem shows", lambda: "nobody" in detail(gateway))
    eventually("the log says so", lambda: "nobody" in gateway.stderr())
    assert gateway.http.get("/health").status_code == 200
    assert gateway.chat("alias").status_code == 200
    assert not has_model(gateway, "broken")
    gateway.write_config("[[[ no toml")
    eventually("the other problem shows", lambda: "nobody" not in detail(gateway) and detail(gateway) != healthy)
    assert gateway.chat("alias").status_code == 200
    gateway.write_config(text + config.model("mended", "up", "x"))
    eventually("the mended document is taken", lambda: has_model(gateway, "mended"))
    eventually("no problem is left", lambda: json.loads(detail(gateway)).keys() == json.loads(healthy).keys())
    assert "no toml" not in detail(gateway)


def test_a_change_while_it_starts_is_not_missed(start: Start, tmp_path: Path, upstream: Upstream) -> None:
    """The data folder is made after the document was read, and before anything watches it."""
    folder = tmp_path / "gateway-0"
    text = config.standard(upstream.base_url)

    def change() -> None:
        eventually("the data folder is made", lambda: (folder / "data").exists())
        (folder / "next").write_text(text + config.model("second", "up", "real-second"))
        os.replace(folder / "next", folder / "trunkline.toml")

    changing = threading.Thread(target=change)
    changing.start()
    gateway = start(text)
    changing.join()
    eventually("the new model is served", lambda: has_model(gateway, "second"))


def test_a_document_that_disappears_leaves_the_old_one_running(start: Start, upstream: Upstream) -> None:
    text = config.standard(upstream.base_url)
    gateway = start(text)
    gateway.config_path.unlink()
    gateway.process.send_signal(signal.SIGHUP)
    eventually("the log tells", lambda: "trunkline.toml" in gateway.stderr())
    assert gateway.chat("alias").status_code == 200
    gateway.write_config(text + config.model("second", "up", "real-second"))
    eventually("the new document is taken", lambda: has_model(gateway, "second"))


def test_keys_change_with_the_document(start: Start, upstream: Upstream) -> None:
    text = config.standard(upstream.base_url)
    gateway = start(text + config.client_key("a", "first-client-key"))

    def call(key: str) -> int:
        return gateway.http.get("/v1/models", headers={"x-api-key": key}).status_code

    assert (call("first-client-key"), call("other-client-key")) == (200, 401)
    gateway.write_config(text + config.client_key("a", "other-client-key"))
    eventually("the new key is taken", lambda: call("other-client-key") == 200)
    assert call("first-client-key") == 401


def test_secrets_are_in_no_output(start: Start, upstream: Upstream) -> None:
    """Keys of providers and clients, from the document and from the environment, while things fail."""
    secrets = ["canary-provider-1", "canary-provider-2", "canary-client-1", "canary-client-2", "canary-header"]
    text = config.QUIET + config.provider(
        "up", upstream.base_url, keys=["${UP_KEY}", secrets[1]], more=f'headers = {{ x-team = "{secrets[4]}" }}'
    )
    text += config.client_key("a", secrets[2])
    gateway = start(text, env={"UP_KEY": secrets[0], "CLIENT_API_KEY": secrets[3]}, args=["--log-level", "trace"])
    headers = {"authorization": f"Bearer {secrets[2]}"}
    body = {"model": "up/secretive", "messages": [{"role": "user", "content": "canary-prompt"}]}
    upstream.script("secretive", lambda ex: ex.answer(openai_error("no"), 500))
    seen = [gateway.http.post("/v1/chat/completions", json=body, headers=headers).text]
    assert "canary-header" in (upstream.request_of("secretive").header("x-team") or "")
    seen += [gateway.http.get(path, headers=headers).text for path in ("/health/detailed", "/v1/models")]
    gateway.write_config(text.replace("[discovery]", "[discover]"))
    eventually("the problem shows", lambda: "discover" in gateway.http.get("/health/detailed").text)
    seen.append(gateway.http.get("/health/detailed").text)
    everything = "".join(seen) + gateway.stdout() + gateway.stderr()
    assert [secret for secret in [*secrets, "canary-prompt"] if secret in everything] == []
    assert "canary" not in str(gateway.rows())

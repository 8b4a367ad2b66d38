"""Configurations of the gateways that people come from: they load, answer, and every key of them is told of."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kit.gateway import ROOT, Gateway, command
from kit.upstream import Upstream
from kit.waits import eventually

Start = Callable[..., Gateway]

VERDICT = re.compile(r"^(exact|approximate|manual|unsupported) +(\S.*?): (.+)$")


def told(report: str) -> list[str]:
    """The keys that a report names, up to the note."""
    return [line.split("  ", 1)[1].strip() for line in report.splitlines() if VERDICT.match(line)]


def names_each_once(report: str, paths: list[str]) -> None:
    """Each path is at the beginning of exactly one line, and no line is about anything else."""
    lines = told(report)
    for path in paths:
        assert len([line for line in lines if line.startswith(f"{path}: ")]) == 1, (path, report)
    assert len(lines) == len(paths), report


def keys(value: Any, at: str) -> Iterator[str]:
    """Every key of a JSON tree by its path; a list of plain values is one key."""
    if isinstance(value, dict) and value:
        for name, inner in value.items():
            shown = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name)
            yield from keys(inner, f"{at}{'' if at.endswith(': ') else '.'}{shown}")
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from keys(item, f"{at}[{index}]")
    else:
        yield at


MODEL_PROXY_ENV = {"GROQ_API_KEY_1": "sk-canary-1", "GROQ_API_KEY_2": "sk-canary-2"}


def model_proxy(folder: Path, upstream: Upstream) -> Path:
    """A `config` folder in front of the upstream, as its page describes it."""
    files = {
        "providers/groq.json": {
            "name": "groq",
            "display_name": "Groq",
            "enabled": True,
            "api_keys": {"env_var_patterns": ["{PROVIDER}_API_KEY_{INDEX}"]},
            "endpoints": {"base_url": upstream.base_url, "completions": "/chat/completions"},
            "authentication": {"type": "bearer", "additional_headers": {"X-Team": "research"}},
            "models": {"glm": {"context_length": 8192}},
            "model_mapping": {"glm": "real-name"},
            "error_handling": {"429": {"action": "model_key_failure"}},
        },
        "models/turbo.json": {
            "logical_name": "turbo",
            "timeout_seconds": 20,
            "default_cooldown_seconds": 10,
            "context_window": 131072,
            "model_routings": [{"provider": "groq", "model": "glm"}],
            "fallback_model_routings": [],
        },
        "audio-models/whisper.json": {
            "logical_name": "whisper",
            "model_routings": [{"provider": "groq", "model": "whisper-large-v3"}],
        },
    }
    for name, tree in files.items():
        path = folder / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(tree))
    return folder / "config"


def trees(folder: Path) -> list[str]:
    """Every key of every file that can be read."""
    found: list[str] = []
    for path in folder.rglob("*.json"):
        try:
            tree = json.loads(path.read_text())
        except ValueError:
            continue
        found += keys(tree, f"{path.relative_to(folder)}: ")
    return found


def serverless_proxy(folder: Path, upstream: Upstream) -> Path:
    """A database in front of the upstream, with every table."""
    sql = (ROOT / "e2e/fixtures/serverless_proxy.sql").read_text()
    path = folder / "proxy.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(sql.replace("BASE_URL", upstream.base_url))
    connection.close()
    return path


def litellm(folder: Path, upstream: Upstream) -> Path:
    """A `config.yaml` in front of the upstream."""
    path = folder / "config.yaml"
    path.write_text(
        f"""\
model_list:
  - model_name: turbo
    litellm_params:
      model: openai/real-name
      api_base: {upstream.base_url}
      api_key: os.environ/UP_KEY
      timeout: 20
router_settings:
  routing_strategy: simple-shuffle
  model_group_alias: {{ fast: turbo }}
litellm_settings: {{ drop_params: true }}
general_settings:
  master_key: sk-master-canary
"""
    )
    return path


def imported(folder: Path, arguments: list[str], env: dict[str, str]) -> tuple[str, str]:
    """Document and report of an import in which nothing is wrong; the document passes the check."""
    ran = command(["import", *arguments], folder, env)
    assert ran.returncode == 0, ran
    path = folder / "made.toml"
    path.write_text(ran.stdout)
    checked = command(["check", str(path)], folder, env)
    assert checked.returncode == 0, checked
    assert "canary" not in ran.stderr
    return ran.stdout, ran.stderr


def answers(gateway: Gateway, upstream: Upstream, model: str = "turbo", **headers: str) -> dict[str, str | None]:
    """Asks for the model, and gives the headers that arrived upstream."""
    seen = len(upstream.requests_of("real-name"))
    body = {"model": model, "messages": [{"role": "user", "content": "hello"}]}
    answer = gateway.http.post("/v1/chat/completions", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == model
    request = upstream.requests_of("real-name")[seen]
    return {name: request.header(name) for name in ("authorization", "x-team", "x-model")}


def test_model_proxy_is_imported_and_answers(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    folder = model_proxy(tmp_path, upstream)
    document, report = imported(tmp_path, ["model-proxy", str(folder)], MODEL_PROXY_ENV)
    names_each_once(report, trees(folder))
    assert imported(tmp_path, ["model-proxy", str(tmp_path)], MODEL_PROXY_ENV) == (document, report)
    seen = answers(start(document, env=MODEL_PROXY_ENV), upstream)
    assert seen["authorization"] in ("Bearer sk-canary-1", "Bearer sk-canary-2")
    assert seen["x-team"] == "research"


@pytest.mark.parametrize("below", ["config", "."])
def test_a_config_folder_of_model_proxy_is_served_as_it_is(
    below: str, start: Start, upstream: Upstream, tmp_path: Path
) -> None:
    folder = model_proxy(tmp_path, upstream)
    (folder / "models/broken.json").write_text('{"logical_name": "canary"')
    gateway = start(None, args=["--config", str(tmp_path / below)], env=MODEL_PROXY_ENV)
    assert answers(gateway, upstream)["x-team"] == "research"
    assert "models/broken.json is left out: not JSON, line 1" in gateway.stderr()
    assert "canary" not in gateway.logs()
    entry = gateway.http.get("/v1/models/turbo").json()
    assert entry["context_window"] == 8192


def test_a_served_folder_is_followed(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    folder = model_proxy(tmp_path, upstream)
    gateway = start(None, args=["--config", str(folder)], env=MODEL_PROXY_ENV)
    assert gateway.http.get("/v1/models/second").status_code == 404
    tree = json.loads((folder / "models/turbo.json").read_text()) | {"logical_name": "second"}
    draft = tmp_path / "draft"
    draft.write_text(json.dumps(tree))
    os.replace(draft, folder / "models/second.json")
    eventually("the new model is served", lambda: gateway.http.get("/v1/models/second").status_code == 200)
    answers(gateway, upstream, "second")


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    for arguments in (["import", "model-proxy", str(tmp_path)], ["serve", "--port", "0", "--config", str(tmp_path)]):
        ran = command([*arguments], tmp_path)
        assert ran.returncode == 1, ran
        assert "neither `models` nor `providers`" in ran.stderr


def test_serverless_proxy_is_imported_and_answers(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    path = serverless_proxy(tmp_path, upstream)
    before = path.read_bytes()
    document, report = imported(tmp_path, ["serverless-proxy", str(path)], {})
    assert path.read_bytes() == before
    assert sorted(file.name for file in tmp_path.iterdir()) == ["made.toml", "proxy.db"]
    expected: list[str] = []
    with sqlite3.connect(path) as connection:
        tables = ["endpoints", "virtual_models", "tool_patterns", "settings", "request_usage", "embedding_usage"]
        for table in tables:
            rows = connection.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in rows.description]
            found = rows.fetchall()
            whole = table.endswith("_usage")
            places = [f"{table} ({len(found)} rows)"] if whole else [f"{table}/{row[0]}" for row in found]
            expected += [f"{place}: {column}" for place in places for column in columns]
    connection.close()
    names_each_once(report, expected)
    seen = answers(start(document), upstream)
    assert seen == {"authorization": "Bearer sk-upstream-canary", "x-team": "research", "x-model": "turbo"}


def test_past_usage_is_carried_over_once_and_its_totals_are_equal(upstream: Upstream, tmp_path: Path) -> None:
    path = serverless_proxy(tmp_path, upstream)
    with sqlite3.connect(path) as connection:
        add = "INSERT INTO request_usage (virtual_model, endpoint_name, prompt_tokens, completion_tokens, cached_input_tokens," \
            " cost_estimate, response_time_ms, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
        rows = ((f"m{n % 7}", f"e{n % 3}", n % 900, n % 50, n % 400, n * 1.1e-6, n % 3000, 1_700_000_000 + n * 61) for n in range(25_000))
        connection.executemany(add, rows)
    one = "SELECT count(*), sum(prompt_tokens), sum(completion_tokens), sum(cost_estimate) FROM request_usage"
    requests, prompt, output, cost = connection.execute(one).fetchone()
    (embeddings,) = connection.execute("SELECT count(*) FROM embedding_usage").fetchone()
    connection.close()
    for _ in range(2):
        _, report = imported(tmp_path, ["serverless-proxy", str(path), "--ledger", str(tmp_path / "trunkline.db")], {})
        assert f"past usage is in the ledger: {requests + embeddings} requests, " in report
    arguments = ["usage", "--data-dir", str(tmp_path), "--by", "model", "--json"]
    ran = command(arguments, tmp_path)
    assert ran.returncode == 0, ran
    total = json.loads(ran.stdout)["all"]
    assert total["requests"] == requests + embeddings
    kinds = ("input_tokens", "cache_read_tokens", "cache_write_tokens")
    assert sum(total[kind] for kind in kinds) == prompt
    assert total["output_tokens"] == output
    assert abs(float(total["cost"]) - cost) < 1e-4
    assert sum(row["requests"] for row in json.loads(ran.stdout)["groups"]) == total["requests"]


QWEN = """<tool_call>
<function=bash>
<parameter=command>
ls -la /tmp
</parameter>
<parameter=description>
List files
</parameter>
"""


@pytest.mark.parametrize(
    ("text", "pattern", "arguments"),
    [
        ("[EXECUTE:bash:ls -la /tmp]", "execute", {"command": "ls -la /tmp"}),
        *[
            (QWEN + end, "tool_call_nested_xml", {"command": "ls -la /tmp", "description": "List files"})
            for end in ("</function>\n</tool_call>", "</function>\n", "")
        ],
    ],
)
def test_imported_patterns_make_the_calls_that_they_made(
    upstream: Upstream, tmp_path: Path, text: str, pattern: str, arguments: dict[str, str]
) -> None:
    _, report = imported(tmp_path, ["serverless-proxy", str(serverless_proxy(tmp_path, upstream))], {})
    told_of = [line for line in told(report) if line.startswith("tool_patterns/") and "ated_at" not in line]
    exact = [key for key in told_of if any(row.startswith("exact") and f" {key}" in row for row in report.splitlines())]
    assert exact == told_of, report
    tools = tmp_path / "tools.json"
    tools.write_text(json.dumps([{"type": "function", "function": {"name": "bash"}}]))
    line = ["patterns", "try", "--config", str(tmp_path / "made.toml"), "--tools", str(tools), "--json", text]
    ran = command(line, tmp_path, {})
    assert ran.returncode == 0, ran
    said = json.loads(ran.stdout)
    assert [(call["tool"], call["arguments"], call["pattern"]) for call in said["calls"]] == [
        ("bash", arguments, pattern)
    ]
    [made] = said["client_gets"]["calls"]
    assert json.loads(made["arguments"])["command"] == "ls -la /tmp"
    assert "description" in json.loads(made["arguments"])


def test_litellm_is_imported_and_answers(start: Start, upstream: Upstream, tmp_path: Path) -> None:
    path = litellm(tmp_path, upstream)
    document, report = imported(tmp_path, ["litellm", str(path)], {"UP_KEY": "sk-up"})
    deployment = "config.yaml: model_list[0]"
    names_each_once(
        report,
        [
            f"{deployment}.model_name",
            *[f"{deployment}.litellm_params.{key}" for key in ("model", "api_base", "api_key", "timeout")],
            *[f"config.yaml: router_settings.{key}" for key in ("routing_strategy", "model_group_alias.fast")],
            "config.yaml: litellm_settings.drop_params",
            "config.yaml: general_settings.master_key",
        ],
    )
    gateway = start(document, env={"UP_KEY": "sk-up"})
    assert gateway.chat("turbo").status_code == 401
    key = {"authorization": "Bearer sk-master-canary"}
    assert answers(gateway, upstream, **key)["authorization"] == "Bearer sk-up"
    assert answers(gateway, upstream, "fast", **key)["authorization"] == "Bearer sk-up"


def test_files_are_written_for_their_owner_and_never_over_others(upstream: Upstream, tmp_path: Path) -> None:
    folder = model_proxy(tmp_path, upstream)
    out, report = tmp_path / "trunkline.toml", tmp_path / "report.txt"
    arguments = ["import", "model-proxy", str(folder), "--out", str(out), "--report", str(report)]
    ran = command(arguments, tmp_path, MODEL_PROXY_ENV)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", ""), ran
    assert [stat.S_IMODE(path.stat().st_mode) for path in (out, report)] == [0o600, 0o600]
    names_each_once(report.read_text(), trees(folder))
    for taken in (out, report):
        other = out if taken is report else report
        other.unlink()
        taken.write_text("mine")
        taken.chmod(0o644)
        ran = command(arguments, tmp_path, MODEL_PROXY_ENV)
        assert ran.returncode == 1, ran
        assert "`--force` overwrites it" in ran.stderr
        assert (taken.read_text(), other.exists()) == ("mine", False)
        assert command([*arguments, "--force"], tmp_path, MODEL_PROXY_ENV).returncode == 0
        assert taken.read_text() != "mine"
        assert stat.S_IMODE(taken.stat().st_mode) == 0o600


def test_what_is_bad_is_named_and_the_rest_is_made(upstream: Upstream, tmp_path: Path) -> None:
    folder = model_proxy(tmp_path, upstream)
    (folder / "models/broken.json").write_text("canary")
    ran = command(["import", "model-proxy", str(folder)], tmp_path, MODEL_PROXY_ENV)
    assert ran.returncode == 1, ran
    assert re.search(r"^bad +models/broken\.json: not JSON, line 1, column 1$", ran.stderr, re.M), ran.stderr
    assert "canary" not in ran.stderr
    assert "[models.turbo]" in ran.stdout


@pytest.mark.parametrize("kind", ["model-proxy", "serverless-proxy", "litellm"])
def test_a_source_that_is_not_there_makes_nothing(kind: str, tmp_path: Path) -> None:
    out = tmp_path / "out.toml"
    ran = command(["import", kind, "not-there", "--out", str(out)], tmp_path)
    assert ran.returncode == 1, ran
    assert "not-there" in ran.stderr
    assert list(tmp_path.iterdir()) == []


GUIDE = ROOT / "docs/migrating.md"

#: Commands of the guide, without what follows `#`. The one that serves is tested above.
COMMANDS = [
    line.split("#")[0].split()[1:]
    for block in re.findall(r"```sh\n(.*?)```", GUIDE.read_text(), re.S)
    for line in block.splitlines()
    if line.startswith("trunkline ") and not line.startswith("trunkline serve")
]


def test_the_guides_commands_do_what_it_says(upstream: Upstream, tmp_path: Path) -> None:
    model_proxy(tmp_path, upstream)
    serverless_proxy(tmp_path, upstream)
    litellm(tmp_path, upstream)
    assert len(COMMANDS) == 5
    for arguments in COMMANDS:
        ran = command(arguments, tmp_path, MODEL_PROXY_ENV | {"UP_KEY": "sk-up"})
        assert ran.returncode == 0, ran
    assert (tmp_path / "trunkline.toml").exists()
    assert (tmp_path / "report.txt").exists()

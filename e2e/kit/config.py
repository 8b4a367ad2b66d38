"""The config documents of the suites. The words of the file are spelt here and nowhere else."""

from __future__ import annotations

#: Rows are written soon, so that tests that read them do not wait.
PROMPT = '[store]\nflush_interval = "50ms"\n'

#: One failure says nothing of the next request: gateways are shared by tests that each fail in their own way.
FORGETFUL = '[failover]\nretries = 0\nwhen_resting = "try"\n'

#: The beginning of a document that finds only what it names.
QUIET = PROMPT + "[discovery]\nprobe = false\n" + FORGETFUL


def provider(name: str, base_url: str, *, kind: str = "openai", keys: list[str] | None = None, more: str = "") -> str:
    """One upstream; `more` is TOML for what a test is about."""
    stated = ", ".join(f'"{key}"' for key in (["sk-upstream-secret"] if keys is None else keys))
    return f'\n[providers.{name}]\ntype = "{kind}"\nbase_url = "{base_url}"\nkeys = [{stated}]\n{more}\n'


def model(name: str, provider: str, upstream_model: str, more: str = "") -> str:
    """One declared model with one target."""
    return f'\n[models."{name}"]\ntargets = [{{ provider = "{provider}", model = "{upstream_model}" }}]\n{more}\n'


def wire(name: str, dialect: str, base_url: str, more: str = "") -> str:
    """One upstream that speaks this dialect and no other."""
    kind = {"anthropic": "anthropic", "ollama": "ollama", "gemini": "gemini"}.get(dialect, "openai")
    return provider(name, base_url, kind=kind, more=f'dialects = ["{dialect}"]\n{more}')


def capabilities(provider: str, model: str, **stated: str) -> str:
    """What one model of a provider takes; values are TOML as written."""
    lines = "".join(f"{name} = {value}\n" for name, value in stated.items())
    return f'\n[providers.{provider}.models."{model}".capabilities]\n{lines}'


def timeouts(**limits: str) -> str:
    """A provider's deadlines, such as `first_byte="300ms"`."""
    return "".join(f'{name}_timeout = "{value}"\n' for name, value in limits.items())


#: A provider with which patience ends after half a second.
HASTY = timeouts(connect="1s", first_byte="500ms", idle="500ms", total="20s")


def client_key(name: str, key: str) -> str:
    """One caller."""
    return f'\n[[client_keys]]\nname = "{name}"\nkey = "{key}"\n'


def server(**settings: str) -> str:
    """The `[server]` table; values are TOML as written."""
    return "\n[server]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items())


def standard(base_url: str) -> str:
    """One upstream called `up`, and `alias` in front of its `real-name`."""
    return QUIET + provider("up", base_url) + model("alias", "up", "real-name", "context_window = 8192")

"""One tool loop of many turns, and what must have happened at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .clients import Ask, Told
from .strict.server import Call, Script, Seen, Turn

PROMPT = "Count with the tool until it says that it is enough."

#: Arguments that break what is not handed on as it is: quotes, lines, characters of more than two bytes, an empty text.
WORDS = ["plain", 'with "quotes" and \\ slash', "two\nlines", "æøå 漢字 😀", "", '</think> {"n": 1}']


def thought(turn: int) -> str:
    """What the model thinks before its turn."""
    return f"Turn {turn} needs the tool.\nThen the next."


def script(turns: int) -> Script:
    """A model that calls the tool in each of so many turns, every third time twice at once, then says how often."""

    def answer(seen: Seen) -> Turn:
        at, done = 0, 0
        while done < len(seen.results):
            done += calls_in(at)
            at += 1
        if at >= turns:
            return Turn(text=f"Counted to {done}.", thinking="That is enough.")
        text = "Counting on. " if at % 2 else ""
        calls = [
            Call(f"call_{done + n}", "note", {"n": done + n, "words": WORDS[(done + n) % 6]})
            for n in range(calls_in(at))
        ]
        return Turn(text, thought(at), calls)

    return answer


def calls_in(turn: int) -> int:
    """How many calls a turn makes."""
    return 2 if turn % 3 == 2 else 1


def run(
    client: Callable[[Ask], Told], origin: str, model: str, *, stream: bool, turns: int = 20, think: bool = True
) -> Told:
    """Runs the loop and checks that each call arrived once, in order, whole."""
    seen: list[dict[str, Any]] = []

    def tool(name: str, arguments: dict[str, Any]) -> str:
        assert name == "note"
        seen.append(arguments)
        return f"noted {arguments['n']}"

    told = client(Ask(origin, model, PROMPT, tool, stream=stream, think=think))
    count = sum(calls_in(turn) for turn in range(turns))
    assert seen == [{"n": n, "words": WORDS[n % 6]} for n in range(count)]
    assert told.text == f"Counted to {count}."
    return told

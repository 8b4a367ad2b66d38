"""Waiting for a condition, always with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

POLL_S = 0.005


def eventually(what: str, check: Callable[[], T], deadline_s: float = 10.0) -> T:
    """Calls `check` until it gives something truthy, and gives that back.

    An exception counts as "not yet"; the last one is shown when the deadline passes.
    """
    end = time.monotonic() + deadline_s
    last: BaseException | None = None
    while True:
        try:
            value = check()
            if value:
                return value
            last = None
        except Exception as error:  # whatever it is, it may be gone at the next try
            last = error
        if time.monotonic() >= end:
            raise AssertionError(f"not within {deadline_s} s: {what}") from last
        time.sleep(POLL_S)

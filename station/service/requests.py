"""What clients ask of a service, checked: nothing that a client sends is trusted."""

from collections.abc import Mapping
from typing import Any

LONGEST = 2**16  #: [bytes] of a line of a client

#: those that a client may make that only looks on
LOOKING = ("queue", "status", "follow")
REQUESTS = (
    *LOOKING, "submit", "cancel", "reorder", "pause", "resume", "stop", "emergency", "hold", "continue", "release",
    "end", "borrow", "return", "answer", "trace")


def number_in(asked: Mapping[str, Any], name: str, otherwise: int | None = None) -> int:
    """Return a whole number of a request; ValueError where it is none, or missing without ``otherwise``."""
    value = asked.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**53:
        raise ValueError(f"{name} must be a whole number from 0")
    return value


def who_in(asked: Mapping[str, Any]) -> str:
    """Return who asks, as a short printable text, "" where it is not said."""
    text = asked.get("user", "")
    return "".join(letter for letter in text if letter.isprintable())[:100] if isinstance(text, str) else ""

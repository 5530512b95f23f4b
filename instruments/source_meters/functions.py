"""What a source meter sources, measures or limits, with its unit, its opposite and its word in SCPI."""

from collections.abc import Mapping
from typing import Literal

Function = Literal["voltage", "current"]

UNIT: Mapping[str, str] = {"voltage": "V", "current": "A"}
#: what a source limits: the compliance of a voltage source is a current
OTHER: Mapping[str, Function] = {"voltage": "current", "current": "voltage"}
#: in a header of SCPI
WORD: Mapping[str, str] = {"voltage": "VOLT", "current": "CURR"}


def key_of(words: Mapping[str, str], reply: str) -> str:
    """Return our name of an instrument's word; the word itself where we have no name of it."""
    return next((name for name, word in words.items() if word == reply), reply)

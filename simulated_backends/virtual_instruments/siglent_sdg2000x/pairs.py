"""Keys and values of Siglent's commands: ``WVTP,SINE,FRQ,1000HZ,AMP,2V``, and binary points behind ``WAVEDATA,``."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Number, Parameter, text_of
from tsbench.simulated_backends.scpi.syntax import Framing

WAVE_DATA = re.compile(rb"(C\d+):(?:WVDT|WAVE_DATA)\s+([^\n]*?)WAVEDATA,", re.IGNORECASE)
_LENGTH = re.compile(rb"LENGTH,(\d{1,9})(?!\d)(KB|MB|B)?", re.IGNORECASE)
_FACTORS = {b"KB": 1000, b"MB": 1_000_000, b"B": 1, b"": 1}


class SdgWord(Parameter):
    """One key or value, in capitals."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> str:
        """Convert an argument."""
        return text_of(raw.upper())   # of bytes: the capital of a micro sign is in no reply


def pairs(words: Sequence[str], bare: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return keys and values; a word of ``bare`` is a key without a value.

    Raises
    ------
    ScpiError
        -109: the last key has no value.
    """
    found: list[tuple[str, str]] = []
    waiting = list(words)
    while waiting:
        key = waiting.pop(0)
        if key in bare:
            found.append((key, ""))
        elif not waiting:
            raise ScpiError(-109)
        else:
            found.append((key, waiting.pop(0)))
    return found


def number(text: str, unit: str = "") -> float:
    """Return a number with or without its unit (V, S, HZ); ScpiError where it is none."""
    return Number(unit, units=("VPP", "VRMS") if unit == "V" else ()).value_of(text.encode("latin-1"), None, ())


def written(value: float, unit: str = "") -> str:
    """Return a number as the instrument writes it, with 6 digits: ``4V``, ``8.4e-09S``."""
    return f"{value:.6g}{unit}"


def precise(value: float, unit: str = "") -> str:
    """Return a frequency or a rate as the instrument writes it, with 10 digits: ``12345678.12HZ``."""
    return f"{value:.10g}{unit}"


@dataclass(frozen=True)
class PointsFraming(Framing):
    """Where messages end: points behind ``WAVEDATA,`` may hold any byte.

    They end after the ``LENGTH`` that is given before them, else with the message.
    """

    def messages(self, buffer: bytes, end: bool) -> tuple[list[bytes], bytes]:
        """Cut the input buffer into complete messages and the unfinished rest."""
        found = WAVE_DATA.search(buffer)
        if found is None:
            return super().messages(buffer, end)
        before, _ = super().messages(buffer[:found.start()], True)
        length = _LENGTH.search(found[2])
        if length is None:
            waiting = buffer[found.start():]
            return ([*before, waiting], b"") if end else (before, waiting)
        last = found.end() + int(length[1]) * _FACTORS[(length[2] or b"").upper()]
        if len(buffer) < last and not end:
            return before, buffer[found.start():]
        following, rest = self.messages(buffer[last:].lstrip(b"\n"), end)
        return [*before, buffer[found.start():last], *following], rest

"""Converts SCPI text and bytes to Python values and back; it does no input or output.

Numbers, blocks, error replies and identities.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tsbench.records import Identity

#: SCPI's "infinity" (overflow) and "not a number"; instruments round them, so compare with a margin.
INFINITY = 9.9e37
NOT_A_NUMBER = 9.91e37


@dataclass(frozen=True)
class ErrorReply:
    """One entry of an error queue; code 0 means the queue is empty."""

    code: int
    message: str
    detail: str = ""  #: what the instrument adds behind the text of the standard, for example the setting it changed

    @property
    def line(self) -> str:
        """Return the entry as messages show it: ``-222 Data out of range (value clipped)``."""
        return f"{self.code} {self.message}{f' ({self.detail})' if self.detail else ''}"


def format_number(value: float) -> str:
    """Return the shortest text that reads back as ``value``: never ``%f``, which makes 1e-7 0.000000.

    Raises
    ------
    ValueError
        ``value`` is not finite: no instrument may be sent NaN or infinity as a number.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{number} cannot be sent to an instrument")
    return repr(number).removesuffix(".0")


def format_list(values: Iterable[float]) -> str:
    """Return comma-separated numbers."""
    return ",".join(format_number(value) for value in values)


def parse_number(reply: str) -> float:
    """Parse ``+1.000000E-04``, ``ON``/``OFF``, or a bare number; SCPI's 9.91E37 becomes NaN, 9.9E37 infinity.

    Raises
    ------
    ValueError
        The reply is not a number.
    """
    text = reply.strip()
    if text.upper() in {"ON", "OFF"}:
        return float(text.upper() == "ON")
    number = float(text)
    magnitude = abs(number)
    if math.isclose(magnitude, NOT_A_NUMBER, rel_tol=1e-4):
        return math.nan
    if magnitude >= INFINITY * (1 - 1e-4):
        return math.copysign(math.inf, number)
    return number


def parse_list(reply: str) -> list[float]:
    """Parse comma-separated numbers; an empty reply is an empty list."""
    return [parse_number(part) for part in reply.split(",")] if reply.strip() else []


def parse_switch(reply: str) -> bool:
    """Parse the state of a switch: ``1``, ``+0``, ``ON``, ``OFF``.

    Raises
    ------
    ValueError
        The reply is none of these: an output whose state is not clear is not known to be off.
    """
    text = reply.strip().upper().lstrip("+")
    if text not in {"0", "1", "ON", "OFF"}:
        raise ValueError(f"the reply {reply!r} is not an on/off state")
    return text in {"1", "ON"}


def parse_name(reply: str) -> str:
    """Return a keyword reply without quotes, in capitals: ``"VOLT:DC"`` -> ``VOLT:DC``."""
    return reply.strip().strip("\"'").upper()


#: severity and time that Keithley's interactive instruments append to each entry (2450 reference manual, :SYST:ERR?)
_SEVERITY_AND_TIME = re.compile(r";\s*\d+\s*;\s*\d[\d/]*[ T]\d[\d:.]*\s*$")
_ERROR = re.compile(r'^\s*([+-]?\d+)\s*,\s*"?(.*?)"?\s*$', re.DOTALL)


def parse_error(reply: str) -> ErrorReply:
    """Parse a reply to ``:SYST:ERR?``: ``-222,"Data out of range;value clipped"``.

    What follows the first ``;`` is information of the instrument (SCPI-99, 21.8.1): the detail. A severity and a time
    at its end are dropped.

    Raises
    ------
    ValueError
        The reply is not an error entry.
    """
    match = _ERROR.match(reply)
    if match is None:
        raise ValueError(f"the reply {reply!r} is not an entry of the error queue")
    message, _, detail = _SEVERITY_AND_TIME.sub("", match.group(2)).partition(";")
    if int(match.group(1)) and message.strip().lower() == "no error":
        raise ValueError(f"the entry {reply!r} of the error queue has an error code, but the text 'no error'")
    return ErrorReply(int(match.group(1)), message.strip(), " ".join(detail.split()).rstrip("."))


def parse_identity(reply: str) -> Identity:
    """Parse a reply to ``*IDN?``: four fields, of which only the last may hold a comma.

    Raises
    ------
    ValueError
        The reply does not have four fields.
    """
    fields = [field.strip() for field in reply.strip().split(",", 3)]
    if len(fields) != 4 or not fields[1]:
        raise ValueError(f"the reply {reply!r} is not a reply to *IDN?")
    return Identity(*fields)


def format_block(payload: bytes) -> bytes:
    """Return a definite-length block: ``#`` + number of digits + length + payload."""
    length = str(len(payload))
    if len(length) > 9:
        raise ValueError(f"a block of {len(payload)} bytes is too long to send")
    return f"#{len(length)}{length}".encode() + payload


def block_length_digits(head: bytes) -> int:
    """Return how many digits of length follow the first two bytes ``#n`` of a definite-length block.

    Raises
    ------
    ValueError
        It is not the start of a definite-length block.
    """
    if len(head) != 2 or head[:1] != b"#" or not head[1:].isdigit() or head[1:] == b"0":
        raise ValueError(f"the data begin with {head!r}, so they are not a definite-length block")
    return int(head[1:])

"""Converts SCPI text and bytes to Python values and back; it does no input or output.

Numbers, blocks and error replies; the language as our drivers use it.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence

from tsbench.instruments.languages.language import ErrorReply, Language
from tsbench.instruments.languages.repeatable import may_be_repeated

#: SCPI's "infinity" (overflow) and "not a number"; instruments round them, so compare with a margin.
INFINITY = 9.9e37
NOT_A_NUMBER = 9.91e37


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


def parse_entry(reply: str, cleaned: Callable[[str], str] = str) -> tuple[int, str, str]:
    """Return code, message and detail of an entry of an error queue: ``-222,"Data out of range;value clipped"``.

    Parameters
    ----------
    reply : the entry
    cleaned : removes from the text what an instrument adds to it

    Raises
    ------
    ValueError
        The reply is not an error entry.
    """
    match = _ERROR.match(reply)
    if match is None:
        raise ValueError(f"the reply {reply!r} is not an entry of the error queue")
    code = int(match[1])
    message, _, detail = (part.strip() for part in cleaned(match[2]).partition(";"))
    if code and message.rstrip(".").lower() == "no error":
        raise ValueError(f"the entry {reply!r} of the error queue has an error code, but the text 'no error'")
    return code, message, detail


def parse_error(reply: str) -> ErrorReply:
    """Parse a reply to ``:SYST:ERR?``: ``-222,"Data out of range;value clipped"``.

    What follows the first ``;`` is information of the instrument (SCPI-99, 21.8.1): the detail. A severity and a time
    at its end are dropped.

    Raises
    ------
    ValueError
        The reply is not an error entry.
    """
    code, message, detail = parse_entry(reply, lambda text: _SEVERITY_AND_TIME.sub("", text))
    return ErrorReply(code, message, " ".join(detail.split()).rstrip("."))


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


#: IEEE 488.2, 11.5.1: the power-on bit of the standard event register. A reset enables it alone
POWER_ON = 128
_EVENT_SUMMARY = 32  #: bit of the status byte: an enabled standard event has happened


def power_lost(replies: Sequence[str]) -> bool:
    """Whether the reply to ``*ESE?;*STB?`` shows a restart since the enable register was set to :data:`POWER_ON`.

    After a restart either the register is back at zero or, where ``*PSC 0`` keeps it, the event shows in the status
    byte (IEEE 488.2, 11.5.1).

    Raises
    ------
    ValueError
        The reply is not an enable register and a status byte.
    """
    reply, = replies
    enabled, status = (int(part) for part in reply.split(";"))
    if not (0 <= enabled <= 255 and 0 <= status <= 255):
        raise ValueError(f"the reply {reply!r} is not an enable register and a status byte")
    return enabled != POWER_ON or bool(status & _EVENT_SUMMARY)


SCPI = Language(
    name="SCPI", error_question=":SYST:ERR?", parse_error=parse_error, clearing=("*CLS",),
    resetting=(f"*ESE {POWER_ON}", "*RST"), power_questions=("*ESE?;*STB?",), power_lost=power_lost,
    may_be_repeated=may_be_repeated,
    trials=("TSBENCH:NOTHING 1", "*ESE", "*ESE 1,2", "*ESE 999", "*ESE ABC", ":SYST:ERR 3", "*ESE 1;;*SRE"),
)

"""Converts the texts and blocks of TSP to Python values; the language as our drivers use it.

A message is a line of Lua, and a question prints values: ``print(smua.source.levelv)``. They come back with tabs
between them.
"""

import re
import struct
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeVar

from tsbench.errors import GarbledReply
from tsbench.instruments.languages.language import ErrorReply, Language
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.instruments.languages.repeatable import COMMON
from tsbench.instruments.languages.scpi import POWER_ON, parse_number

T = TypeVar("T")
_PRINTED = re.compile(r"print\((?P<values>.*)\)")
_BUFFERS = re.compile(r"printbuffer\(\d+, ?\d+, ?(?P<values>.*)\)")
_UNIT = re.compile(r"\bsmu[ab]\b")


def parse_printed(reply: str) -> list[float | bool | str]:
    """Parse a reply of ``print``: numbers (an overflow of 9.91e37 is NaN), truth values, texts."""
    return [_value(part) for part in reply.split("\t")]


def _value(text: str) -> float | bool | str:
    text = text.strip()
    if text in {"true", "false"}:
        return text == "true"
    try:
        return parse_number(text)
    except ValueError:
        return text


def parse_one(reply: str) -> float:
    """Parse a reply that is one number.

    Raises
    ------
    ValueError
        It is none.
    """
    return parse_number(reply)


def parse_whole(reply: str) -> int:
    """Parse a reply that is one whole number.

    Raises
    ------
    ValueError
        It is none.
    """
    number = float(reply)
    if not number.is_integer():
        raise ValueError(f"the reply {reply!r} is not a whole number")
    return int(number)


def parse_error(reply: str) -> ErrorReply:
    """Parse a reply to ``print(errorqueue.next())``: number, text, severity and node, with tabs between them.

    Raises
    ------
    ValueError
        The reply is not an error entry.
    """
    fields = reply.split("\t")
    if len(fields) != 4:
        raise ValueError(f"the reply {reply!r} is not an entry of the error queue")
    return ErrorReply(parse_whole(fields[0]), fields[1].strip())


def may_be_repeated(message: str, allowed: Sequence[str]) -> bool:
    """Return whether a message only prints values that a driver lists, and changes nothing.

    Parameters
    ----------
    message : as it is sent
    allowed : common questions (``*IDN?``), and values as they are printed, with ``smuX`` for each unit
    """
    if message in COMMON:
        return message in allowed
    found = _PRINTED.fullmatch(message) or _BUFFERS.fullmatch(message)
    if found is None:
        return False
    values = [value.strip() for value in _UNIT.sub("smuX", found["values"]).split(",")]
    return all(value in allowed for value in values)


def parse_floats(block: bytes, count: int) -> tuple[float, ...]:
    """Return the numbers of a block of ``count`` numbers of 64 bits, little end first: ``#0``, the bytes, a newline.

    Raises
    ------
    ValueError
        These are not the bytes of such a block.
    """
    if len(block) != 3 + 8 * count or block[:2] != b"#0" or block[-1:] != b"\n":
        raise ValueError(f"{len(block)} bytes that begin with {block[:2]!r} are not a block of {count} numbers")
    return struct.unpack(f"<{count}d", block[2:-1])


def power_lost(replies: Sequence[str]) -> bool:
    """Whether the reply to ``print(status.standard.enable)`` shows a restart since the last reset.

    Raises
    ------
    ValueError
        The reply is not an enable register.
    """
    reply, = replies
    enabled = parse_whole(reply)
    if not 0 <= enabled <= 255:
        raise ValueError(f"the reply {reply!r} is not an enable register")
    return enabled != POWER_ON


TSP = Language(
    name="TSP", error_question="print(errorqueue.next())", parse_error=parse_error,
    clearing=("abort", "*CLS"),
    resetting=("reset()", f"status.standard.enable = {POWER_ON}"),
    power_questions=("print(status.standard.enable)",), power_lost=power_lost, may_be_repeated=may_be_repeated,
    trials=("tsbench.nothing = 1", "x = =", "delay(-1)", "format.data = 9", "*LRN?", "print(#'x')"),
)


class TspInstrument(MessageInstrument):
    """A driver whose instrument runs TSP: it prints numbers, and blocks of numbers of 64 bits."""

    language = TSP
    title = "TSP instrument"
    #: questions that change nothing in the instrument, see :func:`may_be_repeated`; drivers add theirs
    repeatable: ClassVar[tuple[str, ...]] = (*COMMON, "status.standard.enable")

    def printed(self, values: str, parse: Callable[[str], T]) -> T:
        """Print values and return what ``parse`` makes of the reply."""
        return self.questions.parsed(f"print({values})", parse)

    def number(self, value: str) -> float:
        """Return one number; NaN for an overflow."""
        return self.printed(value, parse_one)

    def whole(self, value: str) -> int:
        """Return one whole number."""
        return self.printed(value, parse_whole)

    def floats(self, message: str, count: int) -> tuple[float, ...]:
        """Send a message that answers a block of ``count`` numbers, and return them."""
        block = self.questions.sized_block(message, 3 + 8 * count)
        try:
            return parse_floats(block, count)
        except ValueError as error:
            raise GarbledReply(f"{self.label}: the data block in the reply to '{message[:60]}' is garbled ({error}). "
                               "Repeat the measurement") from None

"""The language of LeCroy oscilloscopes: short headers, replies without header, errors in registers or nowhere.

Sources: Teledyne LeCroy MAUI Oscilloscopes Remote Control and Automation Manual (``CHDR``, ``CMR?``, ``EXR?``); Siglent
Digital Oscilloscopes Programming Guide PG01-E02D. After a reset the driver leaves headers out of replies
(``CHDR OFF``). A restart brings them back. From this, the driver notices a restart.
"""

import math
import re
from collections.abc import Collection, Sequence

from tsbench.instruments.languages.language import ErrorReply, Language, no_error
from tsbench.instruments.languages.repeatable import may_be_repeated

#: CMR?: command errors (MAUI manual, table of the command error register)
COMMAND_ERRORS = {
    1: "Unrecognized command or query header", 2: "Illegal header path", 3: "Illegal number",
    4: "Illegal number suffix", 5: "Unrecognized keyword", 6: "String error",
    7: "GET embedded in another message", 10: "Arbitrary data block expected", 11: "Non-digit character in byte count",
    12: "EOI detected during definite length data block transfer", 13: "Extra bytes detected",
}
#: EXR?: execution errors
EXECUTION_ERRORS = {
    21: "Permission error", 22: "Environment error", 23: "Option error", 24: "Unresolved parsing error",
    25: "Parameter error", 26: "Non-implemented command", 27: "Parameter missing", 30: "Hex data error",
    31: "Waveform error", 32: "Waveform descriptor error", 33: "Waveform text error", 34: "Waveform time error",
    35: "Waveform data error", 36: "Panel setup error", 50: "No mass storage present", 51: "Mass storage not formatted",
}
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z%/]*)")
_FIELDS = 2


def format_digits(value: float, unit: str = "", digits: int = 3) -> str:
    """Return a number with so many digits and its unit: ``1.25E-01V``. What is sent is what is read back.

    Raises
    ------
    ValueError
        ``value`` is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be sent to an instrument")
    return f"{value + 0.0:.{digits - 1}E}{unit}"   # no negative zero


def rounded(value: float, digits: int = 3) -> float:
    """Return what :func:`format_digits` sends."""
    return float(format_digits(value, digits=digits))


def parse_quantity(reply: str) -> float:
    """Parse a number, with or without unit: ``5.00E-01``, ``1.5E-1 V``.

    Raises
    ------
    ValueError
        The reply is not a number, or it has a header.
    """
    found = _NUMBER.fullmatch(reply.strip())
    if found is None:
        raise ValueError(f"the reply {reply!r} is not a number")
    return float(found[1])


def acquisition_state(reply: str, states: Collection[str]) -> str:
    """Return the state of an acquisition; ValueError where the reply is none of those that a model has."""
    state = reply.strip().upper()
    if state not in states:
        raise ValueError(f"the reply {reply!r} is not the state of an acquisition")
    return state


def parse_registers(reply: str) -> ErrorReply:
    """Parse the reply to ``CMR?;EXR?``: two numbers, of which 0 means no error.

    Raises
    ------
    ValueError
        The reply does not have two whole numbers.
    """
    fields = reply.split(";")
    if len(fields) != _FIELDS:
        raise ValueError(f"the reply {reply!r} is not the value of two registers")
    command, execution = (int(field) for field in fields)
    code = command or execution
    texts = COMMAND_ERRORS if command else EXECUTION_ERRORS
    return ErrorReply(code, texts.get(code, "Unknown error") if code else "No error")


def headers_are_back(replies: Sequence[str]) -> bool:
    """Whether the reply to ``CHDR?`` shows a restart; ValueError where it is none."""
    reply, = replies
    mode = reply.strip().upper().split()[-1:]
    if mode not in (["OFF"], ["SHORT"], ["LONG"]):
        raise ValueError(f"the reply {reply!r} is not the state of the headers")
    return mode != ["OFF"]


#: instruments that have no error queue and no error registers: a driver reads back what it sets
LECROY = Language(
    name="LeCroy", error_question="", parse_error=no_error, clearing=("CHDR OFF",),
    resetting=("*RST", "CHDR OFF"), power_questions=("CHDR?",), power_lost=headers_are_back,
    may_be_repeated=may_be_repeated,
)
#: instruments with the registers CMR and EXR
LECROY_REGISTERS = Language(
    name="LeCroy", error_question="CMR?;EXR?", parse_error=parse_registers, clearing=("CHDR OFF", "*CLS"),
    resetting=("*RST", "CHDR OFF"), power_questions=("CHDR?",), power_lost=headers_are_back,
    may_be_repeated=may_be_repeated, queue_depth=4,
    trials=("TSBN 1", "C1:VDIV", "C1:VDIV 1A", "TRMD NOTHING"),
)

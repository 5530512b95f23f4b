"""Which queries may be repeated after a lost reply: those that a driver lists, and no others.

A query that is not listed may change something in the instrument (an error queue, an event register, a reading, a
buffer that is emptied), whatever its name. Headers are written as the manuals write them:
``:SOURce<n>:{VOLTage|CURRent}[:LEVel]?``; long and short forms and any case are the same query.
"""

import functools
import re
from collections.abc import Sequence

#: IEEE 488.2: queries that change nothing on any instrument
COMMON = ("*IDN?", "*ESE?", "*SRE?", "*STB?")

_NOTATION = re.compile(r"<n>|[A-Za-z*_]+|[][{}|:?]")
_SIGNS = {"[": "(?:", "]": ")?", "{": "(?:", "}": ")", "|": "|", ":": ":", "?": r"\?", "<n>": r"\d*"}
#: one unit of a message: no semicolon outside of quotes
_UNIT = re.compile(r"""(?:[^;"']|"[^"]*"|'[^']*')+""")


@functools.cache
def header_pattern(notation: str) -> re.Pattern[str]:
    """Return what matches every spelling of a header given in the notation of the manuals."""
    parts = []
    for part in _NOTATION.findall(notation):
        short = part.rstrip("abcdefghijklmnopqrstuvwxyz")
        rest = part[len(short):]
        parts.append(_SIGNS.get(part) or re.escape(short) + (f"(?:{rest})?" if rest else ""))
    text = "".join(parts)
    return re.compile(f":?{text[1:]}" if text.startswith(":") else text, re.IGNORECASE)


def may_be_repeated(message: str, allowed: Sequence[str]) -> bool:
    """Return whether every unit of ``message`` is one of the ``allowed`` queries.

    Parameters
    ----------
    message : str
        As it is sent. From its second unit on, a header that is neither common (``*STB?``) nor begins with a colon
        depends on the unit before it (IEEE 488.2, A.1.1) and counts as unknown.
    allowed : sequence of str
        Headers in the notation of the manuals.
    """
    units = _UNIT.findall(message)
    if not units or ";".join(units) != message:
        return False
    for number, unit in enumerate(units):
        header = unit.strip().partition(" ")[0].partition("\t")[0]
        if number and header[:1] not in {":", "*"}:
            return False
        if not any(header_pattern(notation).fullmatch(header) for notation in allowed):
            return False
    return True

"""Numbers as SPICE writes them."""

import math
import re
from decimal import Decimal

_SCALE = {
    "t": "e12", "g": "e9", "meg": "e6", "k": "e3", "m": "e-3",
    "u": "e-6", "n": "e-9", "p": "e-12", "f": "e-15",
}
#: what may stand behind a number and its suffix; "f" and "a" alone are read as suffix and ampere
_UNITS = "ohms?|Ω|Ω|f(?:arads?)?|h(?:enr(?:y|ies))?|v(?:olts?)?|a(?:mps?|mperes?)?|s(?:ec(?:onds?)?)?|hz|w(?:atts?)?"
_VALUE = re.compile(rf"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(meg|[tgkmunpf])?(?:{_UNITS})?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?", re.IGNORECASE)


def parse_value(text: str) -> float:
    """Return the number of SPICE text such as ``"80p"``, ``"5k"``, ``"2.2meg"``, ``"50ohm"``, ``"10us"``.

    Raises
    ------
    ValueError
        The text is not a number.
    """
    cleaned = text.strip().replace("µ", "u").replace("μ", "u")
    match = _VALUE.fullmatch(cleaned)
    if match is None:
        if (number := _NUMBER.match(cleaned)) is not None and number[0] != cleaned:
            raise ValueError(f"'{text}' is not a number: '{cleaned[number.end():]}' is no suffix and no unit")
        raise ValueError(f"'{text}' is not a number")
    scale = Decimal("1" + _SCALE[match[2].lower()]) if match[2] else Decimal(1)   # exact: 80p is 8e-11
    value = float(Decimal(match[1]) * scale)
    if not math.isfinite(value):
        raise ValueError(f"'{text}' is not finite")
    return value

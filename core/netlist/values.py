"""Numbers as SPICE writes them."""

import math
import re
from decimal import Decimal

_SCALE = {
    "t": "e12", "g": "e9", "meg": "e6", "k": "e3", "m": "e-3",
    "u": "e-6", "n": "e-9", "p": "e-12", "f": "e-15",
}
_VALUE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(meg|[tgkmunpf])?[a-zµμΩΩ]*", re.IGNORECASE)


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
        raise ValueError(f"'{text}' is not a number")
    scale = Decimal("1" + _SCALE[match[2].lower()]) if match[2] else Decimal(1)   # exact: 80p is 8e-11
    value = float(Decimal(match[1]) * scale)
    if not math.isfinite(value):
        raise ValueError(f"'{text}' is not finite")
    return value

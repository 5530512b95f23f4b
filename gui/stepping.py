"""One digit of an entry up or down, as the arrow keys ask: prefix, unit and number of decimals stay."""

import re
from decimal import Decimal

_NUMBER = re.compile(r"\s*(?P<sign>[-+\N{MINUS SIGN}]?)(?P<whole>\d*)(?:\.(?P<part>\d*))?")


def stepped(text: str, cursor: int, steps: int) -> tuple[str, int]:
    """Return an entry with the digit left of the cursor changed, and where the cursor stands then.

    At the beginning of a number, and behind its last digit, the last digit is changed. Of a list, the item with the
    cursor is.

    Parameters
    ----------
    text : as typed, for example "1.20 mV" or "1, 2.5"
    cursor : place of the cursor in it
    steps : how often, and in which direction; 10 or more change the digit before

    Returns
    -------
    tuple of str and int
        The same text where it does not begin with a number.
    """
    begin = max(text.rfind(sign, 0, cursor) for sign in ",;") + 1
    found = _NUMBER.match(text, begin)
    if found is None or not (found["whole"] or found["part"]):
        return text, cursor
    first, end = found.start("sign"), found.end()
    decimals = len(found["part"] or "")
    digits = end - (1 if found["part"] == "" else 0)
    place = min(cursor, digits)
    left = text[found.start("whole"):place]
    if not any(sign.isdigit() for sign in left):
        place = digits
    behind = sum(sign.isdigit() for sign in text[place:digits])
    exponent = behind - decimals
    number = Decimal((found["sign"] or "").replace("\N{MINUS SIGN}", "-") + (found["whole"] or "0")
                     + "." + (found["part"] or "0"))
    new = number + steps * Decimal(10) ** exponent
    shown = f"{new:.{decimals}f}"
    if Decimal(shown) == 0:
        shown = shown.lstrip("-")
    return text[:first] + shown + text[end:], first + len(shown) - (digits - place)

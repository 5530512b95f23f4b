"""Units of table columns: text such as ``mV``, ``(uA)``, ``Time [ms]`` or ``U / mV`` -> a factor to SI, or a refusal.

A unit is read only where it can mean one thing. ``MV`` in a header written in capitals may be millivolts or megavolts,
``counts`` and ``a.u.`` are no voltages: both are refused, so that no number comes out on a wrong scale.
"""

import re
import unicodedata
from typing import NamedTuple, NoReturn

from tsbench.errors import ConfigurationError
from tsbench.quantities import parse_quantity

#: SI unit -> what people write for it, in lower case
_BASES = {
    "V": ("v", "volt", "volts"),
    "A": ("a", "amp", "amps", "ampere", "amperes", "ampère", "ampères"),
    "s": ("s", "sec", "secs", "second", "seconds", "sekunde", "sekunden", "seconde", "secondes"),
}
_LONGER_TIMES = {
    "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0, "minuten": 60.0,
    "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0, "stunden": 3600.0,
}
#: the Greek letter stands for both characters of micro: text is brought to NFKC first
_PREFIXES = {
    "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "\u03bc": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "G": 1e9, "U": 1e-6,
}
_SPELLED_PREFIXES = {
    "femto": 1e-15, "pico": 1e-12, "piko": 1e-12, "nano": 1e-9, "micro": 1e-6, "mikro": 1e-6, "milli": 1e-3,
    "kilo": 1e3,
}
#: capitals of two prefixes each, in a header written in capitals
_UNCLEAR_PREFIXES = {"M": ("milli", "mega"), "P": ("pico", "peta"), "N": ("nano", "not available")}
#: words that stand where a unit would and are none
_NO_UNITS = re.compile(
    r"(a\.?\s?u\.?|arb\.?(\s?u(nits?|\.)?)?|arbitrary(\s?units?)?|count(s)?|cts|codes?|lsbs?|adc|raw|bits?|div|px|norm"
    r"(\.|alised|alized)?|db\w*|%|dimensionless|steps?)", re.IGNORECASE)
_TIMES = r"[x\u00d7*\u22c5\u00b7]"
_POWER = re.compile(rf"{_TIMES}?\s*(?:10\s*\^\s*[({{]?|10(?=[-+])|1[eE])([-+]?\d+)[)}}]?\s*{_TIMES}?\s*(.+)")
#: a column that is not the quantity itself
_FUNCTION = re.compile(
    r"(?:\b|_)(log|ln|lg)(10)?(\b|_)|[x\u00d7*\u22c5\u00b7]\s*10|10\s*\^|\b1[eE][-+]?\d", re.IGNORECASE)
_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}


class UnclearUnit(ConfigurationError):
    """A unit that is missing its meaning: the column needs one from ``--columns``."""


class Header(NamedTuple):
    """A header cell: the column's name, and the unit that was written with it ("" where there is none)."""

    name: str
    unit: str


def unit_factor(text: str, si: str) -> float:
    """Return what a number in the unit ``text`` is multiplied by to be in ``si`` ("V", "A" or "s").

    ``V/47kOhm`` is a current by the voltage across a known resistor.

    Raises
    ------
    UnclearUnit
        The text is not a unit of that quantity, or may mean two things.
    """
    plain = plain_text(text)
    if factor := _simple(plain, si):
        return factor
    if power := _POWER.fullmatch(plain):
        factor = _simple(power[2], si)
        if factor:
            return float(f"1e{int(power[1])}") * factor
    voltage, slash, resistance = plain.partition("/")
    if si == "A" and slash and (volts := _simple(voltage.strip(), "V")):
        return volts / _resistance(resistance.strip(), text)
    _refuse(plain, text, si)


def _simple(text: str, si: str) -> float | None:
    """Return the factor of a prefix and a base unit, None where that is not what the text is."""
    text = re.sub(r"\s*\b(dc|DC)$", "", text).replace(" ", "").rstrip(".")
    text = re.sub(r"(?<=^[VA])(dc|DC)$", "", text)
    lower = text.lower()
    bases = _BASES[si]
    if lower in bases:
        return 1.0
    if si == "s" and lower in _LONGER_TIMES and text != "H":
        return _LONGER_TIMES[lower]
    for name, factor in _SPELLED_PREFIXES.items():
        if lower.startswith(name) and lower[len(name):].lstrip("-") in bases:
            return factor
    if text[:1] in _PREFIXES and lower[1:] in bases:
        return _PREFIXES[text[0]]
    return None


def _resistance(text: str, whole: str) -> float:
    try:
        resistance = parse_quantity(text, "Ohm")
    except ConfigurationError as error:
        raise UnclearUnit(f"unit '{whole.strip()}': {error}") from None
    if resistance <= 0:
        raise UnclearUnit(f"unit '{whole.strip()}': the resistance must be above 0 Ohm")
    return resistance


def _refuse(plain: str, text: str, si: str) -> NoReturn:
    shown = text.strip()[:40]
    if plain[:1] in _UNCLEAR_PREFIXES and plain[1:].lower() in _BASES[si]:
        one, other = _UNCLEAR_PREFIXES[plain[0]]
        raise UnclearUnit(f"unit '{shown}' may mean {one} or {other}")
    for quantity, others in (("a voltage", "V"), ("a current", "A"), ("a time", "s")):
        if others != si and _simple(plain, others):
            sensed = (others, si) == ("V", "A")
            hint = "; for the voltage across a resistor write for example [V/1kOhm]" if sensed else ""
            raise UnclearUnit(f"unit '{shown}' is that of {quantity}, where {si} is expected{hint}")
    raise UnclearUnit(f"unit '{shown}' is not a known unit in {si}")


def is_unit(text: str, *, prefixed: bool = False) -> bool:
    """Return whether the text is a unit of voltage, current or time; ``prefixed``: one of more than one letter."""
    plain = plain_text(text)
    if prefixed and len(plain) < 2:
        return False
    return any(_simple(plain, si) for si in _BASES) or bool(
        (power := _POWER.fullmatch(plain)) and any(_simple(power[2], si) for si in _BASES))


def looks_like_unit(text: str) -> bool:
    """Return whether the text stands for a unit, readable or not: "mV", "a.u.", "MV"."""
    plain = plain_text(text)
    capital = plain[:1] in _UNCLEAR_PREFIXES and any(plain[1:].lower() in bases for bases in _BASES.values())
    return is_unit(plain) or capital or bool(_NO_UNITS.fullmatch(plain))


def is_function(name: str) -> bool:
    """Return whether a column's name says that it is a logarithm, or a multiple, of the quantity."""
    return bool(_FUNCTION.search(unicodedata.normalize("NFKC", name).replace("\u2212", "-")))


def split_header(cell: str, names: re.Pattern[str]) -> Header:
    """Take a header cell apart.

    Parameters
    ----------
    cell : as written: "voltage_mV", "V [mV]", "I (nA)", "I/nA", "Time (ms)", "U in mV", "V(out)"
    names : what a quantity is called when it stands alone ("voltage", "V", "time"); to tell "voltage_V" from "CH_A"
    """
    cell = unicodedata.normalize("NFKC", cell).strip()  # brackets of full width too
    for found in re.finditer(r"[\[({<]([^\[\](){}<>]*)[\])}>]", cell):
        inside, outside = found[1].strip(), f"{cell[:found.start()].strip()} {cell[found.end():].strip()}".strip()
        if not outside or not inside:
            continue
        # V(out), I(R1): a node or an element, as SPICE writes them
        node = re.fullmatch(r"[vViI][a-z]?\(", cell[: found.start() + 1]) and not looks_like_unit(inside)
        if is_unit(inside) or (found.end() == len(cell) and not node):
            return Header(outside, inside)
    for pattern in (r"(.*?\S)\s*/\s*(\S.*)", r"(.*?\S)\s+in\s+(\S.*)"):
        if parts := re.fullmatch(pattern, cell):
            return Header(parts[1], parts[2])
    return _by_separator(cell, names)


def _by_separator(cell: str, names: re.Pattern[str]) -> Header:
    """Find a unit between blanks, underscores and the like ("voltage_mV"), or glued to a known name ("VmV")."""
    words = [word for word in re.split(r"[\s_,;:-]+", cell) if word]
    for k in range(len(words) - 1, 0, -1):
        rest = " ".join(words[:k] + words[k + 1 :])
        single = k == len(words) - 1 and names.fullmatch(rest)
        if is_unit(words[k], prefixed=not single) or (looks_like_unit(words[k]) and len(words[k]) > 1):
            return Header(rest, words[k])
    for k in range(1, len(cell)):
        if names.fullmatch(cell[:k]) and is_unit(cell[k:], prefixed=True) and len(cell) - k < 4:
            return Header(cell[:k], cell[k:])
    if len(words) == 1 and is_unit(cell, prefixed=True) and not names.fullmatch(cell):
        return Header(cell, cell)  # the unit alone stands for the quantity: "mV"
    return Header(cell, "")


def plain_text(text: str) -> str:
    """Return a unit's text in one form of characters, without brackets and quotes around it."""
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip().strip("\"'").strip()
    while len(text) > 1 and _BRACKETS.get(text[0]) == text[-1]:
        text = text[1:-1].strip()
    return " ".join(text.split())

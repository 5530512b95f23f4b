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
_QUANTITIES = {"V": "voltage", "A": "current", "s": "time"}
#: quantities that are none of a role -> their units in lower case; a unit of one letter may be a name, so none is here
_OTHERS = {
    "resistance": ("ohm", "ohms", "\u03c9"), "conductance": ("siemens",), "capacitance": ("farad", "farads"),
    "frequency": ("hz", "hertz"), "power": ("watt", "watts"), "temperature": ("kelvin", "celsius", "\u00b0c"),
}
_RESISTANCE = re.compile(r"(?:\b|_)(?:resistances?|ohms?)(?:\b|_)", re.IGNORECASE)
_LONGER_TIMES = {
    "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0, "minuten": 60.0,
    "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0, "stunden": 3600.0,
}
#: the Greek letter stands for both characters of micro: text is brought to NFKC first
_PREFIXES = {
    "f": 1e-15, "p": 1e-12, "n": 1e-9, "u": 1e-6, "\u03bc": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "G": 1e9, "U": 1e-6,
}
#: "UA" is written in capitals, and "ua" in small letters; "Ua" and "Us" are names of voltages
_CAPITAL_U = re.compile(r"U[avs]")
_SPELLED_PREFIXES = {
    "femto": 1e-15, "pico": 1e-12, "piko": 1e-12, "nano": 1e-9, "micro": 1e-6, "mikro": 1e-6, "milli": 1e-3,
    "kilo": 1e3,
}
#: why a capital is not read as a prefix; it can stand in a header written in capitals
_UNCLEAR_PREFIXES = {"M": "may mean milli or mega", "P": "may mean pico or peta", "N": "has a capital N, and nano is n"}
#: words that stand where a unit would and are not units
_NO_UNITS = re.compile(
    r"(a\.?\s?u\.?|arb\.?(\s?u(nits?|\.)?)?|arbitrary(\s?units?)?|count(s)?|cts|codes?|lsbs?|adc|raw|bits?|div|px|norm"
    r"(\.|alised|alized)?|db\w*|%|dimensionless|steps?)", re.IGNORECASE)
_TIMES = r"[x\u00d7*\u22c5\u00b7]"
_POWER = re.compile(rf"{_TIMES}?\s*(?:10\s*\^\s*[({{]?|10(?=[-+])|1[eE])([-+]?\d+)[)}}]?\s*{_TIMES}?\s*(.+)")
#: a column that is not the quantity itself: a logarithm, a derivative, a multiple
_FUNCTION = re.compile("|".join((
    r"(?:\b|_)(?:log|ln|lg)(?:10|2|e)?(?:\b|_|(?=[ivuj](?:\b|_|\d|[ds]\b))|(?=curr|volt|strom|abs|\|))",
    r"(?:\b|_)[ivuj](?:log|ln|lg)(?:10)?(?:\b|_)",
    r"(?:\b|_)db[avm]?\b",
    r"\b[ivuj]\s*/\s*[a-z]|\bin\s+[munpk\u03bc]?[vas]\b|\b[ivuj]_?norm",
    r"(?:\b|_)d\s*(?:[ivu]|log\w*|ln\w*)\s*/\s*d\s*[a-z]",
    r"(?:[\u00d7*\u22c5\u00b7/^]|(?<![a-z])x|\b[ivu]x(?=\s*1[0e]))\s*[-+]?\d",
    r"\d\s*[\u00d7*\u22c5\u00b7^]|(?<![\w.])\d+\s*[/x]",
    r"10\s*\^|\b\d+(?:\.\d+)?e[-+]?\d|\b10{2,}\b",
    r"(?:\b|_)(?:scaled?|times|thousand\w*|million\w*|squared|normali[sz]ed|norm|inverse|recip\w*|sqrt|exp|counts?)"
    r"(?:\b|_)",
    r"(?:\b|_)(?:milli|micro|mikro|nano|pico|piko|femto|kilo|mega)(?:\b|_)",
)), re.IGNORECASE)
#: words that may stand behind a unit in brackets and change nothing: "V [V] (ch1)"
_HARMLESS = re.compile(
    r"\d|[a-d]|((smu|ch|channel|dut|device|anode|cathode|drain|gate|source|top|bottom|cell|sample|probe|pad|meas(ured)?"
    r"|set|read(ings?|back)?|sensed?|forced?|applied|bias|drive|avg|average|mean|abs(olute)?|dc|run|sweep|cycle|pulse"
    r"|no|forward|backward|up|down|left|right|values?|data)\d{0,2})", re.IGNORECASE)
_BRACKETS = {"(": ")", "[": "]", "{": "}", "<": ">"}


class UnclearUnit(ConfigurationError):
    """A unit that is missing its meaning: the column needs one from ``--columns``."""


class UnclearColumns(ConfigurationError):
    """No two of voltage, current and time are found: ``--columns`` must name them."""


class Header(NamedTuple):
    """A header cell: the column's name, the unit that was written with it ("" where there is none), and the rest."""

    name: str
    unit: str
    beside: str = ""  #: text behind the unit that may change what it means: "x1e3", "/1000", "(in mV)"


class FamilyStep(NamedTuple):
    """A column of one step of a second terminal, as a 4200 names it: "DrainV(7)"."""

    name: str  #: "DrainV"
    number: int


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
    if text[:1] in _PREFIXES and lower[1:] in bases and not _CAPITAL_U.fullmatch(text):
        return _PREFIXES[text[0]]
    return None


def _resistance(text: str, whole: str) -> float:
    try:
        resistance = parse_quantity(text, "Ohm")
    except ConfigurationError as error:
        raise UnclearUnit(f"unit '{whole.strip()}' has no valid resistance, because {error}") from None
    if resistance <= 0:
        raise UnclearUnit(f"the resistance in unit '{whole.strip()}' must be above 0 Ohm")
    return resistance


def _refuse(plain: str, text: str, si: str) -> NoReturn:
    shown = text.strip()[:40]
    if plain[:1] in _UNCLEAR_PREFIXES and plain[1:].lower() in _BASES[si]:
        why = "may mean nanoampere or not available" if plain == "NA" else _UNCLEAR_PREFIXES[plain[0]]
        raise UnclearUnit(f"unit '{shown}' {why}")
    if _CAPITAL_U.fullmatch(plain) and plain[1] in _BASES[si]:
        raise UnclearUnit(f"unit '{shown}' may mean micro, or may be the name of a voltage")
    if plain.isdecimal():
        raise UnclearUnit(f"'{shown}' is a number, and not a unit")
    for others, quantity in _QUANTITIES.items():
        if others != si and _simple(plain, others):
            sensed = (others, si) == ("V", "A")
            hint = ". For the voltage across a sense resistor, write for example [V/1kOhm]" if sensed else ""
            raise UnclearUnit(
                f"unit '{shown}' is a unit of {quantity}, but a unit of {_QUANTITIES[si]} is needed{hint}")
    raise UnclearUnit(f"unit '{shown}' is not a known unit of {_QUANTITIES[si]}")


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
    return is_unit(plain) or capital or bool(_CAPITAL_U.fullmatch(plain) or _NO_UNITS.fullmatch(plain))


def scales_of(word: str, si: str) -> tuple[float, ...]:
    """Return the factors a word may have as a unit in ``si``: one for "mV", two for "MV", none for "foo".

    "Ua" is a name as likely, so :func:`unit_factor` refuses it. Here it has the factor that it would have as a unit.
    """
    plain = plain_text(word)
    if _CAPITAL_U.fullmatch(plain):
        plain = plain.lower()
    if plain[:1] in _UNCLEAR_PREFIXES and plain[1:].lower() in _BASES[si]:
        return (1e-3, 1e6)
    factor = _simple(plain, si)
    return () if factor is None else (factor,)


def is_function(name: str) -> bool:
    """Return whether a column's name says that it is a logarithm, or a multiple, of the quantity."""
    return bool(_FUNCTION.search(unicodedata.normalize("NFKC", name).replace("\u2212", "-")))


def is_resistance(name: str, unit: str) -> bool:
    """Return whether a column states a resistance, by its unit, or by its name where there is no unit."""
    return quantity_of(unit) == "resistance" if unit else bool(_RESISTANCE.search(name))


def quantity_of(unit: str) -> str:
    """Return the quantity of a unit that is none of voltage, current and time ("ohms": resistance), else ""."""
    plain = re.sub(r"^(femto|pico|nano|micro|milli|kilo|mega|giga)", "", plain_text(unit).lower())
    return next((quantity for quantity, bases in _OTHERS.items()
                 if plain in bases or (plain[:1] in "fpnum\u03bckg" and plain[1:] in bases)), "")


def check_quantity(role: str, name: str, stated: str, said: str) -> None:
    """Raise UnclearUnit if the header states the unit of a resistance, say, and the user gives another quantity's.

    Parameters
    ----------
    role, name : of the column
    stated, said : the units of the header ("" for none) and of the user
    """
    if quantity := quantity_of(stated):
        raise UnclearUnit(f"--columns {role}: column '{name}' is a {quantity} by its unit '{stated}', and no {role}"
                          f"{f', also not in {said}' if said and said != stated else ''}. Name another column")


def other_scale(head: Header, si: str, factor: float) -> str:
    """Return what is written beside a unit and may mean another scale, "" where nothing does.

    Parameters
    ----------
    head : "V [V] x1e3" and "V mV [V]", taken apart
    si, factor : of the unit in it, see :func:`unit_factor`
    """
    words = (word for word in re.split(r"[\s_,;:()\[\]{}-]+", head.name) if len(word) > 1)
    return head.beside or next((word for word in words if _simple(word, si) not in (None, 1.0, factor)), "")


def step_of(cell: str) -> FamilyStep | None:
    """Return name and step of a column such as "DrainV(7)" of a 4200; None for "V(1)", a node, and "V (1)"."""
    found = re.fullmatch(r"(\S*[^\s\[\](){}<>])\((\d{1,3})\)", cell)
    if found is None or re.fullmatch(r"[vViI](m|p|r|i|db)?", found[1]):   # of SPICE: magnitude, phase, and parts too
        return None
    return FamilyStep(found[1], int(found[2]))


def split_header(cell: str, names: re.Pattern[str]) -> Header:
    """Take a header cell apart.

    Parameters
    ----------
    cell : as written: "voltage_mV", "V [mV]", "I (nA)", "I/nA", "Time (ms)", "U in mV", "V(out)"
    names : what a quantity is called when it stands alone ("voltage", "V", "time"); to tell "voltage_V" from "CH_A"
    """
    cell = unicodedata.normalize("NFKC", cell).strip()  # brackets of full width too
    if step := step_of(cell):
        head = split_header(step.name, names)
        return Header(f"{head.name}({step.number})", head.unit, head.beside)
    for found in re.finditer(r"[\[({<]([^\[\](){}<>]*)[\])}>]", cell):
        before, inside, behind = cell[: found.start()].strip(), found[1].strip(), cell[found.end() :].strip()
        if is_unit(unit := re.sub(r"^in\s+", "", inside, flags=re.IGNORECASE)):
            inside = unit   # "Voltage (in Volt)"
        if not (before or behind) or not inside:
            continue
        # V(out), I(R1): a node or an element, as SPICE writes them
        node = re.fullmatch(r"[vViI][a-z]?\(", cell[: found.start() + 1]) and not looks_like_unit(inside)
        if is_unit(inside) or (found.end() == len(cell) and not node):
            if before and not _is_harmless(behind):
                return Header(before, inside, behind)
            return Header(f"{before} {behind}".strip(), inside)
    for pattern in (r"(.*?\S)\s*/\s*(\S.*)", r"(.*?\S)\s+in\s+(\S.*)"):
        if parts := re.fullmatch(pattern, cell):
            return Header(parts[1], parts[2])
    return _by_separator(cell, names)


def _is_harmless(text: str) -> bool:
    words = filter(None, re.split(r"[\s_,;:#()-]+", text))
    return not re.search(r"-\s*\d", text) and all(map(_HARMLESS.fullmatch, words))


def _by_separator(cell: str, names: re.Pattern[str]) -> Header:
    """Find a unit between blanks, underscores and the like ("voltage_mV"), or glued to a known name ("VmV")."""
    words = [word for word in re.split(r"[\s_,;:-]+", cell) if word]
    for k in range(len(words) - 1, 0, -1):
        rest = " ".join(words[:k] + words[k + 1 :])
        single = k == len(words) - 1 and names.fullmatch(rest)
        if is_unit(words[k], prefixed=not single) or (looks_like_unit(words[k]) and len(words[k]) > 1):
            return Header(rest, words[k])
    for k in range(1, len(cell)):
        if names.fullmatch(cell[:k]) and is_unit(cell[k:], prefixed=True) and len(cell) - k < 4 \
                and cell[k:].lower() not in _LONGER_TIMES:   # IHRS is the current of the high-resistance state
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

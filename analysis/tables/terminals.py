"""Terminals of a device that the names of columns give: a gate voltage and a drain current are no pair of one device.

The quotient of the two would be no resistance, and their product no power. So such a pair is a question, and where a
user names it, a line says it.
"""

import re

#: what people write -> the terminals; a voltage between two of them goes with the current into either
_WORDS = {
    "drain": "d", "gate": "g", "source": "s", "bulk": "b", "body": "b", "substrate": "sub", "sub": "sub",
    "anode": "anode", "cathode": "cathode", "base": "base", "collector": "c", "emitter": "e", "backgate": "bg",
    "topgate": "tg", "d": "d", "dd": "d", "g": "g", "s": "s", "b": "b", "c": "c", "e": "e", "bg": "bg", "tg": "tg",
    "ds": "ds", "sd": "ds", "gs": "g", "sg": "g", "gd": "g", "ce": "ce", "ec": "ce", "be": "b", "bs": "b",
}
_BETWEEN = {"ds": frozenset({"d", "s"}), "ce": frozenset({"c", "e"})}
_NAMES = {"d": "drain", "g": "gate", "s": "source", "c": "collector", "e": "emitter", "bg": "back gate",
          "tg": "top gate", "sub": "substrate"}
_LONG = "|".join(sorted((word for word in _WORDS if len(word) > 2), key=len, reverse=True))
#: "DrainI", "Gate voltage", "gate_v", "Back gate V"
_WORD_FIRST = re.compile(
    rf"(?P<word>(?:(?:back|top)[ _-]?)?(?:{_LONG}))[ _.-]*(?:v|i|volts?|amps?|voltage|curr(?:ent)?|potential)?"
    r"\W*\d*\W*",
    re.IGNORECASE)
#: "I_drain", "voltage gate"
_WORD_LAST = re.compile(rf"(?:v|i|voltage|current)[ _.-]*(?P<word>(?:(?:back|top)[ _-]?)?(?:{_LONG}))", re.IGNORECASE)
#: "Vgs", "I_D"
_LETTERS = re.compile(r"[VIUJvi][ _.-]?(?P<word>[A-Za-z]{1,2})")
#: source-measure units are terminals too; channels of an oscilloscope are not, one of them often shows the current
_UNIT = re.compile(r"(?P<word>smu[ _-]?(?:\d+|[a-d](?![a-z])))\W?.*", re.IGNORECASE)


def terminals_of(name: str) -> frozenset[str]:
    """Return the terminals that a column's name gives, without its unit: "Vds" -> drain and source; none for "V1"."""
    name = name.strip()
    if found := _UNIT.fullmatch(name):
        return frozenset({re.sub(r"[ _-]", "", found["word"]).upper()})
    for form in (_WORD_FIRST, _WORD_LAST, _LETTERS):
        if (found := form.fullmatch(name)) and (key := _WORDS.get(re.sub(r"[ _-]", "", found["word"].lower()))):
            return _BETWEEN.get(key, frozenset({key}))
    return frozenset()


def unlike_terminals(voltage: str, current: str) -> str:
    """Return in words how the terminals of a voltage and a current differ, "" where they do not, or none is known.

    Parameters
    ----------
    voltage, current : names of the columns, without the units
    """
    first, second = terminals_of(voltage), terminals_of(current)
    if not first or not second or first & second:
        return ""
    if {*first, *second} & {"b"} and {*first, *second} & {"base"} and len(first | second) == 2:
        return ""   # b is bulk or base
    return f"'{voltage}' is of the {_in_words(first)}, and '{current}' is of the {_in_words(second)}"


def _in_words(terminals: frozenset[str]) -> str:
    return " and ".join(_NAMES.get(one, "bulk or base" if one == "b" else one) for one in sorted(terminals))

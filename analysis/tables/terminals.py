"""Terminals of a device that the names of columns give: a gate voltage and a drain current are no pair of one device.

The quotient of the two would be no resistance, and their product no power. So such a pair is a question, and where a
user names it, a line says it.
"""

import re

#: what people write -> the terminals of transistors; a voltage from drain to source goes with the current into either,
#: and so does one from collector to emitter. "Source" and "Vs" alone are no terminals here: they are the source meter
#: or a supply as often. An anode and a cathode have the same current
_WORDS = {
    "drain": "d", "gate": "g", "bulk": "b", "body": "b", "substrate": "b", "sub": "b", "base": "base",
    "collector": "c", "emitter": "e", "backgate": "bg", "topgate": "g", "d": "d", "dd": "d", "g": "g", "c": "c",
    "e": "e", "bg": "bg", "tg": "g", "ds": "ds", "sd": "ds", "gs": "g", "sg": "g", "gd": "g", "ce": "ce", "ec": "ce",
    "be": "base",
}
_BETWEEN = {"ds": frozenset({"d", "s"}), "ce": frozenset({"c", "e"})}
_NAMES = {"d": "drain", "g": "gate", "s": "source", "c": "collector", "e": "emitter", "b": "bulk",
          "bg": "back gate"}
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
    units = [any(one.startswith("SMU") for one in terminals) for terminals in (first, second)]
    if not first or not second or first & second or units[0] != units[1]:   # a unit may be at any terminal
        return ""
    return f"'{voltage}' is of the {_in_words(first)}, and '{current}' is of the {_in_words(second)}"


def _in_words(terminals: frozenset[str]) -> str:
    return " and ".join(_NAMES.get(one, one) for one in sorted(terminals))

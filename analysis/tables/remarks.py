"""Units and scales that comments and lines of settings name for columns whose header gives none.

Such a column would be taken in SI. A remark "# units: mV, uA" makes that a number that is wrong by a thousand, so the
table is refused until ``--columns`` gives the unit. A unit behind a number ("compliance 100 uA") is a setting: it is
pointed out and refuses nothing.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from tsbench.analysis.tables.column_units import UnclearUnit, scales_of
from tsbench.analysis.tables.role_names import UNITS

_PREFIX = r"(?:femto|pico|piko|nano|micro|mikro|milli|kilo|mega)"
#: spelled prefixes that stand alone: "values in milli"; "micro bridge" is a device
_ALONE = re.compile(rf"(?:\bin|\bunits?\b[\s:=]*|[\[(])\s*({_PREFIX})(?![\w-])", re.IGNORECASE)
_SCALED = re.compile(
    r"\b(?:multipl\w*|scaled|scale[\s_-]*factor|divided|times|factor)\b\W*(?:\w+\W+){0,3}?([-+]?\d[\d.]*(?:e[-+]?\d+)?"
    r"(?:\s*\^\s*[-+]?\d+)?)"
    r"|(?<![\w.])[x\u00d7*\u22c5/]\s*(1(?:0{2,}|0?\s*\^\s*[-+]?\d+|e[-+]?\d+))", re.IGNORECASE)
_UNIT = re.compile(r"\b(?:unit|einheit)", re.IGNORECASE)
#: "10^-6 A", "E-6 A", "in 1e-6 A", "thousandths"; a plain "1e-3 A" is a setting
_POWER = re.compile(
    r"(?<![\w.])(?:10\s*\^\s*[({]?[-+]?\d+[)}]?|E[-+]?\d+)\s*(?:[VAs]|volts?|amp\w*|sec\w*)\b"
    r"|(?:\bin|\bunits?\b[\s:=]*(?:of)?)\s+(?:1e[-+]?\d+|10[-+]\d+|1\s*/\s*10+)(?=\s*[VAs]\b)"
    r"|\b(?:thousand|million|billion)ths?\b|\b[IVU]\s*[*\u00d7\u22c5]\s*1[0e]", re.IGNORECASE)
#: what reads as a unit of two letters, and is a word or a name more often
_AMBIGUOUS = frozenset({"na", "pa", "ma", "fa", "ka", "ga", "us", "ps"})
#: with a capital, also these are names: the voltages "Ua" and "Uv", the result "Pv"
_CAPITAL = re.compile(r"[A-Z][avs]")
_AMPERES = frozenset({"nA", "pA", "mA", "fA", "kA"})


class Remark(NamedTuple):
    """What stands beside the numbers."""

    where: str  #: "line 3", "setting 'units'"
    text: str


def check_remarks(remarks: Iterable[Remark], assumed: Mapping[str, str], source: str) -> tuple[str, ...]:
    """Look for units and scales in what stands beside the numbers.

    Parameters
    ----------
    remarks : comments, settings, titles and attributes, without the header and the row of units
    assumed : role -> name of each column that no unit is given for
    source : name for messages

    Returns
    -------
    tuple
        At most one line that points out a unit behind a number.

    Raises
    ------
    UnclearUnit
        A remark names a unit other than the SI one, or a scale, and a column of that quantity has no unit.
    """
    doubts: list[str] = []
    bare = {role: name for role, name in assumed.items() if role in UNITS}
    for remark in remarks if bare else ():
        for role, word, setting in _found(remark.text, tuple(bare)):
            unit = f"{word[0].lower()}{UNITS[role]}" if _CAPITAL.fullmatch(word) else word
            unit = unit if scales_of(unit, UNITS[role]) else f"m{UNITS[role]}"
            say = f"--columns {role}=\"{bare[role]} [{unit}]\""
            if not setting:
                raise UnclearUnit(
                    f"{source}: {remark.where} says '{word}', but no unit is given for column '{bare[role]}'. "
                    f"Give the unit of this column, for example {say}")
            doubts.append(
                f"{remark.where} mentions {word}, but no unit is given for '{bare[role]}'. If the unit belongs to "
                f"this column, use {say}")
    return tuple(doubts[:1])


def _found(text: str, roles: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
    """Yield (role, what is said, whether it is the unit of a number) for each unit but SI's own, and each scale."""
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    for scaled in _SCALED.finditer(text):
        if not re.fullmatch(r"\+?1(\.0*)?", scaled[1] or ""):
            yield roles[0], scaled[0].strip(), False
    if alone := _ALONE.search(text):
        yield roles[0], alone[1], False
    if power := _POWER.search(text):
        yield roles[0], power[0].strip(), False
    joined = re.sub(rf"\b({_PREFIX})[\s-]+(?=volt|amp)", r"\1", text, flags=re.IGNORECASE)
    words = [word for word in re.split(r"[\s,;:=|/*\u00d7\u22c5()\[\]{}<>\"'#%]+", joined) if word]
    units = bool(_UNIT.search(text))
    for before, word in zip(["", *words], words, strict=False):
        plain = word.strip(".")
        number = bool(re.fullmatch(r"[-+]?\d[\d.]*(?:[eE][-+]?\d+)?", before))
        ambiguous = (plain.lower() in _AMBIGUOUS and plain not in _AMPERES) or (
            not number and _CAPITAL.fullmatch(plain))
        if ambiguous and not units and not re.search(rf"(?:\b(?:in|IN)\s+|[\[(]\s*){plain}\b", joined):
            continue
        for role in roles:
            scales = scales_of(plain, UNITS[role])
            if len(plain) > 1 and scales not in ((), (1.0,)) and plain.lower() not in ("min", "mins"):
                yield role, plain, number

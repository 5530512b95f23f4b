"""Words and texts of a report: units as they are printed, times, links to files, and what each flag means."""

import datetime
import os
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote_from_bytes

from tsbench.quantities import format_interval, short_quantity
from tsbench.records import Flag

_OHM = re.compile(r"(?<![A-Za-z])([fpnumkMG]?)Ohm\b")
_MICRO = re.compile(r"(?<=\d )u(?=[AVsFSHWJCΩ])")
_EXAMPLES = 3  #: names that one line gives

#: flag -> what it means, and what to do
FLAGS: Mapping[Flag, tuple[str, str]] = {
    Flag.COMPLIANCE: ("a reading was in compliance", "A current that compliance limits is a bound. Raise the "
                      "compliance within the limits of the device if you need the current"),
    Flag.OVERFLOW: ("readings beyond the range were replaced", "Choose a larger measuring range"),
    Flag.CLIPPED: ("samples are at the end of the digitiser's range", "Choose a larger range of the scope"),
    Flag.TRIGGER_MISSED: ("the scope did not trigger", "Check the trigger level and the wiring of the trigger"),
    Flag.TIMEOUT: ("an instrument did not reply in time, and the reading was taken again", "Check the connection if "
                   "this happens often"),
    Flag.UNSETTLED: ("a reading was taken before range or source had settled", "Use a longer dwell or a fixed range"),
    Flag.OSCILLATING: ("the device oscillated during the reading, so the number is an average", "Use a larger load "
                       "resistor or less parallel capacitance for sweeps"),
    Flag.UNDER_SAMPLED: ("the steps or samples are coarse for this number", "Use smaller steps or a higher sample "
                         "rate"),
    Flag.NO_EVENT: ("there was nothing to extract", "If you expect a switching event, raise the level within the "
                    "limits of the device, or form it"),
    Flag.TOO_FEW: ("too few events for a reliable interval", "Measure more events"),
    Flag.CENSORED: ("only one bound is known", "Go to higher levels or longer times to see the value itself"),
    Flag.UNCHECKED: ("no scope checked for oscillation", "Add a scope at the device to the bench"),
    Flag.IMPLAUSIBLE: ("set-point and compliance do not allow this reading", "Check wiring, range and instrument"),
    Flag.OPEN: ("the device looks like an open circuit", "Check the contact"),
    Flag.SHORT: ("the device looks like a short circuit", "Check that the needles do not touch each other"),
    Flag.NO_HYSTERESIS: ("both branches change at the same place", "Look at the curve. A knee or a range change looks "
                         "like this too"),
    Flag.AMBIGUOUS: ("something else can look the same", "Read the method of the result, and look at the curve"),
    Flag.DEPENDENT: ("a pulse depends on the pulses before it", "Use a longer rest between pulses"),
}


def printed(text: str) -> str:
    """Return a text with Ω and µ for the spellings that every keyboard has."""
    return _MICRO.sub("µ", _OHM.sub(r"\1Ω", text))


def interval(value: float | None, low: float | None, high: float | None, unit: str) -> str:
    """Return a value with its 95 % interval."""
    return printed(format_interval(value, low, high, unit))


def amount(value: float | None, unit: str, digits: int = 3) -> str:
    """Return a number with its unit; "-" where there is none."""
    return "-" if value is None else printed(short_quantity(value, unit, digits))


def percent(share: float) -> str:
    """Return a share as a percentage; 0 and 100 are said only of all and none."""
    text = f"{100 * share:.0f}"
    return f"{100 * share:.1f} %" if (text == "0" and share > 0) or (text == "100" and share < 1) else f"{text} %"


def count(number: int, word: str, several: str = "") -> str:
    """Return "1 run", "2 runs"."""
    return f"{number:,} {word if number == 1 else several or word + 's'}"


def examples(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are: "A, B, C and 7 more"."""
    more = len(names) - _EXAMPLES
    return ", ".join(names[:_EXAMPLES]) + (f" and {more:,} more" if more > 0 else "")


def file_link(path: str) -> str:
    """Return the relative address of a file; it begins with "./", so that no name can be another kind of address."""
    return "./" + quote_from_bytes(os.fsencode(path), safe="/")


def shown_path(path: str) -> str:
    """Return a path as it can be shown; bytes that are no text are written as numbers."""
    return path.encode("utf-8", "backslashreplace").decode()


def clock(text: str) -> str:
    """Return a time of a file (ISO 8601) to the second; what is no time stays as it is."""
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return text[:40]
    zone = found.strftime("%z")
    return found.strftime("%Y-%m-%d %H:%M:%S") + ("" if not zone else " UTC" if zone == "+0000" else f" {zone}")


def place_name(kind: str, name: str) -> str:
    """Return the name of a place in a page: letters, digits and "-" only; two names never give one place."""
    return kind + "-" + "".join(one if one.isascii() and one.isalnum() else f"_{ord(one):x}_" for one in name)

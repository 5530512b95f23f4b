"""Compares a transcript with those of the twin: replies, formats of numbers, times, status bytes, the driver's course.

The twin takes the steps several times, each time with other errors of its own within the data sheet. A number that is
then always the same is a setting and must be equal. A number that differs is a reading and must lie where the twin's
readings lie.
"""

import math
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from tsbench.conform.transcript import Exchange, Transcript, TranscriptStep
from tsbench.quantities import short_quantity

_DATE = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MARKED = re.compile(r"([A-Z]{1,4}) ?([+-]\d.*)")
#: How many times the spread of the twin's readings a reading may be away from their mean. Five twins estimate the
#: accuracy poorly: their spread is at times small. If the instrument's error is drawn as those of the twin, factor
#: 12 reports a good reading about once in 70,000 (uniform and normal errors, 4 million draws). Factor 3 would report it
#: once in 400, and one comparison has tens of readings. The price is a wide allowance: typically 9 times (normal) to 16
#: times (uniform) the accuracy.
_SPREADS = 12.0
_RELATIVE = 1e-3  #: beside it, of the reading
_SLOWER, _LEAST_TIME = 2.0, 0.02  #: a time is another one beyond this factor, and this many [s]


@dataclass(frozen=True)
class Difference:
    """One thing in which an instrument differs from its twin."""

    step: str
    message: str  #: that was sent
    what: str  #: "reply", "format", "value", "time", "status byte", "course", "failure"
    instrument: str
    twin: str

    @property
    def line(self) -> str:
        """Return it in one line."""
        asked = f"'{self.message}': " if self.message else ""
        return f"{self.step}: {asked}{self.what}: the instrument has {self.instrument}, its twin {self.twin}"


def compare(measured: Transcript, twins: Sequence[Transcript]) -> list[Difference]:
    """Return all differences between an instrument and its twin, in the order of the messages."""
    found: list[Difference] = []
    for number, step in enumerate(measured.steps):
        found += _compare_step(step, [twin.steps[number] for twin in twins])
    return found


def _compare_step(step: TranscriptStep, twins: Sequence[TranscriptStep]) -> list[Difference]:
    found: list[Difference] = []
    for number, (ours, theirs) in enumerate(zip_longest(step.exchanges, twins[0].exchanges)):
        same = [twin.exchanges[number] for twin in twins if len(twin.exchanges) > number]
        if ours is None or theirs is None or ours.message != theirs.message:
            found.append(Difference(
                step.name, "", "course", f"'{ours.message}'" if ours else "nothing more sent to it",
                f"'{theirs.message}'" if theirs else "nothing more sent to it"))
            break
        found += _compare_exchange(step.name, ours, [one for one in same if one.message == ours.message])
    if step.failure != twins[0].failure:
        found.append(Difference(step.name, "", "failure", step.failure or "none", twins[0].failure or "none"))
    if step.status is not None and step.status != twins[0].status:
        found.append(Difference(step.name, "", "status byte", str(step.status), str(twins[0].status)))
    return found


def _compare_exchange(step: str, ours: Exchange, twins: Sequence[Exchange]) -> list[Difference]:
    found = _compare_replies(step, ours, [twin.reply for twin in twins])
    usual = statistics.median(twin.seconds for twin in twins)
    longer, shorter = max(ours.seconds, usual), min(ours.seconds, usual)
    if longer - shorter > _LEAST_TIME and longer > _SLOWER * shorter:
        found.append(Difference(step, ours.message, "time", short_quantity(ours.seconds, "s"),
                                short_quantity(usual, "s")))
    return found


def _compare_replies(step: str, ours: Exchange, replies: Sequence[str]) -> list[Difference]:
    fields, theirs = fields_of(ours.reply), [fields_of(reply) for reply in replies]
    if any(len(one) != len(fields) for one in theirs):
        if all(len(one) == len(theirs[0]) for one in theirs):
            return [Difference(step, ours.message, "reply", f"'{ours.reply[:80]}'", f"'{replies[0][:80]}'")]
        return []   # the twin itself answers now with more and now with fewer
    found = []
    for number, field in enumerate(fields):
        what, expected = _field_difference(field, [one[number] for one in theirs])
        if what:
            found.append(Difference(step, ours.message, what, f"'{field}'", f"'{expected}'"))
    return found


def fields_of(reply: str) -> list[str]:
    """Return the parts of a reply; a mark before a number is a part of its own."""
    parts = [part.strip() for part in re.split(r"[,;\t]", _DATE.sub("<date>", reply))]
    fields: list[str] = []
    for part in parts:   # "NAI+1.2E-6": status and kind of a number stand before it
        marked = _MARKED.fullmatch(part)
        fields += marked.groups() if marked else (part,)
    return fields


def _field_difference(ours: str, twins: Sequence[str]) -> tuple[str, str]:
    """Return what differs in one part of a reply ("": nothing), and what the twin has there."""
    expected = twins[0]
    if ours == expected:
        return "", expected
    if not is_number(ours) or any(not is_number(one) for one in twins):
        varies = len(set(twins)) > 1
        return ("" if varies and ours in twins else "reply"), expected
    if not any(same_format(ours, one) for one in twins):
        return "format", expected
    numbers = [float(one) for one in twins]
    middle, spread = statistics.fmean(numbers), max(numbers) - min(numbers)
    allowed = _SPREADS * spread + _RELATIVE * abs(middle) if spread else 1e-6 * abs(middle)
    return ("" if math.isclose(float(ours), middle, rel_tol=0.0, abs_tol=allowed) else "value"), expected


def is_number(field: str) -> bool:
    """Return whether one part of a reply is a number."""
    return _NUMBER.fullmatch(field) is not None


def same_format(one: str, other: str) -> bool:
    """Whether two numbers are written alike: sign of a positive one, digits behind the point and in the exponent."""
    if one.lstrip("+-").isdigit() and other.lstrip("+-").isdigit():
        widths = True   # whole numbers have as many digits as they need
    else:
        (ours, exponent), (theirs, other_exponent) = _parts(one), _parts(other)
        widths = ours == theirs and bool(exponent) == bool(other_exponent) and (
            len(exponent) == len(other_exponent) or not (_is_padded(exponent) or _is_padded(other_exponent)))
    signs = {number[0] if number[0] in "+-" else "" for number in (one, other)}
    return widths and (len(signs) == 1 or "-" in signs)


def _parts(number: str) -> tuple[int, str]:
    """Return how many digits are behind the point, and the digits of the exponent."""
    mantissa, _, exponent = number.lower().partition("e")
    return len(mantissa.partition(".")[2]), exponent.lstrip("+-")


def _is_padded(exponent: str) -> bool:
    """Whether an exponent has more digits than it needs: E-09, where others write E-9."""
    return len(exponent) > 1 and exponent.startswith("0")

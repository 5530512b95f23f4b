"""Compares a transcript with those of the twin: replies, formats of numbers, times, status bytes, the driver's course.

The twin takes the steps several times: without errors of calibration, and with the largest ones that its data sheet
allows, in all corners (:data:`~tsbench.conform.twin.TWINS`). A number that is then always the same is a setting and
must be equal. A number that differs is a reading and must lie between the readings of the corners, but for the noise.
"""

import functools
import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Generic, TypeVar

import numpy as np

from tsbench.conform.dialogue import DURATION
from tsbench.conform.transcript import Exchange, Transcript, TranscriptStep
from tsbench.conform.twin import NO_ERRORS, TwinErrors
from tsbench.quantities import short_quantity
from tsbench.records import FloatArray

Part = TypeVar("Part")

_DATE = re.compile(r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MARKED = re.compile(r"([A-Z]{1,4} ?)([+-]\d.*)")
#: Two-sided 1e-6 quantile of Student's t for 8 degrees of freedom (12 twins less 4 fitted numbers): how many times the
#: noise of the twin a reading may lie beyond the corners. One comparison has about a hundred readings
_NOISES = 13.3
_MARGIN = 1.02  #: on the errors of the corners: they are fitted from noisy readings
_EQUAL = 1e-6  #: relative, of two values that are the same setting
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


@dataclass(frozen=True)
class Twin:
    """What one twin said, and which errors of calibration it had."""

    transcript: Transcript
    errors: TwinErrors = NO_ERRORS


@dataclass(frozen=True)
class _Said(Generic[Part]):
    """One part of what one twin said: a step, an exchange, a field of a reply."""

    part: Part
    errors: TwinErrors


def compare(measured: Transcript, twins: Sequence[Twin]) -> list[Difference]:
    """Return all differences between an instrument and its twin, in the order of the messages.

    What the twin says in words, its messages, failures and status bytes are those of the first of ``twins``. After a
    failure, the instrument may take fewer steps than the twin.
    """
    found: list[Difference] = []
    number, failed = 0, any(step.failure for step in measured.steps)
    names = [one.name for one in twins[0].transcript.steps]
    taken = [step.name for step in measured.steps]
    for name in dict.fromkeys(names):
        if not failed and taken.count(name) < names.count(name):
            found.append(Difference(name, "", "course", "the step is missing", "the step is taken"))
    for step in measured.steps:
        if step.name not in names[number:]:
            continue
        number = names.index(step.name, number)
        found += _compare_step(step, [_Said(twin.transcript.steps[number], twin.errors) for twin in twins])
        number += 1
    return found


def _compare_step(step: TranscriptStep, said: Sequence[_Said[TranscriptStep]]) -> list[Difference]:
    found: list[Difference] = []
    twins = [one.part for one in said]
    for number, (ours, theirs) in enumerate(zip_longest(step.exchanges, twins[0].exchanges)):
        same = [_Said(one.part.exchanges[number], one.errors) for one in said if len(one.part.exchanges) > number]
        if ours is None or theirs is None or ours.message != theirs.message:
            found.append(Difference(
                step.name, "", "course", f"'{ours.message}'" if ours else "nothing more sent to it",
                f"'{theirs.message}'" if theirs else "nothing more sent to it"))
            break
        found += _compare_exchange(step, ours, [one for one in same if one.part.message == ours.message])
    if not found:   # else the replies tell it already
        found += _compare_results(step, said)
    if step.failure != twins[0].failure:
        found.append(Difference(step.name, "", "failure", step.failure or "none", twins[0].failure or "none"))
    if step.status is not None and step.status != twins[0].status:
        found.append(Difference(step.name, "", "status byte", str(step.status), str(twins[0].status)))
    return found


def _compare_results(step: TranscriptStep, said: Sequence[_Said[TranscriptStep]]) -> list[Difference]:
    found = []
    for name, ours in step.results.items():
        if name == DURATION:
            found += _compare_times(step.name, name, ours, [one.part.results.get(name, ours) for one in said])
            continue
        theirs = [_Said(f"{one.part.results[name]:.9E}", one.errors) for one in said if name in one.part.results]
        if theirs and not _agrees(f"{ours:.9E}", theirs):
            expected = statistics.fmean(float(one.part) for one in theirs)
            found.append(Difference(step.name, name, "value", f"{ours:.6g}", f"{expected:.6g}"))
    return found


def _compare_exchange(step: TranscriptStep, ours: Exchange, twins: Sequence[_Said[Exchange]]) -> list[Difference]:
    found = _compare_replies(step, ours, [_Said(one.part.reply, one.errors) for one in twins])
    return found + _compare_times(step.name, ours.message, ours.seconds, [one.part.seconds for one in twins])


def _compare_times(step: str, message: str, ours: float, twins: Sequence[float]) -> list[Difference]:
    usual = statistics.median(twins)
    longer, shorter = max(ours, usual), min(ours, usual)
    if longer - shorter > _LEAST_TIME and longer > _SLOWER * shorter:
        return [Difference(step, message, "time", short_quantity(ours, "s"), short_quantity(usual, "s"))]
    return []


def _compare_replies(step: TranscriptStep, ours: Exchange, twins: Sequence[_Said[str]]) -> list[Difference]:
    fields, theirs = fields_of(ours.reply), [_Said(fields_of(one.part), one.errors) for one in twins]
    if any(len(one.part) != len(fields) for one in theirs):
        if all(len(one.part) == len(theirs[0].part) for one in theirs):
            return [Difference(
                step.name, ours.message, "reply", f"'{ours.reply[:80]}'", f"'{twins[0].part[:80]}'")]
        return []   # the twin itself answers now with more and now with fewer
    found = []
    for number, field in enumerate(fields):
        there = [_Said(one.part[number], one.errors) for one in theirs]
        if what := _field_difference(field, there, step.free):
            found.append(Difference(step.name, ours.message, what, f"'{field}'", f"'{there[0].part}'"))
    return found


def fields_of(reply: str) -> list[str]:
    """Return the parts of a reply; a mark before a number is a part of its own."""
    parts = [part.strip() for part in re.split(r"[,;\t]", _DATE.sub("<date>", reply))]
    fields: list[str] = []
    for part in parts:   # "NAI+1.2E-6": status and kind of a number stand before it
        marked = _MARKED.fullmatch(part)
        fields += marked.groups() if marked else (part,)
    return fields


def _field_difference(ours: str, said: Sequence[_Said[str]], free: bool) -> str:
    """Return what differs in one part of a reply, "" for nothing."""
    twins = [one.part for one in said]
    if ours == twins[0] or (free and [*map(is_number, ours.split())] == [*map(is_number, twins[0].split())]):
        return "" if not is_number(ours) or same_format(ours, twins[0]) else "format"
    if not is_number(ours) or any(not is_number(one) for one in twins):
        varies = len(set(twins)) > 1
        return "" if varies and ours in twins else "reply"
    if not any(same_format(ours, one) for one in twins):
        return "format"
    return "" if _agrees(ours, said) else "value"


def _agrees(ours: str, said: Sequence[_Said[str]]) -> bool:
    """Whether a number is the same setting as that of the twins, or a reading as they have it."""
    value, numbers = float(ours), np.array([float(one.part) for one in said])
    if np.ptp(numbers) == 0.0:
        whole = ours.lstrip("+-").isdigit()   # a code, a number of points, or bits
        return bool(abs(value - numbers[0]) <= (0.0 if whole else _EQUAL) * abs(numbers[0]))
    middle, allowed = reading_bounds(numbers, tuple(one.errors for one in said))
    return bool(abs(value - middle) <= allowed + last_digit(ours))


def reading_bounds(numbers: FloatArray, errors: Sequence[TwinErrors]) -> tuple[float, float]:
    """Return the middle of what a reading may be, and how far from it the reading may lie.

    The readings of the twins are fitted by a middle plus an effect of each error of calibration. An instrument within
    its data sheet has at most the sum of these effects. What the fit leaves is the noise.

    Parameters
    ----------
    numbers : readings of the twins, shape (n,)
    errors : of each twin, which decide what the fit is
    """
    design, inverse = _design(tuple(errors))
    fitted = inverse @ numbers
    left = numbers - design @ fitted
    free = max(len(numbers) - np.linalg.matrix_rank(design), 1)
    noise = float(np.sqrt(left @ left / free * (1.0 + 1.0 / len(numbers))))
    return float(fitted[0]), _MARGIN * float(np.abs(fitted[1:]).sum()) + _NOISES * noise


@functools.cache
def _design(errors: tuple[TwinErrors, ...]) -> tuple[FloatArray, FloatArray]:
    design = np.array([(1.0, one.gain, one.offset, one.resistor) for one in errors])
    return design, np.linalg.pinv(design)


def last_digit(number: str) -> float:
    """Return what one step of the last digit of a number is worth: 1e-9 for ``1.234E-6``."""
    mantissa, _, exponent = number.lower().partition("e")
    return float(10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2])))


def is_number(field: str) -> bool:
    """Return whether one part of a reply is a number."""
    return _NUMBER.fullmatch(field) is not None


def same_format(one: str, other: str) -> bool:
    """Whether two numbers are written alike: sign of a positive one, digits behind the point and in the exponent."""
    if one.lstrip("+-").isdigit() and other.lstrip("+-").isdigit():
        widths = True   # whole numbers have as many digits as they need
    else:
        (ours, exponent), (theirs, other_exponent) = _parts(one), _parts(other)
        filled = any(re.match(r"[+-]?0\d", number) for number in (one, other))   # +000.0 of a fixed width
        padded = _is_padded(exponent) or _is_padded(other_exponent)
        widths = (ours == theirs and bool(exponent) == bool(other_exponent)
                  and (len(exponent) == len(other_exponent) or not padded) and (len(one) == len(other) or not filled))
    signs = {number[0] if number[0] in "+-" else "" for number in (one, other)}
    return widths and (len(signs) == 1 or "-" in signs)


def _parts(number: str) -> tuple[int, str]:
    """Return how many digits are behind the point, and the digits of the exponent."""
    mantissa, _, exponent = number.lower().partition("e")
    return len(mantissa.partition(".")[2]), exponent.lstrip("+-")


def _is_padded(exponent: str) -> bool:
    """Whether an exponent has more digits than it needs: E-09, where others write E-9."""
    return len(exponent) > 1 and exponent.startswith("0")

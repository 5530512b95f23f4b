"""How switching is told from an ordinary rise of current: by the largest jump, or by a current level."""

import math
import re
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.half_sweeps import HalfSweep
from tsbench.analysis.signal import spread_of_second_differences
from tsbench.errors import ConfigurationError
from tsbench.quantities import format_quantity, parse_quantity
from tsbench.records import FloatArray


@dataclass(frozen=True)
class Jump:
    """Switching is the largest jump of log conductance between two neighbouring points of a branch.

    It counts if the conductance changes by more than ``ratio``, by more than ``outlier`` times the median
    change of the branch (so that a steep but steady curve has no threshold), and stays changed at the next
    point. Currents below three standard deviations of the noise are taken as that, so that noise has no
    jumps.
    """

    ratio: float = 2.0
    outlier: float = 4.0

    def __str__(self) -> str:
        return "jump"


@dataclass(frozen=True)
class Above:
    """On from the first point whose current exceeds ``current`` [A]; off after the last one that does."""

    current: float

    def __str__(self) -> str:
        text = format_quantity(self.current, "A").replace(" ", "")
        return "above=" + re.sub(r"\.0+(?=\D)|(?<=[.]\d)0+(?=\D)", "", text)


Rule = Jump | Above

#: a jump must exceed this many standard deviations of the off state's noise
_LEAST_SIGMAS = 6.0
_ENOUGH_FOR_NOISE = 6
#: a reading during which a device switches shows at least this part of the change of current
_LEAST_PART = 0.05


def parse_rule(text: str) -> Rule:
    """Read a rule as the command line takes it: ``jump``, ``jump=3`` (conductance ratio) or ``above=10n``.

    Raises
    ------
    ConfigurationError
        Another word, or a value that is not a positive current or a ratio above 1.
    """
    name, _, value = (part.strip() for part in text.partition("="))
    if name == "above" and value:
        current = parse_quantity(value, "A")
        if current > 0:
            return Above(current)
        raise ConfigurationError(
            f"rule '{text}': the current must be above 0 A; give for example 'above=10n'"
        )
    if name == "jump":
        ratio = parse_quantity(value, "") if value else Jump.ratio
        if ratio > 1:
            return Jump(ratio)
        raise ConfigurationError(f"rule '{text}': the ratio must be above 1; give for example 'jump=3'")
    raise ConfigurationError(f"rule '{text}' is not known; give 'jump', 'jump=3' or 'above=10n'")


def noise_floor(current: FloatArray, noise: float = 0.0) -> float:
    """Return the current [A] below which a reading says only "off": three standard deviations of the noise.

    ``noise`` is what the instrument's data sheet says (standard deviation, A). The record's own noise comes
    from second differences of its lower half, in which a smooth curve cancels, and from readings of the wrong
    sign.
    """
    current = np.asarray(current, dtype=np.float64)
    if current.size < 4:
        return 3.0 * noise
    wrong_side = 1.5 * max(
        0.0, -float(current.min())
    )  # a negative reading at positive voltage is noise or offset
    current = np.abs(current)
    triples = np.lib.stride_tricks.sliding_window_view(current, 3)
    lower = triples[triples.max(axis=1) <= np.quantile(current, 0.6)]
    own = 0.0
    if lower.shape[0] >= 3:
        second = lower[:, 0] - 2.0 * lower[:, 1] + lower[:, 2]
        # 1.5: folding at zero and the choice of the lower half both narrow the spread
        own = 1.5 * spread_of_second_differences(second)
    return max(3.0 * max(noise, own), wrong_side, 1e-9 * float(current.max()))


def off_to_on(half: HalfSweep, rule: Rule, noise: float = 0.0) -> int | None:
    """Return the index of the last off point on the way up; None: does not switch; -1: on from the first."""
    if isinstance(rule, Above):
        over = np.flatnonzero(half.current[: half.turn + 1] > rule.current)
        return int(over[0]) - 1 if over.size else None
    last = half.turn + 1 if half.turn + 1 < len(half.current) else half.turn
    jump = _largest_change(half, 0, last, rule, noise)
    return jump


def on_to_off(half: HalfSweep, rule: Rule, noise: float = 0.0) -> int | None:
    """Return the index of the last on point on the way down, None where it does not switch off there."""
    start = half.down().start
    if isinstance(rule, Above):
        over = start + np.flatnonzero(half.current[start:] > rule.current)
        if over.size == 0 or over[-1] == len(half.current) - 1:
            return None
        return int(over[-1])
    k = _largest_change(half, start, len(half.current) - 1, rule, noise, sign=-1)
    if k is None or off_to_on(half, rule, noise) is not None:
        return k
    # on from the start: nothing on the way up says that this is not noise at a small current, so ask for more
    fall = half.current[k] * half.voltage[k + 1] / (half.voltage[k] * max(half.current[k + 1], 1e-300))
    return k if half.current[k] > 10 * noise_floor(half.current, noise) and fall > 5 * rule.ratio else None


def _largest_change(
    half: HalfSweep, first: int, last: int, rule: Jump, noise: float, sign: int = 1
) -> int | None:
    """Return k of the largest change of log conductance from k to k + 1 that the rule accepts.

    A device that switches while a reading is being integrated shows one reading in between, the average of off and
    on: two changes in a row, of which the first tells when it was last on the old side. A gap that closes little by
    little shows two changes as well, but the first of them to a small part of the current that follows.
    """
    voltage, current = half.voltage[first : last + 1], half.current[first : last + 1]
    floor = noise_floor(half.current, noise)
    usable = voltage > 1e-6 * float(np.max(np.abs(half.voltage), initial=0.0))
    if np.count_nonzero(usable) < 3 or floor <= 0.0:
        return None
    conductance = np.full(len(voltage), np.nan)
    conductance[usable] = np.log(np.maximum(current[usable], floor) / voltage[usable])
    change = sign * np.diff(conductance)
    known = np.isfinite(change)
    if not known.any():
        return None
    ordinary = float(np.median(np.abs(change[known])))
    for k in np.argsort(np.where(known, -change, np.inf))[: np.count_nonzero(known)]:
        if change[k] <= math.log(rule.ratio) or change[k] <= rule.outlier * ordinary:
            return None
        middle = 0.5 * (conductance[k] + conductance[k + 1])
        after = conductance[k + 2 : k + 4]
        after = after[np.isfinite(after)]
        # one wild reading is not switching: the next point must be on the new side too
        stays = after.size == 0 or sign * (float(after[0]) - middle) > 0
        beyond_noise = sign < 0 or float(current[k + 1] - current[k]) > _LEAST_SIGMAS * _own_noise(
            current[: k + 1], current
        )
        if stays and beyond_noise:
            within = k > 0 and change[k - 1] > max(math.log(rule.ratio), rule.outlier * ordinary)
            part = float((current[k] - current[k - 1]) / (current[k + 1] - current[k - 1])) if within else 0.0
            return first + int(k) - (part > _LEAST_PART)
    return None


def _own_noise(off: FloatArray, whole: FloatArray) -> float:
    """Return the standard deviation of the off state's noise, of the whole branch where that is short."""
    second = np.diff(off if off.size >= _ENOUGH_FOR_NOISE else whole, 2)
    return spread_of_second_differences(second) if second.size else 0.0

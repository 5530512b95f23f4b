"""The current of a sweep at zero voltage: an offset of its meter, which no state of a passive device conducts.

A sweep that begins or ends at zero shows the offset itself. A displacement current shows there too: it changes its sign
with the direction of the sweep, and an offset does not. So one direction alone leaves in doubt what is seen. An offset
as large as the off current changes its sign, or hides a switching: it is subtracted before anything else is extracted.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from tsbench.analysis.statistics import combined
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IVPoints, split
from tsbench.analysis.threshold.switching_results import SweepFacts, Switching, subtracted
from tsbench.analysis.threshold.switching_rule import Rule
from tsbench.analysis.threshold.threshold import switching_of
from tsbench.records import Flag
from tsbench.samples import median, noise_of

#: part of a step of the sweep, or standard deviations of a voltage, within which a voltage is zero
_ZERO, _SIGMAS = 1e-3, 2.0
_AROUND = 41  #: readings around zero that tell the noise there
_ENOUGH = 10  #: of these at least, if they tell the noise of the other way too (chosen)
BEYOND = 2.6  #: standard deviations (one in two hundred by chance) that noise does not explain
_DRIFT = 5.0  #: standard deviations that the range of zero readings has by chance in few records (of 20: one in 100)
_ROUNDED = 1e-12  #: share of the largest current that rounding leaves of a sum of currents
_FEW = 3  #: readings from zero on that show whether the current rises
_EVENT_NAMES = "threshold", "hold"


@dataclass(frozen=True)
class ZeroReading:
    """What one way of a half-sweep reads at zero voltage, with the sign that the record has."""

    current: float  #: [A]
    noise: float  #: [A] standard deviation
    rising: bool  #: whether the voltage of the record rises there


@dataclass(frozen=True)
class ZeroCurrent:
    """Current at zero voltage, turned to the positive side of a half-sweep or with the sign of the record."""

    value: float  #: [A]
    uncertainty: float = 0.0  #: [A] standard
    others: tuple[float, ...] = ()  #: [A] what it may be as well; empty: there is no doubt
    displaced: bool = False  #: whether ``value`` is that of the way up, and ``others`` that of the way down
    of_another_range: bool = False  #: whether it was seen in a range of the meter that may not be that of the reading

    def between(self, current: float) -> tuple[float, float]:
        """Return the least and the largest current [A] that a reading of ``current`` may be without it."""
        each = [current - one for one in (self.value, *self.others)]
        return min(each), max(each)

    def of_way_down(self) -> "ZeroCurrent":
        """Return what counts on the way down: its own reading, where the ways differ."""
        return replace(self, value=self.others[0], others=(self.value,)) if self.displaced else self

    def of_magnitudes(self) -> "ZeroCurrent":
        """Return what counts where the currents may be magnitudes: it is not known which sign an offset has."""
        return replace(self, others=(*self.others, -self.value, 0.0), displaced=False) if self.value else self

    def different_from_zero(self) -> list[float]:
        """Return what it may be [A], without zero itself."""
        return [one for one in (self.value, *self.others) if one != 0.0]

    def in_words(self, sign: int) -> str:
        """Return a sentence for the method of a result, or nothing.

        ``sign``: that of :class:`.HalfSweep`, or 1 for the sign of the record.
        """
        if not (self.value or self.others):
            return ""
        text = subtracted(sign * self.value)
        if self.of_another_range:
            return f"{text}. It is not clear whether the meter has the same offset in the range of the on state"
        text = text or ". No current at zero voltage was subtracted"
        return f"{text}. It is not clear whether this current is an offset of the meter" if self.others else text


NO_CURRENT = ZeroCurrent(0.0)


def zero_readings(half: HalfSweep, voltage_noise: float) -> tuple[ZeroReading, ...]:
    """Return what both ways of a half-sweep read at zero voltage of the source.

    ``voltage_noise``: [V] standard deviation of one reading.
    """
    steps = np.abs(np.diff(half.level))
    least = max(_ZERO * median(steps[steps > 0.0]) if (steps > 0.0).any() else 0.0, _SIGMAS * voltage_noise)
    codes = np.diff(np.unique(half.current))   # a coarse meter: its last digit
    resolution = float(codes.min()) if codes.size else 0.0
    found: list[ZeroReading] = []
    ways = np.arange(half.turn + 1), np.arange(half.turn + 1, half.voltage.size)
    around = [np.sort(way[np.argsort(np.abs(half.level[way]), kind="stable")[:_AROUND]]) for way in ways]
    # the noise of a current grows with it: near zero, the readings of the on state show too much
    noise = min((noise_of(half.current[near], resolution) for near in around if near.size >= _ENOUGH), default=math.inf)
    for way, near, direction in zip(ways, around, (1, -1), strict=True):
        own = noise if near.size >= _ENOUGH else noise_of(half.current[near], resolution)
        zeros = way[np.abs(half.level[way]) <= least]
        # behind a zero, another one follows no step of the voltage: it has no displacement current
        zeros = zeros[np.diff(zeros, prepend=-2) != 1]
        found += [ZeroReading(half.sign * float(half.current[k]), own, direction * half.polarity > 0) for k in zeros]
    return tuple(found)


def readings_of_each(halves: Sequence[HalfSweep], voltage_noise: float) -> list[tuple[ZeroReading, ...]]:
    """Return for each half-sweep the readings at zero that count: those at its begin and its end.

    A half-sweep begins at the zero that ends the one before. Where this gives one direction alone, those of the whole
    record count.

    Parameters
    ----------
    halves : in order of measurement
    voltage_noise : [V] standard deviation of one reading
    """
    each = [zero_readings(half, voltage_noise) for half in halves]
    whole = tuple(one for own in each for one in own)
    beside = [own if _ways_of(own) > 1 or k == 0 else (*each[k - 1][-1:], *own) for k, own in enumerate(each)]
    return [own if _ways_of(own) > 1 else whole for own in beside]


def _ways_of(readings: Sequence[ZeroReading]) -> int:
    """Return in how many directions of the voltage readings were taken."""
    return len({one.rising for one in readings})


Mean = tuple[float, float]  #: mean current [A], and its standard uncertainty [A]


def ways_at_zero(
    readings: Sequence[ZeroReading], sign: int, polarity: int, beside: float
) -> tuple[Mean | None, Mean | None]:
    """Return what the way up and the way down read at zero; None of a way without such a reading.

    Parameters
    ----------
    readings : at zero voltage
    sign, polarity : of the half-sweep to whose side they are turned
    beside : [A] standard uncertainty of each, beside its noise
    """
    up, down = (_mean([one for one in readings if one.rising is rising], sign, beside)
                for rising in (polarity > 0, polarity < 0))
    return up, down


def of_ways(up: Mean | None, down: Mean | None) -> ZeroCurrent | None:
    """Return the current at zero of both ways; None where noise explains it, or where there is no reading.

    Parameters
    ----------
    up, down : mean current at zero voltage and its standard uncertainty [A]; None: no reading
    """
    if up is None or down is None:
        one = up or down
        return ZeroCurrent(*one, (0.0,)) if one is not None and abs(one[0]) > BEYOND * one[1] else None
    apart, deviation = abs(up[0] - down[0]), combined(up[1], down[1])
    if apart > BEYOND * deviation:   # a displacement current, or an offset that drifts
        return ZeroCurrent(up[0], deviation, (down[0], 0.0), displaced=True)
    if all(abs(mean) > BEYOND * uncertainty for mean, uncertainty in (up, down)):
        return ZeroCurrent(0.5 * (up[0] + down[0]), 0.5 * max(deviation, apart))
    return None


def _mean(readings: Sequence[ZeroReading], sign: int, beside: float) -> Mean | None:
    """Return the mean [A] of readings and its standard uncertainty by their noise and their scatter; None: no reading.

    ``sign``: by which they are turned; ``beside``: [A] standard uncertainty of each, beside its noise.
    """
    if not readings:
        return None
    values = sign * np.array([one.current for one in readings])
    noise = combined(math.sqrt(float(np.mean([one.noise**2 for one in readings]))), beside)
    scatter = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return float(values.mean()), max(noise, scatter) / math.sqrt(values.size)


def zero_current_of_all(halves: Sequence[HalfSweep], voltage_noise: float) -> ZeroCurrent:
    """Return the current at zero voltage that the readings of a whole record show, with the sign of the record.

    ``voltage_noise``: [V] standard deviation of one reading.
    """
    readings = [one for half in halves for one in zero_readings(half, voltage_noise)]
    largest = max((float(np.abs(half.current).max()) for half in halves if half.current.size), default=0.0)
    found = of_ways(*ways_at_zero(readings, 1, 1, _ROUNDED * largest)) or NO_CURRENT
    if found.value and _drifts(readings, _ROUNDED * largest):
        return replace(found, others=(*found.others, 0.0))
    return found.of_magnitudes() if may_be_magnitudes(halves) else found


def _drifts(readings: Sequence[ZeroReading], beside: float) -> bool:
    """Return whether readings at zero differ by more than their noise; ``beside``: [A] uncertainty beside it."""
    values = np.array([one.current for one in readings])
    noise = combined(math.sqrt(float(np.mean([one.noise**2 for one in readings]))), beside)
    return values.size > 1 and float(np.ptp(values)) > _DRIFT * noise


def may_be_magnitudes(halves: Sequence[HalfSweep]) -> bool:
    """Return whether the currents of a record may be magnitudes, of which the sign of an offset is not known.

    None is negative then. Either some voltages are, or the current does not rise from zero voltage on: as a magnitude
    it falls first, if the offset has the other sign than the current of the device.
    """
    if any(bool((half.sign * half.current < 0.0).any()) for half in halves):
        return False
    trends = {_trend_from_zero(half) for half in halves}
    return any(half.sign != half.polarity for half in halves) or -1 in trends or 1 not in trends


def _trend_from_zero(half: HalfSweep) -> int:
    """Return 1 where the current rises from zero voltage on, beyond its noise, -1 where it falls first; 0: unknown."""
    up = half.current[half.up()]
    double = np.flatnonzero(up > 2.0 * up[0])
    early = up[: int(double[0]) + 1] if double.size else up
    if early.size < _FEW or half.level[0] > _ZERO * float(half.level.max()):
        return 0
    noise = noise_of(half.current[: max(early.size, _AROUND)])
    if float(early.min()) < early[0] * (1.0 - _ROUNDED) - BEYOND * math.sqrt(2.0) * noise:
        return -1
    slope, middle = np.polyfit(np.linspace(-1.0, 1.0, early.size), early, 1)
    deviation = math.sqrt(3.0 * (early.size - 1) / (early.size * (early.size + 1))) * noise
    return 1 if slope > BEYOND * max(deviation, _ROUNDED * abs(middle)) else 0


def without_offset(points: IVPoints, facts: SweepFacts) -> tuple[IVPoints, float]:
    """Return the readings without the offset of the current, and the standard uncertainty of the offset [A].

    It is subtracted where both ways of the sweep show the same current at zero voltage, beyond the noise. The voltage
    of the device then gets back what the offset made of the drop along the wires.

    Parameters
    ----------
    points : readings of a sweep of the voltage
    facts : noise of the voltage, resistance of the path
    """
    zero = zero_current_of_all(list(split(points)), facts.voltage_noise)
    if zero.value == 0.0 or zero.others:
        return points, 0.0
    return replace(points, current=points.current - zero.value, offset=zero.value,
                   voltage=points.voltage + facts.path_resistance * zero.value), zero.uncertainty


def of_on_state(half: HalfSweep, facts: SweepFacts, zero: ZeroCurrent) -> ZeroCurrent:
    """Return the offset of the current in the on state: that at zero voltage, or none, if the range is another one.

    The limit of a data sheet holds in all ranges, so there is no doubt where it is larger than what was subtracted.

    Parameters
    ----------
    half : the half-sweep
    facts : of the source meter
    zero : current at zero voltage
    """
    if zero.value and not zero.others:
        return replace(zero, others=(0.0,), of_another_range=True)
    if half.offset and abs(half.offset) > 2.0 * facts.current_offset:   # it was subtracted from all currents
        return ZeroCurrent(0.0, others=(-half.sign * half.offset,), of_another_range=True)
    return zero


def possible_offsets(half: HalfSweep, facts: SweepFacts) -> list[float]:
    """Return the offsets that the currents of a half-sweep may contain [A], turned to its side, within the data sheet.

    The list is empty where both ways read zero voltage, and noise explains the current there. Else an offset may be
    what a way reads at zero, or at its lowest voltage: there, little of the current is that of the device.
    """
    if _ways_of(zero_readings(half, facts.voltage_noise)) > 1:
        found = zero_current_of_all([half], facts.voltage_noise).different_from_zero()
        seen = [half.sign * one for one in found]
    else:
        ways = [way for way, there in ((half.up(), half.rises), (half.down(), half.falls)) if there]
        seen = [float(half.current[way][np.argmin(half.level[way])]) for way in ways]
    limit = facts.current_offset
    return [min(max(one, -limit), limit) for one in seen if one != 0.0 and limit > 0.0]


def flagged_if_offset_matters(event: Switching, offsets: Iterable[float], facts: SweepFacts, rule: Rule) -> Switching:
    """Return the events of a half-sweep, AMBIGUOUS where they are elsewhere, appear or disappear without an offset.

    Parameters
    ----------
    event : of the half-sweep, as it was read
    offsets : that the currents may contain [A], each turned to the side of the half-sweep
    facts : of the source meter
    rule : what counts as switching
    """
    others = [switching_of(replace(event.half, current=event.half.current - one), facts, rule) for one in offsets]
    doubted = [name for name in _EVENT_NAMES if len({getattr(one, f"{name}_index") for one in (event, *others)}) > 1]
    return event.flagged(Flag.AMBIGUOUS, *doubted) if doubted else event

"""How the sources of a circuit repeat together: their common period, from when on, and until when."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, PulseWaveform, Sine, SourceWaveform

COMMENSURATE = 1e-12  #: relative; two periods whose ratio is this near to a fraction have a common period
LARGEST_TERM = 64  #: of numerator and denominator of such a fraction
_NEAR = 1e-9  #: of a period: rounding of instants near to ``origin``
_EPSILON = 4.5e-16  #: of an instant: the same, far from it


@dataclass(frozen=True)
class Rhythm:
    """All sources repeat every ``period`` [s], one period begins at ``origin`` [s]; from ``begin`` to ``end`` [s]."""

    period: float
    origin: float
    begin: float
    end: float

    def near(self, time: float) -> float:
        """Return by how much of a period ``time`` [s] may be wrong for all that its last digits say."""
        return _NEAR + _EPSILON * (abs(time) + abs(self.origin)) / self.period

    def following(self, time: float) -> float:
        """Return the beginning [s] of the first period that begins after ``time``."""
        return self.origin + (math.floor((time - self.origin) / self.period + self.near(time)) + 1) * self.period

    def begins(self, time: float) -> bool:
        """Return whether a period begins at ``time`` [s], with all sources in their rhythm."""
        turns, near = (time - self.origin) / self.period, self.near(time)
        return time >= self.begin - near * self.period and abs(turns - round(turns)) < near

    def since(self, base: float) -> "Rhythm":
        """Return the same for times counted from ``base`` [s]."""
        return Rhythm(self.period, self.origin - base, self.begin - base, self.end - base)


@dataclass(frozen=True)
class _Repeats:
    """One source: a period, the beginning of the first and the end of the last."""

    period: float
    begin: float
    end: float


def rhythm_of(waveforms: Sequence[SourceWaveform], time: float) -> Rhythm | None:
    """Return how the sources repeat from ``time`` [s] on.

    None where all stand still, where one moves that does not repeat, and where two have periods without a common
    multiple (of at most :data:`LARGEST_TERM` of either): such a circuit has no periodic steady state.
    """
    moving: list[_Repeats] = []
    for waveform in waveforms:
        found = _repeats(waveform)
        if found is not None and time < found.end:
            if not math.isfinite(found.period):
                return None
            moving.append(found)
    if not moving:
        return None
    longest = max(moving, key=lambda one: one.period)
    multiple = 1
    for one in moving:
        share = one.period / longest.period
        ratio = Fraction(share).limit_denominator(LARGEST_TERM)   # at most 1
        if ratio == 0 or abs(share / float(ratio) - 1.0) > COMMENSURATE:
            return None
        multiple = math.lcm(multiple, ratio.numerator)
        if multiple > LARGEST_TERM:
            return None
    return Rhythm(
        longest.period * multiple, longest.begin, max(time, *(one.begin for one in moving)),
        min(one.end for one in moving))


def _repeats(waveform: SourceWaveform) -> _Repeats | None:
    """Return how a source repeats; with an infinite period where it moves once, None where it stands still."""
    match waveform:
        case Constant():
            return None
        case PulseWaveform(base=base, top=top, start=start, period=period, count=count):
            if base == top:
                return None
            if count == 1 or not math.isfinite(period):
                length = waveform.width + waveform.rise + waveform.fall
                return _Repeats(math.inf, start, start + length)
            return _Repeats(period, start, start + count * period if count else math.inf)
        case Sine(amplitude=amplitude, frequency=frequency, start=start, count=count):
            if not amplitude or not frequency:
                return None
            return _Repeats(1.0 / frequency, start, start + count / frequency if count else math.inf)
        case PiecewiseLinear(times=times, period=period):
            return _Repeats(period, float(times[0]), float(times[-1]) if math.isinf(period) else math.inf)

"""Snapback under current drive: where the voltage turns back although the current still rises.

Definitions. Threshold: the highest device voltage on the way up before the voltage falls by more than noise
and one per cent; hold: on the way down, the lowest device voltage before it rises again; snapback: the fall
from the threshold to the lowest voltage after it. A step hides the true turning point: it lies between the
extreme reading and where the steeper of its two neighbours' slopes would have led within one step.
"""

from dataclasses import dataclass

import numpy as np

from tsbench.analysis.half_sweeps import HalfSweep, IVPoints, split, worst_flags
from tsbench.analysis.signal import noise_of
from tsbench.analysis.statistics import NORMAL_95
from tsbench.analysis.threshold import PASSED_ON, SweepFacts, Switching, result_of
from tsbench.records import Flag, FloatArray, Result

#: the voltage must turn back by this much: relative, and in standard deviations of its noise
_LEAST_FALL, _LEAST_SIGMAS = 0.01, 8.0
_METHOD = "turning point of the voltage under current drive"


@dataclass(frozen=True)
class Snapback(Switching):
    """Threshold and hold of one current-driven half-cycle, and the fall of the voltage."""

    snapback_voltage: Result

    def results(self) -> tuple[Result, ...]:
        """Return the five results."""
        return (*super().results(), self.snapback_voltage)


def snapback(points: IVPoints, facts: SweepFacts | None = None) -> tuple[Snapback, ...]:
    """Extract threshold, hold and snapback of every half-cycle of a current-driven record.

    Parameters
    ----------
    points : device voltage [V], current [A] and set-points [A], each shape (n,), in order of measurement
    facts : accuracy of the source meter, path resistance

    Returns
    -------
    tuple of Snapback, one per half-cycle
        NO_EVENT where the voltage never turns back (a resistor).
    """
    facts = facts or SweepFacts()
    return tuple(_examine(half, facts) for half in split(points))


def _examine(half: HalfSweep, facts: SweepFacts) -> Snapback:
    up, down = half.up(), half.down()
    noise = max(facts.voltage_noise, noise_of(half.voltage[up]))
    on = _turning_point(half.voltage[up], noise)
    off_in_down = _turning_point(-half.voltage[down], noise)
    off = None if off_in_down is None else int(down.start) + off_in_down
    threshold = _results(half, "threshold", on, 1.0, facts)
    hold = _results(half, "hold", off, -1.0, facts)
    return Snapback(half, on, off, *threshold, *hold, _fall(half, on, facts))


def _turning_point(rising: FloatArray, noise: float) -> int | None:
    """Return the index of the highest point before the deepest later fall, if that is one."""
    if rising.size < 4:
        return None
    later = np.minimum.accumulate(rising[::-1])[::-1]
    fall = rising[:-1] - later[1:]
    k = int(np.argmax(fall))
    least = max(_LEAST_SIGMAS * noise, _LEAST_FALL * abs(float(rising[k])))
    return k if fall[k] > least else None


def _results(
    half: HalfSweep, name: str, k: int | None, sign: float, facts: SweepFacts
) -> tuple[Result, Result]:
    if k is None:
        flags = worst_flags(half, *range(len(half.flags))) & PASSED_ON | Flag.NO_EVENT
        return (
            result_of(half, f"{name}_voltage", "V", _METHOD, flags=flags),
            result_of(half, f"{name}_current", "A", _METHOD, flags=flags),
        )
    around = [j for j in (k - 1, k + 1) if 0 <= j < len(half.voltage)]
    extreme, amperes = float(half.voltage[k]), float(half.current[k])
    # the approach is smooth; the far side may have jumped, and a jump says nothing of the turning point
    reach = abs(float(half.voltage[k] - half.voltage[k - 1])) if k > 0 else 0.0
    wide = NORMAL_95 * facts.voltage_uncertainty(extreme, amperes)
    low, high = sorted((extreme, extreme + sign * reach))
    flags = worst_flags(half, k, *around) & PASSED_ON
    if reach > 0.02 * abs(extreme):
        flags |= Flag.UNDER_SAMPLED
    voltage = result_of(
        half,
        f"{name}_voltage",
        "V",
        _METHOD,
        value=0.5 * (low + high),
        low=low - wide,
        high=high + wide,
        flags=flags,
    )
    amps = [float(half.current[j]) for j in (*around, k)]
    wide = NORMAL_95 * facts.current_uncertainty(amperes)
    current = result_of(
        half,
        f"{name}_current",
        "A",
        _METHOD,
        value=amperes,
        low=min(amps) - wide,
        high=max(amps) + wide,
        flags=flags,
    )
    return voltage, current


def _fall(half: HalfSweep, k: int | None, facts: SweepFacts) -> Result:
    if k is None:
        return result_of(half, "snapback_voltage", "V", _METHOD, flags=Flag.NO_EVENT)
    after = half.voltage[half.up()][k + 1 :]
    value = float(half.voltage[k] - after.min())
    # the two readings share gain and offset; gain acts on their difference, noise on both
    wide = NORMAL_95 * (2**0.5 * facts.voltage_noise + facts.voltage_gain * value / 3**0.5)
    reach = abs(float(half.voltage[k] - half.voltage[k - 1])) if k > 0 else 0.0
    return result_of(
        half,
        "snapback_voltage",
        "V",
        _METHOD,
        value=value,
        low=value - wide,
        high=value + reach + wide,
        flags=worst_flags(half, k, k + 1) & PASSED_ON,
    )

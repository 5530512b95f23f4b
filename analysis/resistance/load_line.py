"""Resistance in series with a device, by the load line along which it jumps as it switches on.

Source voltage, device voltage and current obey L = V + R I at every moment, and in the mean over a reading, in whatever
state the device is (Kirchhoff). So what L - V grows by as the device switches on, divided by the growth of the current,
is the resistance R between the place where the source holds its set-point L and the place where V is read. While the
source meter limits its current, L does not hold, and there is no load line.
"""

from dataclasses import dataclass

import numpy as np

from tsbench.analysis.resistance.current_limit import NO_STATE
from tsbench.analysis.resistance.state_readings import free_readings, source_voltage
from tsbench.analysis.statistics import NORMAL_95, combined, standard_uncertainty
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IntArray
from tsbench.analysis.threshold.switching_results import PASSED_ON, SweepFacts, Switching, result_of
from tsbench.quantities import format_quantity, short_quantity
from tsbench.records import Flag, Result
from tsbench.samples import noise_of

_BEFORE, _AFTER = 8, 8  #: readings before and behind the jump whose means count
_SIGMAS = 3.0  #: standard deviations of its noise by which the current must grow
_AROUND = 40  #: readings that tell the noise
_IMPOSSIBLE = 4.0  #: standard uncertainties by which a device voltage is negative


@dataclass(frozen=True)
class LoadPoint:
    """The mean of a few readings on one side of the jump."""

    drop: float  #: [V] set-point less voltage
    level: float  #: [V]
    current: float  #: [A]
    count: int


def series_resistance(event: Switching, facts: SweepFacts) -> Result:
    """Return the series resistance [Ohm] of a half-sweep under voltage drive, by its load line.

    It is the resistance between the source and the place where the voltage is read, as the readings alone show it. The
    path resistance of the bench file, which is taken off device voltages, is no part of it: a source meter that reads
    the voltage of its own output reads what all of the path takes. Then only an upper bound is known (CENSORED). If the
    readings show a series resistance and the bench file has a path, the path is taken off twice, or is another one
    (AMBIGUOUS). If the path of the bench file is so large that the device would deliver power, it is wrong
    (IMPLAUSIBLE).

    Parameters
    ----------
    event : the half-sweep with its events
    facts : accuracy of the source meter, path
    """
    half, name, k = event.half, "series_resistance", event.threshold_index
    method = "growth of set-point minus voltage over the growth of the current as the device switches on"
    seen = Flag(int(np.bitwise_or.reduce(half.flags, initial=0))) & PASSED_ON & ~Flag.COMPLIANCE
    if (beyond := _beyond(half, facts)) is not None:
        amperes = abs(float(half.current[beyond]))
        least = short_quantity(float(half.voltage[beyond]) / amperes + facts.path_resistance, "Ohm", 3)
        return result_of(
            half, name, "Ohm", f"the voltage of the device would be negative at "
            f"{format_quantity(amperes, 'A', 3)}. The path of the bench file, "
            f"{short_quantity(facts.path_resistance, 'Ohm', 3)}, is more than all of the resistance that was measured "
            f"there, {least}. Correct the path, or read the voltage at the source", flags=seen | Flag.IMPLAUSIBLE)
    if k is None:
        return result_of(half, name, "Ohm", f"{method}; the device does not switch on", flags=seen | Flag.NO_EVENT)
    behind = np.arange(k + 1, half.turn + 1)
    usable = free_readings(half, SweepFacts(), current_drive=False) & ((half.flags & NO_STATE) == 0)
    after = behind[: _run(usable[behind])][:_AFTER]
    before = np.arange(max(k + 1 - _BEFORE, 0), k + 1)
    before = before[usable[before]]
    if after.size == 0 or before.size == 0:
        limited = bool(behind.size) and bool(half.flags[behind[0]] & NO_STATE == 0)
        why = "the source meter limits the current behind it, so there is no load line" if limited else (
            "there is no reading of a steady state beside it")
        return result_of(half, name, "Ohm", f"{method}; {why}",
                         flags=seen | (Flag.COMPLIANCE if limited else Flag.TOO_FEW))
    return _by_points(half, facts, before, after, seen, method)


def _beyond(half: HalfSweep, facts: SweepFacts) -> int | None:
    """Return the reading of the highest current at which the device would deliver power; None: there is none.

    A device takes power. If its voltage is negative at a positive current, too large a drop was taken off.
    """
    if facts.path_resistance <= 0.0 or half.current.size == 0:
        return None
    # of such a record, the currents may have been taken for magnitudes, and their sign for that of the voltages
    k = int(np.argmax(np.abs(half.current)))
    volts, amperes = float(half.voltage[k]), abs(float(half.current[k]))
    return k if volts < -_IMPOSSIBLE * facts.voltage_uncertainty(volts, amperes) else None


def _by_points(
    half: HalfSweep, facts: SweepFacts, before: IntArray, after: IntArray, seen: Flag, method: str
) -> Result:
    name, conditions = "series_resistance", result_of(half, "", "Ohm", "").conditions
    first, last = (_point(half, facts, part) for part in (before, after))
    growth = last.current - first.current
    least = combined(first.count**-0.5, last.count**-0.5)
    of_current = max(facts.current_noise, noise_of(half.current[: before[-1] + 1]))
    if growth <= _SIGMAS * of_current * least or growth <= 0.0:
        return Result(name, "Ohm", None, None, None, f"{method}; the current grows by no more than its noise",
                      conditions, seen | Flag.TOO_FEW)
    value = (last.drop - first.drop) / growth
    random = _noise(half, facts, before, after, value) * least / growth
    systematic = combined(
        standard_uncertainty(facts.voltage_gain) * abs(last.level - last.drop - first.level + first.drop) / growth,
        standard_uncertainty(facts.voltage_gain) * abs(last.level - first.level) / growth,
        standard_uncertainty(facts.current_gain) * abs(value))
    wide = NORMAL_95 * combined(random, systematic)
    text = (f"{method}, from {format_quantity(first.current, 'A', 3)} to {format_quantity(last.current, 'A', 3)}")
    path = facts.path_resistance
    if value - wide <= 0.0:
        between = f" ({short_quantity(path, 'Ohm', 3)} by the bench file)" if path > 0.0 else ""
        text += ("; the voltage is read at the source, so the readings tell nothing of what is between it and the "
                 f"device{between}")
        return Result(name, "Ohm", None, None, max(value + wide, 0.0), text, conditions,
                      seen | Flag.CENSORED, None, None)
    if path > 0.0 and value - wide > facts.path_tolerance * path:
        seen |= Flag.AMBIGUOUS
        text += (f"; the voltage read already excludes this resistance, but the {short_quantity(path, 'Ohm', 3)} of "
                 "the bench file were taken off it, too. Device voltages are wrong if both are the same resistance. "
                 "Correct the path in the bench file")
    return Result(name, "Ohm", value, value - wide, value + wide, text, conditions, seen, random, systematic)


def _point(half: HalfSweep, facts: SweepFacts, mine: IntArray) -> LoadPoint:
    level = half.level[mine]
    return LoadPoint(float(np.mean(level - source_voltage(half, facts)[mine])), float(level.mean()),
                     float(half.current[mine].mean()), mine.size)


def _run(usable: np.ndarray) -> int:
    """Return how many of the first readings are usable without a gap."""
    bad = np.flatnonzero(~usable)
    return int(bad[0]) if bad.size else usable.size


def _noise(half: HalfSweep, facts: SweepFacts, before: IntArray, after: IntArray, resistance: float) -> float:
    """Return the standard deviation [V] of a reading about the load line.

    What a fluctuating device does is no part of it: it moves the reading along the line. Of few readings, the noise is
    that of those around them, of either side, or of the whole way up.
    """
    off_line = half.level - source_voltage(half, facts) - resistance * half.current
    sides = (slice(max(int(before[-1]) + 1 - _AROUND, 0), int(before[-1]) + 1),
             slice(int(after[0]), int(after[-1]) + 1), half.up())
    by_sheet = combined(facts.voltage_noise, resistance * facts.current_noise)
    return max(by_sheet, *(noise_of(off_line[side]) for side in sides))

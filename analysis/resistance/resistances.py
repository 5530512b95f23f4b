"""All resistances of a half-sweep as results."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from tsbench.analysis.resistance.differential_resistance import (
    differential_on_resistance,
    negative_differential_resistance,
)
from tsbench.analysis.resistance.load_line import series_resistance
from tsbench.analysis.resistance.state_readings import on_branch, was_on
from tsbench.analysis.resistance.state_resistance import off_resistance, on_resistance, zero_current_of
from tsbench.analysis.threshold.current_offset import (
    NO_CURRENT,
    ZeroCurrent,
    may_be_magnitudes,
    of_on_state,
    readings_of_each,
)
from tsbench.analysis.threshold.snapback import Snapback
from tsbench.analysis.threshold.switching_results import SweepFacts, Switching
from tsbench.records import Flag, Result

_STAYED_ON = ("nothing switches here, and the resistance is nearer to the on resistance than to the off resistance of "
              "the half-sweeps with switching: the device may have stayed on")
#: flags of a threshold that put the on state in doubt
_DOUBTS = Flag.AMBIGUOUS | Flag.UNCHECKED | Flag.NO_HYSTERESIS


def resistances(
    events: Iterable[Switching], facts: SweepFacts | None = None, read_voltage: float | None = None
) -> tuple[Result, ...]:
    """Return the resistances of half-sweeps.

    Under voltage drive: ``off_resistance``, ``on_resistance``, ``differential_on_resistance`` and, if there are
    set-points, ``series_resistance``. Under current drive, ``negative_differential_resistance`` in place of the last
    one. All of them in ohms, and as ``docs/definitions.md`` defines them.

    Parameters
    ----------
    events : half-sweeps with their events
    facts : accuracy of the source meter, path resistance
    read_voltage : [V] at which the off resistance is read; None: half of the threshold voltage
    """
    facts, events = facts or SweepFacts(), list(events)
    found = [_of_one(event, facts, read_voltage, zero)
             for event, zero in zip(events, zero_currents(events, facts, read_voltage), strict=True)]
    return tuple(result for one in _with_state_in_doubt(events, found) for result in one)


def zero_currents(
    events: Sequence[Switching], facts: SweepFacts, read_voltage: float | None = None
) -> list[ZeroCurrent]:
    """Return the current at zero voltage of each half-sweep, which may be an offset of the meter.

    None where the data sheet of a stored run limits the offset, or where it was subtracted. Under current drive the
    voltage has an offset, and not the current.

    Parameters
    ----------
    events : of each half-sweep
    facts : accuracy of the source meter
    read_voltage : [V] at which the off resistance is read; None: half of the threshold voltage
    """
    halves = [event.half for event in events]
    if facts.current_offset != 0.0 or any(half.offset for half in halves) or any(
            isinstance(event, Snapback) for event in events):
        return [NO_CURRENT] * len(events)
    at_zero = readings_of_each(halves, facts.voltage_noise)
    found = [zero_current_of(event, facts, read_voltage, mine) for event, mine in zip(events, at_zero, strict=True)]
    return [one.of_magnitudes() for one in found] if may_be_magnitudes(halves) else found


def _with_state_in_doubt(
    events: Sequence[Switching], found: Sequence[tuple[Result, ...]]
) -> list[tuple[Result, ...]]:
    """Return the results with a flag where the off resistance may be that of a device that has stayed on.

    It may be if the half-sweep shows no switching, and its resistance is nearer to the on resistance than to the off
    resistance (medians, geometric mean) of the half-sweeps with switching.
    """
    off, on = ([result.value for event, results in zip(events, found, strict=True) if was_on(event)
                for result in results if result.quantity == name and result.value]
               for name in ("off_resistance", "on_resistance"))
    if not off or not on:
        return list(found)
    between = math.sqrt(float(np.median(off)) * float(np.median(on)))
    return [tuple(
        replace(result, flags=result.flags | Flag.AMBIGUOUS, method=f"{result.method}; {_STAYED_ON}")
        if result.quantity == "off_resistance" and not was_on(event) and result.value and result.value < between
        else result for result in results) for event, results in zip(events, found, strict=True)]


def _of_one(
    event: Switching, facts: SweepFacts, read_voltage: float | None, zero: ZeroCurrent
) -> tuple[Result, ...]:
    current_drive = isinstance(event, Snapback)
    branch = on_branch(event, facts, current_drive)
    found = (_of_off_state(off_resistance(event, facts, read_voltage, zero), event),
             _doubted(on_resistance(event, facts, branch, of_on_state(event.half, facts, zero)), event),
             _doubted(_with_displacement(differential_on_resistance(event, facts, branch), event, zero), event))
    if current_drive:
        return *found, _doubted(negative_differential_resistance(event, facts), event)
    half = event.half
    if half.assumed or (facts.path_resistance == 0.0 and np.array_equal(half.level, half.voltage)):
        return found   # a table of voltage and current: nothing tells the voltage of the source
    return *found, series_resistance(event, facts)


def _of_off_state(result: Result, event: Switching) -> Result:
    """Return an off resistance, AMBIGUOUS where a second step of the conductance makes a middle state."""
    if not event.second_step:
        return result
    return replace(result, flags=result.flags | Flag.AMBIGUOUS, method=f"{result.method}; {event.second_step}")


def _with_displacement(result: Result, event: Switching, zero: ZeroCurrent) -> Result:
    """Return a differential resistance, AMBIGUOUS where the ways differ at zero voltage by more than it is known.

    A displacement current that grows, or an offset that drifts, changes the slope of the on state.
    """
    if not zero.displaced or result.value is None or result.high is None:
        return result
    span = float(np.ptp(event.half.current))
    if abs(zero.value - zero.others[0]) / max(span, 1e-300) <= result.high / result.value - 1.0:
        return result
    return replace(result, flags=result.flags | Flag.AMBIGUOUS,
                   method=f"{result.method}. The current at zero voltage is another one on the way down")


def _doubted(result: Result, event: Switching) -> Result:
    """Return a result that rests on the event, with the flags of a threshold that may be none.

    Averages over an oscillation, and a change that a range of the meter makes, look like an on state. The series
    resistance is not in doubt: readings lie on the load line, whatever the device does.
    """
    if Flag.NO_EVENT in result.flags:
        return result
    return replace(result, flags=result.flags | event.threshold_voltage.flags & _DOUBTS)

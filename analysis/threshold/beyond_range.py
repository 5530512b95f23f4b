"""Readings beyond the measuring range tell where a device may have switched: a sweep whose on state overflows.

A current beyond the range has no number, so no rule of switching sees it. But where the meter overflows on the way down
at levels at which the way up gave readings, there are two currents at one level, and the device has switched between
the last reading and the end of the range. Without such levels a curve may have left the range without switching: then
nothing is known. One such reading alone may be wild.
"""

from dataclasses import replace

import numpy as np

from tsbench.analysis.threshold.half_sweeps import HalfSweep
from tsbench.analysis.threshold.switching_results import Switching, result_of
from tsbench.records import Flag, Result

_FEWEST = 2  #: readings beyond the range, in all and on the way down below the last reading of the way up
_ON = ("the current is beyond the range of the meter after this gap, and also on the way down at lower levels, so the "
       "device has switched on")
_OFF = "the current is beyond the range of the meter before this gap, so the device was on"
_UNKNOWN = "the current is beyond the range of the meter, so it is not known whether the device switches there"


def with_overflows(event: Switching) -> Switching:
    """Return the events of a half-sweep with what readings beyond the range tell of those that were not found.

    Flags: OVERFLOW where such a reading is an end of the interval, or hides whether there is an event.
    """
    half = event.half
    if len(half.beyond) < _FEWEST or not len(half.level):
        return event
    places, levels = (np.array(part) for part in zip(*half.beyond, strict=True))
    first, last = int(places[0]), int(places[-1])
    two_states = first > 0 and int(np.count_nonzero(levels < half.level[first - 1])) >= _FEWEST
    if not _is_known(event.threshold_voltage):
        on = _threshold(half, first - 1, float(levels[0])) if two_states else _unknown(half, "threshold")
        event = replace(event, threshold_voltage=on[0], threshold_current=on[1])
    if not _is_known(event.hold_voltage):
        off = _hold(half, last, float(levels[-1])) if two_states else _unknown(half, "hold")
        event = replace(event, hold_voltage=off[0], hold_current=off[1])
    return event


def _is_known(voltage: Result) -> bool:
    """Return whether an event or a bound of it was found without the readings beyond the range."""
    return voltage.value is not None or Flag.CENSORED in voltage.flags


def _unknown(half: HalfSweep, event: str) -> tuple[Result, Result]:
    flags = Flag.OVERFLOW | Flag.AMBIGUOUS
    return (result_of(half, f"{event}_voltage", "V", _UNKNOWN, flags=flags),
            result_of(half, f"{event}_current", "A", _UNKNOWN, flags=flags))


def _threshold(half: HalfSweep, k: int, level: float) -> tuple[Result, Result]:
    """Return what is known of a device whose last reading off is ``k``, and beyond the range at ``level``."""
    low = float(half.voltage[k])
    high = low + max(level - float(half.level[k]), 0.0)
    return (
        result_of(half, "threshold_voltage", "V", _ON, value=0.5 * (low + high), low=low, high=high,
                  flags=Flag.OVERFLOW),
        result_of(half, "threshold_current", "A", _ON, low=float(half.current[k]), flags=Flag.OVERFLOW | Flag.CENSORED))


def _hold(half: HalfSweep, k: int, level: float) -> tuple[Result, Result]:
    """Return what is known of a device that is beyond the range at ``level``, and off at reading ``k`` if it exists."""
    none = result_of(half, "hold_current", "A", _OFF, flags=Flag.OVERFLOW)
    if k >= len(half.level):
        return result_of(half, "hold_voltage", "V", _OFF, high=level, flags=Flag.OVERFLOW | Flag.CENSORED), none
    low = float(half.voltage[k])
    high = low + max(level - float(half.level[k]), 0.0)
    return result_of(half, "hold_voltage", "V", _OFF, value=0.5 * (low + high), low=low, high=high,
                     flags=Flag.OVERFLOW), none

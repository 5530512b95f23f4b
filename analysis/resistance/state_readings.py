"""Which readings of a half-sweep show the off state, and which show the on state while only the source sets them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tsbench.analysis.resistance.current_limit import NO_STATE, limited_currents
from tsbench.analysis.statistics import NORMAL_95, combined, standard_uncertainty
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IntArray
from tsbench.analysis.threshold.snapback import Snapback
from tsbench.analysis.threshold.switching_results import PASSED_ON, SweepFacts, Switching
from tsbench.analysis.threshold.switching_rule import last_on, noise_floor
from tsbench.records import Flag, FloatArray

_PARTLY = 20  #: readings next to compliance that a restless device may make means of both

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class OnBranch:
    """The on state of a half-sweep; indices are those of the half-sweep, in order of measurement."""

    free: IntArray  #: readings that neither the source meter limits nor an oscillation averages
    limited: IntArray  #: readings in compliance
    falling: bool  #: whether they are of the way down; else of the way up
    flags: Flag  #: of the readings, as results pass them on


def free_readings(half: HalfSweep, facts: SweepFacts, current_drive: bool) -> BoolArray:
    """Return which readings the source sets, and no limit of the source meter; shape (n,), bool.

    A reading is limited if it has the flag COMPLIANCE. Its flag says whether the source meter limited at its end, and
    a reading is a mean. So, under voltage drive, it is limited also where the voltage of the source was below its
    set-point. A table may have no flags. There, the highest current is a limit if it stays within its scatter while the
    set-point goes on (:mod:`tsbench.analysis.resistance.current_limit`).
    """
    flagged: BoolArray = (half.flags & int(Flag.COMPLIANCE)) != 0
    free: BoolArray = ~flagged
    if current_drive or len(half.level) == 0:
        return free
    if flagged.any():
        steps = np.abs(np.diff(half.level))
        steps = steps[steps > 0]
        step = float(np.median(steps)) if steps.size else 0.0
        least = np.maximum(
            NORMAL_95 * np.hypot(standard_uncertainty(1.0) * (facts.voltage_gain * half.level + facts.voltage_offset),
                                 facts.voltage_noise), 0.5 * step)
        below: BoolArray = half.level - source_voltage(half, facts) > least
        at_set_point: BoolArray = ~_reached(flagged, below)
        return at_set_point
    free[limited_currents(half)] = False
    return free


def _reached(flagged: BoolArray, below: BoolArray) -> BoolArray:
    """Return which readings ``below`` their set-point follow a flagged one without a gap, in either direction; (n,).

    Only some next to it: the readings of a table may be those of the device, all of them below the set-point.
    """
    found = flagged.copy()
    for _ in range(_PARTLY):
        beside = below & ~found
        beside[1:-1] &= found[:-2] | found[2:]
        beside[:1] &= found[1:2]
        beside[-1:] &= found[-2:-1]
        if not beside.any():
            break
        found |= beside
    return found


def source_voltage(half: HalfSweep, facts: SweepFacts) -> FloatArray:
    """Return the voltage [V] as the source meter read it: device voltage and drop along the path, shape (n,)."""
    return half.voltage + facts.path_drop(half.voltage, half.current)


def was_on(event: Switching) -> bool:
    """Return whether a half-sweep shows the device in its on state."""
    return (event.threshold_index is not None or event.hold_index is not None
            or Flag.CENSORED in event.threshold_voltage.flags)


def off_readings(event: Switching, facts: SweepFacts) -> IntArray:
    """Return the readings of the way up before the device switches on; where nothing switches, all without a limit."""
    half = event.half
    if event.threshold_index is None and Flag.CENSORED in event.threshold_voltage.flags:
        return np.empty(0, np.int64)   # it was on from the first reading
    last = half.turn if event.threshold_index is None else event.threshold_index
    usable = (half.flags[: last + 1] & (NO_STATE | int(Flag.COMPLIANCE))) == 0
    if event.threshold_index is None and not isinstance(event, Snapback):
        limited = limited_currents(half)   # of a source or a meter, with or without a switching behind it
        usable[limited[limited <= last]] = False
    return np.flatnonzero(usable & (half.level[: last + 1] > 0.0))


def on_branch(event: Switching, facts: SweepFacts, current_drive: bool) -> OnBranch | None:
    """Return the on state: of the way down, or of the way up where the way down has no such reading; None: never on."""
    half = event.half
    if not was_on(event):
        return None
    free = free_readings(half, facts, current_drive)
    state = (half.flags & NO_STATE) == 0
    down = np.arange(half.down().start, _end_of_on(event, facts) + 1)
    up = np.arange(_begin_of_on(event), half.turn + 1)
    falling = down.size > 1 and bool((free & state)[down].any())
    if not falling and not (free & state)[up].any():
        falling = down.size > 1
    mine = down if falling else up
    joined = int(np.bitwise_or.reduce(half.flags[mine], initial=0))
    return OnBranch(mine[(free & state)[mine]], mine[(~free & state)[mine]], falling, Flag(joined) & PASSED_ON)


def _begin_of_on(event: Switching) -> int:
    """Return the first reading of the way up that shows the device on; the one behind the way up: none does."""
    if event.threshold_index is not None:
        return event.threshold_index + 2   # the reading behind the switching on may be a mean of both states
    return 0 if Flag.CENSORED in event.threshold_voltage.flags else event.half.turn + 1


def _end_of_on(event: Switching, facts: SweepFacts) -> int:
    """Return the last reading of the way down that shows the device on; the one before the way down: none does.

    The on state ends at the hold voltage. Behind a load, the device then follows its curve back while it leaves it.
    """
    half = event.half
    if event.hold_index is not None:
        start, amperes = int(half.down().start), abs(event.hold_current.value or 0.0)
        still = np.flatnonzero(half.current[start : event.hold_index + 1] >= amperes * (1.0 - 1e-9))
        return start + int(still[-1]) if still.size else event.hold_index
    before = -1 if event.threshold_index is None else event.threshold_index
    if (found := last_on(half, before, noise_floor(half, facts.current_noise))) is not None:
        return found
    return int(half.down().start) - 1


def ratio_uncertainty(
    half: HalfSweep, facts: SweepFacts, k: int, noise: tuple[float, float] = (0.0, 0.0), offset: float = 0.0
) -> tuple[float, float]:
    """Return the random and the systematic standard uncertainty [Ohm] of device voltage over current at a reading.

    The device voltage is V - P I with the voltage V of the source meter and the resistance P of the path. So the
    resistance is V / I - P, and errors of the current count with V / I². A limit ±a of a data sheet is uniform.

    Parameters
    ----------
    half : the half-sweep
    facts : of the source meter and the path
    k : index of the reading
    noise : standard deviations of voltage [V] and current [A] that the readings show, beside those of the data sheet
    offset : [A] that is subtracted from the current
    """
    amperes = float(half.current[k]) - offset
    volts = float(half.voltage[k]) + facts.path_drop(float(half.voltage[k]), amperes)
    slope = volts / amperes**2
    random = combined(max(facts.voltage_noise, noise[0]) / amperes, slope * max(facts.current_noise, noise[1]))
    systematic = combined(
        standard_uncertainty(facts.voltage_gain * abs(volts) + facts.voltage_offset) / amperes,
        slope * standard_uncertainty(facts.current_gain * abs(amperes) + facts.current_offset),
        slope * standard_uncertainty(facts.parallel_tolerance * facts.parallel_conductance * volts),
        standard_uncertainty(facts.path_tolerance * facts.path_resistance))
    return random, systematic

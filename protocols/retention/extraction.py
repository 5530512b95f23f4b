"""A retention run to numbers: how long each stimulus held the device on, and the median over the stimuli."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tsbench.analysis.statistics import NORMAL_95, median_interval
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.protocols.extracting.facts import device_current, parameter, sweep_facts
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.retention.acquisition import READ_AFTER, READ_BEFORE, STIMULUS
from tsbench.quantities import format_quantity
from tsbench.records import Flag, FloatArray, Result, Run

_METHOD = "from the last read that shows the device on to the first that shows it off"
_FEWEST = 6  #: repeats for an interval of the median from order statistics


@dataclass(frozen=True)
class Retained:
    """The reads after one stimulus; arrays of shape (n,)."""

    repeat: int
    since: FloatArray  #: [s] from the latest end of the stimulus to the beginning of the read
    until: FloatArray  #: [s] from the earliest end of the stimulus to the end of the read
    conductance: FloatArray  #: [S]
    uncertainty: FloatArray  #: [S] standard
    before: float  #: [S] median of the reads before the stimulus
    during: float  #: [S] at the end of the stimulus
    flags: Flag

    def states(self, limit: float) -> npt.NDArray[np.int64]:
        """Return 1 for each read that shows the device on by evidence, 0 for off, -1 where it is undecided.

        Parameters
        ----------
        limit : [S] between off and on
        """
        wide = NORMAL_95 * self.uncertainty
        return np.where(self.conductance - wide > limit, 1, np.where(self.conductance + wide < limit, 0, -1))


def retained(run: Run, options: ExtractionOptions) -> list[Retained]:
    """Return the reads after each stimulus, in order."""
    if len(run.points) == 0:
        return []
    facts, voltage, current = sweep_facts(run, options), run.column("device_voltage"), device_current(run)
    with np.errstate(divide="ignore", invalid="ignore"):
        conductance = np.where(voltage != 0, current / voltage, np.nan)
    uncertainty = np.array([_uncertainty(facts, v, i) for v, i in zip(voltage, current, strict=True)])
    repeat, phase, found = run.column("repeat"), run.column("phase"), []
    for number in np.unique(repeat):
        mine = repeat == number
        after = mine & (phase == READ_AFTER) & np.isfinite(conductance)
        if not after.any():
            continue
        before, during = conductance[mine & (phase == READ_BEFORE)], conductance[mine & (phase == STIMULUS)]
        flags = Flag(int(np.bitwise_or.reduce(run.point_flags[after])))
        found.append(Retained(
            int(number), run.column("since")[after], run.column("until")[after], conductance[after], uncertainty[after],
            float(np.median(before)) if before.size else np.nan, float(during[0]) if during.size else np.nan, flags))
    return found


def _uncertainty(facts: SweepFacts, voltage: float, current: float) -> float:
    """Return the standard uncertainty of current over voltage [S]."""
    if voltage == 0 or not np.isfinite(current):
        return np.inf
    return float(np.hypot(facts.current_uncertainty(current) / voltage,
                          current / voltage * facts.voltage_uncertainty(voltage, current) / voltage))


def retention_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return the retention time after each stimulus, and the median."""
    limit = 1.0 / float(parameter(run, "off_above", 1e6))
    each = [retention_time(one, limit) for one in retained(run, options)]
    return each + ([median_time(each)] if len(each) > 1 else [])


def retention_time(one: Retained, limit: float) -> Result:
    """Return how long a device stayed above a conductance ``limit`` [S] after a stimulus: a bracket between two reads.

    Where the reads go back and forth, the bracket holds all of them and has the flag AMBIGUOUS. A device that was not
    on at the end of the stimulus has no retention: NO_EVENT.
    """
    conditions, flags, states = {"repeat": one.repeat}, one.flags, one.states(limit)
    if not one.during > limit:
        why = "the device was not on at the end of the stimulus"
        return Result("retention_time", "s", None, None, None, why, conditions, flags | Flag.NO_EVENT)
    if one.before > limit:   # it was on before, so nothing shows that the stimulus switched it on
        why = "the device was on before the stimulus"
        return Result("retention_time", "s", None, None, None, why, conditions, flags | Flag.NO_EVENT | Flag.AMBIGUOUS)
    on, off = np.flatnonzero(states == 1), np.flatnonzero(states == 0)
    if not on.size and not off.size:
        why = "no read tells whether the device is on or off"
        return Result("retention_time", "s", None, None, None, why, conditions, flags | Flag.NO_EVENT)
    if not off.size:
        return Result("retention_time", "s", None, float(one.since[on[-1]]), None, _METHOD, conditions,
                      flags | Flag.CENSORED)
    if not on.size:
        return Result("retention_time", "s", None, None, float(one.until[off[0]]), _METHOD, conditions,
                      flags | Flag.CENSORED)
    first_off = off[off > on[-1]]
    if on[-1] > off[0]:   # it went back and forth
        flags |= Flag.AMBIGUOUS
        held = on[on < off[0]]
        low = float(one.since[held[-1]]) if held.size else None
        high = float(one.until[first_off[0]]) if first_off.size else None
        value = None if low is None or high is None else float(np.sqrt(low * high))
        return Result("retention_time", "s", value, low, high, f"{_METHOD}; the reads in between contradict each other",
                      conditions, flags | (Flag.CENSORED if value is None else Flag.NONE))
    low, high = float(one.since[on[-1]]), float(one.until[first_off[0]])
    return Result("retention_time", "s", float(np.sqrt(low * high)), low, high, _METHOD, conditions, flags)


def median_time(each: list[Result]) -> Result:
    """Return the median over stimuli; its interval joins order statistics and the brackets, bounds included."""
    known = [one for one in each if one.low is not None or one.high is not None]
    lows = np.array([0.0 if one.low is None else one.low for one in known])
    highs = np.array([np.inf if one.high is None else one.high for one in known])
    missing = len(each) - len(known)
    method = f"median of {len(known)} stimuli; 95 % interval from order statistics of the ends of their brackets"
    method += f"; {missing} without a bound are left out" if missing else ""
    flags = Flag.NONE
    for one in known:
        flags |= one.flags & ~Flag.CENSORED
    if not known:
        return Result("retention_time_median", "s", None, None, None, method, {}, Flag.NO_EVENT)
    below, above = median_interval(lows), median_interval(highs)
    low, high = (None if below is None else below[0] or None), (None if above is None else above[1])
    high = None if high is None or not np.isfinite(high) else high
    middle = float(np.median(lows)), float(np.median(highs))
    value = float(np.sqrt(middle[0] * middle[1])) if middle[0] > 0 and np.isfinite(middle[1]) else None
    found = Result("retention_time_median", "s", value, low, high, method, {}, flags)
    if len(known) < _FEWEST:
        return replace(found, flags=flags | Flag.TOO_FEW)
    return replace(found, flags=flags | (Flag.CENSORED if low is None or high is None else Flag.NONE))


def retention_remark(run: Run) -> str:
    """Return in one line why no stimulus gives a retention time; "" where one does."""
    limit = 1.0 / float(parameter(run, "off_above", 1e6))
    found = retained(run, ExtractionOptions())
    if not found or any(one.during > limit >= one.before for one in found):
        return ""
    if all(one.before > limit for one in found):
        lowest = format_quantity(1.0 / max(one.before for one in found), "Ohm", 3)
        return (f"before every stimulus, the resistance is below 'off_above' already ({lowest}), so nothing shows when "
                "the state is lost. Lower 'off_above', or check the device for a short")
    return ("the device was not on at the end of any stimulus. Use a higher 'set_voltage' or a longer 'set_time', or "
            "check the contact")

"""A ramp-rate series to numbers: threshold and hold at each rate, and the change of the threshold per decade."""

import numpy as np

from tsbench.analysis.threshold.switching_results import Switching
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.extracting.sweep_series import at_conditions, slopes_of_polarities
from tsbench.protocols.iv_sweep.extraction import sweep_switching
from tsbench.records import FloatArray, Result, Run

_SAME_RATE = 0.01  #: decades: measured rates that differ by less (2.3 %) are of one rate that was asked for


def measured_rates(run: Run) -> dict[int, float]:
    """Return the ramp rate [V/s] of each cycle as it was: the median over its ways up, by the times of the readings."""
    cycle, level, time = (run.column(name) for name in ("cycle", "set_point", "time"))
    away = run.column("direction") > 0
    found: dict[int, float] = {}
    for number in np.unique(cycle):
        mine = (cycle == number) & away
        steps, intervals = np.abs(np.diff(level[mine])), np.diff(time[mine])
        good = (steps > 0) & (intervals > 0)
        if good.any():
            found[int(number)] = float(np.median(steps[good]) / np.median(intervals[good]))
    return found


def at_rates(run: Run, options: ExtractionOptions) -> tuple[list[Switching], FloatArray]:
    """Return what each half-sweep shows, and the ramp rate [V/s] that it had, shape (n,)."""
    rates = measured_rates(run)
    found = [one for one in sweep_switching(run, options) if one.half.cycle in rates]
    return found, np.array([rates[one.half.cycle] for one in found])


def rate_results(run: Run, options: ExtractionOptions) -> list[Result]:
    """Return threshold and hold of each half-sweep with its rate, and the change of the threshold per decade."""
    if len(run.points) == 0:
        return or_nothing([], run, "threshold_voltage", "V")
    found, rates = at_rates(run, options)
    quantity = "threshold_voltage_per_decade"
    return [*at_conditions(found, "ramp_rate", rates), *slopes_of_polarities(
        found, np.log10(rates), {"threshold_voltage": quantity}, "V", "the logarithm (base 10) of the ramp rate",
        _SAME_RATE)]

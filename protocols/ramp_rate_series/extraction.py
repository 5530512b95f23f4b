"""A ramp-rate series to numbers: threshold and hold at each rate, and the change of the threshold per decade."""

from dataclasses import replace

import numpy as np

from tsbench.analysis.series.slopes import slope_result
from tsbench.analysis.threshold.switching_results import Switching
from tsbench.protocols.extracting.nothing_recorded import or_nothing
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.iv_sweep.extraction import sweep_switching
from tsbench.records import FloatArray, Result, Run


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
    results = [replace(row, conditions={**row.conditions, "ramp_rate": float(rate)})
               for one, rate in zip(found, rates, strict=True) for row in one.results()]
    for sign, name in ((1, "+"), (-1, "-")):
        mine = np.array([one.half.polarity == sign for one in found], dtype=bool)
        if mine.any():
            rows = [one.threshold_voltage for one, wanted in zip(found, mine, strict=True) if wanted]
            results.append(slope_result("threshold_voltage_per_decade", "V", np.log10(rates[mine]), rows,
                                        "the logarithm (base 10) of the ramp rate", {"polarity": name}))
    return results

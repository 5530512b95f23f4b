"""The switching delay against the overvoltage, of runs that give the threshold and runs that give the delay."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.extraction.observations import Observation
from tsbench.extraction.statistics import statistics_of
from tsbench.quantities import format_interval
from tsbench.records import Flag, FloatArray, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TO_EDGE, _LEFT = 1e-3, 0.1  #: shares of an overvoltage
_NO_LAW = ("no power law is drawn, because fewer than three amplitudes with a known mean delay are above the interval "
           "of the threshold voltage. Measure at more amplitudes, or the threshold with a finer step")
_CURVED = ". The delays do not lie on a power law"
_TOGETHER = ("device", "temperature")  #: facts that a threshold and a delay must have in common


def draw_overvoltage(axes: "Axes", observations: Sequence[Observation]) -> list[str]:
    """Draw the mean delays of each device against the amplitude minus its mean threshold voltage; return remarks.

    Raises
    ------
    ConfigurationError
        No device has both a threshold voltage and delays.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    from tsbench.analysis.figures import label
    from tsbench.analysis.figures.comparisons import Series, colour_of, draw_against
    from tsbench.analysis.trends.overvoltage import overvoltage_line, overvoltages, power_law

    series, lines, laws = [], [], []
    for key in dict.fromkeys(_key(one) for one in observations if one.result.quantity == "switching_delay_mean"):
        mine = [one for one in observations if _key(one) == key]
        threshold = _threshold(mine)
        delays = sorted((one.result for one in mine if one.result.quantity == "switching_delay_mean"
                         and one.result.value is not None and "amplitude" in one.result.conditions),
                        key=lambda found: abs(float(found.conditions["amplitude"])))
        if threshold is None or not delays:
            lines.append(f"{key[0]}: left out, because no file has a threshold voltage of it. Add a run of iv_sweep")
            continue
        over, over_low, over_high = _numbers(overvoltages(delays, threshold))
        value, low, high = _numbers(delays)
        above = over > 0.0
        line = overvoltage_line(delays, threshold)
        known = line.value is not None
        name = f"{key[0]}, power {format_interval(line.value, line.low, line.high, '')}" if known else str(key[0])
        # on a logarithmic axis, an overvoltage that may be zero has a bar that leaves the figure
        least = np.maximum(over_low[above], _TO_EDGE * over[above])
        series.append(Series(name, over[above], value[above], low[above], high[above], least, over_high[above]))
        laws.append(power_law(delays, threshold))
        size = format_interval(threshold.value, threshold.low, threshold.high, "V")
        power = format_interval(line.value, line.low, line.high, "")
        why = f"the delay goes with the power {power} of the overvoltage" if known else _NO_LAW
        why += _CURVED if Flag.AMBIGUOUS in line.flags else ""
        lines.append(f"{key[0]}: threshold voltage {size}; {why}")
    if not series:
        raise ConfigurationError("no device has both a threshold voltage (of positive polarity) and delays. Give runs "
                                 "of iv_sweep and of pulse_train of the same device")
    draw_against(axes, series)
    for number, law in enumerate(laws):
        if law is not None:
            ends = np.linspace(law.x.min(), law.x.max(), 50)
            axes.plot(np.exp(ends), law.at(ends), color=colour_of(number), linewidth=1.2)
    axes.set_xscale("log")
    axes.set_yscale("log")
    shortest = min(float(one.x.min()) for one in series if one.x.size) if any(one.x.size for one in series) else 1.0
    axes.set_xlim(left=max(axes.get_xlim()[0], _LEFT * shortest))   # a bar to zero leaves the figure here
    label(axes, "overvoltage", "V", "switching delay", "s")
    for axis in (axes.xaxis, axes.yaxis):   # within a decade or two, powers of ten alone are too few ticks
        axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        axis.set_minor_formatter(NullFormatter())
    if len(series) == 1:   # one series has no legend
        axes.set_title(series[0].name, fontsize=9)
    return lines


def _numbers(found: Sequence[Result]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return values, lower and upper ends of some results; NaN where one is not known."""
    value, low, high = (np.array([math.nan if end is None else end for end in ends], dtype=np.float64) for ends in (
        [one.value for one in found], [one.low for one in found], [one.high for one in found]))
    return value, low, high


def _key(one: Observation) -> tuple[object, ...]:
    return tuple(one.facts.get(name) for name in _TOGETHER)


def _threshold(mine: Sequence[Observation]) -> Result | None:
    """Return the mean threshold voltage of one device, or its only one, with its interval; else None."""
    known = [one for one in mine
             if one.result.quantity == "threshold_voltage" and one.facts.get("polarity", "+") == "+"]
    for group in statistics_of(known, None, ()) if known else []:
        for sample in group.devices:
            if sample.mean.value is not None:
                return Result("threshold_voltage", "V", sample.mean.value, sample.mean.low, sample.mean.high, "", {})
    single = [one.result for one in known if one.result.value is not None]
    return single[0] if len(single) == 1 else None

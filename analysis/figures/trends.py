"""Figures of a quantity against a level, with the line through its logarithms."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD, label, new_figure
from tsbench.analysis.trends.log_line import LogLine
from tsbench.quantities import format_interval, format_quantity
from tsbench.records import FloatArray, Result


def delay_figure(
    each: Sequence[tuple[float, float]], means: Sequence[Result], line: LogLine | None, title: str = "Switching delay",
    simulated: bool = False,
) -> Figure:
    """Draw the delay of every pulse and the means against the amplitude, with the line through the means.

    Parameters
    ----------
    each : (amplitude [V], delay [s]) of each pulse
    means : mean delay at each amplitude
    line : through the logarithms of the means, None: no line is drawn
    """
    figure = new_figure(title, 6.8, 4.6, simulated)
    axes = figure.subplots()
    if each:
        x, y = np.array(each, dtype=np.float64).T
        axes.plot(x[y > 0], y[y > 0], ".", color=MUTED, markersize=3, alpha=0.5, label="single pulses")
    levels = [abs(float(found.conditions["amplitude"])) for found in means]
    _with_intervals(axes, levels, means, "mean, 95 % interval")
    if line is not None:
        ends = np.linspace(line.x.min(), line.x.max(), 50)
        decade = np.log(10.0) / abs(line.slope) if line.slope else np.inf
        name = f"a decade in {format_quantity(decade, 'V', 3)}" if np.isfinite(decade) else "no slope"
        axes.plot(ends, line.at(ends), color=THRESHOLD, linewidth=1.2, label=name)
        axes.set_title(f"slope of ln(delay) {format_interval(*_slope(line), '1/V')}", fontsize=9)
    axes.set_yscale("log")
    label(axes, "amplitude", "V", "switching delay", "s")
    axes.legend(fontsize=8, loc="best")
    return figure


def relaxation_trend_figure(
    medians: Sequence[tuple[float, Result]], line: LogLine | None, title: str = "Relaxation time",
    simulated: bool = False,
) -> Figure:
    """Draw the median relaxation time against the current right after the edge, both on logarithmic axes.

    Parameters
    ----------
    medians : (current [A], median) at each amplitude
    line : through the logarithms of both, None: no line is drawn
    """
    figure = new_figure(title, 6.8, 4.6, simulated)
    axes = figure.subplots()
    _with_intervals(axes, [current for current, _ in medians], [found for _, found in medians], "median, 95 % interval")
    if line is not None:
        ends: FloatArray = np.linspace(line.x.min(), line.x.max(), 50)
        axes.plot(np.exp(ends), line.at(ends), color=THRESHOLD, linewidth=1.2, label="power law")
        axes.set_title(f"exponent {format_interval(*_slope(line), '')}", fontsize=9)
    axes.set_xscale("log")
    axes.set_yscale("log")
    label(axes, "current right after the falling edge", "A", "relaxation time", "s")
    axes.legend(fontsize=8, loc="best")
    return figure


def _slope(line: LogLine) -> tuple[float, float, float]:
    return line.slope, line.slope - line.half, line.slope + line.half


def _with_intervals(axes: Axes, levels: Sequence[float], results: Sequence[Result], name: str) -> None:
    """Draw values with their intervals; one that is not known is left out."""
    rows = [(x, r.value, r.value if r.low is None else r.low, r.value if r.high is None else r.high)
            for x, r in zip(levels, results, strict=True) if r.value is not None]
    if rows:
        x, y, low, high = np.array(rows, dtype=np.float64).T
        axes.errorbar(x, y, yerr=(y - np.maximum(low, 1e-3 * y), high - y), fmt="o", color=CURVE, markersize=5,
                      capsize=3, linewidth=1.0, label=name, zorder=3)

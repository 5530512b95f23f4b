"""Figures of several runs in one: a quantity against what was changed, its course over the cycles, I-V curves.

Each function draws into the axes that it is given, so that a notebook can place it in a figure of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

from tsbench.analysis.figures.looks import MARKERS, OKABE_ITO
from tsbench.analysis.figures.style import MUTED
from tsbench.analysis.statistics.drift import DriftFound
from tsbench.records import FloatArray

#: series that have colours and names of their own
MOST_SERIES = len(OKABE_ITO)


@dataclass(frozen=True)
class Series:
    """Values with their 95 % intervals against a set quantity; NaN where no value, or no end, is known."""

    name: str
    x: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray
    x_low: FloatArray | None = None  #: ends of the intervals of ``x``; None: ``x`` was set
    x_high: FloatArray | None = None


def colour_of(number: int) -> str:
    """Return the colour of a series; it differs from that of the six others beside it for the colour-blind too."""
    return OKABE_ITO[number % len(OKABE_ITO)]


def marker_of(number: int) -> str:
    """Return the marker of a series: in grey, markers tell series apart."""
    return MARKERS[number % len(MARKERS)]


def draw_against(axes: Axes, series: Sequence[Series]) -> None:
    """Draw each series with the intervals of its values; where only a bound is known, an arrow points away from it."""
    for number, one in enumerate(series):
        colour, marker = colour_of(number), marker_of(number)
        known = np.isfinite(one.value)
        low, high = (np.where(np.isfinite(end), end, one.value) for end in (one.low, one.high))
        across = None if one.x_low is None or one.x_high is None else (
            np.maximum(one.x - one.x_low, 0.0), np.maximum(one.x_high - one.x, 0.0))
        down, up = np.maximum(one.value - low, 0.0), np.maximum(high - one.value, 0.0)
        for side, name in _sides(one.x, known, one.name):
            axes.errorbar(
                one.x[side], one.value[side], xerr=None if across is None else tuple(end[side] for end in across),
                yerr=(down[side], up[side]), fmt=marker + ("-" if across is None else ""), color=colour, markersize=5,
                linewidth=0.9, elinewidth=0.9, capsize=2.5, label=name)
        for bound, symbol in ((one.low, "^"), (one.high, "v")):
            alone = ~known & np.isfinite(bound)
            axes.plot(one.x[alone], bound[alone], symbol, color=colour, markerfacecolor="none", markersize=5)


def _sides(
    x: FloatArray, known: npt.NDArray[np.bool_], name: str
) -> list[tuple[npt.NDArray[np.bool_], str | None]]:
    """Return the points on each side of zero, and the name of the first: no line joins both polarities through zero."""
    sides = [known & (x < 0.0), known & (x >= 0.0)]
    if not all(side.any() for side in sides):
        return [(known, name)]
    return [(sides[0], name), (sides[1], None)]


def draw_trend(
    axes: Axes, series: Series, found: DriftFound | None, number: int = 0, *, turned: bool = False
) -> None:
    """Draw values in the order of their cycles, the drift if there is evidence of one, and the levels between steps.

    Parameters
    ----------
    axes : of Matplotlib
    series : of one device; an empty name gives no line in the legend
    found : drift and steps; None: not looked for
    number : of the series, for colour and marker
    turned : the values of the series are those in which the drift was found with their sign changed
    """
    colour = colour_of(number)
    low, high = (np.where(np.isfinite(end), end, series.value) for end in (series.low, series.high))
    axes.errorbar(series.x, series.value, yerr=(np.maximum(series.value - low, 0), np.maximum(high - series.value, 0)),
                  fmt=marker_of(number), color=colour, markersize=3, linewidth=0.5, alpha=0.7,
                  label=series.name or None)
    if found is None:
        return
    if found.changes:
        edges = [0, *(change.first for change in found.changes), series.value.size]
        for start, end in pairwise(edges):
            level = float(series.value[start:end].mean())
            axes.plot([series.x[start] - 0.5, series.x[end - 1] + 0.5], [level, level], color="black", linewidth=1.2)
        for change in found.changes:
            axes.axvspan(series.x[min(change.earliest, series.x.size - 1)] - 0.5,
                         series.x[min(change.latest, series.x.size - 1)] - 0.5, color=MUTED, alpha=0.25, linewidth=0)
    elif found.drifts and found.slope.value is not None:
        drifted = (-1.0 if turned else 1.0) * found.slope.value * np.arange(1.0, series.value.size + 1)
        axes.plot(series.x, float(np.median(series.value - drifted)) + drifted, color="black", linewidth=1.2)


def draw_curves(axes: Axes, curves: Sequence[tuple[str, FloatArray, FloatArray]], logarithmic: bool) -> None:
    """Draw I-V curves: name, device voltage [V] and current [A] of each; of several with one name, one is named.

    Parameters
    ----------
    axes : to draw into
    curves : name, voltage [V] and current [A] of each, both of shape (n,), where n may differ
    logarithmic : whether the magnitudes of the currents are drawn, on a logarithmic axis
    """
    names = list(dict.fromkeys(name for name, *_ in curves))
    if len(names) > MOST_SERIES:   # a legend of so many names would hide the curves
        together = f"{len(names)} curves"
        curves, names = [(together, voltage, current) for _, voltage, current in curves], [together]
    seen: set[str] = set()
    for name, voltage, current in curves:
        number = names.index(name)
        shown = np.abs(current) if logarithmic else current
        axes.plot(voltage, np.where(shown > 0, shown, np.nan) if logarithmic else shown, color=colour_of(number),
                  linewidth=0.8,
                  alpha=1.0 if len(curves) <= len(names) else 0.5, label=None if name in seen else name)
        seen.add(name)
    if logarithmic:
        axes.set_yscale("log")
        positive = np.concatenate([np.abs(current[current != 0]) for *_, current in curves])
        if positive.size:   # readings at zero volts are noise and would take half the picture
            axes.set_ylim(0.5 * float(np.quantile(positive, 0.02)), 2.0 * float(positive.max()))

"""Voltages of a series of sweeps over the condition of each sweep, on a logarithmic axis."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from tsbench.analysis.figures import Figure, label, new_figure
from tsbench.records import FloatArray, Result

#: label -> colour, marker, results in the order of the conditions
Drawn = Mapping[str, tuple[str, str, Sequence[Result]]]


def voltages_over(
    title: str, conditions: FloatArray, drawn: Drawn, quantity: str, unit: str, simulated: bool,
) -> Figure:
    """Draw the magnitudes of voltages, with their intervals, over a condition.

    Parameters
    ----------
    title : of the figure
    conditions : one for each result, in ``unit``, shape (n,)
    drawn : what is drawn; results without both bounds are left out
    quantity, unit : of the condition, for the axis
    simulated : whether the figure says that the bench was simulated
    """
    figure = new_figure(title, 6.0, 4.4, simulated)
    axes = figure.subplots()
    for name, (colour, marker, results) in drawn.items():
        known = [(x, abs(r.value), *sorted((abs(r.low), abs(r.high)))) for x, r in zip(conditions, results, strict=True)
                 if r.value is not None and r.low is not None and r.high is not None]
        if known:
            x, y, lows, highs = np.array(known).T
            axes.errorbar(x, y, yerr=(y - lows, highs - y), fmt=marker, color=colour, markersize=4, capsize=2,
                          linewidth=1.0, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))   # such conditions span few decades
    axes.xaxis.set_minor_formatter(NullFormatter())
    label(axes, quantity, unit, "magnitude of device voltage", "V")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, loc="best")
    return figure

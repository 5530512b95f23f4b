"""Figures of stochastic devices: recovery after a pulse, relaxation of the current."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD, label, new_figure
from tsbench.analysis.refractory.refractory import Recovery
from tsbench.analysis.relaxation.relaxation import Relaxed
from tsbench.analysis.statistics import proportion_interval
from tsbench.quantities import format_interval
from tsbench.records import FloatArray, Result


def recovery_figure(found: Recovery, title: str = "Recovery", simulated: bool = False) -> Figure:
    """Draw the probability that the second pulse fires against the gap, with 95 % bands, and the fitted recovery."""
    figure = new_figure(title, 7.0, 4.6, simulated)
    draw_recovery(figure.subplots(), found)
    return figure


def draw_recovery(axes: Axes, found: Recovery) -> None:
    """Draw a recovery with its intervals, the fit and its credible band; the title names the refractory period."""
    bounds = [proportion_interval(int(k), int(n)) for k, n in zip(found.fired, found.pairs, strict=True)]
    share = found.fired / np.maximum(found.pairs, 1.0)
    if share.size:
        low, high = np.array(bounds).T
        axes.errorbar(
            found.gaps, share, yerr=(np.maximum(share - low, 0.0), np.maximum(high - share, 0.0)), fmt="o", color=CURVE,
            markersize=5, capsize=3, linewidth=1.0, label="measured, 95 % interval")
        gaps = np.geomspace(found.gaps[0], found.gaps[-1], 400)
        curve = found.curve(gaps)
        if curve is not None:
            axes.plot(gaps, curve, color=THRESHOLD, linewidth=1.2, label="fitted recovery")
        if (band := found.band(gaps)) is not None:
            axes.fill_between(gaps, *band, color=THRESHOLD, alpha=0.15, linewidth=0, label="95 % credible band")
    if found.plateau is not None:
        axes.axhline(0.5 * found.plateau, color=MUTED, linewidth=0.8, linestyle="--")
    if found.low is not None and found.high is not None:
        axes.axvspan(found.low, found.high, color=THRESHOLD, alpha=0.12, linewidth=0)
    if found.period is not None:
        axes.axvline(found.period, color=THRESHOLD, linewidth=1.0)
        axes.set_title(f"refractory period {format_interval(found.period, found.low, found.high, 's')}", fontsize=9)
    axes.set_xscale("log")
    label(axes, "gap", "s", "firing probability of the second pulse", "")
    axes.tick_params(which="both", labelsize=8)
    if share.size and found.gaps[-1] < 10 * found.gaps[0]:   # within a decade, minor ticks have names too
        axes.xaxis.set_minor_formatter(EngFormatter(unit="s", sep="\u202f"))
    axes.set_ylim(-0.04, 1.04)
    if share.size:
        axes.legend(fontsize=8, loc="best")


def relaxation_figure(
    shots: Sequence[tuple[FloatArray, FloatArray, Relaxed]], median: Result, title: str = "Relaxation",
    simulated: bool = False,
) -> Figure:
    """Draw the currents after the falling edge on a logarithmic axis of time.

    Parameters
    ----------
    shots : (time [s], current [A], what was found) of each pulse that fired
    median : of their relaxation times
    """
    figure = new_figure(title, 7.0, 4.6, simulated)
    axes = figure.subplots()
    for time, current, found in shots:
        after = time - found.edge_time
        shown = np.flatnonzero(after > 2 * (time[1] - time[0]))
        # as many points in each decade: a mean over what lies between
        edges = np.unique(np.geomspace(1, shown.size, 240).astype(np.int64)) - 1
        counts = np.diff(np.append(edges, shown.size))
        part = slice(shown[0], shown[-1] + 1)
        axes.plot(
            np.add.reduceat(after[part], edges) / counts, np.add.reduceat(current[part] - found.zero, edges) / counts,
            color=CURVE, linewidth=0.7, alpha=0.6)
        if found.value is not None:
            axes.plot([found.value], [found.level], ".", color=THRESHOLD, markersize=5)
    if median.value is not None:
        axes.axvline(median.value, color=THRESHOLD, linewidth=1.2)
        found_text = format_interval(median.value, median.low, median.high, "s")
        axes.set_title(f"median relaxation time {found_text}", fontsize=9)
    axes.set_xscale("log")
    label(axes, "time after the falling edge", "s", "device current at the read level", "A")
    return figure

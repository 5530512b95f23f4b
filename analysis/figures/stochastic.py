"""Figures of stochastic devices: recovery after a pulse, relaxation of the current."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from tsbench.analysis.figures.looks import MARKERS, OKABE_ITO
from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD, label, new_figure
from tsbench.analysis.refractory.refractory import Recovery
from tsbench.analysis.relaxation.relaxation import Relaxed
from tsbench.analysis.statistics import proportion_interval
from tsbench.quantities import format_interval, format_quantity
from tsbench.records import FloatArray, Result


def recovery_figure(found: Recovery, title: str = "Recovery", simulated: bool = False) -> Figure:
    """Draw the probability that the second pulse fires against the gap, with 95 % bands, and the fitted recovery."""
    figure = new_figure(title, 7.0, 4.6, simulated)
    draw_recovery(figure.subplots(), found)
    return figure


def draw_recovery(axes: Axes, found: Recovery) -> None:
    """Draw a recovery with its intervals, the fit and its credible band; the title names the refractory period."""
    _shares(axes, found, CURVE, "o", "measured, 95 % interval")
    some = found.gaps.size > 0
    if some:
        gaps = _fine(found.gaps)
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
    if some and found.gaps[-1] < 10 * found.gaps[0]:   # within a decade, minor ticks have names too
        axes.xaxis.set_minor_formatter(EngFormatter(unit="s", sep="\u202f"))
    axes.set_ylim(-0.04, 1.04)
    if some:
        axes.legend(fontsize=8, loc="best")


def recoveries_figure(
    found: Mapping[float, Recovery], title: str = "Recovery", simulated: bool = False
) -> Figure:
    """Draw the recoveries after pulses of several amplitudes in one panel, and the refractory period against them.

    Parameters
    ----------
    found : amplitude [V] to recovery
    title, simulated : heading; whether the data are simulated
    """
    figure = new_figure(title, 10.0, 4.6, simulated)
    curves, periods = figure.subplots(1, 2, width_ratios=(3, 2))
    for number, (amplitude, one) in enumerate(sorted(found.items())):
        colour, marker = OKABE_ITO[number % len(OKABE_ITO)], MARKERS[number % len(MARKERS)]
        name = format_quantity(amplitude, "V", 3)
        _shares(curves, one, colour, marker, name, 1.04**number)   # else one would hide the other
        if (band := one.band(gaps := _fine(one.gaps))) is not None:
            curves.fill_between(gaps, *band, color=colour, alpha=0.15, linewidth=0)
        if one.period is not None:
            ends = (one.period if end is None else end for end in (one.low, one.high))
            low, high = (abs(end - one.period) for end in ends)
            periods.errorbar(amplitude, one.period, [[low], [high]], fmt=marker, color=colour, capsize=3, markersize=5)
        for end, symbol in ((one.low, "^"), (one.high, "v")):   # a bound alone: an arrow that points away from it
            if one.period is None and end is not None:
                periods.plot(amplitude, end, symbol, color=colour, markerfacecolor="none", markersize=6)
    curves.set_xscale("log")
    label(curves, "gap", "s", "firing probability of the second pulse", "")
    curves.set_ylim(-0.04, 1.04)
    curves.legend(fontsize=8, loc="best", title="amplitude, 95 % intervals and bands", title_fontsize=8)
    label(periods, "pulse amplitude", "V", "refractory period", "s")
    periods.margins(0.15)
    return figure


def _shares(axes: Axes, found: Recovery, colour: str, marker: str, name: str, beside: float = 1.0) -> None:
    """Draw the share of second pulses that fired, with its interval (Wilson), at ``beside`` times each gap.

    Where it is not known of some whether they fired, the interval holds both.
    """
    counted = [one for one in found.shares() if one.pairs]
    if counted:
        gaps, share = np.array([(one.gap, one.fired / one.pairs) for one in counted]).T
        low, high = (
            np.array([proportion_interval(one.fired + more * one.unknown, one.pairs + one.unknown)[more]
                      for one in counted]) for more in (0, 1))
        bars = np.maximum(share - low, 0.0), np.maximum(high - share, 0.0)
        axes.errorbar(beside * gaps, share, yerr=bars, fmt=marker, color=colour, markersize=5, capsize=3,
                      linewidth=1.0, label=name)


def _fine(gaps: FloatArray) -> FloatArray:
    return np.geomspace(gaps[0], gaps[-1], 400)


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

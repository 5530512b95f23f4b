"""Figures of adaptive measurements: the firing curve with its band, and how the interval closed in on it."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator

from tsbench.analysis.adaptive.belief import Belief, Interval
from tsbench.analysis.adaptive.window import WindowLook
from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD, label, new_figure
from tsbench.analysis.statistics import proportion_interval
from tsbench.quantities import format_interval
from tsbench.records import FloatArray, Result

_BINS = 12  #: groups of pulses of about the same stimulus
_FEWEST_IN_GROUP = 4
_PLACES = 160  #: of the curve
_FAR = 6.0  #: spreads from the middle of the curve that are drawn


def firing_curve_figure(
    found: Belief, interval: tuple[str, Interval] | None, x_name: str, x_unit: str, title: str = "Firing curve",
    simulated: bool = False, *, logarithmic: bool = False,
) -> Figure:
    """Draw each pulse, the shares that fired in groups, and the estimated firing curve with its 95 % band.

    Parameters
    ----------
    found : the belief after all pulses
    interval : name and interval of the stimulus that was looked for, in the unit of the belief; None: not drawn
    x_name, x_unit : of the stimulus
    title, simulated : as of all figures
    logarithmic : whether the belief is in the natural logarithm of the stimulus
    """
    figure = new_figure(title, 7.0, 4.6, simulated)
    axes = figure.subplots()
    shown = np.exp if logarithmic else np.asarray
    if found.x.size:
        left, right = _shown_range(found)
        places = np.linspace(left, right, _PLACES)
        band = np.array([_chance(found, float(place)) for place in places])
        axes.fill_between(shown(places), band[:, 0], band[:, 1], color=CURVE, alpha=0.15, linewidth=0,
                          label="95 % band")
        axes.plot(shown(places), found.curves.probability(places) @ found.weight, color=CURVE, linewidth=1.4,
                  label="expected")
        for fired, level in ((1.0, 1.03), (0.0, -0.03)):
            mine = found.x[found.fired == fired]
            mine = mine[(mine >= left) & (mine <= right)]
            axes.plot(shown(mine), np.full(mine.size, level), "|", color=MUTED, markersize=6)
        inside = (found.x >= left) & (found.x <= right)
        _draw_groups(axes, found.x[inside], found.fired[inside], shown)
    if interval is not None:
        name, known = interval
        low, value, high = (
            float(shown(np.asarray(end))) if found.prior.lowest <= end <= found.prior.highest else None
            for end in (known.low, known.value, known.high))
        if low is not None and high is not None:
            axes.axvspan(low, high, color=THRESHOLD, alpha=0.12, linewidth=0)
        if value is not None:
            axes.axvline(value, color=THRESHOLD, linewidth=1.0)
            axes.set_title(f"{name} {format_interval(value, low, high, x_unit)}", fontsize=9)
    label(axes, x_name, x_unit, "firing probability", "")
    if logarithmic:
        axes.set_xscale("log")
        _logarithmic(axes.xaxis, x_unit)
    axes.set_ylim(-0.07, 1.07)
    if found.x.size:
        axes.legend(fontsize=8, loc="best")
    return figure


def search_figure(
    stimuli: FloatArray, fired: FloatArray, low: FloatArray, high: FloatArray, name: str, unit: str,
    title: str = "Search", simulated: bool = False, *, logarithmic: bool = False,
) -> Figure:
    """Draw the stimulus of each pulse by its outcome, and the interval after it.

    Parameters
    ----------
    stimuli : shape (n,), in order of time
    fired : 1, 0, or NaN where a pulse does not count
    low, high : ends of the interval after each pulse, shape (n,)
    name, unit : of the stimulus
    title, simulated, logarithmic : as of the other figures
    """
    figure = new_figure(title, 7.0, 4.6, simulated)
    axes = figure.subplots()
    _draw_interval(axes, low, high)
    _draw_outcomes(axes, stimuli, fired)
    label(axes, "number of the pulse", "", name, unit)
    if logarithmic:
        axes.set_yscale("log")
        _logarithmic(axes.yaxis, unit)
    axes.legend(fontsize=8, loc="best")
    return figure


def probability_course_figure(
    fired: FloatArray, low: FloatArray, high: FloatArray, title: str = "Firing probability", simulated: bool = False,
) -> Figure:
    """Draw which pulses of one amplitude fired, and the interval of the firing probability after each.

    Parameters
    ----------
    fired : 1, 0, or NaN where a pulse does not count, shape (n,), in order of time
    low, high : ends of the interval of the probability after each pulse, 0 to 1, shape (n,)
    title, simulated : as of the other figures
    """
    figure = new_figure(title, 7.0, 4.6, simulated)
    axes = figure.subplots()
    _draw_interval(axes, low, high)
    _draw_outcomes(axes, np.where(fired == 1.0, 1.03, -0.03), fired)
    label(axes, "number of the pulse", "", "firing probability", "")
    axes.set_ylim(-0.07, 1.07)
    axes.legend(fontsize=8, loc="best")
    return figure


def probability_figure(results: Sequence[Result], title: str = "Firing curve", simulated: bool = False) -> Figure:
    """Draw firing probabilities with their intervals against the condition ``amplitude`` [V]."""
    figure = new_figure(title, 7.0, 4.6, simulated)
    axes = figure.subplots()
    for result in results:
        if result.value is None or result.low is None or result.high is None:
            continue
        axes.errorbar(
            [float(str(result.conditions["amplitude"]))], [result.value],
            yerr=[[result.value - result.low], [result.high - result.value]], fmt="o", color=CURVE, markersize=5,
            capsize=3, linewidth=1.0)
    label(axes, "amplitude", "V", "firing probability", "")
    axes.set_ylim(-0.07, 1.07)
    return figure


def window_figure(
    looks: Sequence[WindowLook], results: Sequence[Result], title: str = "Oscillation window", simulated: bool = False,
    negative: bool = False,
) -> Figure:
    """Draw the bias of each record by its state, in order of time, and the brackets of the edges.

    Parameters
    ----------
    looks : the records
    results : onset and end of the oscillation
    title, simulated : as of all figures
    negative : whether the biases of the records, whose sizes ``looks`` has, are negative
    """
    figure = new_figure(title, 7.0, 4.6, simulated)
    axes = figure.subplots()
    sign = -1.0 if negative else 1.0
    numbers, biases = np.arange(1, len(looks) + 1), np.array([sign * look.bias for look in looks])
    states = np.array([look.oscillates for look in looks], dtype=bool)
    for mine, text, face in ((states, "oscillates", CURVE), (~states, "does not oscillate", "white")):
        if mine.any():
            axes.plot(numbers[mine], biases[mine], "o", color=CURVE, markerfacecolor=face, markersize=5, linewidth=0,
                      label=text)
    texts = []
    for result in results:
        if result.low is not None and result.high is not None:
            axes.axhspan(result.low, result.high, color=THRESHOLD, alpha=0.3, linewidth=0)
        if result.value is not None:
            axes.axhline(result.value, color=THRESHOLD, linewidth=0.8)
            texts.append(f"{result.quantity.rpartition('_')[2]} "
                         f"{format_interval(result.value, result.low, result.high, 'V')}")
    axes.set_title(", ".join(texts), fontsize=9)
    label(axes, "number of the record", "", "bias", "V")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if looks:
        axes.legend(fontsize=8, loc="best")
    return figure


def _draw_interval(axes: Axes, low: FloatArray, high: FloatArray) -> None:
    axes.fill_between(np.arange(1, low.size + 1), low, high, step="mid", color=THRESHOLD, alpha=0.3, linewidth=0,
                      label="95 % interval")


def _draw_outcomes(axes: Axes, places: FloatArray, fired: FloatArray) -> None:
    """Draw a mark for each pulse by its outcome."""
    numbers = np.arange(1, places.size + 1)
    for mine, text, marker, face in ((fired == 1.0, "fired", "o", CURVE), (fired == 0.0, "did not fire", "o", "white"),
                                     (np.isnan(fired), "not counted", "x", MUTED)):
        if mine.any():
            axes.plot(numbers[mine], places[mine], marker, color=CURVE, markerfacecolor=face, markersize=4,
                      linewidth=0, label=text)


def _shown_range(found: Belief) -> tuple[float, float]:
    """Return the stimuli that are drawn: the rise of the curve, and no farther than the pulses."""
    low = found.quantiles(lambda curves: curves.location - _FAR * curves.spread, (0.5,))[0]
    high = found.quantiles(lambda curves: curves.location + _FAR * curves.spread, (0.5,))[0]
    near = 0.02 * (found.prior.highest - found.prior.lowest)
    middle = 0.5 * (low + high)
    low, high = min(low, middle - near), max(high, middle + near)
    return max(low, found.prior.lowest), min(high, found.prior.highest)


def _chance(found: Belief, place: float) -> tuple[float, ...]:
    """Return the 2.5 and 97.5 % quantiles of the firing probability at one stimulus."""
    return found.quantiles(lambda curves: curves.probability(np.array([place]))[0], (0.025, 0.975))


def _draw_groups(axes: Axes, x: FloatArray, fired: FloatArray, shown: Callable[[FloatArray], FloatArray]) -> None:
    """Draw the share that fired in groups of pulses of about the same stimulus, with Wilson intervals."""
    edges = np.linspace(x.min(), np.nextafter(x.max(), np.inf), _BINS + 1) if x.size else np.empty(0)
    for left, right in pairwise(edges):
        group = np.flatnonzero((x >= left) & (x < right))
        if group.size < _FEWEST_IN_GROUP:
            continue
        hits, count = int(fired[group].sum()), group.size
        low, high = proportion_interval(hits, count)
        share = hits / count
        axes.errorbar(
            shown(np.array([x[group].mean()])), [share], yerr=[[max(share - low, 0.0)], [max(high - share, 0.0)]],
            fmt="o", color=CURVE, markersize=4, capsize=2, linewidth=0.8)


def _logarithmic(axis: Axis, unit: str) -> None:
    """Give a logarithmic axis the ticks 1, 2 and 5 in SI prefixes."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(EngFormatter(unit=unit, sep="\u202f"))
    axis.set_minor_formatter("")

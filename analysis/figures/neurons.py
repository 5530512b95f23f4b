"""Figures of a neuron: its four functions, and its response to steps."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tsbench.analysis.figures.stochastic import draw_recovery
from tsbench.analysis.figures.style import CURRENT, CURVE, HOLD, MUTED, THRESHOLD, label, new_figure
from tsbench.analysis.neuron.functions import (
    AmplitudeResponse,
    FunctionVerdict,
    all_or_nothing,
    amplitude_line,
    firing_threshold,
    refractory,
    strength_modulated_frequency,
    threshold_driven,
)
from tsbench.analysis.refractory.refractory import Recovery
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray, Result

_COLOURS = {"yes": HOLD, "no": THRESHOLD, "not decided": MUTED}


def neuron_figure(
    found: Sequence[AmplitudeResponse], recovered: Recovery | None, title: str = "Neuron", simulated: bool = False,
) -> Figure:
    """Draw the four functions of a neuron, each in a panel that names its verdict.

    Parameters
    ----------
    found : responses to the steps of each amplitude
    recovered : recovery by pairs of pulses, None: none were sent
    """
    figure = new_figure(title, 9.6, 7.0, simulated)
    (whole, threshold), (refractory_axes, rate) = figure.subplots(2, 2)
    _spike_size(whole, found)
    _named(whole, "all-or-nothing", all_or_nothing(found))
    _probability(threshold, found)
    _named(threshold, "threshold-driven", threshold_driven(found))
    if recovered is not None:
        draw_recovery(refractory_axes, recovered)
    else:
        refractory_axes.text(0.5, 0.5, "no pairs were sent", ha="center", va="center", color=MUTED,
                             transform=refractory_axes.transAxes)
    _named(refractory_axes, "refractory", refractory(recovered))
    _rows(rate, [one.rate() for one in found], "", CURVE)
    label(rate, "stimulus", "V", "firing rate", "Hz")
    rate.set_ylim(bottom=0.0)
    _named(rate, "strength-modulated frequency", strength_modulated_frequency(found))
    return figure


def step_responses_figure(
    steps: Sequence[tuple[float, FloatArray, FloatArray, FloatArray]], title: str = "Response to steps",
    simulated: bool = False,
) -> Figure:
    """Draw device voltage and current of one step of each amplitude, weakest first.

    Parameters
    ----------
    steps : (amplitude [V], time [s], voltage [V], current [A]), the last three of shape (n,)
    """
    figure = new_figure(title, 9.0, 1.0 + 1.4 * max(len(steps), 1), simulated)
    rows = figure.subplots(max(len(steps), 1), 2, sharex="col", sharey="col", squeeze=False)
    for (left, right), (amplitude, time, voltage, current) in zip(rows, steps, strict=False):
        left.plot(time, voltage, color=CURVE, linewidth=0.6)
        right.plot(time, current, color=CURRENT, linewidth=0.6)
        last = right is rows[-1][1]
        label(left, "time" if last else "", "s", "", "V")
        label(right, "time" if last else "", "s", "", "A")
        left.set_title(f"stimulus {format_quantity(amplitude, 'V')}: device voltage", fontsize=8)
        right.set_title("device current", fontsize=8)
    return figure


def stimulus_figure(
    sent: tuple[FloatArray, FloatArray] | None, record: tuple[FloatArray, FloatArray, FloatArray], spikes: FloatArray,
    title: str = "Stimulus", simulated: bool = False,
) -> Figure:
    """Draw what the generator was told, and device voltage and current with the spikes.

    The stimulus has a time axis of its own: the scope triggers when the device voltage passes a level, some time after
    the stimulus began.

    Parameters
    ----------
    sent : time [s] and level [V] of the stimulus, None: not known
    record : time [s], device voltage [V], device current [A], each of shape (n,)
    spikes : [s] times of the spikes in the record
    """
    figure = new_figure(title, 8.5, 6.4, simulated)
    top, upper, lower = figure.subplots(3, 1)
    if sent is not None:
        top.plot(*sent, color=HOLD, linewidth=1.0)
    label(top, "time since the stimulus began", "s", "stimulus", "V")
    time, voltage, current = record
    upper.plot(time, voltage, color=CURVE, linewidth=0.6)
    lower.plot(time, current, color=CURRENT, linewidth=0.6)
    if spikes.size:
        lower.plot(spikes, np.interp(spikes, time, current), "v", color=THRESHOLD, markersize=4,
                   label=f"{spikes.size} spikes")
        lower.legend(fontsize=8, loc="upper right")
    lower.sharex(upper)
    label(upper, "", "s", "device voltage", "V")
    label(lower, "time after the trigger", "s", "device current", "A")
    return figure


def _named(axes: Axes, name: str, verdict: FunctionVerdict) -> None:
    axes.set_title(f"{name}: {verdict.decision}", fontsize=10, color=_COLOURS[verdict.decision])


def _spike_size(axes: Axes, found: Sequence[AmplitudeResponse]) -> None:
    """Draw the current of first spikes, and of steps without one, with the power law of the first."""
    _rows(axes, [one.spike_amplitude() for one in found if one.fired], "first spike", CURVE)
    _rows(axes, [one.quiet_response() for one in found if one.fired + one.undecided < one.steps], "no spike", MUTED)
    if (line := amplitude_line(found)) is not None:
        x = np.linspace(float(line.x.min()), float(line.x.max()), 40)
        axes.plot(np.exp(x), line.at(x), color=THRESHOLD, linewidth=1.2, label=f"power {line.slope:.2f}")
    label(axes, "stimulus", "V", "highest current", "A")
    axes.set_ylim(bottom=0.0)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, loc="best")


def _probability(axes: Axes, found: Sequence[AmplitudeResponse]) -> None:
    """Draw the firing probability at each amplitude with its interval, and the bracket of the threshold."""
    rows = [Result("", "", (one.fired / told) if (told := one.steps - one.undecided) else None, *one.probability, "",
                   {"amplitude": one.amplitude})
            for one in found]
    _rows(axes, rows, "", CURVE)
    bracket = firing_threshold(found)
    if bracket.low is not None and bracket.high is not None:
        axes.axvspan(bracket.low, bracket.high, color=HOLD, alpha=0.15, linewidth=0)
    label(axes, "stimulus", "V", "firing probability", "")
    axes.set_ylim(-0.04, 1.04)


def _rows(axes: Axes, results: Sequence[Result], name: str, colour: str) -> None:
    """Draw results with their intervals against their amplitudes."""
    rows = [(abs(float(r.conditions["amplitude"])), r.value, r.value if r.low is None else r.low,
             r.value if r.high is None else r.high) for r in results if r.value is not None]
    if rows:
        x, y, low, high = np.array(rows, dtype=np.float64).T
        axes.errorbar(x, y, yerr=(np.maximum(y - low, 0.0), np.maximum(high - y, 0.0)), fmt="o", color=colour,
                      markersize=4, capsize=3, linewidth=1.0, label=name or None)

"""Figures of results: what was measured, with the extracted numbers and their intervals marked.

Drawn with Matplotlib's object interface on the Agg canvas: no display, no global state. Import it where a figure is
wanted, for Matplotlib takes its time.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from tsbench.analysis.frequency import Oscillation
from tsbench.analysis.pulse import Delay
from tsbench.analysis.spikes import Spikes
from tsbench.analysis.threshold import Switching
from tsbench.quantities import format_interval, format_quantity
from tsbench.records import FloatArray, Result

# colours that stay apart in the usual colour blindnesses and in grey
CURVE, CURRENT, THRESHOLD, HOLD, MUTED = "#30507a", "#8a5a00", "#c23b22", "#117755", "#888888"
_FEW = 6  #: half-cycles up to which each one is marked on its own


def save(figure: Figure, path: Path) -> Path:
    """Write ``figure`` as PNG and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    FigureCanvasAgg(figure).print_png(str(path))
    return path


def _new(title: str, width: float, height: float, simulated: bool) -> Figure:
    figure = Figure(figsize=(width, height), dpi=120, layout="constrained")
    figure.suptitle(title, fontsize=11)
    if simulated:
        figure.text(0.5, 0.5, "SIMULATED", rotation=25, ha="center", va="center", fontsize=54, color="#000000",
                    alpha=0.06, zorder=10, fontweight="bold")
        figure.text(0.995, 0.008, "simulated bench", ha="right", va="bottom", fontsize=7, color=MUTED)
    return figure


def _label(axes: Axes, x: str, x_unit: str, y: str, y_unit: str) -> None:
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    if x_unit:
        axes.xaxis.set_major_formatter(EngFormatter(unit=x_unit, sep="\u202f"))
    if y_unit:
        axes.yaxis.set_major_formatter(EngFormatter(unit=y_unit, sep="\u202f"))
    axes.grid(True, color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)


# ------------------------------------------------------------------------------------------------ sweeps


def sweep_figure(events: Sequence[Switching], title: str = "I-V sweep", simulated: bool = False) -> Figure:
    """Draw current against device voltage, linear and logarithmic, threshold and hold marked with their intervals.

    Parameters
    ----------
    events : what :func:`tsbench.analysis.threshold.switching` or ``snapback`` found
    title, simulated : heading; whether to say loudly that the data are simulated
    """
    figure = _new(title, 10.0, 4.6, simulated)
    linear, logarithmic = figure.subplots(1, 2)
    many = len(events) > _FEW
    for event in events:
        half = event.half
        volts, amperes = half.polarity * half.voltage, half.polarity * half.current
        style = {"color": CURVE, "linewidth": 0.5 if many else 1.0, "alpha": max(0.15, 8 / len(events)) if many else 1.0}
        linear.plot(volts, amperes, marker=None if many else ".", markersize=2.5, **style)
        magnitude = np.where(half.current > 0, half.current, np.nan)
        logarithmic.plot(volts, magnitude, marker=None if many else ".", markersize=2.5, **style)
    logarithmic.set_yscale("log")
    positive = np.concatenate([event.half.current[event.half.current > 0] for event in events]) if events else np.empty(0)
    if positive.size:  # readings at zero volts are noise and would take half the picture
        logarithmic.set_ylim(bottom=0.5 * float(np.quantile(positive, 0.02)), top=2.0 * float(positive.max()))
    _label(linear, "device voltage", "V", "current", "A")
    for axes in (linear, logarithmic):
        axes.locator_params(axis="x", nbins=6)
    _label(logarithmic, "device voltage", "V", "magnitude of current", "A")
    for name, colour in (("threshold", THRESHOLD), ("hold", HOLD)):
        _mark(linear, logarithmic, events, name, colour)
    handles, labels = linear.get_legend_handles_labels()
    if handles:
        linear.legend(handles, labels, fontsize=8, loc="upper left", framealpha=0.9)
    else:
        linear.text(0.03, 0.95, "did not switch", transform=linear.transAxes, fontsize=9, va="top", color=MUTED)
    return figure


def _mark(linear: Axes, logarithmic: Axes, events: Sequence[Switching], name: str, colour: str) -> None:
    index = {"threshold": lambda event: event.threshold_index, "hold": lambda event: event.hold_index}[name]
    found: list[tuple[Switching, Result, int]] = [
        (event, getattr(event, f"{name}_voltage"), index(event)) for event in events
        if getattr(event, f"{name}_voltage").value is not None and index(event) is not None
    ]
    if not found:
        return
    values = np.array([result.value for _, result, _ in found], dtype=np.float64)
    lows = np.array([result.low for _, result, _ in found], dtype=np.float64)
    highs = np.array([result.high for _, result, _ in found], dtype=np.float64)
    amperes = np.array([event.half.polarity * event.half.current[k] for event, _, k in found])
    label = _described(name, found)
    small = len(found) > _FEW
    for axes, y in ((linear, amperes), (logarithmic, np.abs(amperes))):
        axes.errorbar(values, y, xerr=(values - lows, highs - values), fmt="o" if name == "threshold" else "s",
                      color=colour, markersize=3 if small else 6, capsize=0 if small else 3, linewidth=0.8 if small else 1.4,
                      alpha=0.5 if small else 1.0, label=label, zorder=5)


def _described(name: str, found: Sequence[tuple[Switching, Result, int]]) -> str:
    if len(found) == 1:
        result = found[0][1]
        return f"{name} {format_interval(result.value, result.low, result.high, 'V')}"
    values = np.array([abs(result.value or 0.0) for _, result, _ in found])
    spread = format_quantity(float(values.std(ddof=1)), "V", 2)
    return f"{name} {format_quantity(float(values.mean()), 'V')} (mean of {len(found)}, sd {spread})"


def threshold_distribution(events: Sequence[Switching], title: str = "Thresholds", simulated: bool = False) -> Figure:
    """Draw the cumulative distribution of threshold and hold, each value with its interval, and their sequence."""
    figure = _new(title, 10.0, 4.2, simulated)
    cumulative, sequence = figure.subplots(1, 2)
    some = False
    for name, colour, marker in (("threshold", THRESHOLD, "o"), ("hold", HOLD, "s")):
        results = [(event.half.cycle, getattr(event, f"{name}_voltage")) for event in events]
        found = [(cycle, result) for cycle, result in results if result.value is not None]
        if not found:
            continue
        some = True
        values = np.array([abs(result.value or 0.0) for _, result in found])
        bounds = np.abs(np.array([(result.low, result.high) for _, result in found], dtype=np.float64))
        lows, highs = bounds.min(axis=1), bounds.max(axis=1)
        order = np.argsort(values, kind="stable")
        share = (np.arange(len(values)) + 0.5) / len(values)
        cumulative.fill_betweenx(share, np.sort(lows), np.sort(highs), color=colour, alpha=0.2, linewidth=0)
        cumulative.plot(values[order], share, marker=marker, color=colour, markersize=3, linewidth=0.8,
                        label=f"{name} (n = {len(values)})")
        sequence.errorbar([cycle for cycle, _ in found], values, yerr=(values - lows, highs - values), fmt=marker,
                          color=colour, markersize=3, linewidth=0.6, alpha=0.8, label=name)
    _label(cumulative, "magnitude of device voltage", "V", "share of half-cycles at or below", "")
    cumulative.set_ylim(0.0, 1.0)
    _label(sequence, events[0].half.cycle_name.replace("_", "-") if events else "cycle", "", "magnitude", "V")
    if some:
        cumulative.legend(fontsize=8, loc="best")
        cumulative.set_xlim(left=0.0)
        sequence.set_ylim(bottom=0.0)
    return figure


# ------------------------------------------------------------------------------------------------ pulses


def pulse_figure(
    time: FloatArray, voltage: FloatArray, current: FloatArray, delay: Delay, title: str = "Pulse", simulated: bool = False,
) -> Figure:
    """Draw device voltage and current of one pulse; the edge, the switching instant and the delay between marked.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,)
    delay : what :func:`tsbench.analysis.pulse.switching_delay` found there
    """
    figure = _new(title, 8.5, 5.2, simulated)
    upper, lower = figure.subplots(2, 1, sharex=True)
    zero = delay.edge_time if delay.value is not None else 0.0
    upper.plot(time - zero, voltage, color=CURVE, linewidth=0.9)
    lower.plot(time - zero, current, color=CURRENT, linewidth=0.9)
    _label(upper, "", "s", "device voltage", "V")
    _label(lower, "time after the edge" if delay.value is not None else "time", "s", "device current", "A")
    if delay.value is None:
        upper.text(0.99, 0.95, "did not switch", transform=upper.transAxes, ha="right", va="top", fontsize=9, color=MUTED)
        return figure
    for axes in (upper, lower):
        axes.axvline(0.0, color=MUTED, linewidth=1.0, linestyle="--")
        axes.axvline(delay.value, color=THRESHOLD, linewidth=1.2)
        axes.axvspan(0.0, delay.value, color=THRESHOLD, alpha=0.08, linewidth=0)
    upper.plot([0.0], [delay.edge_level], "o", color=MUTED, markersize=5)
    wide = 1.96 * float(np.hypot(delay.random, delay.systematic))
    upper.text(0.99, 0.95, f"switching delay {format_interval(delay.value, delay.value - wide, delay.value + wide, 's')}",
               transform=upper.transAxes, ha="right", va="top", fontsize=9, color=THRESHOLD,
               bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8})
    return figure


# ------------------------------------------------------------------------------------------ oscillations


def oscillation_figure(
    time: FloatArray, values: FloatArray, unit: str, spikes: Spikes, found: Oscillation, title: str = "Oscillation",
    simulated: bool = False,
) -> Figure:
    """Draw the first periods of a record with its spikes, and the histogram of all inter-spike intervals.

    Parameters
    ----------
    time, values : [s] and [``unit``], shape (n,)
    spikes, found : what :func:`spike_times` and :func:`oscillation` found there
    """
    figure = _new(title, 10.0, 4.2, simulated)
    record, histogram = figure.subplots(1, 2, width_ratios=(2.2, 1.0))
    end = float(time[-1])
    if spikes.times.size > 8:
        end = float(spikes.times[0] + 7.5 * np.median(found.intervals))
    shown = time <= end
    record.plot(time[shown], values[shown], color=CURVE, linewidth=0.9)
    seen = spikes.times[spikes.times <= end]
    record.plot(seen, np.full(seen.size, 0.5 * (spikes.low + spikes.high)), "v", color=THRESHOLD, markersize=6,
                label=f"spikes ({spikes.times.size} in the record)")
    record.axhspan(spikes.low, spikes.high, color=MUTED, alpha=0.12, linewidth=0)
    _label(record, "time", "s", "device voltage" if unit == "V" else "device current", unit)
    if found.frequency is None:
        record.text(0.5, 0.95, "no oscillation", transform=record.transAxes, ha="center", va="top", fontsize=10, color=MUTED)
        histogram.set_axis_off()
        return figure
    record.legend(fontsize=8, loc="upper right")
    centre = float(found.intervals.mean())
    edge = max(float(np.abs(found.intervals - centre).max()), 1e-4 * centre)
    histogram.hist(found.intervals, bins=np.linspace(centre - 1.1 * edge, centre + 1.1 * edge, 26), color=CURVE)
    histogram.axvline(centre, color=THRESHOLD, linewidth=1.2)
    _label(histogram, "inter-spike interval", "s", "number", "")
    histogram.ticklabel_format(axis="y", useOffset=False)
    histogram.xaxis.set_major_formatter(EngFormatter(unit="s", places=1 if edge > 0.01 * centre else 2, sep="\u202f"))
    histogram.locator_params(axis="x", nbins=3)
    histogram.set_title(f"{format_interval(found.frequency, found.low, found.high, 'Hz')}, {found.regime}", fontsize=9)
    return figure


def frequency_figure(
    biases: FloatArray, results: Sequence[Result], title: str = "Frequency against bias", simulated: bool = False,
) -> Figure:
    """Draw frequency against bias [V] with 95 % intervals; biases without oscillation stand on the axis.

    Parameters
    ----------
    biases : [V], shape (n,)
    results : frequency at each bias, n of them
    """
    figure = _new(title, 6.4, 4.4, simulated)
    axes = figure.subplots()
    found = [(bias, result) for bias, result in zip(biases, results, strict=True) if result.value is not None]
    quiet = [bias for bias, result in zip(biases, results, strict=True) if result.value is None]
    if found:
        x = np.array([bias for bias, _ in found])
        y = np.array([result.value for _, result in found], dtype=np.float64)
        low = np.array([result.value if result.low is None else result.low for _, result in found], dtype=np.float64)
        high = np.array([result.value if result.high is None else result.high for _, result in found], dtype=np.float64)
        axes.errorbar(x, y, yerr=(y - low, high - y), fmt="o-", color=CURVE, markersize=5, capsize=4, linewidth=1.0,
                      ecolor=THRESHOLD, label="95 % interval")
    if quiet:
        axes.plot(quiet, np.zeros(len(quiet)), "x", color=MUTED, markersize=7, label="no oscillation")
    _label(axes, "bias", "V", "frequency", "Hz")
    axes.set_ylim(bottom=0.0)
    if found or quiet:
        axes.legend(fontsize=8, loc="best")
    return figure

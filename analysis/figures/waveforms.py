"""Figures of scope records: a pulse and its response, an oscillation, frequency against bias."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from tsbench.analysis.figures.spike_trains import draw_return_map, draw_spectrum
from tsbench.analysis.figures.style import CURRENT, CURVE, HOLD, MUTED, THRESHOLD, label, new_figure
from tsbench.analysis.oscillation.frequency import MeasuredOscillation
from tsbench.analysis.oscillation.spikes import Spikes
from tsbench.analysis.pulse.delay_results import Delay
from tsbench.quantities import format_interval, format_quantity
from tsbench.records import FloatArray, Result


def pulse_figure(
    time: FloatArray,
    voltage: FloatArray,
    current: FloatArray,
    delay: Delay,
    title: str = "Pulse",
    simulated: bool = False,
) -> Figure:
    """Draw device voltage and current of one pulse; the edge, the switching instant and the delay between
    marked.

    Parameters
    ----------
    time, voltage, current : [s], [V], [A], shape (n,)
    delay : what :func:`tsbench.analysis.pulse.switching_delay.switching_delay` found there
    """
    figure = new_figure(title, 8.5, 5.2, simulated)
    upper, lower = figure.subplots(2, 1, sharex=True)
    zero = delay.edge_time if delay.value is not None else 0.0
    upper.plot(time - zero, voltage, color=CURVE, linewidth=0.9)
    lower.plot(time - zero, current, color=CURRENT, linewidth=0.9)
    label(upper, "", "s", "device voltage", "V")
    label(lower, "time after the edge" if delay.value is not None else "time", "s", "device current", "A")
    if delay.value is None:
        upper.text(
            0.99,
            0.95,
            "the record is clipped: no delay" if delay.fired else "did not switch",
            transform=upper.transAxes,
            ha="right",
            va="top",
            fontsize=9,
            color=MUTED,
        )
        return figure
    for axes in (upper, lower):
        axes.axvline(0.0, color=MUTED, linewidth=1.0, linestyle="--")
        axes.axvline(delay.value, color=THRESHOLD, linewidth=1.2)
        axes.axvspan(0.0, delay.value, color=THRESHOLD, alpha=0.08, linewidth=0)
    upper.plot([0.0], [delay.edge_level], "o", color=MUTED, markersize=5)
    wide = delay.half_width
    bottom, top = upper.get_ylim()
    upper.set_ylim(bottom, top + 0.2 * (top - bottom))   # room for the text
    upper.text(
        0.99,
        0.95,
        f"switching delay {format_interval(delay.value, delay.value - wide, delay.value + wide, 's')}",
        transform=upper.transAxes,
        ha="right",
        va="top",
        fontsize=9,
        color=THRESHOLD,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8},
    )
    return figure


def oscillation_figure(
    time: FloatArray,
    values: FloatArray,
    unit: str,
    spikes: Spikes,
    found: MeasuredOscillation,
    title: str = "MeasuredOscillation",
    simulated: bool = False,
) -> Figure:
    """Draw the first periods of a record with its spikes, the histogram of all inter-spike intervals, and two panels of
    :mod:`.spike_trains`: the spectrum, and each interval against the next one.

    Parameters
    ----------
    time, values : [s] and [``unit``], shape (n,)
    spikes, found : what :func:`tsbench.analysis.oscillation.spikes.spike_times` and
        :func:`tsbench.analysis.oscillation.frequency.oscillation` found there
    """
    whole = found.frequency is not None and found.intervals.size > 2
    figure = new_figure(title, 10.0, 7.4 if whole else 4.2, simulated)
    panels = figure.subplots(2 if whole else 1, 2, width_ratios=(2.2, 1.0), squeeze=False)
    record, histogram = panels[0]
    if whole:
        draw_spectrum(panels[1][0], time, values, found)
        draw_return_map(panels[1][1], found, spikes.uncertainty)
    end = float(time[-1])
    if spikes.times.size > 8:
        end = float(spikes.times[0] + 7.5 * np.median(found.intervals))
    shown = time <= end
    record.plot(time[shown], values[shown], color=CURVE, linewidth=0.9)
    seen = spikes.times <= end
    record.plot(
        spikes.times[seen],
        spikes.levels[seen],
        "v",
        color=THRESHOLD,
        markersize=6,
        label=f"spikes ({spikes.times.size} in the record)",
    )
    label(record, "time", "s", "device voltage" if unit == "V" else "device current", unit)
    if found.frequency is None:
        record.text(
            0.5,
            0.95,
            "no oscillation",
            transform=record.transAxes,
            ha="center",
            va="top",
            fontsize=10,
            color=MUTED,
        )
        histogram.set_axis_off()
        return figure
    low, high = record.get_ylim()
    record.set_ylim(low, high + 0.18 * (high - low))   # room for the legend
    record.legend(fontsize=8, loc="upper right")
    centre = float(found.intervals.mean())
    edge = max(float(np.abs(found.intervals - centre).max()), 1e-4 * centre)
    histogram.hist(
        found.intervals, bins=np.linspace(centre - 1.1 * edge, centre + 1.1 * edge, 26), color=CURVE
    )
    histogram.axvline(centre, color=THRESHOLD, linewidth=1.2)
    label(histogram, "inter-spike interval", "s", "number", "")
    histogram.ticklabel_format(axis="y", useOffset=False)
    histogram.xaxis.set_major_formatter(
        EngFormatter(unit="s", places=1 if edge > 0.01 * centre else 2, sep="\u202f")
    )
    histogram.locator_params(axis="x", nbins=3)
    histogram.set_title(
        f"{format_interval(found.frequency, found.low, found.high, 'Hz')}, {found.regime}", fontsize=9
    )
    return figure


def frequency_figure(
    biases: FloatArray,
    results: Sequence[Result],
    title: str = "Frequency against bias",
    simulated: bool = False,
    curve: Sequence[Result] = (),
) -> Figure:
    """Draw frequency against bias [V] with 95 % intervals; biases without oscillation stand on the axis.

    Parameters
    ----------
    biases : [V], shape (n,)
    results : frequency at each bias, n of them
    curve : onset, end, and linear range with its slope, of the same biases; those that are known are drawn
    """
    figure = new_figure(title, 6.4, 4.4, simulated)
    axes = figure.subplots()
    found = [(bias, result) for bias, result in zip(biases, results, strict=True) if result.value is not None]
    quiet = [bias for bias, result in zip(biases, results, strict=True) if result.value is None]
    if found:
        x = np.array([bias for bias, _ in found])
        y = np.array([result.value for _, result in found], dtype=np.float64)
        low = np.array(
            [result.value if result.low is None else result.low for _, result in found], dtype=np.float64
        )
        high = np.array(
            [result.value if result.high is None else result.high for _, result in found], dtype=np.float64
        )
        axes.errorbar(
            x,
            y,
            yerr=(y - low, high - y),
            fmt="o-",
            color=CURVE,
            markersize=5,
            capsize=4,
            linewidth=1.0,
            ecolor=THRESHOLD,
            label="95 % interval",
        )
    if quiet:
        axes.plot(quiet, np.zeros(len(quiet)), "x", color=MUTED, markersize=7, label="no oscillation")
    label(axes, "bias", "V", "frequency", "Hz")
    axes.set_ylim(bottom=0.0)
    _draw_curve(axes, biases, results, curve)
    if found or quiet:
        axes.legend(fontsize=8, loc="best")
    return figure


def _draw_curve(axes: Axes, biases: FloatArray, results: Sequence[Result], curve: Sequence[Result]) -> None:
    """Draw the brackets of onset and end as bands, and the line over the linear range with its slope."""
    for found in curve:
        if found.quantity in {"oscillation_onset", "oscillation_end"} and found.low is not None and (
                found.high is not None):
            name = found.quantity.replace("_", " ")
            axes.axvspan(found.low, found.high, color=HOLD, alpha=0.15, linewidth=0,
                         label=f"{name} {format_interval(found.value, found.low, found.high, 'V')}")
    slope = next((found for found in curve if found.quantity == "frequency_slope" and found.value is not None), None)
    ends = [next((found.high if found.quantity.endswith("start") else found.low for found in curve
                  if found.quantity == name), None) for name in ("linear_range_start", "linear_range_end")]
    if slope is None or slope.value is None or None in ends:
        return
    inside = [(bias, result.value) for bias, result in zip(biases, results, strict=True)
              if result.value is not None and ends[0] <= bias <= ends[1]]
    if not inside:
        return
    x, y = np.array(inside, dtype=np.float64).T
    line = np.array(ends, dtype=np.float64)
    axes.plot(line, y.mean() + slope.value * (line - x.mean()), color=THRESHOLD, linewidth=1.4, linestyle="--",
              label=f"slope {format_interval(slope.value, slope.low, slope.high, 'Hz/V')}")


def load_line_figure(
    loops: Sequence[tuple[float, FloatArray, FloatArray]], resistance: float, title: str = "Load line",
    simulated: bool = False,
) -> Figure:
    """Draw the device current against the device voltage of oscillations, with the load line of each bias.

    Parameters
    ----------
    loops : (bias [V], voltage [V], current [A]) of some periods at each bias
    resistance : [Ohm] between source and device; 0: no load line is drawn
    """
    figure = new_figure(title, 6.4, 4.6, simulated)
    axes = figure.subplots()
    colours = colormaps["viridis"](np.linspace(0.0, 0.85, max(len(loops), 1)))
    top = max((float(np.quantile(current, 0.999)) for _, _, current in loops), default=0.0)
    right = max((float(voltage.max()) for _, voltage, _ in loops), default=1.0)
    for (bias, voltage, current), colour in zip(loops, colours, strict=True):
        axes.plot(voltage, current, color=colour, linewidth=0.7, label=format_quantity(bias, "V"))
        if resistance > 0:
            ends = np.array([0.0, 1.1 * right])
            axes.plot(ends, (bias - ends) / resistance, color=colour, linewidth=0.9, linestyle="--")
    label(axes, "device voltage", "V", "device current", "A")
    axes.set_xlim(left=0.0, right=1.1 * right)
    axes.set_ylim(bottom=-0.05 * top, top=1.15 * top if top > 0 else None)
    if resistance > 0:
        axes.set_title(f"dashed: load lines of {format_quantity(resistance, 'Ohm')}", fontsize=9)
    if loops:
        axes.legend(fontsize=8, loc="upper left", title="bias", title_fontsize=8)
    return figure

"""Figures of sweeps: I-V curves with threshold and hold, and their distribution."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tsbench.analysis.figures.distributions import draw_distribution
from tsbench.analysis.figures.style import CURRENT, CURVE, HOLD, MUTED, THRESHOLD, label, new_figure
from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.describe import mean, standard_deviation
from tsbench.analysis.statistics.distribution import distribution
from tsbench.analysis.statistics.intervals import NORMAL_95
from tsbench.analysis.threshold.switching_results import Switching
from tsbench.quantities import format_interval, format_quantity, short_quantity
from tsbench.records import Flag, Result

_FEW = 6  #: half-sweeps up to which each one is marked on its own


def sweep_figure(
    events: Sequence[Switching], title: str = "I-V sweep", simulated: bool = False, load: float = 0.0
) -> Figure:
    """Draw current against device voltage, linear and logarithmic, threshold and hold marked with their
    intervals.

    Parameters
    ----------
    events : what :func:`tsbench.analysis.threshold.threshold.switching` or ``snapback`` found
    title, simulated : heading; whether to say loudly that the data are simulated
    load : [Ohm] in series with the device under voltage drive, whose load line is drawn; 0: none is drawn
    """
    figure = new_figure(title, 10.0, 4.6, simulated)
    linear, logarithmic = figure.subplots(1, 2)
    many = len(events) > _FEW
    for event in events:
        half = event.half
        volts, amperes = half.polarity * half.voltage, half.polarity * half.current
        style = {
            "color": CURVE,
            "linewidth": 0.5 if many else 1.0,
            "alpha": min(1.0, max(0.15, 8 / len(events))) if many else 1.0,
        }
        linear.plot(volts, amperes, marker=None if many else ".", markersize=2.5, **style)
        magnitude = np.where(half.current > 0, half.current, np.nan)
        logarithmic.plot(volts, magnitude, marker=None if many else ".", markersize=2.5, **style)
    logarithmic.set_yscale("log")
    positive = (
        np.concatenate([event.half.current[event.half.current > 0] for event in events])
        if events
        else np.empty(0)
    )
    if positive.size:  # readings at zero volts are noise and would take half the picture
        logarithmic.set_ylim(bottom=0.5 * float(np.quantile(positive, 0.02)), top=2.0 * float(positive.max()))
    label(linear, "device voltage", "V", "current", "A")
    for axes in (linear, logarithmic):
        axes.locator_params(axis="x", nbins=6)
    label(logarithmic, "device voltage", "V", "magnitude of current", "A")
    for name, colour in (("threshold", THRESHOLD), ("hold", HOLD)):
        _mark(linear, logarithmic, events, name, colour)
    _mark_oscillating(linear, logarithmic, events)
    if load > 0.0:
        draw_load_line(linear, logarithmic, events, load)
    handles, labels = linear.get_legend_handles_labels()
    if handles:
        linear.legend(handles, labels, fontsize=8, loc="upper left", framealpha=0.9)
    else:
        linear.text(
            0.03, 0.95, "did not switch", transform=linear.transAxes, fontsize=9, va="top", color=MUTED
        )
    return figure


def _found(events: Sequence[Switching], name: str) -> list[tuple[Result, float]]:
    """Return (voltage, current [A] there) of the events that have a value."""
    found = []
    for event in events:
        at = (event.threshold_voltage, event.threshold_current) if name == "threshold" else (
            event.hold_voltage, event.hold_current)
        if at[0].value is not None and at[1].value is not None:
            found.append((at[0], float(at[1].value)))
    return found


def _mark(linear: Axes, logarithmic: Axes, events: Sequence[Switching], name: str, colour: str) -> None:
    everything = _found(events, name)
    for negative in (False, True):   # the polarities apart: a mean over both is that of none
        found = [one for one in everything if ((one[0].value or 0.0) < 0.0) is negative]
        if found:
            _mark_one(linear, logarithmic, found, name, colour)


def _mark_one(
    linear: Axes, logarithmic: Axes, found: Sequence[tuple[Result, float]], name: str, colour: str,
) -> None:
    values = np.array([result.value for result, _ in found], dtype=np.float64)
    lows = np.array([result.low for result, _ in found], dtype=np.float64)
    highs = np.array([result.high for result, _ in found], dtype=np.float64)
    amperes = np.array([current for _, current in found])
    text = _described(name, found)
    small = len(found) > _FEW
    for axes, y in ((linear, amperes), (logarithmic, np.abs(amperes))):
        axes.errorbar(
            values,
            y,
            xerr=(values - lows, highs - values),
            fmt="o" if name == "threshold" else "s",
            color=colour,
            markersize=3 if small else 6,
            capsize=0 if small else 3,
            linewidth=0.8 if small else 1.4,
            alpha=0.5 if small else 1.0,
            label=text,
            zorder=5,
        )


def _mark_oscillating(linear: Axes, logarithmic: Axes, events: Sequence[Switching]) -> None:
    """Show which readings are averages over an oscillation: they are no points of a static curve."""
    where = [(event.half.flags & int(Flag.OSCILLATING)) != 0 for event in events]
    if not any(mask.any() for mask in where):
        return
    pairs = list(zip(events, where, strict=True))
    volts = np.concatenate([event.half.polarity * event.half.voltage[mask] for event, mask in pairs])
    amperes = np.concatenate([event.half.polarity * event.half.current[mask] for event, mask in pairs])
    for axes, y in ((linear, amperes), (logarithmic, np.abs(amperes))):
        axes.plot(volts, y, "x", color=CURRENT, markersize=4, label="average over an oscillation", zorder=4)


def draw_load_line(linear: Axes | None, logarithmic: Axes | None, events: Sequence[Switching], load: float) -> None:
    """Draw the load line of the set-point at which the device switches on: source voltage less the drop at the load.

    A device that switches on jumps along it, until it meets the on state or the source limits the current. Of several
    half-sweeps of one polarity, it is that of the median set-point.

    Parameters
    ----------
    linear, logarithmic : axes with the I-V curves, None: not drawn there
    events : half-sweeps
    load : [Ohm]
    """
    named = False
    for polarity in (1, -1):
        mine = [event for event in events if event.half.polarity == polarity and event.threshold_index is not None]
        if not mine:
            continue
        sources = [float(event.half.level[min((event.threshold_index or 0) + 1, event.half.level.size - 1)])
                   for event in mine]
        source, highest = float(np.median(sources)), max(float(event.half.current.max()) for event in mine)
        flowing = np.linspace(0.0, min(highest, source / load), 200)
        volts = polarity * (source - load * flowing)
        name = None if named else f"load line {short_quantity(load, 'Ohm', 3).replace('Ohm', chr(0x3a9))}"
        named = True
        if linear is not None:
            linear.plot(volts, polarity * flowing, "--", color=MUTED, linewidth=1.0, label=name, zorder=2)
        if logarithmic is not None:
            logarithmic.plot(volts[1:], flowing[1:], "--", color=MUTED, linewidth=1.0, label=name, zorder=2)


def _described(name: str, found: Sequence[tuple[Result, float]]) -> str:
    if len(found) == 1:
        result = found[0][0]
        return f"{name} {format_interval(result.value, result.low, result.high, 'V')}"
    values = np.array([result.value for result, _ in found], dtype=np.float64)
    own = np.array([0.5 * abs((result.high or 0.0) - (result.low or 0.0)) for result, _ in found])
    shared = [result.systematic_uncertainty for result, _ in found if result.systematic_uncertainty is not None]
    spread, _ = standard_deviation(values, float(np.median(own)))
    common = NORMAL_95 * float(np.median(shared)) if shared else float(np.median(own))
    whole, _ = mean(values, common)
    center = f"{name} {format_interval(whole.value, whole.low, whole.high, 'V')} (mean of {len(found)}"
    if spread.value is not None:
        return f"{center}, sd {format_quantity(spread.value, 'V', 2)})"
    return f"{center}, sd \u2264 {format_quantity(spread.high, 'V', 2)})" if spread.high is not None else f"{center})"


def threshold_distribution(
    events: Sequence[Switching], title: str = "Thresholds", simulated: bool = False
) -> Figure:
    """Draw the cumulative distribution of threshold and hold with their intervals, and their sequence."""
    figure = new_figure(title, 10.0, 4.2, simulated)
    cumulative, sequence = figure.subplots(1, 2)
    some = False
    for name, colour, marker in (("threshold", THRESHOLD, "o"), ("hold", HOLD, "s")):
        results = [(event.half.cycle, getattr(event, f"{name}_voltage")) for event in events]
        found = [(cycle, result) for cycle, result in results if result.value is not None]
        if not found:
            continue
        some = True
        values = np.array([abs(result.value or 0.0) for _, result in found])
        sign = np.array([1.0 if (result.value or 0.0) >= 0 else -1.0 for _, result in found])
        bounds = sign[:, None] * np.array([(result.low, result.high) for _, result in found], dtype=np.float64)
        # the interval of a value near zero reaches beyond zero
        lows, highs = np.fmin(bounds.min(axis=1), values), np.fmax(bounds.max(axis=1), values)
        draw_distribution(cumulative, distribution(CensoredSample.of(values)), colour, f"{name} (n = {len(values)})")
        sequence.errorbar(
            [cycle for cycle, _ in found],
            values,
            yerr=(values - lows, highs - values),
            fmt=marker,
            color=colour,
            markersize=3,
            linewidth=0.6,
            alpha=0.8,
            label=name,
        )
    label(cumulative, "magnitude of device voltage", "V", "cumulative share", "")
    cumulative.set_ylim(0.0, 1.0)
    number = events[0].half.cycle_name.replace("_", "-") if events else "cycle"
    label(sequence, number, "", "magnitude of device voltage", "V")
    if some:
        cumulative.legend(fontsize=8, loc="best")
        # from zero on only where the values are not far from it: a spread of 1 % would be a line
        for set_limits, (low, high) in ((cumulative.set_xlim, cumulative.get_xlim()),
                                        (sequence.set_ylim, sequence.get_ylim())):
            set_limits(max(low, 0.0), high)
    return figure

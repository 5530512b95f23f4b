"""The picture of a study: twelve panels in the width of a page, with intervals, and the truth as crosses."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, LogLocator, MaxNLocator, NullFormatter

from benchmarks.study.materials import Material
from benchmarks.study.measuring import Measured
from benchmarks.study.rows import Count, Row
from tsbench.analysis.figures.comparisons import colour_of, marker_of
from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD, label, save
from tsbench.records import FloatArray

_SIZE = (7.2, 8.6)  #: [inch] width and height of a page of a journal
_FONT = 8.0
_NAMES = "abcdefghijkl"
_DECADE = 8.0  #: an axis whose ends differ by less than this factor gets ticks at even steps
_LEGEND = 0.6  #: room above the points for a legend of two rows, as a share of the height of the points
_ASIDE = 0.06  #: by which the points of the next amplitude stand aside, as a share of their place
_DECADE_SPAN = 10.0  #: values that differ by more than this factor get a logarithmic axis
_OHMS = EngFormatter(unit="\u03a9", sep="\u202f")
_TRUTH = {"marker": "x", "linestyle": "none", "color": THRESHOLD, "markersize": 5, "markeredgewidth": 1.0, "zorder": 4}


def draw(material: Material, swept: Sequence[Measured], rows: Sequence[Row | Count], path: Path) -> Path:
    """Draw the panels and write the picture; return its path."""
    figure = Figure(figsize=_SIZE, dpi=150, layout="constrained")
    name = material.name if material.name == material.model else f"{material.name} ({material.model})"
    figure.suptitle(f"{name} on the simulated bench; crosses: truth; bars: 95 % intervals; "
                    "open triangles: bounds", fontsize=_FONT)
    panels = figure.subplots(4, 3).ravel()
    given = [row for row in rows if isinstance(row, Row)]
    _curves(panels[0], swept)
    _thresholds(panels[1], swept)
    _against(panels[2], given, "hold_voltage, mean", "compliance", "A", "hold voltage", "V")
    _against(panels[3], [row for row in given if row.step == "temperature"], "threshold_voltage", "temperature", "K",
             "threshold voltage", "V")
    _against(panels[4], given, "switching_delay_mean", "amplitude", "V", "switching delay", "s")
    _decades(panels[4].yaxis, panels[4].set_yscale)
    _overvoltage(panels[5], given)
    _relaxation(panels[6], given)
    _refractory(panels[7], given)
    _map(panels[8], given, "frequency", "Hz")
    _map(panels[9], given, "spike_energy", "J")
    _spike_size(panels[10], given)
    _verdicts(panels[11], given)
    for name, axes in zip(_NAMES, panels, strict=True):
        axes.set_title(name, fontsize=_FONT + 1, fontweight="bold", loc="left")
        axes.tick_params(labelsize=_FONT - 1)
        axes.xaxis.label.set_size(_FONT)
        axes.yaxis.label.set_size(_FONT)
    save(figure, path)
    return path


def _decades(axis: Axis, set_scale: Callable[[str], None]) -> None:
    """Make an axis logarithmic, with ticks at 1, 2 and 5 of each decade; in less than a decade, some even ones."""
    form = axis.get_major_formatter()
    set_scale("log")
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)) if high > _DECADE * low else MaxNLocator(2))
    axis.set_major_formatter(form)
    axis.set_minor_formatter(NullFormatter())


def _curves(axes: Axes, swept: Sequence[Measured]) -> None:
    """Draw the first cycle of every device, and the load line of the set-point at which the first one switches."""
    for one in swept:
        first = one.run.column("cycle") == 1
        axes.plot(one.run.column("device_voltage")[first], np.abs(one.run.column("current")[first]), color=CURVE,
                  linewidth=0.5, alpha=0.5)
    _load_line(axes, swept[0])
    axes.set_yscale("log")
    label(axes, "device voltage", "V", "current", "A")
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.xaxis.set_major_locator(MaxNLocator(3))


def _load_line(axes: Axes, one: Measured) -> None:
    run, load = one.run, one.run.header.fixture.path_resistance.get("drive", 0.0)
    first = np.flatnonzero(run.column("cycle") == 1)
    found = next((row.value for row in one.of("threshold_voltage") if row.conditions["cycle"] == 1), None)
    if found is None or not load:
        return
    up = first[: int(np.argmax(run.column("set_point")[first])) + 1]
    last = int(np.flatnonzero(run.column("device_voltage")[up] <= found)[-1])
    source = float(run.column("set_point")[up[min(last + 1, up.size - 1)]])
    flowing = np.geomspace(1e-3, 1.0, 100) * float(run.column("current")[first].max())
    shown = _OHMS(float(f"{load:.3g}"))
    axes.plot(source - load * flowing, flowing, "--", color=MUTED, linewidth=0.9, label=f"load line {shown}")
    axes.legend(fontsize=_FONT - 2, loc="lower left")

def _thresholds(axes: Axes, swept: Sequence[Measured]) -> None:
    """Draw the share of cycles with a threshold below a value, one line for each device."""
    for one in swept:
        values = np.sort([row.value for row in one.of("threshold_voltage") if row.value is not None])
        axes.plot(values, (np.arange(values.size) + 0.5) / max(values.size, 1), color=CURVE, linewidth=0.7, alpha=0.6)
    label(axes, "threshold voltage", "V", "share of cycles", "")
    axes.xaxis.set_major_locator(MaxNLocator(4))


def _bars(axes: Axes, x: float, row: Row, colour: str, marker: str = "o") -> None:
    """Draw a value with its interval; where only a bound is known, a triangle that points away from it."""
    if row.value is None:
        for bound, symbol in ((row.low, "^"), (row.high, "v")):
            if bound is not None:
                axes.plot(x, bound, symbol, color=colour, markerfacecolor="none", markersize=4)
    else:
        low, high = (row.value if end is None else end for end in (row.low, row.high))
        axes.errorbar(x, row.value, [[max(row.value - low, 0.0)], [max(high - row.value, 0.0)]], fmt=marker,
                      markersize=3, capsize=2, linewidth=0.9, color=colour)


def _cross(axes: Axes, x: float, row: Row) -> None:
    """Draw the truth beside a number or a bound; alone, it would look like one."""
    if row.truth is not None and not _is_missing(row):
        axes.plot(x, row.truth, **_TRUTH)


def _is_missing(row: Row) -> bool:
    return row.value is None and row.low is None and row.high is None


def _missing(axes: Axes, rows: Sequence[Row]) -> None:
    """Write how many numbers the bench did not give."""
    missing = sum(map(_is_missing, rows))
    if missing:
        axes.text(0.97, 0.95, f"{missing} of {len(rows)} without a number", transform=axes.transAxes,
                  fontsize=_FONT - 2, ha="right", va="top", color=MUTED)


def _against(axes: Axes, rows: Sequence[Row], quantity: str, key: str, x_unit: str, y: str, unit: str) -> None:
    mine = [row for row in rows if row.quantity == quantity and key in row.conditions]
    for row in mine:
        _bars(axes, float(row.conditions[key]), row, CURVE)
        _cross(axes, float(row.conditions[key]), row)
    _missing(axes, mine)
    label(axes, key, x_unit, y, unit)
    axes.xaxis.set_major_locator(MaxNLocator(4))


def _overvoltage(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw the delay against the overvoltage, both logarithmic, with the power in the corner."""
    over = {row.conditions["amplitude"]: row for row in rows if row.quantity == "overvoltage"}
    for row in rows:
        if row.quantity != "switching_delay_mean":
            continue
        excess = over.get(row.conditions["amplitude"])
        if excess is None or excess.value is None or excess.low is None or excess.high is None or excess.low <= 0:
            continue
        _bars(axes, excess.value, row, CURVE)
        if row.value is not None:
            axes.plot([excess.low, excess.high], [row.value, row.value], color=CURVE, linewidth=0.9)
        if row.truth is not None and excess.truth is not None and excess.truth > 0:
            axes.plot(excess.truth, row.truth, **_TRUTH)
    label(axes, "overvoltage", "V", "switching delay", "s")
    _decades(axes.xaxis, axes.set_xscale)
    _decades(axes.yaxis, axes.set_yscale)
    for row in rows:
        if row.quantity == "delay_power_of_overvoltage" and row.value is not None:
            axes.text(0.97, 0.95, f"power {row.value:.2f}", transform=axes.transAxes, fontsize=_FONT - 1, ha="right",
                      va="top")


def _relaxation(axes: Axes, rows: Sequence[Row]) -> None:
    if any(row.step == "relaxation" and not _is_missing(row) for row in rows):
        _against(axes, rows, "relaxation_time_median", "amplitude", "V", "relaxation time", "s")
        _decades(axes.yaxis, axes.set_yscale)
    else:
        axes.set_axis_off()
        axes.text(0.5, 0.5, "no relaxation was seen", ha="center", va="center", color=MUTED, fontsize=_FONT)


def _refractory(axes: Axes, rows: Sequence[Row]) -> None:
    """Draw the share of second pulses that fire over the gap, and the refractory period, for each amplitude."""
    mine = [row for row in rows if row.step == "refractory" and row.quantity == "second_firing_probability"]
    form = EngFormatter(unit="V", sep="\u202f")
    for number, amplitude in enumerate(sorted({float(row.conditions["amplitude"]) for row in mine})):
        colour = colour_of(number)
        shown = [row for row in mine if row.conditions["amplitude"] == amplitude]
        for row in shown:
            _bars(axes, float(row.conditions["gap"]) * (1.0 + _ASIDE * number), row, colour, marker_of(number))
        gaps = [float(row.conditions["gap"]) for row in shown if row.truth is not None]
        axes.plot(gaps, [row.truth for row in shown if row.truth is not None], "-", color=colour, linewidth=0.8,
                  label=form(amplitude))
        for row in rows:
            if row.quantity == "refractory_period" and row.conditions.get("amplitude") == amplitude and (
                    row.low is not None and row.high is not None and row.step == "refractory"):
                axes.axvspan(row.low, row.high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xscale("log")
    label(axes, "gap", "s", "second pulse fires", "")
    axes.set_ylim(-0.05, 1.05 + _LEGEND)
    axes.set_yticks(np.linspace(0.0, 1.0, 6))
    axes.legend(fontsize=_FONT - 2, loc="upper center", title="amplitude; line: truth", title_fontsize=_FONT - 2,
                ncols=2)


def _wide(axes: Axes, values: FloatArray) -> None:
    """Make the axis of values logarithmic if they span more than a decade, and leave room for a legend above them."""
    sizes = np.abs(values[values != 0.0])
    if sizes.size and float(sizes.max()) > _DECADE_SPAN * float(sizes.min()):
        if (values > 0.0).all():
            axes.set_ylim(bottom=0.5 * float(values.min()))
            axes.set_yscale("log")
            low, high = axes.get_ylim()
            axes.set_ylim(low, high * (high / low) ** _LEGEND)
            return
        axes.set_yscale("symlog", linthresh=float(np.median(sizes)))
    low, high = axes.get_ylim()
    axes.set_ylim(min(0.0, low), (1.0 + _LEGEND) * high if axes.get_yscale() == "linear" else 10.0 * high)


def _map(axes: Axes, rows: Sequence[Row], quantity: str, unit: str) -> None:
    mine = [row for row in rows if row.step == "oscillation" and row.quantity == quantity]
    for number, load in enumerate(sorted({float(row.conditions["load_resistance"]) for row in mine})):
        shown = [row for row in mine if row.conditions["load_resistance"] == load and row.value is not None]
        x = [float(row.conditions["bias"]) for row in shown]
        y = np.array([row.value for row in shown], dtype=np.float64)
        low, high = (np.array([getattr(row, end) if getattr(row, end) is not None else row.value for row in shown],
                              dtype=np.float64) for end in ("low", "high"))
        axes.errorbar(x, y, (np.maximum(y - low, 0), np.maximum(high - y, 0)), fmt=marker_of(number) + "-",
                      markersize=3, capsize=1.5, linewidth=0.7, color=colour_of(number), label=_OHMS(load))
        known = [row for row in shown if row.truth is not None]
        axes.plot([float(row.conditions["bias"]) for row in known], [row.truth for row in known], **_TRUTH)
    _wide(axes, np.array([row.value for row in mine if row.value is not None], dtype=np.float64))
    if mine:
        axes.legend(fontsize=_FONT - 2, title="load", title_fontsize=_FONT - 2, ncols=2)
    label(axes, "bias", "V", quantity.replace("_", " "), unit)
    if axes.get_yscale() == "log":
        axes.yaxis.set_minor_formatter(NullFormatter())


def _spike_size(axes: Axes, rows: Sequence[Row]) -> None:
    mine = [row for row in rows if row.step == "neuron" and row.quantity == "spike_amplitude"]
    for number, circuit in enumerate(_circuits(rows)):
        for row in mine:
            if _circuit(row.conditions) == circuit:
                _bars(axes, float(row.conditions["amplitude"]), row, colour_of(number), marker_of(number))
                _cross(axes, float(row.conditions["amplitude"]), row)
        axes.plot([], [], marker_of(number), color=colour_of(number), markersize=3, label=circuit)
    axes.set_ylim(0.0, (1.0 + 0.3 * _LEGEND) * axes.get_ylim()[1])
    label(axes, "stimulus", "V", "first spike", "A")
    axes.legend(fontsize=_FONT - 2, loc="lower right")


def _circuits(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(_circuit(row.conditions) for row in rows if row.step == "neuron"))


def _circuit(conditions: Mapping[str, float | str]) -> str:
    return f"{conditions['circuit']}, base {conditions['base']:g} V"


def _verdicts(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_axis_off()
    said = {1.0: "yes", 0.0: "no", None: "not decided"}
    lines = ["functions of a neuron: verdict (truth)"]
    for circuit in _circuits(rows):
        lines += ["", circuit]
        lines += [f"  {row.quantity.replace('_', ' ').replace('strength modulated ', '')}: {said[row.value]} "
                  f"({said[row.truth]})" for row in rows
                  if row.step == "neuron" and _circuit(row.conditions) == circuit and row.unit == "" and
                  row.quantity in ("all_or_nothing", "threshold_driven", "refractory", "strength_modulated_frequency")]
    axes.text(-0.1, 1.0, "\n".join(lines), fontsize=_FONT - 2, va="top", transform=axes.transAxes)

"""The picture of a study: each step in a panel, with intervals, and the truth as crosses."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, MaxNLocator, NullFormatter

from benchmarks.study.steps import Measured, Row
from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD, label, new_figure, save


def draw(name: str, sweeps: Sequence[Measured], rows: Sequence[Row], path: Path) -> Path:
    """Draw the panels and write the picture; return its path."""
    figure = new_figure(f"Study of {name}", 11.0, 9.0, True)
    axes = figure.subplots(3, 3).ravel()
    _curves(axes[0], sweeps)
    _thresholds(axes[1], sweeps)
    _points(axes[2], rows, "threshold_voltage", "temperature", "temperature", "K", "V")
    _points(axes[3], rows, "switching_delay_mean", "amplitude", "amplitude", "V", "s", log=True)
    if any(row.quantity == "relaxation_time_median" for row in rows):
        _points(axes[4], rows, "relaxation_time_median", "amplitude", "amplitude", "V", "s")
    else:
        axes[4].set_axis_off()
        axes[4].text(0.5, 0.5, "relaxation: too fast\nfor a record", ha="center", va="center", color=MUTED)
    _points(axes[5], rows, "second_firing_probability", "gap", "gap", "s", "", log_x=True)
    _map(axes[6], rows, "frequency", "Hz")
    _map(axes[7], rows, "spike_energy", "J")
    _verdicts(axes[8], rows)
    return save(figure, path)


def _curves(axes: Axes, sweeps: Sequence[Measured]) -> None:
    for one in sweeps:
        first = one.run.column("cycle") == 1
        axes.plot(one.run.column("voltage")[first], np.abs(one.run.column("current")[first]), color=CURVE,
                  linewidth=0.6, alpha=0.5)
    axes.set_yscale("log")
    label(axes, "voltage at the source", "V", "current", "A")
    axes.set_title(f"first sweep of {len(sweeps)} devices", fontsize=9)


def _thresholds(axes: Axes, sweeps: Sequence[Measured]) -> None:
    for one in sweeps:
        values = np.sort([row.value for row in one.run.results
                          if row.quantity == "threshold_voltage" and row.value is not None])
        axes.plot(values, (np.arange(values.size) + 0.5) / max(values.size, 1), color=CURVE, linewidth=0.8, alpha=0.6)
    label(axes, "threshold voltage", "V", "share of cycles", "")
    axes.xaxis.set_major_locator(MaxNLocator(3))
    axes.set_title("cycles of each device", fontsize=9)


def _points(axes: Axes, rows: Sequence[Row], quantity: str, key: str, x: str, x_unit: str, unit: str,
            log: bool = False, log_x: bool = False) -> None:
    mine = [(_number(row, key), row) for row in rows if row.quantity == quantity]
    for place, row in mine:
        if row.value is not None:
            low, high = row.low if row.low is not None else row.value, row.high if row.high is not None else row.value
            axes.errorbar(place, row.value, [[max(row.value - low, 0.0)], [max(high - row.value, 0.0)]], fmt="o",
                          markersize=3, capsize=2, color=CURVE)
        if row.truth is not None:
            axes.plot(place, row.truth, "x", color=THRESHOLD, markersize=6)
    if log_x:
        axes.set_xscale("log")
    if log:
        axes.set_yscale("log")
    label(axes, x, x_unit, quantity.replace("_", " "), unit)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_minor_formatter(NullFormatter())


def _map(axes: Axes, rows: Sequence[Row], quantity: str, unit: str) -> None:
    mine = [row for row in rows if row.quantity == quantity]
    loads = sorted({_number(row, "load_resistance") for row in mine})
    form = EngFormatter(unit="Ohm", sep=" ")
    for number, load in enumerate(loads):
        chosen = [row for row in mine if _number(row, "load_resistance") == load and row.value is not None]
        color = [CURVE, THRESHOLD, "#117755", "#8a5a00", "#888888"][number % 5]
        axes.plot([_number(row, "bias") for row in chosen], [row.value for row in chosen], "o-", markersize=3,
                  linewidth=0.8, color=color, label=form(load))
        known = [row for row in chosen if row.truth is not None]
        axes.plot([_number(row, "bias") for row in known], [row.truth for row in known], "x", color="black",
                  markersize=5)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=7, title="load", title_fontsize=7)
    label(axes, "bias", "V", quantity.replace("_", " "), unit)


def _verdicts(axes: Axes, rows: Sequence[Row]) -> None:
    axes.set_axis_off()
    said = {1.0: "yes", 0.0: "no", None: "not decided"}
    lines = [f"{row.quantity.replace('_', ' ')}: {said.get(row.value, row.value)}" for row in rows
             if row.step == "neuron"]
    axes.text(0.0, 0.8, "\n".join(["functions of a neuron", "", *lines]), fontsize=9, va="top")


def _number(row: Row, key: str) -> float:
    for part in row.conditions.split(", "):
        if part.startswith(key + " "):
            return float(part.split()[1])
    return float("nan")

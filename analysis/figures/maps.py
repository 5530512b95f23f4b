"""Figures of an oscillation over two quantities: a map of frequency and firing regime, and a family of curves."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter

from tsbench.analysis.figures.style import MUTED, label, new_figure
from tsbench.analysis.oscillation.frequency import MeasuredOscillation
from tsbench.quantities import format_quantity

#: regime -> marker and its name in the legend; a regime that is not here is drawn as "variable"
_MARKERS = {"tonic": ("s", "tonic"), "bursting": ("^", "bursting"), "irregular": ("*", "irregular"),
            "variable": ("D", "variable"), "too few": ("o", "too few to name a regime")}


@dataclass(frozen=True)
class MapPlace:
    """One record of a map: its ``bias`` [V], its value of the ``other`` quantity, and what was found."""

    bias: float
    other: float
    found: MeasuredOscillation


def oscillation_map_figure(
    places: Sequence[MapPlace], other: tuple[str, str], title: str = "Oscillation map", simulated: bool = False,
) -> Figure:
    """Draw frequency (colour) and firing regime (marker) over the bias and a second quantity.

    Parameters
    ----------
    places : records of the map
    other : name and unit of the second quantity
    """
    figure = new_figure(title, 7.4, 4.8, simulated)
    axes = figure.subplots()
    firing = [place for place in places if place.found.frequency is not None]
    silent = [place for place in places if place.found.frequency is None]
    if silent:
        axes.plot([p.bias for p in silent], [p.other for p in silent], "x", color=MUTED, markersize=7, label="quiet")
    if firing:
        values = np.array([place.found.frequency for place in firing], dtype=np.float64)
        low, high = float(values.min()), float(values.max())
        norm = LogNorm(low, high) if high > low else LogNorm(0.9 * low, 1.1 * high)
        drawn = None
        for regime, (marker, name) in _MARKERS.items():
            mine = [place for place in firing
                    if (place.found.regime if place.found.regime in _MARKERS else "variable") == regime]
            if mine:
                drawn = axes.scatter(
                    [p.bias for p in mine], [p.other for p in mine], c=[float(p.found.frequency or 0.0) for p in mine],
                    norm=norm, cmap="viridis", marker=marker, s=90, label=name, edgecolors="black", linewidths=0.4)
        if drawn is not None:
            bar = figure.colorbar(drawn, ax=axes, format=EngFormatter(unit="Hz", sep="\u202f"))
            bar.ax.yaxis.set_minor_formatter(EngFormatter(unit="Hz", sep="\u202f"))
            bar.ax.tick_params(which="both", labelsize=8)
            bar.set_label("frequency")
    others = np.array(sorted({place.other for place in places}), dtype=np.float64)
    if others.size > 2 and others[0] > 0 and others[-1] > 8 * others[0]:
        axes.set_yscale("log")
    label(axes, "bias", "V", *other)
    axes.margins(0.08)
    axes.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4)
    return figure


def frequency_family_figure(
    places: Sequence[MapPlace], other: tuple[str, str], title: str = "Frequency against bias", simulated: bool = False,
) -> Figure:
    """Draw frequency against bias, one curve for each value of a second quantity; silent biases on the axis.

    Parameters
    ----------
    places : records of the map
    other : name and unit of the second quantity
    """
    figure = new_figure(title, 6.8, 4.6, simulated)
    axes = figure.subplots()
    values = sorted({place.other for place in places})
    colours = colormaps["viridis"](np.linspace(0.0, 0.85, len(values)))
    for value, colour in zip(values, colours, strict=True):
        mine = sorted((place for place in places if place.other == value), key=lambda place: place.bias)
        x = np.array([place.bias for place in mine])
        y, low, high = (
            np.array([np.nan if bound is None else bound for bound in bounds], dtype=np.float64)
            for bounds in zip(*((p.found.frequency, p.found.low, p.found.high) for p in mine), strict=True))
        name = format_quantity(value, other[1]) if value else None
        axes.plot(x, y, "o-", color=colour, markersize=4, linewidth=1.0, label=name)
        if np.isfinite(low).any():
            axes.fill_between(x, low, high, color=colour, alpha=0.25, linewidth=0)
        quiet = ~np.isfinite(y)
        axes.plot(x[quiet], np.zeros(int(quiet.sum())), "x", color=colour, markersize=6, clip_on=False)
    label(axes, "bias", "V", "frequency", "Hz")
    axes.set_ylim(bottom=0.0)
    if any(values):
        axes.legend(fontsize=8, loc="best", title=other[0], title_fontsize=8)
    return figure

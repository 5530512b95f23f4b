"""Figures of counts: how many pulses it takes until a device fires."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from tsbench.analysis.figures.style import label, new_figure
from tsbench.analysis.statistics import proportion_interval
from tsbench.quantities import format_quantity


def pulse_count_figure(
    counts: Mapping[float, Sequence[int | None]], pulses: int, title: str = "Pulses until it fires",
    simulated: bool = False,
) -> Figure:
    """Draw the share of trains that have fired by each pulse, with 95 % bands; it ends below 1 where some never fire.

    Parameters
    ----------
    counts : amplitude [V] -> number of the first pulse that fired of each train, None: none did
    pulses : in each train
    """
    figure = new_figure(title, 7.0, 4.6, simulated)
    axes = figure.subplots()
    number = np.arange(pulses + 1)
    colours = colormaps["viridis"](np.linspace(0.0, 0.85, max(len(counts), 1)))
    for (amplitude, found), colour in zip(sorted(counts.items()), colours, strict=False):
        fired = np.array([sum(count is not None and count <= k for count in found) for k in number])
        bounds = np.array([proportion_interval(int(k), len(found)) for k in fired])
        name = f"{format_quantity(amplitude, 'V')}: {int(fired[-1])} of {len(found)} trains fire"
        axes.step(number, fired / max(len(found), 1), where="post", color=colour, linewidth=1.2, label=name)
        axes.fill_between(
            number, bounds[:, 0], bounds[:, 1], step="post", color=colour, alpha=0.12, linewidth=0)
    label(axes, "pulses of the train", "", "share of trains that have fired", "")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0, pulses)
    axes.set_ylim(-0.03, 1.03)
    if counts:
        axes.legend(fontsize=8, loc="best")
    return figure

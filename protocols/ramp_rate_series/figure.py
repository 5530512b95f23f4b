"""The figure of a ramp-rate series: threshold and hold over the ramp rate."""

from collections.abc import Iterator

import numpy as np
from matplotlib.ticker import LogLocator, NullFormatter

from tsbench.analysis.figures import Figure, label, new_figure
from tsbench.analysis.figures.style import HOLD, THRESHOLD
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.ramp_rate_series.extraction import at_rates
from tsbench.records import Run


def rate_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield threshold and hold over the ramp rate."""
    if len(run.points) == 0:
        return
    found, rates = at_rates(run, options)

    def draw() -> Figure:
        figure = new_figure(figure_title(run, "ramp-rate series"), 6.0, 4.4, run.header.simulated)
        axes = figure.subplots()
        for name, colour, marker in (("threshold", THRESHOLD, "o"), ("hold", HOLD, "s")):
            rows = [(rate, getattr(one, f"{name}_voltage")) for one, rate in zip(found, rates, strict=True)]
            known = [(rate, abs(r.value), *sorted((abs(r.low), abs(r.high)))) for rate, r in rows
                     if None not in (r.value, r.low, r.high)]
            if known:
                x, y, lows, highs = np.array(known).T
                axes.errorbar(x, y, yerr=(y - lows, highs - y), fmt=marker, color=colour, markersize=4, capsize=2,
                              linewidth=1.0, label=name)
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))   # rates span few decades
        axes.xaxis.set_minor_formatter(NullFormatter())
        label(axes, "ramp rate", "V/s", "magnitude of device voltage", "V")
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize=8, loc="best")
        return figure

    yield "ramp_rate", draw

"""The figure of a retention run: resistance over the time since the stimulus."""

from collections.abc import Iterator

import numpy as np

from tsbench.analysis.figures import Figure, label, new_figure
from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD
from tsbench.analysis.statistics import NORMAL_95
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.retention.extraction import retained, retention_results
from tsbench.quantities import format_interval
from tsbench.records import Run


def retention_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield the resistance after each stimulus over time."""
    found = retained(run, options)
    if not found:
        return
    limit = float(parameter(run, "off_above", 1e6))
    last = retention_results(run, options)[-1]

    def draw() -> Figure:
        figure = new_figure(figure_title(run, "retention"), 7.0, 4.6, run.header.simulated)
        axes = figure.subplots()
        for number, one in enumerate(found):
            times = np.sqrt(np.maximum(one.since, 1e-9) * one.until)
            wide = NORMAL_95 * one.uncertainty
            seen = one.conductance > wide
            axes.plot(times[seen], 1 / one.conductance[seen], "o-", color=CURVE, markersize=3, linewidth=0.7, alpha=0.6,
                      label="reads" if number == 0 else None)
            if (~seen).any():
                axes.plot(times[~seen], 1 / (np.maximum(one.conductance, 0.0) + wide)[~seen], "^", color=MUTED,
                          markersize=4, label="higher than" if number == 0 else None)
        axes.axhline(limit, color=MUTED, linewidth=0.8, linestyle="--", label="state lost")
        if last.low is not None and last.high is not None:
            what = "median" if last.quantity.endswith("median") else "retention time"
            axes.axvspan(last.low, last.high, color=THRESHOLD, alpha=0.25, linewidth=0,
                         label=f"{what} {format_interval(last.value, last.low, last.high, 's')}")
        axes.set_xscale("log")
        axes.set_yscale("log")
        label(axes, "time since the stimulus", "s", "resistance", "Ohm")
        axes.legend(fontsize=8, loc="best")
        return figure

    yield "retention", draw

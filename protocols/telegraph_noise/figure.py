"""The figure of a telegraph-noise run: the current over time with the two levels, and how often each value came."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from tsbench.analysis.figures import Figure, label, new_figure
from tsbench.analysis.figures.style import CURVE, HOLD, THRESHOLD
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.telegraph_noise.extraction import BiasRecord, bias_records
from tsbench.quantities import format_quantity
from tsbench.records import Run

_DRAWN = 4000  #: readings at most: more would be one band of colour


def telegraph_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield one figure for each voltage."""
    if len(run.points) == 0:
        return
    known = [record for record in bias_records(run) if record.current.size]
    for number, record in enumerate(known[:MOST_FIGURES], start=1):
        title = figure_title(run, f"current at {format_quantity(record.bias, 'V')}")
        yield f"telegraph_{number}", partial(_draw, record, title, run.header.simulated)


def _draw(record: BiasRecord, title: str, simulated: bool) -> Figure:
    figure = new_figure(title, 10.0, 4.0, simulated)
    course, share = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    first = slice(0, _DRAWN)
    times = record.times[first] - record.times[0]
    course.plot(times, record.current[first], ".-", color=CURVE, markersize=2, linewidth=0.5)
    share.hist(record.current, bins=60, orientation="horizontal", color=CURVE)
    levels = record.levels
    if levels is not None:
        for value, colour, name in ((levels.low, HOLD, "low"), (levels.high, THRESHOLD, "high")):
            course.axhline(value, color=colour, linewidth=1.0, label=f"{name} {format_quantity(value, 'A')}")
        course.legend(fontsize=8, loc="best")
    else:
        course.set_title("no two levels by evidence", fontsize=9)
    label(course, "time", "s", "current", "A")
    label(share, "number of readings", "", "", "A")
    share.set_xlim(left=0)
    if np.ptp(record.current) > 0:
        share.locator_params(axis="x", nbins=4)
    return figure

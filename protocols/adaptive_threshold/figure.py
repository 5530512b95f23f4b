"""Figures of the adaptive threshold: the firing curve, and how the interval closed in."""

from collections.abc import Iterator

from tsbench.analysis import figures
from tsbench.protocols.adapting.extraction import conditioning_rows
from tsbench.protocols.adaptive_threshold.extraction import threshold_search
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.records import Run


def threshold_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the firing curve and the course of the search."""
    found, simulated = threshold_search(run), run.header.simulated
    yield "firing_curve", lambda: figures.firing_curve_figure(
        found.found, ("threshold amplitude", found.interval), "amplitude", "V",
        figure_title(run, "firing probability against amplitude"), simulated)
    counting = conditioning_rows(run) == 0
    amplitude, fired, low, high = (run.column(name)[counting] for name in ("amplitude", "fired", "low", "high"))
    yield "search", lambda: figures.search_figure(
        amplitude, fired, low, high, "amplitude", "V", figure_title(run, "search for the threshold amplitude"),
        simulated)

"""Figures of the adaptive threshold: the firing curve, and how the interval closed in."""

from collections.abc import Iterator

from tsbench.analysis import figures
from tsbench.protocols.adaptive_threshold.extraction import threshold_search
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.records import Run


def threshold_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the firing curve and the course of the search."""
    found, simulated = threshold_search(run), run.header.simulated
    yield "firing_curve", lambda: figures.firing_curve_figure(
        found.found, ("threshold amplitude", found.interval), "amplitude", "V",
        figure_title(run, "firing probability against amplitude"), simulated)
    yield "search", lambda: figures.search_figure(
        run.column("amplitude"), run.column("fired"), run.column("low"), run.column("high"), "amplitude", "V",
        figure_title(run, "search for the threshold amplitude"), simulated)

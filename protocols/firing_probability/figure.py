"""Figures of the search for a firing probability: the firing curve, and how the interval closed in."""

from collections.abc import Iterator

from tsbench.analysis import figures
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.firing_probability.extraction import probability_search
from tsbench.quantities import format_interval, format_quantity
from tsbench.records import Run


def probability_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the firing curve and the course of the search."""
    found, simulated = probability_search(run), run.header.simulated
    at = format_quantity(float(parameter(run, "at")), "V")
    title = f"firing probability at {at}: {format_interval(*found.bounds(float), '')}"
    yield "firing_curve", lambda: figures.firing_curve_figure(
        found.found, None, "amplitude", "V", figure_title(run, title), simulated)
    yield "search", lambda: figures.search_figure(
        run.column("amplitude"), run.column("fired"), run.column("low"), run.column("high"), "amplitude", "V",
        figure_title(run, f"search for the firing probability at {at}"), simulated,
        interval_name=f"firing probability at {at}")

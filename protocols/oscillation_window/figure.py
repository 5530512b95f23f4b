"""Figure of the search for the oscillation window: each record by its state, and the two edges."""

from collections.abc import Iterator

from tsbench.analysis import figures
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.oscillation_window.extraction import window_looks, window_results
from tsbench.records import Run


def window_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the course of the search."""
    yield "window", lambda: figures.window_figure(
        window_looks(run), window_results(run), figure_title(run, "oscillation window"), run.header.simulated,
        negative=float(parameter(run, "highest")) < 0)

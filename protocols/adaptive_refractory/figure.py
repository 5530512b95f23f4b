"""Figures of the search for the refractory period: the recovery, and how the interval closed in."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.protocols.adaptive_refractory.extraction import judged_pairs, refractory_search
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.quantities import format_quantity
from tsbench.records import Run


def refractory_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the recovery and the course of the search at each amplitude."""
    simulated = run.header.simulated
    for number, (amplitude, pairs) in enumerate(list(judged_pairs(run).items())[:MOST_FIGURES], start=1):
        found, mine = refractory_search(run, pairs), run.column("amplitude") == amplitude
        volts = format_quantity(amplitude, "V")
        title = figure_title(run, f"recovery after a pulse of {volts}")
        yield f"recovery_{number}", partial(
            figures.firing_curve_figure, found.found, ("refractory period", found.interval), "gap", "s", title,
            simulated, logarithmic=True)
        gap, fired, low, high = (run.column(name)[mine] for name in ("gap", "fired", "low", "high"))
        title = figure_title(run, f"search for the refractory period after a pulse of {volts}")
        yield f"search_{number}", partial(
            figures.search_figure, gap, fired, low, high, "gap", "s", title, simulated, logarithmic=True)

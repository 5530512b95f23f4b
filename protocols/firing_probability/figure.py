"""Figures of the firing probability: how its interval closed in, and the probability against the amplitude."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.protocols.adapting.extraction import conditioning_rows
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.firing_probability.extraction import AFTER_ANY, AFTER_SWITCHING, probability_results
from tsbench.quantities import format_quantity
from tsbench.records import Run


def probability_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the course of the pulses at each amplitude and, of several amplitudes, the firing curve."""
    simulated, counting = run.header.simulated, conditioning_rows(run) == 0
    amplitudes, *columns = (run.column(name)[counting] for name in ("amplitude", "fired", "low", "high"))
    for number, amplitude in enumerate(list(dict.fromkeys(amplitudes.tolist()))[:MOST_FIGURES], start=1):
        fired, low, high = (column[amplitudes == amplitude] for column in columns)
        title = figure_title(run, f"firing probability at {format_quantity(amplitude, 'V')}")
        yield f"pulses_{number}", partial(figures.probability_course_figure, fired, low, high, title, simulated)
    results = [one for one in probability_results(run)
               if one.conditions.get("statistic") in {AFTER_ANY, AFTER_SWITCHING}]
    if len(results) > 1:
        yield "firing_curve", lambda: figures.probability_figure(
            results, figure_title(run, "firing probability against amplitude"), simulated)

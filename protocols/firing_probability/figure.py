"""Figures of the firing probability: how its interval closed in, and the probability against the amplitude."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.firing_probability.extraction import probability_results
from tsbench.quantities import format_quantity
from tsbench.records import Run


def probability_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the course of the pulses at each amplitude and, of several amplitudes, the firing curve."""
    simulated, amplitudes = run.header.simulated, run.column("amplitude")
    for number, amplitude in enumerate(list(dict.fromkeys(amplitudes.tolist()))[:MOST_FIGURES], start=1):
        fired, low, high = (run.column(name)[amplitudes == amplitude] for name in ("fired", "low", "high"))
        title = figure_title(run, f"firing probability at {format_quantity(amplitude, 'V')}")
        yield f"pulses_{number}", partial(figures.probability_course_figure, fired, low, high, title, simulated)
    results = probability_results(run)
    if len(results) > 1:
        yield "firing_curve", lambda: figures.probability_figure(
            results, figure_title(run, "firing probability against amplitude"), simulated)

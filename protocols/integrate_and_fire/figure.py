"""Figures of integrate and fire: the share of trains that have fired by each pulse."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.integrate_and_fire.extraction import first_pulses
from tsbench.quantities import short_quantity
from tsbench.records import Run


def integrate_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield, for each width and period, the share of the trains that have fired by each pulse at each amplitude."""
    counts, pulses = first_pulses(run, options), int(parameter(run, "count", 1))
    pairs = sorted({kind[1:] for kind in counts})
    for number, (width, period) in enumerate(pairs[:MOST_FIGURES], start=1):
        mine = {kind[0]: list(found.values()) for kind, found in counts.items() if kind[1:] == (width, period)}
        title = figure_title(
            run, f"pulses until it fires, {short_quantity(width, 's')} wide, every {short_quantity(period, 's')}")
        yield f"count_{number}", partial(figures.pulse_count_figure, mine, pulses, title, run.header.simulated)

"""Figures of paired pulses: the recovery at each amplitude."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.analysis.figures.comparisons import MOST_SERIES
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.paired_pulse.extraction import pulse_pairs, recoveries
from tsbench.quantities import format_quantity
from tsbench.records import Run


def recovery_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield the recovery after a pulse of each amplitude, and of several amplitudes all in one."""
    every = recoveries(pulse_pairs(run, options))
    for number, (amplitude, found) in enumerate(every.items(), start=1):
        if number > MOST_FIGURES:
            break
        title = figure_title(run, f"recovery after a pulse of {format_quantity(amplitude, 'V')}")
        yield f"recovery_{number}", partial(figures.recovery_figure, found, title, run.header.simulated)
    if 1 < len(every) <= MOST_SERIES:
        yield "recoveries", partial(figures.recoveries_figure, every, figure_title(run, "recovery at each amplitude"),
                                    run.header.simulated)

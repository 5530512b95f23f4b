"""Figures of a pulse train: the first pulse of each amplitude."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.extracting.options import ExtractionOptions
from tsbench.protocols.pulse_train.extraction import pulse_delays
from tsbench.quantities import format_quantity
from tsbench.records import Run


def train_figures(run: Run, options: ExtractionOptions) -> Iterator[NamedFigure]:
    """Yield the first recorded pulse of each amplitude."""
    drawn: set[float] = set()
    for record, segment, delay in pulse_delays(run, options):
        amplitude = float(record.conditions.get("amplitude", 0.0))
        if amplitude in drawn or len(drawn) >= MOST_FIGURES or record.voltage is None or record.current is None:
            continue
        drawn.add(amplitude)
        yield f"pulse_{len(drawn)}", partial(
            figures.pulse_figure,
            record.times,
            record.voltage[segment],
            record.current[segment],
            delay,
            figure_title(run, f"pulse of {format_quantity(amplitude, 'V')}"),
            run.header.simulated,
        )

"""Figures of a stimulus: what was sent, and what the device did, at each amplitude."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.protocols.extracting.facts import parameter
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.stimulus.extraction import sent_levels, stimulus_records
from tsbench.quantities import format_quantity
from tsbench.records import Run


def stimulus_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield stimulus, device voltage and current of the first record of each amplitude, with the spikes."""
    sent, drawn = sent_levels(run), set[float]()
    for record, found in stimulus_records(run):
        amplitude = record.conditions["amplitude"]
        if amplitude in drawn or len(drawn) >= MOST_FIGURES or record.voltage is None or record.current is None:
            continue
        drawn.add(amplitude)
        told = sent.get(amplitude)
        what = f"{parameter(run, 'shape', 'stimulus')} of {format_quantity(amplitude, 'V')}".replace("_", " ")
        yield f"stimulus_{len(drawn)}", partial(
            figures.stimulus_figure, None if told is None else (told.times(), told.values()[0]),
            (record.times, record.voltage[0], record.current[0]), found.spikes, figure_title(run, what),
            run.header.simulated)

"""Figures of an oscillation run: the record at each bias, and frequency against bias."""

from collections.abc import Iterator
from functools import partial

from tsbench.analysis import figures
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.oscillation.extraction import frequencies, frequency_curve, oscillation_records
from tsbench.quantities import format_quantity
from tsbench.records import Run


def oscillation_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the record at each bias, and frequency against bias where there are several."""
    simulated = run.header.simulated
    for number, (record, spikes, found) in enumerate(oscillation_records(run), start=1):
        if number > MOST_FIGURES:
            break
        values, unit = (record.current, "A") if record.voltage is None else (record.voltage, "V")
        if values is None:
            continue
        bias = format_quantity(float(record.conditions.get("bias", 0.0)), "V")
        yield f"bias_{number}", partial(
            figures.oscillation_figure,
            record.times,
            values[0],
            unit,
            spikes,
            found,
            figure_title(run, f"oscillation at a bias of {bias}"),
            simulated,
        )
    biases, results = frequency_curve(frequencies(run))
    if len(results) > 1:
        yield "frequency", lambda: figures.frequency_figure(
            biases, results, figure_title(run, "frequency against bias"), simulated)

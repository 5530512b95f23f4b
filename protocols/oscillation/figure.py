"""Figures of an oscillation run: the record at each bias, the load lines, and frequency against bias."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from tsbench.analysis import figures
from tsbench.protocols.extracting.named_figure import MOST_FIGURES, NamedFigure, figure_title
from tsbench.protocols.oscillation.extraction import curves, frequencies, frequency_curve, oscillation_records
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray, Run

_LOOPS = 3  #: periods of a loop that are drawn
_MOST_LOOPS = 6  #: biases whose loops are drawn


def oscillation_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the record at each bias, current against voltage with the load lines, and frequency against bias."""
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
    loops = _loops(run)
    if loops:
        resistance = run.header.fixture.path_resistance.get("bias", 0.0)
        yield "load_line", lambda: figures.load_line_figure(
            loops, resistance, figure_title(run, "load line"), simulated)
    rows = frequencies(run)
    biases, results = frequency_curve(rows)
    if len(results) > 1:
        yield "frequency", lambda: figures.frequency_figure(
            biases, results, figure_title(run, "frequency against bias"), simulated, curves(rows))


def _loops(run: Run) -> list[tuple[float, FloatArray, FloatArray]]:
    """Return bias, voltage and current of some periods at some biases at which the device oscillates."""
    found: list[tuple[float, FloatArray, FloatArray]] = []
    for record, spikes, oscillation in oscillation_records(run):
        if oscillation.frequency is None or record.voltage is None or record.current is None:
            continue
        part = slice(*np.searchsorted(record.times, spikes.times[[0, min(_LOOPS, spikes.times.size - 1)]]))
        found.append((record.conditions.get("bias", 0.0), record.voltage[0][part], record.current[0][part]))
    few = np.unique(np.linspace(0, len(found) - 1, min(len(found), _MOST_LOOPS)).astype(int)) if found else ()
    return [found[k] for k in few]

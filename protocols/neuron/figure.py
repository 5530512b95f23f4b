"""Figures of a neuron: the four functions with their verdicts, and the response to each amplitude."""

from collections.abc import Iterator

from tsbench.analysis import figures
from tsbench.protocols.extracting.named_figure import NamedFigure, figure_title
from tsbench.protocols.neuron.extraction import neuron_records, pair_recovery, step_responses
from tsbench.records import FloatArray, Run

_MOST = 6  #: amplitudes whose response is drawn


def neuron_figures(run: Run) -> Iterator[NamedFigure]:
    """Yield the four functions, and device voltage and current of one step of each amplitude."""
    found = step_responses(run)
    if not found:
        return
    simulated = run.header.simulated
    yield "functions", lambda: figures.neuron_figure(
        found, pair_recovery(run), figure_title(run, "the four functions of a neuron"), simulated)
    yield "responses", lambda: figures.step_responses_figure(
        _examples(run), figure_title(run, "response to steps"), simulated)


def _examples(run: Run) -> list[tuple[float, FloatArray, FloatArray, FloatArray]]:
    """Return amplitude, times, voltage and current of the first step of some amplitudes."""
    first: dict[float, tuple[float, FloatArray, FloatArray, FloatArray]] = {}
    for record in neuron_records(run):
        if "shot" in record.conditions and record.voltage is not None and record.current is not None:
            amplitude = record.conditions["amplitude"]
            first.setdefault(amplitude, (amplitude, record.times, record.voltage[0], record.current[0]))
    ordered = [first[amplitude] for amplitude in sorted(first, key=abs)]
    return ordered[:: max(-(-len(ordered) // _MOST), 1)]

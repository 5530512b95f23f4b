"""One picture of the 23 firing behaviours: stimulus and response of every experiment."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tsbench.analysis.behaviours.behaviours import BEHAVIOURS
from tsbench.simulated_backends.studies.neurons.experiments import NeuronRecord

COLUMNS = 4


def draw(records: Mapping[str, Sequence[NeuronRecord]], path: Path) -> None:
    """Draw one panel per behaviour; the runs of an experiment follow each other, each from rest to rest."""
    rows = -(-len(records) // COLUMNS)
    figure = Figure(figsize=(13, 1.75 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    cells = figure.subplots(rows, COLUMNS).reshape(-1)
    for cell in cells[len(records):]:
        cell.axis("off")
    for cell, (letter, runs) in zip(cells, records.items(), strict=False):
        unit, name = (1e9, "ns") if runs[0].time[-1] < 1e-6 else (1e6, "µs")
        output = max(float(np.abs(r.response - r.response[0]).max()) for r in runs)
        input_ = max(float(np.abs(r.stimulus).max()) for r in runs)
        begin = 0.0
        for r in runs:
            shown = _interesting(r, output)
            time = (r.time[shown] - r.time[shown][0]) * unit
            cell.plot(begin + time, (r.response[shown] - r.response[0]) / output + 1.6, color="#20508c", linewidth=0.7)
            cell.plot(begin + time, 0.8 * r.stimulus[shown] / input_, color="#b04020", linewidth=0.7)
            begin += float(time[-1]) * 1.06
        cell.set_title(f"{letter}  {BEHAVIOURS[letter]}", fontsize=8, loc="left")
        cell.set_title(f"{output:.2g} V / {input_:.2g} V", fontsize=6, loc="right")
        cell.tick_params(labelsize=6)
        cell.set_yticks([])
        cell.set_xlabel(name, fontsize=6, labelpad=0)
        for side in ("top", "right", "left"):
            cell.spines[side].set_visible(False)
    figure.suptitle(
        "VO2 neurons, one parameter set: output above rest (blue) and stimulus (red), the largest of each at the top "
        "right; runs side by side",
        fontsize=9)
    figure.savefig(path, dpi=110)


def _interesting(record: NeuronRecord, output: float) -> slice:
    """Return the part of a run in which something happens, with a margin."""
    busy = (np.abs(record.stimulus) > 0) | (np.abs(record.response - record.response[0]) > 0.03 * output)
    k = np.flatnonzero(busy)
    first, last = float(record.time[k[0]]), float(record.time[k[-1]])
    margin = 0.15 * (last - first)
    return slice(*(int(i) for i in np.searchsorted(record.time, (first - margin, last + margin))))

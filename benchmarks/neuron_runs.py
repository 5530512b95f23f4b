"""Runs of the neurons of the library, and what is read off them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.analysis.oscillation.spikes import spike_times
from tsbench.records import FloatArray
from tsbench.simulated_backends.studies.neurons.library import neuron
from tsbench.simulated_backends.studies.simulate.simulate import simulate


@dataclass(frozen=True)
class NeuronRecord:
    """One run: time [s], stimulus [V], node voltages [V], and whether all nodes shown came back to rest."""

    time: FloatArray
    stimulus: FloatArray
    nodes: Mapping[str, FloatArray]
    returned: bool


def run(
    name: str, values: Mapping[str, str] | None = None, stimulus: str | None = None, stop: float | None = None,
    outputs: Sequence[str] = ("out",),
) -> NeuronRecord:
    """Run a circuit of the library; ``returned``: within a hundredth of the largest excursion of each output."""
    result = simulate(neuron(name).netlist(values, stimulus, stop), seed=1)
    nodes = {node: result.columns[f"v({node})"] for node in outputs}
    returned = all(
        abs(float(v[-1] - v[0])) < 0.01 * max(float(np.abs(v - v[0]).max()), 0.1) for v in nodes.values())
    return NeuronRecord(result.times, result.columns["v(in)"], nodes, returned)


def spikes_of(record: NeuronRecord, node: str = "out", level: float | None = None) -> FloatArray:
    """Return when a node rises through ``level`` [V] above its start, half its peak unless told.

    Armed again below half of that.
    """
    values = record.nodes[node] - record.nodes[node][0]
    fire = 0.5 * float(values.max()) if level is None else level
    state = np.where(values >= fire, 1, np.where(values < 0.5 * fire, -1, 0))
    known = np.flatnonzero(state)
    rises = np.flatnonzero((state[known[1:]] == 1) & (state[known[:-1]] == -1))
    times: FloatArray = record.time[known[rises + 1]]
    return times


def fired(record: NeuronRecord, node: str = "out", level: float = 0.4) -> int:
    """Return the number of spikes beyond ``level`` [V] above the start."""
    return int(spikes_of(record, node, level).size)


def peak_of(record: NeuronRecord, node: str = "out") -> float:
    """Return the highest voltage of a node [V]."""
    return float(record.nodes[node].max())


def doublet(level: float, width: float, apart: float) -> str:
    """Return two pulses from 10 us on, ``apart`` [s] from start to start, as SPICE text."""
    points = ["0 0"]
    for begin in (10e-6, 10e-6 + apart):
        points += [f"{begin:.9g} 0", f"{begin + 2e-8:.9g} {level}", f"{begin + width:.9g} {level}",
                   f"{begin + width + 2e-8:.9g} 0"]
    return f"PWL({' '.join(points)})"


def frequencies(
    name: str, runs: Sequence[tuple[Mapping[str, str], str | None]], stop: float, node: str = "n1",
) -> FloatArray:
    """Return the rate [Hz] of an oscillation in the later three quarters of each run; 0 where it does not last."""
    if name == "mott_1t1r":
        node = "out"
    found = []
    for values, stimulus in runs:
        record = run(name, values, stimulus, stop, (node,))
        later = record.time > 0.25 * stop
        time, voltage = record.time[later], record.nodes[node][later]
        grid = np.linspace(time[0], time[-1], 20_000)
        spikes = spike_times(grid, np.interp(grid, time, voltage)).times
        lasting = spikes.size > 5 and spikes[-1] > time[-1] - 2 * np.diff(spikes).max()
        found.append(1 / float(np.diff(spikes).mean()) if lasting and float(np.ptp(voltage)) > 0.03 else 0.0)
    return np.array(found)


def linearity(x: FloatArray, y: FloatArray) -> tuple[float, float, float]:
    """Return R2, slope and zero crossing of a line through the points with ``y`` above 0."""
    x, y = x[y > 0], y[y > 0]
    slope, intercept = np.polyfit(x, y, 1)
    rest = y - (slope * x + intercept)
    return float(1 - (rest @ rest) / ((y - y.mean()) @ (y - y.mean()))), float(slope), float(-intercept / slope)

"""The experiments behind the 23 firing behaviours: which circuit, which values, which stimuli; and running them."""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np

from tsbench.netlist import parse_value
from tsbench.records import FloatArray
from tsbench.simulated_backends.studies.neurons.library import neuron
from tsbench.simulated_backends.studies.simulate.simulate import simulate

SAMPLES = 2000  #: evenly spaced ones of a run, beside the steps of the solver


@dataclass(frozen=True)
class StimulatedRun:
    """One run of an experiment: stimulus as SPICE ``PWL`` numbers, and when it stops [s]."""

    stimulus: str
    stop: float


@dataclass(frozen=True)
class NeuronRecord:
    """Time [s], stimulus and response [V] of one run, each of shape (n,)."""

    time: FloatArray
    stimulus: FloatArray
    response: FloatArray


@dataclass(frozen=True)
class Experiment:
    """A circuit of this folder with some of its values replaced, and the runs that show one behaviour."""

    letter: str
    netlist: str  #: name of the circuit in the library
    values: Mapping[str, str]
    runs: tuple[StimulatedRun, ...]

    def netlist_of(self, run: StimulatedRun, values: Mapping[str, str] | None = None) -> str:
        """Return the netlist of one run as SPICE text; ``values`` replace more of its values."""
        chosen = {**self.values, **(values or {})}
        return neuron(self.netlist).netlist(chosen, f"PWL({run.stimulus})", run.stop, SAMPLES)

    def all_values(self) -> Mapping[str, str]:
        """Return all values of the circuit as this experiment has them."""
        return {**neuron(self.netlist).values, **self.values}


@functools.cache
def experiments() -> Mapping[str, Experiment]:
    """Return the experiments by the letter of their behaviour."""
    text = resources.files("tsbench.simulated_backends.studies.neurons").joinpath("behaviours.toml").read_text("utf-8")
    return {
        letter: Experiment(
            letter, table["netlist"], table.get("values", {}),
            tuple(StimulatedRun(run["stimulus"], parse_value(run["stop"])) for run in table["runs"]))
        for letter, table in tomllib.loads(text).items()}


def perform(
    experiment: Experiment, values: Mapping[str, str] | None = None, device: str | None = None, rtol: float = 1e-6,
) -> Sequence[NeuronRecord]:
    """Run an experiment.

    Parameters
    ----------
    experiment : Experiment
        What to run.
    values : mapping
        Parameters of the netlist to replace, beyond the experiment's own.
    device : str
        Another catalogue model in the place of every memristor.
    rtol : float
        Relative tolerance of the integrator.
    """
    records = []
    for run in experiment.runs:
        text = experiment.netlist_of(run, values)
        names = re.findall(r"(?m)^(X\w*)\b", text)
        result = simulate(text, {name: device for name in names} if device else None, rtol=rtol)
        stimulus, response = (np.asarray(result.columns[name]) for name in ("v(in)", "v(out)"))
        records.append(NeuronRecord(result.times, stimulus, response))
    return records

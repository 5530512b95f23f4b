"""The experiments behind the 23 firing behaviours: which circuit, which values, which stimuli; and running them."""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import parse_value
from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.simulate import simulate

SAMPLES = 2000  #: evenly spaced ones of a run, beside the steps of the solver


@dataclass(frozen=True)
class StimulatedRun:
    """One run of an experiment: stimulus as SPICE ``PWL`` numbers, and when it stops [s]."""

    stimulus: str
    stop: float


@dataclass(frozen=True)
class Record:
    """Time [s], stimulus and response [V] of one run, each of shape (n,)."""

    time: FloatArray
    stimulus: FloatArray
    response: FloatArray


@dataclass(frozen=True)
class Experiment:
    """A circuit of this folder with some of its values replaced, and the runs that show one behaviour."""

    letter: str
    netlist: str  #: name of the circuit
    values: Mapping[str, str]
    runs: tuple[StimulatedRun, ...]

    def netlist_of(self, run: StimulatedRun, values: Mapping[str, str] | None = None) -> str:
        """Return the netlist of one run as SPICE text; ``values`` replace more of its parameters."""
        text = netlist_text(self.netlist)
        text = re.sub(r"(?m)^Vin\b.*$", f"Vin in 0 PWL({run.stimulus})", text)
        text = re.sub(r"(?m)^\.tran\b.*$", f".tran {run.stop / SAMPLES:.9g} {run.stop:.9g}", text)
        chosen = {**self.values, **(values or {})}
        known = parameters_of(text)
        for name in chosen:
            if name not in known:
                raise ConfigurationError(f"netlist {self.netlist} has no parameter '{name}'{nearest(name, known)}")
        line = ".param " + " ".join(f"{name}={value}" for name, value in chosen.items())
        return text.replace(".end\n", f"{line}\n.end\n") if chosen else text

    def parameters(self) -> dict[str, str]:
        """Return all parameters of the circuit as this experiment has them."""
        return parameters_of(netlist_text(self.netlist)) | dict(self.values)


def parameters_of(text: str) -> dict[str, str]:
    """Return the names and values on the ``.param`` lines of a netlist."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(re.findall(r"(?m)^\.param (.*)$", text))))


def netlist_text(name: str) -> str:
    """Return a netlist of this folder as SPICE text.

    Raises
    ------
    ConfigurationError
        There is none of that name.
    """
    folder = resources.files("tsbench.simulated_backends.neurons")
    known = sorted(f.name[:-4] for f in folder.iterdir() if f.name.endswith(".cir"))
    if name not in known:
        raise ConfigurationError(f"no neuron '{name}' in the library{nearest(name, known)}")
    return folder.joinpath(f"{name}.cir").read_text("utf-8")


@functools.cache
def experiments() -> Mapping[str, Experiment]:
    """Return the experiments by the letter of their behaviour."""
    text = resources.files("tsbench.simulated_backends.neurons").joinpath("behaviours.toml").read_text("utf-8")
    return {
        letter: Experiment(
            letter, table["netlist"], table.get("values", {}),
            tuple(StimulatedRun(run["stimulus"], parse_value(run["stop"])) for run in table["runs"]))
        for letter, table in tomllib.loads(text).items()}


def perform(
    experiment: Experiment, values: Mapping[str, str] | None = None, device: str | None = None, rtol: float = 1e-6,
) -> Sequence[Record]:
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
        records.append(Record(result.times, np.asarray(result.columns["v(in)"]), np.asarray(result.columns["v(out)"])))
    return records

"""The neurons with a driven gate and with a comparator, at a constant input, against ngspice: the same netlists."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.agreement_waveforms import PERIOD_BAR, VOLTAGE_BAR, Waveform, compare_oscillations, in_ngspice
from benchmarks.report import Line
from tsbench.records import FloatArray
from tsbench.simulated_backends.studies.neurons.library import neuron
from tsbench.simulated_backends.studies.simulate.result import SimulationResult
from tsbench.simulated_backends.studies.simulate.simulate import simulate

STEPS = 100_000  #: that ngspice takes at least
OPTIONS = "reltol=1e-5 abstol=1e-12 vntol=1e-8 method=gear"


@dataclass(frozen=True)
class NeuronCase:
    """A circuit of the library with another input, and the node to compare."""

    name: str
    stimulus: str
    node: str
    stop: float  #: [s]
    settled: float  #: [s] from which on it is compared


NEURON_CASES = (
    NeuronCase("mott_1t1r", "1.3", "out", 20e-6, 10e-6),
    NeuronCase("mott_1t1r", "1.7", "out", 20e-6, 10e-6),
    NeuronCase("mott_1t1r", "SIN(1.5 0.1 50k)", "out", 20e-6, 10e-6),
    NeuronCase("hybrid_cmos", "2.2", "n1", 20e-6, 5e-6),
    NeuronCase("hybrid_cmos", "2.2", "out", 20e-6, 5e-6),
    NeuronCase("hybrid_cmos", "8", "out", 10e-6, 5e-6),
)


@functools.cache
def runs(name: str, stimulus: str, stop: float) -> tuple[SimulationResult, Mapping[str, FloatArray]]:
    """Run a circuit once for all of its nodes, in our engine and in ngspice."""
    text = neuron(name).netlist(stimulus=stimulus, stop=stop)
    card = f".options {OPTIONS}\n.tran {stop / STEPS} {stop} 0 {stop / STEPS} uic"
    return simulate(text), in_ngspice(re.sub(r"(?m)^\.tran .*$", card, text))


def both(case: NeuronCase) -> tuple[Waveform, Waveform]:
    """Return times [s] and the node's voltage [V] of our engine at its usual tolerance, and of ngspice."""
    (own, theirs), column = runs(case.name, case.stimulus, case.stop), f"v({case.node})"
    return (own.times, own.columns[column]), (theirs["time"], theirs[column])


def neuron_lines(case: NeuronCase) -> list[Line]:
    """Return the two lines of a case."""
    own, theirs = both(case)
    period, voltage = compare_oscillations(own, theirs, case.settled)
    label = f"{case.name}, input {case.stimulus}, v({case.node}), ngspice"
    return [
        Line(f"{label}: period", f"{period:+.1e}", f"{PERIOD_BAR:g}", abs(period) <= PERIOD_BAR),
        Line(f"{label}: voltage", f"{voltage:.1e}", f"{VOLTAGE_BAR:g}", voltage <= VOLTAGE_BAR),
    ]

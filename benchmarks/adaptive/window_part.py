"""The search for the oscillation window on the simulated bench, beside the circuit without instruments.

Each seed makes another bench of the example nbo2: other calibration errors of the instruments, another device, load and
capacitance. The truth comes from the circuit alone: at each bias, set from 0 V, it is looked whether the voltage of the
device still swings after the settling time of the protocol. The edges are bisected.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: [V] the range searched, and the width of the brackets
LOWEST, HIGHEST, INTERVAL = 0.8, 3.9, 40e-3
_SETTLE = 1e-3  #: [s]
_SWING = 5e-3  #: [V] peak to peak of the device voltage from which on it oscillates: less than a step of the scope
_LOOKED_AT, _SAMPLES = 30e-6, 600  #: [s] several periods
_TRUTH = 0.5e-3  #: [V] width of the bracket of a true edge
#: examples/nbo2.world.toml as the second output of the generator sees it, with the scope's inputs
_NETLIST = """VG emf 0 0
RO emf gen2 50
RL gen2 dut {load:.9g}
CC smu 0 20p
RS smu dut 2
CP dut 0 {probe:.9g}
R1 dut 0 1meg
C1 dut 0 14p
XDUT dut low nbo2
RSH low 0 50
CL low 0 5p
R2 low 0 1meg
C2 low 0 14p
"""


@dataclass(frozen=True)
class WindowBench:
    """A bench of a seed."""

    seed: int
    load: float  #: [Ohm]
    probe: float  #: [F] beside the scope's input
    factor: float  #: of the device's ``as_``


@dataclass(frozen=True)
class WindowRow:
    """What a search found, beside the truth; None: no edge."""

    records: int
    true: tuple[float | None, float | None]  #: [V] onset and end
    low: tuple[float | None, float | None]
    high: tuple[float | None, float | None]


def window_bench(seed: int) -> WindowBench:
    """Return the bench of a seed."""
    random = np.random.default_rng((seed, 41))
    return WindowBench(seed, random.uniform(3.5e3, 6.5e3), random.uniform(40e-12, 150e-12), random.uniform(0.9, 1.1))


def true_edges(bench: WindowBench) -> tuple[float | None, float | None]:
    """Return onset and end of the oscillation [V]; None where it goes on to the end of the range."""
    biases = np.linspace(LOWEST, HIGHEST, 25)
    swinging = np.array([_oscillates(bench, float(bias)) for bias in biases])
    if not swinging.any():
        return None, None
    first, last = int(np.argmax(swinging)), swinging.size - 1 - int(np.argmax(swinging[::-1]))
    onset = None if first == 0 else _bisected(lambda volts: _oscillates(bench, volts), biases[first - 1], biases[first])
    end = None if last == swinging.size - 1 else _bisected(
        lambda volts: not _oscillates(bench, volts), biases[last], biases[last + 1])
    return onset, end


def _bisected(beyond: Callable[[float], bool], low: float, high: float) -> float:
    while high - low > _TRUTH:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return 0.5 * (low + high)


def _oscillates(bench: WindowBench, bias: float) -> bool:
    from tsbench.netlist import parse_netlist
    from tsbench.simulated_backends.circuit.build import build_circuit
    from tsbench.simulated_backends.circuit.engine import PulseWaveform
    from tsbench.simulated_backends.devices.catalogue import device_model

    model = device_model("nbo2", {"as_": bench.factor * device_model("nbo2", {}).parameters()["as_"]})
    circuit = build_circuit(parse_netlist(_NETLIST.format(load=bench.load, probe=bench.probe)),
                            device_models={"xdut": model, "XDUT": model})
    circuit.set_source("VG", PulseWaveform(0.0, bias, 1e-6, 10e-9, 10e-9, 10.0, 20.0, 1))
    circuit.advance(_SETTLE)
    swing = []
    for time in np.linspace(_SETTLE, _SETTLE + _LOOKED_AT, _SAMPLES):
        circuit.advance(float(time))
        swing.append(circuit.voltage("dut"))
    return bool(np.ptp(swing) > _SWING)


def window_run(seed: int) -> WindowRow:
    """Search the window on the bench of a seed."""
    from tsbench.protocols import protocol_named
    from tsbench.simulated_backends.devices.catalogue import device_model
    from tsbench.station.runner import run_protocol

    bench = window_bench(seed)
    value = bench.factor * device_model("nbo2", {}).parameters()["as_"]
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(sys.stderr):
        folder = Path(name)
        for kind, probe in (("bench", bench.probe + 14e-12), ("world", bench.probe)):
            text = (EXAMPLES / f"nbo2.{kind}.toml").read_text("utf-8")
            text = text.replace("gen2  dut  5k", f"gen2  dut  {bench.load:.9g}").replace(
                f"dut   0    {80 if kind == 'bench' else 66}p", f"dut   0    {probe:.9g}")
            if kind == "world":
                text = text.replace("seed = 1\n", f"seed = {seed}\n", 1) + f"parameters = {{ as_ = {value!r} }}\n"
            (folder / f"nbo2.{kind}.toml").write_text(text, "utf-8")
        os.environ["TSBENCH_WITNESS"] = str(folder / "witness.jsonl")
        settings = protocol_named("oscillation_window").parse({
            "lowest": LOWEST, "highest": HIGHEST, "interval": INTERVAL, "settle": _SETTLE, "longest_period": 20e-6})
        outcome = run_protocol(folder / "nbo2.bench.toml", "D1", settings, folder / "runs")
    onset, end = outcome.results
    return WindowRow(
        int(str(onset.conditions["records"])), true_edges(bench), (onset.low, end.low), (onset.high, end.high))

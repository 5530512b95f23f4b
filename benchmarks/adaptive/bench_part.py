"""The same searches by the protocols on the simulated bench, beside the statistical model of the same devices.

A device of the catalogue whose parameter ``as_`` is drawn anew in each cycle has a threshold that varies from pulse to
pulse. On the circuit alone, without instruments, the threshold amplitude is bisected for three values of ``as_``: that
gives the truth, and with the law of the draws the statistical model. The instruments have no calibration errors here:
the amplitude is the one that the generator is set to, and the interval does not hold the error of the generator.
"""

import contextlib
import math
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.adaptive.population import GAPS, Device
from benchmarks.adaptive.strategies import BUDGET, LOWEST, PERIOD_RATIO, PROBABILITY_WIDTH, THRESHOLD_WIDTH

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
#: relative spread of ``as_`` from cycle to cycle
SPREADS = (1e-3, 0.04, 0.1)
#: [V] beyond it a pulse through the 102 Ohm of the bench may exceed its current limit
LIMIT = 2.0
WIDTH, EDGE = 1e-6, 10e-9
#: spread of ln(recovery time) of ag_sio2, by the counts of examples/ag_sio2.truth.toml
SILVER_SPREAD, SILVER_PERIOD = 0.18, 3.904e-3
#: examples/nbo2.world.toml as the generator sees it, with the scope's inputs
_NETLIST = """VG emf 0 0
RO emf gen1 50
RP gen1 dut 2
CC smu 0 20p
RS smu dut 2
CP dut 0 66p
R1 dut 0 1meg
C1 dut 0 14p
XDUT dut low nbo2
RSH low 0 50
CL low 0 5p
R2 low 0 1meg
C2 low 0 14p
"""


@dataclass(frozen=True)
class BenchRow:
    """One run on the bench."""

    quantity: str
    device: Device  #: its statistical model
    pulses: int
    reached: bool
    covered: bool


@cache
def circuit_threshold(factor: float) -> float:
    """Return the amplitude [V] from which a pulse switches nbo2 with ``as_`` times ``factor``, by the witness."""
    from tsbench.simulated_backends.devices.catalogue import device_model

    value = factor * device_model("nbo2", {}).parameters()["as_"]
    low, high = 0.7, 1.5
    for _ in range(13):
        middle = 0.5 * (low + high)
        low, high = (low, middle) if _switches(value, middle) else (middle, high)
    return 0.5 * (low + high)


def _switches(value: float, amplitude: float) -> bool:
    from tsbench.netlist import parse_netlist
    from tsbench.simulated_backends.circuit.build import build_circuit
    from tsbench.simulated_backends.circuit.engine import PulseWaveform
    from tsbench.simulated_backends.devices.catalogue import device_model
    from tsbench.simulated_backends.witness.log import read_witness
    from tsbench.simulated_backends.witness.witness import Witness

    model = device_model("nbo2", {"as_": value})
    circuit = build_circuit(parse_netlist(_NETLIST), device_models={"xdut": model, "XDUT": model})
    with tempfile.TemporaryDirectory() as folder:
        witness = Witness(Path(folder) / "witness.jsonl", {"XDUT": ("dut", "low")})
        circuit.add_observer(witness)
        witness.connected("XDUT", "D1", model, circuit.time)
        edge = EDGE / 0.8
        circuit.set_source("VG", PulseWaveform(0.0, amplitude, 1e-6, edge, edge, WIDTH, 10e-6, 1))
        circuit.advance(5e-6)
        witness.end(circuit.time)
        return bool(read_witness(Path(folder) / "witness.jsonl").switching_on())


def model_of(spread: float, number: int) -> Device:
    """Return the statistical model of nbo2 with a ``spread`` of ``as_``: log-normal draws, a power law between."""
    middle, above = circuit_threshold(1.0), circuit_threshold(1.1)
    power = math.log(above / middle) / math.log(1.1)
    deviation = max(abs(power) * spread * middle, 1e-5)
    return Device(number, "nbo2", LIMIT, middle, middle, deviation, False, SILVER_PERIOD, SILVER_SPREAD, 1.0)


def bench_run(job: tuple[str, float, int]) -> BenchRow:
    """Run one search on the bench: (quantity, spread of ``as_``, seed)."""
    quantity, spread, seed = job
    device = model_of(spread, seed)
    if quantity == "refractory period":
        result, pulses = _measure("ag_sio2", "A1", "adaptive_refractory", {
            "shortest": GAPS[0], "longest": GAPS[1], "ratio": PERIOD_RATIO, "budget": BUDGET}, "", seed)
        true: float = SILVER_PERIOD
    elif quantity == "threshold amplitude":
        result, pulses = _measure("nbo2", "D1", "adaptive_threshold", {
            "lowest": LOWEST * LIMIT, "highest": 0.97 * LIMIT, "interval": THRESHOLD_WIDTH * LIMIT, "budget": BUDGET},
            f"cycles = {{ spread = {{ as_ = {spread} }} }}", seed)
        true = device.threshold
    else:
        result, pulses = _measure("nbo2", "D1", "firing_probability", {
            "amplitude": device.asked, "interval": PROBABILITY_WIDTH, "budget": BUDGET},
            f"cycles = {{ spread = {{ as_ = {spread} }} }}", seed)
        true = device.probability(device.asked)
    low, high = (-np.inf if result.low is None else result.low, np.inf if result.high is None else result.high)
    return BenchRow(quantity, device, pulses, result.conditions["ended"] == "narrow", bool(low <= true <= high))


def _measure(bench: str, device: str, protocol: str, values: dict[str, Any], more: str, seed: int) -> tuple[Any, int]:
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import run_protocol
    from tsbench.storage import read_run

    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(sys.stderr):
        folder = Path(name)
        shutil.copy(EXAMPLES / f"{bench}.bench.toml", folder)
        world = (EXAMPLES / f"{bench}.world.toml").read_text("utf-8").replace(
            "seed = 1\n", f"seed = {seed}\nimperfections = false\n", 1)
        (folder / f"{bench}.world.toml").write_text(f"{world}\n{more}\n", "utf-8")
        os.environ["TSBENCH_WITNESS"] = str(folder / "witness.jsonl")
        outcome = run_protocol(folder / f"{bench}.bench.toml", device, protocol_named(protocol).parse(values),
                               folder / "runs")
        assert outcome.path is not None
        return outcome.results[0], read_run(outcome.path).column("time").size

"""The same searches by the protocols on the simulated bench, beside the statistical model of the same devices.

A device of the catalogue whose parameter ``as_`` is drawn anew when it has switched has a threshold that stays until
then. On the circuit alone, without instruments, the threshold amplitude is bisected for three values of ``as_``: that
gives the truth, and with the law of the draws the statistical model. In most rows, the instruments have no calibration
errors, and the interval is the one that ended the search; in those with the instruments' imperfections, it is that of
the result, which holds the accuracy of the generator.
"""

import contextlib
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
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
HIGHEST = 0.97 * LIMIT  #: [V] of a search; as conditioning pulse, it fires nbo2 for every ``as_`` that is drawn
RESEMBLES = 0.5  #: of the persistence of ``as_``: the middle of what PHYSICS.md Part II section 6 assumes, 0.3 to 0.6
#: spread of ln(recovery time) of ag_sio2, by the counts of examples/ag_sio2.truth.toml
SILVER_SPREAD, SILVER_PERIOD = 0.19, 3.749e-3
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
class BenchJob:
    """One search on the bench."""

    quantity: str
    spread: float  #: of ``as_``
    seed: int
    conditioning: bool = False
    resembles: float = 0.0  #: correlation of ``as_`` with the one before
    imperfections: bool = False

    @property
    def kind(self) -> str:
        """What is told of the device and the protocol, without the seed."""
        parts = ["conditioning pulses" if self.conditioning else "",
                 f"successive thresholds correlate by {self.resembles:g}" if self.resembles else "",
                 "instruments with their imperfections" if self.imperfections else ""]
        return ", ".join(part for part in parts if part)


@dataclass(frozen=True)
class BenchRow:
    """What one search on the bench took."""

    pulses: int  #: that count
    conditioning: int  #: beside these
    covered: bool
    dependent: bool  #: whether the result says that outcomes depend on each other


def bench_jobs(runs: int) -> list[BenchJob]:
    """Return the searches, ``runs`` of each kind and spread; of pairs, twice as many."""
    jobs = []
    for number in range(1, runs + 1):  # each with draws of its own: so the runs are independent of each other
        little, some = (BenchJob("threshold amplitude", spread, number) for spread in SPREADS[:2])
        jobs += [
            little, some, replace(some, seed=number + 200, conditioning=True),
            BenchJob("threshold amplitude", SPREADS[2], number + 300, True),
            replace(some, seed=number + 400, conditioning=True, resembles=RESEMBLES),
            replace(some, seed=number + 500, conditioning=True, imperfections=True),
            BenchJob("firing probability", SPREADS[1], number + 600, True),
            BenchJob("firing probability", SPREADS[2], number + 700, True)]
        jobs += [BenchJob("refractory period", 0.0, each) for each in (2 * number - 1, 2 * number)]
    return jobs


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


def model_of(job: BenchJob) -> Device:
    """Return the statistical model of a job: log-normal draws of ``as_``, a power law between it and the threshold."""
    middle, above = circuit_threshold(1.0), circuit_threshold(1.1)
    power = math.log(above / middle) / math.log(1.1)
    deviation = max(abs(power) * job.spread * middle, 1e-5)
    return Device(job.seed, "nbo2", LIMIT, middle, middle, deviation, False, SILVER_PERIOD, SILVER_SPREAD, 1.0,
                  resembles=None if job.conditioning and not job.resembles else job.resembles)


@dataclass(frozen=True)
class Asked:
    """What a job asks of the bench, and what is true."""

    bench: str
    device: str
    protocol: str
    values: Mapping[str, Any]  #: of the parameters of the protocol
    true: float


def asked_of(job: BenchJob) -> Asked:
    """Return the protocol of a job with its parameters, and the true value."""
    if job.quantity == "refractory period":
        return Asked("ag_sio2", "A1", "adaptive_refractory", {
            "shortest": GAPS[0], "longest": GAPS[1], "ratio": PERIOD_RATIO, "budget": BUDGET}, SILVER_PERIOD)
    device, more = model_of(job), {"conditioning": HIGHEST} if job.conditioning else {}
    if job.quantity == "threshold amplitude":
        return Asked("nbo2", "D1", "adaptive_threshold", {
            "lowest": LOWEST * LIMIT, "highest": HIGHEST, "interval": THRESHOLD_WIDTH * LIMIT, "budget": BUDGET,
            **more}, device.threshold)
    return Asked("nbo2", "D1", "firing_probability", {
        "amplitude": device.asked, "interval": PROBABILITY_WIDTH, "budget": BUDGET, **more},
        device.probability(device.asked))


def bench_run(job: BenchJob) -> BenchRow:
    """Run one search on the bench."""
    asked = asked_of(job)
    return _row(job, asked.true, *_measure(asked, job))


def _row(job: BenchJob, true: float, result: Any, run: Any) -> BenchRow:
    low, high = run.column("low")[-1], run.column("high")[-1]
    if job.imperfections:
        low, high = (-np.inf if result.low is None else result.low, np.inf if result.high is None else result.high)
    conditioning = int(run.column("conditioning").sum()) if job.quantity != "refractory period" else 0
    return BenchRow(run.points.shape[0] - conditioning, conditioning, bool(low <= true <= high),
                    "dependent" in result.flags.names())


def _measure(asked: Asked, job: BenchJob) -> tuple[Any, Any]:
    """Return the first result and the stored run of one measurement."""
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import run_protocol
    from tsbench.storage import read_run

    imperfections = "" if job.imperfections else "imperfections = false\n"
    cycles = f"cycles = {{ spread = {{ as_ = {job.spread} }}, persistence = {job.resembles} }}" if job.spread else ""
    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(sys.stderr):
        folder = Path(name)
        shutil.copy(EXAMPLES / f"{asked.bench}.bench.toml", folder)
        world = (EXAMPLES / f"{asked.bench}.world.toml").read_text("utf-8").replace(
            "seed = 1\n", f"seed = {job.seed}\n{imperfections}", 1)
        (folder / f"{asked.bench}.world.toml").write_text(f"{world}\n{cycles}\n", "utf-8")
        os.environ["TSBENCH_WITNESS"] = str(folder / "witness.jsonl")
        outcome = run_protocol(folder / f"{asked.bench}.bench.toml", asked.device,
                               protocol_named(asked.protocol).parse(dict(asked.values)), folder / "runs")
        assert outcome.path is not None
        return outcome.results[0], read_run(outcome.path)

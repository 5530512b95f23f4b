"""Coverage of what is extracted of the stochastic Ag/SiO2 device: ``python -m benchmarks.stochastic [--seeds N]``.

Each seed is a world of its own: another path of the device, other noise and calibration errors. Truth, by the witness:
the mean switching delay and the median and mean relaxation time of the very events measured; threshold and hold voltage
of the cycle; and for the refractory period, which is a property of the device and not of the events, at least 10^4
pairs simulated on the circuit alone (``--trials``): the gap at which the second pulse fires half as often as after a
long gap.
"""

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Line, report

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
DEVICE = "A1"
#: quantity -> largest median relative half-width; None: shown only
WIDTH_BARS = {
    "threshold_voltage": 0.05, "hold_voltage": None, "switching_delay_mean": 0.30, "relaxation_time_median": 0.30,
    "relaxation_time_mean": 0.30, "refractory_period": 0.30,
}
COVERAGE_BAR = 34 / 40
#: the pairs of the protocol's defaults
AMPLITUDE, BASE, WIDTH, EDGE, REST = 1.4, 0.1, 1e-3, 1e-6 / 0.8, 50e-3
#: what the bench is, seen from the generator: as examples/ag_sio2.world.toml, with the scope's inputs
_NETLIST = """VG emf 0 0.1
RO emf gen1 50
RP gen1 dut 100k
RS smu dut 2
CC smu 0 20p
CP dut 0 66p
R1 dut 0 1meg
C1 dut 0 14p
XDUT dut low ag_sio2
RSH low 0 10k
CL low 0 5p
R2 low 0 1meg
C2 low 0 14p
"""
TRUTH_GAPS = (2.0e-3, 2.6e-3, 3.0e-3, 3.4e-3, 3.8e-3, 4.2e-3, 4.7e-3, 5.4e-3, 30e-3)


def simulated_pairs(gap: float, pairs: int, seed: int) -> tuple[float, int, int]:
    """Return (gap, first pulses that fired, second pulses that fired after those), by the witness, on the circuit."""
    from tsbench.netlist import parse_netlist
    from tsbench.simulated_backends.circuit.build import build_circuit
    from tsbench.simulated_backends.circuit.engine import PulseTrain
    from tsbench.simulated_backends.devices.catalogue import device_model
    from tsbench.simulated_backends.witness import Witness
    from tsbench.simulated_backends.witness_log import read_witness

    model = device_model("ag_sio2", {"seed": float(seed)})
    circuit = build_circuit(parse_netlist(_NETLIST), device_models={"xdut": model, "XDUT": model})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "witness.jsonl"
        witness = Witness(path, ("dut", "low"), "XDUT")
        circuit.add_observer(witness)
        witness.connected("A1", model, circuit.time)
        starts, begin = [], circuit.time + REST
        for _ in range(pairs):
            circuit.set_source("VG", PulseTrain(BASE, BASE + AMPLITUDE, begin, EDGE, EDGE, WIDTH, WIDTH + gap, 2))
            starts.append(begin)
            end = begin + 2 * WIDTH + gap
            circuit.advance(end + REST / 2)
            begin = end + REST
        witness.end(circuit.time)
        log, first = read_witness(path), np.array(starts)
    fired = log.fired(first, first + WIDTH)
    again = log.fired(first + WIDTH + gap, first + 2 * WIDTH + gap)
    return gap, int(fired.sum()), int((fired & again).sum())


def refractory_truth(trials: int, pool: ProcessPoolExecutor) -> tuple[float, list[tuple[float, int, int]]]:
    """Return the true refractory period [s] from ``trials`` pairs, and the counts by gap."""
    each, parts = -(-trials // len(TRUTH_GAPS)), 4
    jobs = [(gap, -(-each // parts), 1000 + 10 * k + part) for k, gap in enumerate(TRUTH_GAPS) for part in range(parts)]
    counts: dict[float, list[int]] = {gap: [0, 0] for gap in TRUTH_GAPS}
    for gap, fired, again in pool.map(simulated_pairs, *zip(*jobs, strict=True)):
        counts[gap][0] += fired
        counts[gap][1] += again
    rows = [(gap, fired, again) for gap, (fired, again) in counts.items()]
    share = np.array([again / fired for _, fired, again in rows])
    half = 0.5 * share[-1]
    x = np.log([gap for gap, _, _ in rows[:-1]])
    k = int(np.flatnonzero(share[:-1] >= half)[0])
    return float(np.exp(np.interp(half, share[k - 1 : k + 1], x[k - 1 : k + 1]))), rows


def measure(seed: int, repeats: int, protocols: tuple[str, ...]) -> list[dict[str, Any]]:
    """Measure one seed's world; return its rows, each with ``true`` where the witness's events tell it."""
    from tsbench.protocols import protocol_named
    from tsbench.runner import run_protocol
    from tsbench.simulated_backends.witness_log import read_witness
    from tsbench.storage import read_run

    rows: list[dict[str, Any]] = []
    runs = (
        ("paired_pulse", {"repeats": repeats}),
        ("relaxation", {}),
        ("iv_sweep", {"start": 0.5, "stop": 1.3, "compliance": 10e-6}),
    )
    for name, parameters in runs:
        if name not in protocols:
            continue
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            for kind in ("bench", "world"):
                shutil.copy(EXAMPLES / f"ag_sio2.{kind}.toml", folder)
            world = folder / "ag_sio2.world.toml"
            world.write_text(re.sub(r"(?m)^seed = \d+", f"seed = {seed}", world.read_text("utf-8")), "utf-8")
            os.environ["TSBENCH_WITNESS"] = str(folder / "witness.jsonl")
            bench = folder / "ag_sio2.bench.toml"
            outcome = run_protocol(bench, DEVICE, protocol_named(name).parse(parameters), folder)
            if outcome.path is None:
                raise RuntimeError(f"seed {seed}: {name} ended with {outcome.status}: {outcome.reason}")
            run, log = read_run(outcome.path), read_witness(folder / "witness.jsonl")
        truth = _TRUTHS[name](run, log)
        for result in outcome.results:
            if result.quantity in WIDTH_BARS:
                row = result.row(DEVICE, name, run.header.run_id)
                rows.append({**row, "seed": seed, "true": truth.get(result.quantity)})
    return rows


def _delay_truth(run: Any, log: Any) -> dict[str, float]:
    """Return the mean delay of the first pulses of pairs."""
    times, on = run.column("time"), log.switching_on()
    last = times + run.column("width") + np.minimum(run.column("gap"), 2e-3)
    found = []
    for start, end in zip(times, last, strict=True):
        mine = [event.delay for event in on if start < event.time < end and event.delay is not None]
        found += mine[:1]
    return {"switching_delay_mean": float(np.mean(found))}


def _relaxation_truth(run: Any, log: Any) -> dict[str, float]:
    """Return median and mean relaxation time at the levels that were measured: the conductances they stand for."""
    base = float(run.header.parameters["base"]["value"])
    resistance = run.header.fixture.path_resistance["pulser"]
    levels = [r.conditions["level"] for r in run.results if r.quantity == "relaxation_time" and "level" in r.conditions]
    level = float(np.median(levels))
    times = [event.until(level / (base - level * resistance)) for event in log.relaxations()]
    known = np.array([time for time in times if time is not None])
    return {"relaxation_time_median": float(np.median(known)), "relaxation_time_mean": float(np.mean(known))}


def _sweep_truth(run: Any, log: Any) -> dict[str, float]:
    on, off = log.switching_on(), log.switching_off()
    found = {"threshold_voltage": on[0].threshold} if on else {}
    return {**found, "hold_voltage": off[-1].hold} if off else found


_TRUTHS = {"paired_pulse": _delay_truth, "relaxation": _relaxation_truth, "iv_sweep": _sweep_truth}


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=40)
    parser.add_argument("--quick", action="store_true", help="4 seeds, 1000 trials")
    parser.add_argument("--trials", type=int, default=10_000, help="simulated pairs for the true refractory period")
    parser.add_argument("--repeats", type=int, default=20, help="pairs at each gap")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--rows", type=Path, help="write all rows here as JSON")
    parser.add_argument("--protocols", nargs="+", choices=list(_TRUTHS), default=list(_TRUTHS))
    arguments = parser.parse_args()
    seeds = range(1, (4 if arguments.quick else arguments.seeds) + 1)
    trials = 1000 if arguments.quick else arguments.trials
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with ProcessPoolExecutor(arguments.workers) as pool:
        period, counts = refractory_truth(trials, pool)
        print(f"refractory period {period:.4g} s by {sum(c[1] for c in counts)} pairs: {counts}", file=sys.stderr)
        jobs = [(seed, arguments.repeats, tuple(arguments.protocols)) for seed in seeds]
        for number, rows in enumerate(pool.map(measure, *zip(*jobs, strict=True)), start=1):
            for row in rows:
                if row["quantity"] == "refractory_period":
                    row["true"] = period
                grouped[row["quantity"]].append(row)
            print(f"seed {number} of {len(seeds)}", file=sys.stderr)
            if arguments.rows:
                arguments.rows.write_text(json.dumps(grouped, indent=1), "utf-8")
    lines = [Line("refractory period by simulated pairs", f"{1e3 * period:.3f} ms, {trials} pairs", "shown", True)]
    for quantity, bar in WIDTH_BARS.items():
        if grouped[quantity]:
            lines += _lines(quantity, grouped[quantity], bar, len(seeds))
    what = f"{len(seeds)} seeds of the Ag/SiO2 bench, {arguments.repeats} pairs at each gap"
    return report("stochastic", what, lines)


def _lines(quantity: str, rows: list[dict[str, Any]], bar: float | None, seeds: int) -> list[Line]:
    known = [row for row in rows if row["true"] is not None]
    whole = [row for row in known if None not in (row["low"], row["high"])]
    covered = sum(row["low"] <= row["true"] <= row["high"] for row in whole)
    width = float(np.median([(row["high"] - row["low"]) / 2 / row["true"] for row in whole])) if whole else float("nan")
    bias = [row["value"] / row["true"] - 1 for row in known if row["value"] is not None]
    enough = int(np.ceil(COVERAGE_BAR * seeds))
    return [
        Line(f"{quantity}: intervals that hold the truth", f"{covered} of {len(rows)}",
             f">= {enough}" if bar else "shown", covered >= enough or not bar),
        Line(f"{quantity}: median half-width", f"{100 * width:.2f} %", f"<= {100 * bar:g} %" if bar else "shown",
             not bar or width <= bar),
        Line(f"{quantity}: mean and worst deviation", "no value" if not bias else
             f"{100 * np.mean(bias):+.2f} %, {100 * np.max(np.abs(bias)):.2f} %", "shown", True),
    ]


if __name__ == "__main__":
    sys.exit(main())

"""Devices that live, measured: ``python -m benchmarks.lives [--quick]``.

The bench of the demo with ``[devices.D1.cycles]`` in its world file. Spread from cycle to cycle: the thresholds and
holds of many sweeps beside the witness's; since every cycle lies elsewhere between two set-points, the coverage of the
intervals is tested harder than by one device. Forming: first sweeps of virgin devices. Wear: trains of pulses on
devices until they stay on, and the distribution of lives found.
"""

import argparse
import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.report import INFORMATION, Line, report
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness

EXAMPLES = Path(__file__).parent.parent / "examples"
SPREAD, PERSISTENCE = 0.06, 0.5
SWEEP = {"start": "0.8 V", "stop": "1.2 V", "step": "4 mV", "nplc": 0.05, "cycles": 25}
ENDURANCE, SHAPE, MOST = 40.0, 2.0, 150   #: cycles, Weibull shape, pulses sent


@dataclass(frozen=True)
class Measured:
    """A run's results as (quantity, value, low, high) in order, and what the witness saw."""

    results: list[tuple[str, float | None, float | None, float | None]]
    witness: WitnessLog


def measure(protocol: str, parameters: dict[str, Any], cycles: str, seed: int) -> Measured:
    """Run a protocol on the demo's bench with the cycles that a table says."""
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import run_protocol

    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(sys.stderr):
        folder = Path(name)
        shutil.copy(EXAMPLES / "nbo2.bench.toml", folder)
        world = (EXAMPLES / "nbo2.world.toml").read_text("utf-8").replace("seed = 1\n", f"seed = {seed}\n", 1)
        (folder / "nbo2.world.toml").write_text(f"{world}\n[devices.D1.cycles]\n{cycles}\n", "utf-8")
        os.environ["TSBENCH_WITNESS"] = str(folder / "witness.jsonl")
        outcome = run_protocol(
            folder / "nbo2.bench.toml", "D1", protocol_named(protocol).parse(parameters), folder / "runs")
        results = [(r.quantity, r.value, r.low, r.high) for r in outcome.results]
        return Measured(results, read_witness(folder / "witness.jsonl"))


def sweeps(seed: int) -> list[tuple[str, float, float, float, float]]:
    """Return (quantity, true, value, low, high) of every cycle of one run of sweeps."""
    done = measure("iv_sweep", SWEEP, f"spread = {{ as_ = {SPREAD} }}\npersistence = {PERSISTENCE}", seed)
    true = {"threshold_voltage": [event.threshold for event in done.witness.switching_on()],
            "hold_voltage": [event.hold for event in done.witness.switching_off()]}
    rows = []
    for quantity, values in true.items():
        found = [row for row in done.results if row[0] == quantity]
        assert len(found) == len(values) == SWEEP["cycles"], f"{quantity}: {len(found)} found, {len(values)} true"
        rows += [(quantity, truth, *(np.nan if v is None else v for v in row[1:]))
                 for row, truth in zip(found, values, strict=True)]
    return rows


def forming(seed: int) -> tuple[float, float, float, float]:
    """Return true and found voltage of forming and of the next switching."""
    done = measure("iv_sweep", {**SWEEP, "stop": "1.5 V", "cycles": 2}, "virgin = { as_ = 0.6 }", seed)
    first, second = (event.threshold for event in done.witness.switching_on()[:2])
    found = [row[1] for row in done.results if row[0] == "threshold_voltage"]
    return first, found[0] or np.nan, second, found[1] or np.nan


def wear(seed: int) -> tuple[int, int]:
    """Return how many cycles a device lived by the witness, and how many by the results.

    That is the pulses that switched it, and the one before the train by which the scope's range is set.
    """
    done = measure(
        "pulse_train", {"count": MOST}, f"endurance = {ENDURANCE}\nendurance_shape = {SHAPE}", seed)
    ends = [int(record["cycles"]) for record in done.witness.of_kind("changed")]
    found = sum(1 for quantity, value, _, _ in done.results if quantity == "switching_delay" and value is not None)
    return (ends[0] if ends else MOST), found + 1


def _spread_lines(rows: Iterable[tuple[str, float, float, float, float]], runs: int) -> list[Line]:
    lines = []
    everything = list(rows)
    for quantity in ("threshold_voltage", "hold_voltage"):
        true, value, low, high = np.array([row[1:] for row in everything if row[0] == quantity]).T
        held = int(((low <= true) & (true <= high)).sum())
        by_run = value.reshape(runs, -1), true.reshape(runs, -1)
        memory = [
            float(np.mean([np.corrcoef(run[1:], run[:-1])[0, 1] for run in part])) for part in by_run]
        ratio = float(value.std(ddof=1) / true.std(ddof=1))
        count = true.size
        lines += [
            Line(f"{quantity}: cycles whose interval contains the true value", f"{held} of {count}",
                 f">= {int(0.9 * count)}", held >= int(0.9 * count)),
            Line(f"{quantity}: spread, measured and true",
                 f"{1e3 * value.std(ddof=1):.2f}, {1e3 * true.std(ddof=1):.2f} mV",
                 "within 5 %", abs(ratio - 1) <= 0.05),
            Line(f"{quantity}: mean and worst deviation",
                 f"{1e3 * (value - true).mean():+.2f}, {1e3 * abs(value - true).max():.2f} mV", INFORMATION, True),
            Line(f"{quantity}: correlation with the previous cycle, measured and true",
                 f"{memory[0]:.2f}, {memory[1]:.2f}", "within 0.05", abs(memory[0] - memory[1]) <= 0.05)]
    return lines


def _wear_lines(lives: list[tuple[int, int]]) -> list[Line]:
    true, found = np.array(lives).T
    whole = true < MOST
    shape, _, scale = stats.weibull_min.fit(found[whole] - 0.5, floc=0)
    agreement = stats.kstest(found[whole] - 0.5, stats.weibull_min(SHAPE, scale=ENDURANCE).cdf).pvalue
    return [
        Line("wear: devices whose life is measured exactly", f"{int((true == found).sum())} of {true.size}",
             "at least 19 of 20", (true == found).sum() >= 0.95 * true.size),
        Line("wear: Weibull scale and shape of the measured lives", f"{scale:.1f} cycles, {shape:.2f}",
             f"{ENDURANCE:g}, {SHAPE:g}: Kolmogorov-Smirnov p = {agreement:.2f} > 0.05", agreement > 0.05)]


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer devices, the same checks")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    runs, devices = (2, 12) if arguments.quick else (8, 60)
    lines = []
    with ProcessPoolExecutor(arguments.workers) as pool:
        lines += _spread_lines((row for rows in pool.map(sweeps, range(1, runs + 1)) for row in rows), runs)
        formed = np.array(list(pool.map(forming, range(1, 4))))
        worst = float(abs(np.concatenate([formed[:, 1] / formed[:, 0], formed[:, 3] / formed[:, 2]]) - 1).max())
        lines.append(Line(
            "forming: first and second threshold, largest deviation",
            f"{formed[0, 1]:.3f}, {formed[0, 3]:.3f} V, {100 * worst:.2f} %", "<= 0.5 %", worst <= 5e-3))
        lines += _wear_lines(list(pool.map(wear, range(1, devices + 1))))
    title = f"{runs} runs of {SWEEP['cycles']} sweeps with nbo2, and {devices} devices worn out"
    return report("lives", title, lines)


if __name__ == "__main__":
    sys.exit(main())

"""Protocols of the device as a switch beside the witness: ``python -m benchmarks.switch_protocols [--quick]``.

Forming, endurance, pulsed I-V, retention, telegraph noise and a temperature series on copies of the example benches.
Every device is drawn anew (device-to-device variation of the catalogue), and so are its life and its noise. For each
quantity, the table counts how many intervals contain the true value, and how many results without a flag there are.
"""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from benchmarks.report import INFORMATION, Line, report
from tsbench.records import Flag, Result
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness

EXAMPLES = Path(__file__).parent.parent / "examples"
#: flags that say that a number is only a bound, or in doubt
DOUBT = Flag.CENSORED | Flag.AMBIGUOUS | Flag.NO_EVENT
LEVEL = 0.01  #: an exact binomial test of 95 % coverage fails below this probability
HEATED = """
[instruments.lakeshore]
model = "lakeshore_336"
resource = "TCPIP0::10.0.0.3::7777::SOCKET"
[chuck]
temperature = 296
heater = "lakeshore.1"
sensor = "lakeshore.A"
"""
CONTROLLED = """
[instruments.lakeshore]
driver = "lakeshore_33x"
resource = "TCPIP0::10.0.0.3::7777::SOCKET"
[temperature]
instrument = "lakeshore"
settling = "10 s"
"""


@dataclass(frozen=True)
class Trial:
    """One result beside the true value."""

    quantity: str
    true: float
    result: Result

    @property
    def doubted(self) -> bool:
        """Whether the result says itself that its value is a bound or in doubt."""
        return bool(self.result.flags & DOUBT) or self.result.value is None

    @property
    def holds(self) -> bool:
        """Whether the interval, or the bound, contains the true value."""
        low, high = self.result.low, self.result.high
        return (low is None or low <= self.true) and (high is None or self.true <= high)


def measured(
    bench: str, device: str, protocol: str, parameters: dict[str, Any], seed: int, world: str = "",
    controlled: str = "",
) -> tuple[list[Result], WitnessLog]:
    """Run a protocol on a copy of an example bench; return its results and what the witness saw."""
    from tsbench.protocols import protocol_named
    from tsbench.station.runner import run_protocol

    with tempfile.TemporaryDirectory() as name, contextlib.redirect_stdout(sys.stderr):
        folder = Path(name)
        for kind, more in (("bench", controlled), ("world", world)):
            shutil.copy(EXAMPLES / f"{bench}.{kind}.toml", folder)
            path = folder / f"{bench}.{kind}.toml"
            text = path.read_text("utf-8").replace("seed = 1\n", f"seed = {seed}\n", 1)
            if kind == "world":
                text = text.replace(f"[devices.{device}]\n", f"[devices.{device}]\nseed = {seed}\n")
            path.write_text(text + more, "utf-8")
        os.environ["TSBENCH_WITNESS"] = str(folder / "witness.jsonl")
        outcome = run_protocol(folder / f"{bench}.bench.toml", device, protocol_named(protocol).parse(parameters),
                               folder / "runs")
        return list(outcome.results), read_witness(folder / "witness.jsonl")


def of(results: list[Result], quantity: str) -> Result:
    """Return the only result of a quantity, or one without a value where there is none."""
    return next((row for row in results if row.quantity == quantity),
                Result(quantity, "", None, None, None, "", {}, Flag.NO_EVENT))


def forming(seed: int) -> Iterator[Trial]:
    """Yield forming voltage, the next switching voltage, and their difference, of a fresh NbO2 device."""
    share = np.random.default_rng(seed).uniform(0.4, 0.7)
    results, witness = measured(
        "nbo2", "D1", "forming", {"start": "0.7 V", "stop": "2 V", "step": "10 mV", "nplc": 0.1, "dwell": "1 ms",
                                  "compliance": "20 uA, 1 mA"}, seed,
        f"[devices.D1.cycles]\nvirgin = {{ as_ = {share:.4f} }}\n")
    on = [event.threshold for event in witness.switching_on()]
    if len(on) == 2:
        yield Trial("forming voltage", on[0], of(results, "forming_voltage"))
        yield Trial("switching voltage after forming", on[1], of(results, "switching_voltage_after_forming"))
        yield Trial("forming shift", on[0] - on[1], of(results, "forming_shift"))


def endurance(seed: int) -> Iterator[Trial]:
    """Yield the cycles to failure of a device whose life is drawn from a Weibull distribution."""
    results, witness = measured(
        "nbo2", "D1", "endurance", {"amplitude": "1.5 V", "cycles": 80, "batch": 20, "failures": 3}, seed,
        "[devices.D1.cycles]\nendurance = 25\nendurance_shape = 1.5\n")
    ends = [float(record["cycles"]) for record in witness.of_kind("changed")]
    yield Trial("cycles to failure", ends[0] if ends else np.inf, of(results, "cycles_to_failure"))


def pulsed(seed: int) -> Iterator[Trial]:
    """Yield the threshold of pulses: the true one lies between the highest quiet and the lowest firing height."""
    results, witness = measured(
        "nbo2", "D1", "pulsed_iv", {"start": "0.7 V", "stop": "1.5 V", "points": 17, "repeats": 1}, seed)
    on = [event.threshold for event in witness.switching_on()]
    if on:   # no higher voltage than that at which the lowest firing pulse switched
        yield Trial("threshold of pulses", min(on), of(results, "pulse_threshold_voltage"))


def retention(seed: int) -> Iterator[Trial]:
    """Yield the retention time of a silver filament after each stimulus."""
    results, witness = measured(
        "ag_sio2", "A1", "retention",
        {"compliance": "80 uA", "repeats": 3, "last": "3 s", "points": 24, "rest": "0.2 s"}, seed)
    true = [one.until(1e-6) for one in witness.relaxations()]
    found = [row for row in results if row.quantity == "retention_time"]
    if len(found) == len(true):
        yield from (Trial("retention time", one, row) for one, row in zip(true, found, strict=True) if one is not None)


def telegraph(seed: int) -> Iterator[Trial]:
    """Yield amplitude and mean times of telegraph noise of drawn size and speed."""
    random = np.random.default_rng(seed)
    amplitude, low, high = random.uniform(0.01, 0.1), *(10 ** random.uniform(-2.3, -1.3, 2))
    results, _ = measured(
        "nbo2", "D1", "telegraph_noise", {"bias": "0.3 V", "samples": 2000, "nplc": 0.01}, seed,
        f'[[devices.D1.noise]]\nkind = "telegraph"\nparameter = "as_"\namplitude = {amplitude:.5f}\n'
        f"time_low = {low:.6f}\ntime_high = {high:.6f}\n")
    yield Trial("mean time in the low level", low, of(results, "mean_time_low"))
    yield Trial("mean time in the high level", high, of(results, "mean_time_high"))


def temperature(seed: int) -> Iterator[Trial]:
    """Yield the slopes of threshold and hold over the temperature."""
    at = (300.0, 310.0, 320.0)
    results, witness = measured(
        "nbo2", "D1", "temperature_series",
        {"start": "0.4 V", "stop": "1.4 V", "step": "5 mV", "temperature": list(at), "nplc": 0.1,
         "check_oscillation": False}, seed, HEATED, CONTROLLED)
    for quantity, true in (("threshold", [event.threshold for event in witness.switching_on()]),
                           ("hold", [event.hold for event in witness.switching_off()])):
        if len(true) == len(at):
            yield Trial(f"slope of the {quantity} voltage over temperature", float(np.polyfit(at, true, 1)[0]),
                        of(results, f"{quantity}_voltage_slope"))


#: case -> runs, runs of --quick
CASES: dict[Callable[[int], Iterator[Trial]], tuple[int, int]] = {
    forming: (20, 4), endurance: (20, 4), pulsed: (20, 4), retention: (16, 2), telegraph: (30, 4), temperature: (8, 2)}


def lines_of(trials: list[Trial]) -> Iterator[Line]:
    """Yield a line for each quantity: coverage of what is not in doubt, by an exact test; and how much is in doubt."""
    for quantity in dict.fromkeys(trial.quantity for trial in trials):
        mine = [trial for trial in trials if trial.quantity == quantity]
        sure = [trial for trial in mine if not trial.doubted]
        held, count = sum(trial.holds for trial in sure), len(sure)
        # at least 95 %: a bracket of set-points may hold more
        chance = float(stats.binom.cdf(held, count, 0.95)) if count else 0.0
        yield Line(f"{quantity}: intervals that contain the true value", f"{held} of {count}",
                   f"95 % or more (exact test at {LEVEL:g}: p = {chance:.2g})", bool(count) and chance >= LEVEL)
        doubted = [trial for trial in mine if trial.doubted]
        if doubted:
            bounds = sum(trial.holds for trial in doubted)
            yield Line(f"{quantity}: results in doubt or bounded on one side", f"{len(doubted)} of {len(mine)}; "
                       f"{bounds} of their bounds contain the true value", INFORMATION, True)
        off = [abs(trial.result.value / trial.true - 1) for trial in sure
               if trial.result.value is not None and np.isfinite(trial.true) and trial.true]
        if off:
            yield Line(f"{quantity}: median relative deviation", f"{100 * float(np.median(off)):.2g} %", INFORMATION,
                       True)


def seen_trials(path: Path | None) -> dict[str, list[Trial]]:
    """Return the trials of a file by case and seed; none where there is no file."""
    if path is None or not path.exists():
        return {}
    rows = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return {row["key"]: [
        Trial(one["quantity"], float(one["true"]), Result(
            one["name"], "", one["value"], one["low"], one["high"], "", {}, Flag(one["flags"])))
        for one in row["trials"]] for row in rows}


def keep(path: Path | None, key: str, trials: list[Trial]) -> None:
    """Append the trials of one case and seed to a file."""
    if path is None:
        return
    rows = [{"quantity": one.quantity, "true": one.true, "name": one.result.quantity, "value": one.result.value,
             "low": one.result.low, "high": one.result.high, "flags": int(one.result.flags)} for one in trials]
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"key": key, "trials": rows}) + "\n")


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer devices, the same checks")
    parser.add_argument("--seen", type=Path, help="file of the trials that were made; with it, a run goes on")
    given = parser.parse_args()
    quick, trials = given.quick, list[Trial]()
    seen = seen_trials(given.seen)
    for case, (many, few) in CASES.items():
        for seed in range(1, (few if quick else many) + 1):
            key = f"{case.__name__} {seed}"
            if key not in seen:
                seen[key] = list(case(seed))
                keep(given.seen, key, seen[key])
            trials += seen[key]
            print(key, file=sys.stderr, flush=True)
    runs = sum(few if quick else many for many, few in CASES.values())
    return report("switch_protocols", f"{runs} runs, each of another device", list(lines_of(trials)))


if __name__ == "__main__":
    sys.exit(main())

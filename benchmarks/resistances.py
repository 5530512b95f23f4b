"""Resistances of I-V sweeps on the simulated bench against the truth: ``python -m benchmarks.resistances [--quick]``.

Resistors, the device ``nbo2`` behind several loads, and ``ag_sio2``, measured by a virtual source meter with its errors
and its noise, of another seed in each sweep. The resistance of the wire to the device differs from the bench file by up
to 2 %, the tolerance that tsbench assumes. The truth is the resistor, or the static curve of the device model at the
currents that were read (what an error of the current changes is thus not seen there; a resistor shows it). The series
resistance is that of a table of set-point, device voltage and current, with a voltmeter at the device whose noise is
20 uV. The off resistance of ``ag_sio2`` at rest is 100 GOhm; the source meter tells a bound only.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.report import Line, report
from tsbench.analysis.resistance.differential_resistance import line_slope
from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.threshold import switching
from tsbench.protocols import protocol_named
from tsbench.protocols.iv_sweep.extraction import sweep_switching
from tsbench.records import Flag, FloatArray, Result, Run
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.static import static_curve
from tsbench.station.runner import run_protocol
from tsbench.storage import read_run

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
_SHUNT = 50.0  #: [Ohm] of the demo bench, in series with the device
_TOLERANCE = 0.02
_VOLTMETER = 20e-6  #: [V] noise of the voltmeter at the device
_REQUIRED = 0.9  #: share of the intervals that contain the truth
_FAST = {"nplc": 0.1, "check_oscillation": False}


@dataclass(frozen=True)
class Case:
    """One sweep."""

    device: str  #: a model, or "resistor"
    load: float  #: [Ohm] between the source meter and the device, by the bench file
    seed: int
    resistance: float = 0.0  #: [Ohm] of the resistor


@dataclass(frozen=True)
class Compared:
    """A result beside the truth."""

    case: Case
    result: Result
    true: float | None  #: [Ohm]

    @property
    def holds(self) -> bool:
        """Return whether the interval, or the bound, contains the truth."""
        low, high = self.result.low, self.result.high
        return (self.true is not None and (low, high) != (None, None)
                and (low is None or low <= self.true) and (high is None or self.true <= high))


def cases(quick: bool) -> list[Case]:
    """Return the sweeps, of different seeds."""
    count = 1 if quick else 4
    found = [Case("resistor", load, 0, r) for load in (2.0, 1000.0) for r in (1e3, 3e4, 1e6)] * (1 if quick else 2)
    found += [Case("nbo2", load, 0) for load in (2.0, 200.0, 500.0, 1000.0)] * count
    found += [Case("ag_sio2", 2.0, 0)] * count
    return [Case(one.device, one.load, 11 + k, one.resistance) for k, one in enumerate(found)]


def true_load(case: Case) -> float:
    """Return the resistance [Ohm] of the wire in the simulated world."""
    return case.load * (1.0 + _TOLERANCE * float(np.random.default_rng(case.seed).uniform(-1.0, 1.0)))


def measured(case: Case) -> tuple[Run, Sequence[Result]]:
    """Return the run of a sweep, and its results."""
    bench, device = ("ag_sio2", "A1") if case.device == "ag_sio2" else ("nbo2", "D1")
    # other steps in each sweep: the errors of a source meter at equal set-points are alike
    step = 10e-3 * float(np.random.default_rng(case.seed + 1000).uniform(0.9, 1.1))
    settings: dict[str, Any] = {"stop": "1.5 V", "compliance": "50 uA"} if bench == "ag_sio2" else {
        "stop": f"{1.3 + 1.0e-3 * case.load:.3g} V" if case.device == "nbo2" else "1 V",
        "compliance": "1 mA" if case.load < 100.0 else "3 mA"}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for kind, load in (("bench", case.load), ("world", true_load(case))):
            text = (EXAMPLES / f"{bench}.{kind}.toml").read_text("utf-8")
            text = text.replace("R_drive  smu   dut  2\n", f"R_drive  smu   dut  {load:.6g}\n")
            text = text.replace("seed = 1\n", f"seed = {case.seed}\n", 1)
            if case.device == "resistor":
                text = text.replace('model = "nbo2"', f'model = "resistor"\nparameters = {{ r = {case.resistance:g} }}')
            (folder / f"{bench}.{kind}.toml").write_text(text, "utf-8")
        os.environ["TSBENCH_WITNESS"] = str(folder / "witness.jsonl")
        outcome = run_protocol(folder / f"{bench}.bench.toml", device, protocol_named("iv_sweep").parse(
            {**_FAST, **settings, "step": step}), folder / "runs")
        if outcome.path is None:
            raise RuntimeError(f"{case}: there is no run file")
        return read_run(outcome.path), outcome.results


def compared(case: Case) -> Iterator[Compared]:
    """Measure one sweep, and yield each resistance with its truth."""
    run, results = measured(case)
    by_name = {one.quantity: one for one in results}
    for name in ("off_resistance", "on_resistance", "differential_on_resistance"):
        if case.device != "nbo2" and name != "off_resistance":
            continue
        yield Compared(case, by_name[name], true_resistance(case, run, name))
    if case.device == "nbo2":
        yield Compared(case, by_voltmeter(case, run), true_load(case) + _SHUNT)


def true_resistance(case: Case, run: Run, name: str) -> float | None:
    """Return the truth [Ohm] of a result; None: nothing switched."""
    if case.device == "resistor":
        return case.resistance
    if case.device == "ag_sio2":
        return 1.0 / float(device_model("ag_sio2").parameters()["gleak"])
    (event,) = sweep_switching(run)
    model = device_model("nbo2")
    if event.threshold_voltage.value is None or event.hold_index is None:
        return None
    if name == "off_resistance":
        at, grid = 0.5 * event.threshold_voltage.value, np.geomspace(1e-7, 6e-5, 400)
        return at / float(np.interp(at, static_curve(model, grid).voltage, grid))
    half = event.half
    down = np.arange(half.down().start, event.hold_index + 1)
    mine = down[(half.flags[down] & int(Flag.COMPLIANCE)) == 0]
    amperes: FloatArray = half.current[mine]
    if event.hold_current.value is not None:
        mine, amperes = mine[amperes >= event.hold_current.value], amperes[amperes >= event.hold_current.value]
    if mine.size == 0:
        return None
    volts = static_curve(model, amperes).voltage
    if name == "on_resistance":
        return float(volts[0] / amperes[0])
    slope = line_slope(half.level[mine], volts, amperes)
    return None if slope is None else slope.value


def by_voltmeter(case: Case, run: Run) -> Result:
    """Return the series resistance that set-points, currents and the readings of a voltmeter at the device give."""
    current = run.column("current")
    noise = _VOLTMETER * np.random.default_rng(case.seed).standard_normal(current.size)
    device = run.column("voltage") - (true_load(case) + _SHUNT) * current + noise
    points = IVPoints(device, current, run.column("set_point"), run.point_flags)
    return next(one for one in resistances(switching(points)) if one.quantity == "series_resistance")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all sweeps and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.resistances", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a quarter of the sweeps")
    chosen = parser.parse_args(arguments)
    found: list[Compared] = []
    for case in cases(chosen.quick):
        for one in compared(case):
            found.append(one)
            result = one.result
            print(f"{case.device} {case.load:g} Ohm, seed {case.seed}: {result.quantity} {result.value} "
                  f"[{result.low}, {result.high}], true {one.true}, {'holds' if one.holds else 'does not hold'}, "
                  f"{', '.join(result.flags.names())}", file=sys.stderr, flush=True)
    lines = []
    for name in dict.fromkeys(one.result.quantity for one in found):
        for device in dict.fromkeys(one.case.device for one in found):
            mine = [one for one in found if (one.result.quantity, one.case.device) == (name, device)
                    and (one.result.low, one.result.high) != (None, None)]
            if not mine:
                continue
            good = sum(one.holds for one in mine)
            off = [abs(one.result.value / one.true - 1.0) for one in mine
                   if one.result.value is not None and one.true]
            largest = f", largest error {100 * max(off):.2g} %" if off else ", bounds"
            lines.append(Line(f"{name.replace('_', ' ')}, {device}: intervals that contain the truth",
                              f"{good} of {len(mine)}{largest}", f"at least {100 * _REQUIRED:.0f} %",
                              good >= _REQUIRED * len(mine)))
    return report("resistances", "resistances of I-V sweeps against the truth", lines)


if __name__ == "__main__":
    sys.exit(main())

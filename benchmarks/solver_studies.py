"""Lines of ``benchmarks.solver`` on silver devices and on studies by Dask."""

import os
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.report import INFORMATION, Line
from benchmarks.solver_peers import timed
from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament
from tsbench.simulated_backends.studies.batch import Crossing
from tsbench.simulated_backends.studies.filaments.batch import SweptDevices, sweep_many
from tsbench.simulated_backends.studies.filaments.experiments import HalfSweeps
from tsbench.simulated_backends.studies.study import HERE, OscillatorStudy, run_study

NETLIST = (Path(__file__).parent.parent / "examples" / "oscillator.cir").read_text(encoding="utf-8")
DEVICES, CYCLES, LIMIT = 1000, 50, 120.0
SWEEPS = HalfSweeps(1.4, 0.01, 0.5e-3, 1e-5, 50e-3, resistance=2.0)
STUDY_RUNS = 100_000


def silver_devices(count: int) -> list[SilverFilament]:
    """Return specimens of ag_sio2, each on its own path; draws whose neck could never grow are left out."""
    entry, found, k = catalogue()["ag_sio2"], [], 0
    while len(found) < count:
        try:
            found.append(entry.specimen(1, f"D{k}").seeded(1, k))
        except ConfigurationError as error:
            print(f"specimen D{k} is no device and left out: {error}")
        k += 1
    return found   # type: ignore[return-value]


def silver_lines(quick: bool) -> list[Line]:
    """Sweep the silver devices; with ``quick`` a thirtieth of them, scaled."""
    count = DEVICES // 30 if quick else DEVICES
    devices, found = silver_devices(count), []
    sweep_many(devices[:2], SWEEPS, 1)   # compiled
    wall, cpu = timed(lambda: found.append(sweep_many(devices, SWEEPS, CYCLES)))
    swept: SweptDevices = found[0]
    scale = DEVICES / count
    note = f", scaled from {count}" if quick else ""
    alone = [sweep_many([devices[k]], SWEEPS, CYCLES, threads=1).threshold[0] for k in range(3)]
    same = all(np.array_equal(a, b, equal_nan=True) for a, b in zip(alone, swept.threshold, strict=False))
    threshold = swept.threshold
    sweep = (f"0 to {SWEEPS.stop:g} V and back in steps of {SWEEPS.step * 1e3:g} mV and {SWEEPS.dwell * 1e3:g} ms, "
             f"{SWEEPS.compliance * 1e6:g} uA, {SWEEPS.rest * 1e3:g} ms of rest")
    return [
        Line(f"{DEVICES} ag_sio2 devices, {CYCLES} cycles ({sweep}): seconds on two threads, clock (half of the "
             f"processor time){note}", f"{wall * scale:.0f} ({cpu * scale / 2:.0f})", f"{LIMIT:g}",
             wall * scale <= LIMIT),
        Line("threshold of these devices [V]: mean; spread over devices; spread over the cycles of one device",
             f"{np.nanmean(threshold):.3f}; {np.nanstd(np.nanmean(threshold, axis=1)):.3f}; "
             f"{np.nanmean(np.nanstd(threshold, axis=1)):.3f}", INFORMATION, True),
        Line("cycles without a switch", f"{np.isnan(threshold).mean():.1%}", INFORMATION, True),
        Line("three of these devices run alone: equal bit for bit", "yes" if same else "no", "yes", same)]


def dask_lines(quick: bool) -> list[Line]:
    """Run a study by a local Dask cluster and without Dask."""
    if find_spec("distributed") is None:
        return [Line("study by Dask", "not installed", INFORMATION, True)]
    study = OscillatorStudy(NETLIST, "nbo2", 24e-6, Crossing("current", "XDUT", 4e-4))
    count = 1024 if quick else 8192
    found: list[dict[str, np.ndarray]] = []
    wall, _ = timed(lambda: found.append(run_study(study, count, 512)))
    one = run_study(study, min(count, 1024), 300, HERE)
    same = all(np.array_equal(found[0][k][: one[k].size], one[k]) for k in one)
    return [
        Line(f"study of {count} oscillators, 100 periods each, local Dask cluster of {os.cpu_count()} processes: "
             f"seconds with the start of the cluster; scaled to {STUDY_RUNS:,} oscillators",
             f"{wall:.0f}; {wall * STUDY_RUNS / count:.0f}", INFORMATION, True),
        Line("the same study without Dask, in other pieces: equal bit for bit", "yes" if same else "no", "yes", same)]

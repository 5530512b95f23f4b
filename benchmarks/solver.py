"""Speed of the circuit engine at a stated accuracy: one circuit alone, in batch, silver devices, and a study.

    python -m benchmarks.solver [--quick]

Circuit: ``examples/oscillator.cir``, an NbO2 relaxation oscillator of 239 ns (2 states, 1 device current). Population:
specimens of the catalogue's ``nbo2`` with its device-to-device spread. Every simulator runs at the cheapest of its
settings at which *every* device of the population has a period error of at most 0.1 % (ngspice and LSODA are asked for
fewer devices than we are, the extremes among them); the reference is our own integrator at rtol 1e-8 and, for the
nominal device, SciPy's Radau beside it. Times are without start-up and compilation, over 1,000 periods and more, in
turns, the least of all rounds. On a machine that others use, processor time says more than the clock: both are printed.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.report import INFORMATION, Line, report
from benchmarks.solver_peers import Lsoda, Ngspice, Timing, timed
from benchmarks.solver_studies import dask_lines, silver_lines
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.poole_frenkel.equations import PooleFrenkel
from tsbench.simulated_backends.studies.batch import BatchResult, Crossing, run_batch

NETLIST = (Path(__file__).parent.parent / "examples" / "oscillator.cir").read_text(encoding="utf-8")
SPIKE = Crossing("voltage", "low", 0.02)
TOLERANCES = (3e-3, 1e-3, 3e-4, 1e-4)
LARGEST_ERROR = 1e-3
ROUNDS = 5
SETTLED = 1e-6
SINGLE_BAR, BATCH_BAR, AGREEMENT_BAR = 50.0, 500.0, 1e-9


def circuits(devices: list[PooleFrenkel], rtol: float, specialised: bool = False) -> list[Circuit]:
    """Return the oscillator with each device."""
    netlist = parse_netlist(NETLIST)
    return [build_circuit(netlist, {"XDUT": d}, rtol=rtol, specialised=specialised) for d in devices]


def periods(devices: list[PooleFrenkel], rtol: float, duration: float) -> np.ndarray:
    """Return the mean period [s] of each device behind the start-up."""
    found = run_batch(circuits(devices, rtol), SETTLED + duration, SPIKE).instants
    settled = [t[t > SETTLED] for t in found]
    return np.array([(t[-1] - t[0]) / (t.size - 1) if t.size > 2 else np.nan for t in settled])


def radau_period(device: PooleFrenkel) -> float:
    """Return the period by SciPy's Radau, the circuit written down by hand."""
    from scipy.integrate import solve_ivp

    from benchmarks.solver_peers import crossings, hand_written, mean_period

    rates, _ = hand_written()
    row, out = np.zeros((1, 8)), np.zeros(3)
    row[0] = [*device.columns().values()]

    def right_side(_: float, y: np.ndarray) -> list[float]:
        rates(y, row, out)
        return [out[0], out[1]]

    found = solve_ivp(right_side, (0.0, 3e-6), [0.0, device.t0], method="Radau", rtol=1e-9, atol=[1e-11, 1e-8],
                      dense_output=True)
    fine = np.linspace(0, 3e-6, 300_001)
    low = np.empty(fine.size)
    for k, y in enumerate(found.sol(fine).T):
        rates(y, row, out)
        low[k] = 50.0 * out[2]
    return mean_period(crossings(fine, low))


def single_timing(rtol: float, nominal: float, count: int, specialised: bool) -> Timing:
    """Return the time per period of one circuit alone, warm and without skipping."""
    made = circuits([catalogue()["nbo2"].model()], rtol, specialised)[0]   # type: ignore[list-item]
    made.advance(SETTLED, skip=False)

    def once() -> tuple[float, float]:
        wall, cpu = timed(lambda: made.advance(made.time + count * nominal, skip=False))
        return wall / count, cpu / count

    return Timing(f"tsbench, {'its own' if specialised else 'generic'} code, rtol {rtol:g}", once)


def batch_timing(devices: list[PooleFrenkel], rtol: float, nominal: float, count: int) -> Timing:
    """Return the time per device-period of the population in lockstep on two threads; processor time is for one."""
    made, until = circuits(devices, rtol), count * nominal

    def once() -> tuple[float, float]:
        found: list[BatchResult] = []
        wall, cpu = timed(lambda: found.append(run_batch(made, until, SPIKE, threads=2)))
        return wall / found[0].counts.sum(), cpu / found[0].counts.sum()

    return Timing(f"tsbench batch of {len(devices)}, rtol {rtol:g}", once)


def agreement_lines(devices: list[PooleFrenkel], rtol: float, nominal: float) -> list[Line]:
    """Compare the codes over 100 periods, and the same code with itself."""
    until = 102 * nominal

    def alone(specialised: bool) -> list[np.ndarray]:
        from tsbench.simulated_backends.studies.batch import one_by_one

        return list(one_by_one(circuits(devices, rtol, specialised), until, SPIKE, 1).instants)

    def worst(a: list[np.ndarray], b: list[np.ndarray]) -> float:
        if any(x.size != y.size for x, y in zip(a, b, strict=True)):
            return float("inf")
        return max(float(abs(x / y - 1).max()) for x, y in zip(a, b, strict=True))

    special, generic = alone(True), alone(False)
    runs = [run_batch(circuits(devices, rtol), until, SPIKE, threads) for threads in (1, 1, 2)]
    lanes = list(runs[0].instants)
    same = all((r.unknowns == runs[0].unknowns).all() and all(
        (x == y).all() for x, y in zip(r.instants, lanes, strict=True)) for r in runs[1:])
    again = all((x == y).all() for x, y in zip(special, alone(True), strict=True))
    figures = (("its own code against generic code", worst(special, generic)),
               ("lanes against single runs", worst(lanes, special)))
    lines = [Line(f"largest relative difference of event times, {len(devices)} devices, 100 periods: {name}",
                  f"{value:.1e}", f"{AGREEMENT_BAR:g}", value <= AGREEMENT_BAR) for name, value in figures]
    return [*lines,
            Line("single run repeated: equal bit for bit", "yes" if again else "no", "yes", again),
            Line("batch repeated, and on one and two threads: equal bit for bit", "yes" if same else "no", "yes", same)]


def cheapest(tolerances: tuple[float, ...], errors: list[float], who: str) -> float:
    """Return the largest tolerance whose worst error is within the bar."""
    for rtol, error in zip(tolerances, errors, strict=True):
        print(f"{who} rtol {rtol:g}: worst period error {error:.1e}")
    good = [r for r, e in zip(tolerances, errors, strict=True) if e <= LARGEST_ERROR]
    if not good:
        raise SystemExit(f"{who}: no tolerance reaches the accuracy")
    return max(good)


def compile_seconds() -> float:
    """Return the processor time [s] of compiling the code of one topology on a machine that has none."""
    from tsbench.simulated_backends.circuit.kernel.specialised import specialised_integrate

    before = os.environ.get("TSBENCH_CACHE")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["TSBENCH_CACHE"] = folder
        specialised_integrate.cache_clear()
        begin = time.process_time()
        circuits([catalogue()["nbo2"].model()], 1e-3, True)[0].advance(1e-8)   # type: ignore[list-item]
        took = time.process_time() - begin
    specialised_integrate.cache_clear()
    os.environ.pop("TSBENCH_CACHE")
    if before is not None:
        os.environ["TSBENCH_CACHE"] = before
    return took


def oscillator_lines(quick: bool, folder: Path) -> list[Line]:
    """Measure the oscillator, alone and in batch, against its peers."""
    count = 64 if quick else 1024
    devices = [catalogue()["nbo2"].specimen(seed, "XDUT") for seed in range(1, count + 1)]
    span = 25 * 239e-9
    reference = periods(devices, 1e-8, span)   # type: ignore[arg-type]
    nominal_device = catalogue()["nbo2"].model()
    nominal = float(periods([nominal_device], 1e-8, span)[0])   # type: ignore[list-item]
    print(f"{count} devices, periods {reference.min() * 1e9:.1f} to {reference.max() * 1e9:.1f} ns, nominal "
          f"{nominal * 1e9:.5f} ns")
    radau = abs(radau_period(nominal_device) / nominal - 1)   # type: ignore[arg-type]
    errors = [float(abs(periods(devices, r, span) / reference - 1).max())   # type: ignore[arg-type]
              for r in TOLERANCES]
    rtol = cheapest(TOLERANCES, errors, "tsbench")

    order = np.argsort(reference)
    some = [int(k) for k in order[np.linspace(0, count - 1, 6 if quick else 24).astype(int)]]
    lsoda = Lsoda()
    lsoda_tolerances = (1e-2, 1e-3, 3e-4, 1e-4, 1e-5)
    lsoda_errors = [max(abs(lsoda.period(devices[k], reference[k], r) / reference[k] - 1)   # type: ignore[arg-type]
                        for k in some[:: 3]) for r in lsoda_tolerances]
    timings = [single_timing(rtol, nominal, 20_000, True), single_timing(rtol, nominal, 5_000, False),
               batch_timing(devices, rtol, nominal, 1000),   # type: ignore[arg-type]
               lsoda.timing(nominal_device, nominal,   # type: ignore[arg-type]
                            cheapest(lsoda_tolerances, lsoda_errors, lsoda.name), 5_000)]
    setting = _ngspice_setting(folder, quick, nominal, devices, reference, some)   # type: ignore[arg-type]
    if setting:
        timings.append(Ngspice(NETLIST, folder).timing(setting, 1000, nominal))
    for _ in range(ROUNDS):   # in turns, so that other load on the machine meets all alike
        for timing in timings:
            timing.measure()
    print(f"\n{'':62s} {'us/period':>10s} {'processor':>10s}")
    for timing in timings:
        print(f"{timing.name:62s} {timing.wall * 1e6:10.2f} {timing.cpu * 1e6:10.2f}")
    own, generic, batch, peer = timings[:4]
    worst = errors[TOLERANCES.index(rtol)]
    lines = [
        Line("period of the nominal device against SciPy Radau", f"{radau:.1e}", "1e-6", radau <= 1e-6),
        Line(f"worst period error of {count} varied devices at rtol {rtol:g}", f"{worst:.1e}", f"{LARGEST_ERROR:g}",
             worst <= LARGEST_ERROR),
        *(Line(f"us per period, clock (processor): {t.name}", f"{t.wall * 1e6:.2f} ({t.cpu * 1e6:.2f})", INFORMATION,
               True)
          for t in timings),
        Line(f"single run: times faster than {peer.name}", f"{peer.wall / own.wall:.1f} ({peer.cpu / own.cpu:.1f})",
             "1", peer.wall > own.wall),
        Line("single run: times faster than generic code",
             f"{generic.wall / own.wall:.1f} ({generic.cpu / own.cpu:.1f})", INFORMATION, True),
    ]
    if setting:
        ngspice = timings[4]
        single, many = ngspice.wall / own.wall, ngspice.wall / batch.wall
        lines += [
            Line("single run: times faster than ngspice, clock (processor)",
                 f"{single:.0f} ({ngspice.cpu / own.cpu:.0f})", f"{SINGLE_BAR:g}", single >= SINGLE_BAR),
            Line("batch on two threads: times faster than ngspice for each device, clock (half of the processor time)",
                 f"{many:.0f} ({2 * ngspice.cpu / batch.cpu:.0f})", f"{BATCH_BAR:g}", many >= BATCH_BAR)]
    return [*lines, *agreement_lines(devices[: 16 if quick else 64], rtol, nominal)]   # type: ignore[arg-type]


def _ngspice_setting(
    folder: Path, quick: bool, nominal: float, devices: list[PooleFrenkel], reference: np.ndarray, some: list[int]
) -> str | None:
    """Return the cheapest setting at which some devices, the extremes among them, are within the error."""
    if not shutil.which("ngspice"):
        print("ngspice is not installed (Debian package ngspice): no ratio to it")
        return None
    ngspice = Ngspice(NETLIST, folder)
    for setting in ngspice.candidates(nominal, LARGEST_ERROR, quick):
        worst = 0.0
        for k in some:
            error = abs(ngspice.period(setting, 60, reference[k], devices[k]) / reference[k] - 1)
            worst = max(worst, error if np.isfinite(error) else 1.0)
            if worst > LARGEST_ERROR:
                break
        print(f"ngspice {setting}: {'all' if worst <= LARGEST_ERROR else 'not all'} of {len(some)} devices within "
              f"{LARGEST_ERROR:.1%} (worst seen {worst:.1e})")
        if worst <= LARGEST_ERROR:
            return setting
    return None


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table and return the exit code."""
    parser = argparse.ArgumentParser(prog="benchmarks.solver", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="fewer devices, settings and cycles: a minute or two")
    quick = parser.parse_args(arguments).quick
    with tempfile.TemporaryDirectory() as folder:
        lines = oscillator_lines(quick, Path(folder))
    print(f"\nload of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    lines += silver_lines(quick) + dask_lines(quick)
    lines.append(Line("compiling the code of one topology, once per machine, processor time [s]",
                      f"{compile_seconds():.1f}", INFORMATION, True))
    print()
    what = "speed and accuracy on examples/oscillator.cir (NbO2, 239 ns) and ag_sio2"
    return report("solver", what, lines)


if __name__ == "__main__":
    sys.exit(main())

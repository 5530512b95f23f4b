"""The peers of ``benchmarks.solver``: ngspice on the same netlist, and LSODA on the same circuit written by hand."""

import itertools
import re
import resource
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.simulated_backends.devices.devices_lib import write_devices_lib
from tsbench.simulated_backends.devices.poole_frenkel.equations import PooleFrenkel

LEVEL = 0.02  # [V] across the shunt: a spike
SETTLED = 1e-6  # [s] the first spikes are left out
VARIED = ("as_", "rth", "re")


@dataclass
class Timing:
    """The least wall and processor time [s] per simulated period over all rounds."""

    name: str
    round: Callable[[], tuple[float, float]]  #: (wall, processor time) per period
    wall: float = float("inf")
    cpu: float = float("inf")

    def measure(self) -> None:
        """Do one round."""
        wall, cpu = self.round()
        self.wall, self.cpu = min(self.wall, wall), min(self.cpu, cpu)


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Return wall and processor time [s] (of this process and its children) of some work."""

    def processor() -> float:
        child = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + child.ru_utime + child.ru_stime

    wall, cpu = time.perf_counter(), processor()
    work()
    return time.perf_counter() - wall, processor() - cpu


def crossings(times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the instants of the spikes in sampled values."""
    k = np.flatnonzero((values[:-1] < LEVEL) & (values[1:] >= LEVEL))
    return times[k] + (LEVEL - values[k]) / (values[k + 1] - values[k]) * (times[k + 1] - times[k])


def mean_period(instants: np.ndarray) -> float:
    """Return the mean period between spikes behind the start-up."""
    settled = instants[instants > SETTLED]
    return float((settled[-1] - settled[0]) / (settled.size - 1)) if settled.size > 2 else float("nan")


class Ngspice:
    """Runs the netlist with other options and other devices."""

    def __init__(self, netlist: str, folder: Path) -> None:
        self.folder = folder
        self.text = netlist.replace(".save v(dut) v(low)", ".save v(low)")
        write_devices_lib(folder / "devices.lib")

    def run(
        self, setting: str, stop: float, save_from: float, device: PooleFrenkel | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return what was saved: times and the voltage across the shunt."""
        options, largest = setting.split("|")
        text = re.sub(r"\.options.*", f".options {options}", self.text)
        text = re.sub(r"\.tran.*", f".tran 10n {stop:g} {save_from:g} {largest} uic", text)
        if device is not None:
            values = " ".join(f"{name}={getattr(device, name)!r}" for name in VARIED)
            text = text.replace("XDUT  dut low nbo2", f"XDUT  dut low nbo2 {values}")
        (self.folder / "run.cir").write_text(text, encoding="utf-8")
        (self.folder / "run.raw").unlink(missing_ok=True)
        subprocess.run(["ngspice", "-b", "-r", "run.raw", "run.cir"], cwd=self.folder, capture_output=True, check=False,
                       timeout=300)
        if not (self.folder / "run.raw").exists():
            return np.zeros(0), np.zeros(0)
        head, _, data = (self.folder / "run.raw").read_bytes().partition(b"Binary:\n")
        found = re.search(rb"No. Variables: *(\d+)", head)
        table = np.frombuffer(data).reshape(-1, int(found[1]) if found else 2)
        return table[:, 0], table[:, 1]

    def period(self, setting: str, periods: float, nominal: float, device: PooleFrenkel | None = None) -> float:
        """Return the period [s] over some ``periods``."""
        times, values = self.run(setting, SETTLED + periods * nominal, 0.0, device)
        return mean_period(crossings(times, values)) if times.size else float("nan")

    def candidates(self, nominal: float, largest_error: float, quick: bool) -> list[str]:
        """Scan settings over 200 periods of the nominal device; return those that may do, cheapest first."""
        methods = ["method=trap", "method=trap trtol=7"] if quick else [
            "method=trap", "method=trap trtol=7", "method=gear", "method=gear maxord=4", "method=trap klu"]
        tolerances = [3e-3, 1e-3] if quick else [1e-2, 3e-3, 1e-3, 3e-4, 1e-4]
        steps = ["1u", "5n", "4n", "3n"] if quick else ["1u", "10n", "8n", "6n", "5n", "4n", "3n", "2n"]
        looks = []
        for method, tolerance, step in itertools.product(methods, tolerances, steps):
            setting, found = f"{method} reltol={tolerance:g}|{step}", []
            _, cpu = timed(lambda s=setting, f=found: f.append(self.period(s, 200, nominal)))  # type: ignore[misc]
            if abs(found[0] / nominal - 1) <= 1.1 * largest_error:
                looks.append((cpu, setting))
        tried = len(methods) * len(tolerances) * len(steps)
        print(f"ngspice: {tried} settings tried, {len(looks)} within the error on the nominal device")
        return [setting for _, setting in sorted(looks)]

    def timing(self, setting: str, periods: float, nominal: float) -> Timing:
        """Return the time per period: the difference of two lengths, of which next to nothing is saved."""

        def once() -> tuple[float, float]:
            spent = [timed(lambda s=stop: self.run(setting, s, s - nominal))  # type: ignore[misc]
                     for stop in (SETTLED, SETTLED + periods * nominal)]
            return ((spent[1][0] - spent[0][0]) / periods, (spent[1][1] - spent[0][1]) / periods)

        return Timing(f"ngspice {setting.replace('|', ' tmax=')}", once)


def hand_written() -> tuple[Any, Any]:
    """Return the circuit's rates by hand, compiled, for numbalsoda and for SciPy.

    The parameters are the device's row; the film voltage comes by Newton's method, as in the tests.
    """
    from numba import njit

    from tsbench.simulated_backends.devices.poole_frenkel.equations import film_current

    @njit(error_model="numpy")
    def rates(y: np.ndarray, p: np.ndarray, out: np.ndarray) -> None:
        series = p[0, 4] + 50.0
        v, t = y[0], y[1]
        film = v - series * out[2]   # where it was at the last call
        current = 0.0
        for _ in range(40):
            current, slope, _ = film_current(film, t, p[0, 0], p[0, 1], p[0, 2], p[0, 3])
            change = (film + series * current - v) / (1.0 + series * slope)
            film -= change
            if abs(change) < 1e-10:
                break
        current = (v - film) / series
        out[0] = ((2.2 - v) / 5050.0 - current) / 80e-12
        out[1] = current * film * p[0, 6] - (t - p[0, 7]) * p[0, 5]
        out[2] = current

    return rates, film_current


class Lsoda:
    """numbalsoda's LSODA, or SciPy's where that is not installed."""

    def __init__(self) -> None:
        from numba import carray, cfunc

        rates, _ = hand_written()
        self.rates = rates
        try:
            from numbalsoda import lsoda, lsoda_sig
        except ImportError:
            self.name = "SciPy LSODA (numbalsoda is not installed)"
            self.lsoda: Any = None
            return
        self.name, self.lsoda = "numbalsoda LSODA", lsoda

        @cfunc(lsoda_sig)
        def right_side(t: float, u: Any, du: Any, data: Any) -> None:
            p = carray(data, (1, 11))
            y, d = carray(u, (2,)), carray(du, (2,))
            out = p[0, 8:11]
            rates(y, p, out)
            d[0], d[1] = out[0], out[1]

        self.pointer = right_side.address

    def solve(self, device: PooleFrenkel, times: np.ndarray, rtol: float) -> np.ndarray:
        """Return (v, T) at ``times`` from the start of the oscillation."""
        row = np.zeros((1, 11))
        row[0, :8] = [*device.columns().values()]
        start = np.array([0.0, device.t0])
        absolute = np.array([0.1, 10.0]) * rtol
        if self.lsoda is not None:
            return np.asarray(self.lsoda(self.pointer, start, times, data=row, rtol=rtol, atol=rtol * 0.1,
                                         mxstep=10_000_000)[0])
        from scipy.integrate import odeint

        scratch = np.zeros(3)

        def right_side(y: np.ndarray, _: float) -> tuple[float, float]:
            self.rates(y, row, scratch)
            return scratch[0], scratch[1]

        return np.asarray(odeint(right_side, start, times, rtol=rtol, atol=absolute, mxstep=10_000_000))

    def period(self, device: PooleFrenkel, nominal: float, rtol: float, periods: int = 20) -> float:
        """Return the period [s], from samples every 0.1 ns."""
        times = np.arange(0.0, SETTLED + periods * nominal, 1e-10)
        v, t = self.solve(device, times, rtol).T
        row, out, low = np.zeros((1, 11)), np.zeros(3), np.empty(times.size)
        row[0, :8] = [*device.columns().values()]
        for k in range(times.size):
            self.rates(np.array([v[k], t[k]]), row, out)
            low[k] = 50.0 * out[2]
        return mean_period(crossings(times, low))

    def timing(self, device: PooleFrenkel, nominal: float, rtol: float, periods: int) -> Timing:
        """Return the time per period of a long run that gives out nothing but its end."""
        times = np.array([0.0, periods * nominal])

        def once() -> tuple[float, float]:
            wall, cpu = timed(lambda: self.solve(device, times, rtol))
            return wall / periods, cpu / periods

        return Timing(f"{self.name} rtol {rtol:g}", once)

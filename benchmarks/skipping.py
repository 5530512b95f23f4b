"""A long reading over an oscillation, with and without skipping: ``python -m benchmarks.skipping [--quick]``.

One power-line cycle (20 ms) over the NbO2 oscillator of examples/oscillator.cir with a larger capacitor, so that a
period is about 1 us. With skipping, whole periods of the converged limit cycle are not computed; without, every one is.
Every average that an instrument or the witness reports must agree, and skipping must be worth it. A stochastic device
is never skipped over: the trajectory of the Ag/SiO2 device is bitwise the same on one thread and on two, however often
it is looked at.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.report import Line, report
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Constant, Repetition, Segment
from tsbench.simulated_backends.devices.catalogue import device_model

OSCILLATOR = Path(__file__).resolve().parents[1] / "examples" / "oscillator.cir"
READING, SETTLE = 20e-3, 50e-6
AGREEMENT, SPEED = 1e-6, 50.0
_AG = "VG emf 0 1.4\nRG emf dut 100k\nCP dut 0 80p\nXDUT dut 0 ag_sio2\n"


@dataclass
class Averages:
    """Integrals of voltage, current and power over all it sees, spikes, and skips."""

    voltage: float = 0.0
    current: float = 0.0
    energy: float = 0.0
    spikes: int = 0
    skips: int = 0
    duration: float = 0.0

    def observe(self, segment: Segment) -> None:
        """See a segment of the trajectory."""
        repeated = isinstance(segment, Repetition)
        part, times = (segment.period, segment.count) if isinstance(segment, Repetition) else (segment, 1)
        self.skips += repeated
        self.voltage += times * part.integral("voltage", "dut", part.start, part.end)
        self.current += times * part.integral("current", "XDUT", part.start, part.end)
        self.energy += times * part.energy("dut", "low", "XDUT", part.start, part.end)  # type: ignore[attr-defined]
        seen = part.current("XDUT", part.times)
        self.spikes += times * int(np.count_nonzero((seen[:-1] < 3e-4) & (seen[1:] >= 3e-4)))
        self.duration += times * (part.end - part.start)


def reading(bias: float, capacitance: float, duration: float, skip: bool) -> tuple[Averages, float]:
    """Return the averages over one reading and the wall time it took [s]."""
    text = re.sub(r"(?m)^Cdut.*", f"Cdut dut 0 {capacitance}", OSCILLATOR.read_text("utf-8"))
    circuit = build_circuit(parse_netlist(re.sub(r"(?m)^Vbias.*", f"Vbias gen 0 {bias}", text)))
    circuit.advance(SETTLE, skip=False)
    seen = Averages()
    circuit.add_observer(seen)
    begin = time.perf_counter()
    circuit.advance(circuit.time + duration, skip=skip)
    return seen, time.perf_counter() - begin


def filament(looks: int, seed: int = 5) -> tuple[float, ...]:
    """Return the end of an Ag/SiO2 trajectory of 5 ms that was looked at ``looks`` times."""
    model = device_model("ag_sio2", {"seed": float(seed)})
    circuit: Circuit = build_circuit(parse_netlist(_AG), device_models={"xdut": model, "XDUT": model})
    circuit.set_source("VG", Constant(1.4))
    for until in np.linspace(0, 5e-3, looks + 1)[1:]:
        circuit.advance(float(until))
        circuit.voltage("dut")
    return (circuit.voltage("dut"), *circuit.device_state("XDUT").values())


def bitwise(run: Callable[[int], tuple[float, ...]]) -> tuple[int, int]:
    """Return how many of several ways to look at the same trajectory ended bitwise alike, and how many there were."""
    alone = [run(looks) for looks in (1, 1, 7, 97)]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(run, (1, 13)))
    return sum(end == alone[0] for end in alone + together), len(alone + together)


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="2 ms instead of 20 ms")
    duration = READING / (10 if parser.parse_args().quick else 1)
    reading(2.2, 330e-12, 1e-4, True)   # compiled by now
    lines = []
    for bias, capacitance in ((1.8, 330e-12), (2.2, 330e-12), (2.6, 400e-12)):
        quick, fast = min((reading(bias, capacitance, duration, True) for _ in range(3)), key=lambda found: found[1])
        brute, slow = reading(bias, capacitance, duration, False)
        name = f"{bias} V, {1e12 * capacitance:.0f} pF, {1e6 * brute.duration / max(brute.spikes, 1):.2f} us a period"
        worst = max(
            abs(a / b - 1) for a, b in (
                (quick.voltage, brute.voltage), (quick.current, brute.current), (quick.energy, brute.energy),
                (quick.spikes, brute.spikes)))
        lines += [
            Line(f"{name}: largest error of the averages and of the number of spikes ({brute.spikes})",
                 f"{worst:.1e}", f"<= {AGREEMENT:g}", worst <= AGREEMENT and quick.skips > 0 and brute.skips == 0),
            Line(f"{name}: {1e3 * duration:g} ms reading, times faster than without skipping",
                 f"{slow / fast:.0f} ({1e3 * fast:.2f} ms and {1e3 * slow:.0f} ms)", f">= {SPEED:g}",
                 slow / fast >= SPEED),
        ]
    same, ways = bitwise(filament)
    lines.append(Line("Ag/SiO2 device: equal bit for bit if observed 1 to 97 times, alone and on two threads",
                      f"{same} of {ways}", "all", same == ways))
    return report("skipping", f"a {1e3 * duration:g} ms reading of an oscillating device", lines)


if __name__ == "__main__":
    sys.exit(main())

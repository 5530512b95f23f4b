"""What the stochastic Ag/SiO2 device is, by many simulated events: ``python -m benchmarks.stochastic``.

The refractory period is a property of the device and not of the events of one run: its truth is the gap at which the
second of two pulses fires half as often as after a long gap, by at least 10^4 pairs simulated on the circuit alone
(``--trials``). ``--write`` keeps it in examples/ag_sio2.truth.toml, where the demo finds it, with the parameters it
holds for. Beside it the statistics of the threshold voltage over sweeps, of the delay over first pulses and of the life
of the filament, against what is published. ``python -m benchmarks.truth.demo`` tells how well all of it is
measured.
"""

import argparse
import hashlib
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.report import INFORMATION, Line, report

TRUTH = Path(__file__).resolve().parents[1] / "examples" / "ag_sio2.truth.toml"
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
#: a source meter's sweep, the compliance replaced by a resistor
_SWEPT = """VG emf 0 0
RS emf dut 100k
CP dut 0 100p
XDUT dut 0 ag_sio2
"""
TRUTH_GAPS = (2.0e-3, 2.6e-3, 3.0e-3, 3.4e-3, 3.8e-3, 4.2e-3, 4.7e-3, 5.4e-3, 30e-3)


def simulated_pairs(gap: float, pairs: int, seed: int) -> tuple[float, int, int]:
    """Return (gap, first pulses that fired, second pulses that fired after those), on the circuit without noise."""
    from tsbench.netlist import parse_netlist
    from tsbench.simulated_backends.circuit.build import build_circuit
    from tsbench.simulated_backends.circuit.engine import PulseWaveform
    from tsbench.simulated_backends.devices.catalogue import device_model
    from tsbench.simulated_backends.devices.switching_levels import levels_of
    from tsbench.simulated_backends.witness.firing import ConductanceWatch, pulses_fired

    model = device_model("ag_sio2", {"seed": float(seed)})
    circuit = build_circuit(parse_netlist(_NETLIST), device_models={"xdut": model, "XDUT": model})
    watch = ConductanceWatch("XDUT", ("dut", "low"))
    circuit.add_observer(watch)
    begin, period = circuit.time + REST, WIDTH + gap
    for _ in range(pairs):
        circuit.set_source("VG", PulseWaveform(BASE, BASE + AMPLITUDE, begin, EDGE, EDGE, WIDTH, period, 2))
        watch.ask((begin, begin + WIDTH, begin + period, begin + period + WIDTH))   # edges begin there
        end = begin + period + WIDTH
        circuit.advance(end + REST / 2)
        begin = end + REST
    levels, seen = levels_of(model), watch.conductances().reshape(-1, 4).T
    assert levels is not None
    fired, again = (pulses_fired(*seen[part], seen[0], levels) for part in (slice(0, 2), slice(2, 4)))
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
    return half_recovery(rows), rows


def half_recovery(rows: list[tuple[float, int, int]]) -> float:
    """Return the gap [s] at which half of the long-gap share is reached, linear in its logarithm.

    ``rows``: gap [s], first pulses that fired, second pulses that fired after those; the last gap is the long one.
    """
    share = np.array([again / fired for _, fired, again in rows])
    half = 0.5 * share[-1]
    x = np.log([gap for gap, _, _ in rows[:-1]])
    k = int(np.flatnonzero(share[:-1] >= half)[0])
    return float(np.exp(np.interp(half, share[k - 1 : k + 1], x[k - 1 : k + 1])))


def sweep_threshold(seed: int) -> list[float]:
    """Return the thresholds [V] of the up-sweeps of one device, by the witness: 0 to 1.3 V and back in 1 s, 20 times.

    The source meter's compliance of 10 uA is stood in for by 100 kOhm in series, which sets no threshold: off, the
    device takes 10 pA.
    """
    from tsbench.netlist import parse_netlist
    from tsbench.simulated_backends.circuit.build import build_circuit
    from tsbench.simulated_backends.circuit.engine import PiecewiseLinear
    from tsbench.simulated_backends.devices.catalogue import device_model
    from tsbench.simulated_backends.witness.log import read_witness
    from tsbench.simulated_backends.witness.witness import Witness

    sweeps, half = 20, 0.5
    model = device_model("ag_sio2", {"seed": float(seed)})
    circuit = build_circuit(parse_netlist(_SWEPT), device_models={"xdut": model, "XDUT": model})
    times = half * np.arange(2 * sweeps + 1)
    levels = 1.3 * (np.arange(2 * sweeps + 1) % 2)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "witness.jsonl"
        witness = Witness(path, {"XDUT": ("dut", "0")})
        circuit.add_observer(witness)
        witness.connected("XDUT", "A1", model, circuit.time)
        circuit.set_source("VG", PiecewiseLinear(circuit.time + times, levels))
        begin = circuit.time
        circuit.advance(begin + float(times[-1]))
        witness.end(circuit.time)
        log = read_witness(path)
    found = []
    for k in range(sweeps):
        mine = log.switching_on(begin + 2 * k * half, begin + (2 * k + 1) * half)
        found += [event.threshold for event in mine[:1]]
    return found


def parameters_digest() -> str:
    """Return a digest of the device's equations' numbers and the circuit: the truth holds for these."""
    from tsbench.simulated_backends.devices.catalogue import device_model

    device = sorted(device_model("ag_sio2").parameters().items())
    stands_for = (_NETLIST, AMPLITUDE, BASE, WIDTH, EDGE, REST, device)
    return hashlib.sha256(repr(stands_for).encode()).hexdigest()[:16]


def write_truth(period: float, counts: list[tuple[float, int, int]]) -> None:
    """Keep the refractory period for the demo."""
    lines = "".join(f"    [{gap:g}, {fired}, {again}],\n" for gap, fired, again in counts)
    TRUTH.write_text(
        "# What cannot be read off single events: by many simulated pulse pairs on the circuit of ag_sio2.world.toml.\n"
        "# Made by: python -m benchmarks.stochastic --write\n"
        f"[refractory_period]\nvalue = {period:.4e}   # s\n"
        f"counts = [   # gap [s], first pulses that fired, second pulses that fired after those\n{lines}]\n"
        f'holds_for = "{parameters_digest()}"   # parameters of device, circuit and pulses\n', "utf-8")


def main() -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="4 devices, 1000 pairs")
    parser.add_argument("--trials", type=int, default=10_000, help="simulated pairs for the true refractory period")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--write", action="store_true", help=f"keep the refractory period in {TRUTH.name}")
    arguments = parser.parse_args()
    with ProcessPoolExecutor(arguments.workers) as pool:
        thresholds = list(pool.map(sweep_threshold, range(1, 5 if arguments.quick else 11)))
        every = np.concatenate(thresholds)
        print(f"{every.size} sweeps: threshold {every.mean():.4f} V", file=sys.stderr)
        trials = 1000 if arguments.quick else arguments.trials
        period, counts = refractory_truth(trials, pool)
    if arguments.write:
        write_truth(period, counts)
    spread = float(np.std(every, ddof=1) / every.mean())
    pairs = sum(fired for _, fired, _ in counts)
    lines = [
        Line("threshold voltage, mean (published: 1.0 V)", f"{every.mean():.4f} V of {every.size} sweeps",
             "within 10 %", abs(every.mean() - 1.0) <= 0.10),
        Line("threshold voltage, sigma/mean (other stacks: 3 to 13 %)", f"{100 * spread:.2f} %", "3 to 13 %",
             0.03 <= spread <= 0.13),
        Line("sweeps that switched", f"{every.size} of {20 * len(thresholds)}", "all",
             every.size == 20 * len(thresholds)),
        Line("refractory period from simulated pairs of pulses", f"{1e3 * period:.3f} ms, {pairs} first pulses fired",
             INFORMATION,
             True),
        *(Line(f"second pulse fires after a gap of {1e3 * gap:g} ms", f"{again} of {fired}", INFORMATION, True)
          for gap, fired, again in counts),
    ]
    return report("stochastic", "simulated events of the Ag/SiO2 device", lines)


if __name__ == "__main__":
    sys.exit(main())

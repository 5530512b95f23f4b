"""Steps and evaluations on the ramps of stable circuits: ``python -m benchmarks.ramps_counts [--circuits N] > FILE``.

``ramps_counts.json`` was made so at commit 06c60f1: in an environment of its own, with this module,
``ramps_cases.py`` and ``ramps_reference.py`` copied there. An evaluation is one of right-hand side or Jacobian: 6 a
step, 5 a refused one, and what looking at stability costs.

``--beside FOLDER`` prints the processor time of this version and of a checkout of 06c60f1 with its ``.venv``, five
times each, in turns; the three modules are copied there.
"""

import argparse
import dataclasses
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.ramps_cases import METER_RESISTANCE, Case, netlist, random_case
from benchmarks.ramps_reference import METER_TIME
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.circuit.build import IDLE_STAGE, build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit

TURNS = 5


def build(case: Case, **options: int) -> Circuit:
    """Return the circuit of a case, at time 0."""
    if not case.meter:
        return build_circuit(parse_netlist(netlist(case)), **options)
    return build_circuit(parse_netlist(netlist(case), terminals=["in"]), stages=[("smu", "in")], **options)


def advance(circuit: Circuit, case: Case, until: float) -> None:
    """Go on to ``until`` [s]; a source meter takes its levels on the way."""
    if case.meter:
        for k in range(case.levels + 1):
            begin = 0.0 if k == 0 else case.hold + (k - 1) * case.dwell
            if begin < circuit.time or begin >= until:
                continue
            circuit.advance(begin, skip=False)
            level = case.first + (case.last - case.first) * k / case.levels
            circuit.set_stage("smu", dataclasses.replace(
                IDLE_STAGE, level=level, limit=1.0, output_resistance=METER_RESISTANCE,
                voltage_time_constant=METER_TIME, slew_rate=1e9))
    circuit.advance(until, skip=False)


def counted(cases: Sequence[Case]) -> tuple[dict[int, tuple[int, int]], float]:
    """Return (steps, evaluations) of each case, and the processor time of all [s]."""
    found, begin = {}, time.process_time()
    for case in cases:
        circuit = build(case)
        advance(circuit, case, case.hold + case.ramp)
        readings = getattr(circuit, "readings", circuit)   # of an older version: the circuit itself
        evaluations = getattr(readings, "evaluations", 6 * circuit.steps + 5 * readings.refused_steps)
        found[case.number] = circuit.steps, evaluations
    return found, time.process_time() - begin


def beside(folder: Path, circuits: int) -> None:
    """Print processor times [s] of this version and of the one in ``folder``, in turns."""
    here = Path(__file__).parent
    for name in ("ramps_counts.py", "ramps_cases.py", "ramps_reference.py"):
        shutil.copy(here / name, folder / "benchmarks")
    places = {"this version": (here.parent, sys.executable), str(folder): (folder, str(folder / ".venv/bin/python"))}
    seconds: dict[str, list[float]] = {name: [] for name in places}
    for turn in range(TURNS + 1):
        for name, (root, python) in places.items():
            done = subprocess.run(
                [python, "-m", "benchmarks.ramps_counts", "--circuits", str(circuits)], cwd=root, capture_output=True,
                text=True, check=True)
            if turn:   # the first one compiles
                seconds[name].append(float(done.stderr.split()[0]))
    for name, times in seconds.items():
        print(f"{name}: {min(times):.3f} s, the best of {' '.join(f'{t:.3f}' for t in times)}")
    first, second = (min(times) for times in seconds.values())
    print(f"ratio {first / second:.3f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--circuits", type=int, default=160, metavar="N", help="numbers below N (160)")
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="a checkout of 06c60f1: times, in turns")
    arguments = parser.parse_args()
    if arguments.beside is not None:
        beside(arguments.beside, arguments.circuits)
        sys.exit()
    counts, seconds = counted([random_case(k) for k in range(1, arguments.circuits, 2)])
    print(f"{seconds:.3f} s of processor time", file=sys.stderr)
    print(json.dumps(counts))

"""Operating points of circuits with negative differential resistance: ``python -m benchmarks.operating_points``.

500 random circuits (25 with --quick) of one to three devices, resistors and sources, without ``uic``. Where ngspice's
.op finds a point ours must find one in 99 %: the same, or another at which Kirchhoff's currents add up to 1e-6 of the
largest at the node and the device equations, written down a second time in :mod:`benchmarks.ramps_reference`, hold to
1e-6. Unstable ones are said, and left within the time in which a disturbance grows by a factor of e^40.
"""

import argparse
import math
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.ramps_reference import device, parameters, reference_kind
from benchmarks.report import INFORMATION, Line, report
from tsbench.errors import TsbenchError
from tsbench.netlist import Netlist, parse_netlist
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.devices.devices_lib import write_devices_lib

DEVICES = ("nbo2", "tin_nbo2", "nbo2_slesazeck", "nb2o5", "vo2", "nbox_third_order")
SAME, CLOSED = 1e-4, 1e-6  #: relative: of node voltages, and of currents at a node
GROWTH = re.compile(r"grows by a factor of e in ([0-9.e+-]+) s")


def random_netlist(number: int) -> str:
    """Return a circuit with a number: branches of a load, a capacitor and a device, perhaps joined."""
    random = np.random.default_rng([20261126, number])

    def between(low: float, high: float) -> float:
        return float(math.exp(random.uniform(math.log(low), math.log(high))))

    sign = float(random.choice([-1.0, 1.0]))
    lines = [f"circuit {number}", ".include devices.lib", f"Vin in 0 {sign * random.uniform(0.5, 6.0)!r}"]
    count = int(random.integers(1, 4))
    for k in range(1, count + 1):
        name = DEVICES[random.integers(len(DEVICES))]
        load = between(100.0, 5e3) if name in ("nbo2_slesazeck", "nbox_third_order") else between(1e3, 5e4)
        low = "0"
        if random.random() < 0.3:
            low = f"s{k}"
            lines.append(f"Rs{k} {low} 0 {between(10.0, 500.0)!r}")
        lines += [f"R{k} in n{k} {load!r}", f"X{k} n{k} {low} {name}"]
        if random.random() < 0.8:
            lines.append(f"C{k} n{k} 0 {between(1e-12, 1e-9)!r}")
        if k > 1 and random.random() < 0.6:
            lines.append(f"Rc{k} n{k - 1} n{k} {between(1e3, 1e5)!r}")
    return "\n".join([*lines, ".tran 1n 1u", ".end", ""])


def by_ngspice(text: str, folder: Path) -> dict[str, float] | None:
    """Return ngspice's node voltages [V] of the operating point; None: it finds none."""
    body = text.replace(".tran 1n 1u\n", "").replace(
        ".end\n", ".control\nop\nprint all\n.endc\n.end\n")
    (folder / "case.cir").write_text(body, encoding="utf-8")
    try:
        done = subprocess.run(["ngspice", "-b", "case.cir"], cwd=folder, capture_output=True, text=True, timeout=60,
                              check=False)
    except subprocess.TimeoutExpired:
        return None
    found = dict(re.findall(r"(?m)^([ns]\d) = ([-+0-9.e]+)\s*$", done.stdout))
    if not found or "singular matrix" in done.stdout + done.stderr or "op simulation(s) aborted" in done.stdout:
        return None
    return {name: float(value) for name, value in found.items()}


def closes(circuit: Circuit, netlist: Netlist) -> float:
    """Return by how much Kirchhoff's current law or a device equation is missed, relative."""
    worst = 0.0
    nodes = {n for e in netlist.elements for n in e.nodes} - {"0", "in"}
    for node in nodes:
        currents = [circuit.current(e.name) * (1.0 if e.nodes[0] == node else -1.0)
                    for e in netlist.elements if node in e.nodes and e.kind != "C"]
        worst = max(worst, abs(sum(currents)) / max(1e-15, *(abs(i) for i in currents)))
    for element in netlist.of_kind("X"):
        model = circuit.model_of(element.name)
        v = circuit.voltage(element.nodes[0]) - circuit.voltage(element.nodes[1])
        states = np.array(list(circuit.device_state(element.name).values()))
        size = -1.0 if v < 0 else 1.0
        if "voltage" in model.states:
            states[0] *= size
        p, rates, moved = parameters(model), np.zeros(states.size), np.zeros(states.size)
        i = device(reference_kind(model), p, size * v, states, rates)[0]
        worst = max(worst, abs(i - size * circuit.current(element.name)) / max(abs(i), 1e-12))
        for k in range(states.size):   # how far the state is from where its rate is zero
            other = states.copy()
            other[k] += 1e-6 * (abs(states[k]) + 1e-3)
            device(reference_kind(model), p, size * v, other, moved)
            worst = max(worst, 1e-6 * abs(rates[k] / (moved[k] - rates[k])))
    return worst


def grows(circuit: Circuit) -> bool:
    """Return whether an eigenvalue of the linearised circuit says that the point is unstable."""
    _, _, A, _ = circuit.structure.compiled.linearised(circuit.time, circuit.unknowns())
    values = np.linalg.eigvals(A)
    return bool(values.size) and bool(values.real.max() > 1e-9 * abs(values).max())


def leaves(circuit: Circuit, time: float) -> bool:
    """Return whether the circuit is somewhere else, or has been, within 40 times ``time`` [s]."""
    start = circuit.unknowns()
    scale = circuit.structure.compiled.weights / circuit.rtol + abs(start)
    for k in range(1, 81):
        circuit.advance(0.5 * k * time, skip=False)
        if (abs(circuit.unknowns() - start) > 1e-3 * scale).any():
            return True
    return False


def main() -> int:
    """Compare, print the table; return 0 where every bar holds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="25 circuits")
    parser.add_argument("--circuits", type=int, default=500)
    arguments = parser.parse_args()
    total = 25 if arguments.quick else arguments.circuits
    theirs = ours = both = same = other = unstable = said = left = 0
    missed: list[int] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_devices_lib(folder / "devices.lib")
        for number in range(total):
            text = random_netlist(number)
            netlist = parse_netlist(text)
            circuit = build_circuit(netlist)
            expected = by_ngspice(text, folder)
            theirs += expected is not None
            try:
                circuit.settle()
            except TsbenchError:
                if expected is not None:
                    missed.append(number)
                continue
            ours += 1
            if expected is not None:
                found = {node: circuit.voltage(node) for node in expected}
                equal = all(abs(found[n] - v) <= SAME * max(abs(v), 0.01) for n, v in expected.items())
                closed = closes(circuit, netlist) <= CLOSED
                both += closed
                same, other = same + (closed and equal), other + (closed and not equal)
                if not closed:
                    missed.append(number)
            unstable += grows(circuit)
            growth = [GROWTH.search(message) for message in circuit.messages]
            times = [float(match[1]) for match in growth if match]
            if times:
                said += 1
                left += leaves(circuit, times[0])
    print(f"Not found, or not a point: {missed or 'none'}\n")
    least = math.ceil(0.99 * theirs)
    return report("operating_points", "operating points of tsbench and ngspice", [
        Line("circuits", str(total), "500", total >= 500 or arguments.quick),
        Line("ngspice finds a point", str(theirs), f">= {total // 2}", theirs >= total // 2),
        Line("tsbench finds a point", str(ours), INFORMATION, passed=True),
        Line("where ngspice finds a point, tsbench finds the same or another valid point (same, other)",
             f"{both} ({same}, {other})",
             f">= {least}", both >= least),
        Line("unstable points (by their eigenvalues) that tsbench reports", f"{said} of {unstable}", "all",
             said == unstable > 0),
        Line("reported unstable points that the circuit then leaves", f"{left} of {said}", "all", left == said > 0)])


if __name__ == "__main__":
    sys.exit(main())

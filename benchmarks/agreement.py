"""Our waveforms against SciPy's Radau and ngspice: ``python -m benchmarks.agreement [--device NAME]``.

Every deterministic device of our catalogue in three circuits. Radau integrates the equations of
:mod:`benchmarks.reference_devices`, written down a second time, at rtol 1e-8; ngspice the generated devices.lib at
reltol 1e-5. Bars: period (of an oscillation, or of switching within the drive) within 0.1 %; node voltage within 0.5 %
of the swing at matched phase. At matched phase: oscillations are aligned at one fall; and since a period error of 0.1 %
is allowed, a voltage is compared with all that the other shows within 0.05 % of the period: that matters on edges.

A device of anybody else is compared with ngspice alone, in three circuits: ``--device NAME --volts 2 --load 1000 --time
1e-6`` (source, resistor, and the time in which the device or the circuit does something). The control terminal of a
device that has one is driven between 0 V and the source's voltage; ``--control -0.3 1.5`` gives other voltages.

Then the neurons with a driven gate and with a comparator against ngspice, by the same bars. And the energy balance of
each oscillator over 1,000 periods (100 with --quick), and the observed order of convergence.
"""

import argparse
import itertools
import math
import sys
from collections.abc import Sequence

import numpy as np
from scipy.integrate import solve_ivp

from benchmarks.agreement_cases import CASES, Case, cases_for
from benchmarks.agreement_neurons import NEURON_CASES, neuron_lines
from benchmarks.agreement_waveforms import (
    PERIOD_BAR,
    SLACK,
    VOLTAGE_BAR,
    NgspiceError,
    Waveform,
    compare_oscillations,
    distance,
    falls,
    in_ngspice,
)
from benchmarks.kept_segments import KeptSegments
from benchmarks.reference_devices import has_reference
from benchmarks.reference_driven import driven_reference
from benchmarks.report import Line, report
from tsbench.errors import ConfigurationError, TsbenchError
from tsbench.netlist import parse_netlist
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.engine import Segment
from tsbench.simulated_backends.circuit.trajectory import RecordedTrajectory
from tsbench.simulated_backends.devices.catalogue import device_model
from tsbench.simulated_backends.devices.subcircuit import subcircuit_of
from tsbench.simulated_backends.studies.simulate.simulate import simulate

GRID = 20_000


def ours(case: Case) -> Waveform:
    """Return times [s] and the node voltage [V] of our engine at its usual tolerance."""
    result = simulate(case.netlist(case.stop / 4000, case.stop / 40))
    return result.times, result.columns["v(out)"]


def by_radau(case: Case, rtol: float = 1e-8) -> Waveform:
    """Return the same by SciPy, segment by segment of the source."""
    device = driven_reference(case.device)

    def rates(t: float, y: FloatArray) -> list[float]:
        v, states = float(y[0]), [float(s) for s in y[1:]]
        within = min(max(t, begin), end - 1e-9 * (end - begin))
        w = case.control_voltage(within)
        i = device.current(v, w, states)
        charging = (case.voltage(within) - v) / case.load - i
        return [charging / case.capacitance, *device.rates(v, w, i, states)]

    y = np.array([0.0, *device.rest])
    atol = rtol * 0.1 * np.array([1.0, *device.sizes])
    times, values = [np.zeros(1)], [np.zeros(1)]
    bends = case.breakpoints()
    for begin, end in itertools.pairwise(bends):
        done = solve_ivp(rates, (begin, end), y, method="Radau", rtol=rtol, atol=atol, dense_output=True,
                         max_step=case.stop / 40)
        assert done.success, done.message
        grid = np.union1d(done.t, np.linspace(begin, end, 2 + int(GRID * (end - begin) / case.stop)))
        times.append(grid[1:])
        values.append(done.sol(grid[1:])[0])
        y = done.y[:, -1]
    return np.concatenate(times), np.concatenate(values)


def by_ngspice(case: Case) -> Waveform:
    """Return the same by ngspice, from the generated device library."""
    found = in_ngspice(case.netlist(case.stop / 4000, case.stop / GRID / 4))
    return found["time"], found["v(out)"]


def compare(case: Case, own: Waveform, other: Waveform) -> tuple[float, float]:
    """Return (relative difference of the period, largest difference of the voltage over the swing).

    NaN for a period where nothing falls twice.
    """
    (t, v), (other_t, other_v) = own, other
    if case.circuit != "oscillator":
        swing, period = float(np.ptp(other_v)), _drive_period(case)
        mine, theirs = falls(t, v), falls(other_t, other_v)
        shift = math.nan
        if mine.size == theirs.size > 0:
            shift = float(abs(mine - theirs).max()) / period
        return shift, distance(t, v, other_t, other_v, SLACK * period) / swing
    return compare_oscillations(own, other, case.settled)


def _drive_period(case: Case) -> float:
    s = case.source
    return 1.0 / s.frequency if hasattr(s, "frequency") else float(getattr(s, "period", case.stop))


def lines(case: Case, others: tuple[str, ...] = ("Radau", "ngspice")) -> list[Line]:
    """Return two lines for each of the ``others``."""
    own, found = ours(case), []
    for name, other in (("Radau", by_radau), ("ngspice", by_ngspice)):
        if name not in others or (name == "Radau" and not has_reference(case.device)):
            continue
        period, voltage = compare(case, own, other(case))
        label = f"{case.device}, {case.circuit}, {name}"
        if not math.isnan(period):
            found.append(Line(f"{label}: period", f"{period:+.1e}", f"{PERIOD_BAR:g}", abs(period) <= PERIOD_BAR))
        found.append(Line(f"{label}: voltage", f"{voltage:.1e}", f"{VOLTAGE_BAR:g}", voltage <= VOLTAGE_BAR))
    return found


class _Energy:
    """Adds up what source, load and device take, segment by segment."""

    def __init__(self) -> None:
        self.parts = dict.fromkeys((("in", "0", "V1"), ("in", "out", "R1"), ("out", "0", "X1")), 0.0)

    def observe(self, segment: Segment) -> None:
        assert isinstance(segment, RecordedTrajectory)
        for a, b, element in self.parts:
            self.parts[a, b, element] += segment.energy(a, b, element, segment.start, segment.end)


def energy_line(case: Case, periods: int) -> Line:
    """Return how well source, load, device and capacitor balance over many periods of an oscillator."""
    circuit = build_circuit(parse_netlist(case.netlist(1e-9, 1.0)))
    seen = _Energy()
    circuit.add_observer(seen)
    duration = case.stop / 8 * periods
    circuit.advance(duration, skip=False)
    given, *used = seen.parts.values()
    stored = 0.5 * case.capacitance * circuit.voltage("out") ** 2
    balance = (sum(used) + stored) / -given - 1.0
    figure = f"{case.device}: energy balance over at least {periods} periods, {circuit.steps} steps"
    return Line(figure, f"{balance:+.1e}", "1e-06", abs(balance) <= 1e-6)


def order_line(name: str, netlist: str, node: str, window: tuple[float, float], steps: tuple[float, ...]) -> Line:
    """Return the observed order of the dense output, from errors of (almost) constant steps that are halved."""
    times = np.linspace(*window, 1001)

    def run(step: float, rtol: float) -> FloatArray:
        circuit = build_circuit(parse_netlist(netlist), rtol=rtol, largest_step=step)
        kept = KeptSegments(circuit)
        circuit.advance(window[1], skip=False)
        return kept.voltage(node, times)

    exact = run(1.0, 1e-11)
    errors = [float(abs(run(step, 1e9) - exact).max()) for step in steps]
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    return Line(f"{name}: observed order of convergence, first step {steps[0]:g} s",
                ", ".join(f"{o:.2f}" for o in orders),
                "last value > 3", bool(orders[-1] > 3))


ORDERS = (
    ("heating film (nbo2)",
     "V1 in 0 SIN(0.9 0.1 1meg)\nR1 in out 3k\nC1 out 0 20p\nX1 out low nbo2\nR2 low 0 50\n", "out",
     (0.5e-6, 2e-6), (16e-9, 8e-9, 4e-9, 2e-9)),
    ("third order, sinusoid",
     "V1 in 0 PWL(0 0 10n 1.8)\nR1 in out 200\nC1 out 0 1p\nX1 out 0 nbox_third_order\n", "out",
     (50e-9, 150e-9), (0.8e-9, 0.4e-9, 0.2e-9, 0.1e-9)),
)


def require_comparable(name: str) -> None:
    """Refuse a device that ngspice does not have: a random one, or one without a subcircuit.

    Raises
    ------
    ConfigurationError
        It is one; the message says why.
    """
    model = device_model(name)
    if model.stochastic:
        raise ConfigurationError("it is stochastic: no two periods are the same, and it has no subcircuit for ngspice")
    if subcircuit_of(model) is None:
        raise ConfigurationError(
            "it has no subcircuit for ngspice, and none can be made from its equations; write its method subcircuit")


def main(given: Sequence[str] | None = None) -> int:
    """Run, print the table, return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", action="append", help="these devices only")
    parser.add_argument("--quick", action="store_true", help="100 periods for the energy balance")
    parser.add_argument("--volts", type=float, default=1.0, help="of the source, for a device without cases of ours")
    parser.add_argument("--load", type=float, default=1e3, help="[Ohm], for such a device")
    parser.add_argument("--time", type=float, default=1e-6, help="[s], for such a device")
    parser.add_argument("--control", type=float, nargs=2, metavar=("LOW", "HIGH"),
                        help="[V] at the control terminal of such a device; without it 0 and --volts")
    arguments = parser.parse_args(given)
    found: list[Line] = []
    for device in sorted(set(arguments.device or ()) - {case.device for case in CASES}):
        try:
            require_comparable(device)
            for case in cases_for(device, arguments.volts, arguments.load, arguments.time, arguments.control):
                found += lines(case, ("ngspice",))
        except (TsbenchError, NgspiceError) as error:
            sys.stderr.write(f"agreement: {device}: {error}\n")
            return 2
    for case in CASES:
        if arguments.device and case.device not in arguments.device:
            continue
        sys.stderr.write(f"{case.device}, {case.circuit}\n")
        found += lines(case)
        if case.circuit == "oscillator":
            found.append(energy_line(case, 100 if arguments.quick else 1000))
    if not arguments.device:
        found += [line for neuron_case in NEURON_CASES for line in neuron_lines(neuron_case)]
        found += [order_line(*order) for order in ORDERS]
    return report("agreement", "waveforms of tsbench, SciPy and ngspice", found)


if __name__ == "__main__":
    sys.exit(main())

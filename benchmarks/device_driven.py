"""What the page of a device with a control voltage shows: its currents, and its transfer curve."""

from collections.abc import Callable, Mapping

from matplotlib.axes import Axes

from tsbench.analysis.figures.style import CURVE, MUTED, THRESHOLD, label
from tsbench.records import FloatArray
from tsbench.simulated_backends.studies.simulate.simulate import simulate

GATES = (1.1, 1.3, 1.5, 1.7)  #: [V]


def output_curve(gate: float) -> tuple[FloatArray, FloatArray]:
    """Return drain voltage [V] and current [A] of ``nmos`` at a gate voltage, slowly swept through both polarities."""
    result = simulate(
        f"* page\nVd d 0 PWL(0 -0.6 1m 2)\nVg g 0 {gate}\nXM d g 0 nmos\n.tran 5u 1m 0 5u uic\n.save v(d) i(XM)\n")
    return result.columns["v(d)"], result.columns["i(xm)"]


def transfer_curve() -> tuple[FloatArray, FloatArray]:
    """Return gate voltage [V] and drain current [A] of ``nmos`` at 2 V."""
    result = simulate("* page\nVd d 0 2\nVg g 0 PWL(0 0 1m 2)\nXM d g 0 nmos\n.tran 5u 1m 0 5u uic\n.save v(g) i(XM)\n")
    return result.columns["v(g)"], result.columns["i(xm)"]


def comparator_loop() -> tuple[FloatArray, FloatArray]:
    """Return input [V] and output [V] of ``comparator`` on a sweep up and down in 2 ms."""
    result = simulate(
        "* page\nVg g 0 PWL(0 -30m 1m 30m 2m -30m)\nXC g 0 out 0 comparator\nC1 out 0 1p\n"
        ".tran 1u 2m 0 1u uic\n.save v(g) v(out)\n")
    return result.columns["v(g)"], result.columns["v(out)"]


def comparator_step() -> tuple[FloatArray, FloatArray]:
    """Return time [s] and output [V] of ``comparator`` with 1 pF behind input pulses of 50 ns, from -50 mV to 50 mV."""
    result = simulate(
        "* page\nVg g 0 PULSE(-50m 50m 20n 0.1n 0.1n 50n 200n)\nXC g 0 out 0 comparator\nC1 out 0 1p\n"
        ".tran 0.1n 150n uic\n.save v(out)\n")
    return result.times, result.columns["v(out)"]


def transistor_plots(left: Axes, right: Axes) -> list[str]:
    """Draw output and transfer curves; return what they show, a sentence each."""
    for gate in GATES:
        voltage, current = output_curve(gate)
        left.plot(voltage, current, color=CURVE, linewidth=1.0)
        left.annotate(f"{gate:g} V", (2.0, current[-1]), fontsize=7, color=MUTED, ha="right", va="bottom")
    left.set_title("current against drain voltage, at gate voltages", fontsize=9)
    label(left, "drain to source", "V", "drain current", "A")
    gate_voltage, current = transfer_curve()
    right.semilogy(gate_voltage, current, color=CURVE, linewidth=1.0)
    right.set_title("transfer curve", fontsize=9)
    label(right, "gate to source", "V", "drain current", "A")
    gates = ", ".join(f"{gate:g}" for gate in GATES)
    return [f"Current against drain voltage in both polarities. The gate voltages are {gates} V.",
            "Transfer curve: the drain current against the gate voltage. The drain voltage is 2 V."]


def comparator_plots(left: Axes, right: Axes) -> list[str]:
    """Draw the loop and a pulse; return what they show, a sentence each."""
    volts, out = comparator_loop()
    half = volts.size // 2
    left.plot(volts[:half], out[:half], color=CURVE, linewidth=1.0, label="up")
    left.plot(volts[half:], out[half:], "--", color=THRESHOLD, linewidth=1.0, label="down")
    left.legend(fontsize=8)
    left.set_title("output against input", fontsize=9)
    label(left, "plus less minus", "V", "output", "V")
    times, out = comparator_step()
    right.plot(times, out, color=CURVE, linewidth=1.0)
    right.set_title("a pulse of 50 ns at the input", fontsize=9)
    label(right, "time", "s", "output", "V")
    return ["Output against input: the input sweeps from -30 mV to 30 mV, up and down in 2 ms.",
            "Output against time: the input is a pulse from -50 mV to 50 mV with a width of 50 ns. The output has a "
            "load of 1 pF."]


PLOTS: Mapping[str, Callable[[Axes, Axes], list[str]]] = {
    "transistor": transistor_plots, "comparator": comparator_plots}  #: by mechanism

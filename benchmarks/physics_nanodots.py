"""Rows of the Ag nanodots/HfO2 switch (see :mod:`benchmarks.physics_silver`): the reference cycle of the public fit."""

import itertools

import numpy as np

from benchmarks.agreement_waveforms import falls
from benchmarks.physics_row import Row, claimed, compared, shown
from tsbench.netlist import parse_netlist
from tsbench.quantities import format_quantity
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.studies.neurons.library import neuron
from tsbench.simulated_backends.studies.simulate.simulate import simulate

NAME = "ag_hfo2"
PAPER = "Ostrovskii 2025, Neurocomputing 624 129454"
RATE = 1.0  #: [V/s] of the sweeps: assumed
ON = 1e-8  #: [A] above which the device counts as on
HOLD_NOTE = (
    "In the printed equations the reset gate is half open at the printed hold voltage. The reset has a rate of about "
    "1e7/s. On a sweep of one second, a gate that is one millionth open already breaks the filament. At 10 mV/s, 1 "
    "V/s and 1 kV/s the model stays on down to 113, 103 and 86 mV in positive polarity. In negative polarity it "
    "stays on down to 39, 30 and 12 mV. We did not find the rate of the measured sweeps, and we changed no "
    "parameter.")
TIME_NOTE = (
    "X never reaches 0. We read the printed 0.0 as any value below 0.05, which rounds to 0.0. The voltage passes the "
    "threshold at X = 0, and 245 ns later X is 0.8. The voltage passes the hold voltage at X = 1, and 290 ns later X "
    "is 0.05.")


def swept(polarity: int, rate: float = RATE) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return size of voltage [V] and current [A] of a triangle to 0.5 V across the device, going up and down."""
    up = 0.5 / rate
    result = simulate(f"* sweep\nV1 a 0 PWL(0 0 {up} {0.5 * polarity} {2 * up} 0)\nX1 a 0 {NAME}\n"
                      f".tran {up / 20000} {2 * up} 0 {up / 20000} uic\n.save v(a) i(X1)\n")
    voltage, current = abs(result.columns["v(a)"]), abs(result.columns["i(x1)"])
    top = int(np.argmax(voltage))
    return voltage[:top], current[:top], voltage[top:], current[top:]


def at(voltage: FloatArray, current: FloatArray, level: float) -> float:
    """Return the voltage [V] at which a current that rises or falls passes ``level`` [A] first."""
    above = (current > level) == (current[-1] > current[0])
    k = int(np.argmax(above))
    before, after = np.log(current[k - 1]), np.log(current[k])
    share = (np.log(level) - before) / (after - before)
    return float(voltage[k - 1] + share * (voltage[k] - voltage[k - 1]))


def filament_on_pulse(polarity: int) -> tuple[FloatArray, FloatArray]:
    """Return time [s] and filament X on the published pulse: 1.5 V for 1 us, edges of 100 ns, the rise from time 0."""
    circuit = build_circuit(parse_netlist(
        f"V1 a 0 PWL(0 0 100n {1.5 * polarity} 1.1u {1.5 * polarity} 1.2u 0)\nX1 a 0 {NAME}\n"))
    times, filament = np.arange(1, 3001) * 1e-9, []
    for time in times:
        circuit.advance(float(time), skip=False)
        filament.append(circuit.device_state("X1")["filament"])
    return times, np.array(filament)


def switching_times(polarity: int) -> tuple[float, float]:
    """Return the times [s] of X from 0.05 to 0.8 and from 0.8 to 0.05 on that pulse."""
    times, x = filament_on_pulse(polarity)
    rising, falling = times < 1e-6, times > 1.1e-6
    on = [float(np.interp(level, x[rising], times[rising])) for level in (0.05, 0.8)]
    off = [float(np.interp(-level, -x[falling], times[falling])) for level in (0.8, 0.05)]
    return on[1] - on[0], off[1] - off[0]


def nanodot_rows() -> list[Row]:
    """Return all rows; the device has no randomness, so nothing is shortened."""
    return [*_of_polarity(1, "+", 0.267, 0.080, 806.0), *_of_polarity(-1, "-", 0.119, 0.006, 1434.0), *_told(),
            *_neuron()]


def _of_polarity(polarity: int, sign: str, threshold: float, hold: float, resistance: float) -> list[Row]:
    up, i_up, down, i_down = swept(polarity)
    switched, held = at(up, i_up, ON), at(down, i_down, ON)
    set_slope = (at(up, i_up, 1e-6) - at(up, i_up, 1e-10)) / 4.0
    reset_slope = (at(down, i_down, 1e-5) - at(down, i_down, 1e-10)) / 5.0
    leakage = float(np.interp(0.05, up, i_up))
    made, broken = switching_times(polarity)
    rate = f"sweep of {RATE:g} V/s across the device"
    return [
        compared(NAME, f"threshold voltage {sign}, {rate}, 10 nA", threshold, "V", "F2", f"{PAPER}, reference cycle",
                 switched, 0.05),
        compared(NAME, f"hold voltage {sign}, the same sweep", hold, "V", "F2", f"{PAPER}, reference cycle", held, 0.1,
                 HOLD_NOTE),
        claimed(NAME, f"volatile {sign}: switches off below its threshold", "hold < threshold [F2]", PAPER,
                f"hold {held:.3f} V, threshold {switched:.3f} V", held < switched),
        compared(NAME, f"slope of the set {sign}, 0.1 nA to 1 uA, V/decade", 0.66e-3, "", "F2", PAPER, set_slope, 0.15),
        compared(NAME, f"slope of the reset {sign}, 10 uA to 0.1 nA, V/decade", 0.65e-3, "", "F2", PAPER, reset_slope,
                 0.15, "The sweep rate is assumed. The slope of the reset depends on it, as the hold voltage does."),
        claimed(NAME, f"leakage {sign} at 50 mV", "at most 1 pA [F2]; about 0.01 pA by Midya 2017 [F]", PAPER,
                format_quantity(leakage, "A"), leakage <= 1.001e-12,
                "The solver resolves this current to 1 fA."),
        compared(NAME, f"on resistance {sign} at 0.5 V", resistance, "Ohm", "F2", PAPER, float(up[-1] / i_up[-1]),
                 0.01),
        claimed(NAME, f"time of the set {sign} at 1.5 V, X from 0.0 to 0.8", "below 210 ns [F2]", PAPER,
                format_quantity(made, "s", 3), made < 210e-9, TIME_NOTE),
        claimed(NAME, f"time of the reset {sign} after 1.5 V, X from 0.8 to 0.0", "below 240 ns [F2]", PAPER,
                format_quantity(broken, "s", 3), broken < 240e-9, TIME_NOTE),
    ]


def oscillates(volts: float, load: float, capacitance: float) -> bool:
    """Return whether the voltage of a capacitor at the device, charged through a load, falls three times or more."""
    constant = load * capacitance
    result = simulate(f"* load\nV1 in 0 {volts}\nR1 in out {load}\nC1 out 0 {capacitance} ic=0\nX1 out 0 {NAME}\n"
                      f".tran {constant / 100} {10 * constant} uic\n.save v(out)\n")
    late = result.columns["v(out)"][result.times > 3 * constant]
    return bool(np.ptp(late) > 5e-3) and falls(result.times[result.times > 3 * constant], late).size > 2


def spikes(current: float, capacitance: float, bias: float) -> tuple[float | None, float, float]:
    """Return interval [s] (None: fewer than three spikes), lowest and highest voltage [V] of the published neuron."""
    stop = 20e-3 * capacitance / 22e-9
    result = simulate(neuron("ag_hfo2_tunnel").netlist(
        {"C1": f"{capacitance}", "ETD": f"{bias}"}, f"PWL(0 0 {stop / 100} {current})", stop))
    late = result.times > 0.3 * stop
    times, voltage = result.times[late], result.columns["v(out)"][late]
    found = falls(times, voltage) if np.ptp(voltage) > 0.05 else np.empty(0)
    return float(np.diff(found).mean()) if found.size > 2 else None, float(voltage.min()), float(voltage.max())


def _neuron() -> list[Row]:
    name, bias_note = "ag_hfo2_tunnel", (
        "The paper does not give the bias of the diode for this figure. We use 60 mV, the bias of the next figure of "
        "the paper. With 40 mV the interval is 2.37 ms. The 21 uA are only 2 % above the current at which firing "
        "begins. So close to this limit, a small change of the current changes the interval strongly.")
    interval, low, high = spikes(21e-6, 22e-9, 0.06)
    fast, _, _ = spikes(21e-6, 2.2e-9, 0.06)
    more, _, _ = spikes(22e-6, 2.2e-9, 0.06)
    below, above = (spikes(current, 22e-9, 0.04)[0] for current in (20.5e-6, 25e-6))
    usual = spikes(21e-6, 22e-9, 0.04)[0]
    return [
        compared(name, "top of the spike, 21 uA, 22 nF", 0.119, "V", "F2", PAPER, high, 0.02,
                 f"The lowest voltage of the model is {low * 1e3:.0f} mV. The rest voltage of the paper is 30 mV."),
        compared(name, "interval of spikes, 21 uA, 22 nF, bias 60 mV", 1.594e-3, "s", "F2", PAPER, interval, 0.05,
                 bias_note),
        compared(name, "interval of spikes, 21 uA, 2.2 nF, bias 60 mV", 75e-6, "s", "F2", PAPER, fast, 0.1,
                 "The paper prints a current of 0.21 uA for this figure, which cannot fire the neuron. At 22 uA the "
                 f"interval of the model is {format_quantity(more or 0.0, 's', 3)}."),
        claimed(name, "silent below the peak current of the diode, blocked at high current, bias 40 mV",
                "yes [F2]", PAPER,
                f"{'silent' if below is None else 'fires'} at 20.5 uA, {'fires' if usual else 'silent'} at 21 uA, "
                f"{'blocked' if above is None else 'fires'} at 25 uA",
                below is None and usual is not None and above is None),
    ]


def _told() -> list[Row]:
    ratio = 0.1e-3 / 1e-12
    circuits = list(itertools.product(
        (0.3, 0.5, 1.0, 5.0, -0.13, -0.25, -1.0, -5.0), np.geomspace(1e3, 1e8, 6), np.geomspace(1e-13, 1e-4, 10)))
    oscillating = sum(oscillates(float(v), float(r), float(c)) for v, r, c in circuits)
    return [
        claimed(NAME, "on/off ratio at a compliance of 0.1 mA", "above 1e9 [F2]", PAPER, f"{ratio:.0e}", ratio > 1e9,
                "The leakage of the published fit is the upper bound of 1 pA and not the leakage of the device. The "
                "1e-14 A of Midya 2017 would give a ratio of 1e10. We left the parameter as printed."),
        shown(NAME, "oscillation with only a load and a capacitor", f"{oscillating} of {len(circuits)} circuits",
              "Nothing is published on this circuit. The neuron in the rows below needs its tunnel diode. Between "
              "the hold and the threshold voltage nothing moves the filament. A partial filament then carries the "
              "current of the load for ever. The circuits have 1 kOhm to 100 MOhm, 0.1 pF to 0.1 mF, and 0.3 to 5 V "
              "or -0.13 to -5 V."),
        Row(NAME, "spread of the threshold from cycle to cycle, +/-", "0.294 +- 0.038 V, 0.119 +- 0.010 V [F2]", PAPER,
            "only in a world file", "-", None,
            "The parameter set describes the reference cycle of the published fit, and every cycle is the same. The "
            "section [devices.NAME.cycles] of a world file varies the cycles. A test measures 20 such sweeps "
            "(tests/simulated_backends/world/test_devices_on_bench.py)."),
        Row(NAME, "endurance", "above 1e8 [F]", "Midya 2017, Adv. Mater., abstract", "not modelled", "-", None,
            "The model does not simulate wear."),
    ]

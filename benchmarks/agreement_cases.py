"""The circuits in which independent simulators are compared: one device at a node, a source, a load, a capacitance."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.netlist import Pwl, Sin, SpicePulse
from tsbench.simulated_backends.devices.catalogue import catalogue, device_model
from tsbench.simulated_backends.devices.model import DeviceModel

Source = SpicePulse | Pwl | Sin


@dataclass(frozen=True)
class Case:
    """One device in one circuit: source behind ``load`` at node ``out``, ``capacitance`` to ground.

    A device with a control voltage has ``control`` for it, a source of its own.
    """

    device: str
    circuit: str  #: "oscillator", "pulse", "sine" or "ramp"
    source: Source
    load: float  #: [Ohm]
    capacitance: float  #: [F]
    stop: float  #: [s]
    settled: float = 0.0  #: [s] from which on an oscillation is compared
    control: Source | None = None

    def netlist(self, step: float, largest: float) -> str:
        """Return the SPICE text, with ``.tran`` of these steps [s]."""
        model = device_model(self.device)
        at = {model.carries[0]: "out", control_terminal(model): "g"}
        nodes = " ".join(at.get(terminal, "0") for terminal in model.terminals)
        gate = "" if self.control is None else f"Vg g 0 {_text(self.control)}\n"
        return (f"* {self.device}, {self.circuit}\n.include devices.lib\nV1 in 0 {_text(self.source)}\n{gate}"
                f"R1 in out {self.load}\nC1 out 0 {self.capacitance} ic=0\nX1 {nodes} {self.device}\n"
                f".options reltol=1e-5 abstol=1e-14 vntol=1e-8 method=gear\n"
                f".tran {step} {self.stop} 0 {largest} uic\n.save v(out)\n.end\n")

    def breakpoints(self) -> list[float]:
        """Return the instants at which a source bends, from 0 to the stop [s]."""
        bends = {b for s in (self.source, self.control) if s is not None for b in _bends(s, self.stop)}
        return [0.0, *sorted(b for b in bends if 0.0 < b < self.stop), self.stop]

    def voltage(self, t: float) -> float:
        """Return the source's voltage [V]."""
        return _voltage(self.source, t)

    def control_voltage(self, t: float) -> float:
        """Return the control voltage [V]; 0 where there is none."""
        return 0.0 if self.control is None else _voltage(self.control, t)


def control_terminal(model: DeviceModel) -> str | None:
    """Return the terminal of a device that senses a voltage and carries no current; None: it has none."""
    return next((name for name in model.senses or () if name not in model.carries), None)


def _text(s: Source) -> str:
    """Return a source as SPICE writes it."""
    if isinstance(s, SpicePulse):
        return f"PULSE({s.initial} {s.pulsed} {s.delay} {s.rise} {s.fall} {s.width} {s.period})"
    if isinstance(s, Pwl):
        return f"PWL({' '.join(f'{t} {v}' for t, v in zip(s.times, s.values, strict=True))})"
    return f"SIN({s.offset} {s.amplitude} {s.frequency})"


def _bends(s: Source, stop: float) -> list[float]:
    if isinstance(s, SpicePulse):
        corners = np.cumsum([s.delay, s.rise, s.width, s.fall])
        return [float(c + k * s.period) for k in range(1 + int(stop / s.period)) for c in corners]
    return list(s.times) if isinstance(s, Pwl) else []


def _voltage(s: Source, t: float) -> float:
    if isinstance(s, Sin):
        return s.offset + s.amplitude * float(np.sin(2 * np.pi * s.frequency * t))
    if isinstance(s, Pwl):
        return float(np.interp(t, s.times, s.values))
    within = (t - s.delay) % s.period if t >= s.delay else 0.0
    corners = np.cumsum([0.0, s.rise, s.width, s.fall])
    return float(np.interp(within, corners, [s.initial, s.pulsed, s.pulsed, s.initial]))


def _device(name: str, volts: float, load: float, capacitance: float, period: float) -> list[Case]:
    """Return the three circuits of a switching device that oscillates with ``period`` [s] behind that load."""
    forever = SpicePulse(0.0, volts, 0.0, 10e-9, 10e-9, 1.0, 2.0)
    pulse = SpicePulse(0.0, volts, 0.1 * period, 0.02 * period, 0.02 * period, 1.5 * period, 4 * period)
    return [
        Case(name, "oscillator", forever, load, capacitance, 8 * period, 2 * period),
        Case(name, "pulse", pulse, load, capacitance, 4 * period),
        Case(name, "sine", Sin(0.0, volts, 0.25 / period), load, capacitance, 8 * period),
    ]


def _driven(name: str, high: float, load: float, middle: float, swing: float, time: float = 1e-6) -> list[Case]:
    """Return three circuits of a device with a control voltage: driven in steps, in ramps, and both sides at once."""
    s = time / 1e-6
    supply = Pwl((0.0, time), (0.0, high))
    pulse = SpicePulse(middle - swing, middle + swing, time, 50e-9 * s, 50e-9 * s, 3e-6 * s, 8e-6 * s)
    ramp = Pwl((0.0, 5e-6 * s, 15e-6 * s, 20e-6 * s), (middle - swing, middle + swing, middle - swing, middle))
    return [
        Case(name, "pulse", supply, load, 20e-12 * s, 8e-6 * s, control=pulse),
        Case(name, "ramp", supply, load, 20e-12 * s, 20e-6 * s, control=ramp),
        Case(name, "sine", Sin(0.0, high, 100e3 / s), load, 20e-12 * s, 20e-6 * s,
             control=Sin(middle, swing, 300e3 / s)),
    ]


def cases_for(
    name: str, volts: float, load: float, time: float = 1e-6, control: Sequence[float] | None = None
) -> list[Case]:
    """Return three circuits of a device that does not oscillate there.

    Parameters
    ----------
    name : of the device
    volts : of the source [V]
    load : [Ohm]
    time : [s] in which the device or the circuit does something
    control : lowest and highest voltage [V] at the control terminal of a device that has one; None: 0 and ``volts``
    """
    if control_terminal(device_model(name)) is not None:
        low, high = control or (0.0, volts)
        return _driven(name, volts, load, 0.5 * (low + high), 0.5 * (high - low), time)
    pulse = SpicePulse(0.0, volts, time, 0.02 * time, 0.02 * time, 3.0 * time, 8.0 * time)
    ramp = Pwl((0.0, 5.0 * time, 15.0 * time, 20.0 * time), (0.0, volts, -volts, 0.0))
    capacitance = 20e-6 * time
    return [
        Case(name, "pulse", pulse, load, capacitance, 8.0 * time),
        Case(name, "ramp", ramp, load, capacitance, 20.0 * time),
        Case(name, "sine", Sin(0.0, volts, 0.2 / time), load, capacitance, 10.0 * time),
    ]


CASES = [
    *_device("nb2o5", 3.0, 10e3, 1e-9, 7.63e-6),
    *_device("vo2", 2.0, 10e3, 1e-9, 9.48e-6),
    *_device("nbo2", 2.2, 5e3, 80e-12, 240e-9),
    *_device("tin_nbo2", 1.2, 2e3, 500e-12, 600e-9),
    *_device("nbo2_slesazeck", 2.0, 500.0, 1e-9, 300e-9),
    Case("ag_hfo2", "pulse", SpicePulse(0.0, 0.5, 15e-6, 3e-6, 3e-6, 225e-6, 600e-6), 10e3, 22e-9, 600e-6),
    Case("ag_hfo2", "ramp", Pwl((0.0, 5e-6, 15e-6, 20e-6), (0.0, 1.0, -1.0, 0.0)), 1e3, 20e-12, 20e-6),
    Case("ag_hfo2", "sine", Sin(0.0, 0.5, 1700.0), 10e3, 22e-9, 1.2e-3),
    *_device("vo2_hysteretic", 12.0, 12e3, 145.346e-12, 3.04e-6),
    Case("nbox_third_order", "oscillator", SpicePulse(0.0, 1.85, 0.0, 10e-9, 10e-9, 1.0, 2.0), 200.0, 1e-12, 1.2e-6,
         0.8e-6),
    Case("nbox_third_order", "pulse", SpicePulse(0.0, 2.05, 50e-9, 5e-9, 5e-9, 400e-9, 1e-6), 200.0, 1e-12, 1e-6),
    Case("nbox_third_order", "sine", Sin(0.0, 2.3, 2e6), 200.0, 1e-12, 1e-6),
    *cases_for("resistor", 2.0, 1e3), *cases_for("diode", 2.0, 1e3), *cases_for("capacitor", 2.0, 1e3),
    *cases_for("tunnel_diode", 0.5, 1e3),
    *_driven("nmos", 2.0, 10e3, 0.6, 0.9), *_driven("comparator", 1.0, 1e3, 0.0, 0.05),
]
CASES += [
    case for name, entry in catalogue().items() if "compared" in entry.circuits
    for case in cases_for(name, **entry.circuits["compared"])]

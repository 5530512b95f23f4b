"""What the circuit of a study does without instruments and without noise: steps and pairs of pulses, by the witness.

A property of the circuit, such as its refractory period or how its spikes grow with the stimulus, is not in the events
of one run. Its truth is simulated here: the generator is a source with 50 Ohm, the inputs of the scope are 1 MOhm with
14 pF, and nothing else of an instrument is there.
"""

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.study.benches import netlist_of
from benchmarks.study.materials import Material, Oscillator
from tsbench.netlist import parse_netlist
from tsbench.protocols.pulses.parameters import EDGE_SHARE
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import Gap, PulseWaveform, Repetition, Segment
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.switching_levels import levels_of
from tsbench.simulated_backends.witness.firing import ConductanceWatch, pulses_fired
from tsbench.simulated_backends.witness.log import WitnessLog, read_witness
from tsbench.simulated_backends.witness.witness import Witness

_AROUND = """VG emf 0 0
RO emf gen1 50
R_in1 dut 0 1meg
C_in1 dut 0 14p
R_in2 low 0 1meg
C_in2 low 0 14p
"""
_CHUCK = 296.0  #: [K] as in the world files
_HALVINGS = 14  #: of the logarithm of a bracket
_SAMPLES = 2000  #: of the current around a spike


@dataclass(frozen=True)
class Pulses:
    """One or two equal pulses: levels [V], edges (10 to 90 %) and times [s]."""

    base: float
    height: float
    edge: float
    width: float
    gap: float = 0.0
    count: int = 1


@dataclass(frozen=True)
class Seen:
    """What was seen: when it switched on [s after the first edge], and the highest current above rest [A].

    That is the current through the sense resistor; ``sensed`` is its share of the highest current of the device. The
    rest goes into the capacitance across the resistor, for the nanosecond that this takes to charge up.

    After the first edge [s], ``half`` is when the voltage was half way to the first spike, and ``half_up`` when the
    current was half way up in it; None: no spike.
    """

    spikes: FloatArray
    highest: float
    half: float | None
    half_up: float | None
    at_rest: float  #: [A]
    sensed: float = 1.0


@functools.cache
def specimen(material_model: str, device: int, path: int) -> DeviceModel:
    """Return the device as the world files have it; ``path`` is the seed of what is random in it."""
    drawn = catalogue()[material_model].specimen(device, f"D{device}")
    return drawn.seeded(path, f"D{device}", device).at_temperature(_CHUCK)


def one_response(
    material: Material, oscillator: Oscillator | None, pulses: Pulses, path: int = 1, rest: float = 0.0,
    closely: bool = True,
) -> Seen:
    """Return what pulses make of the circuit at rest; ``half_up`` only where it is looked at ``closely``.

    The first spike is that of the device current: where it passes half way from its lowest value to its peak. The
    circuit runs a second time for it, in small steps around the instant of the witness.
    """
    with _Running(material, oscillator, pulses.base, path) as (circuit, log_of):
        begin = circuit.time + max(rest, pulses.width)
        circuit.advance(begin - 10 * pulses.edge)
        at_rest = circuit.voltage("low") / material.shunt
        shunt = _Followed("low")
        circuit.add_observer(shunt)
        _send(circuit, pulses, begin)
        log = log_of()
    events, off = log.switching_on(), log.switching_off()
    current = shunt.highest(off[0].time if off else np.inf) / material.shunt
    sensed = (current - at_rest) / (off[0].max_current - at_rest) if off else 1.0
    on = np.array([event.time for event in events]) - begin
    if not events or not off or events[0].time_half is None:
        return Seen(on, float(current - at_rest), None, None, at_rest, sensed)
    half = events[0].time_half - begin
    if not closely:
        return Seen(on, float(current - at_rest), half, None, at_rest, sensed)
    reach = min(off[0].time - events[0].time, events[0].time - begin)
    with _Running(material, oscillator, pulses.base, path) as (circuit, _):
        times = events[0].time + np.linspace(-reach, reach, _SAMPLES)
        circuit.advance(begin - 10 * pulses.edge)
        _send(circuit, pulses, begin, float(times[0]))
        flowing = np.empty(times.size)
        for k, time in enumerate(times):
            circuit.advance(float(time))
            flowing[k] = circuit.voltage("low")
    half_up = half_way(times, flowing) - begin
    return Seen(on, float(current - at_rest), half, half_up, at_rest, sensed)


def current_after(
    material: Material, pulses: Pulses, rest: float, length: float
) -> tuple[FloatArray, FloatArray]:
    """Return time [s after the falling edge's middle] and device current [A] over ``length``, from the end of a pulse.

    The current is taken from the middle of the pulse on.
    """
    with _Running(material, None, pulses.base, 1) as (circuit, _):
        begin = circuit.time + max(rest, pulses.width)
        circuit.advance(begin - 10 * pulses.edge)
        middle, end = begin + 0.5 * pulses.width, begin + pulses.width
        times = np.concatenate([np.linspace(middle, end - 5 * pulses.edge, 50),
                                np.linspace(end - 4 * pulses.edge, end + length, _SAMPLES)])
        _send(circuit, pulses, begin, middle)
        flowing = np.empty(times.size)
        for k, time in enumerate(times):
            circuit.advance(float(time))
            flowing[k] = circuit.voltage("low") / material.shunt
    return times - end, flowing


def half_way(times: FloatArray, values: FloatArray) -> float:
    """Return when the values last pass half way from the lowest before the highest to the highest."""
    peak = int(np.argmax(values))
    foot = int(np.argmin(values[: peak + 1]))
    level = 0.5 * (values[foot] + values[peak])
    last = foot + int(np.flatnonzero(values[foot : peak + 1] < level)[-1])
    return float(np.interp(level, values[last : last + 2], times[last : last + 2]))


def share_fired(
    material: Material, oscillator: Oscillator | None, pulses: Pulses, rest: float, path: int = 1
) -> tuple[int, int]:
    """Return how many first pulses of ``material.true_pairs`` pairs fired, and how many second ones after those.

    By the definition of firing; a circuit that oscillates fires if it spikes.
    """
    starts = []
    watch = ConductanceWatch("XDUT", ("dut", "low"))
    half, period = 0.5 * pulses.edge / EDGE_SHARE, pulses.width + pulses.gap
    with _Running(material, oscillator, pulses.base, path) as (circuit, log_of):
        circuit.add_observer(watch)
        for _ in range(material.true_pairs):
            begin = circuit.time + rest
            starts.append(begin)
            watch.ask(begin - half + np.array([0.0, pulses.width, period, period + pulses.width]))
            _send(circuit, pulses, begin)
        log = log_of()
    if oscillator is not None:
        first = np.array(starts)
        fired, again = (log.fired(start, start + pulses.width) for start in (first, first + period))
    else:
        levels, seen = levels_of(specimen(material.model, 1, path)), watch.conductances().reshape(-1, 4).T
        assert levels is not None
        fired, again = pulses_fired(*seen[:2], seen[0], levels), pulses_fired(*seen[2:], seen[0], levels)
    return int(fired.sum()), int((fired & again).sum())


def bisected(fires: Callable[[float], bool], low: float, high: float) -> float | None:
    """Return where ``fires`` turns true between ``low`` and ``high``, by halving of the logarithm; None: nowhere."""
    if fires(low) or not fires(high):
        return None
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(low * high))
        low, high = (low, middle) if fires(middle) else (middle, high)
    return float(np.sqrt(low * high))


def _send(circuit: Circuit, pulses: Pulses, begin: float, until: float | None = None) -> None:
    """Advance over pulses whose first edge is at half height at ``begin`` [s], and a little more, or ``until`` [s]."""
    edge = pulses.edge / EDGE_SHARE   # from 0 to 100 %
    circuit.set_source("VG", PulseWaveform(
        pulses.base, pulses.base + pulses.height, begin - edge / 2, edge, edge, pulses.width,
        pulses.width + pulses.gap, pulses.count))
    length = pulses.count * pulses.width + (pulses.count - 1) * pulses.gap
    circuit.advance(begin + length + max(0.2 * pulses.width, 10 * edge) if until is None else until)


class _Followed:
    """Observer that keeps the voltage of a node at the ends of all steps, and half way between."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._parts: list[tuple[FloatArray, FloatArray]] = []

    def observe(self, segment: Segment) -> None:
        if not isinstance(segment, (Gap, Repetition)):
            ends = np.asarray(segment.times)
            times = np.sort(np.concatenate([ends, 0.5 * (ends[1:] + ends[:-1])]))
            self._parts.append((times, segment.voltage(self._node, times)))

    def highest(self, until: float) -> float:
        """Return the highest voltage [V] up to a time [s]."""
        return max(float(voltage[times <= until].max(initial=0.0)) for times, voltage in self._parts)


class _Running:
    """A circuit with its witness, from rest; the second part reads what the witness wrote."""

    def __init__(self, material: Material, oscillator: Oscillator | None, base: float, path: int) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._file = Path(self._folder.name) / "witness.jsonl"
        model = specimen(material.model, 1, path)
        text = netlist_of(material, oscillator).replace("device", material.model) + _AROUND
        self._circuit = build_circuit(parse_netlist(text), {"XDUT": model}, seed=path)
        self._witness = Witness(self._file, {"XDUT": ("dut", "low")})
        self._circuit.add_observer(self._witness)
        self._witness.connected("XDUT", "D1", model, self._circuit.time)
        self._circuit.set_source("VG", PulseWaveform(base, base, 0.0, 1e-9, 1e-9, 1e-9, 1.0, 1))

    def __enter__(self) -> tuple[Circuit, Callable[[], WitnessLog]]:
        return self._circuit, self._log

    def _log(self) -> WitnessLog:
        self._witness.end(self._circuit.time)
        return read_witness(self._file)

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

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
from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.circuit.circuit import Circuit
from tsbench.simulated_backends.circuit.engine import PulseWaveform
from tsbench.simulated_backends.devices.catalogue import catalogue
from tsbench.simulated_backends.devices.model import DeviceModel
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
    """What the witness saw: when it switched on [s after the first edge], and the highest current above rest [A].

    After the first edge [s], ``half`` is when the voltage was half way to the first spike, and ``half_up`` when the
    current was half way up in it; None: no spike.
    """

    spikes: FloatArray
    highest: float
    half: float | None
    half_up: float | None
    at_rest: float  #: [A]


@functools.cache
def specimen(material_model: str, device: int, path: int) -> DeviceModel:
    """Return the device as the world files have it; ``path`` is the seed of what is random in it."""
    drawn = catalogue()[material_model].specimen(device, f"D{device}")
    return drawn.seeded(path, f"D{device}", device).at_temperature(_CHUCK)


def one_response(
    material: Material, oscillator: Oscillator | None, pulses: Pulses, path: int = 1, rest: float = 0.0
) -> Seen:
    """Return what pulses make of the circuit at rest.

    The first spike is that of the device current: where it passes half way from its lowest value to its peak. The
    circuit runs a second time for it, in small steps around the instant of the witness.
    """
    with _Running(material, oscillator, pulses.base, path) as (circuit, log_of):
        begin = circuit.time + max(rest, pulses.width)
        circuit.advance(begin - 10 * pulses.edge)
        at_rest = circuit.voltage("low") / material.shunt
        _send(circuit, pulses, begin)
        log = log_of()
    events, off = log.switching_on(), log.switching_off()
    current = off[0].max_current if off else log.maxima()["D1"]["current"]
    on = np.array([event.time for event in events]) - begin
    if not events or not off or events[0].time_half is None:
        return Seen(on, float(current - at_rest), None, None, at_rest)
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
    return Seen(on, float(current - at_rest), events[0].time_half - begin, half_up, at_rest)


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
    """Return how many first pulses of ``material.true_pairs`` pairs fired, and how many second ones after those."""
    starts = []
    with _Running(material, oscillator, pulses.base, path) as (circuit, log_of):
        for _ in range(material.true_pairs):
            begin = circuit.time + rest
            starts.append(begin)
            _send(circuit, pulses, begin)
        log = log_of()
    first = np.array(starts)
    second = first + pulses.width + pulses.gap
    fired, again = log.fired(first, first + pulses.width), log.fired(second, second + pulses.width)
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
    edge = pulses.edge / 0.8   # from 0 to 100 %
    circuit.set_source("VG", PulseWaveform(
        pulses.base, pulses.base + pulses.height, begin - edge / 2, edge, edge, pulses.width,
        pulses.width + pulses.gap, pulses.count))
    length = pulses.count * pulses.width + (pulses.count - 1) * pulses.gap
    circuit.advance(begin + length + max(0.2 * pulses.width, 10 * edge) if until is None else until)


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

"""The circuit engine: a netlist with devices and instruments' output stages, integrated in time, lazily.

A :class:`Circuit` owns its time and its state. Instruments change its sources, relays and source-meter stages;
observers (scope records, apertures, the witness) see every accepted step of it and nothing else, so they never
change what happens.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.life.history import DeviceHistory

# ------------------------------------------------------------------------------------------- waveforms


@dataclass(frozen=True)
class Constant:
    """A constant source value [V or A]."""

    value: float


@dataclass(frozen=True)
class PulseWaveform:
    """``count`` trapezoids (0: without end) from ``start`` [s, circuit time]; base outside of them."""

    base: float
    top: float
    start: float
    rise: float  #: [s] 0-100 %
    fall: float  #: [s] 100-0 %
    width: float  #: [s] at 50 %
    period: float
    count: int


@dataclass(frozen=True)
class PiecewiseLinear:
    """Linear between (times [s, circuit time], values); first value before, last value after.

    With a finite ``period`` the points, which span one period at most, are repeated without end from the first on.
    """

    times: FloatArray
    values: FloatArray
    period: float = math.inf  #: [s]


@dataclass(frozen=True)
class Sine:
    """offset + amplitude * sin(2 pi frequency (t - start) + phase) from ``start`` on, for ``count`` periods.

    Before and after it stands at its value at ``start``. ``count`` 0: without end.
    """

    offset: float
    amplitude: float
    frequency: float
    start: float = 0.0
    phase: float = 0.0  #: [rad]
    count: int = 0


SourceWaveform = Constant | PulseWaveform | PiecewiseLinear | Sine


@dataclass(frozen=True)
class SourceMeterStage:
    """Set-points of a source meter's output stage: two servo loops on one output voltage v_s.

    The output node is driven through ``output_resistance`` from v_s; the source loop pulls v_s to its target with
    ``voltage_time_constant`` (voltage drive) or the current to its target with ``current_time_constant``
    (current drive), limited by ``slew_rate``; the other loop takes over where its limit is reached (lowest wins),
    with its own finite speed: so overshoot exists. ``loop_resistance`` scales the current loop [Ohm]:
    while it limits, the output behaves like a current source with current_time_constant/loop_resistance [F] across
    it (0.2 us and 1 kOhm: 200 pF); only cables that are not small against that make an overshoot longer.
    """

    function: Literal["voltage", "current"]
    level: float  #: [V or A]
    limit: float  #: [A or V], symmetric, > 0
    output_resistance: float
    voltage_time_constant: float
    current_time_constant: float
    loop_resistance: float
    slew_rate: float  #: [V/s]


# ------------------------------------------------------------------------------------------- what happened


class Trajectory(Protocol):
    """A run of accepted steps, with dense output between them."""

    @property
    def start(self) -> float:
        """[s]."""

    @property
    def end(self) -> float:
        """[s]."""

    @property
    def times(self) -> FloatArray:
        """Start, the ends of all steps between, and end [s], shape (n + 1,)."""

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        """Return the node voltage [V] at ``times`` (within start..end), by dense output; "0" is ground."""

    def current(self, element: str, times: FloatArray) -> FloatArray:
        """Return the current [A] into the first terminal of a device, source, resistor or stage."""

    def state(self, device: str, index: int, times: FloatArray) -> FloatArray:
        """Return one state of a device (index in its model's ``states``) at ``times``."""

    def integral(self, kind: Literal["voltage", "current"], name: str, start: float, end: float) -> float:
        """Integral over [start, end] (within this trajectory) of a node voltage [V s] or element current [A s]."""


@dataclass(frozen=True)
class Repetition:
    """``count`` whole periods skipped after ``start``: each is a copy of ``period`` (shifted in time)."""

    start: float
    count: int
    length: float  #: [s] of one period
    period: "Trajectory"

    @property
    def end(self) -> float:
        """Return the circuit time after the skip [s]."""
        return self.start + self.count * self.length


@dataclass(frozen=True)
class Gap:
    """What happened between ``start`` and ``end`` [s] was not computed; at ``end`` everything is as at ``start``."""

    start: float
    end: float
    reason: str


Segment = Trajectory | Repetition | Gap


class Observer(Protocol):
    """Sees every segment in order, once."""

    def observe(self, segment: Segment) -> None: ...


class CircuitInterface(Protocol):
    """What the simulated bench asks of a circuit. ``build_circuit`` in ``build.py`` makes one from a netlist."""

    @property
    def time(self) -> float:
        """Return how far it is integrated [s]."""

    @property
    def nodes(self) -> Sequence[str]: ...
    @property
    def devices(self) -> Sequence[str]:
        """Return the device element names, as "XDUT"."""

    def model_of(self, device: str) -> DeviceModel:
        """Return the model that stands in the position of ``device``."""

    def advance(
        self, until: float, skip: bool = True, watched: bool = False, most_work: float = math.inf
    ) -> int:
        """Integrate to ``until`` [s]; with ``skip`` whole periods that repeat are not computed.

        ``watched``: only those in phase with the sources are skipped; ``most_work``: the most steps to take. Returns
        the work that it took, in steps.
        """

    def leave_out(self, until: float, reason: str) -> None:
        """Let time pass up to ``until`` [s] without computing what happens."""

    @property
    def work(self) -> int:
        """Return what has been computed so far, in steps."""

    @property
    def steady(self) -> bool:
        """Return whether it goes on as in the period before until something is changed."""

    def add_observer(self, observer: Observer) -> None: ...
    def remove_observer(self, observer: Observer) -> None: ...
    def set_source(self, name: str, waveform: SourceWaveform) -> None:
        """Replace the waveform of V/I source ``name`` from ``time`` on (its jump is a breakpoint)."""

    def set_resistance(self, name: str, value: float) -> None:
        """Change a resistor (a relay) from ``time`` on."""

    def set_capacitance(self, name: str, value: float) -> None:
        """Change a capacitor from ``time`` on; its voltage stays."""

    def set_stage(self, name: str, stage: SourceMeterStage) -> None:
        """Change the set-points of a source-meter stage from ``time`` on; its v_s goes on where it was."""

    def voltage(self, node: str) -> float:
        """Node voltage now [V]."""

    def current(self, element: str) -> float: ...
    def device_state(self, device: str) -> Mapping[str, float]: ...
    def set_device(self, device: str, model: str | DeviceModel, parameters: Mapping[str, float],
                   state: Mapping[str, float] | None, history: DeviceHistory | None = None) -> None:
        """Put another device in the position of ``device`` (a positioner moved), with its own remembered state."""

    def set_temperature(self, device: str, temperature: float) -> None:
        """Bring the surroundings of ``device`` (a chuck) to ``temperature`` [K] from ``time`` on."""

"""The plain data that the folders exchange: points, waveforms, events, results, device and fixture facts.

Frozen dataclasses in SI units. Nothing here reads a file or an instrument.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


class Flag(enum.IntFlag):
    """Flags of a reading, a waveform or a result."""

    NONE = 0
    COMPLIANCE = 1  #: the source meter was limiting (current or voltage)
    OVERFLOW = 2  #: beyond the measuring range: the number is NaN
    CLIPPED = 4  #: scope codes at the end of the ADC
    TRIGGER_MISSED = 8
    TIMEOUT = 16
    UNSETTLED = 32  #: taken before range or source had settled, or while the source meter was too hot
    OSCILLATING = 64  #: the device oscillated during the reading: the number is an average
    UNDER_SAMPLED = 128
    NO_EVENT = 256  #: nothing to extract (did not switch, no spike)
    TOO_FEW = 512  #: too few events for a trustworthy interval
    CENSORED = 1024  #: bounded on one side only
    UNCHECKED = 2048  #: could not be checked for oscillation (no scope on the bench)
    IMPLAUSIBLE = 4096  #: beyond what source, range and compliance allow
    OPEN = 8192  #: the device looks like an open circuit: no contact, or destroyed
    SHORT = 16384  #: the device looks like a short circuit
    NO_HYSTERESIS = 32768  #: both branches change at the same place: a knee, a range or a floor looks like that
    AMBIGUOUS = 65536  #: noise with memory, a slow amplifier or a lost contact may look like that as well
    DEPENDENT = 131072  #: what a pulse does depends on what the pulses before did

    def names(self) -> list[str]:
        """Return the lower-case names of the set flags."""
        return [str(flag.name).lower() for flag in Flag if flag and flag in self]


@dataclass(frozen=True)
class Column:
    """One column of a run's point table."""

    name: str
    unit: str
    help: str = ""


#: as :meth:`Fixture.device_voltage` computes it
DEVICE_VOLTAGE = Column(
    "device_voltage", "V", "voltage minus the drop along the fixture's path, of which scope inputs take a part")


@dataclass(frozen=True)
class Point:
    """One row of a run's point table: ``values`` in the order of the protocol's columns (SI units)."""

    values: tuple[float, ...]
    flags: Flag = Flag.NONE


@dataclass(frozen=True)
class Waveform:
    """One scope acquisition on one channel: raw codes and what turns them into ``unit``.

    ``value = codes * scale + offset``; sample ``k`` of segment ``j`` was taken ``t0 + k * dt`` [s] after the
    trigger of that segment, which came ``segment_times[j]`` [s] after the first.
    """

    channel: str  #: what was sensed: "device_voltage_high", "device_voltage_low", "source", …
    unit: str
    codes: npt.NDArray[Any]  #: int8, uint8 or int16, shape (segments, samples)
    scale: float
    offset: float
    t0: float
    dt: float
    segment_times: FloatArray  #: [s], shape (segments,)
    clip_low: int | None = None  #: code that means "below the range"
    clip_high: int | None = None
    bandwidth: float | None = None  #: [Hz]
    accuracy_gain: float = 0.0  #: relative systematic uncertainty (standard) of ``scale``
    accuracy_offset: float = 0.0  #: [unit] systematic uncertainty (standard) of ``offset``
    conditions: Mapping[str, float] = field(default_factory=dict)  #: {"bias": 2.0}, {"pulse": 3, "amplitude": 1.2}
    time: float = 0.0  #: [s] on the bench's clock at the first trigger
    flags: Flag = Flag.NONE

    def values(self) -> FloatArray:
        """Return the samples in ``unit``, shape (segments, samples)."""
        return self.codes.astype(np.float64) * self.scale + self.offset

    def times(self) -> FloatArray:
        """Return the sample times after each trigger [s], shape (samples,)."""
        return self.t0 + self.dt * np.arange(self.codes.shape[1], dtype=np.float64)


@dataclass(frozen=True)
class RunEvent:
    """An event of a run.

    ``kind``: "progress", "log", "warning", "state", "output", "result"; "retry" for a question asked again; "switched"
    with what is known of each output while the run goes on.
    """

    kind: str
    message: str
    time: float = 0.0  #: [s] on the bench's clock; 0 where no run is going on
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A step of a protocol: its progress. The runner can pause or stop between two steps."""

    done: int
    total: int
    message: str = ""
    idle: bool = False  #: the source is at zero or off: the runner may pause here for as long as it takes


class Recorder(Protocol):
    """Stores what a protocol acquires; each call returns when the item is on the disk."""

    def point(self, point: Point) -> None: ...
    def waveform(self, waveform: Waveform) -> None: ...
    def event(self, event: RunEvent) -> None: ...


@dataclass(frozen=True)
class Result:
    """One extracted number with its 95 % interval; ``value`` is None where there is nothing to extract.

    The two uncertainties are standard ones (one sigma) in the result's unit, None where they are not told apart. More
    repetitions reduce the random one; the systematic one is the same in all of them. The interval contains both.
    """

    quantity: str  #: "threshold_voltage", "hold_voltage", "switching_delay", "frequency", …
    unit: str
    value: float | None
    low: float | None
    high: float | None
    method: str
    conditions: Mapping[str, Any] = field(default_factory=dict)
    flags: Flag = Flag.NONE
    random_uncertainty: float | None = None  #: of this number: of a mean, that of the mean
    systematic_uncertainty: float | None = None  #: of the instruments and the fixture

    def row(self, device: str, protocol: str, run: str) -> dict[str, Any]:
        """Return the result row that ``--json`` prints."""
        return {
            "device": device, "protocol": protocol, "run": run, "quantity": self.quantity, "unit": self.unit,
            "conditions": dict(self.conditions), "value": self.value, "low": self.low, "high": self.high,
            "random_uncertainty": self.random_uncertainty, "systematic_uncertainty": self.systematic_uncertainty,
            "method": self.method, "flags": self.flags.names(),
        }


@dataclass(frozen=True)
class DeviceLimits:
    """Limits of the device, from ``[device.limits]`` of the bench file. None: no limit."""

    max_voltage: float | None = None  #: [V] magnitude across the device
    max_current: float | None = None  #: [A] magnitude
    max_power: float | None = None  #: [W]
    max_charge: float | None = None  #: [C] per event
    max_energy: float | None = None  #: [J] per event

    def with_stricter(self, other: "DeviceLimits") -> "DeviceLimits":
        """Return the smaller one of each pair of limits."""
        both = {field.name: [one for one in (getattr(self, field.name), getattr(other, field.name)) if one is not None]
                for field in fields(self)}
        return DeviceLimits(**{name: min(values, default=None) for name, values in both.items()})


@dataclass(frozen=True)
class DeviceDescription:
    """The device under test, as the bench file describes it."""

    identifier: str
    material: str = ""
    stack: str = ""
    area: float | None = None  #: [m^2]
    notes: str = ""
    limits: DeviceLimits = DeviceLimits()
    least_resistance: float | None = None  #: [Ohm] that it never falls below, as the lab knows it


def simulation_mark(simulated: Mapping[str, bool]) -> str:
    """Return the mark of a bench: "" (real), "SIMULATED", or "PARTLY SIMULATED (scope)".

    Parameters
    ----------
    simulated : mapping of str to bool
        Instrument -> whether it identifies itself as simulated.
    """
    names = [name for name, said in simulated.items() if said]
    if not names:
        return ""
    return "SIMULATED" if len(names) == len(simulated) else f"PARTLY SIMULATED ({', '.join(names)})"


@dataclass(frozen=True)
class Identity:
    """The reply to ``*IDN?``; serial numbers of simulated instruments begin with ``SIM``."""

    manufacturer: str
    model: str
    serial: str
    firmware: str

    @property
    def simulated(self) -> bool:
        """Whether the instrument identifies itself as simulated (information only; no code depends on it)."""
        return self.serial.upper().startswith("SIM")


@dataclass(frozen=True)
class CurrentAmplifier:
    """A transimpedance amplifier between the device and the scope, as its data sheet and its switches have it."""

    gain: float  #: [V/A] of either sign, output at the scope / current into the input
    input_resistance: float  #: [Ohm] to ground
    bandwidth: float  #: [Hz] -3 dB
    maximum_output: float  #: [V] at the scope, either sign
    maximum_current: float | None = None  #: [A] into the input without damage

    def saturated(self, volts: FloatArray) -> npt.NDArray[np.bool_]:
        """Return which outputs [V] are as large as the amplifier makes them: the current may be larger.

        From 97 % of the maximum output on, because the gain error of a scope is up to 3 %.
        """
        return np.asarray(np.abs(volts) >= self.saturates_from)

    @property
    def saturates_from(self) -> float:
        """Output [V] from which on the current may be larger."""
        return 0.97 * self.maximum_output


@dataclass(frozen=True)
class Sensing:
    """The scope channels at the device, and what turns the current into a voltage; part of the fixture.

    Device voltage = high - low; device current = voltage of the ``current`` channel / ``transresistance``. What turns
    the current into a voltage is a resistor (``shunt``), the 50 Ohm input of the scope itself (``scope_input``), or an
    ``amplifier``.
    """

    voltage_high: str | None = None  #: role, e.g. "scope.1"
    voltage_low: str | None = None
    current: str | None = None
    current_resistance: float | None = None  #: [Ohm] of the resistor or of the scope's input
    current_sensor: str = "shunt"  #: "shunt", "scope_input" or "amplifier"
    current_tolerance: float = 0.0  #: relative limit of the error of resistance or gain
    current_impedance: Literal["50", "1M"] = "1M"  #: of the scope's input at the sensor
    maximum_current: float | None = None  #: [A] that the sensor withstands
    amplifier: CurrentAmplifier | None = None
    current_node: str = ""  #: of the netlist, where the current enters the sensor; "": not known
    skew: float | None = None  #: [s] by which the ``current`` channel is late against ``voltage_high``; None: unknown
    skew_uncertainty: float = 0.0  #: [s] standard uncertainty of that, as measured with the oscilloscope of the bench
    capacitance: float | None = None  #: [F] across the resistor, all in all, as measured with it; None: unknown
    capacitance_uncertainty: float = 0.0  #: [F] standard uncertainty of that

    @property
    def transresistance(self) -> float | None:
        """Return volts at the scope per ampere through the device [Ohm]; None where the bench file says none."""
        return self.current_resistance if self.amplifier is None else self.amplifier.gain

    @property
    def burden(self) -> float:
        """Return the resistance [Ohm] that the sensor puts in series with the device; 0 where it is not known."""
        return (self.current_resistance or 0.0) if self.amplifier is None else self.amplifier.input_resistance

    @property
    def unseen_drop(self) -> float:
        """Return the resistance [Ohm] whose voltage no channel shows, so that it is computed from the current.

        That of an amplifier or of the scope's input, where no channel is at the low side of the device.
        """
        alone = self.voltage_low is None and self.current not in {None, self.voltage_high}
        return self.burden if alone and self.current_sensor != "shunt" else 0.0


@dataclass(frozen=True)
class PassiveProbe:
    """A passive probe at a channel of the scope, as the bench file states it."""

    attenuation: float  #: voltage at the tip / voltage at the input of the scope
    resistance: float  #: [Ohm] between the tip and ground
    accuracy: float = 0.0  #: relative limit of the error of the attenuation


@dataclass(frozen=True)
class Fixture:
    """The wiring in the bench file: a SPICE netlist and the node of each instrument terminal."""

    netlist: str
    terminals: Mapping[str, str] = field(default_factory=dict)  #: "source_meter" or "generator.1" -> node
    sensing: Sensing = Sensing()
    path_resistance: Mapping[str, float] = field(default_factory=dict)
    #: role -> [Ohm] in series with the device between the instrument's terminals, device shorted, the
    #: instrument's own output resistance included
    source_resistance: Mapping[str, float] = field(default_factory=dict)
    #: role -> [Ohm] of that, the instrument's own output resistance
    parallel_capacitance: float = 0.0  #: [F] across the device
    parallel_conductance: float = 0.0
    #: [S] of scope inputs from the device's driven node to ground: their current is measured, but not the device's
    control: Mapping[str, float] = field(default_factory=dict)
    #: quantity -> [Ohm or F] that decade boxes, gates or the operator set, in place of the value in the netlist
    probes: Mapping[str, PassiveProbe] = field(default_factory=dict)  #: terminal such as "scope.1" -> the probe there
    low_side_resistance: float = 0.0
    #: [Ohm] between the device's other node and ground, such as a shunt: a part of each path resistance, so no more

    def resistance_before_inputs(self, role: str) -> float:
        """Return the part [Ohm] of a role's path resistance that also carries the current of the scope inputs."""
        return max(self.path_resistance.get(role, 0.0) - self.low_side_resistance, 0.0)

    def conductance_when_open(self, role: str) -> float:
        """Return what a source meter finds without a device [S]: the scope inputs behind the path before them."""
        beside = self.parallel_conductance
        return beside / (1.0 + self.resistance_before_inputs(role) * beside)

    def node_voltage(self, role: str, voltage: float, current: float) -> float:
        """Return the voltage [V] of the driven node, to which all of the current of a source meter flows.

        Parameters
        ----------
        role : of the source meter
        voltage, current : its reading [V], [A]
        """
        return voltage - self.resistance_before_inputs(role) * current

    def device_voltage(self, role: str, voltage: float, current: float) -> float:
        """Return the voltage [V] of the device: at the driven node, the scope inputs take a part of the current.

        Parameters
        ----------
        role, voltage, current : as for :meth:`node_voltage`
        """
        node = self.node_voltage(role, voltage, current)
        behind = min(self.low_side_resistance, self.path_resistance.get(role, 0.0))
        return node - behind * (current - self.parallel_conductance * node)

    def device_current(self, voltage: FloatArray, current: FloatArray) -> FloatArray:
        """Return the current [A] through the device, shape (n,): without what flows through the scope inputs.

        Parameters
        ----------
        voltage : of the device [V], shape (n,)
        current : as a source meter reads it [A], shape (n,)
        """
        beside = self.parallel_conductance
        return (current - beside * voltage) / (1.0 + beside * self.low_side_resistance) if beside else current


@dataclass(frozen=True)
class RunHeader:
    """The facts known at the start of a run; the first record of journal and run file."""

    run_id: str
    protocol: str
    parameters: Mapping[str, Any]  #: name -> {"value", "unit"}
    columns: tuple[Column, ...]
    device: DeviceDescription
    fixture: Fixture
    instruments: Mapping[str, Mapping[str, Any]]
    #: name -> {"driver", "model", "serial", "firmware", "manufacturer", "resource", "visa_library", "roles",
    #: "simulated", "settings", "accuracy"}
    simulated: bool
    start_time: str  #: ISO 8601 with offset
    planned_points: int = 0
    provenance: Mapping[str, Any] = field(default_factory=dict)
    campaign_id: str = ""
    user: str = ""


@dataclass(frozen=True)
class Run:
    """A run as read back, from its journal or its file; the same either way."""

    header: RunHeader
    points: FloatArray  #: shape (n, len(header.columns))
    point_flags: npt.NDArray[np.uint32]  #: shape (n,)
    waveforms: tuple[Waveform, ...]
    events: tuple[RunEvent, ...]
    status: str  #: "success", "abort", "fail", "recovered", or "running" (an open journal)
    reason: str = ""
    end_time: str = ""
    results: tuple[Result, ...] = ()

    def column(self, name: str) -> FloatArray:
        """Return one column of the point table; KeyError names the columns there are."""
        names = [column.name for column in self.header.columns]
        if name not in names:
            raise KeyError(f"run {self.header.run_id} has no column '{name}'. Its columns are {', '.join(names)}")
        return self.points[:, names.index(name)]

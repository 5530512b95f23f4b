"""Compares settings with the range of the instrument and with the limits of the device.

Arithmetic on set-points, on the path between an instrument and the device, and on what is on at the same time. It sends
no message. The guards of this folder apply it in front of every driver, and the drivers use the range check themselves.
"""

import contextlib
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Self

from tsbench.errors import ConfigurationError, LimitError
from tsbench.instruments.guard import exposed_terminals as exposure
from tsbench.instruments.guard.contacts import contact_refusal, load_refusal
from tsbench.instruments.guard.exposed_terminals import SAFE_VOLTAGE, SLACK, ExposedTerminal
from tsbench.instruments.interfaces import ContactLimits, Range, SourceSettings
from tsbench.quantities import short_quantity, told_apart
from tsbench.records import DeviceLimits, PassiveProbe

_TOGETHER = {"A": "drive {} through a shorted device", "V": "bring {} to the device", "W": "bring {} into the device"}
_UNITS = {"max_voltage": "V", "max_current": "A", "max_power": "W", "max_charge": "C", "max_energy": "J"}


def require_number(subject: str, quantity: str, value: object) -> None:
    """Raise ConfigurationError unless ``value`` is a number (of Python or of NumPy); True and False are none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ConfigurationError(
            f"{subject}: {quantity} is {value!r:.60}. It must be a number in SI units without a prefix, such as 0.5")


def require_finite(subject: str, quantity: str, value: float) -> None:
    """Raise LimitError unless ``value`` is finite, and ConfigurationError if it is no number."""
    require_number(subject, quantity, value)
    if not math.isfinite(value):
        raise LimitError(f"{subject}: {quantity} is {value}. It must be a finite number")


def require_in_range(
    subject: str, quantity: str, value: float, allowed: Range, bound: str = "the instrument's range",
) -> None:
    """Raise LimitError unless ``value`` lies within ``allowed``, which messages call ``bound``.

    ConfigurationError: it is no number.
    """
    require_finite(subject, quantity, value)
    if value < allowed.low - SLACK * abs(allowed.low) or value > allowed.high + SLACK * abs(allowed.high):
        shown = told_apart(value, allowed.low if value < allowed.low else allowed.high, allowed.unit)[0]
        raise LimitError(
            f"{subject}: {quantity} {shown} is outside {bound} "
            f"{short_quantity(allowed.low, allowed.unit)} to {short_quantity(allowed.high, allowed.unit)}. Choose a "
            "value in this range")


@dataclass(frozen=True)
class WirePath:
    """The wiring between an instrument's terminals and the device, instrument's EMF to device.

    ``resistance``: [Ohm] EMF / current with the device shorted, the instrument's output resistance included.
    inf: the instrument does not reach the place of the device, or there is none.
    ``gain``: open-circuit voltage at the device / EMF (1 unless something loads the node).
    ``coupled``: a capacitor is in series, so the device sees how far a level is from those before it.
    ``share``: EMF that brings to the device what this capacitor keeps at most of another EMF, in its place; less than 1
    where a resistor lies beside it.
    ``held``: [V] lowest and highest level that this capacitor may have from before.
    ``left``: [V at the device] that other sources may have left on it.
    """

    resistance: float = 0.0
    gain: float = 1.0
    coupled: bool = False
    share: float = 1.0
    held: tuple[float, float] = (0.0, 0.0)
    left: float = 0.0

    @property
    def thevenin_resistance(self) -> float:
        """Return the resistance the device sees [Ohm]."""
        return self.resistance * self.gain


@dataclass(frozen=True)
class WorstCase:
    """The most that the device can see from one set of set-points: [V], [A], [W], all magnitudes."""

    voltage: float
    current: float
    power: float

    @classmethod
    def of(cls, cases: Iterable[Self]) -> Self:
        """Return the most of at least one case, each quantity by itself."""
        return cls(*(max(one) for one in zip(*((c.voltage, c.current, c.power) for c in cases), strict=True)))


def worst_case_of_voltage(emf: float, path: WirePath, compliance: float = math.inf) -> WorstCase:
    """Return the worst case of an EMF [V] behind a path, its current limited to ``compliance`` [A]."""
    open_voltage = abs(emf) * path.gain
    if math.isinf(path.resistance):
        return WorstCase(open_voltage, 0.0, 0.0)
    resistance = path.thevenin_resistance
    short = open_voltage / resistance if resistance > 0 else (math.inf if open_voltage > 0 else 0.0)
    current = min(compliance, short)
    matched = open_voltage / (2 * resistance) if resistance > 0 else math.inf
    at = min(current, matched)  # the current at which the device takes most power
    power = (open_voltage - at * resistance) * at if math.isfinite(at) else math.inf
    return WorstCase(open_voltage, current, power)


def worst_case_of_current(level: float, compliance: float) -> WorstCase:
    """Return the worst case of a driven current [A] with a compliance voltage [V]."""
    return WorstCase(abs(compliance), abs(level), abs(level) * abs(compliance))


def worst_case_of_source(level: float, source: SourceSettings, path: WirePath) -> WorstCase:
    """Return the worst case of one level [V or A] of a source meter at the end of a path."""
    if source.function == "voltage":
        return worst_case_of_voltage(level, path, source.compliance)
    return worst_case_of_current(level, source.compliance)


@dataclass(frozen=True)
class DeviceGuard:
    """The limits of one device, or of a gate; a message names the instrument, the value, the limit and the next step.

    Parameters
    ----------
    limits : DeviceLimits
    device : its name in messages
    place : where the voltage is, in messages: "the device" or "the gate"
    tables : where the bench file has its limits
    keys : limit -> its key there, where that has another name
    accepted : limits that are above those of the bench file, because a person has accepted the plan of this run
    """

    limits: DeviceLimits
    device: str = "the device"
    place: str = "the device"
    tables: str = "[devices.ID.limits] or [device.limits]"
    keys: Mapping[str, str] = field(default_factory=dict)
    accepted: frozenset[str] = frozenset()

    def require(self, subject: str, quantity: str, value: float, limit: str, cause: str = "") -> None:
        """Raise LimitError if ``|value|`` exceeds the limit called ``limit`` (``"max_voltage"``, …).

        ``cause`` (``"pulse top"``) is the setting that leads to the value; "" if the value itself was set.
        """
        require_finite(
            subject, f"with this {cause}, {quantity}" if cause else quantity,
            value if math.isfinite(value) or getattr(self.limits, limit) is not None else 0.0,
        )
        bound: float | None = getattr(self.limits, limit)
        if bound is not None and abs(value) > bound * (1 + SLACK):
            reached, allowed = told_apart(value, bound, _UNITS[limit])
            key, which = self.keys.get(limit, limit), "device limit" if self.place == "the device" else "limit"
            said = (f"with this {cause}, {quantity} may reach {reached}, but {key} of {self.device} is {allowed}"
                    if cause else f"{quantity} {reached} exceeds the {which} {key} {allowed} of {self.device}")
            remedy = (f"This is what was accepted for this run, in place of {key} in the bench file. Plan the campaign "
                      "again" if limit in self.accepted else
                      f"Choose a smaller value, or change {key} in {self.tables} of the bench file")
            raise LimitError(f"{subject}: {said}. {remedy}")

    def require_worst_case(
        self, subject: str, quantity: str, worst: WorstCase, duration: float | None = None
    ) -> None:
        """Raise LimitError if the worst case, or what it adds up to in ``duration`` [s], exceeds a limit."""
        self.require(subject, f"the voltage at {self.place}", worst.voltage, "max_voltage", quantity)
        self.require(subject, "the current through a shorted device", worst.current, "max_current", quantity)
        self.require(subject, "the power in the device", worst.power, "max_power", quantity)
        if duration is not None and math.isfinite(duration):
            if math.isfinite(worst.current):
                self.require(subject, "the charge through the device", worst.current * duration, "max_charge", quantity)
            if math.isfinite(worst.power):
                self.require(subject, "the energy in the device", worst.power * duration, "max_energy", quantity)


@dataclass(frozen=True)
class SensorGuard:
    """The sensor of the current withstands a limited current. It is the input of a scope or an amplifier."""

    largest: float = math.inf  #: [A]
    name: str = "the current sensor"

    def refusal(self, current: float, cause: str = "") -> str:
        """Return why a current [A] that ``cause`` may lead to is too large; "" where it is not."""
        if not abs(current) > self.largest * (1 + SLACK):
            return ""
        with_this = f"with this {cause}, " if cause else ""
        reached, most = told_apart(current, self.largest, "A")
        return (f"{with_this}the current through a shorted device may reach {reached}, but {self.name} withstands "
                f"{most}. Choose a smaller value, or a larger resistance in series with the device")


class OutputsOn:
    """Outputs that are on at once: what they may bring to the device at worst adds up."""

    def __init__(
        self, before: Callable[[], None] = lambda: None, changed: Callable[[], None] = lambda: None, usual: float = 0.0,
    ) -> None:
        self._usual = usual  #: [s] that every reply may take while an output is on
        self._before = before  #: called before an output goes on
        self._changed = changed  #: called when another output counts as on
        self._on: dict[str, tuple[WorstCase, Callable[[], bool]]] = {}
        self.beside: dict[str, float] = {}  #: terminal -> [V] that others brought at most while its output was on
        self._readings: dict[str, float] = {}  #: terminal -> [s] that a reading of it may take
        self.being_read: tuple[str, float] = ("", 0.0)  #: terminal of which a reading is awaited, [s] it may take

    @property
    def terminals(self) -> tuple[str, ...]:
        """Return the terminals whose outputs are on, as far as the guard knows."""
        return tuple(self._on)

    def has(self, terminal: str) -> bool:
        """Whether the output at ``terminal`` is on, as far as the guard knows."""
        return terminal in self._on

    def add(self, terminal: str, worst: WorstCase, is_on: Callable[[], bool]) -> None:
        """Note an output with what it may bring at worst, and how to read back whether it is on."""
        self._before()
        self._on[terminal] = (worst, is_on)
        self._note_beside()
        self._changed()

    def reading_takes(self, terminal: str, longest: float) -> bool:
        """Note how long a reading at ``terminal`` may take [s]; returns whether that is longer than usual."""
        self._readings[terminal] = longest
        return longest > self._usual

    @contextlib.contextmanager
    def reading(self, terminal: str) -> Iterator[None]:
        """A reading at ``terminal`` is awaited meanwhile: only this message may take that long."""
        self.being_read = terminal, self._readings.get(terminal, 0.0)
        self._changed()
        try:
            yield
        finally:
            self.being_read = "", 0.0
            self._changed()

    def change(self, terminal: str, worst: WorstCase) -> None:
        """Note that an output may bring something else at worst, if it is on."""
        if terminal in self._on:
            self._on[terminal] = (worst, self._on[terminal][1])
            self._note_beside()

    def _of_others(self, terminal: str) -> float:
        return sum(worst.voltage for name, (worst, _) in self._on.items() if name != terminal and worst.current)

    def _note_beside(self) -> None:
        if len(self._on) > 1:
            self.beside.update({one: max(self.beside.get(one, 0.0), self._of_others(one)) for one in self._on})

    def left_beside(self, terminal: str) -> float:
        """Return how much more [V] others brought to the device, while the output was on, than they bring now."""
        return max(self.beside.get(terminal, 0.0) - self._of_others(terminal), 0.0)

    def remove(self, terminal: str) -> None:
        """Note that an output is off."""
        self._on.pop(terminal, None)
        self._changed()

    def switched(self, terminal: str, enabled: bool, read_back: bool) -> None:
        """Hear that a driver has switched an output, and whether it has read it back."""

    def clear(self) -> None:
        """Note that all outputs are off."""
        self._on.clear()
        self._changed()

    def require(
        self, subject: str, terminal: str, worst: WorstCase, device: DeviceGuard, sensor: SensorGuard | None = None,
    ) -> None:
        """Raise LimitError if an output with what the other ones bring is too much for device or sensor.

        Currents add up, and voltages too: two outputs may be at the two ends of the device. An output whose path does
        not reach the device brings no current to it, and no voltage.

        Parameters
        ----------
        subject, terminal, worst : of the output that goes on or changes: name in messages, place, what it brings alone
        device, sensor : whose limits count
        """
        bounds = [(getattr(device.limits, name) or math.inf, f"{name} of {device.device}", quantity)
                  for name, quantity in (("max_current", "A"), ("max_voltage", "V"), ("max_power", "W"))]
        if sensor is not None:
            bounds.append((sensor.largest, f"the largest current of {sensor.name}", "A"))
        for bound, limit, unit in bounds if worst.current else ():
            if math.isfinite(bound):
                self._require_sum(subject, terminal, worst, bound, limit, unit)

    def _require_sum(
        self, subject: str, terminal: str, worst: WorstCase, bound: float, limit: str, unit: str,
    ) -> None:
        """Raise LimitError if the sum of all outputs that are on is above a bound [``unit``]; ask them before."""
        others = {name: item for name, item in self._on.items() if name != terminal and item[0].current > 0}

        def total() -> float:
            cases = [worst, *(item[0] for item in others.values())]
            volts = sum(one.voltage for one in cases)
            if unit == "W":   # each current flows at the sum of the voltages
                return sum(one.power * (volts / one.voltage if one.voltage else 1.0) for one in cases)
            return volts if unit == "V" else sum(one.current for one in cases)

        if not others or total() <= bound * (1 + SLACK):
            return
        for name, (_, is_on) in list(others.items()):  # before refusing, ask whether they still are
            if not is_on():
                self.remove(name)
                del others[name]
        if others and total() > bound * (1 + SLACK):
            drawn, most = told_apart(total(), bound, unit)
            raise LimitError(
                f"{subject}: other outputs are on ({', '.join(others)}). All outputs together could "
                f"{_TOGETHER[unit].format(drawn)}, but {limit} is {most}. Switch the other outputs off first")


@dataclass(frozen=True)
class GuardContext:
    """What a guard needs to know of its terminal: name in messages, wiring, limits of the device, outputs that are on.

    Parameters
    ----------
    subject : name of the instrument in messages (``drive (Keithley 2450, …)``)
    path : wiring between the terminal and the device
    device : limits of the device
    terminal : name of the terminal in ``outputs``
    outputs : the outputs that are on. All guards of a bench share it, so that they add up what the outputs bring
    rating : [V] that fixture and cable are made for
    sensor : what the sensor of the current withstands
    exposed : the other terminals that the source reaches
    unreachable : returns why the output must not go on; "" where it may
    probes, high_impedance : of an oscilloscope by channel, and its channels in the fixture that are inputs of 1 MOhm
    contacts : those of a switch matrix in the path
    moves : of a gate: called with its next levels [V]; raises InstrumentError if they must not change now
    """

    subject: str
    path: WirePath = field(default_factory=WirePath)
    device: DeviceGuard = field(default_factory=lambda: DeviceGuard(DeviceLimits()))
    terminal: str = ""
    outputs: OutputsOn = field(default_factory=OutputsOn)
    rating: float = SAFE_VOLTAGE
    sensor: SensorGuard = field(default_factory=SensorGuard)
    exposed: tuple[ExposedTerminal, ...] = ()
    unreachable: Callable[[], str] = lambda: ""
    probes: Mapping[int, PassiveProbe] = field(default_factory=dict)
    high_impedance: frozenset[int] = frozenset()
    contacts: tuple[ContactLimits, ...] = ()
    moves: Callable[[tuple[float, ...]], None] | None = None

    def require_rating(self, voltage: float, current: float = math.inf) -> None:
        """Raise LimitError if a voltage [V] is too much for fixture and cable, or for what it reaches.

        It reaches other instruments, and the contacts of switch matrices. ``current`` [A]: what the source lets flow.
        """
        if not math.isfinite(voltage):
            return
        reason = exposure.high_voltage_refusal(voltage, self.rating) if abs(voltage) > self.rating else ""
        if not reason and self.contacts:
            reason = contact_refusal(self.contacts, voltage) or load_refusal(self.contacts, voltage, current)
        if not reason and any(abs(voltage) * one.gain > one.withstands for one in self.exposed):
            reason = exposure.refusal_of(self.exposed, voltage, current)   # the current may limit it
        if reason:
            raise LimitError(f"{self.subject}: {reason}")

    def require_worst_case(self, quantity: str, worst: WorstCase, duration: float | None = None) -> None:
        """Raise LimitError if this alone, or with what else is on, is too much for device, sensor or contacts."""
        try:
            self.device.require_worst_case(self.subject, quantity, worst, duration)
        except LimitError as error:
            raise LimitError(f"{error}{exposure.BEHIND_CAPACITOR if self.path.coupled else ''}") from error
        reason = self.sensor.refusal(worst.current, quantity)
        if not reason and self.contacts:
            reason = contact_refusal(self.contacts, current=worst.current)
        if reason:
            raise LimitError(f"{self.subject}: {reason}")
        if self.outputs.has(self.terminal):
            self.outputs.require(self.subject, self.terminal, worst, self.device, self.sensor)

    def note_on(self, worst: WorstCase, is_on: Callable[[], bool]) -> None:
        """Note that the output goes on.

        Raises
        ------
        LimitError
            What else is on leaves no room for this one, or another route is selected.
        """
        if reason := self.unreachable():
            raise LimitError(f"{self.subject}: {reason}")
        self.outputs.require(self.subject, self.terminal, worst, self.device, self.sensor)
        self.outputs.add(self.terminal, worst, is_on)

    def note_worst(self, worst: WorstCase) -> None:
        """Note another worst case of the output, if it is on."""
        self.outputs.change(self.terminal, worst)

    def note_off(self) -> None:
        """Note that the output is off."""
        self.outputs.remove(self.terminal)

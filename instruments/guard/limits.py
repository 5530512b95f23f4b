"""Compares settings with the range of the instrument and with the limits of the device.

Arithmetic on set-points and on the path between an instrument and the device; nothing here sends a message. The guards
of this folder apply it in front of every driver, and the drivers use the range check themselves.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import Self

from tsbench.errors import ConfigurationError, LimitError
from tsbench.instruments.guard.exposed_terminals import SLACK
from tsbench.instruments.interfaces import Range, SourceSettings
from tsbench.quantities import short_quantity, told_apart
from tsbench.records import DeviceLimits

#: [V] that may stand at a terminal unless the bench file says that fixture and cable are made for more. IEC 61010-1
#: (6.3.1) takes 42.4 V peak as the highest that may be touched
SAFE_VOLTAGE = 42.0
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
            "value in this range"
        )


def high_voltage_refusal(voltage: float, rating: float) -> str:
    """Return why a voltage [V] must not stand at a terminal of the fixture; "" where it may.

    Parameters
    ----------
    voltage : [V], of either sign
    rating : [V] that fixture and cable are made for, :data:`SAFE_VOLTAGE` where the bench file does not tell
    """
    if abs(voltage) <= rating * (1 + SLACK):
        return ""
    reached, stated = told_apart(abs(voltage), rating, "V")
    safe = short_quantity(SAFE_VOLTAGE, "V")
    if rating == SAFE_VOLTAGE:
        return (f"the voltage at the terminals may reach {reached}, and more than {safe} is dangerous to touch. Choose "
                "a smaller value, or write the rating of fixture and cable and the interlock into "
                "[fixture.high_voltage] of the bench file")
    return (f"the voltage at the terminals may reach {reached}, but the rating of fixture and cable is "
            f"{stated}. Choose a smaller value, or correct rating in [fixture.high_voltage] of the bench file")


@dataclass(frozen=True)
class WirePath:
    """The wiring between an instrument's terminals and the device, instrument's EMF to device.

    ``resistance``: [Ohm] EMF / current with the device shorted, the instrument's output resistance included.
    inf: the instrument does not reach the place of the device, or there is none.
    ``gain``: open-circuit voltage at the device / EMF (1 unless something loads the node).
    ``coupled``: a capacitor is in series, so the device sees how far a level is from those before it.
    """

    resistance: float = 0.0
    gain: float = 1.0
    coupled: bool = False

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


def farthest_emf(levels: Iterable[float], path: WirePath) -> float:
    """Return the EMF [V] behind a path that brings most to the device, of several levels [V].

    A capacitor in series may hold any of them, or 0 V. The device then sees the difference.
    """
    found = (0.0, *levels)
    return max(found) - min(found) if path.coupled else max(map(abs, found))


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
            value if math.isfinite(value) or self._bound(limit) is not None else 0.0,
        )
        bound = self._bound(limit)
        if bound is not None and abs(value) > bound * (1 + SLACK):
            reached, allowed = told_apart(value, bound, _UNITS[limit])
            key, which = self.keys.get(limit, limit), "device limit" if self.place == "the device" else "limit"
            said = (
                f"with this {cause}, {quantity} may reach {reached}, but {key} of {self.device} is {allowed}"
                if cause else f"{quantity} {reached} exceeds the {which} {key} {allowed} of {self.device}"
            )
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

    def _bound(self, limit: str) -> float | None:
        value: float | None = getattr(self.limits, limit)
        return value


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
        return (f"{with_this}the current through a shorted device may reach {reached}, but "
                f"{self.name} withstands {most}. Choose a smaller value, or a larger "
                "resistance in series with the device")

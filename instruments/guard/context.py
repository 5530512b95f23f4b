"""What a guard needs to know of its terminal, and the comparisons that need all of it."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tsbench.errors import LimitError
from tsbench.instruments.guard.contacts import contact_refusal
from tsbench.instruments.guard.coupling import coupling_advice
from tsbench.instruments.guard.exposed_terminals import ExposedTerminal, refusal_of
from tsbench.instruments.guard.limits import (
    SAFE_VOLTAGE,
    DeviceGuard,
    SensorGuard,
    WirePath,
    WorstCase,
    high_voltage_refusal,
)
from tsbench.instruments.guard.outputs_on import OutputsOn
from tsbench.instruments.interfaces import ContactLimits
from tsbench.records import DeviceLimits, PassiveProbe


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
    moves : takes the levels [V] that a gate may have next, before it gets them; raises where it must not change now
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
    moves: Callable[[tuple[float, ...]], None] = lambda levels: None

    def require_rating(self, voltage: float, current: float = math.inf) -> None:
        """Raise LimitError if a voltage [V] is too much for fixture and cable, or for what it reaches.

        It reaches other instruments, and the contacts of switch matrices. ``current`` [A]: what the source lets flow.
        """
        if not math.isfinite(voltage):
            return
        reason = high_voltage_refusal(voltage, self.rating)
        if not reason and self.contacts:
            reason = contact_refusal(self.contacts, voltage)
        if not reason and any(abs(voltage) * one.gain > one.withstands for one in self.exposed):
            reason = refusal_of(self.exposed, voltage, current)   # the current may limit it
        if reason:
            raise LimitError(f"{self.subject}: {reason}")

    def require_worst_case(self, quantity: str, worst: WorstCase, duration: float | None = None) -> None:
        """Raise LimitError if this alone, or with what else is on, is too much for device, sensor or contacts."""
        try:
            self.device.require_worst_case(self.subject, quantity, worst, duration)
        except LimitError as error:
            raise LimitError(f"{error}{coupling_advice(self.path)}") from error
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

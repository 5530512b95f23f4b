"""Temperature controller of a chuck or a cryostat."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tsbench.instruments.interfaces.common import InstrumentBase, Range


@dataclass(frozen=True)
class TemperatureCapabilities:
    """Limits as data."""

    temperature: Range  #: [K] of set-points
    ramp: Range  #: [K/s]
    accuracy: float  #: [K] of a reading


@runtime_checkable
class TemperatureController(InstrumentBase, Protocol):
    """One control loop: a sensor, a set-point and a heater. Its output is the heater."""

    capabilities: TemperatureCapabilities

    def set_temperature(self, temperature: float, ramp: float | None = None) -> float:
        """Control to ``temperature`` [K], at most ``ramp`` [K/s] (None: as fast as it can); returns the set-point."""

    def temperature(self) -> float:
        """Return the temperature of the sensor [K]; InstrumentError where the sensor has a fault."""

    def heater(self) -> float:
        """Return the heater's output as a part of its range, 0 to 1."""

    def heater_off(self) -> None:
        """Switch the heater off, and read back that it is."""

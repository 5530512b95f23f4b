"""A device of another author in one file: a film whose conductance rises with its temperature, and so switches.

i = v e^(-b/T)/r0,   cth dT/dt = v i - (T - t0)/rth
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from tsbench.simulated_backends.devices.model import DeviceModel


@dataclass(frozen=True)
class Thermistor(DeviceModel):
    """Parameters of the model, in SI units."""

    r0: float  #: resistance at an infinite temperature [Ohm]
    b: float  #: activation [K]
    rth: float  #: thermal resistance to the surroundings [K/W]
    cth: float  #: heat capacity [J/K]
    t0: float  #: temperature of the surroundings [K]

    mechanism: ClassVar[str] = "lab_thermistor"
    states: ClassVar[tuple[str, ...]] = ("temperature",)
    catalogue: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "lab_film": {
            "title": "Film of our lab", "stack": "Pt/film/Pt", "description": "A thermal switch, made up",
            "parameters": {
                "r0": {"value": 1.0, "unit": "Ohm", "mark": "A", "source": "example"},
                "b": {"value": 2800.0, "unit": "K", "mark": "A", "source": "example"},
                "rth": 5e5, "cth": 2e-13, "t0": 300.0},
            "variability": {"r0": {"sigma": 0.05}},
        },
    }

    def __post_init__(self) -> None:
        self.require_positive("r0", "b", "rth", "cth", "t0")

    @staticmethod
    def equations(
        v: float, i: float, temperature: float, r0: float, b: float, rth: float, cth: float, t0: float
    ) -> tuple[float, float]:
        """Return the residual [A] and the rate of the temperature [K/s]."""
        conductance = math.exp(-b / temperature) / r0
        return conductance * v - i, (v * i - (temperature - t0) / rth) / cth

    def rest(self) -> tuple[float, ...]:
        """Return the temperature of the surroundings."""
        return (self.t0,)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 10 K: at rtol 1e-6 the temperature is resolved to 10 microkelvin."""
        return (10.0,)

    def settled(self, current: float) -> tuple[float, float]:
        """Return terminal voltage [V] and temperature [K] settled at a current [A]."""
        low, high = self.t0, self.t0 + 1e5
        for _ in range(200):
            middle = 0.5 * (low + high)
            heat = current**2 * self.r0 * math.exp(self.b / middle)
            low, high = (middle, high) if heat > (middle - self.t0) / self.rth else (low, middle)
        return current * self.r0 * math.exp(self.b / low), low

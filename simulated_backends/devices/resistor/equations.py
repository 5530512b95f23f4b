"""A plain resistor in the place of a device: the control experiment of every threshold measurement."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.simulated_backends.devices.model import DeviceModel, FloatArray
from tsbench.simulated_backends.numerics.compilation import inlined


@dataclass(frozen=True)
class Resistor(DeviceModel):
    """An ohmic device."""

    r: float  #: [Ohm]

    kind: ClassVar[int] = 1
    mechanism: ClassVar[str] = "resistor"

    def __post_init__(self) -> None:
        self._require_positive("r")

    def vector(self) -> FloatArray:
        """Return (1/r,)."""
        return np.array([1.0 / self.r])

    def settled(self, current: float) -> tuple[float, float]:
        """Return (voltage, not a temperature)."""
        return current * self.r, float("nan")

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return a resistor."""
        return ("R1 a b {r}",)


@inlined
def resistor(v: float, i: float, conductance: float) -> tuple[float, float, float]:
    """Return residual and derivatives, in the order of :func:`.compiled.evaluate_device`."""
    return v * conductance - i, conductance, -1.0

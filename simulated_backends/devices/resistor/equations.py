"""A plain resistor in the place of a device: the control experiment of every threshold measurement."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import inlined


@inlined
def resistor(v: float, i: float, conductance: float) -> tuple[float, float, float]:
    """Return the residual and its derivatives."""
    return v * conductance - i, conductance, -1.0


@dataclass(frozen=True)
class Resistor(DeviceModel):
    """An ohmic device."""

    r: float  #: [Ohm]

    mechanism: ClassVar[str] = "resistor"
    equations = staticmethod(resistor)

    def __post_init__(self) -> None:
        self.require_positive("r")

    def columns(self) -> Mapping[str, float]:
        """Return the conductance."""
        return {"conductance": 1.0 / self.r}

    def settled(self, current: float) -> tuple[float, float]:
        """Return (voltage, not a temperature)."""
        return current * self.r, float("nan")

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return a resistor."""
        return ("R1 a b {r}",)

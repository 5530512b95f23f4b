"""A capacitor with its losses, a control experiment. No threshold switch.

i = (v - vc)/Rs,  C dvc/dt = i - vc/Rleak
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import compiled


@compiled
def capacitor(
    v: float, i: float, voltage: float, series: float, per_c: float, leakage: float
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return residual, rate and their derivatives; behind the state: :meth:`Capacitor.columns`."""
    return (
        (v - voltage) * series - i, series, -1.0, -series,
        (i - voltage * leakage) * per_c, 0.0, per_c, -leakage * per_c)


@dataclass(frozen=True)
class Capacitor(DeviceModel):
    """A capacitor with its losses."""

    c: float  #: [F]
    rs: float  #: series resistance [Ohm]
    rleak: float  #: leakage [Ohm]

    mechanism: ClassVar[str] = "capacitor"
    states: ClassVar[tuple[str, ...]] = ("voltage",)
    equations = staticmethod(capacitor)

    def __post_init__(self) -> None:
        self.require_positive("c", "rs", "rleak")

    def columns(self) -> Mapping[str, float]:
        """Return 1/Rs, 1/C, 1/Rleak."""
        return {"series": 1.0 / self.rs, "per_c": 1.0 / self.c, "leakage": 1.0 / self.rleak}

    def rest(self) -> tuple[float, ...]:
        """Return (0,): empty."""
        return (0.0,)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 0.1 V."""
        return (0.1,)

    def settled(self, current: float) -> tuple[float, float]:
        """Return (voltage, not a temperature)."""
        return current * (self.rs + self.rleak), float("nan")

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the capacitor with its two resistors."""
        return ("Rs a f {rs}", "Cf f b {c} ic=0", "Rl f b {rleak}")

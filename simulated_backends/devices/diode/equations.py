"""A diode: Shockley's junction with a series resistance, a control experiment. No threshold switch.

i = Is (e^((v - Rs i)/(n kT/q)) - 1)
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import compiled

THERMAL_VOLTAGE = 8.617333262e-5  #: k/q [V/K]
LEAKAGE = 1e-12  #: [S] across a diode, as SPICE has it: a junction never isolates altogether


@compiled
def diode(
    v: float, i: float, saturation: float, per_scale: float, rs: float, middle: float
) -> tuple[float, float, float]:
    """Return residual and derivatives: i is explicit, (i + Is) Rs/scale = omega(ln(Is Rs/scale) + (v + Is Rs)/scale).

    Behind i: :meth:`Diode.columns`.
    """
    z = middle + v * per_scale
    if z < -20.0:   # omega + ln omega = z
        w = math.exp(z)
    else:
        w = z - math.log(z) if z > 2.0 else 1.0 / (1.0 + math.exp(-z))
        for _ in range(8):   # Newton on a concave function from below
            w *= (1.0 + z - math.log(w)) / (1.0 + w)
    return w / (rs * per_scale) - saturation + LEAKAGE * v - i, w / (1.0 + w) / rs + LEAKAGE, -1.0


@dataclass(frozen=True)
class Diode(DeviceModel):
    """A junction with its series resistance."""

    is_: float  #: saturation current [A]
    n: float  #: ideality
    rs: float  #: series resistance [Ohm]
    t0: float  #: temperature [K]

    mechanism: ClassVar[str] = "diode"
    equations = staticmethod(diode)

    def __post_init__(self) -> None:
        self.require_positive("is_", "n", "rs", "t0")

    def columns(self) -> Mapping[str, float]:
        """Return Is, 1/(n kT/q), Rs, ln(Is Rs/(n kT/q)) + Is Rs/(n kT/q)."""
        scale = self.n * THERMAL_VOLTAGE * self.t0
        drop = self.is_ * self.rs / scale
        return {"saturation": self.is_, "per_scale": 1.0 / scale, "rs": self.rs, "middle": math.log(drop) + drop}

    def settled(self, current: float) -> tuple[float, float]:
        """Return (voltage, temperature)."""
        scale = self.n * THERMAL_VOLTAGE * self.t0
        return scale * math.log1p(current / self.is_) + self.rs * current, self.t0   # without the leakage

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return a series resistor and the junction."""
        return (
            f".param scale={{n*{THERMAL_VOLTAGE!r}*t0}}", "Rs a f {rs}",
            "Bd f b I = {is_}*(exp(min(V(f,b)/{scale},80))-1)", f"Rl a b {1.0 / LEAKAGE!r}")

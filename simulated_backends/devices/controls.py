"""Controls: a diode, a capacitor. Neither may be taken for a threshold switch.

diode      i = Is (e^((v - Rs i)/(n kT/q)) - 1): Shockley with a series resistance
capacitor  i = (v - vc)/Rs,  C dvc/dt = i - vc/Rleak
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.simulated_backends.devices.model import DeviceModel, FloatArray
from tsbench.simulated_backends.numerics.compilation import compiled

THERMAL_VOLTAGE = 8.617333262e-5  #: k/q [V/K]
LEAKAGE = 1e-12  #: [S] across a diode, as SPICE has it: a junction never isolates altogether


@dataclass(frozen=True)
class Diode(DeviceModel):
    """A junction with its series resistance."""

    is_: float  #: saturation current [A]
    n: float  #: ideality
    rs: float  #: series resistance [Ohm]
    t0: float  #: temperature [K]

    kind: ClassVar[int] = 6
    mechanism: ClassVar[str] = "diode"

    def __post_init__(self) -> None:
        self._require_positive("is_", "n", "rs", "t0")

    def vector(self) -> FloatArray:
        """Return (Is, 1/(n kT/q), Rs, ln(Is Rs/(n kT/q)) + Is Rs/(n kT/q))."""
        scale = self.n * THERMAL_VOLTAGE * self.t0
        drop = self.is_ * self.rs / scale
        return np.array([self.is_, 1.0 / scale, self.rs, math.log(drop) + drop])

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


@dataclass(frozen=True)
class Capacitor(DeviceModel):
    """A capacitor with its losses."""

    c: float  #: [F]
    rs: float  #: series resistance [Ohm]
    rleak: float  #: leakage [Ohm]

    kind: ClassVar[int] = 7
    mechanism: ClassVar[str] = "capacitor"
    states: ClassVar[tuple[str, ...]] = ("voltage",)

    def __post_init__(self) -> None:
        self._require_positive("c", "rs", "rleak")

    def vector(self) -> FloatArray:
        """Return (1/Rs, 1/C, 1/Rleak)."""
        return np.array([1.0 / self.rs, 1.0 / self.c, 1.0 / self.rleak])

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


@compiled
def diode(p: FloatArray, k: int, v: float, i: float, out: FloatArray) -> None:
    """Write residual and derivatives: i is explicit, (i + Is) Rs/scale = omega(ln(Is Rs/scale) + (v + Is Rs)/scale)."""
    z = p[k, 3] + v * p[k, 1]
    if z < -20.0:   # omega + ln omega = z
        w = math.exp(z)
    else:
        w = z - math.log(z) if z > 2.0 else 1.0 / (1.0 + math.exp(-z))
        for _ in range(8):   # Newton on a concave function from below
            w *= (1.0 + z - math.log(w)) / (1.0 + w)
    out[0] = w / (p[k, 2] * p[k, 1]) - p[k, 0] + LEAKAGE * v - i
    out[1] = w / (1.0 + w) / p[k, 2] + LEAKAGE
    out[2] = -1.0


@compiled
def capacitor(p: FloatArray, k: int, v: float, i: float, y: FloatArray, first: int, out: FloatArray) -> None:
    """Write residual, rate and their derivatives."""
    out[0] = (v - y[first]) * p[k, 0] - i
    out[1] = p[k, 0]
    out[2] = -1.0
    out[3] = -p[k, 0]
    out[4] = (i - y[first] * p[k, 2]) * p[k, 1]
    out[5] = 0.0
    out[6] = p[k, 1]
    out[7] = -p[k, 2] * p[k, 1]

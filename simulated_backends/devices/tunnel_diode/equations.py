"""A germanium tunnel (backward) diode, the partner of the Ag/HfO2 switch in a published neuron; a circuit element.

    i = Is (e^(u/Vt) - e^(-u/Vt)) + Ip (u/Vp) e^(1 - u/Vp) + Iv [atan D(u - E) + atan D(u + E)],     v = u + Rs i

The junction's voltage u is solved for at each v: with a series resistance below the falling branch's there is one.
Source: V. Ostrovskii et al., Neurocomputing 624 (2025) 129454, equation 5 (form of Nafea and Dessouki) and Table 2.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.model import DeviceModel, FloatArray
from tsbench.simulated_backends.numerics.compilation import compiled

LARGEST_EXPONENT = 200.0  #: far beyond any voltage that a series resistance leaves to the junction


@dataclass(frozen=True)
class TunnelDiode(DeviceModel):
    """Parameters of the model."""

    is_: float  #: saturation current [A]
    vt: float  #: scale of the junction's exponentials [V]
    ip: float  #: peak of the tunnel current [A]
    vp: float  #: its voltage [V]
    iv: float  #: size of the correction between peak and valley [A], of either sign
    steep: float  #: its steepness D [1/V]
    place: float  #: its place E [V]; ngspice reads a parameter called e as 2.718
    rs: float  #: series resistance [Ohm]

    kind: ClassVar[int] = 12
    mechanism: ClassVar[str] = "tunnel_diode"

    def __post_init__(self) -> None:
        self._require_positive("is_", "vt", "ip", "vp", "steep", "place", "rs")
        if not math.isfinite(self.iv):
            raise ConfigurationError(f"device model {self.mechanism}: iv = {self.iv:g} A must be a number")
        steepest = self.ip / self.vp * math.exp(-1.0) + 2.0 * abs(self.iv) * self.steep
        if not self.rs * steepest < 0.5:
            raise ConfigurationError(
                f"device model {self.mechanism}: rs = {self.rs:g} Ohm must be below {0.5 / steepest:g} Ohm, half of "
                "what the falling branch has at least; put a larger one into the circuit")

    def vector(self) -> FloatArray:
        """Return (Is, 1/Vt, Ip/Vp, 1/Vp, Iv, D, E, Rs)."""
        return np.array([
            self.is_, 1.0 / self.vt, self.ip / self.vp, 1.0 / self.vp, self.iv, self.steep, self.place, self.rs])

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return a series resistor and the junction."""
        return (
            "Rs a f {rs}",
            "Bd f b I = {is_}*(exp(min(V(f,b)/{vt},80))-exp(min(-V(f,b)/{vt},80)))"
            "+{ip/vp}*V(f,b)*exp(min(1-V(f,b)/{vp},80))"
            "+({iv})*(atan({steep}*(V(f,b)-{place}))+atan({steep}*(V(f,b)+{place})))",
        )


@compiled
def junction(p: FloatArray, k: int, u: float) -> tuple[float, float]:
    """Return the junction's current [A] at its voltage ``u`` [V] and di/du; row ``k`` of ``p``."""
    forward = math.exp(min(u * p[k, 1], LARGEST_EXPONENT))
    backward = math.exp(min(-u * p[k, 1], LARGEST_EXPONENT))
    tunnel = p[k, 2] * math.exp(min(1.0 - u * p[k, 3], LARGEST_EXPONENT))
    low, high = p[k, 5] * (u - p[k, 6]), p[k, 5] * (u + p[k, 6])
    current = p[k, 0] * (forward - backward) + tunnel * u + p[k, 4] * (math.atan(low) + math.atan(high))
    slope = (p[k, 0] * p[k, 1] * (forward + backward) + tunnel * (1.0 - u * p[k, 3])
             + p[k, 4] * p[k, 5] * (1.0 / (1.0 + low * low) + 1.0 / (1.0 + high * high)))
    return current, slope


@compiled
def tunnel_diode(p: FloatArray, k: int, v: float, i: float, out: FloatArray) -> None:
    """Write the residual and its derivatives as :func:`.compiled.evaluate_device` does; row ``k`` of ``p``."""
    low, high = min(v, 0.0), max(v, 0.0)
    u = v if abs(v) < 0.5 else math.copysign(0.5, v)
    current, slope = junction(p, k, u)
    for _ in range(200):   # Newton on u + Rs i(u) = v, kept between bounds
        off = u + p[k, 7] * current - v
        if off > 0.0:
            high = u
        else:
            low = u
        step = off / (1.0 + p[k, 7] * slope)
        new = u - step
        if not low <= new <= high:
            new = 0.5 * (low + high)
        if abs(new - u) <= 4e-16 * abs(new) or math.isnan(v):
            break
        u = new
        current, slope = junction(p, k, u)
    out[0] = current - i
    out[1] = slope / (1.0 + p[k, 7] * slope)
    out[2] = -1.0

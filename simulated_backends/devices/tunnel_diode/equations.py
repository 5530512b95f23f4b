"""A germanium tunnel (backward) diode, the partner of the Ag/HfO2 switch in a published neuron; a circuit element.

    i = Is (e^(u/Vt) - e^(-u/Vt)) + Ip (u/Vp) e^(1 - u/Vp) + Iv [atan D(u - E) + atan D(u + E)],     v = u + Rs i

The junction's voltage u is solved for at each v: with a series resistance below the falling branch's there is one.
Source: V. Ostrovskii et al., Neurocomputing 624 (2025) 129454, equation 5 (form of Nafea and Dessouki) and Table 2.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import compiled

LARGEST_EXPONENT = 200.0  #: far beyond any voltage that a series resistance leaves to the junction


@compiled
def junction(
    u: float, saturation: float, per_vt: float, peak: float, per_vp: float, iv: float, steep: float, place: float,
) -> tuple[float, float]:
    """Return the junction's current [A] at its voltage ``u`` [V] and di/du."""
    forward = math.exp(min(u * per_vt, LARGEST_EXPONENT))
    backward = math.exp(min(-u * per_vt, LARGEST_EXPONENT))
    tunnel = peak * math.exp(min(1.0 - u * per_vp, LARGEST_EXPONENT))
    low, high = steep * (u - place), steep * (u + place)
    current = saturation * (forward - backward) + tunnel * u + iv * (math.atan(low) + math.atan(high))
    slope = (saturation * per_vt * (forward + backward) + tunnel * (1.0 - u * per_vp)
             + iv * steep * (1.0 / (1.0 + low * low) + 1.0 / (1.0 + high * high)))
    return current, slope


@compiled
def tunnel_diode(
    v: float, i: float, saturation: float, per_vt: float, peak: float, per_vp: float, iv: float, steep: float,
    place: float, rs: float,
) -> tuple[float, float, float]:
    """Return the residual and its derivatives; behind i: :meth:`TunnelDiode.columns`."""
    low, high = min(v, 0.0), max(v, 0.0)
    u = v if abs(v) < 0.5 else math.copysign(0.5, v)
    current, slope = junction(u, saturation, per_vt, peak, per_vp, iv, steep, place)
    for _ in range(200):   # Newton on u + Rs i(u) = v, kept between bounds
        off = u + rs * current - v
        if off > 0.0:
            high = u
        else:
            low = u
        step = off / (1.0 + rs * slope)
        new = u - step
        if not low <= new <= high:
            new = 0.5 * (low + high)
        if abs(new - u) <= 4e-16 * abs(new) or math.isnan(v):
            break
        u = new
        current, slope = junction(u, saturation, per_vt, peak, per_vp, iv, steep, place)
    return current - i, slope / (1.0 + rs * slope), -1.0


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

    mechanism: ClassVar[str] = "tunnel_diode"
    equations = staticmethod(tunnel_diode)

    def __post_init__(self) -> None:
        self.require_positive("is_", "vt", "ip", "vp", "steep", "place", "rs")
        if not math.isfinite(self.iv):
            raise ConfigurationError(f"device model {self.mechanism}: iv = {self.iv:g} A must be finite")
        steepest = self.ip / self.vp * math.exp(-1.0) + 2.0 * abs(self.iv) * self.steep
        if not self.rs * steepest < 0.5:
            raise ConfigurationError(
                f"device model {self.mechanism}: rs = {self.rs:g} Ohm must be below {0.5 / steepest:g} Ohm, half of "
                "the smallest resistance of the falling branch. Put a larger series resistance into the circuit")

    def columns(self) -> Mapping[str, float]:
        """Return Is, 1/Vt, Ip/Vp, 1/Vp, Iv, D, E, Rs."""
        return {
            "saturation": self.is_, "per_vt": 1.0 / self.vt, "peak": self.ip / self.vp, "per_vp": 1.0 / self.vp,
            "iv": self.iv, "steep": self.steep, "place": self.place, "rs": self.rs}

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return a series resistor and the junction."""
        return (
            "Rs a f {rs}",
            "Bd f b I = {is_}*(exp(min(V(f,b)/{vt},80))-exp(min(-V(f,b)/{vt},80)))"
            "+{ip/vp}*V(f,b)*exp(min(1-V(f,b)/{vp},80))"
            "+({iv})*(atan({steep}*(V(f,b)-{place}))+atan({steep}*(V(f,b)+{place})))",
        )

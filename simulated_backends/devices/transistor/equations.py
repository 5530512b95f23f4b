"""An n-type transistor with its gate driven: a current source that the gate's voltage sets, smooth in all of it.

    i = 2 n beta Vt^2 [F(vp) - F(vp - v)] + leakage v,  F(x) = ln(1 + e^(x/(2 Vt)))^2,  vp = (w - vth)/n,  Vt = kT/q

v: drain to source, of either sign; w: gate to source; the bulk is at the source. The square law of C. C. Enz,
F. Krummenacher and E. A. Vittoz (1995), from subthreshold to saturation in one formula; the leakage is that of a diode,
so that no closed transistor isolates altogether. The gate draws no current.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.diode.equations import LEAKAGE, THERMAL_VOLTAGE
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import compiled


@compiled
def softplus(x: float) -> tuple[float, float]:
    """Return ln(1 + e^x) and its derivative."""
    if x > 0.0:
        e = math.exp(-x)
        return x + math.log1p(e), 1.0 / (1.0 + e)
    e = math.exp(x)
    return math.log1p(e), e / (1.0 + e)


@compiled
def rise(lower: float, slope: float, x: float) -> float:
    """Return softplus(lower + x) - softplus(lower) for x >= 0, exact for small x; ``slope`` is that at ``lower``."""
    if x > 30.0:
        return float(softplus(lower + x)[0] - softplus(lower)[0])
    return math.log1p(math.expm1(x) * slope)


@compiled
def transistor(
    v: float, w: float, i: float, scale: float, by_drain: float, by_gate: float, threshold: float
) -> tuple[float, float, float, float]:
    """Return the residual and its derivatives by v, i and w; behind i: :meth:`Transistor.columns`.

    Where the ends are almost at one voltage the two halves almost cancel: their difference is taken without that.
    """
    pinch, x = w * by_gate - threshold, v * by_drain
    forward, forward_slope = softplus(pinch)
    backward, backward_slope = softplus(pinch - x)
    difference = rise(pinch - x, backward_slope, x) if x >= 0.0 else -rise(pinch, forward_slope, -x)
    backward_rate = 2.0 * scale * backward * backward_slope
    return (
        scale * difference * (forward + backward) + LEAKAGE * v - i, backward_rate * by_drain + LEAKAGE, -1.0,
        (2.0 * scale * forward * forward_slope - backward_rate) * by_gate)


@dataclass(frozen=True)
class Transistor(DeviceModel):
    """An n-type transistor; nodes in a netlist: drain, gate, source."""

    beta: float  #: transconductance parameter [A/V^2]
    vth: float  #: threshold of the gate [V]
    n: float  #: slope factor
    t0: float  #: temperature [K]

    mechanism: ClassVar[str] = "transistor"
    terminals: ClassVar[tuple[str, ...]] = ("drain", "gate", "source")
    carries: ClassVar[tuple[str, str]] = ("drain", "source")
    senses: ClassVar[tuple[str, str] | None] = ("gate", "source")
    equations = staticmethod(transistor)

    def __post_init__(self) -> None:
        self.require_positive("beta", "n", "t0")
        if not math.isfinite(self.vth):
            raise ConfigurationError(f"device model {self.mechanism}: vth = {self.vth:g} must be finite")

    def columns(self) -> Mapping[str, float]:
        """Return 2 n beta Vt^2, 1/(2 Vt), 1/(2 n Vt), vth/(2 n Vt)."""
        thermal = THERMAL_VOLTAGE * self.t0
        by_gate = 0.5 / self.n / thermal
        return {
            "scale": 2.0 * self.n * self.beta * thermal**2, "by_drain": 0.5 / thermal, "by_gate": by_gate,
            "threshold": by_gate * self.vth}

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the channel as a current source; ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|) never overflows."""
        return (
            f".param twice={{2*{THERMAL_VOLTAGE!r}*t0}}",
            "Bp pinch 0 V = (V(gate,source)-{vth})/({n}*{twice})",
            "Bb back 0 V = V(pinch)-V(drain,source)/{twice}",
            "Bd drain source I = {n*beta*twice*twice/2}*((max(V(pinch),0)+ln(1+exp(-abs(V(pinch)))))^2"
            "-(max(V(back),0)+ln(1+exp(-abs(V(back)))))^2)",
            f"Rl drain source {1.0 / LEAKAGE!r}",
        )

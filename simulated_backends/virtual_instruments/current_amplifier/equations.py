"""The output stage of a transimpedance amplifier, which senses the voltage that the current makes in its input.

    i = (v - vmax s)/rout
    tau ds/dt = c((gain w + offset)/vmax) - s
    c(u) = [F(k (u + 1)) - F(k (u - 1))]/k - 1,  F(x) = ln(1 + e^x),  k = 200

v: output against its low side, w: voltage across the input resistance, s: where the output is driven to, as a part of
the maximum output. c is u within ±1, and ±1 beyond, with a round corner of 1/k: below 0.9 of the maximum output its
error is less than 1e-11. One pole: -3 dB at 1/(2 pi tau). A form of our own: no data sheet tells how an amplifier
enters and leaves its maximum output.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import compiled


@compiled
def amplifier_output(
    v: float, w: float, i: float, drive: float, conductance: float, most: float, gain: float, offset: float,
    speed: float,
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    """Return [g, dg/dv, dg/di, dg/ds], [f, df/dv, df/di, df/ds], dg/dw, df/dw.

    ``drive`` is s; the arguments behind it: :meth:`AmplifierOutput.columns`.
    """
    k = 200.0
    u = gain * w + offset
    above, below = k * (u + 1.0), k * (u - 1.0)
    e_above, e_below = math.exp(-abs(above)), math.exp(-abs(below))
    # softplus and its derivative, without overflow
    high = (above if above > 0.0 else 0.0) + math.log1p(e_above)
    low = (below if below > 0.0 else 0.0) + math.log1p(e_below)
    by_high = 1.0 / (1.0 + e_above) if above > 0.0 else e_above / (1.0 + e_above)
    by_low = 1.0 / (1.0 + e_below) if below > 0.0 else e_below / (1.0 + e_below)
    wanted = (high - low) / k - 1.0
    return (
        (v - most * drive) * conductance - i, conductance, -1.0, -most * conductance,
        (wanted - drive) * speed, 0.0, 0.0, -speed,
        0.0, (by_high - by_low) * gain * speed)


@dataclass(frozen=True)
class AmplifierOutput(DeviceModel):
    """The output of a transimpedance amplifier; nodes: input, its low side, output, its low side."""

    gain: float  #: d(output)/dw, of either sign
    vmax: float  #: maximum output [V]
    offset: float  #: of the output [V]
    rout: float  #: output resistance [Ohm]
    tau: float  #: time constant [s]

    mechanism: ClassVar[str] = "amplifier_output"
    states: ClassVar[tuple[str, ...]] = ("drive",)
    terminals: ClassVar[tuple[str, ...]] = ("plus", "minus", "out", "low")
    carries: ClassVar[tuple[str, str]] = ("out", "low")
    senses: ClassVar[tuple[str, str] | None] = ("plus", "minus")
    equations = staticmethod(amplifier_output)

    def __post_init__(self) -> None:
        self.require_positive("vmax", "rout", "tau")
        for name in ("gain", "offset"):
            if not math.isfinite(getattr(self, name)):
                raise ConfigurationError(f"device model {self.mechanism}: {name} must be finite")

    def columns(self) -> Mapping[str, float]:
        """Return 1/rout, vmax, gain/vmax, offset/vmax, 1/tau."""
        return {
            "conductance": 1.0 / self.rout, "most": self.vmax, "gain": self.gain / self.vmax,
            "offset": self.offset / self.vmax, "speed": 1.0 / self.tau}

    def rest(self) -> tuple[float, ...]:
        """Return the output without a current."""
        return (self.offset / self.vmax,)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 0.05 of the maximum output."""
        return (0.05,)

    @property
    def inner_resistance(self) -> float:
        """Return rout."""
        return self.rout

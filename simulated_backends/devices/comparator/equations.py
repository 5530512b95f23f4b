"""A comparator: an output between two levels that follows the sign of its input voltage, with finite gain and speed.

    i = (v - [vol + (voh - vol) s])/rout
    tau ds/dt = 1/(1 + e^(-k (w + hyst (s - 1/2)))) - s        k = 4 gain/(voh - vol)

v: output against its low side, w: plus against minus, s: where the output is driven to, 0 to 1. With hyst k > 4 the
output stays where it is until w passes the fold +-(hyst e0 - 4 artanh(e0)/k)/2, e0^2 = 1 - 4/(hyst k): somewhat below
half of hyst. Behind a clear input the output is at the middle after tau ln 2. The inputs draw no current; that of the
output comes from the levels, without a supply. A form of our own: nothing of it is from a data sheet.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import compiled


@compiled
def comparator(
    v: float, w: float, i: float, drive: float, conductance: float, low: float, span: float, steepness: float,
    hysteresis: float, speed: float,
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    """Return [g, dg/dv, dg/di, dg/ds], [f, df/dv, df/di, df/ds], dg/dw, df/dw.

    ``drive`` is s; the arguments behind it: :meth:`Comparator.columns`.
    """
    x = (w + hysteresis * (drive - 0.5)) * steepness
    e = math.exp(-abs(x))
    wanted = 1.0 / (1.0 + e) if x > 0.0 else e / (1.0 + e)
    by_w = e / ((1.0 + e) * (1.0 + e)) * steepness * speed
    return (
        (v - low - span * drive) * conductance - i, conductance, -1.0, -span * conductance,
        (wanted - drive) * speed, 0.0, 0.0, by_w * hysteresis - speed,
        0.0, by_w)


@dataclass(frozen=True)
class Comparator(DeviceModel):
    """A comparator; nodes in a netlist: plus, minus, output, low side of the output."""

    vol: float  #: lower level of the output [V]
    voh: float  #: upper level [V]
    gain: float  #: d(output)/dw where the output is in the middle, without hysteresis
    rout: float  #: output resistance [Ohm]
    tau: float  #: response time [s]
    hyst: float  #: hysteresis between the two switching points [V]; 0: none

    mechanism: ClassVar[str] = "comparator"
    states: ClassVar[tuple[str, ...]] = ("drive",)
    terminals: ClassVar[tuple[str, ...]] = ("plus", "minus", "out", "low")
    carries: ClassVar[tuple[str, str]] = ("out", "low")
    senses: ClassVar[tuple[str, str] | None] = ("plus", "minus")
    equations = staticmethod(comparator)

    def __post_init__(self) -> None:
        self.require_positive("gain", "rout", "tau")
        for name in ("vol", "voh"):
            if not math.isfinite(getattr(self, name)):
                raise ConfigurationError(f"device model {self.mechanism}: {name} = {getattr(self, name):g} V must be "
                                         "finite")
        if not self.voh > self.vol:
            raise ConfigurationError(
                f"device model {self.mechanism}: voh = {self.voh:g} V must be above vol = {self.vol:g} V")
        if not 0.0 <= self.hyst < math.inf:
            raise ConfigurationError(f"device model {self.mechanism}: hyst = {self.hyst:g} V must be finite and not "
                                     "negative")

    def columns(self) -> Mapping[str, float]:
        """Return 1/rout, vol, voh - vol, k, hyst, 1/tau."""
        span = self.voh - self.vol
        return {
            "conductance": 1.0 / self.rout, "low": self.vol, "span": span, "steepness": 4.0 * self.gain / span,
            "hysteresis": self.hyst, "speed": 1.0 / self.tau}

    def rest(self) -> tuple[float, ...]:
        """Return (0,): the output low."""
        return (0.0,)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 0.05."""
        return (0.05,)

    @property
    def inner_resistance(self) -> float:
        """Return rout."""
        return self.rout

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the elements of an ngspice subcircuit; node e is the state."""
        return (
            "Be 0 e I = 1e-9*(0.5+0.5*tanh((V(plus,minus)+{hyst}*(V(e)-0.5))*{2*gain/(voh-vol)})-V(e))/{tau}",
            "Ce e 0 1e-9 ic=0",
            "Bo inner low V = V(e)*({voh}-({vol}))+({vol})",
            "Ro out inner {rout}",
        )

"""A comparator: an output between two levels that follows the sign of its input voltage, with finite gain and speed.

    i = (v - [middle + half e])/rout                       middle, half: of the levels vol and voh
    tau de/dt = tanh((w + hyst e/2)/width) - e             width = half/gain

v: output against its low side, w: plus against minus, e: where the output is driven to, -1 to 1. With hyst > 2 width
the output stays where it is until w passes the fold +-(hyst/2 e0 - width artanh e0), e0^2 = 1 - 2 width/hyst: somewhat
below half of hyst. Behind a fold the output is at the middle a time tau ln 2 after a clear input. The inputs draw no
current; the output's comes from the levels, without a supply. A form of our own: nothing of it is from a data sheet.

Where nothing slow follows the output, a step far longer than tau may pass over a switching point and be right at its
end: give ``.tran`` a largest step (its fourth number) where the instant matters, as ngspice needs one.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.compilation import compiled
from tsbench.simulated_backends.devices.model import DeviceModel, FloatArray


@dataclass(frozen=True)
class Comparator(DeviceModel):
    """A comparator; nodes in a netlist: plus, minus, output, low side of the output."""

    vol: float  #: lower level of the output [V]
    voh: float  #: upper level [V]
    gain: float  #: d(output)/dw where the output is in the middle, without hysteresis
    rout: float  #: output resistance [Ohm]
    tau: float  #: response time [s]
    hyst: float  #: hysteresis between the two switching points [V]; 0: none

    kind: ClassVar[int] = 13
    mechanism: ClassVar[str] = "comparator"
    states: ClassVar[tuple[str, ...]] = ("drive",)
    terminals: ClassVar[tuple[str, ...]] = ("plus", "minus", "out", "low")
    carries: ClassVar[tuple[str, str]] = ("out", "low")
    senses: ClassVar[tuple[str, str] | None] = ("plus", "minus")

    def __post_init__(self) -> None:
        self._require_positive("gain", "rout", "tau")
        for name in ("vol", "voh"):
            if not math.isfinite(getattr(self, name)):
                raise ConfigurationError(f"device model {self.mechanism}: {name} must be finite")
        if not self.voh > self.vol:
            raise ConfigurationError(
                f"device model {self.mechanism}: voh = {self.voh:g} V must be above vol = {self.vol:g} V")
        if not 0.0 <= self.hyst < math.inf:
            raise ConfigurationError(f"device model {self.mechanism}: hyst = {self.hyst:g} V must not be negative")

    def vector(self) -> FloatArray:
        """Return (1/rout, middle, half, 1/width, hyst/2, 1/tau)."""
        half = 0.5 * (self.voh - self.vol)
        return np.array([
            1.0 / self.rout, 0.5 * (self.voh + self.vol), half, self.gain / half, 0.5 * self.hyst, 1.0 / self.tau])

    def rest(self) -> tuple[float, ...]:
        """Return (-1,): the output low."""
        return (-1.0,)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 0.1."""
        return (0.1,)

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the elements of an ngspice subcircuit; node e is the state."""
        return (
            "Be 0 e I = 1e-9*(tanh((V(plus,minus)+{hyst/2}*V(e))*{2*gain/(voh-vol)})-V(e))/{tau}",
            "Ce e 0 1e-9 ic=-1",
            "Bo inner low V = {(voh+vol)/2}+{(voh-vol)/2}*V(e)",
            "Ro out inner {rout}",
        )


@compiled
def comparator(
    v: float, w: float, i: float, e: float, conductance: float, middle: float, half: float, steepness: float,
    shift: float, speed: float,
) -> tuple[float, float, float, float, float, float, float, float, float, float]:
    """Return [g, dg/dv, dg/di, dg/de], [f, df/dv, df/di, df/de], dg/dw, df/dw.

    The last six arguments: :meth:`Comparator.vector`.
    """
    wanted = math.tanh((w + shift * e) * steepness)
    by_w = (1.0 - wanted * wanted) * steepness * speed
    return (
        (v - middle - half * e) * conductance - i, conductance, -1.0, -half * conductance,
        (wanted - e) * speed, 0.0, 0.0, by_w * shift - speed,
        0.0, by_w)

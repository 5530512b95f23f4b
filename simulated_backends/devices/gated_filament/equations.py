"""A filament that voltage alone makes and breaks in some 100 ns: set above a threshold, reset below a hold voltage.

    dX/dt = s(bS) aS(X)/tauS - [1 - s(bR)] aR(X)/tauR,      s(b) = 1/(1 + e^-b)
    bS = (v - vth+)(v + vth-)/vS^2,      bR = (v - vh+)(v + vh-)/vR^2
    aS = (1 - e^-(a X + dS)) (1 - X) + (1 - e^-a(1 - X)) X
    aR = (1 - e^-a X) (1 - X) + (1 - e^-(a(1 - X) + dR)) X

vth- and vh- are magnitudes. X = 0 is no filament, X = 1 a whole one; between hold and threshold both gates are as good
as shut and X stays what it is. In the source i = v X/Ron + Ileak, Ron and the sign of Ileak by the polarity. Here they
go over within some vp about 0 V, so that nothing jumps:

    i = v X [(1 + t)/Ron+ + (1 - t)/Ron-]/2 + Ileak t,      t = tanh(v/vp)

Both gates are soft: within a sweep of seconds a filament breaks already where the reset gate is open by a millionth,
some 10 to 30 mV above vh, and it forms some mV below vth.
Source: V. Ostrovskii et al., Neurocomputing 624 (2025) 129454, equations 3 and 4 (PHYSICS.md III.5).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import inlined
from tsbench.simulated_backends.numerics.exponential import exp


@inlined
def gated_filament(
    v: float, i: float, filament: float, setting: float, resetting: float, a: float, shift_s: float, shift_r: float,
    width_s: float, width_r: float, vth_p: float, vth_n: float, vh_p: float, vh_n: float, mean: float, half: float,
    leakage: float, per_vp: float,
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return residual, rate and their derivatives.

    ``filament`` is X; the numbers behind it are :meth:`GatedFilament.columns`.
    """
    x = filament
    polarity = 1.0 - 2.0 / (1.0 + exp(2.0 * v * per_vp))
    turn = (1.0 - polarity * polarity) * per_vp
    path = mean + half * polarity

    open_s = 1.0 / (1.0 + exp(-(v - vth_p) * (v + vth_n) * width_s))
    open_r = 1.0 / (1.0 + exp((v - vh_p) * (v + vh_n) * width_r))
    open_s_v = open_s * (1.0 - open_s) * (2.0 * v - vth_p + vth_n) * width_s
    open_r_v = -open_r * (1.0 - open_r) * (2.0 * v - vh_p + vh_n) * width_r

    low, high = exp(-a * x), exp(-a * (1.0 - x))
    make = setting * ((1.0 - shift_s * low) * (1.0 - x) + (1.0 - high) * x)
    make_x = setting * (shift_s * low * (1.0 + a * (1.0 - x)) - high * (1.0 + a * x))
    rid = resetting * ((1.0 - low) * (1.0 - x) + (1.0 - shift_r * high) * x)
    rid_x = resetting * (low * (1.0 + a * (1.0 - x)) - shift_r * high * (1.0 + a * x))
    return (
        v * x * path + leakage * polarity - i, x * (path + v * half * turn) + leakage * turn, -1.0, v * path,
        open_s * make - open_r * rid, open_s_v * make - open_r_v * rid, 0.0, open_s * make_x - open_r * rid_x)


@dataclass(frozen=True)
class GatedFilament(DeviceModel):
    """Parameters of the model; voltages and resistances of the negative polarity are magnitudes."""

    tau_s: float  #: time constant of the set [s]
    tau_r: float  #: time constant of the reset [s]
    a: float  #: how fast both slow down near their ends
    d_s: float  #: share by which the set begins without any filament
    d_r: float  #: share by which the reset begins with a whole one
    v_s: float  #: width of the set gate [V]
    v_r: float  #: width of the reset gate [V]
    vth_p: float  #: threshold voltage, positive polarity [V]
    vth_n: float  #: threshold voltage, negative polarity [V]
    vh_p: float  #: hold voltage, positive polarity [V]
    vh_n: float  #: hold voltage, negative polarity [V]
    ron_p: float  #: resistance of a whole filament, positive polarity [Ohm]
    ron_n: float  #: resistance of a whole filament, negative polarity [Ohm]
    ileak: float  #: leakage, whatever the voltage [A]
    v_p: float  #: voltage within which one polarity goes over into the other [V]

    mechanism: ClassVar[str] = "gated_filament"
    states: ClassVar[tuple[str, ...]] = ("filament",)
    equations = staticmethod(gated_filament)

    def __post_init__(self) -> None:
        self.require_positive(
            "tau_s", "tau_r", "a", "d_s", "d_r", "v_s", "v_r", "vth_p", "vth_n", "vh_p", "vh_n", "ron_p", "ron_n",
            "ileak", "v_p")
        for hold, threshold in (("vh_p", "vth_p"), ("vh_n", "vth_n")):
            if not getattr(self, hold) < getattr(self, threshold):
                raise ConfigurationError(
                    f"device model {self.mechanism}: {hold} = {getattr(self, hold):g} V must be below {threshold} = "
                    f"{getattr(self, threshold):g} V. A filament must break at a lower voltage than the voltage at "
                    "which it forms")

    def columns(self) -> Mapping[str, float]:
        """Return times, widths and resistances as reciprocals, dS and dR as e^-d."""
        plus, minus = 1.0 / self.ron_p, 1.0 / self.ron_n
        return {
            "setting": 1.0 / self.tau_s, "resetting": 1.0 / self.tau_r, "a": self.a, "shift_s": math.exp(-self.d_s),
            "shift_r": math.exp(-self.d_r), "width_s": self.v_s**-2, "width_r": self.v_r**-2, "vth_p": self.vth_p,
            "vth_n": self.vth_n, "vh_p": self.vh_p, "vh_n": self.vh_n, "mean": 0.5 * (plus + minus),
            "half": 0.5 * (plus - minus), "leakage": self.ileak, "per_vp": 1.0 / self.v_p}

    def rest(self) -> tuple[float, ...]:
        """Return (0,): no filament."""
        return (0.0,)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 1e-5: at rtol 1e-6 the current through a broken filament is resolved to far below the leakage."""
        return (1e-5,)

    def conductance(self, states: FloatArray) -> FloatArray:
        """Return the conductance [S] of filaments of shape (1, n), between those of the two polarities."""
        return np.asarray(np.maximum(states[0], 1e-12) * self._whole)

    def switching_conductances(self) -> tuple[float, float, float, float]:
        """Return conductances [S] of: surely off, counts as switched on, counts as switched off, surely on.

        All far below that of a whole filament: under compliance only a part of one is left.
        """
        return 1e-5 * self._whole, 1e-3 * self._whole, 1e-4 * self._whole, 1e-2 * self._whole

    @property
    def _whole(self) -> float:
        return 0.5 * (1.0 / self.ron_p + 1.0 / self.ron_n)

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the elements of an ngspice subcircuit between ``a`` and ``b``: X is the voltage of node x."""
        return (
            "Bi a b I = V(a,b)*V(x)*0.5*((1+tanh(V(a,b)/{v_p}))/{ron_p}+(1-tanh(V(a,b)/{v_p}))/{ron_n})"
            "+{ileak}*tanh(V(a,b)/{v_p})",
            "Bs s 0 V = 1/(1+exp(min(max(-(V(a,b)-{vth_p})*(V(a,b)+{vth_n})/({v_s}*{v_s}),-300),300)))",
            "Br r 0 V = 1/(1+exp(min(max((V(a,b)-{vh_p})*(V(a,b)+{vh_n})/({v_r}*{v_r}),-300),300)))",
            "Bx 0 x I = 1e-9*("
            "V(s)*((1-exp(-{a}*V(x)-{d_s}))*(1-V(x))+(1-exp(-{a}*(1-V(x))))*V(x))/{tau_s}"
            "-V(r)*((1-exp(-{a}*V(x)))*(1-V(x))+(1-exp(-{a}*(1-V(x))-{d_r}))*V(x))/{tau_r})",
            "Cx x 0 1e-9 ic=0",
        )

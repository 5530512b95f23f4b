"""Conduction that heat and field activate, with Joule heating: a selector with negative differential resistance.

    i = v (A w^2/t) e^(-Ea/kT + c sqrt(|v|/t)),   Cth dT/dt = i v - (T - T0)/Rth

The field lowers the activation by a term that does not contain 1/T, unlike Poole and Frenkel's. Heat leaves through
what surrounds a square contact of width w: Rth = 8e4 K/W at 500 nm, and goes as 1/w; Cth goes with the volume.
Source: PHYSICS.md, Part III section 2 (form and fitted parameters of a public netlist, MIT licence; geometry).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import inlined
from tsbench.simulated_backends.numerics.exponential import exp

BOLTZMANN = 8.617333262e-5  #: [eV/K]
LOWEST_TEMPERATURE = 10.0  #: [K]: a trial step below this is refused


@inlined
def thermal_ndr(
    v: float, i: float, temperature: float, prefactor: float, depth: float, lowering: float, cooling: float,
    per_capacity: float, surroundings: float,
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return residual, rate and their derivatives; behind the temperature [K]: :meth:`ThermalNDR.columns`."""
    t = math.nan if temperature < LOWEST_TEMPERATURE else temperature   # the step is refused
    root = lowering * math.sqrt(abs(v))
    inverse = 1.0 / t
    conductance = prefactor * exp(root - depth * inverse)
    current = conductance * v
    return (
        current - i, conductance * (1.0 + 0.5 * root), -1.0, current * depth * inverse * inverse,
        i * v * per_capacity - (t - surroundings) * cooling, i * per_capacity, v * per_capacity, -cooling)


@dataclass(frozen=True)
class ThermalNDR(DeviceModel):
    """Parameters of the model: a film of thickness t under a square contact of width w."""

    a: float  #: conductivity prefactor [S/m]
    ea: float  #: activation energy [eV]
    c: float  #: lowering of the activation by the field, in units of kT [(m/V)^0.5]
    t: float  #: thickness of the film [m]
    w: float  #: width of the contact [m]
    rth_w: float  #: thermal resistance times width [K m/W]
    cth_v: float  #: heat capacity per volume of the film [J/(m^3 K)]
    t0: float  #: temperature of the surroundings [K]

    mechanism: ClassVar[str] = "thermal_ndr"
    states: ClassVar[tuple[str, ...]] = ("temperature",)
    equations = staticmethod(thermal_ndr)

    def __post_init__(self) -> None:
        self.require_positive("a", "ea", "c", "t", "w", "rth_w", "cth_v", "t0")

    @property
    def rth(self) -> float:
        """Return the thermal resistance [K/W]."""
        return self.rth_w / self.w

    @property
    def cth(self) -> float:
        """Return the heat capacity [J/K]."""
        return self.cth_v * self.w**2 * self.t

    def columns(self) -> Mapping[str, float]:
        """Return A w^2/t, Ea/k, c/sqrt(t), 1/(Rth Cth), 1/Cth, T0."""
        return {
            "prefactor": self.a * self.w**2 / self.t, "depth": self.ea / BOLTZMANN,
            "lowering": self.c / math.sqrt(self.t), "cooling": 1.0 / (self.rth * self.cth),
            "per_capacity": 1.0 / self.cth, "surroundings": self.t0}

    def rest(self) -> tuple[float, ...]:
        """Return (T0,)."""
        return (self.t0,)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 10 K: at rtol 1e-6 the temperature is resolved to 10 microkelvin."""
        return (10.0,)

    def settled(self, current: float) -> tuple[float, float]:
        """Return terminal voltage [V] and temperature [K] settled at a current [A].

        T = T0 + Rth i v: at a fixed current the current of the film rises with v, directly and through T, so the
        voltage is unique. It is found in ln v by halving.
        """
        if current == 0.0:
            return 0.0, self.t0
        low, high = math.log(1e-9), math.log(1e3)
        for _ in range(200):
            middle = 0.5 * (low + high)
            v = math.exp(middle)
            temperature = self.t0 + self.rth * current * v
            film = self.a * self.w**2 / self.t * v * math.exp(
                self.c * math.sqrt(v / self.t) - self.ea / (BOLTZMANN * temperature))
            low, high = (middle, high) if film < current else (low, middle)
            if high - low <= 1e-15 * max(abs(low), 1.0):
                break
        v = math.exp(0.5 * (low + high))
        return v, self.t0 + self.rth * current * v

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the elements of an ngspice subcircuit: the rise in units of 100 K is the voltage of node t."""
        return (
            ".param prefactor={a*w*w/t}", f".param depth={{ea/{BOLTZMANN!r}}}", ".param lowering={c/sqrt(t)}",
            ".param rth={rth_w/w}", ".param cth={cth_v*w*w*t}",
            "Vi a f 0",
            "Bf f b I = {prefactor}*V(f,b)*exp({lowering}*sqrt(abs(V(f,b)))-{depth}/({t0}+100*V(t)))",
            "Bt 0 t I = V(f,b)*i(Vi)/100",
            "Rt t 0 {rth}",
            "Ct t 0 {cth} ic=0",
        )

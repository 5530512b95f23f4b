"""Poole-Frenkel conduction in its one-dimensional form, an ohmic prefactor times e^x: the form of public netlists.

    i = AS F exp(-(Ea - b sqrt(F))/kT),   heat and electrode as in :mod:`.poole_frenkel.equations`

At equal parameters its threshold is a third lower than in the three-dimensional form: a set of parameters belongs to
one form, so this is a mechanism of its own and not an option.
Source: netlist "Slesazeck thermal NDR simulation", thennen/pyltspice (MIT), R = R0 exp((Ea - b sqrt(F))/kT): AS = d/R0.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from tsbench.simulated_backends.devices.poole_frenkel.equations import (
    BOLTZMANN,
    ELEMENTARY_CHARGE,
    LARGEST_EXPONENT,
    LOWEST_TEMPERATURE,
    VACUUM_PERMITTIVITY,
    PooleFrenkel,
)
from tsbench.simulated_backends.numerics.compilation import compiled


@compiled
def film_current_1d(
    v: float, t: float, prefactor: float, per_thickness: float, depth: float, lowering: float
) -> tuple[float, float, float]:
    """Return the film current [A] at film voltage ``v`` [V] and temperature ``t`` [K], di/dv and di/dT."""
    inverse = 1.0 / t
    field = abs(v) * per_thickness
    lowered = lowering * math.sqrt(field)
    x = lowered * inverse
    conductivity = prefactor * math.exp(min(x, LARGEST_EXPONENT) - depth * inverse)
    current = conductivity * field
    conductance = conductivity * per_thickness * (1.0 + 0.5 * x)
    by_temperature = current * (depth - lowered) * inverse * inverse
    if v < 0.0:
        return -current, conductance, -by_temperature
    return current, conductance, by_temperature


@compiled
def poole_frenkel_1d(
    v: float, i: float, temperature: float, prefactor: float, per_thickness: float, depth: float, lowering: float,
    electrode: float, cooling: float, per_capacity: float, surroundings: float,
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return residual, rate and their derivatives; behind the temperature [K]: :meth:`PooleFrenkel.columns`."""
    film, t = v - electrode * i, temperature
    if t < LOWEST_TEMPERATURE:
        t = math.nan   # the step is refused
    current, conductance, by_temperature = film_current_1d(film, t, prefactor, per_thickness, depth, lowering)
    return (
        current - i, conductance, -conductance * electrode - 1.0, by_temperature,
        i * film * per_capacity - (t - surroundings) * cooling,
        i * per_capacity, (v - 2.0 * electrode * i) * per_capacity, -cooling)


@dataclass(frozen=True)
class OneDimensionalPooleFrenkel(PooleFrenkel):
    """Parameters as of :class:`.poole_frenkel.equations.PooleFrenkel`; their values are not interchangeable."""

    mechanism: ClassVar[str] = "poole_frenkel_1d"
    equations = staticmethod(poole_frenkel_1d)
    film_current = staticmethod(film_current_1d)

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the elements of an ngspice subcircuit between ``a`` and ``b``; node t: the rise in 100 K."""
        lowering = ELEMENTARY_CHARGE / (math.pi * VACUUM_PERMITTIVITY) / BOLTZMANN**2
        return (
            f".param lowering={{sqrt({lowering!r}/(epsr*d))}}",
            f".param depth={{ea/{BOLTZMANN!r}}}",
            ".param prefactor={as_/d}",
            "Vi a e 0",
            "Re e f {max(re,1e-3)}",
            "Bf f b I = {prefactor}*V(f,b)*exp(({lowering}*sqrt(abs(V(f,b)))-{depth})/({t0}+100*V(t)))",
            "Bt 0 t I = V(f,b)*i(Vi)/100",
            "Rt t 0 {rth}",
            "Ct t 0 {cth} ic=0",
        )

"""Poole-Frenkel conduction in its one-dimensional form, an ohmic prefactor times e^x: the form of public netlists.

    i = AS F exp(-(Ea - b sqrt(F))/kT),   heat and electrode as in :mod:`.poole_frenkel`

At equal parameters its threshold is a third lower than in the three-dimensional form: a set of parameters belongs to
one form, so this is a mechanism of its own and not an option.
Source: netlist "Slesazeck thermal NDR simulation", thennen/pyltspice (MIT), R = R0 exp((Ea - b sqrt(F))/kT): AS = d/R0.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

from tsbench.simulated_backends.devices.model import FloatArray
from tsbench.simulated_backends.devices.poole_frenkel.equations import (
    BOLTZMANN,
    ELEMENTARY_CHARGE,
    LARGEST_EXPONENT,
    VACUUM_PERMITTIVITY,
    PooleFrenkel,
)
from tsbench.simulated_backends.numerics.compilation import compiled


@dataclass(frozen=True)
class OneDimensionalPooleFrenkel(PooleFrenkel):
    """Parameters as of :class:`.PooleFrenkel`; their values are not interchangeable."""

    kind: ClassVar[int] = 4
    mechanism: ClassVar[str] = "poole_frenkel_1d"

    def film(self, p: FloatArray, voltage: float, temperature: float) -> tuple[float, float, float]:
        """Return what :func:`film_current_1d` does; ``p`` is the vector as a row."""
        return film_current_1d(p, 0, voltage, temperature)  # type: ignore[no-any-return]

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


@compiled
def film_current_1d(p: FloatArray, k: int, v: float, t: float) -> tuple[float, float, float]:
    """Return the film current [A] at film voltage ``v`` [V] and temperature ``t`` [K], di/dv and di/dT."""
    inverse = 1.0 / t
    field = abs(v) * p[k, 1]
    lowered = p[k, 3] * math.sqrt(field)
    x = lowered * inverse
    conductivity = p[k, 0] * math.exp(min(x, LARGEST_EXPONENT) - p[k, 2] * inverse)
    current = conductivity * field
    conductance = conductivity * p[k, 1] * (1.0 + 0.5 * x)
    by_temperature = current * (p[k, 2] - lowered) * inverse * inverse
    if v < 0.0:
        return -current, conductance, -by_temperature
    return current, conductance, by_temperature

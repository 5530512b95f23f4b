"""An NbOx element of third order: film voltage, temperature, and a metallic share with its own delay and hysteresis.

    i = (v - vf)/Rs,    Cs dvf/dt = i - i_film(vf, T) - Gm m vf
    Cth dT/dt = (i_film + Gm m vf) vf - (T - T0)/Rth
    taum dm/dt = S((T - Tc + span (m - 1/2))/soft) - m,        S(z) = 1/(1 + e^-z)

i_film is the three-dimensional Poole-Frenkel current of :mod:`.poole_frenkel`; Rs and Cs belong to the element, which
oscillates on a voltage source alone. The metallic share m is bistable where span > 4 soft.

This is phenomenological and tuned. That the element has three states (temperature, voltage, resistance of a metallic
path in parallel), that no external resistor is used, and what it does at which voltage is published (S. Kumar et al.,
Nature 585 (2020) 518); its equations and values were not found. The transition temperature is an effective one.
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.simulated_backends.devices.model import DeviceModel, FloatArray
from tsbench.simulated_backends.devices.poole_frenkel.equations import (
    BOLTZMANN,
    ELEMENTARY_CHARGE,
    FILM_BARRIER,
    FILM_CURRENT,
    FILM_PARAMETERS,
    LOWEST_TEMPERATURE,
    VACUUM_PERMITTIVITY,
    film_current,
)
from tsbench.simulated_backends.numerics.compilation import compiled


@dataclass(frozen=True)
class ThirdOrder(DeviceModel):
    """Parameters of the model."""

    as_: float  #: area times conductivity prefactor [S m]
    d: float  #: film thickness [m]
    ea: float  #: trap depth [eV]
    epsr: float  #: relative permittivity
    rs: float  #: internal series resistance [Ohm]
    cs: float  #: internal capacitance [F]
    rth: float  #: thermal resistance to the surroundings [K/W]
    cth: float  #: heat capacity [J/K]
    gm: float  #: conductance of the film all metallic [S]
    tc: float  #: temperature at which half of it is [K]
    span: float  #: width of the hysteresis of the transition [K]
    soft: float  #: softness of its edges [K]
    taum: float  #: time in which the metallic share follows [s]
    t0: float  #: temperature of the surroundings [K]

    kind: ClassVar[int] = 5
    mechanism: ClassVar[str] = "third_order"
    states: ClassVar[tuple[str, ...]] = ("voltage", "temperature", "metal")

    def __post_init__(self) -> None:
        self._require_positive(
            "as_", "d", "ea", "epsr", "rs", "cs", "rth", "cth", "gm", "tc", "span", "soft", "taum", "t0")

    def vector(self) -> FloatArray:
        """Return the row for the kernel; the first four as :func:`.film_current` reads them."""
        lowering = math.sqrt(ELEMENTARY_CHARGE / (math.pi * VACUUM_PERMITTIVITY * self.epsr))
        return np.array([
            self.as_, 1.0 / self.d, self.ea / BOLTZMANN, lowering / BOLTZMANN, 1.0 / self.rs, 1.0 / self.cs,
            1.0 / (self.rth * self.cth), 1.0 / self.cth, self.t0, self.gm, self.tc + 0.5 * self.span, self.span,
            1.0 / self.soft, 1.0 / self.taum])

    def rest(self) -> tuple[float, ...]:
        """Return no voltage, the temperature of the surroundings, and the metallic share that belongs to it."""
        share = 0.0
        for _ in range(200):   # from below: the insulating branch where there are two
            z = (self.t0 - self.tc + self.span * (share - 0.5)) / self.soft
            share = 1.0 / (1.0 + math.exp(-max(z, -700.0)))
        return (0.0, self.t0, share)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 0.1 V, 10 K and 0.1: resolved to that times rtol."""
        return (0.1, 10.0, 0.1)

    @property
    def inner_resistance(self) -> float:
        """Return Rs, before Cs."""
        return self.rs

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the elements of an ngspice subcircuit; node t is the rise in units of 100 K, m the metallic share."""
        return (
            *FILM_PARAMETERS,
            "Rs a f {rs}",
            "Cs f b {cs} ic=0",
            FILM_BARRIER,
            "Vf f g 0",
            f"Bf g b I = {FILM_CURRENT}+{{gm}}*V(m)*V(f,b)",
            "Bt 0 t I = V(f,b)*i(Vf)/100",
            "Rt t 0 {rth}",
            "Ct t 0 {cth} ic=0",
            "Bm 0 m I = {1e-9/taum}*(1/(1+exp(-({t0}+100*V(t)-{tc}+{span}*(V(m)-0.5))/{soft}))-V(m))",
            "Cm m 0 1e-9 ic=0",
        )


@compiled
def third_order(p: FloatArray, k: int, v: float, i: float, y: FloatArray, first: int, out: FloatArray) -> None:
    """Write residual, rates and their derivatives as :func:`.compiled.evaluate_device` does; row ``k`` of ``p``."""
    film, t, m = y[first], y[first + 1], y[first + 2]
    if t < LOWEST_TEMPERATURE:
        t = math.nan   # the step is refused
    current, conductance, by_temperature = film_current(p, k, film, t)
    metal = p[k, 9] * m
    current += metal * film
    conductance += metal
    out[0] = (v - film) * p[k, 4] - i
    out[1] = p[k, 4]
    out[2] = -1.0
    out[3] = -p[k, 4]
    out[4] = 0.0
    out[5] = 0.0

    out[6] = (i - current) * p[k, 5]
    out[7] = 0.0
    out[8] = p[k, 5]
    out[9] = -conductance * p[k, 5]
    out[10] = -by_temperature * p[k, 5]
    out[11] = -p[k, 9] * film * p[k, 5]

    out[12] = current * film * p[k, 7] - (t - p[k, 8]) * p[k, 6]
    out[13] = 0.0
    out[14] = 0.0
    out[15] = (current + conductance * film) * p[k, 7]
    out[16] = by_temperature * film * p[k, 7] - p[k, 6]
    out[17] = p[k, 9] * film * film * p[k, 7]

    share = 1.0 / (1.0 + math.exp(min(-(t - p[k, 10] + p[k, 11] * m) * p[k, 12], 300.0)))
    by_z = share * (1.0 - share) * p[k, 12] * p[k, 13]
    out[18] = (share - m) * p[k, 13]
    out[19] = 0.0
    out[20] = 0.0
    out[21] = 0.0
    out[22] = by_z
    out[23] = by_z * p[k, 11] - p[k, 13]

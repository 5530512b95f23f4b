"""An NbOx element of third order: film voltage, temperature, and a metallic share with its own delay and hysteresis.

    i = (v - vf)/Rs,    Cs dvf/dt = i - i_film(vf, T) - Gm m vf
    Cth dT/dt = (i_film + Gm m vf) vf - (T - T0)/Rth
    taum dm/dt = S((T - Tc + span (m - 1/2))/soft) - m,        S(z) = 1/(1 + e^-z)

i_film is the three-dimensional Poole-Frenkel current of :mod:`.poole_frenkel.equations`; Rs and Cs belong to the
element, which oscillates on a voltage source alone. The metallic share m is bistable where span > 4 soft.

This is phenomenological and tuned. That the element has three states (temperature, voltage, resistance of a metallic
path in parallel), that no external resistor is used, and what it does at which voltage is published (S. Kumar et al.,
Nature 585 (2020) 518); its equations and values were not found. The transition temperature is an effective one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.simulated_backends.devices.model import DeviceModel
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


@compiled
def third_order(
    v: float, i: float, voltage: float, temperature: float, metal: float, prefactor: float, per_thickness: float,
    depth: float, lowering: float, series: float, per_cs: float, cooling: float, per_capacity: float,
    surroundings: float, gm: float, upper: float, span: float, per_soft: float, per_taum: float,
) -> tuple[float, ...]:
    """Return residual, rates and their derivatives; behind the states: :meth:`ThirdOrder.columns`."""
    film, t, m = voltage, temperature, metal
    if t < LOWEST_TEMPERATURE:
        t = math.nan   # the step is refused
    current, conductance, by_temperature = film_current(film, t, prefactor, per_thickness, depth, lowering)
    through = gm * m
    current += through * film
    conductance += through
    share = 1.0 / (1.0 + math.exp(min(-(t - upper + span * m) * per_soft, 300.0)))
    by_z = share * (1.0 - share) * per_soft * per_taum
    return (
        (v - film) * series - i, series, -1.0, -series, 0.0, 0.0,
        (i - current) * per_cs, 0.0, per_cs, -conductance * per_cs, -by_temperature * per_cs, -gm * film * per_cs,
        current * film * per_capacity - (t - surroundings) * cooling, 0.0, 0.0,
        (current + conductance * film) * per_capacity, by_temperature * film * per_capacity - cooling,
        gm * film * film * per_capacity,
        (share - m) * per_taum, 0.0, 0.0, 0.0, by_z, by_z * span - per_taum)


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

    mechanism: ClassVar[str] = "third_order"
    states: ClassVar[tuple[str, ...]] = ("voltage", "temperature", "metal")
    equations = staticmethod(third_order)

    def __post_init__(self) -> None:
        self.require_positive(
            "as_", "d", "ea", "epsr", "rs", "cs", "rth", "cth", "gm", "tc", "span", "soft", "taum", "t0")

    def columns(self) -> Mapping[str, float]:
        """Return what the equations take: numbers of the film and, mostly, rates.

        :func:`.poole_frenkel.equations.film_current` describes the numbers of the film.
        """
        lowering = math.sqrt(ELEMENTARY_CHARGE / (math.pi * VACUUM_PERMITTIVITY * self.epsr))
        return {
            "prefactor": self.as_, "per_thickness": 1.0 / self.d, "depth": self.ea / BOLTZMANN,
            "lowering": lowering / BOLTZMANN, "series": 1.0 / self.rs, "per_cs": 1.0 / self.cs,
            "cooling": 1.0 / (self.rth * self.cth), "per_capacity": 1.0 / self.cth, "surroundings": self.t0,
            "gm": self.gm, "upper": self.tc + 0.5 * self.span, "span": self.span, "per_soft": 1.0 / self.soft,
            "per_taum": 1.0 / self.taum}

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

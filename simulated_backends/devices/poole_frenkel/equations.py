"""Poole-Frenkel conduction with Joule heating (NbO2), in its three-dimensional (Hartke) form.

    i = AS exp(-Ea/kT) {(kT/b)^2 [1 + (x - 1) e^x] + F/2},   x = b sqrt(F)/kT,  F = v_film/d,
    b = sqrt(q^3/(pi eps0 epsr)),      Cth dT/dt = i v_film - (T - T0)/Rth,      v = v_film + Re i

With h(x) = [1 + (x - 1) e^x]/x^2 this is i = AS exp(-Ea/kT) F (h + 1/2), whose derivative is simply
di/dF = AS exp(-Ea/kT) (1 + e^x)/2: positive and increasing, so the film voltage is unique.
Sources: J. L. Hartke, J. Appl. Phys. 39 (1968) 4871 (form); PHYSICS.md, Part I section 2 (parameters, marks).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import compiled, inlined
from tsbench.simulated_backends.numerics.exponential import exp

BOLTZMANN = 8.617333262e-5  #: [eV/K]
ELEMENTARY_CHARGE = 1.602176634e-19  #: [C]
VACUUM_PERMITTIVITY = 8.8541878128e-12  #: [F/m]
LOWEST_TEMPERATURE = 10.0  #: [K]: a trial step below this is refused
LARGEST_EXPONENT = 80.0  #: e^80: far beyond any film that still exists, far below overflow


_LOWERING = ELEMENTARY_CHARGE / (math.pi * VACUUM_PERMITTIVITY) / BOLTZMANN**2
#: the film between nodes f and b for ngspice, the rise in units of 100 K being the voltage of node t: parameters, the
#: element that makes x of the current's formula the voltage of node x, and the current
FILM_PARAMETERS = (
    f".param lowering={{sqrt({_LOWERING!r}/(epsr*d))}}", f".param depth={{ea/{BOLTZMANN!r}}}",
    ".param prefactor={as_/d}")
FILM_BARRIER = "Bx x 0 V = {lowering}*sqrt(abs(V(f,b)))/({t0}+100*V(t))"
FILM_CURRENT = (
    "{prefactor}*V(f,b)*exp(-{depth}/({t0}+100*V(t)))*(0.5+(V(x) < 1e-2 ? 0.5+V(x)*(1/3+V(x)*(0.125+V(x)/30)) : "
    "(1+(V(x)-1)*exp(min(V(x),80)))/(V(x)*V(x))))")


@inlined
def _film(
    v: float, t: float, less: float, prefactor: float, per_thickness: float, depth: float, lowering: float
) -> tuple[float, float, float]:
    """Return the film current less ``less`` [A] at film voltage ``v`` [V] and temperature ``t`` [K], di/dv and di/dT.

    Ordered so that as little as possible waits: the two exponentials are the last of the long operations, with 1/T
    begun at once for one and the root beside it for the other, and the current F (h + 1/2) is thermal (base + slope
    e^x), so that behind e^x there is one product and one sum.
    """
    size = abs(v)
    size = 1e-200 if size < 1e-200 else size
    inverse = 1.0 / t
    both = inverse / size
    x = math.sqrt(size) * (lowering * math.sqrt(per_thickness) * inverse)
    field = v * per_thickness
    shrink = both * (t * t * t) * (1.0 / (lowering * lowering * per_thickness))   # 1/x^2
    base, slope = field * (shrink + 0.5), field * ((x - 1.0) * shrink)
    if x < 1e-2:   # series: the closed form loses all digits
        base, slope = field * (1.0 + x * (1.0 / 3.0 + x * (0.125 + x * (1.0 / 30.0)))), 0.0
    thermal = prefactor * exp(-depth * inverse)
    growth = exp(LARGEST_EXPONENT if x > LARGEST_EXPONENT else x)
    base, slope = thermal * base, thermal * slope
    current = base + slope * growth
    conductance = thermal * per_thickness * 0.5 * (1.0 + growth)
    by_temperature = (current * depth * inverse - thermal * field * (growth + 1.0) + 2.0 * current) * inverse
    return (base - less) + slope * growth, conductance, by_temperature


@compiled
def film_current(
    v: float, t: float, prefactor: float, per_thickness: float, depth: float, lowering: float
) -> tuple[float, float, float]:
    """Return the film current [A] at film voltage ``v`` [V] and temperature ``t`` [K], di/dv and di/dT."""
    return _film(v, t, 0.0, prefactor, per_thickness, depth, lowering)  # type: ignore[no-any-return]


@inlined
def poole_frenkel(
    v: float, i: float, temperature: float, prefactor: float, per_thickness: float, depth: float, lowering: float,
    electrode: float, cooling: float, per_capacity: float, surroundings: float,
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return residual, rate and their derivatives; behind the temperature [K]: :meth:`PooleFrenkel.columns`."""
    film = v - electrode * i
    t = math.nan if temperature < LOWEST_TEMPERATURE else temperature   # the step is refused
    residual, conductance, by_temperature = _film(film, t, i, prefactor, per_thickness, depth, lowering)
    return (
        residual, conductance, -conductance * electrode - 1.0, by_temperature,
        i * film * per_capacity - (t - surroundings) * cooling,
        i * per_capacity, (v - 2.0 * electrode * i) * per_capacity, -cooling)


@dataclass(frozen=True)
class PooleFrenkel(DeviceModel):
    """Parameters of the model; the electrode resistance ``re`` belongs to the device."""

    as_: float  #: area times conductivity prefactor [S m]
    d: float  #: film thickness [m]
    ea: float  #: trap depth [eV]
    epsr: float  #: relative permittivity
    re: float  #: electrode resistance [Ohm]
    rth: float  #: thermal resistance to the surroundings [K/W]
    cth: float  #: heat capacity [J/K]
    t0: float  #: temperature of the surroundings [K]

    mechanism: ClassVar[str] = "poole_frenkel"
    states: ClassVar[tuple[str, ...]] = ("temperature",)
    equations = staticmethod(poole_frenkel)
    film_current = staticmethod(film_current)

    def __post_init__(self) -> None:
        self.require_positive("as_", "d", "ea", "epsr", "rth", "cth", "t0")
        if not (math.isfinite(self.re) and self.re >= 0):
            raise ConfigurationError(f"device model {self.mechanism}: re = {self.re:g} Ohm must be finite and not "
                                     "negative")

    @property
    def barrier_lowering(self) -> float:
        """Return b [eV per sqrt(V/m)]."""
        return math.sqrt(ELEMENTARY_CHARGE / (math.pi * VACUUM_PERMITTIVITY * self.epsr))

    def columns(self) -> Mapping[str, float]:
        """Return AS, 1/d, Ea/k, b/k, Re, 1/(Rth Cth), 1/Cth, T0."""
        return self._film_columns() | {
            "electrode": self.re, "cooling": 1.0 / (self.rth * self.cth), "per_capacity": 1.0 / self.cth,
            "surroundings": self.t0}

    def _film_columns(self) -> dict[str, float]:
        """Return what a film's current follows from."""
        return {
            "prefactor": self.as_, "per_thickness": 1.0 / self.d, "depth": self.ea / BOLTZMANN,
            "lowering": self.barrier_lowering / BOLTZMANN}

    def rest(self) -> tuple[float, ...]:
        """Return (T0,)."""
        return (self.t0,)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 10 K: at rtol 1e-6 the temperature is resolved to 10 microkelvin."""
        return (10.0,)

    def film(self, voltage: float, temperature: float) -> tuple[float, float, float]:
        """Return the film current [A] at film voltage [V] and temperature [K], di/dv and di/dT."""
        return self.film_current(voltage, temperature, *self._film_columns().values())  # type: ignore[no-any-return]

    def settled(self, current: float) -> tuple[float, float]:
        """Return terminal voltage [V] and temperature [K] settled at a current [A].

        T = T0 + Rth i v and i = i_film(v, T), solved for the film voltage v: at fixed i the film current rises with v
        both directly and through T, so the solution is unique. Newton's method between bounds that close in.
        """
        if current == 0.0:
            return 0.0, self.t0
        heating, film = self.rth * current, tuple(self._film_columns().values())
        low, high, v = 0.0, math.inf, 1e-3
        for _ in range(200):
            found, conductance, by_temperature = self.film_current(v, self.t0 + heating * v, *film)
            low, high = (v, high) if found < current else (low, v)
            before, v = v, v + (current - found) / (conductance + heating * by_temperature)
            if abs(v - before) <= 1e-8 * before:   # the error of what comes next is its square
                break
            if not low < v < min(high, 2.0 * before):
                v = 2.0 * before if high == math.inf else 0.5 * (low + high)
        return v + self.re * current, self.t0 + heating * v

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the elements of an ngspice subcircuit between ``a`` and ``b``.

        The temperature rise in units of 100 K is the voltage of node t, so that it has the size of other voltages.
        """
        return (
            *FILM_PARAMETERS,
            "Vi a e 0",
            "Re e f {max(re,1e-3)}",
            FILM_BARRIER,
            f"Bf f b I = {FILM_CURRENT}",
            "Bt 0 t I = V(f,b)*i(Vi)/100",
            "Rt t 0 {rth}",
            "Ct t 0 {cth} ic=0",
        )

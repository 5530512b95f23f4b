"""A metal core that grows and shrinks inside an insulating channel (Nb2O5, VO2): Pickett and Williams' model.

A cylinder of radius r and length L, hot in the middle: inside r_met = u r the material is metallic, outside it is an
insulator that conducts the heat away. The wall of the core stands at the transition temperature T_mit.

    v = i (R + Re),   R = rho_ins L/(pi r^2)/(1 + A u^2),   A = rho_ins/rho_met - 1,   dT = T_mit - T0
    (dH/du) du/dt = R i^2 - Gamma dT,   Gamma = 2 pi L kappa/ln(1/u)
    dH/du = pi L r^2 [cp dT (1 - u^2 + 2 u^2 ln u)/(2 u ln^2 u) + 2 dh u]

The state is psi = 1/ln(1/u) instead of u, in which a device at rest decays doubly exponentially:

    (dH/dpsi) dpsi/dt = R i^2 - 2 pi L kappa dT psi,        w = 1/psi,   u^2 = e^(-2 w)
    dH/dpsi = pi L r^2 [cp dT (1 - u^2 (1 + 2 w))/2 + 2 dh u^2 w^2]

is regular at psi = 0: there it is a plain thermal relaxation with the time r^2 cp/(4 kappa).
Static: R i^2 = 2 pi L kappa dT psi, so v^2 = 2 rho_ins kappa dT L^2/r^2 psi/(1 + A u^2), threshold ~ sqrt(T_mit - T0).
Sources: M. D. Pickett, R. S. Williams, Nanotechnology 23 (2012) 215202 (form, recalled); PHYSICS.md, Part I sections 1
and 8 (coordinate, parameters, marks).
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

NO_CORE = 2e-3  #: psi below which u^2 = e^(-2/psi) is zero in floating point


@inlined
def moving_core(
    v: float, i: float, core: float, contrast: float, insulating: float, electrode: float, cooling: float,
    sensible: float, latent: float,
) -> tuple[float, float, float, float, float, float, float, float]:
    """Return residual, rate and their derivatives.

    ``core`` is psi; the numbers behind it are :meth:`MovingCore.columns`. Where there is no core, u^2 = e^(-2 w) is as
    good as zero and everything else follows, without a branch.
    """
    psi = core
    film = v - electrode * i
    w = 1.0 / (NO_CORE if psi < NO_CORE else psi)
    x = 2.0 * w
    squared = exp(-x)   # u^2
    share = 1.0 - squared * (1.0 + x)
    if x < 0.1:   # series: the difference loses its digits
        share = x * x * (0.5 - x * (1.0 / 3.0 - x * (1.0 / 8.0 - x * (1.0 / 30.0 - x * (
            1.0 / 144.0 - x * (1.0 / 840.0 - x / 5760.0))))))
    inverse = 1.0 / (sensible * share + latent * squared * w * w)   # of dH/dpsi
    by_psi = -2.0 * w * w * w * squared * (2.0 * sensible + latent * (1.0 - w))   # d2H/dpsi2
    conductance = insulating * (1.0 + contrast * squared)
    rate = (i * film - cooling * psi) * inverse
    return (
        conductance * film - i, conductance, -conductance * electrode - 1.0,
        insulating * contrast * squared * x * w * film,
        rate, i * inverse, (v - 2.0 * electrode * i) * inverse, -(cooling + rate * by_psi) * inverse)


@dataclass(frozen=True)
class MovingCore(DeviceModel):
    """Parameters of the model; the electrode resistance ``re`` belongs to the device."""

    rho_ins: float  #: resistivity of the insulator [Ohm m]
    rho_met: float  #: resistivity of the metal [Ohm m]
    r_ch: float  #: radius of the channel [m]
    length: float  #: length of the channel, the thickness of the film [m]
    kappa: float  #: thermal conductivity [W/(m K)]
    cp: float  #: volumetric heat capacity [J/(m^3 K)]
    dh: float  #: volumetric enthalpy of the transition [J/m^3]
    t_mit: float  #: temperature of the transition [K]
    re: float  #: electrode resistance [Ohm]
    t0: float  #: temperature of the surroundings [K]

    mechanism: ClassVar[str] = "moving_core"
    states: ClassVar[tuple[str, ...]] = ("core",)
    equations = staticmethod(moving_core)

    def __post_init__(self) -> None:
        self.require_positive("rho_ins", "rho_met", "r_ch", "length", "kappa", "cp", "t_mit", "t0")
        for name in ("dh", "re"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"device model {self.mechanism}: {name} = {value:g} must be finite and not "
                                         "negative")
        if not self.rho_met < self.rho_ins:
            raise ConfigurationError(
                f"device model {self.mechanism}: rho_met = {self.rho_met:g} Ohm m must be below rho_ins = "
                f"{self.rho_ins:g} Ohm m")
        if not self.t0 < self.t_mit:
            raise ConfigurationError(
                f"device model {self.mechanism}: t0 = {self.t0:g} K must be below the transition at t_mit = "
                f"{self.t_mit:g} K. Above t_mit, the channel is a metal and does not switch")

    @property
    def insulating(self) -> float:
        """Return the resistance without a core [Ohm], electrodes excluded."""
        return self.rho_ins * self.length / (math.pi * self.r_ch**2)

    @property
    def contrast(self) -> float:
        """Return A = rho_ins/rho_met - 1."""
        return self.rho_ins / self.rho_met - 1.0

    @property
    def cooling(self) -> float:
        """Return 2 pi L kappa dT, the heat that leaves per unit of psi [W]."""
        return 2.0 * math.pi * self.length * self.kappa * (self.t_mit - self.t0)

    @property
    def sensible(self) -> float:
        """Return pi L r^2 cp dT/2 [J]."""
        return 0.5 * math.pi * self.length * self.r_ch**2 * self.cp * (self.t_mit - self.t0)

    @property
    def latent(self) -> float:
        """Return 2 pi L r^2 dh [J]."""
        return 2.0 * math.pi * self.length * self.r_ch**2 * self.dh

    def columns(self) -> Mapping[str, float]:
        """Return A, the conductance without a core, Re, cooling, sensible and latent heat per unit of psi."""
        return {
            "contrast": self.contrast, "insulating": 1.0 / self.insulating, "electrode": self.re,
            "cooling": self.cooling, "sensible": self.sensible, "latent": self.latent}

    def rest(self) -> tuple[float, ...]:
        """Return (0,): no core."""
        return (0.0,)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 0.1: at rtol 1e-6 psi, which reaches 0.1 at the threshold and some 20 when on, is resolved to 1e-7."""
        return (0.1,)

    def conductance(self, states: FloatArray) -> FloatArray:
        """Return the conductance at the terminals [S] of states of shape (1, n)."""
        core = np.exp(-2.0 / np.maximum(states[0], NO_CORE))
        film = (1.0 + self.contrast * core) / self.insulating
        return np.asarray(film / (1.0 + self.re * film))

    def settled(self, current: float) -> tuple[float, float]:
        """Return terminal voltage [V] and temperature at the wall of the core [K] settled at a current [A].

        R i^2 = cooling psi, and R falls with psi: the power at a given current crosses the cooling once.
        """
        if current == 0.0:
            return 0.0, self.t0
        low, high = 0.0, 1e-3
        while self._resistance(high) * current**2 > self.cooling * high:
            low, high = high, 2.0 * high
        for _ in range(200):
            middle = 0.5 * (low + high)
            if self._resistance(middle) * current**2 > self.cooling * middle:
                low = middle
            else:
                high = middle
            if high - low <= 4e-16 * high:
                break
        psi = 0.5 * (low + high)
        return self.cooling * psi / current + self.re * current, self.t_mit

    def _resistance(self, psi: float) -> float:
        return self.insulating / (1.0 + self.contrast * math.exp(-2.0 / max(psi, NO_CORE)))

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the elements of an ngspice subcircuit between ``a`` and ``b``: psi is the voltage of node p."""
        inverse = f"(1/max(V(p),{NO_CORE!r}))"
        return (
            f".param insulating={{rho_ins*length/({math.pi!r}*r_ch*r_ch)}}",
            ".param contrast={rho_ins/rho_met-1}",
            f".param cooling={{{2 * math.pi!r}*length*kappa*(t_mit-t0)}}",
            f".param sensible={{{math.pi / 2!r}*length*r_ch*r_ch*cp*(t_mit-t0)}}",
            f".param latent={{{2 * math.pi!r}*length*r_ch*r_ch*dh}}",
            "Vi a e 0",
            "Re e f {max(re,1e-3)}",
            f"Bu u 0 V = exp(-2*{inverse})",
            "Bf f b I = V(f,b)*(1+{contrast}*V(u))/{insulating}",
            "Bp 0 p I = 1e-9*(V(f,b)*i(Vi)-{cooling}*V(p))"
            f"/({{sensible}}*(1-V(u)*(1+2*{inverse}))+{{latent}}*V(u)*{inverse}*{inverse})",
            "Cp p 0 1e-9 ic=0",
        )

"""A VO2 film whose resistance follows its temperature with hysteresis: the thermal neuristor, without events.

    R(T) = R0 e^(Ea/T) g + Rm,   g = (1 + tanh L)/2,   C dT/dt = i v - S (T - T0),   v = R i
    L = beta [delta w/2 + Tc - (T + Tpr P(x))],   x = (T - Tr)/Tpr,   Tpr = delta w/2 + Tc - Lr/beta - Tr
    P(x) = (1 - sin(gamma x)) (1 + tanh(pi^2 - 2 pi x))/2

delta = +1 while it warms, -1 while it cools; at a reversal Tr = T and Lr = L, and there P = 1, which makes L continuous
whatever delta is. In the source delta, Tr and Lr jump at the reversal. Here they are states, so that nothing jumps:

    dp/dt = [(T - p - band)+ - (p - band - T)+]/tp         p follows T with a play of +-band: s = tanh((T - p)/band)
    d delta/dt = (delta - delta^3 + 1.2 s)/tf              keeps its sign until s is clearly of the other
    dTr/dt = (T - Tr) c/tcap,  dLr/dt = (L - Lr) c/tcap    c = 1 while s is against delta, before delta turns over

In L stands (3 delta - delta^3)/2, delta held within +-1. The times are short against the thermal one (C/S = 241 ns):
against jumps with a dead band of 0.1 mK the period of the published oscillator is 0.08 % longer at 12 V, see the tests.
Source: Y.-H. Zhang et al., collective_dynamics_neuristor (public code, MIT), model.py; the form of the loop is that of
L. A. L. de Almeida et al. (2002).
"""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import compiled, inlined
from tsbench.simulated_backends.numerics.rounding import rounded

BAND = 5e-3  #: [K] half of the play
FOLLOW, TURN, CAPTURE = 0.1e-9, 5e-9, 0.1e-9  #: [s] tp, tf, tcap
AGAINST, AGAINST_WIDTH = -0.2, 0.02  #: s delta below which a reversal is captured; delta turns at -0.32
SMALLEST = 1e-3  #: [K] by which Tpr is kept from zero in x
LARGEST_X = 4.0  #: beyond which P is zero
FAR = 100.0  #: [K] below T0: the reversal of a device that has never been warm


@inlined
def place_in_loop(
    rise: float, reversal: float, kept: float, centre: float, beta: float, gamma: float
) -> tuple[float, float, float, float, float]:
    """Return L and its derivatives by T, by the centre of its branch, by Tr and by Lr."""
    span = centre - kept / beta - reversal
    size = span * span + SMALLEST * SMALLEST
    away = rise - reversal
    x = away * span / size
    x_away, x_span = span / size, away * (size - 2.0 * span * span) / (size * size)
    if not 0.0 <= x <= LARGEST_X:
        x = min(max(x, 0.0), LARGEST_X)
        x_away, x_span = 0.0, 0.0
    edge = math.tanh(math.pi * math.pi - 2.0 * math.pi * x)
    wave = 1.0 - math.sin(gamma * x)
    shape = 0.5 * wave * (1.0 + edge)
    shape_x = 0.5 * (-gamma * math.cos(gamma * x) * (1.0 + edge) - 2.0 * math.pi * wave * (1.0 - edge * edge))
    loop = beta * (centre - rise - span * shape)
    by_span = -beta * (shape + span * shape_x * x_span)
    by_away = -beta * span * shape_x * x_away
    return loop, -beta + by_away, beta + by_span, -by_span - by_away, -by_span / beta


@compiled
def hysteretic(
    v: float, i: float, rise: float, follower: float, direction: float, reversal: float, loop: float, r0: float,
    ea: float, rm: float, half: float, middle: float, beta: float, gamma: float, per_capacity: float, cooling: float,
    surroundings: float,
) -> tuple[float, ...]:
    """Return residual, rates and their derivatives; behind the states: :meth:`Hysteretic.columns`."""
    turn, kept = direction, loop
    if rise + surroundings < 50.0:
        rise = math.nan   # the step is refused
    held = min(max(turn, -1.0), 1.0)
    centre = middle + half * 0.5 * held * (3.0 - held * held)
    centre_d = half * 1.5 * (1.0 - held * held)
    place, place_t, place_centre, place_r, place_l = place_in_loop(rise, reversal, kept, centre, beta, gamma)
    place_d = place_centre * centre_d
    # resistance
    tanh = math.tanh(place)
    inverse_t = 1.0 / (rise + surroundings)
    insulating = r0 * math.exp(min(ea * inverse_t, 200.0))
    conductance = 1.0 / (0.5 * insulating * (1.0 + tanh) + rm)
    by_place = -v * conductance * conductance * 0.5 * insulating * (1.0 - tanh * tanh)
    by_temperature = v * conductance * conductance * 0.5 * insulating * (1.0 + tanh) * ea * inverse_t * inverse_t
    away = rise - reversal
    lead = rise - follower
    following, following_t = 0.0, 0.0
    if abs(lead) > BAND:
        following, following_t = (lead - math.copysign(BAND, lead)) / FOLLOW, 1.0 / FOLLOW
    s = math.tanh(lead / BAND)
    s_t = (1.0 - s * s) / BAND
    share = 1.0 / (1.0 + math.exp(min((s * turn - AGAINST) / AGAINST_WIDTH, 300.0)))
    rate = share / CAPTURE   # at which a reversal and its place in the loop are captured
    rate_s = -rate * (1.0 - share) * turn / AGAINST_WIDTH
    rate_d = -rate * (1.0 - share) * s / AGAINST_WIDTH
    off = place - kept
    return (
        conductance * v - i, conductance, -1.0, by_temperature + rounded(by_place * place_t), 0.0, by_place * place_d,
        by_place * place_r, by_place * place_l,
        i * v * per_capacity - rise * cooling, i * per_capacity, v * per_capacity, -cooling, 0.0, 0.0, 0.0, 0.0,
        following, 0.0, 0.0, following_t, -following_t, 0.0, 0.0, 0.0,
        (turn - turn * turn * turn + 1.2 * s) / TURN, 0.0, 0.0, 1.2 * s_t / TURN, -1.2 * s_t / TURN,
        (1.0 - 3.0 * turn * turn) / TURN, 0.0, 0.0,
        away * rate, 0.0, 0.0, rate + away * rate_s * s_t, -away * rate_s * s_t, away * rate_d, -rate, 0.0,
        off * rate, 0.0, 0.0, place_t * rate + off * rate_s * s_t, -off * rate_s * s_t, place_d * rate + off * rate_d,
        place_r * rate, (place_l - 1.0) * rate)


@dataclass(frozen=True)
class Hysteretic(DeviceModel):
    """Parameters of the model."""

    r0: float  #: prefactor of the insulator's resistance [Ohm]
    ea: float  #: its activation [K]
    rm: float  #: resistance of the metal [Ohm]
    w: float  #: width of the loop [K]
    tc: float  #: its centre [K]
    beta: float  #: its steepness [1/K]
    gamma: float  #: shape of curves within the loop
    cth: float  #: heat capacity [J/K]
    sth: float  #: thermal conductance to the surroundings [W/K]
    t0: float  #: temperature of the surroundings [K]

    mechanism: ClassVar[str] = "hysteretic"
    states: ClassVar[tuple[str, ...]] = ("rise", "follower", "direction", "reversal", "loop")
    equations = staticmethod(hysteretic)

    def __post_init__(self) -> None:
        self.require_positive("r0", "ea", "rm", "w", "tc", "beta", "gamma", "cth", "sth", "t0")

    def columns(self) -> Mapping[str, float]:
        """Return R0, Ea, Rm, w/2, Tc - T0, beta, gamma, 1/C, S/C, T0; temperatures in the equations are above T0."""
        return {
            "r0": self.r0, "ea": self.ea, "rm": self.rm, "half": 0.5 * self.w, "middle": self.tc - self.t0,
            "beta": self.beta, "gamma": self.gamma, "per_capacity": 1.0 / self.cth, "cooling": self.sth / self.cth,
            "surroundings": self.t0}

    def rest(self) -> tuple[float, ...]:
        """Return the device on the warming branch of the outer loop; all temperatures above T0."""
        return (0.0, -BAND, 1.26, -FAR, self.beta * (-0.5 * self.w + self.tc - self.t0 + FAR))

    def state_tolerances(self) -> tuple[float, ...]:
        """Return 1 K for temperatures: at rtol 1e-6 far below the play."""
        return (1.0, 1.0, 0.1, 1.0, 0.1)

    def outer_loop(self, current: float, warming: bool) -> tuple[float, float]:
        """Return voltage [V] and temperature [K] settled at a current [A] on one branch of the outer loop.

        R i^2 = S (T - T0), and R falls with T: the temperature is unique.
        """
        centre = self.tc + (0.5 if warming else -0.5) * self.w
        low, high, resistance = self.t0, self.t0 + 1e5, math.inf
        for _ in range(200):
            t = 0.5 * (low + high)
            insulating = self.r0 * math.exp(min(self.ea / t, 200.0))
            resistance = insulating * 0.5 * (1.0 + math.tanh(self.beta * (centre - t))) + self.rm
            if resistance * current * current > self.sth * (t - self.t0):
                low = t
            else:
                high = t
            if high - low <= 4e-16 * high:
                break
        return resistance * current, t

    def settled(self, current: float) -> tuple[float, float]:
        """Return voltage [V] and temperature [K] settled at a current [A], as a slow sweep up and down meets them.

        The warming branch up to where its voltage is highest (there a voltage sweep switches on), the cooling branch
        behind that: its lowest voltage is where the sweep back switches off.
        """
        return self.outer_loop(current, current <= highest_warming(self))

    @classmethod
    def subcircuit(cls) -> tuple[str, ...]:
        """Return the elements of an ngspice subcircuit; nodes t, p, r in kelvins/100 above T0, d, l."""
        capture = f"(1/(1+exp(min((tanh((V(t)-V(p))*{100 / BAND!r})*V(d)-({AGAINST!r}))/{AGAINST_WIDTH!r},80))))"
        return (
            ".param middle={tc-t0}",
            ".param half={w/2}",
            "Bh h 0 V = max(-1,min(1,V(d)))",
            "Be e 0 V = V(h)*(3-V(h)*V(h))/2*{half}+{middle}",
            "Bq q 0 V = V(e)-V(l)/{beta}-100*V(r)",
            f"By y 0 V = max(0,min({LARGEST_X!r},100*(V(t)-V(r))*V(q)/(V(q)*V(q)+{SMALLEST**2!r})))",
            "Bl k 0 V = {beta}*(V(e)-100*V(t)-V(q)*0.5*(1-sin({gamma}*V(y)))"
            f"*(1+tanh({math.pi**2!r}-{2 * math.pi!r}*V(y))))",
            "Bg a b I = V(a,b)/({r0}*exp({ea}/({t0}+100*V(t)))*0.5*(1+tanh(V(k)))+{rm})",
            "Bt 0 t I = 1e-9*(V(a,b)*V(a,b)/({r0}*exp({ea}/({t0}+100*V(t)))*0.5*(1+tanh(V(k)))+{rm})"
            "-{sth}*100*V(t))/{cth}/100",
            f"Bp 0 p I = 1e-9*(max(V(t)-V(p)-{BAND / 100!r},0)-max(V(p)-V(t)-{BAND / 100!r},0))/{FOLLOW!r}",
            f"Bd 0 d I = 1e-9*(V(d)-V(d)*V(d)*V(d)+1.2*tanh((V(t)-V(p))*{100 / BAND!r}))/{TURN!r}",
            f"Br 0 r I = 1e-9*(V(t)-V(r))*{capture}/{CAPTURE!r}",
            f"Bm 0 l I = 1e-9*(V(k)-V(l))*{capture}/{CAPTURE!r}",
            "Ct t 0 1e-9 ic=0",
            f"Cp p 0 1e-9 ic={-BAND / 100!r}",
            "Cd d 0 1e-9 ic=1.26",
            f"Cr r 0 1e-9 ic={-FAR / 100!r}",
            f"Cl l 0 1e-9 ic={{beta*(middle-half+{FAR!r})}}",
        )


@functools.lru_cache(maxsize=256)
def highest_warming(model: Hysteretic) -> float:
    """Return the current [A] at which the voltage along the warming branch is highest for the first time."""
    low, high = 1e-9, 1e-1
    for _ in range(8):   # each look is 50 times as fine as the one before
        grid = np.geomspace(low, high, 201)
        voltage = np.array([model.outer_loop(float(current), True)[0] for current in grid])
        falling = np.flatnonzero(np.diff(voltage) < 0)
        if not falling.size:
            return math.inf if low == 1e-9 else high
        low, high = float(grid[max(falling[0] - 1, 0)]), float(grid[falling[0] + 1])
    return math.sqrt(low * high)

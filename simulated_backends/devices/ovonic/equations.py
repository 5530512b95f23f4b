"""An ovonic threshold switch (amorphous chalcogenide): thermal runaway of a filament helped by the field.

A filament of area A through a film of thickness h, its conductivity per Scoggin, Silva and Gokirmak:

    sigma(E, T) = min(sigma_T(T) + sigma_E(E), sigma_max),   sigma_E = sigma_T(300 K)/100 e^(C E),   E = v_film/h
    sigma_T(T) = sigma_max e^(-(Ea/k)(1/T - 1/930 K))        (their curve is a figure; Arrhenius is assumed)
    i = A sigma(E, T) E,   v = E h + vi tanh(i/ii) + Re i
    cth dT/dt = i E - gth (T - T0)     per length: heat leaves sideways, so V_switch ~ h and I_hold ignores h;
                                       vi is a drop at the electrodes, which makes V_hold depend little on h

On this lie, with H(T) = 1 where the filament is hot (on):

    C = C1 [1 - ff (1 - f) - slope q + boost L((n - draw)/0.02)]      L: logistic
    df/dt = H (1 - f)/tau_r            fired once: before, the field acts less (first fire)
    dq/dt = (10^-q - 10^-qmax)/(t1 ln 10) - H q/tau_r    decades of drift since the last firing, log10(1 + t/t1)
    dn/dt = (1 - H) (rate - leak) - H n/tau_r,   rate = r1 e^((C E - C1 E1)/s),   leak = n/(tau_n (1 + (rate tau_n)^2))

A cycle switches when its hazard n reaches its draw, (-ln U)^(1/beta), U uniform by a hash of (seed, cycle): at a
constant voltage the time to switch is Weibull of shape beta. The count of cycles, c, moves by a half when the filament
becomes hot and by the other half when it has cooled. seed = 0: every draw is the median.

Sources: J. Scoggin, H. Silva, A. Gokirmak, arXiv 1906.09316 (conductivity, values of the film); the rest assumed, see
the catalogue. The smooth minimum is (1/sum^4 + 1/max^4)^(-1/4).
"""

import dataclasses
import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import compiled, inlined
from tsbench.simulated_backends.numerics.rounding import rounded
from tsbench.simulated_backends.numerics.seeds import seed_of

BOLTZMANN = 8.617333262e-5  #: [eV/K]
SATURATED_AT = 930.0  #: [K]: sigma_max is sigma_T at this temperature
HOT, HOT_WIDTH = 700.0, 8.0  #: [K]: the filament counts as on
DRAW_WIDTH = 0.02  #: of the step by which a hazard that has reached its draw acts
LARGEST_EXPONENT = 60.0
LARGEST_RATE = 1e11  #: [1/s]
COUNTING = 0.2e-9  #: [s] in which the count of cycles follows
LN10 = math.log(10.0)


@compiled
def draw_of(seed: float, cycle: float, shape: float) -> float:
    """Return the hazard at which a cycle switches, (-ln U)^shape; U by a hash (SplitMix64's finaliser), or 1/2."""
    uniform = 0.5
    if seed > 0.0:
        x = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(cycle + 1.0) * np.uint64(0xD6E8FEB86659FD93)
        for _ in range(2):
            x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            x = x ^ (x >> np.uint64(31))
        uniform = (float(x >> np.uint64(11)) + 0.5) * 2.0**-53
    return float((-math.log(uniform)) ** shape)


@compiled
def limited(total: float, largest: float) -> tuple[float, float]:
    """Return the smooth minimum of two conductivities and its derivative by the first."""
    ratio = (total / largest) ** 4
    root = (1.0 + ratio) ** -0.25
    return total * root, root / (1.0 + ratio)


@inlined
def conduction(
    e: float, field: float, t: float, c: float, area: float, sigma_max: float, depth: float, field_part: float
) -> tuple[float, float, float, float]:
    """Return the current [A] at a field and a temperature, and its derivatives by both and by the coefficient c.

    ``field`` [V/m] is the magnitude of ``e``.
    """
    by_field = field_part * math.exp(min(c * field, LARGEST_EXPONENT))
    inverse = 1.0 / t
    thermal = sigma_max * math.exp(-depth * (inverse - 1.0 / SATURATED_AT))
    sigma, share = limited(thermal + by_field, sigma_max)
    return (
        area * sigma * e, area * (sigma + field * share * by_field * c),
        area * e * share * thermal * depth * inverse * inverse, area * e * share * by_field * field)


@inlined
def hazard_rate(
    z: float, hazard: float, r1: float, hazard_at: float, per_s: float, tau_n: float
) -> tuple[float, float, float, float, float]:
    """Return the rate of the hazard and of its leak [1/s], d(leak)/d(rate), d(rate)/dz, and tau_n d(leak)/d(hazard).

    ``z`` is the field in units in which the conductivity grows by e.
    """
    raw = r1 * math.exp(min((z - hazard_at) * per_s, 40.0))
    rate = raw / (1.0 + raw / LARGEST_RATE)
    rate_z = rate / (1.0 + raw / LARGEST_RATE) * per_s
    steady = rate * tau_n
    hold = 1.0 / (1.0 + steady * steady)
    leak = hazard / tau_n * hold
    leak_rate = -2.0 * steady * hold * hold * hazard
    return rate, leak, leak_rate, rate_z, hold


@compiled
def ovonic(
    v: float, i: float, temperature: float, fired: float, drift: float, hazard: float, cycles: float, area: float,
    per_thickness: float, sigma_max: float, depth: float, c1: float, gth: float, per_capacity: float, vi: float,
    per_ii: float, re: float, ff: float, slope: float, drifting: float, drift_end: float, r1: float, hazard_at: float,
    per_s: float, per_beta: float, tau_n: float, boost: float, resetting: float, surroundings: float,
    field_part: float, seed: float,
) -> tuple[float, ...]:
    """Return residual, rates and their derivatives; behind the states: :meth:`Ovonic.columns`."""
    t = math.nan if temperature < 50.0 else temperature   # the step is refused
    wall = math.tanh(i * per_ii)
    e = (v - vi * wall - re * i) * per_thickness
    e_v, e_i = per_thickness, -(vi * (1.0 - wall * wall) * per_ii + re) * per_thickness
    field, sign = abs(e), 1.0 if e >= 0.0 else -1.0

    k_now = math.floor(cycles + 0.25)
    struck = 1.0 / (1.0 + math.exp(min(-(hazard - draw_of(seed, k_now, per_beta)) / DRAW_WIDTH, 300.0)))
    plain = 1.0 - ff * (1.0 - fired) - slope * drift
    current, g_e, g_t, g_c = conduction(e, field, t, c1 * (plain + boost * struck), area, sigma_max, depth, field_part)
    c_f, c_q = c1 * ff, -c1 * slope
    c_n = c1 * boost * struck * (1.0 - struck) / DRAW_WIDTH

    hot = 1.0 / (1.0 + math.exp(min(-(t - HOT) / HOT_WIDTH, 300.0)))
    hot_t, cold = hot * (1.0 - hot) / HOT_WIDTH, 1.0 - hot
    ten = math.exp(-LN10 * min(max(drift, -3.0), 30.0))
    rate, leak, leak_rate, rate_z, hold = hazard_rate(c1 * plain * field, hazard, r1, hazard_at, per_s, tau_n)
    by_z = cold * (1.0 - leak_rate) * rate_z
    by_e = by_z * c1 * plain * sign
    # of cycles half a step when hot, the other half when cold again
    rest = k_now if cycles < k_now + 0.25 else k_now + 1.0
    return (
        current - i, g_e * e_v, g_e * e_i - 1.0, g_t, g_c * c_f, g_c * c_q, g_c * c_n, 0.0,
        (i * e - gth * (t - surroundings)) * per_capacity, i * e_v * per_capacity, (i * e_i + e) * per_capacity,
        -gth * per_capacity, 0.0, 0.0, 0.0, 0.0,
        hot * (1.0 - fired) * resetting, 0.0, 0.0, hot_t * (1.0 - fired) * resetting, -hot * resetting, 0.0, 0.0, 0.0,
        (ten - drift_end) * drifting - hot * drift * resetting, 0.0, 0.0, -hot_t * drift * resetting, 0.0,
        -LN10 * ten * drifting - hot * resetting, 0.0, 0.0,
        cold * (rate - leak) - hot * hazard * resetting, by_e * e_v, by_e * e_i,
        -hot_t * (rate - leak + hazard * resetting), by_z * field * c_f, by_z * field * c_q,
        -cold * hold / rounded(tau_n) - hot * rounded(resetting), 0.0,
        (hot * (k_now + 0.5 - cycles) + cold * (rest - cycles)) / COUNTING, 0.0, 0.0,
        hot_t * (k_now + 0.5 - rest) / COUNTING, 0.0, 0.0, 0.0, -1.0 / COUNTING)


@compiled
def settled_branch(
    current: float, area: float, per_thickness: float, sigma_max: float, depth: float, c1: float, gth: float, vi: float,
    per_ii: float, re: float, surroundings: float, field_part: float,
) -> tuple[float, float]:
    """Return :meth:`Ovonic.settled`, by bisection of the field."""
    weak, strong, e, t = 0.0, 1e9, 0.0, surroundings
    for _ in range(200):
        e = 0.5 * (weak + strong)
        t = surroundings + e * current / gth
        thermal = sigma_max * math.exp(-depth * (1.0 / t - 1.0 / SATURATED_AT))
        sigma = limited(thermal + field_part * math.exp(min(c1 * e, LARGEST_EXPONENT)), sigma_max)[0]
        if area * sigma * e < current:
            weak = e
        else:
            strong = e
        if strong - weak <= 4e-16 * strong:
            break
    return e / per_thickness + vi * math.tanh(current * per_ii) + re * current, t


#: columns that the branch takes, in order
_OF_THE_BRANCH = tuple(inspect.signature(settled_branch.py_func).parameters)[1:]


@dataclass(frozen=True)
class Ovonic(DeviceModel):
    """Parameters of the model."""

    area: float  #: of the filament [m^2]
    h: float  #: thickness [m]
    sigma_max: float  #: largest conductivity [S/m]
    ea: float  #: activation energy of the thermal conductivity [eV]
    c1: float  #: field coefficient [m/V]
    gth: float  #: heat loss of the filament per length [W/(m K)]
    cth: float  #: heat capacity of the filament per length [J/(m K)]
    vi: float  #: drop at the electrodes of an on filament [V]
    ii: float  #: current at which this drop has built up [A]
    re: float  #: electrode resistance [Ohm]
    ff: float  #: share of the field coefficient that a device lacks before its first fire
    fired: float  #: 1: has been fired before, 0: virgin
    slope: float  #: drift of the threshold per decade of time, relative
    t1: float  #: time at which drift begins [s]
    qmax: float  #: decades until it saturates
    aged: float  #: decades of drift at the beginning
    r1: float  #: hazard rate at the field e1 [1/s]
    e1: float  #: [V/m]
    s: float  #: scale of the hazard in units of C E
    beta: float  #: Weibull shape of the time to switch
    tau_n: float  #: time in which an unfinished hazard is forgotten [s]
    boost: float  #: share by which the field acts more once the hazard has struck
    tau_r: float  #: time in which an on filament resets drift and hazard [s]
    t0: float  #: temperature of the surroundings [K]
    seed: float = 0.0  #: a whole number: the device's own draws; 0: all are the median

    mechanism: ClassVar[str] = "ovonic"
    states: ClassVar[tuple[str, ...]] = ("temperature", "fired", "drift", "hazard", "cycles")
    stochastic: ClassVar[bool] = True
    counters: ClassVar[tuple[str, ...]] = ("cycles",)
    equations = staticmethod(ovonic)

    def __post_init__(self) -> None:
        self.require_positive(
            "area", "h", "sigma_max", "ea", "c1", "gth", "cth", "ii", "t1", "qmax", "r1", "e1", "s", "beta",
            "tau_n", "tau_r", "t0")
        for name in ("vi", "re", "ff", "fired", "slope", "aged", "boost", "seed"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"device model {self.mechanism}: {name} = {value:g} must be finite and not "
                                         "negative")
        for good, said in (
            (self.ff < 1, f"ff = {self.ff:g} must be below 1"),
            (self.fired <= 1, f"fired = {self.fired:g} must be at most 1"),
            (self.aged <= self.qmax, f"aged = {self.aged:g} must be at most qmax = {self.qmax:g}"),
            (self.slope * self.qmax < 1, f"slope * qmax = {self.slope * self.qmax:g} must be below 1"),
        ):
            if not good:
                raise ConfigurationError(f"device model {self.mechanism}: {said}")
        if self.seed != int(self.seed) or self.seed >= 2.0**53:
            raise ConfigurationError(
                f"device model {self.mechanism}: seed = {self.seed:g} must be a whole number below 2^53")

    def columns(self) -> Mapping[str, float]:
        """Return what the equations take: many of the parameters, others as reciprocals."""
        cold = self.sigma_max * math.exp(-self.ea / BOLTZMANN * (1.0 / 300.0 - 1.0 / SATURATED_AT))
        return {
            "area": self.area, "per_thickness": 1.0 / self.h, "sigma_max": self.sigma_max, "depth": self.ea / BOLTZMANN,
            "c1": self.c1, "gth": self.gth, "per_capacity": 1.0 / self.cth, "vi": self.vi, "per_ii": 1.0 / self.ii,
            "re": self.re, "ff": self.ff, "slope": self.slope, "drifting": 1.0 / (self.t1 * LN10),
            "drift_end": 10.0**-self.qmax, "r1": self.r1, "hazard_at": self.c1 * self.e1, "per_s": 1.0 / self.s,
            "per_beta": 1.0 / self.beta, "tau_n": self.tau_n, "boost": self.boost, "resetting": 1.0 / self.tau_r,
            "surroundings": self.t0, "field_part": cold / 100.0, "seed": self.seed}

    def rest(self) -> tuple[float, ...]:
        """Return a cold filament of the device's age, no hazard, no cycles."""
        return (self.t0, self.fired, self.aged, 0.0, 0.0)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return sizes of 10 K, and of hundredths of the rest."""
        return (10.0, 0.1, 0.1, 0.1, 0.1)

    def seeded(self, *keys: int | str) -> "Ovonic":
        """Return the device with the draws that belong to ``keys``."""
        return dataclasses.replace(self, seed=float(seed_of(*keys)))

    def settled(self, current: float) -> tuple[float, float]:
        """Return terminal voltage [V] and temperature [K] settled at a current [A], fired, without drift or hazard.

        At a current the field is unique: sigma rises with it, and with the temperature that it makes.
        """
        columns = self.columns()
        voltage, temperature = settled_branch(current, *(columns[name] for name in _OF_THE_BRANCH))
        return float(voltage), float(temperature)

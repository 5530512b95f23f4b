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
import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.devices.model import DeviceModel, FloatArray
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.numerics.seeds import seed_of

BOLTZMANN = 8.617333262e-5  #: [eV/K]
SATURATED_AT = 930.0  #: [K]: sigma_max is sigma_T at this temperature
HOT, HOT_WIDTH = 700.0, 8.0  #: [K]: the filament counts as on
DRAW_WIDTH = 0.02  #: of the step by which a hazard that has reached its draw acts
LARGEST_EXPONENT = 60.0
LARGEST_RATE = 1e11  #: [1/s]
COUNTING = 0.2e-9  #: [s] in which the count of cycles follows
LN10 = math.log(10.0)


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

    kind: ClassVar[int] = 9
    mechanism: ClassVar[str] = "ovonic"
    states: ClassVar[tuple[str, ...]] = ("temperature", "fired", "drift", "hazard", "cycles")
    stochastic: ClassVar[bool] = True
    counters: ClassVar[tuple[str, ...]] = ("cycles",)

    def __post_init__(self) -> None:
        self._require_positive(
            "area", "h", "sigma_max", "ea", "c1", "gth", "cth", "ii", "t1", "qmax", "r1", "e1", "s", "beta",
            "tau_n", "tau_r", "t0")
        for name in ("vi", "re", "ff", "fired", "slope", "aged", "boost", "seed"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"device model {self.mechanism}: {name} = {value:g} must not be negative")
        if not (self.ff < 1 and self.fired <= 1 and self.aged <= self.qmax and self.slope * self.qmax < 1):
            raise ConfigurationError(
                f"device model {self.mechanism}: ff = {self.ff:g} and slope*qmax = {self.slope * self.qmax:g} must be "
                f"below 1, fired = {self.fired:g} at most 1, aged = {self.aged:g} at most qmax = {self.qmax:g}")
        if self.seed != int(self.seed) or self.seed >= 2.0**53:
            raise ConfigurationError(
                f"device model {self.mechanism}: seed = {self.seed:g} must be a whole number below 2^53")

    def vector(self) -> FloatArray:
        """Return the row for the kernel."""
        cold = self.sigma_max * math.exp(-self.ea / BOLTZMANN * (1.0 / 300.0 - 1.0 / SATURATED_AT))
        return np.array([
            self.area, 1.0 / self.h, self.sigma_max, self.ea / BOLTZMANN, self.c1, self.gth, 1.0 / self.cth, self.vi,
            1.0 / self.ii, self.re, self.ff, self.slope, 1.0 / (self.t1 * LN10), 10.0**-self.qmax, self.r1,
            self.c1 * self.e1, 1.0 / self.s, 1.0 / self.beta, self.tau_n, self.boost, 1.0 / self.tau_r, self.t0,
            cold / 100.0, self.seed])

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
        voltage, temperature = settled_branch(self.vector().reshape(1, -1), current)
        return float(voltage), float(temperature)


@compiled
def settled_branch(p: FloatArray, current: float) -> tuple[float, float]:
    """Return :meth:`Ovonic.settled`, by bisection of the field."""
    weak, strong, e, t = 0.0, 1e9, 0.0, p[0, 21]
    for _ in range(200):
        e = 0.5 * (weak + strong)
        t = p[0, 21] + e * current / p[0, 5]
        thermal = p[0, 2] * math.exp(-p[0, 3] * (1.0 / t - 1.0 / SATURATED_AT))
        sigma = limited(thermal + p[0, 22] * math.exp(min(p[0, 4] * e, LARGEST_EXPONENT)), p[0, 2])[0]
        if p[0, 0] * sigma * e < current:
            weak = e
        else:
            strong = e
        if strong - weak <= 4e-16 * strong:
            break
    return e / p[0, 1] + p[0, 7] * math.tanh(current * p[0, 8]) + p[0, 9] * current, t


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


@compiled
def ovonic(p: FloatArray, k: int, v: float, i: float, y: FloatArray, first: int, out: FloatArray) -> None:
    """Write residual, rates and their derivatives as :func:`.compiled.evaluate_device` does; row ``k`` of ``p``."""
    t, fired, drift, hazard, cycles = y[first], y[first + 1], y[first + 2], y[first + 3], y[first + 4]
    if t < 50.0:
        t = math.nan   # the step is refused
    wall = math.tanh(i * p[k, 8])
    e = (v - p[k, 7] * wall - p[k, 9] * i) * p[k, 1]
    e_v, e_i = p[k, 1], -(p[k, 7] * (1.0 - wall * wall) * p[k, 8] + p[k, 9]) * p[k, 1]
    field, sign = abs(e), 1.0 if e >= 0.0 else -1.0

    k_now = math.floor(cycles + 0.25)
    draw = draw_of(p[k, 23], k_now, p[k, 17])
    struck = 1.0 / (1.0 + math.exp(min(-(hazard - draw) / DRAW_WIDTH, 300.0)))
    plain = 1.0 - p[k, 10] * (1.0 - fired) - p[k, 11] * drift
    c = p[k, 4] * (plain + p[k, 19] * struck)
    x = min(c * field, LARGEST_EXPONENT)
    by_field = p[k, 22] * math.exp(x)
    inverse = 1.0 / t
    thermal = p[k, 2] * math.exp(-p[k, 3] * (inverse - 1.0 / SATURATED_AT))
    sigma, share = limited(thermal + by_field, p[k, 2])
    current = p[k, 0] * sigma * e
    g_e = p[k, 0] * (sigma + field * share * by_field * c)
    g_t = p[k, 0] * e * share * thermal * p[k, 3] * inverse * inverse
    g_c = p[k, 0] * e * share * by_field * field   # by the coefficient c
    c_f, c_q = p[k, 4] * p[k, 10], -p[k, 4] * p[k, 11]
    c_n = p[k, 4] * p[k, 19] * struck * (1.0 - struck) / DRAW_WIDTH

    out[0] = current - i
    out[1] = g_e * e_v
    out[2] = g_e * e_i - 1.0
    out[3] = g_t
    out[4] = g_c * c_f
    out[5] = g_c * c_q
    out[6] = g_c * c_n
    out[7] = 0.0

    out[8] = (i * e - p[k, 5] * (t - p[k, 21])) * p[k, 6]
    out[9] = i * e_v * p[k, 6]
    out[10] = (i * e_i + e) * p[k, 6]
    out[11] = -p[k, 5] * p[k, 6]
    out[12] = 0.0
    out[13] = 0.0
    out[14] = 0.0
    out[15] = 0.0

    hot = 1.0 / (1.0 + math.exp(min(-(t - HOT) / HOT_WIDTH, 300.0)))
    hot_t = hot * (1.0 - hot) / HOT_WIDTH
    for a in range(16, 48):
        out[a] = 0.0
    # fired
    out[16] = hot * (1.0 - fired) * p[k, 20]
    out[19] = hot_t * (1.0 - fired) * p[k, 20]
    out[20] = -hot * p[k, 20]
    # drift
    ten = math.exp(-LN10 * min(max(drift, -3.0), 30.0))
    out[24] = (ten - p[k, 13]) * p[k, 12] - hot * drift * p[k, 20]
    out[27] = -hot_t * drift * p[k, 20]
    out[29] = -LN10 * ten * p[k, 12] - hot * p[k, 20]
    # hazard
    z = p[k, 4] * plain * field
    exponent = (z - p[k, 15]) * p[k, 16]
    raw = p[k, 14] * math.exp(min(exponent, 40.0))
    rate = raw / (1.0 + raw / LARGEST_RATE)
    rate_z = rate / (1.0 + raw / LARGEST_RATE) * p[k, 16]
    steady = rate * p[k, 18]
    hold = 1.0 / (1.0 + steady * steady)
    leak = hazard / p[k, 18] * hold
    leak_rate = -2.0 * steady * hold * hold * hazard
    cold = 1.0 - hot
    out[32] = cold * (rate - leak) - hot * hazard * p[k, 20]
    slope = cold * (1.0 - leak_rate) * rate_z
    out[33] = slope * p[k, 4] * plain * sign * e_v
    out[34] = slope * p[k, 4] * plain * sign * e_i
    out[35] = -hot_t * (rate - leak + hazard * p[k, 20])
    out[36] = slope * field * c_f
    out[37] = slope * field * c_q
    out[38] = -cold * hold / p[k, 18] - hot * p[k, 20]
    # cycles: half a step when hot, the other half when cold again
    rest = k_now if cycles < k_now + 0.25 else k_now + 1.0
    out[40] = (hot * (k_now + 0.5 - cycles) + cold * (rest - cycles)) / COUNTING
    out[43] = hot_t * (k_now + 0.5 - rest) / COUNTING
    out[47] = -1.0 / COUNTING

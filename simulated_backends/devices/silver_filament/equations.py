"""A silver filament in an oxide (diffusive memristor): compact, stochastic, one set of parameters for everything.

The state s is the logarithm of the conductance, G = Gleak + Gc e^s: below 0 a gap that current tunnels through, above 0
a neck of metal. With the logistic weight w(s) = 1/(1 + e^(-s/delta)) between the two regimes, u = |film voltage|:

    ds = [(1 - w) (K - R) + w (Kn - D)] dt + sqrt((1 - w)^2 hg K + w^2 hn (Kn + D)) o dW1

    gap:   K = k kl/(k + kl)     ions hop towards the gap: k ~ exp((u - Vst (1 + sigma z))/V0), with a supply
                                 kl = klim u/Vst; K = S/taug at u = Vst
           R = S/taug (1 - e^(-(s + S')/b))      the gap opens again, down to S' = S (1 - rho r): a smooth wall
    neck:  Kn = q kn/(q + kn)                     thickens under voltage,
           q = B sinh(u/Vn)/sinh(Vh/Vn) e^(-cs - sigmah z^2 Vh/Vn)
           D = 2 B/(1 + e^(p s)) e^(-kappa r)     thins by surface diffusion: life ~ G^p, longer with more residue

    dr = [w (1 - r)/tau_up - r/tau_r] dt          what is left of a filament: shortens the next delay
    dz = -m z dt + sqrt(2 m) o dW2                the path of the filament, m = 4 w (1 - w) lam + 1/tau_z:
                                                  a new one when it forms or breaks

The noise of s is shot noise of hops: each moves s by hg (in the gap) or hn (in the neck), so its variance per second
is hop size times rate. The random path z is standard normal; between cycles it changes slowly. Both integrals are
Stratonovich's: the noise is the limit of a smooth one. Symmetric in polarity unless ``asym`` (threshold of negative
over that of positive polarity) is not 1; ``asym_hold`` is that ratio once more for the hold voltage alone. At the
terminals v = u + Re i.

At a temperature T other than 300 K every rate is e^((ea/k)(1/300 K - 1/T)) times as high, and the voltage scales V0 and
Vn are T/300 K times as large: ions hop over barriers that a voltage tilts. Conductances keep their values.

Sources of the form: PHYSICS.md Part II sections 1.2, 1.3 (thinning by surface diffusion), 1.6 (mobile and residual
fraction, area), 4 (one logarithmic state). All values are assumed or tuned, see the catalogue.
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
REFERENCE = 300.0  #: [K] at which the parameters hold
SEED, NOISE = 24, 30  #: columns of a device's row in the kernel's table: its seed, and from 30 the slopes of its noises


@dataclass(frozen=True)
class SilverFilament(DeviceModel):
    """Parameters of the model."""

    gc: float  #: conductance of a gap just closed [S]
    gleak: float  #: leakage of the film [S]
    re: float  #: electrode resistance [Ohm]
    span: float  #: S, ln(Gc/conductance) of the open gap
    taug: float  #: time in which a gap opens [s]
    wall: float  #: b, softness of the end of the gap
    vst: float  #: film voltage at which a gap begins to close [V]
    v0: float  #: voltage scale of hopping in the gap [V]
    klim: float  #: supply limit of the gap's growth at Vst [1/s]
    hg: float  #: size of a hop in the gap
    sigma: float  #: relative spread of Vst from cycle to cycle
    lam: float  #: how fast a forming or breaking filament forgets its path [1/s]
    tau_z: float  #: in which an open gap forgets its path [s]
    rho: float  #: by how much a fresh residue shortens the gap
    tau_r: float  #: life of the residue [s]
    tau_up: float  #: time in which it builds up [s]
    vh: float  #: voltage that balances the thinning of a neck just closed [V]
    vn: float  #: voltage scale of the neck's growth [V]
    rate: float  #: B, thinning of a neck just closed [1/s]
    power: float  #: p, life ~ G^p
    kn: float  #: supply limit of the neck's growth [1/s]
    hn: float  #: size of a hop in the neck
    delta: float  #: width of the transition between gap and neck
    asym: float = 1.0
    sigma_h: float = 0.0  #: relative rise of the hold voltage on a path one standard deviation off the best
    asym_hold: float = 1.0
    kappa: float = 0.0  #: by how much a full residue slows thinning, ln of the factor
    crowding: float = 0.5  #: c, how a thick neck grows more slowly
    t0: float = REFERENCE  #: temperature [K]
    ea: float = 0.0  #: activation energy of the hops [eV]
    seed: float = 0.0  #: a whole number: the device's own random path

    kind: ClassVar[int] = 2
    mechanism: ClassVar[str] = "silver_filament"
    states: ClassVar[tuple[str, ...]] = ("extension", "residue", "path")
    stochastic: ClassVar[bool] = True
    noises: ClassVar[tuple[str, ...]] = ("hops", "wandering")

    def __post_init__(self) -> None:
        self._require_positive(
            "gc", "gleak", "span", "taug", "wall", "vst", "v0", "klim", "lam", "tau_z", "tau_r", "tau_up", "vh", "vn",
            "rate", "power", "kn", "delta", "asym", "asym_hold", "t0")
        for name in ("ea", "re", "hg", "sigma", "rho", "hn", "sigma_h", "kappa", "crowding", "seed"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"device model {self.mechanism}: {name} = {value:g} must not be negative")
        if not self.klim > self.span / self.taug:
            raise ConfigurationError(
                f"device model {self.mechanism}: klim = {self.klim:g}/s must exceed span/taug = "
                f"{self.span / self.taug:g}/s, or no voltage closes the gap")
        if not self.kn > self.rate:
            raise ConfigurationError(
                f"device model {self.mechanism}: kn = {self.kn:g}/s must exceed rate = {self.rate:g}/s, "
                f"or no neck grows")
        if self.seed != int(self.seed) or self.seed >= 2.0**53:
            raise ConfigurationError(
                f"device model {self.mechanism}: seed = {self.seed:g} must be a whole number below 2^53")

    @property
    def faster(self) -> float:
        """Return how many times as high as at 300 K every hop's rate is, and so every rate."""
        return math.exp(self.ea / BOLTZMANN * (1.0 / REFERENCE - 1.0 / self.t0))

    def vector(self) -> FloatArray:
        """Return the row for the kernel; columns from ``NOISE`` on are the slopes of the noise, written as it runs."""
        faster = self.faster
        colder = REFERENCE / self.t0   # by which a volt tilts a barrier more, in units of kT
        k0, klim = self.span / self.taug * faster, self.klim * faster
        v0, vn = self.v0 / colder, self.vn / colder
        row = np.zeros(NOISE + 2)
        row[:30] = [
            self.gc, self.gleak, self.re, self.span, k0, 1.0 / self.wall, 1.0 / v0, self.vst / v0,
            self.sigma * self.vst / v0, klim / self.vst, k0 * klim / (klim - k0), self.hg, self.rho,
            1.0 / self.tau_r * faster, 1.0 / self.tau_up * faster, self.vh, 1.0 / vn, self.rate * faster, self.power,
            self.kn * faster, self.hn, 1.0 / self.delta, self.lam * faster, 1.0 / self.asym, self.seed,
            1.0 / self.tau_z * faster, self.sigma_h * self.vh / vn, 1.0 / self.asym_hold, self.kappa, self.crowding]
        return row

    def rest(self) -> tuple[float, ...]:
        """Return an open gap without residue, on a path drawn from the seed (0: the nominal path)."""
        path = float(np.random.default_rng([int(self.seed), 0x70617468]).standard_normal()) if self.seed else 0.0
        return (-self.span, 0.0, path)

    def state_tolerances(self) -> tuple[float, ...]:
        """Return sizes far below what the noise does to each state."""
        return (100.0, 1e3, 1e3)

    def seeded(self, *keys: int | str) -> "SilverFilament":
        """Return the device on the random path that belongs to ``keys``."""
        return dataclasses.replace(self, seed=float(seed_of(*keys)))

    def conductance(self, states: FloatArray) -> FloatArray:
        """Return the conductance at the terminals [S] of states of shape (3, n)."""
        film = self.gleak + self.gc * np.exp(np.minimum(states[0], 40.0))
        return np.asarray(film / (1.0 + self.re * film))

    def switching_conductances(self) -> tuple[float, float, float, float]:
        """Return conductances [S] of: surely off, counts as switched on, counts as switched off, surely on."""
        return self.gc * math.exp(-3.0), self.gc * math.e, self.gc / math.e, self.gc * math.exp(2.0)


@compiled
def filament(p: FloatArray, n: int, v: float, i: float, y: FloatArray, first: int, out: FloatArray) -> None:
    """Write residual, rates and their derivatives as :func:`.compiled.evaluate_device` does; row ``n`` of ``p``."""
    s, r, z = y[first], y[first + 1], y[first + 2]
    film = v - p[n, 2] * i
    metal = p[n, 0] * math.exp(min(s, 40.0))
    g = p[n, 1] + metal
    out[0] = g * film - i
    out[1] = g
    out[2] = -g * p[n, 2] - 1.0
    out[3] = metal * film
    out[4] = 0.0
    out[5] = 0.0

    sign, u, held = 1.0, film, 1.0
    if film < 0.0:
        sign = -1.0
        u = -film * p[n, 23]
        sign *= p[n, 23]
        held = p[n, 27]

    # gap: growth K and its derivatives by u and z
    x = u * p[n, 6]
    over = x - p[n, 7] - p[n, 8] * z
    rest, open_ = math.exp(-x), 1.0 if over < 60.0 else 0.0
    strength = p[n, 10] * math.exp(min(over, 60.0))
    k = strength * (1.0 - rest) * (1.0 - rest) + 1e-30
    k_u = strength * (1.0 - rest) * (open_ * (1.0 - rest) + 2.0 * rest) * p[n, 6]
    k_z = -open_ * p[n, 8] * k
    supply = p[n, 9] * (u + 1e-3)
    share = 1.0 / (k + supply)
    growth = k * supply * share
    by_k, by_supply = (supply * share) ** 2, (k * share) ** 2
    growth_u = by_k * k_u + by_supply * p[n, 9]
    growth_z = by_k * k_z
    # gap: opening, with the soft wall
    wall = p[n, 4] * math.exp(min(-(s + p[n, 3] * (1.0 - p[n, 12] * r)) * p[n, 5], 50.0))
    gap = growth - p[n, 4] + wall
    gap_s = -wall * p[n, 5]
    gap_r = wall * p[n, 5] * p[n, 3] * p[n, 12]

    # neck
    grown = math.exp(min(p[n, 18] * s, 200.0))
    thin = 2.0 * (p[n, 17] * math.exp(-p[n, 28] * r)) / (1.0 + grown)
    x = u * held * p[n, 16]
    back = math.exp(-2.0 * x)
    over = x - p[n, 15] * p[n, 16]
    over -= p[n, 26] * z * z
    open_ = 1.0 if over < 60.0 else 0.0
    strength = p[n, 17] * math.exp(min(over, 60.0) - p[n, 29] * max(s, -100.0))
    q = strength * (1.0 - back) + 1e-30
    q_u = strength * (open_ * (1.0 - back) + 2.0 * back) * p[n, 16] * held
    share = p[n, 19] / (q + p[n, 19])
    thick = q * share
    thick_u = share * share * q_u
    thick_s = -p[n, 29] * share * share * q
    thick_z = -2.0 * p[n, 26] * z * thick * share
    thin_s = -p[n, 18] * thin * grown / (1.0 + grown)

    w = 1.0 / (1.0 + math.exp(min(-s * p[n, 21], 300.0)))
    c = 1.0 - w
    w_s = w * c * p[n, 21]
    variance = c * c * p[n, 11] * growth + w * w * p[n, 20] * (thick + thin) + 1e-12
    variance_s = (
        2.0 * w_s * (w * p[n, 20] * (thick + thin) - c * p[n, 11] * growth) + w * w * p[n, 20] * (thick_s + thin_s))
    amplitude = math.sqrt(variance)
    half = 0.5 * p[n, 30] / amplitude   # of the noise: its slope is p[n, 30]
    by_u = c * growth_u + w * thick_u + half * (c * c * p[n, 11] * growth_u + w * w * p[n, 20] * thick_u)

    out[6] = c * gap + w * (thick - thin) + amplitude * p[n, 30]
    out[7] = by_u * sign
    out[8] = -by_u * sign * p[n, 2]
    out[9] = w_s * (thick - thin - gap) + c * gap_s + w * (thick_s - thin_s) + half * variance_s
    out[10] = c * gap_r + (half * w * w * p[n, 20] - w) * (-p[n, 28] * thin)
    out[11] = c * growth_z + half * c * c * p[n, 11] * growth_z + thick_z * (w + half * w * w * p[n, 20])

    out[12] = w * (1.0 - r) * p[n, 14] - r * p[n, 13]
    out[13] = 0.0
    out[14] = 0.0
    out[15] = w_s * (1.0 - r) * p[n, 14]
    out[16] = -w * p[n, 14] - p[n, 13]
    out[17] = 0.0

    stir = p[n, 22] * 4.0 * w * c
    mixing = stir + p[n, 25]
    kick = math.sqrt(2.0 * mixing) * p[n, 31]
    out[18] = -mixing * z + kick
    out[19] = 0.0
    out[20] = 0.0
    out[21] = (c - w) * p[n, 21] * stir * (0.5 * kick / mixing - z)
    out[22] = 0.0
    out[23] = -mixing


GAP_NOISE, NECK_NOISE, PATH_NOISE = 0.25, 0.04, 0.2  #: what the noise may do to s, s and z within one piece of its path


@compiled
def filament_noise_interval(p: FloatArray, n: int, v: float, i: float, y: FloatArray, first: int) -> float:
    """Return over which time [s] the noise may be taken as a straight piece of its path, from the state alone."""
    s, r, z = y[first], y[first + 1], y[first + 2]
    u, held = v - p[n, 2] * i, 1.0
    if u < 0.0:
        u = -u * p[n, 23]
        held = p[n, 27]
    x = u * p[n, 6]
    rest = math.exp(-x)
    k = p[n, 10] * math.exp(min(x - p[n, 7] - p[n, 8] * z, 60.0)) * (1.0 - rest) * (1.0 - rest) + 1e-30
    supply = p[n, 9] * (u + 1e-3)
    thin = 2.0 * p[n, 17] / (1.0 + math.exp(min(p[n, 18] * s, 200.0)))
    x = u * held * p[n, 16]
    q = p[n, 17] * math.exp(
        min(x - p[n, 15] * p[n, 16], 60.0) - p[n, 29] * max(s, -100.0)) * (1.0 - math.exp(-2.0 * x)) + 1e-30
    if p[n, 26] != 0.0:
        q *= math.exp(-p[n, 26] * z * z)
    if p[n, 28] != 0.0:
        thin *= math.exp(-p[n, 28] * r)
    w = 1.0 / (1.0 + math.exp(min(-s * p[n, 21], 300.0)))
    c = 1.0 - w
    rate = c * c * p[n, 11] * k * supply / (k + supply) * (1.0 / GAP_NOISE**2)
    rate += w * w * p[n, 20] * (q * p[n, 19] / (q + p[n, 19]) + thin) * (1.0 / NECK_NOISE**2)
    rate += 2.0 * (4.0 * p[n, 22] * w * c + p[n, 25]) * (1.0 / PATH_NOISE**2)
    return float(1.0 / rate)

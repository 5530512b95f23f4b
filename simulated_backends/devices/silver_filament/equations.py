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
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tsbench.errors import ConfigurationError
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.numerics.compilation import inlined
from tsbench.simulated_backends.numerics.rounding import rounded
from tsbench.simulated_backends.numerics.seeds import seed_of

BOLTZMANN = 8.617333262e-5  #: [eV/K]
REFERENCE = 300.0  #: [K] at which the parameters hold


@inlined
def gap_growth(
    u: float, z: float, per_v0: float, start: float, start_spread: float, closing: float, supplying: float
) -> tuple[float, float, float]:
    """Return the growth K [1/s] at ``u`` [V] on path ``z``, and its derivatives by both."""
    x = u * per_v0
    over = x - start - start_spread * z
    rest, open_ = math.exp(-x), 1.0 if over < 60.0 else 0.0
    strength = closing * math.exp(min(over, 60.0))
    k = strength * (1.0 - rest) * (1.0 - rest) + 1e-30
    k_u = strength * (1.0 - rest) * (open_ * (1.0 - rest) + 2.0 * rest) * per_v0
    k_z = -open_ * start_spread * k
    supply = supplying * (u + 1e-3)
    share = 1.0 / (k + supply)
    by_k, by_supply = (supply * share) ** 2, (k * share) ** 2
    return k * supply * share, by_k * k_u + by_supply * supplying, by_k * k_z


@inlined
def neck_growth(
    u: float, s: float, z: float, held: float, vh: float, per_vn: float, thinning: float, kn: float,
    hold_spread: float, crowding: float,
) -> tuple[float, float, float, float]:
    """Return the growth Kn [1/s] and its derivatives by ``u`` [V], the extension ``s`` and the path ``z``."""
    x = u * held * per_vn
    back = math.exp(-2.0 * x)
    over = x - vh * per_vn
    over -= hold_spread * z * z
    open_ = 1.0 if over < 60.0 else 0.0
    strength = thinning * math.exp(min(over, 60.0) - crowding * max(s, -100.0))
    q = strength * (1.0 - back) + 1e-30
    q_u = strength * (open_ * (1.0 - back) + 2.0 * back) * per_vn * held
    share = kn / (q + kn)
    thick = q * share
    return thick, share * share * q_u, -crowding * share * share * q, -2.0 * hold_spread * z * thick * share


@inlined
def silver_filament(
    v: float, i: float, extension: float, residue: float, path: float, hops: float, wandering: float, gc: float,
    gleak: float, re: float, span: float, opening: float, per_wall: float, per_v0: float, start: float,
    start_spread: float, supplying: float, closing: float, hg: float, rho: float, forgetting: float, building: float,
    vh: float, per_vn: float, thinning: float, power: float, kn: float, hn: float, per_delta: float, stirring: float,
    per_asym: float, ageing: float, hold_spread: float, per_asym_hold: float, kappa: float, crowding: float,
) -> tuple[float, ...]:
    """Return residual, rates and their derivatives.

    Behind the states: the slopes of the noises [1/sqrt(s)], and :meth:`SilverFilament.columns`.
    """
    s, r, z = extension, residue, path
    film = v - re * i
    metal = gc * math.exp(min(s, 40.0))
    g = gleak + metal
    sign, u, held = 1.0, film, 1.0
    if film < 0.0:
        sign = -1.0
        u = -film * per_asym
        sign *= per_asym
        held = per_asym_hold

    growth, growth_u, growth_z = gap_growth(u, z, per_v0, start, start_spread, closing, supplying)
    # the gap opens, with the soft wall
    wall = opening * math.exp(min(-(s + span * (1.0 - rho * r)) * per_wall, 50.0))
    gap = growth - opening + wall
    gap_s = -wall * per_wall
    gap_r = wall * per_wall * span * rho

    grown = math.exp(min(power * s, 200.0))
    thin = 2.0 * (thinning * math.exp(-kappa * r)) / (1.0 + grown)
    thick, thick_u, thick_s, thick_z = neck_growth(u, s, z, held, vh, per_vn, thinning, kn, hold_spread, crowding)
    thin_s = -power * thin * grown / (1.0 + grown)

    w = 1.0 / (1.0 + math.exp(min(-s * per_delta, 300.0)))
    c = 1.0 - w
    w_s = w * c * per_delta
    variance = c * c * hg * growth + w * w * hn * (thick + thin) + 1e-12
    variance_s = (
        2.0 * w_s * (w * hn * (thick + thin) - c * hg * growth) + w * w * hn * (thick_s + thin_s))
    amplitude = math.sqrt(variance)
    half = 0.5 * hops / amplitude
    by_u = c * growth_u + w * thick_u + half * (c * c * hg * growth_u + w * w * hn * thick_u)

    stir = stirring * 4.0 * w * c
    mixing = stir + ageing
    kick = math.sqrt(2.0 * mixing) * wandering
    return (
        g * film - i, g, -g * re - 1.0, metal * film, 0.0, 0.0,
        c * gap + w * (thick - thin) + amplitude * hops, by_u * sign, -by_u * sign * re,
        w_s * (thick - thin - gap) + c * gap_s + w * (thick_s - thin_s) + half * variance_s,
        c * gap_r + (half * w * w * rounded(hn) - w) * (-kappa * thin),
        c * growth_z + half * c * c * hg * growth_z + thick_z * (w + half * w * w * hn),
        w * (1.0 - r) * building - r * forgetting, 0.0, 0.0,
        w_s * (1.0 - r) * building, -w * building - forgetting, 0.0,
        -mixing * z + kick, 0.0, 0.0, (c - w) * per_delta * stir * (0.5 * kick / mixing - z), 0.0, -mixing)


GAP_NOISE, NECK_NOISE, PATH_NOISE = 0.25, 0.04, 0.2  #: what the noise may do to s, s and z within one piece of its path


@inlined
def noise_interval(
    v: float, i: float, extension: float, residue: float, path: float, re: float, per_v0: float, start: float,
    start_spread: float, supplying: float, closing: float, hg: float, vh: float, per_vn: float, thinning: float,
    power: float, kn: float, hn: float, per_delta: float, stirring: float, per_asym: float, ageing: float,
    hold_spread: float, per_asym_hold: float, kappa: float, crowding: float,
) -> float:
    """Return over which time [s] the noise may be taken as a straight piece of its path, from the state alone."""
    s, r, z = extension, residue, path
    u, held = v - re * i, 1.0
    if u < 0.0:
        u = -u * per_asym
        held = per_asym_hold
    x = u * per_v0
    rest = math.exp(-x)
    k = closing * math.exp(min(x - start - start_spread * z, 60.0)) * (1.0 - rest) * (1.0 - rest) + 1e-30
    supply = supplying * (u + 1e-3)
    thin = 2.0 * thinning / (1.0 + math.exp(min(power * s, 200.0)))
    x = u * held * per_vn
    q = thinning * math.exp(
        min(x - vh * per_vn, 60.0) - crowding * max(s, -100.0)) * (1.0 - math.exp(-2.0 * x)) + 1e-30
    if hold_spread != 0.0:
        q *= math.exp(-hold_spread * z * z)
    if kappa != 0.0:
        thin *= math.exp(-kappa * r)
    w = 1.0 / (1.0 + math.exp(min(-s * per_delta, 300.0)))
    c = 1.0 - w
    rate = c * c * hg * k * supply / (k + supply) * (1.0 / GAP_NOISE**2)
    rate += w * w * hn * (q * kn / (q + kn) + thin) * (1.0 / NECK_NOISE**2)
    rate += 2.0 * (4.0 * stirring * w * c + ageing) * (1.0 / PATH_NOISE**2)
    return float(1.0 / rate)


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

    mechanism: ClassVar[str] = "silver_filament"
    states: ClassVar[tuple[str, ...]] = ("extension", "residue", "path")
    stochastic: ClassVar[bool] = True
    noises: ClassVar[tuple[str, ...]] = ("hops", "wandering")
    equations = staticmethod(silver_filament)
    noise_interval = staticmethod(noise_interval)

    def __post_init__(self) -> None:
        self.require_positive(
            "gc", "gleak", "span", "taug", "wall", "vst", "v0", "klim", "lam", "tau_z", "tau_r", "tau_up", "vh", "vn",
            "rate", "power", "kn", "delta", "asym", "asym_hold", "t0")
        for name in ("ea", "re", "hg", "sigma", "rho", "hn", "sigma_h", "kappa", "crowding", "seed"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value >= 0):
                raise ConfigurationError(f"device model {self.mechanism}: {name} = {value:g} must be finite and not "
                                         "negative")
        if not self.klim > self.span / self.taug:
            raise ConfigurationError(
                f"device model {self.mechanism}: klim = {self.klim:g}/s must exceed span/taug = "
                f"{self.span / self.taug:g}/s, otherwise no voltage closes the gap")
        if not self.kn > self.rate:
            raise ConfigurationError(
                f"device model {self.mechanism}: kn = {self.kn:g}/s must exceed rate = {self.rate:g}/s, otherwise no "
                "neck grows")
        if self.seed != int(self.seed) or self.seed >= 2.0**53:
            raise ConfigurationError(
                f"device model {self.mechanism}: seed = {self.seed:g} must be a whole number below 2^53")

    @property
    def faster(self) -> float:
        """Return how many times as high as at 300 K every hop's rate is, and so every rate."""
        return math.exp(self.ea / BOLTZMANN * (1.0 / REFERENCE - 1.0 / self.t0))

    def columns(self) -> Mapping[str, float]:
        """Return what the equations take: rates at the temperature, voltages and widths as reciprocals."""
        faster = self.faster
        colder = REFERENCE / self.t0   # by which a volt tilts a barrier more, in units of kT
        k0, klim = self.span / self.taug * faster, self.klim * faster
        v0, vn = self.v0 / colder, self.vn / colder
        return {
            "gc": self.gc, "gleak": self.gleak, "re": self.re, "span": self.span, "opening": k0,
            "per_wall": 1.0 / self.wall, "per_v0": 1.0 / v0, "start": self.vst / v0,
            "start_spread": self.sigma * self.vst / v0, "supplying": klim / self.vst,
            "closing": k0 * klim / (klim - k0), "hg": self.hg, "rho": self.rho, "forgetting": 1.0 / self.tau_r * faster,
            "building": 1.0 / self.tau_up * faster, "vh": self.vh, "per_vn": 1.0 / vn, "thinning": self.rate * faster,
            "power": self.power, "kn": self.kn * faster, "hn": self.hn, "per_delta": 1.0 / self.delta,
            "stirring": self.lam * faster, "per_asym": 1.0 / self.asym, "ageing": 1.0 / self.tau_z * faster,
            "hold_spread": self.sigma_h * self.vh / vn, "per_asym_hold": 1.0 / self.asym_hold, "kappa": self.kappa,
            "crowding": self.crowding}

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

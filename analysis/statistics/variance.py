"""Spread from cycle to cycle against spread from device to device: one-way random effects.

The model: value = mean + effect of the device + effect of the cycle, both normal. The numbers of cycles may differ.
Estimates are those of restricted maximum likelihood. The interval of the spread between cycles is exact (chi-square);
so is that of the share of the variance between devices (A. Wald, Ann. Math. Stat. 11 (1940) 96). That of the spread
between devices is a generalised confidence interval (K. Krishnamoorthy and T. Mathew, J. Agric. Biol. Environ. Stat. 9
(2004) 394, with the sums of squares for unequal numbers), which is zero at its lower end where the means of the devices
differ by no more than their cycles explain.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq, minimize_scalar
from scipy.special import chdtri, fdtrc, fdtri

from tsbench.analysis.statistics.estimate import Estimate
from tsbench.analysis.statistics.intervals import NORMAL_95, t_quantile_95
from tsbench.records import Flag, FloatArray

_NEIGHBOUR = 1e-3  #: logarithms of the ratio of the variances between which a parabola is drawn
_FEW_DEVICES = 5  #: with fewer, the interval of the spread between devices is wide and says so
_LARGEST_RATIO = 1e12  #: of the variances


@dataclass(frozen=True)
class VarianceComponents:
    """Standard deviations within and between devices, in the unit of the values."""

    devices: int
    cycles: int  #: of all devices together
    mean: Estimate  #: of all devices, t-interval of the means of the devices
    within: Estimate  #: standard deviation from cycle to cycle
    between: Estimate  #: standard deviation from device to device; without a value where it could be zero
    share: Estimate  #: variance between devices / (variance between + within)
    significance: float | None  #: probability of means that differ so much, if the devices are alike (F test)
    flags: Flag
    method: str = "restricted maximum likelihood; exact interval within, generalised interval between devices"


@dataclass(frozen=True)
class _SumsOfSquares:
    """What the data tell of the variances."""

    counts: FloatArray
    means: FloatArray
    inside: float  #: sum of squares within the devices

    @property
    def devices(self) -> int:
        return int(self.counts.size)

    @property
    def freedom(self) -> int:
        return int(self.counts.sum()) - self.devices

    def between(self, ratio: float) -> float:
        """Return the weighted sum of squares of the means at a ratio of the variances; it falls with the ratio."""
        weights = self.counts / (1.0 + self.counts * ratio)
        centre = float((weights * self.means).sum() / weights.sum())
        return float((weights * (self.means - centre) ** 2).sum())

    def deviance(self, ratio: float) -> float:
        """Return -2 x the logarithm of the restricted likelihood, but for a constant."""
        weights = self.counts / (1.0 + self.counts * ratio)
        n = float(self.counts.sum())
        return float((n - 1) * math.log(self.inside + self.between(ratio))
                     + np.log1p(self.counts * ratio).sum() + math.log(weights.sum()))


def variance_components(groups: Sequence[FloatArray], seed: int = 0, draws: int = 10_000) -> VarianceComponents:
    """Separate the spread between devices from that between cycles.

    Parameters
    ----------
    groups : the values of each device; take logarithms of times that spread over decades. One without a value does not
        count
    seed, draws : of the generalised interval

    Returns
    -------
    VarianceComponents
        TOO_FEW below five devices, or where no device has two cycles; no number without a value.
        UNDER_SAMPLED: all cycles of each device gave one value, so the spread is below the resolution. OVERFLOW, and no
        number: a value is no finite number.
    """
    values = [np.asarray(group, dtype=np.float64) for group in groups if np.size(group)]
    nothing = Estimate(None, None, None)
    if not values or not all(np.isfinite(group).all() for group in values):
        return VarianceComponents(len(values), sum(group.size for group in values), nothing, nothing, nothing, nothing,
                                  None, Flag.OVERFLOW if values else Flag.TOO_FEW)
    sums = _SumsOfSquares(
        np.array([float(group.size) for group in values]), np.array([group.mean() for group in values]),
        float(sum(((group - group.mean()) ** 2).sum() for group in values)))
    k, n = sums.devices, int(sums.counts.sum())
    flags = Flag.TOO_FEW if k < _FEW_DEVICES or sums.freedom < 1 else Flag.NONE
    mean = _mean(sums)
    if sums.freedom < 1:
        return VarianceComponents(k, n, mean, nothing, nothing, nothing, None, flags)
    if sums.inside <= 1e-24 * float(sums.means @ sums.means + 1e-300):
        return VarianceComponents(k, n, mean, nothing, nothing, nothing, None, flags | Flag.UNDER_SAMPLED)
    square = sums.inside / sums.freedom
    ends = (sums.inside / float(chdtri(sums.freedom, 0.025)), sums.inside / float(chdtri(sums.freedom, 0.975)))
    if k < 2:
        return VarianceComponents(k, n, mean, Estimate(square, *ends).root(), nothing, nothing, None, flags)
    ratio = _restricted(sums)
    square = (sums.inside + sums.between(ratio)) / (n - 1)
    within = Estimate(min(max(square, ends[0]), ends[1]), *ends).root()
    low, high = _generalised(sums, seed, draws)
    # means that are more alike than the cycles let expect tell no upper bound
    between = Estimate(ratio * square if ratio > 0 else None, low if ratio > 0 else None, high or None).root()
    if ratio == 0:
        flags |= Flag.CENSORED
    significance = _significance(sums)
    return VarianceComponents(k, n, mean, within, between, _share(sums, ratio), significance, flags)


def with_resolution(found: VarianceComponents, own: float) -> VarianceComponents:
    """Return the components of values whose measurement has a 95 % half-width of ``own``.

    A spread between cycles below twice the standard error of a value may be that error: only its upper bound is known
    (UNDER_SAMPLED), and of the share between the devices only the lower one. A part of a larger spread may be that
    error, so the lower end is reduced by it.

    Where the spread between cycles is not resolved, more cycles do not tell the mean of a device better: values between
    two set-points are the same value. Then the spread between devices is judged by the same rule.

    Parameters
    ----------
    found : of the values as they were measured
    own : in the unit of the values
    """
    within, between, error = found.within, found.between, own / NORMAL_95
    if within.value is None or within.high is None:
        return found
    if within.value > 2.0 * error:
        low = None if within.low is None else math.sqrt(max(within.low**2 - error**2, 0.0))
        return replace(found, within=replace(within, low=low))
    most = within.high + own
    between = _beyond_resolution(between, own)
    least = None if between.low is None else between.low**2 / (between.low**2 + most**2)
    return replace(found, within=Estimate(None, None, most), between=between, share=Estimate(None, least, None),
                   flags=found.flags | Flag.UNDER_SAMPLED | Flag.CENSORED)


def _beyond_resolution(between: Estimate, own: float) -> Estimate:
    """Return the spread between means of devices that may each be off by ``own``."""
    error, most = own / NORMAL_95, None if between.high is None else between.high + own
    if between.value is None or between.value <= 2.0 * error:
        return Estimate(None, None, most)
    low = None if between.low is None else math.sqrt(max(between.low**2 - error**2, 0.0))
    return Estimate(between.value, low, most)


def _mean(sums: _SumsOfSquares) -> Estimate:
    k, centre = sums.devices, float(sums.means.mean())
    if k < 2:
        return Estimate(centre, None, None)
    half = t_quantile_95(k - 1) * float(sums.means.std(ddof=1)) / math.sqrt(k)
    return Estimate(centre, centre - half, centre + half)


def _restricted(sums: _SumsOfSquares) -> float:
    """Return the ratio of the variances with the highest restricted likelihood; 0 where that is at the border."""
    def deviance(power: float) -> float:
        return sums.deviance(math.exp(power))

    at = float(minimize_scalar(deviance, bounds=(-25.0, 25.0), method="bounded", options={"xatol": 1e-8}).x)
    # a minimum is flat: rounding moves it by the root of what it moves the deviance by, and hardly its neighbours
    low, middle, high = deviance(at - _NEIGHBOUR), deviance(at), deviance(at + _NEIGHBOUR)
    bend = low - 2.0 * middle + high
    if bend > 0.0 and abs(high - low) < bend:
        at += 0.5 * _NEIGHBOUR * (low - high) / bend
    ratio = math.exp(at)
    return ratio if sums.deviance(ratio) < sums.deviance(0.0) - 1e-9 else 0.0


def _statistic(sums: _SumsOfSquares, ratio: float) -> float:
    return sums.between(ratio) / (sums.devices - 1) / (sums.inside / sums.freedom)


def _share(sums: _SumsOfSquares, ratio: float) -> Estimate:
    """Return the share of the variance that is between devices."""
    ends = []
    for probability in (0.975, 0.025):
        limit = float(fdtri(sums.devices - 1, sums.freedom, probability))
        if _statistic(sums, 0.0) <= limit:
            ends.append(0.0)
        elif _statistic(sums, _LARGEST_RATIO) >= limit:
            ends.append(1.0)
        else:
            at = brentq(lambda power, limit=limit: _statistic(sums, math.exp(power)) - limit, -60.0,
                        math.log(_LARGEST_RATIO)) if _statistic(sums, math.exp(-60.0)) > limit else -math.inf
            ends.append(math.exp(at) / (1.0 + math.exp(at)))
    value = ratio / (1.0 + ratio)
    return Estimate(value if ratio > 0 else None, ends[0] if ratio > 0 else None, ends[1])


def _significance(sums: _SumsOfSquares) -> float:
    return float(fdtrc(sums.devices - 1, sums.freedom, _statistic(sums, 0.0)))


def _generalised(sums: _SumsOfSquares, seed: int, draws: int) -> tuple[float, float]:
    """Return the 95 % interval of the variance between devices."""
    random = np.random.default_rng(seed)
    inside = sums.inside / random.chisquare(sums.freedom, draws)
    wanted = random.chisquare(sums.devices - 1, draws)

    def spread(between: FloatArray) -> FloatArray:
        weights = 1.0 / (between[:, None] + inside[:, None] / sums.counts)
        centre = (weights * sums.means).sum(axis=1) / weights.sum(axis=1)
        return np.asarray((weights * (sums.means - centre[:, None]) ** 2).sum(axis=1))

    # the sum of squares of the means / the variance between bounds the sum above from above
    low = np.zeros(draws)
    high = ((sums.means - sums.means.mean()) ** 2).sum() / np.maximum(wanted, 1e-12) + 1e-300
    for _ in range(60):
        middle = 0.5 * (low + high)
        above = spread(middle) > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    found = np.where(spread(np.zeros(draws)) <= wanted, 0.0, 0.5 * (low + high))
    ends = np.quantile(found, (0.025, 0.975))
    return float(ends[0]), float(ends[1])

"""Weibull, lognormal and normal distributions by maximum likelihood, with intervals and goodness of fit.

The intervals come from a parametric bootstrap of pivots: the errors of location and of quantiles divided by the fitted
scale, and the ratio of fitted and true scale. For complete samples of a location-scale family their distribution does
not depend on the parameters, so the intervals are exact but for the number of draws (J. F. Lawless, Technometrics 20
(1978) 355). For censored samples they are approximate; benchmarks/statistics.py measures the coverage. The same draws
give the significance of the Anderson-Darling statistic with fitted parameters (W. Stute et al., Metrika 40 (1993) 243).
"""

import math
from dataclasses import dataclass, field

import numpy as np

from tsbench.analysis.statistics.censored import CensoredSample
from tsbench.analysis.statistics.estimate import Estimate
from tsbench.analysis.statistics.goodness import anderson_darling
from tsbench.analysis.statistics.location_scale import Normal, SmallestExtreme, Standard, maximise
from tsbench.records import Flag, FloatArray

FAMILIES = ("weibull", "lognormal", "normal")
SHARES = (0.01, 0.1, 0.5, 0.9, 0.99)  #: cumulative probabilities whose quantiles are given
FEWEST = 5  #: known values or brackets, for a fit
_DRAWS, _FEWEST_DRAWS, _AT_ONCE = 1000, 400, 2_000_000
_WITHOUT_MAXIMUM = 0.01  #: share of draws without a fit up to which the others stand for all


@dataclass(frozen=True)
class Fit:
    """A fitted distribution.

    ``parameters`` of "weibull": ``scale`` (63.2 % are below) and ``shape``; of "lognormal": ``median`` and ``sigma``
    (standard deviation of the natural logarithm); of "normal": ``mean`` and ``standard_deviation``.
    """

    family: str
    number: int
    bounded: int  #: of them, those of which only bounds are known
    parameters: dict[str, Estimate] = field(default_factory=dict)
    quantiles: dict[float, Estimate] = field(default_factory=dict)  #: cumulative probability -> value
    log_likelihood: float | None = None  #: of the values themselves, so that families can be compared
    anderson_darling: float | None = None
    significance: float | None = None  #: probability of a fit that is as bad or worse, if the family is the true one
    flags: Flag = Flag.NONE
    why: str = ""  #: why there are no parameters

    @property
    def aic(self) -> float | None:
        """Return Akaike's criterion: the family with the smallest fits best."""
        return None if self.log_likelihood is None else 4.0 - 2.0 * self.log_likelihood

    def share(self, values: FloatArray) -> FloatArray | None:
        """Return the cumulative probability at some values; None where there is no fit.

        Parameters
        ----------
        values : in the unit of the sample, shape (n,)
        """
        line = self.line()
        if line is None:
            return None
        location, scale = line
        with np.errstate(divide="ignore", invalid="ignore"):
            x = np.where(values > 0, np.log(np.maximum(values, 1e-300)), -np.inf) if self.family != "normal" else values
        return np.asarray(np.exp(_standard(self.family).cumulative((x - location) / scale)[0]))

    def standard(self) -> Standard:
        """Return the distribution at location 0 and scale 1, of the logarithm but for "normal"."""
        return _standard(self.family)

    def line(self) -> tuple[float, float] | None:
        """Return location and scale (of the logarithm, but for "normal"); None where there is no fit."""
        if not self.parameters:
            return None
        first, second = (estimate.value for estimate in self.parameters.values())
        assert first is not None and second is not None
        if self.family == "normal":
            return first, second
        return math.log(first), 1.0 / second if self.family == "weibull" else second


def fit(sample: CensoredSample, family: str, seed: int = 0, draws: int = _DRAWS) -> Fit:
    """Fit one distribution.

    Parameters
    ----------
    sample : in one unit; positive for "weibull" and "lognormal"
    family : one of ``FAMILIES``
    seed : of the draws
    draws : how many samples are drawn; of many observations fewer are (at least 400)

    Returns
    -------
    Fit
        Without parameters, with a flag and the reason, where the observations do not determine them: fewer than five
        known values or brackets (TOO_FEW), one value only or bounds that one value agrees with (UNDER_SAMPLED).
    """
    if family not in FAMILIES:
        raise ValueError(f"the family '{family}' is not one of {', '.join(FAMILIES)}")
    bounded = sample.number - int(sample.known.sum())
    events = int((sample.known | sample.between).sum())

    def nothing(flags: Flag, why: str) -> Fit:
        return Fit(family, sample.number, bounded, flags=flags, why=why)

    if events < FEWEST:
        of_all = "" if events == sample.number else f" of {sample.number}"
        return nothing(Flag.TOO_FEW, f"{events}{of_all} values are known, and a fit needs {FEWEST}")
    if family != "normal":
        try:
            x = sample.logarithm()
        except ValueError:
            return nothing(Flag.NO_EVENT, "some values are not positive")
    else:
        x = sample
    standard = _standard(family)
    found = maximise(standard, x.low, x.high)
    location, scale = float(found.location[0]), float(found.scale[0])
    if not math.isfinite(scale):
        return nothing(Flag.UNDER_SAMPLED, "the values do not differ by more than they are known")
    drawn = _drawn(standard, x, location, scale, seed, draws)
    jacobian = float(np.log(sample.low[sample.known]).sum()) if family != "normal" else 0.0
    flags = drawn.flags | (Flag.CENSORED if (sample.above | sample.below).any() else Flag.NONE)
    statistic = _statistic(standard, x, location, scale)
    significance = None
    if statistic is not None and drawn.statistics is not None:
        significance = float((1 + (drawn.statistics >= statistic).sum()) / (drawn.statistics.size + 1))
    return Fit(family, sample.number, bounded, _parameters(family, location, scale, drawn),
               _quantiles(family, location, scale, drawn), float(found.log_likelihood[0]) - jacobian, statistic,
               significance, flags)


def _standard(family: str) -> Standard:
    return SmallestExtreme() if family == "weibull" else Normal()


@dataclass(frozen=True)
class _Drawn:
    """Fits of samples that were drawn from the fitted distribution, and how they were observed."""

    errors: FloatArray  #: (location fitted - true) / fitted scale
    ratios: FloatArray  #: fitted scale / true scale
    statistics: FloatArray | None  #: of Anderson and Darling
    flags: Flag


def _drawn(standard: Standard, x: CensoredSample, location: float, scale: float, seed: int, draws: int) -> _Drawn:
    random = np.random.default_rng(seed)
    draws = min(draws, max(_FEWEST_DRAWS, _AT_ONCE // x.number))
    observe = _Observing(x, random)
    errors, ratios, statistics = [], [], []
    at_once = max(1, _AT_ONCE // (4 * x.number))
    for first in range(0, draws, at_once):
        shares = random.uniform(1e-12, 1.0, (min(at_once, draws - first), x.number))
        low, high = observe(location + scale * standard.quantile(shares))
        found = maximise(standard, low, high)
        errors.append((found.location - location) / found.scale)
        ratios.append(found.scale / scale)
        if observe.tested:
            statistics.append(anderson_darling(standard, low, high, found.location, found.scale))
    held = np.isfinite(np.concatenate(ratios))
    flags = Flag.TOO_FEW if (~held).mean() > _WITHOUT_MAXIMUM else Flag.NONE
    kept = np.concatenate(statistics)[held] if observe.tested else None
    return _Drawn(np.concatenate(errors)[held], np.concatenate(ratios)[held], kept, flags)


class _Observing:
    """Bounds drawn values as the sample was bounded: the same set-points, the same ends of pulses.

    The limit of a value that is known is not recorded where it did not act. It is drawn from the limits of the others
    beyond this value (A. C. Davison and D. V. Hinkley, Bootstrap Methods, 1997, algorithm 3.1); without any it is
    taken as absent.
    """

    def __init__(self, x: CensoredSample, random: np.random.Generator) -> None:
        self.tested = not x.below.any()
        known = x.known | x.between
        self._upper = np.where(x.above, x.low, np.inf)
        self._lower = np.where(x.below, x.high, -np.inf)
        for k in np.flatnonzero(known):
            beyond = x.low[x.above & (x.low >= x.high[k])]
            short = x.high[x.below & (x.high <= x.low[k])]
            self._upper[k] = random.choice(beyond) if beyond.size else np.inf
            self._lower[k] = random.choice(short) if short.size else -np.inf
        self._step = np.where(x.between, x.high - x.low, 0.0)
        self._origin = np.where(x.between, x.low, 0.0)

    def __call__(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the bounds of drawn values, shape (m, n)."""
        step = np.where(self._step > 0, self._step, 1.0)
        cell = self._origin + np.floor((values - self._origin) / step) * step
        low = np.where(self._step > 0, cell, values)
        high = np.where(self._step > 0, cell + step, values)
        above, below = values > self._upper, values < self._lower
        low, high = np.where(above, self._upper, low), np.where(above, np.inf, high)
        return np.where(below, -np.inf, low), np.where(below, self._lower, high)


def _statistic(standard: Standard, x: CensoredSample, location: float, scale: float) -> float | None:
    if x.below.any():
        return None
    found = anderson_darling(standard, x.low[None], x.high[None], np.array([location]), np.array([scale]))
    return float(found[0])


def _ends(pivot: FloatArray) -> tuple[float, float]:
    low, high = np.quantile(pivot, (0.025, 0.975))
    return float(low), float(high)


def _parameters(family: str, location: float, scale: float, drawn: _Drawn) -> dict[str, Estimate]:
    low, high = _ends(drawn.errors)
    place = (location, location - high * scale, location - low * scale)
    low, high = _ends(drawn.ratios)
    width = (scale, scale / high, scale / low)
    if family == "normal":
        return {"mean": Estimate(*place), "standard_deviation": Estimate(*width)}
    grown = Estimate(*(math.exp(number) for number in place))
    if family == "lognormal":
        return {"median": grown, "sigma": Estimate(*width)}
    return {"scale": grown, "shape": Estimate(1.0 / width[0], 1.0 / width[2], 1.0 / width[1])}


def _quantiles(family: str, location: float, scale: float, drawn: _Drawn) -> dict[float, Estimate]:
    standard, found = _standard(family), {}
    for share in SHARES:
        z = float(standard.quantile(np.array(share)))
        low, high = _ends(drawn.errors + z * (1.0 - 1.0 / drawn.ratios))
        ends = (location + z * scale, location + (z - high) * scale, location + (z - low) * scale)
        found[share] = Estimate(*(number if family == "normal" else math.exp(number) for number in ends))
    return found

"""Jitter of a spike train apart from the noise of its timing.

Model: an inter-spike interval is its mean, a random part of its own (the jitter of the device, standard deviation J),
and the difference of the timing errors of two spikes (standard deviation e). A timing error makes one interval longer
and the next shorter, so it nearly cancels in the mean of n intervals: variance J^2/n + 2 e^2/n^2. Both parts widen the
spread of the intervals alike and differ in the correlation of neighbours: the covariance of the intervals is
J^2 I + e^2 T with T = tridiag(-1, 2, -1), whose eigenvectors are sines (discrete sine transform, type I) with
eigenvalues 2 - 2 cos(pi k / (n + 1)). The share of J is integrated over on a grid, by the likelihood of the
transformed intervals for normal errors and a flat prior: on J / sqrt(J^2 + 2 e^2), or on J where the timing error was
estimated from the noise of the record, with a log-normal prior on e around that.

A device may take back what an interval has too much, too (a clock or a phase lock behind it). No record tells this from
errors of the times, but their size does: a measurement makes errors about as large as estimated. So the intervals and
the estimate are compared, by the ratio of the largest likelihood of any e and that with the prior. Where they
contradict each other, it is not known whose part e is, and both readings count.
"""

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from tsbench.analysis.statistics import NORMAL_95
from tsbench.records import Flag, FloatArray

#: J / sqrt(J^2 + 2 e^2) on the first grid, and points of a second one where the first finds the weight
_SHARES = np.concatenate(([0.0], np.geomspace(1e-4, 1.0, 120)))
_FINE = 80
#: intervals that are transformed; of a longer train only so many
_MOST = 4_000
#: an estimate of the timing error is good to a factor of exp(0.5), one standard deviation
_TIMING_SPREAD = 0.5
#: standard normal quantile (one in two hundred) beyond which intervals contradict the estimate of their timing error
_MISFIT = 2.6
#: shares of small timing errors, which the first grid steps over
_NEARLY_ALL = np.sqrt(1.0 - np.geomspace(1e-3, 0.7, 40) ** 2)
#: neighbours correlate by -1/2 at most, so n of them tell a variance as n / (1 + 2 (1/2)^2) independent ones at least
_MOST_ALIKE = 1.5
_LITTLE = 0.1  #: share of a variance
#: normal quantiles at equal steps of probability, by which the spread of a variance estimate is stepped through
_QUANTILES = np.array([NormalDist().inv_cdf((k + 0.5) / 25) for k in range(25)])


@dataclass(frozen=True)
class Jitter:
    """``value`` is None, and ``high`` a bound, where timing errors or what samples hide explain how the intervals vary.

    AMBIGUOUS where neighbours take back more than the estimated timing error explains. ``value`` then holds that part,
    and ``low`` is that of the rest.
    """

    value: float | None  #: [s] standard deviation of the intervals without timing errors
    low: float | None  #: [s] 95 % interval
    high: float
    mean_uncertainty: float  #: [s] standard uncertainty of the mean of the intervals
    flags: Flag = Flag.NONE
    #: [s] standard deviation by which the sampling may make the intervals wider or narrower; it is within both ends
    hidden: float = 0.0

    def is_much_hidden(self, intervals: FloatArray) -> bool:
        """Return whether the sampling may make more than a little of the variance of the ``intervals`` [s]."""
        return self.hidden**2 > _LITTLE * float(intervals.var())

    def without_hidden(self) -> "Jitter":
        """Return the jitter without ``hidden`` in its ends; what the sampling took away or raised otherwise stays."""
        low = None if self.low is None else math.hypot(self.low, self.hidden)
        return replace(self, low=low, high=math.sqrt(max(self.high**2 - self.hidden**2, 0.0)), hidden=0.0)


def jitter_of(intervals: FloatArray, timing: float = 0.0) -> Jitter:
    """Split the spread of inter-spike intervals into jitter and timing noise.

    Parameters
    ----------
    intervals : [s], shape (n,), in order, n of at least 3
    timing : [s] standard uncertainty of one spike time as estimated from the noise of the record; 0: not known

    Intervals that are equal within the rounding of the computer show no jitter. They do not show that there is less
    than the timing error hides: errors that are alike at each spike cancel in the intervals.
    """
    n = intervals.size
    variance = float(np.var(intervals, ddof=1))
    if variance <= (1e-12 * float(intervals.mean())) ** 2:  # rounding
        return Jitter(None, None, max(math.sqrt(variance), NORMAL_95 * timing), timing * math.sqrt(2.0) / n)
    used = intervals[:_MOST]
    spectrum = _Spectrum(used, timing)
    if timing > 0.0 and spectrum.contradicts():
        return _of_both_readings(jitter_of(intervals), variance, timing, min(n - 1, _degrees(used)))
    coarse = spectrum.posterior(_SHARES)
    shares = _narrowed(coarse)
    fine = spectrum.posterior(shares) if shares.size else coarse
    of_mean = fine.weights @ (fine.variances * (fine.shares**2 / n + (1.0 - fine.shares**2) / n**2))
    spread = _spread_of_deviation(min(used.size - 1, _degrees(used)))
    jitters = np.multiply.outer(fine.shares * np.sqrt(fine.variances), spread).ravel()
    low, middle, high = _quantiles(jitters, np.repeat(fine.weights, spread.size), (0.025, 0.5, 0.975))
    if used.size < n:  # the variance itself is better known from the whole train
        scale = math.sqrt(variance / float(np.var(used, ddof=1)))
        low, middle, high, of_mean = low * scale, middle * scale, high * scale, of_mean * scale**2
    if coarse.needs_no_jitter:
        return Jitter(None, None, high, math.sqrt(of_mean))
    return Jitter(middle, low, high, math.sqrt(of_mean))


def within_samples(found: Jitter, intervals: FloatArray, sample: float) -> Jitter:
    """Return a jitter of spikes whose times are known to a sample only, with what the samples hide.

    The error of such a time depends on where in a sample the spike falls. If the device has little jitter, these places
    go on evenly from spike to spike, or recur. Then the errors of neighbours depend on each other, and the intervals
    vary by more or by less than the device's, by up to the difference of two such errors. The device may also take back
    what an interval has too much, as errors do, so its intervals may vary by as much as those that were seen.

    Parameters
    ----------
    found : as if the errors were independent
    intervals : [s], shape (n,)
    sample : [s] sample interval
    """
    hidden = sample / math.sqrt(6.0)
    low = None if found.low is None else math.sqrt(max(found.low**2 - hidden**2, 0.0))
    most = float(_spread_of_deviation(_degrees(intervals) / _MOST_ALIKE).max())
    high = max(math.hypot(found.high, hidden), most * float(intervals.std(ddof=1)))
    if found.value is None or not low:
        return replace(found, value=None, low=None, high=high, hidden=hidden)
    return replace(found, low=low, high=high, hidden=hidden)


def _of_both_readings(rest: Jitter, variance: float, timing: float, degrees: float) -> Jitter:
    """Return the jitter of intervals of which one part is of the device or of the measurement.

    Parameters
    ----------
    rest : without that part
    variance : [s^2] of the intervals
    timing : [s] standard uncertainty of one spike time
    degrees : of freedom of the variance
    """
    whole = math.sqrt(max(variance - 2.0 * timing**2, 0.0))
    most = math.sqrt(variance) * float(np.quantile(_spread_of_deviation(degrees / _MOST_ALIKE), 0.975))
    return Jitter(whole, rest.low or 0.0, max(rest.high, most), rest.mean_uncertainty, Flag.AMBIGUOUS)


@dataclass(frozen=True)
class _Posterior:
    shares: FloatArray  #: of the jitter, shape (m,)
    densities: FloatArray  #: relative to the highest, shape (m,)
    variances: FloatArray  #: [s^2] J^2 + 2 e^2 that suits each share, shape (m,)

    @property
    def weights(self) -> FloatArray:
        """Return the weight of each share, together 1."""
        weights = self.densities * np.gradient(self.shares)
        normalised: FloatArray = weights / weights.sum()
        return normalised

    @property
    def needs_no_jitter(self) -> bool:
        """Whether no jitter at all fits nearly as well as the best: within a factor of exp(2) in likelihood."""
        return bool(self.densities[0] > math.exp(-2.0))


class _Spectrum:
    """Intervals in the basis in which both parts are diagonal."""

    def __init__(self, intervals: FloatArray, timing: float) -> None:
        n = intervals.size
        self._seen, self._ones = _sine_transform(intervals - intervals.mean()), _sine_transform(np.ones(n))
        self._timing = 1.0 - np.cos(np.pi * np.arange(1, n + 1) / (n + 1))  # half the eigenvalues of T
        self._known = timing

    def posterior(self, shares: FloatArray) -> _Posterior:
        """Return the density of each share; mean and variance are integrated out or fitted for each."""
        logarithms, variances = self._likelihood(shares)
        if self._known > 0.0:
            others = np.maximum(1.0 - shares**2, 1e-12)
            # flat in J and log-normal in e: 1 / (1 - share^2) is what that is in terms of the share
            logarithms = logarithms - 0.5 * self._beyond(shares, variances) ** 2 - np.log(others)
        return _Posterior(shares, np.exp(logarithms - logarithms.max()), variances)

    def contradicts(self) -> bool:
        """Return whether the intervals need a larger timing error than the estimate, with its uncertainty, allows."""
        shares = np.concatenate((_SHARES, _NEARLY_ALL))
        logarithms, variances = self._likelihood(shares)
        allowed = logarithms - 0.5 * np.maximum(self._beyond(shares, variances), 0.0) ** 2
        return bool(2.0 * (logarithms.max() - allowed.max()) > _MISFIT**2)

    def _beyond(self, shares: FloatArray, variances: FloatArray) -> FloatArray:
        """Return the standard deviations by which the timing error of each share exceeds the estimate, shape (m,)."""
        error = np.sqrt(0.5 * variances * np.maximum(1.0 - shares**2, 1e-12))
        found: FloatArray = np.log(error / self._known) / _TIMING_SPREAD
        return found

    def _likelihood(self, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return for each share, shape (m,), the logarithm of the likelihood and the variance [s^2] that suits it."""
        n = self._seen.size
        inverse = 1.0 / (shares[:, None] ** 2 + (1.0 - shares[:, None] ** 2) * self._timing)
        information = inverse @ self._ones**2
        squares = inverse @ self._seen**2 - (inverse @ (self._seen * self._ones)) ** 2 / information
        variances = squares / (n - 1)
        logarithms = -0.5 * (
            _log_determinant(shares, n) + np.log(information) + (n - 1) * np.log(squares))
        return logarithms, variances


def _log_determinant(shares: FloatArray, n: int) -> FloatArray:
    """Return the logarithm of the product of s^2 + (1 - s^2)(1 - cos(pi k / (n + 1))), k = 1 ... n, for each share s.

    With c = 1 - s^2 the factors are 1 - c cos: the product is (c/2)^n U_n(1/c), with the Chebyshev polynomial U_n of
    the second kind (NIST DLMF 18.5.2 with an argument above 1).
    """
    c = 1.0 - shares**2
    root = np.sqrt(1.0 - c**2)
    ratio = (c / (1.0 + root)) ** 2
    near = 1.0 - ratio < 1e-9   # where all ratios are one, their sum is their number
    safe = np.where(near, 0.5, ratio)
    summed = np.where(near, math.log(n + 1.0), np.log1p(-(safe ** (n + 1))) - np.log1p(-safe))
    found: FloatArray = n * np.log(0.5 * (1.0 + root)) + summed
    return found


def _narrowed(found: _Posterior) -> FloatArray:
    """Return a finer grid over the shares that have any weight; empty where the first is fine enough."""
    summed = np.cumsum(found.weights)
    first, last = int(np.searchsorted(summed, 1e-4)), int(np.searchsorted(summed, 1.0 - 1e-4))
    if last - first > _FINE // 2:
        return np.empty(0)
    low, high = found.shares[max(first - 1, 0)], found.shares[min(last + 1, found.shares.size - 1)]
    return np.linspace(low, high, _FINE)


def _spread_of_deviation(degrees: float) -> FloatArray:
    """Return the factors by which a standard deviation may differ from its estimate, at equal steps of probability.

    A scaled inverse chi-square distribution by Wilson and Hilferty's approximation (PNAS 17, 684, 1931).
    """
    cubes: FloatArray = np.maximum(1.0 - 2.0 / (9.0 * degrees) + _QUANTILES * math.sqrt(2.0 / (9.0 * degrees)), 0.05)
    factors: FloatArray = cubes**-1.5
    return factors


def _degrees(values: FloatArray) -> float:
    """Return of how many degrees of freedom a variance of normal values is as uncertain as that of these, shape (n,).

    The logarithm of a variance has the variance (k - (n - 3) / n) / (n - 1), with the kurtosis k about the trimmed mean
    (Bonett, Comput. Stat. Data Anal. 50, 775, 2006), and 2 / degrees if the values are normal.
    """
    n = values.size
    cut = int(n * min(0.5 / math.sqrt(max(n - 4, 1)), 0.4))
    middle = float(np.sort(values)[cut : n - cut].mean())
    kurtosis = n * float(np.sum((values - middle) ** 4)) / float(np.sum((values - values.mean()) ** 2)) ** 2
    return 2.0 * (n - 1) / max(kurtosis - (n - 3) / n, 1e-3)


def _sine_transform(values: FloatArray) -> FloatArray:
    """Return the orthonormal discrete sine transform of type I, shape (n,)."""
    n = values.size
    odd = np.concatenate(([0.0], values, [0.0], -values[::-1]))
    transformed: FloatArray = -np.fft.rfft(odd).imag[1 : n + 1] / math.sqrt(2.0 * (n + 1))
    return transformed


def _quantiles(values: FloatArray, weights: FloatArray, shares: tuple[float, ...]) -> list[float]:
    order = np.argsort(values)
    summed = np.cumsum(weights[order])
    places = np.searchsorted(summed, np.array(shares) * summed[-1])
    return [float(values[order[min(int(place), order.size - 1)]]) for place in places]

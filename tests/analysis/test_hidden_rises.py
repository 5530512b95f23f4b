"""Rises that are not even and that the response of a scope hides: the interval of their instant contains it.

A rise that leans, ends at once or overshoots is steepest elsewhere behind a Gaussian, by up to its standard deviation.
Before, the interval had a tenth of this width, and contained the instant in none to a third of the records.
"""

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.special import erf

from tsbench.analysis.pulse.blunt import Blunt, Unblurred
from tsbench.analysis.pulse.unblurred import steepest
from tsbench.analysis.statistics import expanded
from tsbench.records import FloatArray
from tsbench.simulated_backends.witness.slopes import steepest_instant

FINE = 50  #: points of the made-up curve in a sample
X = np.arange(-100.0, 100.0, 1.0 / FINE)
NOISE = 0.003


def leaning(width: float, skew: float) -> FloatArray:
    slope = np.exp(-0.5 * (X / width) ** 2) * (1.0 + erf(skew * X / width))
    total: FloatArray = np.cumsum(slope)
    return total / total[-1]


def overshoot(grows: float, over: float, decay: float) -> FloatArray:
    """Return an exponential rise that ends at once at 1 + ``over`` and falls to 1."""
    return np.where(X < 0.0, (1.0 + over) * np.exp(np.minimum(X, 0.0) / grows),
                    1.0 + over * np.exp(-np.maximum(X, 0.0) / decay))


def both(width: float, skew: float, area: float, decay: float) -> FloatArray:
    """Return a leaning rise with a part that falls again: its slope, behind an exponential."""
    rise = leaning(width, skew)
    fall = np.exp(-np.arange(0.0, 12.0 * decay, 1.0 / FINE) / decay)
    return rise + area * np.convolve(np.gradient(rise), fall)[: rise.size]


def found_in(curve: FloatArray, blur: float) -> tuple[float, list[Unblurred]]:
    """Return the true instant of a curve, and what is found behind a Gaussian and noise; all from the middle on."""
    true = steepest_instant(X, int(np.argmax(np.diff(curve))), np.diff(curve))
    seen, found = gaussian_filter1d(curve, blur * FINE), list[Unblurred]()
    for seed in range(20):
        random = np.random.default_rng(seed)
        phase = int(random.integers(FINE))
        record = seen[phase::FINE]
        grain = gaussian_filter1d(random.normal(size=record.size), blur)
        record = record + NOISE * grain / grain.std()
        left, right = (int(np.argmax(record > share * record.max())) for share in (0.1, 0.9))
        one = steepest(Blunt(record, 80, blur, NOISE), left, right, 0.0, 0.0)
        assert one is not None
        found.append(Unblurred(one.value - 100.0 + phase / FINE, one.random, one.form, one.pole, one.hidden))
    return true, found


@pytest.mark.thin(4)
@pytest.mark.parametrize("blur", [0.5, 1.3])
@pytest.mark.parametrize("curve", [
    leaning(0.3, 0.0), leaning(0.3, -3.0), leaning(1.0, 0.0), leaning(1.0, -3.0), leaning(1.0, 3.0), leaning(4.0, -3.0),
    overshoot(0.1, 0.0, 1.0), overshoot(0.1, 2.0, 1.0), overshoot(0.1, 1.0, 3.0), overshoot(0.1, 0.5, 20.0),
    overshoot(3.0, 1.0, 3.0), both(2.5, 3.0, 1.0, 2.0), both(2.5, 3.0, 1.5, 5.0)])
def test_the_interval_of_a_rise_contains_its_instant(curve: FloatArray, blur: float) -> None:
    true, found = found_in(curve, blur)
    inside = [abs(one.value - true) <= expanded(one.random, 0.0, one.form, one.hidden) for one in found]
    assert np.mean(inside) >= 0.85
    assert max(one.hidden for one in found) < 2.0 * math.hypot(0.8, blur)   # and is not wider than it must be


def test_a_rise_that_is_long_against_the_response_hides_little() -> None:
    true, found = found_in(leaning(12.0, -3.0), 0.5)
    assert np.mean([one.value for one in found]) == pytest.approx(true, abs=0.5)
    assert max(one.hidden for one in found) < 0.6

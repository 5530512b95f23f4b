"""Height of a top at which a rise ends all at once, before the response of a scope, on tops of several forms."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d

from tsbench.analysis.pulse.blunt import Blunt, Unblurred
from tsbench.analysis.pulse.highest_voltage import highest
from tsbench.analysis.pulse.sharp_top import sharp_top
from tsbench.records import FloatArray

FINE = 10  #: points for each sample of the true curve
TRIALS = 25


def kink(t: FloatArray) -> FloatArray:
    """Return a slow rise that ends at 600 by a fall of a twentieth."""
    return np.where(t <= 600, np.clip((t - 500) / 100, 0, None), 0.95)


def cliff(t: FloatArray) -> FloatArray:
    """Return a steep rise that ends at 600 by a fall to 0.4, as of a device that switches within the edge."""
    return np.where(t <= 600, np.clip((t - 580) / 20, 0, None), 0.4)


def saw(t: FloatArray) -> FloatArray:
    """Return a rise that turns into a fall of twice its slope."""
    return np.where(t <= 600, np.clip((t - 500) / 100, 0, None), np.maximum(1 - (t - 600) * 0.02, 0.4))


def falls_and_rises(t: FloatArray) -> FloatArray:
    """Return a rise with a small fall, behind which the voltage rises beyond the first top."""
    return np.where(t <= 600, np.clip((t - 500) / 100, 0, None), 0.94 + (t - 600) * 0.01)


def flat(t: FloatArray) -> FloatArray:
    """Return an edge of twenty samples and a top of eighty."""
    return np.where(t <= 600, np.clip((t - 500) / 20, 0, 1), 0.5)


def charged(t: FloatArray) -> FloatArray:
    """Return an exponential that is cut off when it is nearly flat."""
    return np.where(t <= 600, np.where(t > 500, 1 - np.exp(-(t - 500) / 25), 0) / (1 - np.exp(-4)), 0.6)


def rounded(t: FloatArray) -> FloatArray:
    return np.exp(-0.5 * ((t - 600) / 30) ** 2)


def tops(
    curve: Callable[[FloatArray], FloatArray], span: tuple[int, int], blur: float, noise: float
) -> list[Unblurred]:
    """Return the heights of a curve behind a Gaussian and in noise."""
    seen = gaussian_filter1d(curve(np.arange(800 * FINE) / FINE), blur * FINE)[::FINE]
    random = np.random.default_rng(1)
    return [highest(Blunt(seen + random.normal(0.0, noise, seen.size), 250, blur, noise), *span)[0]
            for _ in range(TRIALS)]


@pytest.mark.thin(8)
@pytest.mark.parametrize(("curve", "span", "noise"), [
    (kink, (550, 606), 0.002), (cliff, (590, 603), 0.002), (cliff, (590, 603), 0.0055), (saw, (550, 606), 0.002)])
@pytest.mark.parametrize("blur", [0.66, 2.0])
def test_the_end_of_a_rise_is_not_lowered_by_the_response(
    curve: Callable[[FloatArray], FloatArray], span: tuple[int, int], noise: float, blur: float
) -> None:
    """Smoothing alone is 1.4 to 8.7 % too low there."""
    found = tops(curve, span, blur, noise)
    assert np.mean([top.value for top in found]) == pytest.approx(1.0, abs=0.005)


@pytest.mark.thin(3)
@pytest.mark.parametrize(("curve", "span"), [(flat, (510, 602)), (charged, (517, 602)), (rounded, (565, 615))])
@pytest.mark.parametrize("noise", [0.002, 0.012])
def test_noise_on_a_smooth_top_makes_no_sharp_one(
    curve: Callable[[FloatArray], FloatArray], span: tuple[int, int], noise: float
) -> None:
    for top in tops(curve, span, 0.66, noise):
        assert top.value == pytest.approx(1.0, abs=4.0 * noise)


def test_the_first_of_two_tops_is_found_by_its_corner() -> None:
    """The last samples are higher by noise, and are not what ends a rise."""
    seen = gaussian_filter1d(falls_and_rises(np.arange(800 * FINE) / FINE), 0.66 * FINE)[::FINE]
    seen += np.random.default_rng(2).normal(0.0, 0.002, seen.size)
    top = sharp_top(seen, 550, 606, 0.66, 0.002)
    assert top is not None
    assert top.value == pytest.approx(1.0, abs=0.005) and top.place == pytest.approx(600.0, abs=0.3)


def test_a_fall_between_two_samples_is_not_invented() -> None:
    """A straight edge that ends in a flat top may as well go on for half a sample and fall: nothing shows that."""
    edge = np.clip((np.arange(400.0) - 200.3) / 12.0, 0.0, 1.0)
    top = sharp_top(edge + np.random.default_rng(3).normal(0.0, 1e-3, edge.size), 205, 300, 0.0, 1e-3)
    assert top is None or top.value == pytest.approx(1.0, abs=0.005)


def test_a_slow_rise_in_much_noise_is_found_in_means() -> None:
    """An edge of 2000 samples: in single samples, noise hides its end."""
    t = np.arange(6000.0)
    seen = np.where(t <= 3000, np.clip((t - 1000) / 2000, 0, None), 0.94 + (t - 3000) / 8000)
    found = [highest(Blunt(seen + np.random.default_rng(k).normal(0.0, 0.01, t.size), 800, 0.7, 0.01), 2000, 3050)[0]
             for k in range(10)]
    assert np.mean([top.value for top in found]) == pytest.approx(1.0, abs=0.006)


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_without_noise_or_behind_too_much_of_it_nothing_is_found(noise: float) -> None:
    seen = kink(np.arange(800.0)) + noise * np.random.default_rng(0).standard_normal(800)
    assert sharp_top(seen, 550, 606, 0.66, noise) is None

"""tsbench finds 1/f noise beside white noise. The intervals of numbers from such records contain the truth."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from tsbench.analysis.relaxation.relaxation import relaxation_time
from tsbench.analysis.relaxation.results import shot_result
from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.statistics.pink_noise import drift_of_pink, pink_variance
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import FloatArray


def pink(random: np.random.Generator, size: int) -> FloatArray:
    """Return 1/f noise of a variance of one per factor e of frequency, shape (size,)."""
    whole = 8 * size
    frequency = np.fft.rfftfreq(whole)
    frequency[0] = math.inf
    density = 0.5 * whole / frequency   # of the squared modulus: h / f on one side
    parts = random.standard_normal((2, frequency.size)) * np.sqrt(density / 2.0)
    return np.fft.irfft(parts[0] + 1j * parts[1], whole)[:size]


def test_the_made_noise_has_this_variance_per_factor_e() -> None:
    """Means over m samples that are d apart differ by h (3 + 2 ln(d / m))."""
    random, apart, mean = np.random.default_rng(1), 256, 8
    found = []
    for _ in range(400):
        values = pink(random, 1024)
        found.append(values[:mean].mean() - values[apart : apart + mean].mean())
    assert drift_of_pink(1.0, apart, mean, mean) == pytest.approx(float(np.std(found)), rel=0.15)


@pytest.mark.parametrize(("size", "low", "high"), [(400, 0.2, 3.0), (4000, 0.6, 1.6)])
def test_the_variance_of_pink_noise_is_found(size: int, low: float, high: float) -> None:
    found = [pink_variance([pink(np.random.default_rng(seed), size)]) for seed in range(20)]
    assert low < float(np.median(found)) < high and min(found) > 0.0


def test_white_noise_is_not_pink() -> None:
    """The gate of two standard deviations on three lengths of means lets one in six pass, with little."""
    found = [pink_variance([np.random.default_rng(seed).standard_normal(2000)]) for seed in range(200)]
    assert sum(one > 0.0 for one in found) < 40 and max(found) < 0.15


def test_weak_pink_noise_beside_white_noise_shows_in_longer_means() -> None:
    found = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        found.append(pink_variance([0.25 * pink(random, 2000) + random.standard_normal(2000)]))
    assert sum(one > 0.0 for one in found) >= 14


@pytest.mark.parametrize("parts", [[], [np.array([])], [np.ones(5)], [np.ones(7), np.zeros(9)]], ids=len)
def test_too_few_samples_tell_nothing(parts: list[FloatArray]) -> None:
    assert pink_variance(parts) == 0.0


@pytest.mark.parametrize(("kind", "noise"), [
    ("white", 0.01), ("white", 0.1), ("pink", 0.003), ("pink", 0.01), ("pink", 0.03), ("both", 0.01)])
def test_relaxation_times_in_noise_with_a_memory(kind: str, noise: float) -> None:
    """A current that decays with 400 us, at 1 MSample/s; the level is half of it, and the noise a share of it."""
    before, pulse, tau, missed = 200, 300, 400.0, 0
    for seed in range(30):
        random, place = np.random.default_rng(seed), np.arange(3500.0)
        white, slow = random.standard_normal(place.size), 0.35 * pink(random, place.size)   # about one
        added = {"white": white, "pink": slow, "both": (white + slow) / math.sqrt(2.0)}[kind]
        voltage = np.where((place >= before) & (place < before + pulse), 1.0, 0.3)
        conducts = np.where((place >= before + 20) & (place < before + pulse), 1.0, 1e-3)
        since = place - (before + pulse) + 0.5
        conducts = np.where(since > 0.0, 1e-3 + 0.999 * np.exp(-np.maximum(since, 0.0) / tau), conducts)
        shot = relaxation_time(place * 1e-6, voltage + 1e-4 * random.standard_normal(place.size),
                               voltage * conducts + 0.3 * noise * added, pulse * 1e-6, level=0.15)
        result = shot_result(shot, {})
        assert result.low is not None and result.high is not None
        missed += not result.low <= tau * math.log(2.0 * 0.999) * 1e-6 <= result.high
    assert missed <= 5   # of 30 at 95 %, in 99 % of the cases 5 or fewer


@pytest.mark.parametrize(("kind", "step"), [("white", 0.01), ("pink", 0.0025), ("both", 0.0025)])
def test_off_resistances_in_noise_with_a_memory(kind: str, step: float) -> None:
    """A device of 100 kOhm that conducts as sinh(v / 0.5 V); the noise is 1 % of the current."""
    up = np.round(np.arange(0.0, 1.2001, step), 5)
    level = np.concatenate([up, up[-2::-1]])
    on = np.where(np.arange(level.size) >= up.size, level > 0.3, level > 0.8035)
    curve, missed = np.where(on, 1e-3 * level, 0.5e-5 * np.sinh(level / 0.5)), 0
    for seed in range(30):
        random = np.random.default_rng(seed)
        white, slow = random.standard_normal(level.size), 0.35 * pink(random, level.size)
        noise = {"white": white, "pink": slow, "both": (white + slow) / math.sqrt(2.0)}[kind]
        (event,) = switching(IVPoints(voltage=level, current=curve * (1.0 + 0.01 * noise), level=level))
        off = next(one for one in resistances((event,)) if one.quantity == "off_resistance")
        at = 0.5 * float(event.threshold_voltage.value or 0.0)
        assert off.low is not None and off.high is not None
        missed += not off.low <= at / (0.5e-5 * math.sinh(at / 0.5)) <= off.high
    assert missed <= 6   # half of them without the part of 1/f noise


@pytest.mark.parametrize(("period", "swing"), [(8, 0.3), (16, 0.25), (64, 0.25)])
def test_a_wander_beside_white_noise_shows_in_means_over_half_of_its_period(period: int, swing: float) -> None:
    """Shorter means keep too much white noise, and means over a whole period keep nothing of the wander."""
    place = np.arange(4096.0) + 0.5
    wander = swing * np.sin(2.0 * math.pi * place / period)
    found = [pink_variance([wander + np.random.default_rng(seed).standard_normal(place.size)]) for seed in range(5)]
    assert min(found) > 0.0


@pytest.mark.parametrize(("size", "told"), [(35, False), (36, True)])
def test_six_third_differences_of_means_tell_slow_noise(size: int, told: bool) -> None:
    """Means over four samples: 35 samples have eight of them, and 36 have nine, with six third differences."""
    fast = 1e-3 * np.random.default_rng(0).standard_normal(size)
    assert (pink_variance([np.sin(math.pi * np.arange(size) / 4.0) + fast]) > 0.0) is told


def test_the_gate_for_pink_noise_lets_some_white_noise_pass_so_that_weak_pink_noise_does() -> None:
    """Of 60 records of 1000 samples, whose pink noise is a fifth of the white noise."""
    weak, white = 0, 0
    for seed in range(60):
        fast = np.random.default_rng(1000 + seed).standard_normal(1000)
        weak += pink_variance([0.2 * pink(np.random.default_rng(seed), 1000) + fast]) > 0.0
        white += pink_variance([fast]) > 0.0
    assert weak >= 34 and white <= 15


@pytest.mark.parametrize("curve", [
    lambda volts: np.exp(6.0 * np.sqrt(volts)), lambda volts: 1.0 + volts**2 / 0.1,
    lambda volts: 0.05 + 20.0 * volts**2,
    lambda volts: np.sinh(np.maximum(volts, 1e-9) / 0.1) / np.maximum(volts, 1e-9)],
    ids=["poole frenkel", "square", "space charge", "sinh"])
@pytest.mark.parametrize("step", [0.01, 0.005])
def test_the_bend_of_an_off_state_is_no_pink_noise(curve: Callable[[FloatArray], FloatArray], step: float) -> None:
    """The interval of the off resistance stays below 2 % in white noise of 0.3 %."""
    up = np.round(np.arange(0.0, 1.3001, step), 5)
    level = np.concatenate([up, up[-2::-1]])
    on = np.where(np.arange(level.size) >= up.size, level > 0.3, level > 0.8035)
    widths = []
    for seed in range(8):
        noise = 1.0 + 0.003 * np.random.default_rng(seed).standard_normal(level.size)
        current = level * np.where(on, 1e-2, 1e-6 * curve(level) / float(curve(np.array([0.4]))[0])) * noise
        (event,) = switching(IVPoints(voltage=level, current=current, level=level))
        off = next(one for one in resistances((event,)) if one.quantity == "off_resistance")
        assert off.value is not None and off.low is not None and off.high is not None
        widths.append((off.high - off.low) / 2.0 / off.value)
    assert np.median(widths) < 0.02

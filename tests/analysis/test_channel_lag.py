"""The lag of one channel against another: right within its uncertainty for any edge, and not found where none is."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

from tsbench.analysis.pulse.channel_lag import channel_lag
from tsbench.records import FloatArray

SKEW, POLE = 1.3e-9, 0.8e-9
FINE = 20e-12  #: [s]


def records(
    edge: float, dt: float, noise: float, random: np.random.Generator, pole: float = 0.0, skew: float = SKEW,
) -> tuple[FloatArray, FloatArray]:
    """Return 64 records of an edge [s] in two channels, with jitter of the trigger; the second is late."""
    fine = np.arange(0.0, 400e-9, FINE)
    first = gaussian_filter1d(np.clip((fine - 60e-9) / edge, 0.0, 1.0), 0.3e-9 / FINE)
    keep = np.exp(-FINE / pole) if pole else 0.0
    behind = lfilter([0.5 * (1.0 - keep)] * 2, [1.0, -keep], first) if pole else first   # of straight lines
    second = np.interp(fine - skew, fine, behind)
    found = []
    times = np.arange(5e-9, 395e-9, dt) + random.normal(0.0, 0.1e-9, (64, 1))
    for height, signal in ((1.0, first), (0.4, second)):
        clean = height * np.interp(times, fine, signal)
        found.append(clean + noise * height * random.standard_normal(clean.shape))
    return found[0], found[1]


@pytest.mark.parametrize(("edge", "dt"), [(5e-9, 0.1e-9), (12e-9, 0.4e-9), (12e-9, 2e-9), (80e-9, 0.4e-9)])
def test_skew_and_pole_are_within_their_uncertainties(edge: float, dt: float) -> None:
    random = np.random.default_rng(1)
    errors = []
    for _ in range(8):
        skew = channel_lag(*records(edge, dt, 0.01, random), dt)
        pole = channel_lag(*records(edge, dt, 0.01, random, POLE), dt, SKEW)
        assert skew is not None and pole is not None and (skew.pole, pole.delay) == (0.0, SKEW)
        assert pole.ratio == pytest.approx(0.4, abs=0.02)
        errors += [(skew.delay - SKEW) / skew.uncertainty, (pole.pole - POLE) / pole.uncertainty]
    assert np.sqrt(np.mean(np.square(errors))) < 1.4 and np.max(np.abs(errors)) < 4.0


def test_a_skew_longer_than_the_edge_and_an_early_channel_are_found() -> None:
    random = np.random.default_rng(2)
    for skew in (18e-9, -3e-9):
        found = channel_lag(*records(5e-9, 0.4e-9, 0.003, random, skew=skew), 0.4e-9)
        assert found is not None and found.delay == pytest.approx(skew, abs=5 * found.uncertainty)
        assert found.uncertainty < 20e-12


def test_no_edge_and_few_records_show_nothing() -> None:
    random = np.random.default_rng(3)
    first, second = records(5e-9, 0.4e-9, 0.01, random)
    assert channel_lag(first[:15], second[:15], 0.4e-9) is None
    assert channel_lag(random.standard_normal((64, 500)), random.standard_normal((64, 500)), 0.4e-9) is None
    assert channel_lag(np.zeros((64, 500)), np.zeros((64, 500)), 0.4e-9) is None
    assert channel_lag(first, random.standard_normal(second.shape), 0.4e-9) is None

"""Variation, local variation, serial correlation and line width of spike trains whose truth is known."""

import math

import numpy as np
import pytest
from scipy.stats import chi2

from tsbench.analysis.oscillation.frequency import oscillation, regime_text
from tsbench.analysis.oscillation.interval_statistics import (
    _changes_slowly,
    local_variation,
    regularity_results,
    serial_correlation,
    variation,
)
from tsbench.analysis.oscillation.jitter import jitter_of
from tsbench.analysis.oscillation.line_width import line_results, line_width, train_results
from tsbench.analysis.oscillation.spikes import Spikes, spike_times
from tsbench.records import Flag

COUNT = 120  #: trains


def poisson(random, n):
    return random.exponential(1.0, n)


def gamma(random, n):
    return random.gamma(4.0, 0.25, n)


def steady(random, n):
    return 1.0 + 0.02 * random.standard_normal(n)


def recalled(random, n, share=-0.4):
    """Each interval remembers the one before: an autoregressive process of order one."""
    made = random.standard_normal(n)
    for k in range(1, n):
        made[k] = share * made[k - 1] + math.sqrt(1.0 - share**2) * made[k]
    return 1.0 + 0.1 * made


def covered(estimates, truth):
    """Return the share of the intervals that hold the truth."""
    return np.mean([(one.low is None or one.low <= truth) and truth <= one.high for one in estimates])


@pytest.mark.thin(2)
@pytest.mark.parametrize(("made", "cv", "cv2", "correlation"), [
    (poisson, 1.0, 1.0, 0.0),
    (gamma, 0.5, 2.0 * 35.0 / 128.0, 0.0),   # I / (I + J) is beta(4, 4): E|2B - 1| = 35/128
    (steady, 0.02, 0.04 / math.sqrt(math.pi), 0.0),
    (recalled, 0.1, None, -0.4)])
@pytest.mark.parametrize("n", [40, 200])
def test_intervals_hold_the_truth_of_point_processes(made, cv, cv2, correlation, n):
    trains = [made(np.random.default_rng([seed, n]), n) for seed in range(COUNT)]
    jitters = [jitter_of(one, 1e-3 * one.std()) for one in trains]
    assert covered(jitters, cv) >= 0.85   # the mean interval is 1; the kurtosis of few skewed intervals is small
    found = [variation(one, 0.0, jitter) for one, jitter in zip(trains, jitters, strict=True)]
    assert covered(found, cv) >= 0.88   # of 120 at 95 %: one in five hundred times
    assert np.mean([one.value for one in found]) == pytest.approx(cv, rel=0.07)   # of few skewed intervals it is small
    if cv2 is not None:
        local = [local_variation(one, 0.0) for one in trains]
        assert covered(local, cv2) >= 0.88
        assert np.mean([one.value for one in local]) == pytest.approx(cv2, rel=0.04)
    serial = [serial_correlation(one, 0.0) for one in trains]
    assert covered(serial, correlation) >= 0.88
    assert np.mean([one.value for one in serial]) == pytest.approx(correlation, abs=0.05)


def test_timing_noise_is_no_variation_and_no_correlation():
    """Errors of the spike times alone correlate neighbours by -1/2, and widen no line."""
    random, n, error = np.random.default_rng(1), 400, 0.01
    trains = [np.diff(np.cumsum(steady(random, n + 1)) + error * random.standard_normal(n + 1)) for _ in range(20)]
    assert np.corrcoef(trains[0][1:], trains[0][:-1])[0, 1] < -0.08
    assert covered([variation(one, error, jitter_of(one, error)) for one in trains], 0.02) >= 0.85
    assert covered([serial_correlation(one, error) for one in trains], 0.0) >= 0.85
    assert covered([line_width(one) for one in trains], 2.0 * math.pi * 0.02**2) >= 0.8
    errors = np.diff(np.arange(n + 1.0) + error * random.standard_normal(n + 1))
    bounds = (variation(errors, error, jitter_of(errors, error)), local_variation(errors, error), line_width(errors))
    assert all(one.value is None and one.low is None and one.high > 0.0 for one in bounds)
    assert all(Flag.CENSORED in one.flags for one in bounds)
    # a timing error that the record does not tell is known by the intervals: they take each other back
    jitter = jitter_of(errors, 0.3 * error)
    rows = regularity_results(errors, 0.3 * error, jitter, "tonic", {})
    assert jitter.value is None and all(one.value is None for one in rows)
    nothing = serial_correlation(errors, error)
    assert nothing.value is None and nothing.high is None and Flag.AMBIGUOUS in nothing.flags


def test_intervals_that_take_each_other_back_by_more_than_their_timing_error_are_in_doubt():
    """Neighbours correlate by -1/2: errors of the times that the record does not show, or a device that does it."""
    random = np.random.default_rng(4)
    times = np.cumsum(1.0 + 0.01 * random.standard_normal(300)) + 0.05 * random.standard_normal(300)
    intervals = np.diff(times)
    jitter = jitter_of(intervals, 1e-4)
    assert jitter.low < 0.01 and intervals.std(ddof=1) < jitter.high
    assert jitter.value == pytest.approx(intervals.std(ddof=1), rel=1e-3)
    for one in (variation, local_variation, serial_correlation):
        assert Flag.AMBIGUOUS in one(intervals, 1e-4, jitter).flags
    width = line_width(intervals, 1e-4)   # the part that is taken back widens no line, whose part it ever is
    assert (width.low or 0.0) < 2.0 * math.pi * 0.01**2 < width.high < 2.0 * math.pi * 0.03**2


@pytest.mark.thin(2)
@pytest.mark.parametrize("timing", [1e-4, 0.003])
@pytest.mark.parametrize("n", [40, 200, 1500])
def test_a_clocked_device_has_the_spread_of_its_intervals(timing, n):
    """Spikes at the ticks of a clock, each with a delay of its own: what one interval has too much the next lacks."""
    truth = 0.05 * math.sqrt(2.0)
    trains = [np.diff(np.arange(n + 1.0) + 0.05 * np.random.default_rng([seed, n]).standard_normal(n + 1))
              for seed in range(COUNT)]
    jitters = [jitter_of(one, timing) for one in trains]
    doubtful = [one for one in jitters if one.flags == Flag.AMBIGUOUS]
    assert len(doubtful) >= (0.95 if n < 100 else 1.0) * COUNT   # a few short trains look independent by chance
    assert all(one.low < 0.02 for one in doubtful) and covered(jitters, truth) >= 0.88
    numbers = [(variation(one, timing, jitter), local_variation(one, timing, jitter))
               for one, jitter in zip(trains, jitters, strict=True)]
    assert all(one.flags == Flag.AMBIGUOUS and one.low < 0.03
               for pair, jitter in zip(numbers, jitters, strict=True) if jitter.flags for one in pair)
    assert covered([pair[0] for pair in numbers], truth) >= 0.88
    times = np.cumsum(np.concatenate(([0.0], trains[0])))
    found = oscillation(Spikes(times, timing, falling=False, levels=np.zeros(n + 1), swing=1.0, noise=0.0))
    assert "in doubt" in regime_text(found) and Flag.AMBIGUOUS in train_results(found, timing, {})[0].flags


@pytest.mark.thorough
@pytest.mark.parametrize("n", [15, 100, 1500])
def test_intervals_do_not_contradict_a_timing_error_that_is_theirs(n):
    """One estimate in two hundred may be so wrong by chance; independent intervals contradict no small error."""
    random = np.random.default_rng(n)
    for jitter, error in ((0.0, 1.0), (0.5, 1.0), (1.0, 0.5), (1.0, 0.0)):
        times = [np.cumsum(100.0 + jitter * random.standard_normal(n + 1)) + error * random.standard_normal(n + 1)
                 for _ in range(COUNT)]
        found = [jitter_of(np.diff(one), max(error * math.exp(0.5 * random.standard_normal()), 1e-3)) for one in times]
        assert sum(Flag.AMBIGUOUS in one.flags for one in found) <= 4


def test_a_slow_change_of_the_rate_raises_the_variation_and_not_the_local_one():
    train = gamma(np.random.default_rng(2), 400) * np.linspace(0.3, 3.0, 400)
    jitter = jitter_of(train)
    assert variation(train, 0.0, jitter).low > local_variation(train, 0.0).high


@pytest.mark.parametrize("n", [30, 300])
def test_the_line_width_of_a_random_walk_of_the_phase(n):
    """2 pi J^2 f^3 (Demir 2000); of independent intervals J is their standard deviation."""
    found = [line_width(1e-6 * steady(np.random.default_rng([seed, n]), n)) for seed in range(COUNT)]
    assert covered(found, 2.0 * math.pi * 0.02**2 * 1e6) >= 0.88
    assert np.mean([Flag.AMBIGUOUS in one.flags for one in found]) < 0.1


@pytest.mark.parametrize(("error", "known_as_a_variance"), [(0.0, 1.0), (0.04, 0.0)])
def test_the_upper_end_of_a_line_width_is_that_of_a_variance_unless_a_part_is_surely_taken_back(
    error, known_as_a_variance,
):
    """Independent intervals need the width of the chi-square interval; clear errors of the times must not widen it."""
    n, wide = 100, []
    for seed in range(20):
        random = np.random.default_rng([seed, n])
        intervals = np.diff(np.cumsum(steady(random, n + 1)) + error * random.standard_normal(n + 1))
        found = line_width(intervals)
        if found.low is not None and not found.flags:
            most = intervals.var(ddof=1) * (n - 1) / chi2.ppf(0.025, n - 1)
            wide.append(found.high > 0.99 * 2.0 * math.pi * most / intervals.mean() ** 3)
    assert len(wide) >= 18 and abs(np.mean(wide) - known_as_a_variance) <= 0.05


@pytest.mark.parametrize(("varied", "line"), [(0.28, True), (0.32, False)])
def test_intervals_that_vary_by_more_than_three_tenths_have_no_line(varied, line):
    away = np.random.default_rng(8).standard_normal(200)
    found = line_width(1.0 + varied * (away - away.mean()) / away.std(ddof=1))
    assert (found.value is not None) is line and (Flag.NO_EVENT in found.flags) is not line


def test_a_drift_and_bursts_leave_the_line_width_in_doubt():
    random = np.random.default_rng(3)
    drifting = steady(random, 200) + np.linspace(0.0, 0.1, 200)
    assert Flag.AMBIGUOUS in line_width(drifting).flags
    assert Flag.AMBIGUOUS in line_width(recalled(random, 200, 0.7)).flags
    assert line_width(poisson(random, 200)).flags == Flag.NO_EVENT
    assert line_width(steady(random, 20)).flags == Flag.TOO_FEW


def test_the_spectrum_of_a_record_has_the_width_that_its_spikes_tell():
    """A relaxation wave whose phase walks, with noise of the scope: fitted spectrum and spike times agree."""
    random, f, n, dt = np.random.default_rng(4), 1e6, 2**19, 2e-8
    walk = 0.02 * math.sqrt(f * dt) * random.standard_normal(n)   # in periods
    phase = f * dt * np.arange(n) + np.cumsum(walk)
    values = np.sin(2.0 * np.pi * phase) + 0.05 * random.standard_normal(n)
    spikes = spike_times(dt * np.arange(n), values)
    rows = {one.quantity: one for one in train_results(oscillation(spikes), spikes.uncertainty, {})}
    truth = 2.0 * math.pi * 0.02**2 * f
    width = rows["line_width"]
    assert width.low <= truth <= width.high and width.high < 1.5 * width.low
    from scipy.optimize import curve_fit
    from scipy.signal import periodogram

    mixed = np.exp(-2j * np.pi * f * dt * np.arange(n)) * values
    frequency, power = periodogram(mixed, 1.0 / dt, detrend=False, return_onesided=False)
    near = np.abs(frequency) < 50e3

    def logarithm(x, level, half):
        return level - np.log(x**2 + half**2)

    (_, half), _ = curve_fit(logarithm, frequency[near], np.log(power[near]), (np.log(power[near].max()) + 14.0, 1e3))
    assert 2.0 * abs(half) == pytest.approx(width.value, rel=0.2)   # one record's spectrum is itself this uncertain
    noise = rows["phase_noise"]
    assert noise.unit == "dBc/Hz" and noise.conditions["offset_frequency"] == pytest.approx(1e4, rel=1e-3)
    assert noise.low <= 10.0 * math.log10(0.02**2 * f / 1e8) <= noise.high


def test_few_intervals_and_equal_ones_give_flags():
    few = regularity_results(np.ones(9), 0.0, jitter_of(np.ones(9)), "too few", {})
    assert all(one.value is None and Flag.TOO_FEW in one.flags for one in few)
    equal = [*regularity_results(np.ones(50), 0.0, jitter_of(np.ones(50)), "tonic", {}), *line_results(np.ones(50), {})]
    assert all(one.value is None and one.flags is not Flag.NONE for one in equal)
    assert all(one.high is None or one.high < 1e-9 for one in equal if one.unit == "")
    assert {one.quantity for one in line_results(np.empty(0), {})} == {"line_width"}


@pytest.mark.parametrize(("intervals", "doubtful"), [
    (np.concatenate([np.full(100, 1e-5), np.full(50, 2e-5)]), True),   # one change of the frequency
    (np.linspace(1e-5, 2e-5, 200), True),   # a drift
    (np.tile(np.concatenate([np.full(3, 1e-5), np.full(3, 2e-5)]), 60), False),   # it changes often
])
def test_a_train_that_changes_once_has_not_one_variation(intervals, doubtful):
    random = np.random.default_rng(2)
    intervals = intervals * (1.0 + 0.01 * random.standard_normal(intervals.size))
    jitter = jitter_of(intervals, 1e-9)
    spread, *_ = regularity_results(intervals, 1e-9, jitter, "irregular", {})
    assert _changes_slowly(intervals) is doubtful
    assert spread.value is not None and (Flag.AMBIGUOUS in spread.flags) >= doubtful

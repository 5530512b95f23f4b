"""Every kind of number tells its random uncertainty from its systematic one, and its interval contains both."""

import math

import numpy as np
import pytest

from tests.analysis.test_threshold import curve
from tsbench.analysis.oscillation.frequency import frequency_result, oscillation
from tsbench.analysis.oscillation.spikes import Spikes
from tsbench.analysis.pulse.delay_results import Delay, delay_result, mean_delay
from tsbench.analysis.relaxation.relaxation import Relaxed
from tsbench.analysis.relaxation.results import mean_result, median_result, shot_result
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag, Result


def parts(result: Result) -> tuple[float, float]:
    assert result.random_uncertainty is not None and result.systematic_uncertainty is not None
    return result.random_uncertainty, result.systematic_uncertainty


def normal_half_width(result: Result) -> float:
    return 1.96 * math.hypot(*parts(result))


def test_of_delays_only_the_random_part_shrinks_with_their_number() -> None:
    """Skew and sense capacitance are the same in all pulses."""
    values = 1e-7 + 1e-9 * np.random.default_rng(1).standard_normal(400)
    delays = [Delay(float(value), 1e-9, 3e-10, limit=5e-10) for value in values]
    few, many = mean_delay(delays[:20], {}), mean_delay(delays, {})
    assert parts(delay_result(delays[0], {})) == pytest.approx((1e-9, math.hypot(3e-10, 5e-10 / 3**0.5)), rel=1e-6)
    for mean in (few, many):
        assert parts(mean)[1] == pytest.approx(math.hypot(3e-10, 5e-10 / 3**0.5), rel=1e-6)
    assert parts(many)[0] == pytest.approx(1e-9 / 20, rel=0.1) and parts(few)[0] == pytest.approx(1e-9 / 4.47, rel=0.4)
    for mean in (few, many):
        assert mean.high is not None and mean.value is not None
        assert mean.high - mean.value == pytest.approx(normal_half_width(mean), rel=0.06)


def test_of_relaxation_times_too() -> None:
    times = 1e-3 + 1e-4 * np.random.default_rng(2).standard_normal(200)
    shots = [Relaxed(float(time), 1e-5, 2e-6) for time in times]
    assert parts(shot_result(shots[0], {})) == (1e-5, 2e-6)
    for one, factor in ((mean_result(shots, {}), 1.0), (median_result(shots, {}), math.sqrt(math.pi / 2))):
        random, systematic = parts(one)
        assert random == pytest.approx(factor * 1e-4 / math.sqrt(200), rel=0.25) and systematic == 2e-6
    bounded = [*shots[:3], *[Relaxed(None, flags=Flag.CENSORED, low=1.0)] * 9]
    assert median_result(bounded, {}).random_uncertainty is None   # no number, no uncertainty


def test_the_time_base_is_the_systematic_part_of_a_frequency() -> None:
    jitter = 1e-8 * np.random.default_rng(3).standard_normal(101)
    spikes = Spikes(np.arange(101) * 1e-6 + np.cumsum(jitter), 1e-10, False, np.ones(101), 1.0, 0.01)
    exact, doubtful = (frequency_result(oscillation(spikes, accuracy), {}) for accuracy in (0.0, 1e-3))
    assert exact.systematic_uncertainty == 0.0 and exact.random_uncertainty == doubtful.random_uncertainty
    assert parts(exact)[0] == pytest.approx(1e6 * 1e-8 / 1e-6 / 10, rel=0.3)
    assert parts(doubtful)[1] == pytest.approx(1e6 * 1e-3 / 3**0.5, rel=0.01)


def test_gain_and_step_are_the_systematic_part_of_a_threshold() -> None:
    """The set-points return in every sweep, so repeating it does not tell where in its step a threshold is."""
    facts = SweepFacts(voltage_gain=2e-3, voltage_noise=1e-3)
    (seen,) = switching(curve(1.0, 0.6, 0.01, path=0.0), facts)
    found = seen.threshold_voltage
    assert found.value is not None and found.high is not None
    random, systematic = parts(found)
    assert random == 1e-3
    assert systematic == pytest.approx(math.hypot(2e-3 * found.value / 3**0.5, 0.01 / 12**0.5), rel=1e-6)
    assert found.high - found.value >= 0.95 * normal_half_width(found)

"""What moves the two instants of a delay, what makes them uncertain, and what the mean of delays says of its pulses."""

import numpy as np
import pytest

from tests.analysis.test_pulse import DT, pulse
from tsbench.analysis.pulse.delay_results import Delay, PulseFacts, mean_delay
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.records import Flag


@pytest.mark.parametrize("by_level", [False, True])
@pytest.mark.parametrize("late", [5e-9, -5e-9])
def test_a_known_skew_of_the_channels_changes_no_delay(late, by_level):
    time, voltage, current, _ = pulse(80e-9, seed=None)
    true = switching_delay(time, voltage, current, by_level=by_level)
    seen = switching_delay(
        time, voltage, np.interp(time - late, time, current), PulseFacts(skew=late), by_level=by_level)
    assert seen.value == pytest.approx(true.value, abs=0.05e-9)
    assert seen.switching_time - true.switching_time == pytest.approx(late, abs=0.05e-9)   # as the record shows it


def test_a_noisy_top_makes_the_edge_uncertain():
    """The device switches at the end of a slow edge: its top is short, and half of it decides where the edge is."""
    time, voltage, current, _ = pulse(60e-9, edge=100e-9, rise=20e-9, width=150e-9, seed=None)
    delays = []
    for seed in range(10):
        noise = np.random.default_rng(seed).standard_normal((2, time.size))
        delays.append(switching_delay(time, voltage + 4e-3 * noise[0], current + 2e-6 * noise[1], PulseFacts()))
    scatter = float(np.std([delay.value for delay in delays], ddof=1))
    assert float(np.mean([delay.random for delay in delays])) > 0.65 * scatter


def test_half_of_the_current_of_a_calm_rise_is_as_uncertain_as_its_distance_from_the_steepest():
    time = np.arange(-100e-9, 500e-9, DT)
    shape = np.clip(time / 5e-9 + 0.5, 0.0, 1.0) - np.clip((time - 400e-9) / 5e-9 + 0.5, 0.0, 1.0)
    state = np.where(time > 80e-9, 1.0 - np.exp(-(time - 80e-9) / 20e-9), 0.0)   # steepest where it begins
    found = switching_delay(time, 1.3 * shape * (1.0 - 0.25 * state), shape * (6e-5 + 2e-3 * state), by_level=True)
    assert found.value == pytest.approx(80e-9 + 20e-9 * np.log(2.0), abs=1e-9)
    assert found.apart > 4e-9 and found.random >= 0.5 * found.apart


@pytest.mark.parametrize("flag", [Flag.CLIPPED, Flag.AMBIGUOUS, Flag.UNDER_SAMPLED])
def test_a_mean_delay_has_the_flags_of_the_pulses_that_did_not_switch(flag):
    fired = [Delay(1e-7, 1e-9, 0.0)] * 5
    found = mean_delay([*fired, Delay(None, 0.0, 0.0, Flag.NO_EVENT | flag, told=False)], {})
    assert flag in found.flags and Flag.NO_EVENT not in found.flags
    assert mean_delay(fired, {}).flags == Flag.NONE

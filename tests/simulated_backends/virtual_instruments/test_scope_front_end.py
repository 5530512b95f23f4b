"""Scope front end: bandwidth, noise, conversion, trigger search, on analytic signals."""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.simulated_backends.circuit.engine import Repetition
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.data_sheet import KEYSIGHT_DSOX3054T
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import Acquisition, AcquisitionPlan
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling, choose_sampling
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import (
    ChannelErrors,
    InputChannel,
    convert,
    displayed,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory
from tsbench.simulated_backends.virtual_instruments.oscilloscope.noise import input_noise
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import filtered, gaussian_sigma
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import EdgeSearch, EdgeSettings


@dataclass
class Analytic:
    """A trajectory whose voltage is a function of time."""

    start: float
    end: float
    function: Any
    step: float

    @property
    def times(self) -> Any:
        return np.append(np.arange(self.start, self.end, self.step), self.end)

    def voltage(self, node: str, times: Any) -> Any:
        return self.function(np.asarray(times))

    def current(self, element: str, times: Any) -> Any:
        raise NotImplementedError

    def integral(self, kind: str, name: str, start: float, end: float) -> float:
        raise NotImplementedError


def sine(frequency: float, amplitude: float = 1.0) -> Any:
    return lambda t: amplitude * np.sin(2 * math.pi * frequency * t)


@pytest.mark.parametrize(("interval", "bandwidth"), [
    (0.2e-9, 500e6), (1.7e-9, 500e6), (0.2e-9, 20e6), (5e-9, 20e6),
])
def test_the_response_is_3_db_down_at_the_bandwidth(interval: float, bandwidth: float) -> None:
    history = InputHistory([Analytic(0.0, 3e-6, sine(bandwidth), 0.1 / bandwidth)])
    times = np.arange(1e-6, 2e-6, interval)
    amplitude = math.sqrt(2) * np.std(filtered(history, "n", times, gaussian_sigma(bandwidth)))
    assert amplitude == pytest.approx(1 / math.sqrt(2), rel=0.05)


def test_rise_time_of_a_step_is_0_35_over_the_bandwidth() -> None:
    history = InputHistory([Analytic(0.0, 1e-6, lambda t: np.where(t < 5e-7, 0.0, 1.0), 1e-9)])
    times = np.arange(4.9e-7, 5.1e-7, 0.02e-9)
    response = filtered(history, "n", times, gaussian_sigma(500e6))
    rise = np.interp(0.9, response, times) - np.interp(0.1, response, times)
    assert rise == pytest.approx(0.34 / 500e6, rel=0.05)


def test_slow_signals_pass_unchanged_and_unfiltered() -> None:
    history = InputHistory([Analytic(0.0, 1e-3, sine(1e3), 1e-6)])
    times = np.linspace(1e-4, 9e-4, 1001)
    seen = filtered(history, "n", times, gaussian_sigma(500e6))
    assert seen == pytest.approx(np.sin(2e3 * math.pi * times))


def test_history_of_many_pieces_reads_like_one() -> None:
    pieces = [Analytic(k * 1e-6, (k + 1) * 1e-6, sine(2e5), 1e-7) for k in range(10)]
    history = InputHistory(pieces)
    times = np.linspace(0, 10e-6, 777)
    assert history.voltage("n", times) == pytest.approx(np.sin(2 * math.pi * 2e5 * times))
    assert len(history.between(2.5e-6, 3.5e-6).traces) == 2
    history.forget(5.5e-6)
    assert history.start == pytest.approx(5e-6)


@pytest.mark.parametrize(("bandwidth", "share"), [(500e6, 1.0), (20e6, math.sqrt(20 / 500))])
def test_noise_is_what_the_bandwidth_lets_through(bandwidth: float, share: float) -> None:
    noise = input_noise((1,), 1e-3, 0.2e-9, bandwidth, 500e6).samples(100_000)
    assert len(noise) == 100_000
    assert np.std(noise) == pytest.approx(1e-3 * share, rel=0.05)
    assert np.corrcoef(noise[1:], noise[:-1])[0, 1] > 0.5   # correlated at 5 GSa/s


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-3, 5.0), st.floats(-2, 2), st.lists(st.floats(-50, 50), min_size=1, max_size=20))
def test_codes_round_trip_or_say_that_they_are_clipped(
    scale: float, offset: float, values: list[float],
) -> None:
    channel = InputChannel(1, "n", scale, offset)
    volts = np.array(values)
    codes = convert(channel, volts)
    back = (codes / 256 - 128) * channel.step + offset
    for value, code, seen in zip(volts, codes, back, strict=True):
        level = (value - offset) / channel.step + 128
        if code == 0x0001:
            assert level < 1.5 + 1e-6
        elif code == 0xFFFF:
            assert level > 254.5 - 1e-6
        else:
            assert code % 256 == 0
            assert abs(seen - value) <= channel.step * 0.5001


def test_gain_error_turns_about_mid_screen_and_probe_scales() -> None:
    channel = InputChannel(1, "n", 1.0, 2.0, probe=10.0, divider=10.0)
    line = displayed(channel, ChannelErrors(gain=0.01))
    assert line.factor * np.array([2.0, 6.0]) + line.zero == pytest.approx([2.0, 6.04])
    undeclared = InputChannel(1, "n", 1.0, 0.0, probe=1.0, divider=10.0)   # a probe that the scope was not told of
    assert displayed(undeclared, ChannelErrors()).factor == pytest.approx(0.1)
    assert displayed(InputChannel(1, "n", 1.0, 0.0, inverted=True), ChannelErrors()).factor == -1.0


@pytest.mark.parametrize(("span", "paired", "segments", "rate"), [
    (50e-6, False, 1, 5e9), (50e-6, True, 1, 2.5e9), (1e-3, False, 1, 2e9), (1.0, False, 1, 2e6),
    (50e-6, True, 1000, 2e7), (10.0, True, 1, 2e5),
])
def test_sample_rate_steps_down_to_fit_the_memory(
    span: float, paired: bool, segments: int, rate: float,
) -> None:
    sampling = choose_sampling(KEYSIGHT_DSOX3054T, span, paired, segments)
    assert sampling.rate == pytest.approx(rate)
    assert sampling.points * segments <= 4_000_000


def edge(
    level: float = 0.0, slope: str = "POS", hysteresis: float = 0.1, bandwidth: float = 500e6,
) -> EdgeSettings:
    return EdgeSettings("n", level, slope, hysteresis, gaussian_sigma(bandwidth), 0.0, 0.0)


@pytest.mark.parametrize(("slope", "first"), [("POS", 1 / 12 + 1), ("NEG", 5 / 12), ("EITH", 5 / 12)])
def test_crossing_is_found_to_picoseconds(slope: str, first: float) -> None:
    history = InputHistory([Analytic(0.0, 10e-6, sine(1e6), 23e-9)])
    search = EdgeSearch(edge(0.5, slope), None, 0.1e-6)
    found = search.find(history, 0.3e-6, 5e-6)
    assert found is not None
    assert found[0] == pytest.approx(first * 1e-6, abs=5e-12)
    assert found[1] == pytest.approx(2 * math.pi * 1e6 * math.cos(math.pi / 6), rel=0.01)


def test_hysteresis_and_bandwidth_keep_ripple_and_glitches_out() -> None:
    ripple = InputHistory([Analytic(0.0, 10e-6, sine(1e6, 0.04), 10e-9)])
    assert EdgeSearch(edge(0.0), None, 0.0).find(ripple, 0.0, 9e-6) is None
    glitch = InputHistory([Analytic(0.0, 1e-6, lambda t: np.where(abs(t - 5e-7) < 1e-9, 1.0, 0.0), 1e-9)])
    assert EdgeSearch(edge(0.5, bandwidth=20e6), None, 0.0).find(glitch, 0.0, 9e-7) is None
    assert EdgeSearch(edge(0.5), None, 0.0).find(glitch, 0.0, 9e-7) is not None


def plan(**changes: Any) -> AcquisitionPlan:
    values: dict[str, Any] = {
        "channels": {1: InputChannel(1, "n", 0.5, 0.0)}, "sampling": Sampling(1e9, 2000), "pre": 1e-6,
        "post": 1e-6, "trigger": edge(),
    }
    return AcquisitionPlan(**(values | changes))


def test_no_trigger_counts_before_the_memory_is_full() -> None:
    acquisition = Acquisition(plan(pre=2.3e-6, trigger=edge(0.0)), 0.0, None, np.random.default_rng(1))
    for k in range(20):
        acquisition.observe(Analytic(k * 0.5e-6, (k + 1) * 0.5e-6, sine(1e6), 20e-9))
    assert acquisition.complete
    assert acquisition.records[0].trigger == pytest.approx(3e-6, abs=1e-11)


def test_segments_keep_rearm_time_and_holdoff() -> None:
    wanted = plan(pre=0.1e-6, post=0.4e-6, records=4, rearm=1e-6)
    acquisition = Acquisition(wanted, 0.0, None, np.random.default_rng(1))
    acquisition.observe(Analytic(0.0, 50e-6, sine(1e6), 20e-9))
    assert np.diff([record.trigger for record in acquisition.records]) == pytest.approx(2e-6)
    wanted = plan(pre=0.1e-6, post=0.4e-6, records=4, holdoff=6.5e-6)
    held = Acquisition(wanted, 0.0, None, np.random.default_rng(1))
    held.observe(Analytic(0.0, 50e-6, sine(1e6), 20e-9))
    assert np.diff([record.trigger for record in held.records]) == pytest.approx(7e-6)


def test_skipped_periods_count_as_copies() -> None:
    period = Analytic(0.0, 1e-6, sine(1e6), 20e-9)
    acquisition = Acquisition(plan(records=3, pre=2.5e-6), 0.0, None, np.random.default_rng(1))
    acquisition.observe(Repetition(0.0, 1000, 1e-6, period))
    assert acquisition.complete
    assert acquisition.records[0].trigger == pytest.approx(3e-6, abs=1e-11)
    quiet = Acquisition(plan(trigger=edge(5.0)), 0.0, None, np.random.default_rng(1))
    quiet.observe(Repetition(0.0, 10**6, 1e-6, period))   # nothing new in all of them: must be quick
    quiet.observe(Analytic(1.0, 1.0 + 5e-6, lambda t: np.where(t < 1.0 + 2e-6, 0.0, 10.0), 20e-9))
    assert quiet.records[0].trigger == pytest.approx(1.0 + 2e-6, abs=1e-9)


def test_neither_jitter_nor_the_time_base_brings_a_trigger_before_the_memory_is_full() -> None:
    """Edges are where the memory is just full: a record that began before would have holes at its start."""
    for seed, error in itertools.product(range(10), (0.0, 1e-4, -1e-4)):
        trigger = EdgeSettings("n", 0.0, "POS", 0.1, gaussian_sigma(500e6), 1e-9, 0.0)
        one = Acquisition(plan(pre=2e-6, trigger=trigger, timebase_error=error), 0.0, None, np.random.default_rng(seed))
        for k in range(20):
            one.observe(Analytic(k * 0.5e-6, (k + 1) * 0.5e-6, sine(1e6), 20e-9))
        assert one.records[0].trigger >= 2e-6 * (1.0 + error)


def test_automatic_trigger_comes_without_an_edge() -> None:
    acquisition = Acquisition(plan(trigger=edge(5.0), automatic=1e-3), 0.0, None, np.random.default_rng(1))
    acquisition.observe(Analytic(0.0, 2e-3, sine(1e6), 20e-9))
    assert acquisition.records[0].automatic
    assert acquisition.records[0].trigger == pytest.approx(1e-3 + 1e-6)


def test_automatic_trigger_within_skipped_periods() -> None:
    period = Analytic(0.0, 1e-6, sine(1e6), 20e-9)
    acquisition = Acquisition(plan(trigger=edge(5.0), automatic=1e-2), 0.0, None, np.random.default_rng(1))
    assert acquisition.waits_in_vain
    acquisition.observe(Repetition(0.0, 10**6, 1e-6, period))   # a million periods: must be quick
    record = acquisition.records[0]
    assert record.trigger == pytest.approx(1e-2 + 1e-6)
    assert record.history.start < record.trigger - 1e-6
    assert record.history.end > record.trigger + 1e-6


@pytest.mark.parametrize(("interval", "bandwidth"), [(0.2e-9, 500e6), (0.2e-9, 20e6), (1e-6, 500e6)],
                         ids=["band-limited", "limited far below the rate", "white"])
def test_noise_is_the_same_at_any_stride(interval: float, bandwidth: float) -> None:
    noise = input_noise((3, 1), 1e-3, interval, bandwidth, bandwidth)
    whole = noise.samples(20_000)
    for stride in (7, 3000):
        assert np.array_equal(noise.samples(20_000, stride), whole[::stride])
    many = noise.samples(400_000)
    assert np.array_equal(many[:20_000], whole)
    assert float(np.std(many)) == pytest.approx(1e-3, rel=0.02)
    assert abs(float(np.mean(many))) < 5e-5
    other = input_noise((3, 2), 1e-3, interval, bandwidth, bandwidth).samples(400_000)
    assert abs(float(np.corrcoef(many, other)[0, 1])) < 0.03

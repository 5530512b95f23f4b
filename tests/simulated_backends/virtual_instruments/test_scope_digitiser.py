"""From a record to codes, and what a scope remembers: samples, averages, holes, noise, periods that repeat."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tsbench.simulated_backends.circuit.engine import Gap, Repetition
from tsbench.simulated_backends.services.trigger_lines import DigitalLine, EdgeTrain
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.data_sheet import KEYSIGHT_DSOX3054T as SHEET
from tsbench.simulated_backends.virtual_instruments.oscilloscope import digitiser as module
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import (
    Acquisition,
    AcquisitionPlan,
    TriggeredRecord,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import Sampling
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.front_end import (
    ChannelErrors,
    InputChannel,
    convert,
    displayed,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory, Repeated, Samples, Shifted
from tsbench.simulated_backends.virtual_instruments.oscilloscope.noise import InputNoise, input_noise
from tsbench.simulated_backends.virtual_instruments.oscilloscope.response import (
    filtered,
    gaussian_sigma,
    smooth,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.seen_signal import SeenSignal, constant_signal
from tsbench.simulated_backends.virtual_instruments.oscilloscope.trigger import (
    EdgeSearch,
    EdgeSettings,
    channel_edge,
    external_edge,
)

WHITE = [0.056888357, 1.0599638, 1.1394345]
EXTERNAL = EdgeSettings(None, 1.0, "POS", 0.0, 0.0, 0.0, 0.0)


class Trace:
    """A node voltage [V] as a function of time, with a solver step each ``step`` [s]."""

    def __init__(self, function: Any, start: float, end: float, step: float) -> None:
        self.function, self.start, self.end = function, start, end
        self.times = np.append(np.arange(start, end - step / 2, step), end)

    def voltage(self, node: str, times: Any) -> Any:
        return self.function(np.asarray(times))


def ramp(times: Any) -> Any:
    return times * 1e6   # 1 V a microsecond


def plan(**changes: Any) -> AcquisitionPlan:
    values: dict[str, Any] = {
        "channels": {1: InputChannel(1, "n", 1.0, 0.0)}, "sampling": Sampling(1e9, 1000), "pre": 0.5e-6, "post": 0.5e-6,
        "trigger": EXTERNAL}
    return AcquisitionPlan(**(values | changes))


def record(function: Any = ramp, trigger: float = 0.0, start: float = -2e-6, number: int = 0) -> TriggeredRecord:
    return TriggeredRecord(number, trigger, InputHistory([Trace(function, start, 2e-6, 1e-6)]))


def volts(codes: Any, channel: InputChannel) -> Any:
    return (codes / 256 - 128) * channel.step + channel.offset


QUIET = Digitiser(SHEET, {1: ChannelErrors(), 2: ChannelErrors()}, (7, 8), noisy=False)

# -------------------------------------------------------------------------------------------- samples


@pytest.mark.parametrize(("trigger", "error", "stride"), [(0.0, 0.0, 1), (0.3e-6, 0.0, 3), (0.2e-6, 0.1, 10)])
def test_samples_lie_where_the_time_base_puts_them(trigger: float, error: float, stride: int) -> None:
    asked = plan(timebase_error=error)
    seen = volts(QUIET.codes(asked, record(trigger=trigger), 1, stride), asked.channels[1])
    assert len(seen) == math.ceil(1000 / stride)
    times = trigger + (-0.5e-6 + np.arange(0, 1000, stride) * 1e-9) * (1 + error)
    assert seen == pytest.approx(times * 1e6, abs=0.51 * asked.channels[1].step)


@pytest.mark.parametrize(("begins", "stride", "holes"), [
    (-0.5e-6, 1, 0), (-0.499e-6, 1, 1), (-0.4e-6, 1, 100), (-0.4e-6, 7, 15), (-2e-6, 1, 0), (0.6e-6, 1, 1000)])
def test_what_was_before_the_memory_filled_is_a_hole(begins: float, stride: int, holes: int) -> None:
    codes = QUIET.codes(plan(), record(start=begins), 1, stride)
    assert (codes[:holes] == 0).all() and (codes[holes:] != 0).all()


def test_a_grounded_or_open_input_shows_zero() -> None:
    for channel in (InputChannel(1, None, 1.0, 0.5), InputChannel(1, "n", 1.0, 0.5, grounded=True)):
        codes = QUIET.codes(plan(channels={1: channel}), record(), 1)
        assert volts(codes, channel) == pytest.approx(np.zeros(1000), abs=channel.step)


@pytest.mark.parametrize(("interval", "high_resolution", "average"), [
    (1e-9, False, 1.0), (1e-9, True, 5.0), (0.2e-9, True, 1.0), (1e-7, True, 500.0)])
def test_high_resolution_averages_the_samples_that_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch, interval: float, high_resolution: bool, average: float
) -> None:
    """Of 5 GSa/s. Their mean is a boxcar, whose variance is that of an even spread; noise falls with their root."""
    seen: dict[str, Any] = {}

    def response(history: Any, node: str, samples: Samples, sigma: float) -> SeenSignal:
        seen["sigma"] = sigma
        seen["samples"] = samples.count, samples.interval
        return constant_signal(0.0, samples.count)

    def noise(seed: Any, rms: float, interval: float, *bandwidths: float) -> InputNoise:
        seen["noise"] = seed, interval, bandwidths
        seen["rms"] = rms
        return input_noise(seed, 0.0, interval, *bandwidths)

    monkeypatch.setattr(module, "seen_signal", response)
    monkeypatch.setattr(module, "input_noise", noise)
    channel = InputChannel(2, "n", 5.0, 0.0, probe=10.0, bandwidth=20e6)
    asked = plan(channels={2: channel}, sampling=Sampling(1 / interval, 1000), high_resolution=high_resolution)
    noisy = replace(QUIET, errors={2: ChannelErrors(noise=1.1)}, noisy=True)
    noisy.codes(asked, record(number=3), 2, 4)
    sigma = gaussian_sigma(20e6)
    assert seen["sigma"] == pytest.approx(math.hypot(sigma, interval / math.sqrt(12)) if average > 1 else sigma)
    assert seen["rms"] == pytest.approx(1.1 * SHEET.noise(0.5) / math.sqrt(average))   # 5 V behind 10 to 1
    assert seen["samples"] == (250, pytest.approx(4 * interval))
    assert seen["noise"] == ((7, 8, 3, 2), pytest.approx(interval), (20e6, 500e6))
    QUIET.codes(asked, record(), 2)
    assert seen["rms"] == 0.0


def test_high_resolution_has_sixteen_steps_in_a_code() -> None:
    channel = InputChannel(1, "n", 1.0, 0.0)
    level = np.array([0.0, 1 / 16, 0.4, 1.49 / 16, 1.51 / 16]) * channel.step
    assert (convert(channel, level, 16) - 128 * 256).tolist() == [0, 16, 96, 16, 32]   # 6.4 of 16 are 6
    assert (convert(channel, level) - 128 * 256).tolist() == [0, 0, 0, 0, 0]
    ends = (np.array([1.49, 1.51, 254.49, 254.51]) - 128) * channel.step
    assert convert(channel, ends).tolist() == [1, 2 * 256, 254 * 256, 0xFFFF]
    asked = plan(high_resolution=True, sampling=Sampling(1e8, 100))
    assert len(set(QUIET.codes(asked, record(), 1) % 256)) > 8


def test_an_average_is_clipped_where_one_record_is() -> None:
    asked = plan(averaged=True)
    records = [
        record(lambda t, k=k: np.where(t < -0.25e-6, k, np.where(t < 0, 0.1 if k else 99.0, -99.0 if k else 0.1)))
        for k in (0.0, 1.0)]
    codes = QUIET.read(asked, records, 1)
    assert volts(codes[10:240], asked.channels[1]) == pytest.approx(np.full(230, 0.5), abs=0.51 * 8 / 199)
    assert (codes[260:490] == 0xFFFF).all() and (codes[510:] == 0x0001).all()
    both = QUIET.read(plan(), records, 1, 2)
    assert np.array_equal(both, np.concatenate([QUIET.codes(plan(), one, 1, 2) for one in records]))


def test_errors_of_an_input_are_a_third_of_the_accuracy_and_never_beyond_it() -> None:
    sigmas = [1.0, -1.0, 4.0, -4.0]

    class Numbers:
        def normal(self, mean: float, sigma: float) -> float:
            return mean + sigma * sigmas.pop(0)

        def uniform(self, low: float, high: float) -> float:
            return (low + 3 * high) / 4

    drawn = ChannelErrors.draw(SHEET, Numbers())  # type: ignore[arg-type]
    assert (drawn.gain, drawn.offset_divisions) == pytest.approx((0.02 / 3, -0.1 / 3))
    assert (drawn.offset, drawn.offset_gain) == (2e-3, -0.01)
    assert drawn.noise == pytest.approx(1.075)   # within 15 %


def test_what_an_input_makes_of_a_voltage() -> None:
    channel = InputChannel(1, "n", 2.0, 3.0, probe=10.0, divider=5.0)
    errors = ChannelErrors(gain=0.1, offset_divisions=0.05, offset=0.01, offset_gain=0.02)
    zero = 0.05 * 2.0 + 10.0 * 0.01 + 3.0 * 0.02
    line = displayed(channel, errors)
    shown = line.factor * np.array([1.0, 2.0]) + line.zero   # 2 V and 4 V at the display
    assert shown == pytest.approx([3.0 - 1.1 + zero, 3.0 + 1.1 + zero])
    assert line.noise == 10.0   # noise of the input, behind the probe's factor
    coupled = displayed(replace(channel, ac_coupled=True, inverted=True), ChannelErrors(), 1.5)
    assert coupled.factor * np.array([1.0, 2.0]) + coupled.zero == pytest.approx([1.0, -1.0])
    levels = line.levels(3.0, 0.1, 128.0)   # 0.1 V a level, 3 V at the level 128
    assert levels.factor * np.array([1.0, 2.0]) + levels.zero == pytest.approx(128.0 + (shown - 3.0) / 0.1)
    assert levels.noise == pytest.approx(100.0)


def test_a_coupling_capacitor_holds_back_the_mean_of_what_is_seen() -> None:
    channel = InputChannel(1, "n", 1.0, 0.0, ac_coupled=True)
    codes = QUIET.codes(plan(channels={1: channel}), record(lambda t: 2.0 + np.sin(2e7 * math.pi * t)), 1)
    seen = volts(codes, channel)
    assert float(np.mean(seen)) == pytest.approx(0.0, abs=0.01)
    assert (float(np.min(seen)), float(np.max(seen))) == pytest.approx((-1.0, 1.0), abs=0.03)


def test_noise_of_neighbours_is_correlated_within_the_response() -> None:
    """At 3 sigma between two samples and more it is white; below, white noise seen through the Gaussian response."""
    sigma = gaussian_sigma(20e6)
    for interval in (sigma, 2 * sigma, 3.1 * sigma):
        response = np.exp(-0.5 * (np.arange(-9, 10) * interval / sigma) ** 2)
        expected = 0.0 if interval > 3 * sigma else response[1:] @ response[:-1] / (response @ response)
        noise = input_noise((5,), 1.0, interval, 20e6, 500e6).samples(12_000)
        assert np.std(noise) == pytest.approx(0.2, rel=0.05)   # root of 20 MHz of 500 MHz
        assert np.corrcoef(noise[1:], noise[:-1])[0, 1] == pytest.approx(expected, abs=0.03)
    white = input_noise((5, 2), 1.0, 1e-6, 500e6, 500e6).samples(3)
    assert white == pytest.approx(WHITE, abs=1e-5)   # of a seed: the same for ever
    assert input_noise((5,), 0.0, 1e-9, 20e6, 500e6).samples(10, 3).tolist() == [0.0] * 4


# -------------------------------------------------------------------------------------------- history


def test_a_copy_of_a_piece_is_later() -> None:
    copy = Shifted(Trace(ramp, 0.0, 1e-6, 0.5e-6), 2e-6)
    assert (copy.start, copy.end) == pytest.approx((2e-6, 3e-6))
    assert copy.times == pytest.approx([2e-6, 2.5e-6, 3e-6])
    assert copy.voltage("n", np.array([2.25e-6])) == pytest.approx([0.25])


def test_many_copies_are_one_piece() -> None:
    many = Repeated(Trace(ramp, 1e-6, 2e-6, 0.5e-6), 4e-6, 1e-6, 5)
    assert (many.start, many.end) == pytest.approx((4e-6, 9e-6))
    assert many.times == pytest.approx([4e-6, 4.5e-6, 5e-6, 8e-6, 8.5e-6, 9e-6])
    assert many.voltage("n", np.array([4e-6, 4.25e-6, 6.25e-6, 8.75e-6])) == pytest.approx([1.0, 1.25, 1.25, 1.75])


def test_pieces_are_found_kept_and_forgotten() -> None:
    history = InputHistory([Trace(ramp, k * 1e-6, (k + 1) * 1e-6, 0.5e-6) for k in range(5)])
    assert (history.start, history.end) == pytest.approx((0.0, 5e-6))
    assert (InputHistory().start, InputHistory().end) == (math.inf, -math.inf)
    assert [trace.start for trace in history.between(1.5e-6, 2.5e-6).traces] == pytest.approx([1e-6, 2e-6])
    assert history.steps(0.9e-6, 2e-6) == pytest.approx([1e-6, 1e-6, 1.5e-6, 2e-6, 2e-6])
    assert history.steps(7e-6, 8e-6).size == 0
    assert history.voltage("n", np.array([-1.0, 0.5e-6, 1.0])) == pytest.approx([0.0, 0.5, 5.0])   # ends at both ends
    assert history.voltage("n", np.empty(0)).size == 0
    history.forget(2.0e-6)
    assert len(history.traces) == 4   # a piece that ends there is kept
    history.forget(2.1e-6)
    assert history.start == pytest.approx(2e-6)


# ------------------------------------------------------------------------------------------- response


def test_a_long_convolution_is_that_of_its_definition() -> None:
    values = np.random.default_rng(1).normal(size=5000)
    for taps in (3, 65, 101):
        kernel = np.hanning(taps) / taps
        assert smooth(values, kernel) == pytest.approx(np.convolve(values, kernel, mode="valid"), abs=1e-12)


def square(times: Any) -> Any:
    """0 V and 1 V by turns each half microsecond, with edges of 20 ns."""
    return np.interp(np.mod(times, 1e-6), np.array([0.0, 0.02, 0.5, 0.52, 1.0]) * 1e-6, [0.0, 1.0, 1.0, 0.0, 0.0])


def test_many_periods_are_filtered_as_each_of_them() -> None:
    """A record of so many copies that one filtered period is looked up, against the same record piece by piece."""
    sigma, length = gaussian_sigma(20e6), 1e-6
    period = Trace(square, 0.0, length, 10e-9)
    lead, tail = Trace(lambda t: 0.5 + 0 * t, -1e-6, 0.0, 10e-9), Trace(lambda t: 0.25 + 0 * t, 8e-6, 9e-6, 10e-9)
    folded = InputHistory([lead, Repeated(period, 0.0, length, 8), tail])
    pieces = InputHistory([lead, *(Shifted(period, k * length) for k in range(8)), tail])
    times = np.arange(-0.5e-6, 8.5e-6, 0.5e-9)
    assert filtered(folded, "n", times, sigma) == pytest.approx(filtered(pieces, "n", times, sigma), abs=2e-3)
    one = times[2000:2001]
    assert filtered(folded, "n", one, sigma) == pytest.approx(filtered(pieces, "n", one, sigma), abs=2e-3)
    few = times[::200]   # too few samples for that
    assert filtered(folded, "n", few, sigma) == pytest.approx(filtered(pieces, "n", few, sigma), abs=2e-3)


# --------------------------------------------------------------------------------------------- trigger


@pytest.mark.parametrize(("level", "slope", "after", "found"), [
    (1.0, "POS", 0.0, 1.0), (1.0, "NEG", 0.0, 1.25), (1.0, "EITH", 1.1, 1.25), (1.0, "EITH", 1.3, 2.0),
    (0.0, "POS", 0.0, None), (-1.0, "POS", 0.0, None), (3.3, "POS", 0.0, None), (3.2, "POS", 0.0, 1.0),
    (1.0, "POS", 9.0, None),
])
def test_edges_of_the_external_input(level: float, slope: str, after: float, found: float | None) -> None:
    """A line is at 0 V or 3.3 V: other levels are never crossed."""
    line = DigitalLine()
    line.add(EdgeTrain(1.0, 0.25, 1.0, 3))
    search = EdgeSearch(replace(EXTERNAL, level=level, slope=slope), line, 0.0)
    edge = search.find(InputHistory(), after, 5.0)
    assert edge == (None if found is None else (found, math.inf))
    assert search.scanned == (5.0 if found is None else found)
    assert search.find(InputHistory(), 0.0, search.scanned) is None   # judged already


def test_edges_between_two_steps_of_the_solver_are_found() -> None:
    """Steps of a whole period: at each the sine is at zero, and between them it is not."""
    slow = InputHistory([Trace(lambda t: -np.sin(2e6 * math.pi * t), 0.0, 5e-6, 1e-6)])
    for slope, first in (("POS", 0.5e-6 + 0.5e-6 / 6), ("NEG", 1e-6 - 0.5e-6 / 6)):
        edge = EdgeSettings("n", 0.5, slope, 0.1, 1e-10, 0.0, 0.0)
        found = EdgeSearch(edge, None, 0.0).find(slow, 0.0, 4e-6)
        assert found is not None and found[0] == pytest.approx(first, abs=1e-9)


def test_noise_of_a_trigger_is_that_of_the_input_at_the_node() -> None:
    """Behind a probe of 10 to 1 that the scope knows of: ten times the noise of the input at 0.5 V a division."""
    channel = InputChannel(1, "n", 5.0, 0.0, probe=10.0, divider=10.0, bandwidth=500e6)
    noisy, quiet = (channel_edge(channel, SHEET, 2.0, "POS", 0.4, noise) for noise in (True, False))
    assert noisy.noise == pytest.approx(10 * SHEET.noise(0.5)) and noisy.jitter == SHEET.trigger_jitter
    assert (quiet.noise, quiet.jitter) == (0.0, 0.0)
    assert (noisy.level, noisy.hysteresis, noisy.sigma) == pytest.approx((2.0, 2.0, gaussian_sigma(500e6)))


def test_an_edge_at_the_earliest_instant_counts_and_one_beyond_the_limit_does_not() -> None:
    line = DigitalLine()
    line.add(EdgeTrain(1.0, 0.25, 1.0, 3))
    assert EdgeSearch(EXTERNAL, line, 0.0).find(InputHistory(), 1.0, 5.0) == (1.0, math.inf)
    search = EdgeSearch(EXTERNAL, line, 0.0)
    assert search.find(InputHistory(), 0.0, 0.9) is None and search.scanned == 0.9
    assert search.find(InputHistory(), 0.0, 1.0) == (1.0, math.inf)
    assert EdgeSearch(EXTERNAL, None, 0.0).find(InputHistory(), 0.0, 5.0) is None


# ----------------------------------------------------------------------------------------- acquisition


def acquisition(line: DigitalLine | None = None, **changes: Any) -> Acquisition:
    return Acquisition(plan(**changes), 0.0, line, np.random.default_rng(1))


def sine(times: Any) -> Any:
    return np.sin(2e6 * math.pi * times)


def test_margins_are_the_response_of_the_slowest_channel() -> None:
    slow = InputChannel(2, "m", 1.0, 0.0, bandwidth=20e6)
    both = plan(channels={1: InputChannel(1, "n", 1.0, 0.0), 2: slow})
    assert both.margin == pytest.approx(4 * gaussian_sigma(20e6))
    edge = EdgeSettings("n", 0.0, "POS", 0.1, gaussian_sigma(20e6), 0.0, 0.0)
    assert plan(trigger=edge).margin == edge.lag == pytest.approx(12 * gaussian_sigma(20e6))
    assert both.first_sample == -0.5e-6 and EXTERNAL.lag == 0.0
    assert external_edge(1.4, "NEG", 2e-9) == EdgeSettings(None, 1.4, "NEG", 0.0, 0.0, 2e-9, 0.0)


def test_a_record_is_whole_when_its_end_and_the_response_are_there() -> None:
    one = acquisition(automatic=1e-6)
    told: list[int] = []
    one.on_trigger = lambda: told.append(1)
    assert one.finish is None and one.eligible == 0.5e-6   # the memory has to fill
    one.observe(Trace(sine, 0.0, 1.4e-6, 1e-8))
    assert told == [] and one.pending is None
    one.observe(Trace(sine, 1.4e-6, 1.6e-6, 1e-8))
    assert one.pending == (1.5e-6, True) and told == [1]
    assert one.finish == pytest.approx(2.0e-6 + one.plan.margin)
    one.observe(Trace(sine, 1.6e-6, 2.0e-6, 1e-8))
    assert not one.complete
    one.observe(Trace(sine, 2.0e-6, 2.1e-6, 1e-8))
    (found,) = one.records
    assert one.complete and one.pending is None and (found.trigger, found.automatic, found.number) == (1.5e-6, True, 0)
    one.observe(Gap(2.1e-6, 3e-6, "too much"))   # nothing more is taken
    assert one.records == [found]


def test_a_forced_trigger_is_now_and_only_where_none_is_pending() -> None:
    one = acquisition()
    one.observe(Trace(sine, 0.0, 1e-6, 1e-8))
    one.force(1e-6)
    assert one.pending == (1e-6, True) and one.forced is None
    one.force(2e-6)
    assert one.forced is None
    before = acquisition()
    before.force(-1.0)   # before the memory began
    before.observe(Trace(sine, 0.0, 1e-6, 1e-8))
    assert (before.records[0].trigger, before.records[0].automatic) == (0.0, True)


def test_what_was_not_computed_fills_the_memory_anew() -> None:
    line = DigitalLine()
    line.add(EdgeTrain(1e-6, 1e-7, 1e-6, 0))
    one = acquisition(line)
    one.observe(Trace(sine, 0.0, 1.2e-6, 1e-8))
    assert one.pending == (1e-6, False)
    one.observe(Gap(1.2e-6, 5.1e-6, "too much"))
    assert one.pending is None and one.history.traces == [] and one.eligible == pytest.approx(5.6e-6)
    one.observe(Trace(sine, 5.1e-6, 7e-6, 1e-8))
    assert one.records[0].trigger == pytest.approx(6e-6)
    assert one.records[0].history.start == 5.1e-6


def test_the_next_segment_waits_for_rearming_memory_and_holdoff() -> None:
    line = DigitalLine()
    line.add(EdgeTrain(1e-6, 1e-8, 0.1e-6, 0))
    # 0.5 us behind the trigger, 0.95 us to rearm, 0.5 us to fill the memory; edges each 0.1 us
    for holdoff, eligible in ((40e-9, 3e-6), (4.95e-6, 6e-6)):
        one = acquisition(line, records=2, holdoff=holdoff, rearm=0.95e-6)
        one.observe(Trace(sine, 0.0, 9e-6, 1e-8))
        assert [record.trigger for record in one.records] == pytest.approx([1e-6, eligible], abs=1e-12)
        assert [record.number for record in one.records] == [0, 1]


def test_edges_that_are_missed_do_not_trigger() -> None:
    line, missed = DigitalLine(), [True, True, False]
    line.add(EdgeTrain(1e-6, 1e-8, 1e-6, 0))
    one = acquisition(line)
    one.misses = lambda: missed.pop(0)
    one.observe(Trace(sine, 0.0, 9e-6, 1e-8))
    assert one.records[0].trigger == pytest.approx(3e-6) and missed == []


def test_jitter_is_that_of_the_interpolator_and_of_noise_over_slew() -> None:
    for noise, slew, rms in ((0.0, 1e9, 3e-12), (4e-3, 1e9, 5e-12), (4e-3, math.inf, 3e-12), (4e-3, 0.5, 8e-3),
                             (4e-3, 0.0, 3e-12)):
        edge = EdgeSettings("n", 0.0, "POS", 0.1, 1e-9, 3e-12, noise)
        one = acquisition(trigger=edge)
        found = [one._jitter(slew) for _ in range(2000)]
        assert float(np.std(found)) == pytest.approx(rms, rel=0.05)
    assert acquisition()._jitter(1e9) == 0.0


def test_waiting_in_vain_is_without_a_signal_or_until_it_triggers_by_itself() -> None:
    edge = EdgeSettings("n", 9.0, "POS", 0.1, 1e-9, 0.0, 0.0)
    assert acquisition().waits_in_vain   # nothing is plugged in
    assert not acquisition(DigitalLine()).waits_in_vain and not acquisition(trigger=edge).waits_in_vain
    assert acquisition(trigger=edge, automatic=1.0).waits_in_vain
    assert acquisition(DigitalLine(), automatic=1.0).waits_in_vain
    forced = acquisition()
    forced.forced = 1.0
    pending = acquisition()
    pending.pending = (1.0, False)
    recorded = acquisition(records=2)
    recorded.records.append(record())
    assert not any(one.waits_in_vain for one in (forced, pending, recorded))


@pytest.mark.parametrize(("changes", "state", "copies"), [
    ({"trigger": EXTERNAL}, {}, 1000),                       # the trigger comes from elsewhere
    ({}, {"pending": (0.0, False)}, 100 - 3),                # until the record is whole
    ({}, {"eligible": 50e-6}, 50 - 3),                       # no trigger counts before
    ({}, {"eligible": 50e-6, "forced": 20e-6}, 20 - 3),
    ({}, {"eligible": 5000e-6}, 1000), ({}, {}, 0),           # each copy is searched
    ({}, {"searched": 4}, 1000), ({"automatic": 50.5e-6}, {"searched": 4}, 50 - 3), ({}, {"searched": 3}, 0),
])
def test_how_many_periods_need_not_be_looked_at(changes: dict[str, Any], state: dict[str, Any], copies: int) -> None:
    """Periods of 1 us from the time 0 on; three copies before the instant of interest are looked at one by one."""
    edge = EdgeSettings("n", 9.0, "POS", 0.1, 1e-10, 0.0, 0.0)
    one = acquisition(**({"trigger": edge, "pre": 0.0, "post": 100.2e-6} | changes))
    searched = state.pop("searched", 0)
    one.eligible = -1e-9
    for name, value in state.items():
        setattr(one, name, value)
    repetition = Repetition(0.0, 1000, 1e-6, Trace(sine, 0.0, 1e-6, 1e-8))  # type: ignore[arg-type]
    assert one._alike(repetition, 0.0, 1000, searched) == copies

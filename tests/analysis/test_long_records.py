"""Long records: the compiled loops find what NumPy finds, parts give what the whole gives, in bounded memory."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.compilation import LONG
from tsbench.analysis.oscillation import spikes
from tsbench.analysis.oscillation.frequency import frequency_result, oscillation, sensitivity
from tsbench.analysis.oscillation.loops import BLOCK, crossings, extremes, fresh_state, turns_of_part
from tsbench.analysis.oscillation.samples import PART, ArraySamples, MendedSamples, spans
from tsbench.analysis.oscillation.spikes import spike_times, spikes_of_samples
from tsbench.analysis.oscillation.turning import least_change, turns_of
from tsbench.analysis.reversals import reversals
from tsbench.records import Flag

PERIOD = 500


class Made:
    """A record that is computed when it is read: Gaussian spikes of two heights on a drift, with noise."""

    def __init__(self, size: int, noise: float, small: float = 0.25, drift: float = 1.0, width: float = 20.0) -> None:
        self.size, self._noise, self._small, self._drift, self._width = size, noise, small, drift, width

    def part(self, first: int, last: int) -> np.ndarray:
        at = np.arange(first, last)
        number, phase = at // PERIOD, at % PERIOD - PERIOD // 2
        heights = np.where(number % 2, self._small, 1.0)
        clean = heights * np.exp(-((phase / self._width) ** 2)) + self._drift * at / self.size
        parts = [np.random.default_rng(k).standard_normal(2**16) for k in range(first >> 16, ((last - 1) >> 16) + 1)]
        noise = np.concatenate(parts)[first - (first >> 16 << 16) :][: at.size]
        return clean + self._noise * noise


def missed_and_false(times: np.ndarray, size: int) -> tuple[int, int]:
    truth = np.arange(PERIOD // 2, size, PERIOD)
    nearest = np.rint((times - PERIOD // 2) / PERIOD)
    right = np.abs(times - (nearest * PERIOD + PERIOD // 2)) < 60
    return truth.size - np.unique(nearest[right]).size, times.size - np.unique(nearest[right]).size


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), size=st.integers(2, 700), step=st.sampled_from([16, 48, 1000]),
       least=st.sampled_from([0.5, 2.0, 5.0, 50.0]), grain=st.sampled_from([1.0, 1e3]))
def test_the_loop_through_parts_finds_the_reversals_of_the_whole(seed, size, step, least, grain):
    values = np.round(np.cumsum(np.random.default_rng(seed).standard_normal(size)) * grain) / grain
    state, found = fresh_state(values[0]), []
    for first in range(0, size, step):
        part = values[first : first + step]
        low, high = np.empty(part.size // BLOCK), np.empty(part.size // BLOCK)
        extremes(part, low, high, np.zeros(3))
        places, levels = np.empty(part.size, np.int64), np.empty(part.size)
        count = turns_of_part(part, low, high, first, least, state, places, levels)
        assert np.array_equal(values[places[:count]], levels[:count])
        found += places[:count].tolist()
    expected = reversals(values, least)
    assert set(found[1:]) <= set(expected.tolist()) and set(expected[1:-1]) <= set(found)


def test_a_record_in_parts_gives_what_the_whole_gives():
    made = Made(3 * LONG, 0.02)
    whole = spikes_of_samples(made.part(0, made.size), 1e-9, 2.0)
    parts = spikes_of_samples(made, 1e-9, 2.0)
    assert np.array_equal(whole.times, parts.times) and whole.uncertainty == parts.uncertainty
    assert missed_and_false((whole.times - 2.0) / 1e-9, made.size) == (0, 0)
    timed = spike_times(2.0 + 1e-9 * np.arange(made.size), made.part(0, made.size))
    assert timed.times == pytest.approx(whole.times, abs=1e-14)
    assert whole.least < 0.25 and whole.least_width > 1e-9 and whole.noise == pytest.approx(0.02, rel=0.05)


class InParts:
    """Samples that are never read all at once."""

    def __init__(self, values: np.ndarray) -> None:
        self._values, self.size = values, values.size

    def part(self, first: int, last: int) -> np.ndarray:
        assert last - first <= 2 * PART
        return self._values[first:last].copy()


def test_a_long_record_is_never_in_the_memory(monkeypatch):
    monkeypatch.setattr(spikes, "_MOST_IN_MEMORY", 2 * LONG)
    values = Made(6 * LONG, 0.02).part(0, 6 * LONG)
    values[123_456] += 5.0
    spikes_of_samples(InParts(values[: 2 * LONG + 1]), 1.0)   # compiles
    tracemalloc.start()
    found = spikes_of_samples(InParts(values), 1.0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert missed_and_false(found.times, values.size) == (0, 0)
    assert peak < 0.7 * values.nbytes   # parts of fixed size, which a longer record shares


@pytest.mark.parametrize(("small", "noise", "drift"), [(0.25, 0.025, 1.0), (0.25, 0.025, -1.0), (0.5, 0.05, 0.5),
                                                       (1.0, 0.1, 1.0), (0.25, 0.001, 1.0)])
@pytest.mark.parametrize("size", [LONG // 2, 2 * LONG])
def test_small_spikes_in_noise_of_a_tenth_of_them_are_found(small, noise, drift, size):
    made = Made(size, noise, small, drift)
    found = spikes_of_samples(made.part(0, size), 1.0)
    assert missed_and_false(found.times, size) == (0, 0)
    assert found.least < small


def test_clipped_spikes_are_found():
    values = np.minimum(Made(2 * LONG, 0.02).part(0, 2 * LONG), 0.7)
    quiet = spikes_of_samples(values[: LONG // 2], 1.0, flags=Flag.CLIPPED)
    assert missed_and_false(quiet.times, LONG // 2) == (0, 0) and Flag.CLIPPED in quiet.flags


def test_noise_alone_has_no_spikes_and_the_sensitivity_is_said():
    values = np.random.default_rng(1).standard_normal(2 * LONG)
    found = spikes_of_samples(values, 1e-9)
    assert found.times.size == 0 and Flag.NO_EVENT in found.flags
    assert 9.0 < found.least < 15.0 and found.least_width == 1e-9
    assert sensitivity(found, "mV").startswith(f"a spike of {found.least:.1f}") and "1.00 ns" in sensitivity(found, "V")
    assert frequency_result(oscillation(found), {}, "so much").method == "no oscillation; so much"
    with_one = values.copy()
    with_one[1000:1100] += 1.5 * found.least
    assert spikes_of_samples(with_one, 1e-9).times.size == 1


def test_the_least_change_is_made_by_noise_once_in_a_thousand_records():
    ranges = [np.ptp(np.random.default_rng(seed).standard_normal(5000)) for seed in range(400)]
    assert max(ranges) < least_change(1.0, 5000) < 1.3 * max(ranges)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 9.9e37])
def test_samples_that_are_no_numbers_are_replaced_and_said(wrong):
    values = Made(2 * LONG, 0.01).part(0, 2 * LONG)
    values[1000] = wrong
    found = spikes_of_samples(values, 1.0)
    assert missed_and_false(found.times, values.size) == (0, 0) and Flag.OVERFLOW in found.flags
    nothing = spikes_of_samples(np.full(2 * LONG, wrong), 1.0)
    assert nothing.times.size == 0 and {Flag.NO_EVENT, Flag.OVERFLOW} <= set(nothing.flags)


def test_wild_samples_of_a_long_record_are_mended():
    values = Made(2 * LONG, 0.005).part(0, 2 * LONG)
    wild = np.arange(1117, 2 * LONG, 40_000)
    values[wild] += 5.0
    found = spikes_of_samples(values, 1.0)
    assert missed_and_false(found.times, values.size) == (0, 0)
    mended = MendedSamples(ArraySamples(values), wild)
    assert mended.part(1100, 1200)[17] == pytest.approx(0.5 * (values[1116] + values[1118]))


def test_turns_of_parts_are_those_of_the_whole():
    values = Made(2 * LONG, 0.02).part(0, 2 * LONG)
    for width in (1, 4, 64):
        one, other = (turns_of(ArraySamples(values), width, 0.2, compiled) for compiled in (False, True))
        inner = set(one.places[1:-1].tolist())
        assert inner <= set(other.places.tolist()) and abs(one.places.size - other.places.size) <= 2
        assert other.lows.size <= 16 and other.sum == pytest.approx(values.sum())


def test_stretches_are_read_in_groups():
    firsts = np.array([0, 10, 500, 900])
    lasts = np.array([5, 30, 600, 2000])
    assert [(part.start, part.stop, a, b) for part, a, b in spans(firsts, lasts, 100)] == [
        (0, 2, 0, 30), (2, 3, 500, 600), (3, 4, 900, 2000)]


def test_an_edge_is_timed_where_it_is_and_not_where_noise_passes_later():
    values = np.r_[np.ones(10), [0.8, 0.6, 0.4, 0.2], np.zeros(200)]
    values[150] = 0.55
    found = np.empty(1)
    arguments = np.array([5]), np.array([200]), np.array([1.0]), np.array([-1.0]), 0.5
    crossings(values, 0, *arguments, 0.25, 0, found)
    assert found[0] == pytest.approx(11.5)
    crossings(values, 0, *arguments, 0.5, 0, found)
    assert found[0] == pytest.approx(150.0, abs=1.0)


@pytest.mark.parametrize("rate", [50e6, 125e6, 1e9])
@pytest.mark.parametrize("size", [5000, 8000, 50_000, LONG + 50_000])
def test_a_train_that_pauses_half_way_has_no_spike_too_many_at_its_ends(rate, size):
    """The first rise begins on the pause, and the last may end there: each is half of a rise."""
    time = np.arange(size) / rate
    whole = size / rate * 1.0192e6
    found = spike_times(time, np.round(1.0 + np.sin(2.0 * np.pi * 1.0192e6 * time) ** 9, 6))
    assert int(whole + 0.75) - 1 <= found.times.size <= int(whole + 0.75)
    assert np.abs(np.diff(found.times) * 1.0192e6 - 1.0).max() < 0.2


def test_a_likely_way_to_time_edges_gives_what_the_record_is_timed_with_later(monkeypatch):
    """Edges are timed while they are read, and again where the guess was wrong: with the same times."""
    random = np.random.default_rng(3)
    for sign in (1.0, -1.0):
        values = sign * Made(2 * LONG, 0.02).part(0, 2 * LONG) + 1e-3 * random.standard_normal(2 * LONG)
        fast = spikes_of_samples(values, 1e-9)
        monkeypatch.setattr(spikes, "_likely_edges", lambda *_: None)
        slow = spikes_of_samples(values, 1e-9)
        monkeypatch.undo()
        assert fast.times == pytest.approx(slow.times, abs=1e-13) and fast.falling == slow.falling

"""The rules for pulses, spikes and kinds of records: numbers by hand on records without noise."""

import math

import numpy as np
import pytest

from tsbench.analysis.oscillation.samples import ArraySamples
from tsbench.analysis.oscillation.spikes import _without_wild, spike_times
from tsbench.analysis.oscillation.turning import SearchScale, turns_of
from tsbench.analysis.oscillation.waveform_class import classify_waveform
from tsbench.analysis.pulse.delay_results import Delay, PulseFacts, delay_result, mean_delay, switching_probability
from tsbench.analysis.pulse.firing import OFF_SHARE, Before, Firing, PulseOutcome, outcome
from tsbench.analysis.pulse.pulse_count import TrainCount, count_results, train_result
from tsbench.analysis.pulse.pulses_in_record import _by_side, find_pulses
from tsbench.analysis.pulse.slow_amplifier import _behind_poles, is_one_pole
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.analysis.relaxation.relaxation import relaxation_time
from tsbench.analysis.reversals import reversals
from tsbench.analysis.signal import line_crossing
from tsbench.analysis.tables.record_kind import record_kind
from tsbench.records import Flag

STEP = 1e-6
TIME = np.arange(1000) * STEP


def test_the_first_pulse_that_fires_is_the_count() -> None:
    found = train_result(TrainCount(3), 20, {"width": 1e-3})
    assert (found.value, found.low, found.high, found.flags) == (3.0, 3.0, 3.0, Flag.NONE)
    assert found.conditions == {"width": 1e-3} and found.quantity == "pulses_to_fire" and found.unit == ""
    none = train_result(TrainCount(None), 20, {})
    assert (none.value, none.low, none.high, none.flags) == (None, 21.0, None, Flag.CENSORED)


def test_counts_of_several_trains() -> None:
    median, mean = count_results([TrainCount(n) for n in (2, 3, 3, 4, 5, 9, 7)], 20, {})
    assert (median.value, median.low, median.high, median.flags) == (4.0, 2.0, 9.0, Flag.NONE)
    assert mean.value == pytest.approx(33 / 7) and mean.low is not None and mean.low < 33 / 7
    assert median.conditions == {"trains": 7, "fired": 7, "statistic": "median"}
    assert mean.conditions["statistic"] == "mean"
    (late,) = count_results([TrainCount(n) for n in (2, None, None)], 20, {})   # more than half did not fire
    assert (late.value, late.low, late.high) == (None, 2.0, None)
    assert late.flags == Flag.CENSORED | Flag.TOO_FEW and late.conditions["fired"] == 1
    (silent,) = count_results([TrainCount(None)] * 6, 20, {})
    assert (silent.value, silent.low, silent.high) == (None, 21.0, None)
    assert silent.flags == Flag.CENSORED | Flag.NO_EVENT
    (even, _) = count_results([TrainCount(n) for n in (2, 5)], 20, {})
    assert (even.value, even.low, even.high, even.flags) == (3.5, 2.0, 5.0, Flag.TOO_FEW)


def test_a_device_that_is_on_at_0_v_has_a_delay() -> None:
    """Behind 100 kOhm, a filament has less than half a code of the scope."""
    off, on = (TIME >= 400 * STEP) & (TIME < 500 * STEP), (TIME >= 500 * STEP) & (TIME < 800 * STEP)
    ramp = np.clip((TIME - 498 * STEP) / (4 * STEP), 0.0, 1.0) * (off | on)
    voltage, current = np.round(2.0 * (off | on) * (1.0 - ramp) / 0.05) * 0.05, 20e-6 * ramp
    found = switching_delay(TIME, voltage, current)
    assert found.value == pytest.approx(100e-6, abs=3e-6)


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("share", "on"), [(0.85, False), (1.15, True)])
def test_a_device_that_is_still_on_conducts_before_the_pulse(sign: float, share: float, on: bool) -> None:
    """Against its conductance in the pulse."""
    high = (TIME >= 400 * STEP) & (TIME < 800 * STEP)
    voltage = sign * np.where(high, 1.5, 0.2)
    current = voltage * 1e-4 * np.where(high, 1.0, share * OFF_SHARE)
    rested = PulseOutcome(Firing.QUIET, Delay(None, 0.0, 0.0), Before(sign * 0.2, 0.0, 1e-12, 400))
    found = outcome(TIME, voltage, current, PulseFacts(), edge=400 * STEP, rested=rested)
    assert (found.firing is Firing.STILL_ON) is on
    assert found.before.voltage == pytest.approx(sign * 0.2)
    assert found.before.current == pytest.approx(sign * 0.2e-4 * share * OFF_SHARE)
    assert outcome(TIME, voltage, current, PulseFacts(), edge=400 * STEP).firing is not Firing.STILL_ON


@pytest.mark.parametrize(("base", "top"), [(0.1, 0.1), (0.2, 0.2), (2.0, 1.5)])
def test_a_device_that_stays_on_at_the_base_does_not_lengthen_the_pulse(base: float, top: float) -> None:
    voltage = np.full(TIME.size, base)
    voltage[300:400] = base + top
    current = np.where(np.arange(TIME.size) < 310, 0.0, 1e-3 * voltage)
    (span,) = find_pulses(TIME, voltage, current).pulses
    assert (span.first, span.last) == (300, 399)


def test_stretches_on_one_side() -> None:
    excursion = np.array([0.1, 1, 1, 0.2, 1, -0.2, -1, -1, -1, 1, 1])
    assert _by_side(excursion, 0.5, 10) == [(10, 15), (16, 18), (19, 20)]
    assert _by_side(excursion[:5], 0.5, 0) == [(0, 4)]


@pytest.mark.parametrize(("late", "pole"), [(1.5, True), (3.0, False)])
def test_a_pole_begins_at_the_edge(late: float, pole: bool) -> None:
    """If the device stays off for a twentieth of the time constant, the cause is not a slow amplifier."""
    since = np.arange(600.0) - 100
    voltage = np.where((since >= 0) & (since < 401), 1.0, 0.0)
    current = 1e-3 * np.where(since >= late, 1.0 - np.exp(-(since - late) / 60.0), 0.0)
    assert is_one_pole(voltage, current, 100, 500, 1e-9) is pole


def test_a_voltage_behind_poles_is_that_of_a_filter_of_sample_after_sample() -> None:
    voltage, constants = np.random.default_rng(4).normal(1.0, 0.3, 777), np.array([0.5, 7.0, 777.0])
    kept, expected = np.exp(-1.0 / constants), [np.full(3, voltage[:2].mean())]
    for value in voltage:
        expected.append(kept * expected[-1] + (1.0 - kept) * value)
    assert _behind_poles(voltage, constants) == pytest.approx(np.array(expected[1:]).T, rel=1e-12)


def test_a_line_through_an_edge_ends_with_the_record() -> None:
    rising = np.array([0.0, 0.0, 0.2, 0.4, 0.6])
    assert line_crossing(rising, 3.0, 0.3, 0.1, 0.9) == pytest.approx((2.5, 0.2, 3))
    assert line_crossing(rising[2:], 1.0, 0.3, 0.1, 0.9) == pytest.approx((0.5, 0.2, 3))
    assert line_crossing(np.array([0.0, 0.0, 1.0, 1.0]), 1.5, 0.5, 0.2, 0.8) == (1.5, 1.0, 1)


def test_an_edge_within_a_sample_may_be_anywhere_in_it() -> None:
    found = spike_times(TIME, (np.arange(1000) % 50) / 50.0)
    assert found.falling and found.uncertainty == pytest.approx(STEP / math.sqrt(12.0))
    slow = np.minimum(np.arange(1000) % 100, 100 - np.arange(1000) % 100) / 50.0   # no noise, edges of 50 samples
    assert spike_times(TIME, slow).uncertainty < 1e-3 * STEP


def test_a_wild_sample_takes_the_mean_of_its_neighbours() -> None:
    values = np.minimum(np.arange(400) % 40, 40 - np.arange(400) % 40) ** 2.0
    spoiled = values.copy()
    spoiled[30], spoiled[45] = 900.0, -500.0
    scale = SearchScale(1, 0.0, 0.0, 0.0)
    samples, turns, alone = _without_wild(
        ArraySamples(spoiled), scale, turns_of(ArraySamples(spoiled), 1, 0.0, False), 100.0, None)
    mended = samples.part(0, samples.size)
    assert alone.size == 0
    assert (mended[30], mended[45]) == (0.5 * (values[29] + values[31]), 0.5 * (values[44] + values[46]))
    assert np.array_equal(np.delete(mended, [30, 45]), np.delete(values, [30, 45]))
    assert turns.places.tolist() == reversals(values, 100.0).tolist()


def test_a_sweep_of_any_size_is_a_sweep() -> None:
    phase = np.arange(4000) / 400 % 1.0
    for height in (0.25, 1.0, 4.0):
        levels = height * (1.0 - np.abs(2 * phase - 1))
        assert record_kind(np.arange(4000) * 1e-3, levels, 1e-6 * levels) == "sweep"
        narrow = height * np.exp(-((phase - 0.5) / 0.02) ** 2)
        assert record_kind(np.arange(4000) * 1e-3, narrow, 1e-6 * narrow) == "spikes"


def test_intervals_are_compared_with_their_neighbours() -> None:
    """Each is 1.3 times the one before: the change is 0.3 of 1.15."""
    instants = 50.0 + np.cumsum([0.0, *(100.0 * 1.3**k for k in range(6))])
    time = np.arange(2000.0)
    found = classify_waveform(time, np.exp(-((time[:, None] - instants) / 4.0) ** 2).sum(axis=1))
    assert (found.kind, found.spikes) == ("irregular", 7) and "26.1 %" in found.basis
    assert found.period == pytest.approx((instants[-1] - instants[0]) / 6, rel=1e-3)


def test_a_current_that_is_gone_at_once_is_gone_before_the_mean_of_a_few_samples() -> None:
    """Twelve of them, after the edge has settled."""
    noise = np.random.default_rng(2).normal(0.0, 2e-8, 4000)
    since = np.arange(4000) - 1000
    high = (since >= 0) & (since < 1000)
    current = np.where(high & (since >= 200), 1e-4, 0.0) + noise
    voltage = np.where(high, np.where(since >= 200, 0.4, 1.5), 0.1)
    found = relaxation_time(since * STEP, voltage, current, 1000 * STEP, level=1e-7)
    assert found.value is None and found.flags & Flag.CENSORED and found.high is not None
    assert 12 * STEP <= found.high <= 30 * STEP


def _switching(rise: float = 4e-9, delay: float = 55e-9) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return time, voltage and current of a pulse of 1 V in which the current rises to 1.5 mA."""
    time = np.arange(-100e-9, 900e-9, 0.5e-9)
    edge = np.clip((time + 2.5e-9) / 5e-9, 0, 1) - np.clip((time - 800e-9) / 5e-9, 0, 1)
    noise = np.random.default_rng(5).normal(size=(2, time.size))
    state = 1 / (1 + np.exp(-np.clip((time - delay) / rise, -50, 50)))
    return time, edge + 2e-3 * noise[0], edge * (2e-5 + 1.5e-3 * state) + 2e-7 * noise[1]


@pytest.mark.parametrize("part", [0.1, 0.2, 0.3, 0.5, 1.1])
def test_a_clipped_current_gives_a_bound_or_a_delay_that_holds(part: float) -> None:
    time, voltage, current = _switching()
    end = part * 1.52e-3
    found = switching_delay(
        time, voltage, np.minimum(current, end), PulseFacts(current_window=(-end, end)), Flag.CLIPPED)
    result = delay_result(found, {})
    assert found.fired and result.low is not None and result.low <= 55e-9
    assert (result.high is None) == (found.value is None) and (result.high or 1.0) >= 55e-9
    assert (Flag.CENSORED in result.flags) == (found.value is None) == (part <= 0.5)
    mean = mean_delay([found, found], {})
    assert (mean.value is None) == (part <= 0.5) and mean.low is not None and mean.low <= 55e-9
    assert switching_probability([found], {}).value == 1.0


def test_a_voltage_that_is_clipped_before_the_device_switches_bounds_the_delay_from_above() -> None:
    time, voltage, current = _switching()
    slow = np.clip((time + 20e-9) / 40e-9, 0, 1)  # with the edge: half of 1 V at 2.5 ns
    facts = PulseFacts(voltage_window=(-0.6, 0.6))
    found = switching_delay(time, np.minimum(voltage * slow, 0.6), current, facts, Flag.CLIPPED)
    assert found.value is None and found.low is None and found.high is not None and 52.5e-9 < found.high < 60e-9


def test_a_count_that_is_not_known_is_within_what_is_known() -> None:
    """Of pulse 2 it is not known whether it fired, and pulse 5 is the first that is known to have fired."""
    found = train_result(TrainCount(5, 2), 20, {})
    assert (found.value, found.low, found.high, found.flags) == (None, 2.0, 5.0, Flag.AMBIGUOUS)
    assert "whether pulse 2 fired is not known" in found.method
    found = train_result(TrainCount(None, 2), 20, {})
    assert (found.value, found.low, found.high, found.flags) == (None, 2.0, None, Flag.AMBIGUOUS | Flag.CENSORED)


def test_a_median_holds_whatever_the_counts_are_that_are_not_known() -> None:
    counts = [TrainCount(n) for n in (3, 4, 4, 5, 6, 7, 5, 5)]
    whole = count_results(counts, 20, {})[0]
    (median,) = count_results([*counts[:3], TrainCount(5, 1), *counts[4:]], 20, {})
    assert median.value is None and Flag.AMBIGUOUS in median.flags and "in 1 of them" in median.method
    assert median.low is not None and whole.low is not None and median.low <= whole.low and median.high == whole.high
    (same,) = count_results([TrainCount(3, 1), *[TrainCount(5)] * 7], 20, {})   # whatever it is, the median is 5
    assert same.value == 5.0 and Flag.AMBIGUOUS in same.flags
    (none,) = count_results([TrainCount(None, 1)] * 6, 20, {})
    assert (none.value, none.low, none.high) == (None, 1.0, None) and Flag.NO_EVENT not in none.flags
    assert none.flags == Flag.AMBIGUOUS | Flag.CENSORED

"""Extractors on empty, constant, one-sample, NaN and infinite records: a flagged result, never an exception."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.contact.contact import contact
from tsbench.analysis.contact.device_condition import pulse_stand, remark, steady_stand, swept
from tsbench.analysis.energy.spike_energy import PowerFacts, SourcePath, energy_result, spike_energies
from tsbench.analysis.neuron.driven_spikes import DrivenFacts, driven_response, driven_results
from tsbench.analysis.neuron.functions import AmplitudeResponse, neuron_results
from tsbench.analysis.neuron.step_response import StepFacts, step_response
from tsbench.analysis.oscillation.frequency import frequency_result, jitter_result, oscillation
from tsbench.analysis.oscillation.spikes import spike_times
from tsbench.analysis.pulse.delay_results import PulseFacts, delay_result, mean_delay, switching_probability
from tsbench.analysis.pulse.firing import outcome, probability_result
from tsbench.analysis.pulse.pulse_count import TrainCount, count_results, train_result
from tsbench.analysis.pulse.switching_delay import _half_way, switching_delay
from tsbench.analysis.refractory.refractory import recovery, recovery_results
from tsbench.analysis.relaxation.relaxation import relaxation_time
from tsbench.analysis.relaxation.results import mean_result, median_result, shot_result
from tsbench.analysis.signal import line_crossing
from tsbench.analysis.statistics import bootstrap_interval, median_interval, summarise
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_results import summarise_results
from tsbench.analysis.threshold.switching_rule import Above
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag, Result

NUMBERS = st.one_of(
    st.floats(-10, 10), st.sampled_from([0.0, math.nan, math.inf, -math.inf, 1e300, -1e300, 1e-300, 9.9e37]))


@st.composite
def records(draw):
    """(time, voltage, current): short ones, constant ones, and pulses, each with spoilt samples."""
    n = draw(st.sampled_from([0, 1, 2, 3, 5, 8, 15, 16, 17, 40, 300]))
    time = np.linspace(draw(st.sampled_from([-1e-6, 0.0, 3.0])), 4.0, n)
    kind = draw(st.sampled_from(["constant", "pulse", "saw", "listed"]))
    if kind == "constant":
        voltage, current = np.full(n, draw(NUMBERS)), np.full(n, draw(NUMBERS))
    elif kind == "pulse":
        voltage = np.where((np.arange(n) > n // 4) & (np.arange(n) < n // 2), 1.0, 0.05)
        current = voltage * np.where(np.arange(n) > n // 3, 1e-3, 1e-8)
    elif kind == "saw":
        voltage = (np.arange(n) * 0.07) % 1.0
        current = 1e-3 * voltage
    else:
        voltage, current = (np.resize(draw(st.lists(NUMBERS, min_size=1, max_size=9)), n) for _ in range(2))
    if draw(st.booleans()):
        time = np.full(n, draw(st.sampled_from([0.0, math.nan]))) if draw(st.booleans()) else time[::-1]
    arrays = tuple(np.array(array, dtype=float) for array in (time, voltage, current))
    for array in arrays:
        if n and draw(st.booleans()):
            array[draw(st.integers(0, n - 1))] = draw(NUMBERS)
    return arrays


def assert_sound(*results: Result):
    for result in results:
        assert result.flags or result.value is not None or result.low is not None
        for number in (result.value, result.low, result.high):
            assert number is None or not math.isnan(number), result
        if result.value is None and not result.flags:
            raise AssertionError(result)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(record=records())
def test_sweeps(record):
    _, voltage, current = record
    for found in (switching(IVPoints(voltage, current)), switching(IVPoints(voltage, current), rule=Above(1e-6)),
                  snapback(IVPoints(voltage, current, level=current)), snapback(IVPoints(voltage, current))):
        for half in found:
            assert_sound(half.threshold_voltage, half.hold_voltage)
    swept(voltage, voltage, current)
    contact(voltage, current)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(record=records())
def test_pulses(record):
    time, voltage, current = record
    delay = switching_delay(time, voltage, current)
    assert_sound(delay_result(delay, {}), mean_delay([delay], {}), mean_delay([delay] * 3, {}))
    outcome(time, voltage, current, PulseFacts())
    pulse_stand(voltage, current, 0.0)


def test_an_edge_of_two_codes_is_crossed_without_a_warning():
    edge = np.concatenate((np.zeros(5), np.full(100, 0.45), np.full(100, 0.55), np.ones(5)))
    assert 5.0 < line_crossing(edge, 104.5, 0.5, 0.2, 0.8)[0] < 205.0


@pytest.mark.parametrize("level", [0.0, -1e-6])
def test_a_current_that_is_nowhere_above_zero_is_half_way_anywhere(level):
    """An instant in the middle, with an uncertainty of the whole stretch."""
    assert _half_way(np.full(50, level), 10, 30, 1e-7) == (20.0, pytest.approx(20 / math.sqrt(12)))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(record=records(), width=st.sampled_from([0.0, 1e-3, 1.0, 10.0]), level=st.sampled_from([None, 1e-6, 0.0]))
def test_relaxation(record, width, level):
    shot = relaxation_time(*record, width, level=level)
    assert_sound(shot_result(shot, {}), mean_result([shot], {}), *(median_result([shot] * k, {}) for k in (1, 7)))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(record=records())
def test_spikes(record):
    time, voltage, current = record
    found = oscillation(spike_times(time, voltage))
    assert_sound(frequency_result(found, {}))
    jitter_result(found, {})
    steady_stand(voltage, current, 0.0, switched=False)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(record=records())
def test_energies_and_responses_to_stimuli(record):
    time, voltage, current = record
    facts = PowerFacts(current_offset=1e-6, source=SourcePath(1.0, 1e-3, 1e3, 0.01))
    assert_sound(energy_result(spike_energies(time, voltage, current, spike_times(time, voltage), facts), {}))
    assert_sound(*driven_results([driven_response(time, voltage, current, DrivenFacts())] * 2, {}))
    shots = (step_response(time, voltage, current, 0.0, 2.0, StepFacts()),) * 4
    if Flag.NO_EVENT not in shots[0].flags:   # as the protocol leaves out what is no record
        assert_sound(*neuron_results([AmplitudeResponse(v, shots) for v in (1.0, 2.0, 3.0)], None, {}))


SPIKING = np.linspace(0.0, 20e-6, 20_001)
PHASE = (SPIKING / 1e-6 + 0.3) % 1.0
VOLTS = np.where(PHASE < 0.9, 0.5 + 0.5 * PHASE / 0.9, 1.0 - 0.5 * (PHASE - 0.9) / 0.1)
AMPS = 1e-4 + 2e-3 * np.exp(-(((PHASE - 0.95) / 0.02) ** 2))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(shift=st.floats(-1.0, 1.0), volt=st.sampled_from([1e-3, 1.0, 1e3]), amp=st.sampled_from([1e-9, 1.0, 1e3]),
       second=st.sampled_from([1e-6, 1.0, 1e3]))
def test_energies_and_spikes_follow_shifts_and_units(shift, volt, amp, second):
    """A time shift changes nothing, and other units scale what is found."""
    time = (SPIKING + shift * 1e-6) * second
    one = spike_energies(SPIKING, VOLTS, AMPS, spike_times(SPIKING, VOLTS), PowerFacts())
    other = spike_energies(time, volt * VOLTS, amp * AMPS, spike_times(time, volt * VOLTS), PowerFacts())
    assert other.flags == one.flags
    assert other.energies == pytest.approx(one.energies * volt * amp * second, rel=1e-6, abs=0.0)
    first = driven_response(SPIKING, VOLTS, AMPS, DrivenFacts())
    second_one = driven_response(time, volt * VOLTS, amp * AMPS, DrivenFacts())
    assert second_one.spikes - time[0] == pytest.approx((first.spikes - SPIKING[0]) * second, rel=1e-6, abs=0.0)
    assert second_one.energy == pytest.approx(first.energy * volt * amp * second, rel=1e-6, abs=0.0)


def test_no_events_at_all():
    assert_sound(mean_delay([], {}), switching_probability([], {}), median_result([], {}), mean_result([], {}),
                 *count_results([], 10, {}), train_result(TrainCount(None), 0, {}),
                 probability_result("p", 0, 0, {}, "pulses"))
    recovery_results(recovery([]), {})
    assert remark([]) == ""
    assert summarise_results([])[0] == 0
    assert summarise(np.empty(0)).number == 0
    assert median_interval(np.empty(0)) is None
    assert math.isnan(bootstrap_interval(np.empty(0), np.mean)[0])


@pytest.mark.parametrize("start", [-0.5e-3, 0.0, 3e-3])
def test_a_pulse_that_begins_anywhere_relaxes(start):
    time = np.arange(-1e-3, 0.02, 2e-6)
    after = time - start - 1e-3
    on = (time >= start + 1e-4) & (after < 0)
    voltage = np.where((time >= start) & (after < 0), 1.0, 0.1)
    current = np.where(on, 1e-5, 1e-9) + np.where(after >= 0, 1e-6 * np.exp(-after / 1e-3), 0.0)
    current += 1e-9 * np.random.default_rng(1).standard_normal(time.size)
    found = relaxation_time(time, voltage, current, 1e-3)
    assert found.value == pytest.approx(1e-3 * math.log(2), rel=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_neither_a_step_nor_a_stimulus_is_quiet_that_noise_hides(seed):
    random, time = np.random.default_rng(seed), 1e-6 * np.arange(-500, 3500)
    voltage, current = 0.02 * random.standard_normal(time.size), 1e-6 * random.standard_normal(time.size)
    for small, shown in ((0.0, False), (0.02, True)):   # a mean shows a step that is as high as the noise of a sample
        seen = voltage + np.where(time >= 0.0, small, 0.0)
        step = step_response(time, seen, current, 0.0, time[-1], StepFacts(polarity=1))
        driven = driven_response(time, seen, current, DrivenFacts())
        assert [Flag.NO_EVENT not in found.flags for found in (step, driven)] == [shown, shown]
        assert not step.fired and not driven.spikes.size

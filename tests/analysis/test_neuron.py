"""Responses to steps, and verdicts on the four functions, from responses whose answers are known."""

import math
from dataclasses import replace

import numpy as np
import pytest

from tsbench.analysis.figures import Figure, neuron_figure, step_responses_figure
from tsbench.analysis.neuron.driven_spikes import DrivenResponse, driven_results
from tsbench.analysis.neuron.functions import (
    AmplitudeResponse,
    all_or_nothing,
    firing_threshold,
    neuron_results,
    refractory,
    strength_modulated_frequency,
    threshold_driven,
)
from tsbench.analysis.neuron.step_response import StepFacts, StepResponse, step_response
from tsbench.analysis.pulse.firing import Firing
from tsbench.analysis.refractory.refractory import PairOutcome, recovery
from tsbench.records import Flag

TIME = np.linspace(-1e-6, 10e-6, 11_001)
FACTS = StepFacts(voltage_code=4e-3, current_code=1e-6, current_gain=0.01)


def charging(level=1.0, tau=0.3e-6):
    return np.where(TIME > 0, level * (1.0 - np.exp(-np.maximum(TIME, 0.0) / tau)), 0.0)


def relaxing(level=1.0, period=1e-6, first=1e-6):
    """Charge up to ``first``, then fall by 0.3 V and rise again, once a period; the current flows in the falls."""
    phase = (TIME - first) / period % 1.0
    wave = np.where(phase < 0.05, 1.0 - 0.3 * phase / 0.05, 0.7 + 0.3 * (phase - 0.05) / 0.95)
    voltage = np.where(first > TIME, charging(level) / charging(level)[first >= TIME][-1] * level, level * wave)
    return voltage, 1e-3 * np.exp(-((phase - 0.025) / 0.015) ** 2) * (first <= TIME)


def seen(voltage, current, noise=2e-3, seed=1, end=9.9e-6):
    random = np.random.default_rng(seed)
    return step_response(TIME, voltage + random.normal(0, noise, TIME.size),
                         current + random.normal(0, 2e-6, TIME.size), 20e-9, end, FACTS)


def test_the_spikes_of_a_step() -> None:
    voltage, current = relaxing()
    for sign in (1.0, -1.0):
        found = seen(sign * voltage, sign * current)
        assert found.spikes.size == 9 and found.fired and found.rate == pytest.approx(1e6, rel=1e-2)
        assert found.spikes[0] == pytest.approx(1.0e-6, abs=0.03e-6)
        assert found.amplitude == pytest.approx(1e-3, rel=0.02) and found.gain == 0.01


def test_a_passive_network_does_not_fire() -> None:
    """Neither a resistor, nor one whose voltage overshoots by 5 %, nor one that warms up and sags by 30 %."""
    ringing = charging(tau=50e-9) + 0.05 * np.exp(-np.maximum(TIME, 0) / 0.2e-6) * np.sin(TIME * 3e7) * (TIME > 0)
    sagging = charging(tau=50e-9) * (0.7 + 0.3 * np.exp(-np.maximum(TIME, 0) / 3e-6))
    for voltage in (charging(), ringing, sagging):
        found = seen(voltage, 1e-5 * voltage)
        assert not found.fired and found.rate is None and found.flags == Flag.NONE
        assert found.amplitude == pytest.approx(1e-5 * voltage.max(), abs=3e-6)


def test_a_device_that_stays_on_has_fired_once() -> None:
    voltage = np.where(TIME < 2e-6, charging(), 0.3)
    assert seen(voltage, np.where(TIME < 2e-6, 0.0, 1e-4)).spikes.size == 1


def test_a_record_without_the_step_shows_no_response() -> None:
    found = step_response(TIME[:900], TIME[:900] * 0, TIME[:900] * 0, 0.0, 9e-6, FACTS)
    assert not found.fired and Flag.NO_EVENT in found.flags and math.isnan(found.amplitude)
    assert not step_response(TIME, TIME * np.nan, TIME, 0.0, 9e-6, FACTS).fired


def steps(amplitude, fired, size=1e-3, number=6, rate=0.0, spread=0.0):
    """Return ``number`` steps of one amplitude, ``fired`` of them with spikes of some size [A] and rate [Hz]."""
    shots = []
    for k in range(number):
        count = (5 if rate else 1) if k < fired else 0
        spikes = 1e-6 + np.arange(count) / (rate * (1 + spread * (k - 2.5)) if rate else 1.0)
        shots.append(StepResponse(spikes, size * (1 + 0.001 * k) if k < fired else 2e-5, 1e-9, 0.0, 1e-6))
    return AmplitudeResponse(amplitude, tuple(shots))


QUIET = [steps(0.5, 0), steps(1.0, 0)]


def firing(power=0.0, rate_power=1.0):
    return [steps(v, 6, 1e-3 * v**power, rate=1e5 * v**rate_power) for v in (1.5, 2.0, 2.5, 3.0)]


def test_all_or_nothing() -> None:
    assert all_or_nothing(QUIET + firing()).decision == "yes"
    graded = all_or_nothing(QUIET + firing(power=1.0))
    assert graded.decision == "no" and "power 1.00" in graded.evidence
    assert all_or_nothing(firing()).decision == all_or_nothing(QUIET).decision == "not decided"
    assert all_or_nothing(QUIET + firing()[:2]).decision == "not decided"
    between = [AmplitudeResponse(1.2, tuple(StepResponse(np.empty(0), 0.8e-3, 1e-9) for _ in range(6)))]
    assert all_or_nothing(QUIET + between + firing()).decision == "not decided"


def test_a_clipped_spike_tells_no_size() -> None:
    """A graded response looks like spikes of one size where the range of the scope ends."""
    clipped = [AmplitudeResponse(one.amplitude, tuple(
        replace(shot, amplitude=0.9e-3, flags=Flag.CLIPPED) for shot in one.shots)) for one in firing(power=1.0)]
    verdict = all_or_nothing(QUIET + clipped)
    assert verdict.decision == "not decided" and "beyond the range" in verdict.evidence
    rows = neuron_results(QUIET + clipped, None, {})
    assert Flag.CLIPPED in next(row for row in rows if row.quantity == "all_or_nothing").flags
    sizes = [row for row in rows if row.quantity == "spike_amplitude"]
    assert len(sizes) == 4
    for row in sizes:
        assert row.value is None and row.high is None and row.low == pytest.approx(0.9e-3, rel=1e-3)
        assert row.flags == Flag.CLIPPED | Flag.CENSORED
    assert not [row for row in rows if row.quantity == "spike_amplitude_exponent"]
    quiet = [AmplitudeResponse(one.amplitude, tuple(
        replace(shot, flags=Flag.CLIPPED) for shot in one.shots)) for one in QUIET]
    assert all_or_nothing(quiet + firing()).decision == "not decided"


def test_a_spike_is_clipped_where_its_current_is_at_the_end_of_the_range() -> None:
    time = np.arange(-200, 2000) * 1e-8
    since = time - 5e-6
    current = np.where(time > 0, 1e-5, 0.0) + 1e-3 * np.exp(-((since / 5e-8) ** 2))
    voltage = np.where(time > 0, np.where(since > 0, 0.4, 1.0), 0.0)
    for top, clipped in ((2e-3, False), (0.5e-3, True)):
        facts = StepFacts(1e-3, 1e-6, current_window=(-1.0, top))
        found = step_response(time, voltage, np.minimum(current, top), 0.0, 19e-6, facts, Flag.CLIPPED)
        assert found.fired and (Flag.CLIPPED in found.flags) is clipped   # elsewhere in the record, it does not matter


def test_steps_whose_records_tell_nothing_are_unknown() -> None:
    row = next(row for row in neuron_results([replace(steps(2.0, 6), unknown=4)], None, {})
               if row.quantity == "firing_probability")
    assert row.value == 1.0 and row.low < 0.6 and row.high == 1.0 and Flag.AMBIGUOUS in row.flags
    assert threshold_driven([AmplitudeResponse(2.0, (), 6)]).decision == "not decided"


def test_threshold_driven() -> None:
    verdict = threshold_driven(QUIET + firing())
    assert verdict.decision == "yes" and "1 to 1.5 V" in verdict.evidence
    bracket = firing_threshold(QUIET + firing())
    assert (bracket.low, bracket.value, bracket.high) == (1.0, 1.25, 1.5) and Flag.UNDER_SAMPLED in bracket.flags
    assert threshold_driven(firing()).decision == threshold_driven(QUIET).decision == "not decided"
    assert threshold_driven([*QUIET, *firing(), steps(4.0, 0)]).decision == "no"
    assert threshold_driven([steps(1.0, 3), steps(2.0, 4)]).decision == "not decided"   # half of them: neither
    assert (firing_threshold(firing()).high, firing_threshold(QUIET).low) == (1.5, 1.0)
    assert Flag.NO_EVENT in firing_threshold([]).flags


def undecided(amplitude, fired=0, number=6):
    """Return steps of one amplitude, of which only those that ``fired`` are told."""
    shots = steps(amplitude, fired, number=number).shots
    return AmplitudeResponse(amplitude, tuple(replace(shot, told=shot.fired) for shot in shots))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_steps_that_may_have_switched_the_device_count_neither_way(sign: float) -> None:
    def seen(*found):
        return [replace(one, amplitude=sign * one.amplitude) for one in found]

    def ends(threshold):
        return tuple(None if end is None else sign * end
                     for end in (threshold.low, threshold.high)[:: 1 if sign > 0 else -1])

    above = seen(*QUIET, undecided(1.5), undecided(2.0))
    assert ends(firing_threshold(above)) == (1.0, None) and firing_threshold(above).value is None
    assert firing_threshold(above).flags == Flag.AMBIGUOUS | Flag.CENSORED
    assert threshold_driven(above).decision == all_or_nothing(above).decision == "not decided"
    assert "12 of 24 steps fired is not known" in threshold_driven(above).evidence
    between = seen(*QUIET, undecided(1.2, 2), *firing())
    assert ends(firing_threshold(between)) == (1.0, 1.5) and Flag.AMBIGUOUS in firing_threshold(between).flags
    assert "4 of 6 steps" in firing_threshold(between).method
    assert threshold_driven(between).decision == all_or_nothing(between).decision == "yes"
    beyond = seen(*QUIET, *firing(), undecided(4.0))   # it may hardly fire there
    assert Flag.AMBIGUOUS not in firing_threshold(beyond).flags and threshold_driven(beyond).decision == "not decided"
    only = firing_threshold(seen(undecided(1.0)))
    assert (only.value, only.low, only.high, only.flags) == (None, None, None, Flag.AMBIGUOUS)


def test_undecided_steps_are_in_the_interval_of_the_probability_and_in_no_quiet_response() -> None:
    rows = neuron_results([*QUIET, undecided(1.5, 3), undecided(2.0)], None, {})
    probabilities = {row.conditions["amplitude"]: row for row in rows if row.quantity == "firing_probability"}
    half = probabilities[1.5]
    assert half.value == 1.0 and half.low < 0.2 and half.high == 1.0 and half.flags == Flag.AMBIGUOUS
    assert "3 of 6 steps fired is not known" in half.method and "load resistance" in half.method
    assert probabilities[2.0].value is None and Flag.AMBIGUOUS in probabilities[2.0].flags
    assert {row.conditions["amplitude"] for row in rows if row.quantity == "quiet_response"} == {0.5, 1.0}


def test_pairs_that_may_have_fired_leave_the_refractory_period_open() -> None:
    found = [PairOutcome(gap, Firing.FIRED, Firing.FIRED if gap > 5e-3 else Firing.QUIET)
             for gap in (1e-3, 3e-3, 1e-2, 3e-2) for _ in range(10)]
    assert refractory(recovery(found)).decision == "yes"
    one = [PairOutcome(3e-3, Firing.FIRED, Firing.AT_ONCE)]
    assert refractory(recovery([*found, *one])).decision == "yes"   # whatever its second pulse did
    doubted = refractory(recovery([pair for pair in found if pair.gap > 5e-3] + one * 20))
    assert doubted.decision == "not decided" and "20 of 40 pairs" in doubted.evidence
    unknown = refractory(recovery([PairOutcome(gap, Firing.AT_ONCE, Firing.AT_ONCE) for gap in (1e-3, 1e-2)] * 3))
    assert unknown.decision == "not decided" and "6 of 6 pairs" in unknown.evidence


@pytest.mark.parametrize(("step", "flags"), [(0.09, Flag.NONE), (0.12, Flag.UNDER_SAMPLED)])
def test_a_firing_threshold_is_coarse_from_a_tenth_on(step: float, flags: Flag) -> None:
    bracket = firing_threshold([*QUIET, replace(firing()[0], amplitude=1.0 + step)])
    assert (bracket.low, bracket.high, bracket.flags) == (1.0, 1.0 + step, flags)


def test_negative_stimuli_have_the_negative_threshold_of_the_positive_ones() -> None:
    mirrored = [replace(one, amplitude=-one.amplitude) for one in (*QUIET, *firing())]
    bracket = firing_threshold(mirrored)
    assert (bracket.low, bracket.value, bracket.high) == (-1.5, -1.25, -1.0) and bracket.flags == Flag.UNDER_SAMPLED
    assert threshold_driven(mirrored).decision == "yes"
    assert (firing_threshold(mirrored[2:]).low, firing_threshold(mirrored[:2]).high) == (-1.5, -1.0)


def test_strength_modulated_frequency() -> None:
    assert strength_modulated_frequency(QUIET + firing()).decision == "yes"
    assert strength_modulated_frequency(QUIET + firing(rate_power=0.0)).decision == "no"
    assert strength_modulated_frequency(QUIET + firing(rate_power=-1.0)).decision == "no"
    assert strength_modulated_frequency(QUIET).decision == "not decided"
    noisy = [steps(v, 6, rate=1e5, spread=0.2) for v in (1.0, 2.0, 3.0)]
    assert strength_modulated_frequency(noisy).decision == "not decided"
    rising = [steps(v, 6, rate=rate, spread=0.3) for v, rate in ((1.0, 1.18e6), (1.2, 1.28e6), (1.5, 2.41e6))]
    assert strength_modulated_frequency(rising).decision == "not decided"


def pairs(period, gaps=(1e-3, 3e-3, 1e-2, 3e-2), number=10):
    return recovery([PairOutcome(gap, Firing.FIRED, Firing.FIRED if gap > period else Firing.QUIET)
                     for gap in gaps for _ in range(number)])


def test_refractory() -> None:
    assert refractory(pairs(5e-3)).decision == "yes"
    assert refractory(pairs(1e-6)).decision == "not decided" and "shorter than" in refractory(pairs(1e-6)).evidence
    assert refractory(pairs(1.0)).decision == refractory(None).decision == "not decided"


def test_results_have_the_verdicts_first_and_an_interval_each() -> None:
    rows = neuron_results(QUIET + firing(), pairs(5e-3), {"circuit": "a"})
    assert [(row.quantity, row.value) for row in rows[:4]] == [
        ("all_or_nothing", 1.0), ("threshold_driven", 1.0), ("refractory", 1.0), ("strength_modulated_frequency", 1.0)]
    assert all(row.conditions["circuit"] == "a" and row.conditions["verdict"] == "yes" for row in rows[:4])
    undecided = neuron_results(QUIET, None, {})[0]
    assert undecided.value is None and Flag.AMBIGUOUS in undecided.flags and undecided.method.startswith("not decided")
    for row in rows:
        assert row.value is None or row.low <= row.value <= row.high
    sizes = [row for row in rows if row.quantity == "spike_amplitude"]
    assert len(sizes) == 4 and all(row.high - row.low > 0.5e-6 for row in sizes)   # not better than a code


def test_figures_of_any_response() -> None:
    for found, recovered in ((QUIET + firing(), pairs(5e-3)), (QUIET, None), (firing()[:1], pairs(1.0))):
        assert isinstance(neuron_figure(found, recovered), Figure)
    voltage, current = relaxing()
    assert isinstance(step_responses_figure([(1.0, TIME, voltage, current)]), Figure)


def test_a_circuit_that_rests_near_its_threshold() -> None:
    """The step raises the voltage a little; the spike takes it far below where it rested, and it stays there."""
    rest, first, period = 1.0, 0.3e-6, 1.0e-6
    phase = (TIME - first) / period % 1.0
    wave = np.where(phase < 0.1, 1.03 - 0.18 * phase / 0.1, 0.85 + 0.18 * (phase - 0.1) / 0.9)
    voltage = np.where(first > TIME, rest + 0.03 * np.clip(TIME, 0, first) / first, wave)
    current = 1e-3 * np.exp(-((phase - 0.05) / 0.03) ** 2) * (first <= TIME)
    for sign in (1, -1):
        facts = StepFacts(voltage_code=1e-3, current_code=1e-6, current_gain=0.01, polarity=sign, settling=20e-9)
        found = step_response(TIME, sign * voltage, sign * current, 0.0, 9.9e-6, facts)
        assert found.spikes.size == 10
        assert found.spikes[0] == pytest.approx(first, abs=0.1e-6)
        assert found.amplitude == pytest.approx(1e-3, rel=0.03)


def test_the_doubt_of_the_edge_is_in_the_latency() -> None:
    shots = tuple(StepResponse(np.array([1e-6]), 1e-3, 1e-9, edge=20e-9) for _ in range(4))
    latency = AmplitudeResponse(1.0, shots).latency()
    assert latency.value == pytest.approx(1e-6)
    assert latency.high - latency.low == pytest.approx(2 * 1.96 * 20e-9, rel=0.01)


@pytest.mark.parametrize(("latencies", "flags"), [
    ((0.12, 0.15), Flag.TOO_FEW), ((0.02, 0.3, 0.1, 0.02), Flag.TOO_FEW), ((0.02, 0.02, 0.02, 0.02, 0.6), Flag.NONE)])
def test_no_latency_is_below_zero_and_few_steps_are_told(latencies: tuple[float, ...], flags: Flag) -> None:
    """The t-interval of two latencies that differ by 30 ms is 380 ms wide."""
    shots = tuple(StepResponse(np.array([one]), 1e-3, 1e-9) for one in latencies)
    latency = AmplitudeResponse(1.0, shots).latency()
    assert latency.low == 0.0 and latency.value == pytest.approx(np.mean(latencies)) and latency.flags == flags


def test_the_firing_rate_of_steps_and_of_stimuli_is_one_number() -> None:
    """It counts from the second spike on: the first interval, of 5 ms, is no part of it. Three spikes tell none."""
    spikes = np.array([1e-3, 6e-3, 8e-3, 10e-3])
    of = [StepResponse(spikes, 1e-3, 1e-6), DrivenResponse(spikes, 1e-6, 0.0, 0.0)]
    assert [one.rate for one in of] == [pytest.approx(500.0)] * 2
    few = [StepResponse(spikes[:3], 1e-3, 1e-6), DrivenResponse(spikes[:3], 1e-6, 0.0, 0.0)]
    assert [one.rate for one in few] == [None, None]
    step = AmplitudeResponse(1.0, (StepResponse(spikes, 1e-3, 1e-6),) * 5).rate()
    driven = next(row for row in driven_results([of[1]] * 5, {}) if row.quantity == "firing_rate")
    assert (step.value, step.low, step.high) == pytest.approx((driven.value, driven.low, driven.high))


def test_a_spike_shorter_than_some_samples_is_flagged() -> None:
    """A mean over five samples would hide a third of its height."""
    voltage, _ = relaxing()
    phase = (TIME - 1e-6) % 1e-6
    current = 1e-3 * np.exp(-phase / 2e-9) * (TIME >= 1e-6)
    found = seen(voltage, current)
    assert Flag.UNDER_SAMPLED in found.flags and found.amplitude > 0.55e-3
    size = AmplitudeResponse(1.0, (found,) * 4).spike_amplitude()
    assert Flag.UNDER_SAMPLED in size.flags
    assert Flag.UNDER_SAMPLED not in seen(*relaxing()).flags

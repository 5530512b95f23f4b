"""Spikes under a stimulus of any form, of devices whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest

from tsbench.analysis.figures import Figure, stimulus_figure
from tsbench.analysis.neuron.driven_spikes import (
    DrivenFacts,
    DrivenResponse,
    driven_response,
    driven_results,
    excursions,
)
from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.records import Flag

TIME = np.linspace(-2e-6, 20e-6, 22_001)
FACTS = DrivenFacts(voltage_code=4e-3, current_code=2e-6)
STIMULUS = np.where(TIME > 0, np.sin(np.pi * TIME / 20e-6), 0.0)


def seen(voltage, current, noise=2e-3, facts=FACTS):
    random = np.random.default_rng(2)
    return driven_response(TIME, voltage + random.normal(0, noise, TIME.size),
                           current + random.normal(0, 2e-6, TIME.size), facts)


def spiking(starts, heights=None):
    """At each start, the current rises in 50 ns and falls in 100 ns while the voltage falls by 0.3 V and recovers."""
    voltage, current = STIMULUS.copy(), 1e-5 * STIMULUS
    for start, height in zip(starts, heights or [1.0] * len(starts), strict=True):
        since = TIME - start
        current += 1e-3 * height * np.exp(-((since - 50e-9) / 30e-9) ** 2)
        fallen = 1 / (1 + np.exp(np.clip(-(since - 50e-9) / 10e-9, -50, 50)))
        voltage -= 0.3 * fallen * np.exp(-np.maximum(since - 50e-9, 0) / 0.4e-6)
    return voltage, current


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_spikes_stand_where_the_current_rises_as_the_voltage_falls(sign: float) -> None:
    starts = [4e-6, 7e-6, 9e-6, 12e-6]
    voltage, current = spiking(starts)
    found = seen(sign * voltage, sign * current)
    assert found.spikes == pytest.approx(np.array(starts) + 25e-9, abs=20e-9)
    assert found.rate == pytest.approx(2 / 5e-6, rel=1e-2) and found.flags == Flag.NONE


def test_a_passive_device_has_none_under_any_stimulus() -> None:
    """A resistor, a diode, a device that warms up, and one with a capacitance beside it, under sine and rectangle."""
    rectangle = np.where((TIME > 0) & (TIME % 4e-6 < 2e-6), 1.0, 0.0)
    rounded = np.convolve(rectangle, np.exp(-np.arange(2000) / 300) / 300, mode="full")[: TIME.size]
    warm = np.cumsum(rounded) * 1e-9 / 10e-6
    for voltage in (STIMULUS, -STIMULUS, rounded):
        for current in (1e-4 * voltage, 1e-5 * np.sinh(4 * voltage), 1e-4 * voltage * (1 + 2 * warm)):
            assert seen(voltage, current).spikes.size == 0
    assert seen(rounded, 1e-4 * rounded + 100e-12 * np.gradient(rounded, TIME)).spikes.size == 0
    assert seen(0 * TIME, 0 * TIME).spikes.size == 0


def test_the_energy_is_the_integral_with_the_zero_of_the_rest() -> None:
    voltage, current = spiking([5e-6, 9e-6])
    true = float(np.trapezoid(voltage * current, TIME))
    found = seen(voltage, current + 3e-5)   # an offset of the scope
    assert found.energy == pytest.approx(true, rel=0.01) and found.energy_uncertainty < 0.06 * true   # a code
    at_bias = seen(voltage, current, facts=DrivenFacts(rests_at_zero=False, voltage_gain=0.01))
    assert at_bias.energy == pytest.approx(true, rel=0.02) and at_bias.energy_uncertainty > 0.009 * true


@pytest.mark.parametrize(("height", "fewest", "value", "most"), [
    (0.2, 5, 6, 6), (0.3, 5, 6, 6), (0.07, 5, 5, 6), (0.6, 6, 6, 6)])
def test_number_and_rate_hold_a_small_rise_as_a_spike_and_as_none(height, fewest, value, most) -> None:
    starts = [4e-6, 6e-6, 8e-6, 10e-6, 12e-6, 16e-6]
    shots = [seen(*spiking(starts, [1.0] * 5 + [height]))] * 2
    rows = {row.quantity: row for row in driven_results(shots, {})}
    count, rate = rows["spike_count"], rows["firing_rate"]
    assert (count.low, count.value, count.high) == (fewest, value, most)
    doubtful = fewest < most
    assert (Flag.AMBIGUOUS in count.flags) == (Flag.AMBIGUOUS in rate.flags) == doubtful
    assert ("2 small rises" in count.method) == doubtful
    if value == 6 and doubtful:   # 4 intervals in 10 us with the last one, 3 in 6 us without it
        assert rate.low < 0.4e6 * 1.01 and rate.high > 0.5e6 * 0.99


def test_the_rate_contains_which_instant_of_a_changing_rise_is_that_of_the_spike() -> None:
    """The last of five rises is slow: half way up it is 40 ns before nine tenths, as against 1 ns."""
    times = np.array([1.0, 2.0, 3.0, 4.0, 5.0]) * 1e-6
    late = times + np.array([1.0, 1.0, 1.0, 1.0, 40.0]) * 1e-9
    (_, rate, _) = driven_results([DrivenResponse(times, 1e-9, 1.0, 0.0, late=late)] * 2, {})
    assert rate.low <= 3 / (late[-1] - late[1]) and rate.value == pytest.approx(1e6) and rate.flags == Flag.NONE


def test_results_and_figures() -> None:
    voltage, current = spiking([5e-6, 7e-6, 9e-6, 11e-6])
    shots = [seen(voltage, current), seen(voltage, current, noise=3e-3)]
    rows = {row.quantity: row for row in driven_results(shots, {"amplitude": 1.0})}
    assert (rows["spike_count"].value, rows["firing_rate"].conditions) == (4.0, {"amplitude": 1.0})
    assert rows["firing_rate"].high > rows["firing_rate"].value > rows["firing_rate"].low
    assert isinstance(stimulus_figure((TIME, STIMULUS), (TIME, voltage, current), shots[0].spikes), Figure)
    assert isinstance(stimulus_figure(None, (TIME, voltage, current), np.empty(0)), Figure)
    alone = driven_results(shots[:1], {})
    assert all(Flag.TOO_FEW in row.flags for row in alone)
    (none,) = driven_results([driven_response(TIME[:9], TIME[:9], TIME[:9], FACTS)], {})
    assert none.value is None and Flag.NO_EVENT in none.flags


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_each_excursion_tells_whether_the_conductance_jumps(sign: float) -> None:
    wave = sign * np.where(TIME > 0, np.sin(2 * np.pi * TIME / 10e-6), 0.0)   # two cycles, four excursions
    random = np.random.default_rng(3)
    noisy = wave + random.normal(0, 2e-3, TIME.size)

    def shown(current):
        found = excursions(TIME, noisy, current + random.normal(0, 2e-6, TIME.size), PulseFacts(4e-3, 2e-6), 0.0)
        assert len(found) == 4
        return [None if one is None else one.follows for one in found]

    assert shown(1e-3 * wave) == [True] * 4 and shown(1e-5 * wave) == [None] * 4   # a resistor, a device that is off
    on = np.zeros(TIME.size, dtype=bool)   # it switches at 0.7 V of either sign, and off at 0.2 V
    for k in range(1, TIME.size):
        on[k] = abs(wave[k]) > (0.2 if on[k - 1] else 0.7)
    assert shown(np.where(on, 1e-3, 1e-6) * wave) == [False] * 4
    assert excursions(TIME[:9], TIME[:9], TIME[:9], PulseFacts(), 0.0) == []


def test_stimuli_that_do_not_tell_have_no_part_in_the_count() -> None:
    told = seen(*spiking([5e-6, 7e-6, 9e-6]))
    undecided = replace(seen(STIMULUS, 1e-3 * STIMULUS), told=False)
    count = driven_results([told, told, undecided], {})[0]
    assert (count.value, count.low, count.high, count.flags) == (3.0, 0.0, None, Flag.AMBIGUOUS)
    assert "1 of 3 is not known" in count.method
    alone = driven_results([undecided], {})[0]
    assert (alone.value, alone.low, alone.high) == (None, 0.0, None) and Flag.AMBIGUOUS in alone.flags

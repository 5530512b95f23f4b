"""Switching delay from waveforms whose edge and switching instant are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import lfilter

from tsbench.analysis.pulse.delay_results import (
    Delay,
    PulseFacts,
    delay_result,
    instant_of_most,
    mean_delay,
    switching_probability,
)
from tsbench.analysis.pulse.seen_switching import switching_currents
from tsbench.analysis.pulse.switching_delay import _lateness, switching_delay
from tsbench.records import Flag

DT = 0.4e-9


def digitise(
    values: np.ndarray, full: float, random: np.random.Generator, noise: float = 0.0015
) -> tuple[np.ndarray, float]:
    """Eight-bit codes over ``full``, with noise of ``noise`` of it."""
    code = full / 256
    return np.round((values + noise * full * random.standard_normal(values.size)) / code) * code, code


def pulse(
    delay: float,
    *,
    edge: float = 5e-9,
    rise: float = 8e-9,
    width: float = 400e-9,
    amplitude: float = 1.3,
    shift: float = 0.0,
    off: float = 60e-6,
    on: float = 2e-3,
    spike: float = 0.0,
    fires: bool = True,
    side: int = 1,
    seed: int | None = 0,
):
    """A smooth edge at t = 0 (50 %), a logistic rise of current ``delay`` later, both known exactly."""
    time = np.arange(-100e-9, width + 100e-9, DT) + shift

    def shape(t):
        return np.clip((t + edge / 2) / edge, 0, 1) - np.clip((t - width + edge / 2) / edge, 0, 1)

    state = (
        1 / (1 + np.exp(-np.clip((time - delay) / (rise / 4.39), -50, 50))) if fires else np.zeros(time.size)
    )
    voltage = amplitude * shape(time) * (1 - 0.25 * state)
    current = shape(time) * (off + (on - off) * state)
    current = current + spike * np.gradient(shape(time), DT)
    if seed is None:
        return time, side * voltage, side * current, PulseFacts()
    random = np.random.default_rng(seed)
    voltage, one = digitise(voltage, 1.8, random)
    current, two = digitise(current, 3e-3, random)
    return time, side * voltage, side * current, PulseFacts(one, two, 0.1e-9, 2e-6)


@pytest.mark.thorough
@settings(max_examples=60, deadline=None)
@given(
    delay=st.floats(15e-9, 300e-9),
    rise=st.floats(4e-9, 30e-9),
    edge=st.floats(3e-9, 12e-9),
    shift=st.floats(0, DT),
    side=st.sampled_from([1, -1]),
    spike=st.sampled_from([0.0, 5e-12]),
    seed=st.integers(0, 1000),
)
def test_the_delay_is_found(delay, rise, edge, shift, side, spike, seed):
    found = switching_delay(
        *pulse(delay, rise=rise, edge=edge, shift=shift, side=side, spike=spike, seed=seed)
    )
    assert found.value is not None
    assert abs(found.value - delay) < max(0.05 * delay, 0.6e-9)
    if delay > 1.5 * rise:  # else the voltage falls before it has reached its top
        assert side * found.highest == pytest.approx(1.3, rel=0.02)


def test_noiseless_is_exact():
    found = switching_delay(*pulse(80e-9, seed=None))
    assert found.value == pytest.approx(80e-9, abs=0.05e-9)
    assert found.edge_time == pytest.approx(0.0, abs=0.05e-9)


def test_late_switching_is_found():
    assert switching_delay(*pulse(370e-9, rise=6e-9)).value == pytest.approx(370e-9, rel=0.01)


@pytest.mark.parametrize("spike", [2e-12, 2e-11, 8e-11])
def test_charging_current_is_not_switching(spike):
    """Charging currents of up to 20 mA for 5 ns before a switching of 2 mA."""
    time, voltage, current, _ = pulse(120e-9, spike=spike, seed=None)
    assert switching_delay(time, voltage, current).value == pytest.approx(120e-9, abs=0.5e-9)
    time, voltage, current, _ = pulse(120e-9, spike=spike, fires=False, seed=None)
    assert switching_delay(time, voltage, current).value is None


@pytest.mark.parametrize("resistance", [100.0, 1e3, 1e4, 1e6])
@pytest.mark.parametrize("seed", range(5))
def test_a_resistor_never_fires(resistance, seed):
    random = np.random.default_rng(seed)
    time, voltage, _, _ = pulse(1.0, fires=False, seed=None)
    current, code = digitise(voltage / resistance, 1.5 / resistance, random)
    voltage, volts = digitise(voltage, 1.8, random)
    found = switching_delay(time, voltage, current, PulseFacts(volts, code))
    assert found.value is None
    assert Flag.NO_EVENT in found.flags


@pytest.mark.parametrize("seed", range(20))
def test_no_pulse_is_no_event(seed):
    random = np.random.default_rng(seed)
    time = np.arange(1500) * DT
    found = switching_delay(time, 1e-3 * random.standard_normal(1500), 1e-6 * random.standard_normal(1500))
    assert found.value is None


def test_flags_are_passed_on_and_coarse_sampling_is_said():
    time, voltage, current, facts = pulse(80e-9, rise=2e-9, edge=3e-9)
    assert Flag.CLIPPED in switching_delay(time, voltage, current, facts, Flag.CLIPPED).flags
    coarse = switching_delay(time[::20], voltage[::20], current[::20], facts)
    assert Flag.UNDER_SAMPLED in coarse.flags


@pytest.mark.thorough
def test_intervals_cover_the_truth():
    covered, widths, means = 0, [], 0
    for seed in range(40):
        random = np.random.default_rng(1000 + seed)
        skew = random.uniform(-0.1e-9, 0.1e-9)
        delays = [
            switching_delay(*pulse(40e-9 + skew, shift=random.uniform(0, DT), seed=50 * seed + k))
            for k in range(10)
        ]
        result = delay_result(delays[0], {"pulse": 0})
        covered += result.low <= 40e-9 <= result.high
        widths.append((result.high - result.low) / 2 / 40e-9)
        mean = mean_delay(delays, {})
        means += mean.low <= 40e-9 <= mean.high
    assert covered >= 34
    assert means >= 34
    assert np.median(widths) < 0.1


def test_pulses_that_fired_and_that_did_not():
    delays = [switching_delay(*pulse(60e-9, seed=seed, fires=seed % 4 != 0)) for seed in range(20)]
    mean = mean_delay([delay for delay in delays if delay.fired], {"amplitude": 1.3})
    assert mean.value == pytest.approx(60e-9, rel=0.02)
    assert mean.conditions["pulses"] == 15
    bounded = mean_delay(delays, {})  # the device may have switched later in the pulses that ended without
    assert bounded.value is None and bounded.low > 60e-9 and Flag.CENSORED in bounded.flags
    probability = switching_probability(delays, {})
    assert probability.value == 0.75
    assert probability.low < 0.75 < probability.high
    nothing = mean_delay(delays[::4], {})
    assert nothing.value is None
    assert Flag.NO_EVENT in nothing.flags
    assert Flag.TOO_FEW in mean_delay(delays[1:2], {}).flags


def test_the_mean_delay_is_bounded_where_pulses_end_before_the_device_switches():
    """Exponential delays of 40 us in pulses of 50 us: the mean of those that fired is 20 us. The bound holds."""
    below = 0
    for seed in range(40):
        true = np.random.default_rng(seed).exponential(40e-6, 30)
        delays = [Delay(one, 1e-8, 0.0) if one < 50e-6 else Delay(None, 0.0, 0.0, Flag.NO_EVENT, stood=50e-6)
                  for one in true]
        found = mean_delay(delays, {})
        assert found.value is None and found.high is None and Flag.CENSORED in found.flags
        assert found.low > 10e-6 and "did not switch before the end" in found.method
        below += found.low < 40e-6
    assert below == 40
    still_on = Delay(None, 0.0, 0.0, Flag.NO_EVENT)  # found the device on: nothing is known of its delay
    assert mean_delay([Delay(1e-6, 1e-8, 0.0), Delay(1.1e-6, 1e-8, 0.0), still_on], {}).value == pytest.approx(1.05e-6)


@pytest.mark.parametrize("seed", range(8))
def test_a_small_noisy_off_current_that_grows_with_the_voltage_is_no_switching(seed):
    time, voltage, _, _ = pulse(50e-9, fires=False, width=1e-6, edge=12.5e-9, amplitude=0.8, seed=None)
    random = np.random.default_rng(seed)
    off_state = 18e-6 * (voltage / 0.8) ** 3  # Poole-Frenkel: far from ohmic
    current, code = digitise(off_state, 1.2e-3, random, noise=0.004)
    assert abs(code - 4.6e-6) < 0.1e-6
    found = switching_delay(time, voltage, current, PulseFacts(6e-3, code))
    assert found.value is None
    assert Flag.NO_EVENT in found.flags


@pytest.mark.parametrize("edge", [50e-9, 250e-9, 600e-9])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_slow_edges_are_no_part_of_the_pulse(edge, seed):
    found = switching_delay(*pulse(0.45 * edge + 40e-9, edge=edge, width=1e-6, amplitude=1.6, seed=seed))
    assert found.value is not None
    assert Flag.UNDER_SAMPLED not in found.flags
    assert found.on_current == pytest.approx(2e-3, rel=0.03)
    assert found.switching_time == pytest.approx(0.45 * edge + 40e-9, abs=0.02 * edge + 1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_an_edge_that_bends_is_not_taken_for_straight(seed):
    """A capacitance charged through a resistance: half way at ln 2 time constants."""
    tau, delay = 16e-9, 120e-9
    time, _, current, _ = pulse(delay, edge=1e-9, width=1e-6, seed=None)
    random = np.random.default_rng(seed)
    voltage, code = digitise(1.2 * (1 - np.exp(-np.maximum(time, 0) / tau)) * (time < 1e-6), 1.8, random)
    found = switching_delay(time, voltage, current, PulseFacts(code, 1e-6))
    assert found.edge_time == pytest.approx(tau * np.log(2), abs=0.5e-9)


def behind_a_pole(values: np.ndarray, samples: float) -> np.ndarray:
    """Return values as an amplifier with a time constant of some samples shows them."""
    made, last = np.empty_like(values), float(values[0])
    for k, value in enumerate(values):
        last += (1.0 - np.exp(-1.0 / samples)) * (float(value) - last)
        made[k] = last
    return made


@pytest.mark.thin(3)
@pytest.mark.parametrize("base", [0.0, 0.1])
@pytest.mark.parametrize("samples", [12.0, 50.0, 150.0])
@pytest.mark.parametrize("noise", [1e-4, 3e-3])
def test_a_resistor_behind_a_slow_amplifier_does_not_switch(base: float, samples: float, noise: float) -> None:
    for seed in range(10):
        random = np.random.default_rng(seed)
        time = 2e-6 * np.arange(1000)
        volts = np.where((time >= 4e-4) & (time < 1.7e-3), 1.5, base)
        amperes = 1e-6 * (behind_a_pole(volts, samples) + 1.5 * noise * random.standard_normal(1000))
        found = switching_delay(time, volts + 1e-3 * random.standard_normal(1000), amperes)
        assert found.value is None, seed
        assert Flag.NO_EVENT in found.flags, seed


@pytest.mark.thin(3)
@pytest.mark.parametrize("samples", [6.0, 12.0, 50.0])
@pytest.mark.parametrize("delay", [1.0, 2.0, 5.0])
def test_a_device_behind_a_slow_amplifier_switches(samples: float, delay: float) -> None:
    """``delay`` in time constants of the amplifier: from one on the rise has another form than that of a resistor."""
    for seed in range(10):
        random = np.random.default_rng(seed)
        time = 2e-6 * np.arange(1000)
        on = time >= 4e-4 + delay * samples * 2e-6
        volts = np.where((time >= 4e-4) & (time < 1.7e-3), 1.5, 0.1)
        amperes = behind_a_pole(volts * np.where(on, 1e-4, 1e-7), samples) + 2e-7 * random.standard_normal(1000)
        found = switching_delay(time, volts + 1e-3 * random.standard_normal(1000), amperes)
        assert found.value is not None, seed
        assert Flag.AMBIGUOUS not in found.flags, seed


@pytest.mark.parametrize(("scatter", "counts"), [(0.1e-6, None), (1e-6, True)])
def test_rises_of_many_forms_are_restless_also_if_each_alone_looks_calm(scatter: float, counts: bool | None) -> None:
    apart = np.random.default_rng(7).normal(-1e-6, scatter, 30)
    delays = [Delay(1e-4, 1e-7, 0.0, apart=float(one), apart_random=0.2e-6) for one in apart]
    assert instant_of_most(delays) is counts
    assert instant_of_most(delays[:7]) is None   # too few
    assert instant_of_most([*delays, *[replace(delays[0], by_level=True)] * 3]) is bool(counts)


def test_the_instant_of_most_pulses_counts_in_all() -> None:
    calm, restless, quiet = Delay(1.0, 0.1, 0.1), Delay(1.0, 0.1, 0.1, by_level=True), Delay(None, 0, 0, Flag.NO_EVENT)
    assert instant_of_most([restless, restless, calm]) is True
    assert instant_of_most([restless, calm, calm, quiet]) is False
    for nothing_to_settle in ([], [calm, calm, quiet], [restless], [restless, calm, quiet]):
        assert instant_of_most(nothing_to_settle) is None


def test_no_interval_of_a_delay_goes_below_zero() -> None:
    found = Delay(value=1e-6, random=5e-6, systematic=0.0)
    for result in (delay_result(found, {}), mean_delay([found], {}), mean_delay([found, found], {})):
        assert result.low == 0.0
        assert result.high > 1e-6


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("delay", "late"), [(60e-9, 500e-9), (60e-9, 100e-9), (60e-9, 50e-9), (60e-9, 0.0)])
def test_a_sensor_that_may_be_slower_than_the_delay(delay: float, late: float, side: int) -> None:
    """It is late by 0 to twice ``late``, but by no more than the time since the edge; here it is not late at all."""
    time, voltage, current, facts = pulse(delay, side=side)
    facts = replace(facts, sense_delay=late, sense_delay_limit=late)
    found = switching_delay(time, voltage, current, facts)
    result = delay_result(found, {})
    assert result.value is not None and result.low is not None and result.high is not None
    assert result.low <= delay <= result.high
    slower = 2.0 * late > delay
    assert (Flag.AMBIGUOUS in found.flags) == slower
    if slower:
        assert result.value == pytest.approx(0.5 * delay, rel=0.05) and result.low == 0.0
        assert result.high < 1.1 * delay
    else:
        assert result.value == pytest.approx(delay - late, rel=0.05, abs=1e-9)


def test_a_lag_that_is_known_is_taken_off_as_a_whole_from_a_slow_rise() -> None:
    """The stray capacitance at the shunt: 2 ns, known to 0.4 ns; the slope falls to half in 8 ns."""
    time, voltage, current, facts = pulse(60e-9, rise=20e-9)
    shunt = replace(facts, sense_delay=2e-9, sense_delay_limit=0.4e-9)
    assert switching_delay(time, voltage, current, shunt).value == pytest.approx(58e-9, abs=0.7e-9)


def behind_pole(values: np.ndarray, constant: float) -> np.ndarray:
    """Return what a pole with a time constant [s] makes of a record that is straight from sample to sample."""
    keep = math.exp(-DT / constant)
    new = 1.0 - constant / DT * (1.0 - keep)
    seen = values.copy()
    for k in range(1, values.size):
        seen[k] = keep * seen[k - 1] + (1.0 - keep - new) * values[k - 1] + new * values[k]
    return seen


@pytest.mark.parametrize("lag", [3e-9, 6e-9])
@pytest.mark.parametrize("rise", [0.5e-9, 4e-9, 30e-9])
def test_a_pole_in_the_sensor_is_taken_off_whatever_the_form_of_the_rise(rise: float, lag: float) -> None:
    """A sudden rise is seen behind the pole hardly late, a slow one by the whole time constant."""
    time, voltage, current, _ = pulse(60e-9, rise=rise, seed=None)
    current = behind_pole(current, lag)
    random = np.random.default_rng(1)
    (voltage, one), (current, two) = digitise(voltage, 1.8, random), digitise(current, 3e-3, random)
    facts = PulseFacts(one, two, 0.2e-9, 1.6e-6, sense_delay=1.1 * lag, sense_delay_limit=0.2 * lag)
    found = delay_result(switching_delay(time, voltage, current, facts), {})
    assert found.value == pytest.approx(60e-9, abs=0.5e-9 + 0.15 * lag)
    assert found.low is not None and found.high is not None and found.low <= 60e-9 <= found.high


@pytest.mark.parametrize("uneven", [-0.8, -0.4, 0.0, 0.4, 0.8])
@pytest.mark.parametrize("slowly", [3.2, 5.0, 10.0])
def test_an_uneven_slow_rise_is_seen_late_within_the_limit(uneven: float, slowly: float) -> None:
    """The slope 1 - u^2 / 2 - a u^3 / 6 behind a pole of 1 ns that is known exactly."""
    time, lag = np.arange(-60e-9, 60e-9, 2e-12), 1e-9
    width = slowly * lag / 1.1   # about: the slope falls to half in 1.0 to 1.3 of it
    place = time / width
    slope = np.where(np.abs(place) < 1.2, 1 - place**2 / 2 - uneven * place**3 / 6, 0.0)
    falls = float(time[(time > 0) & (slope < 0.5)][0])
    keep = math.exp(-2e-12 / lag)
    seen = lfilter([0.5 * (1.0 - keep)] * 2, [1.0, -keep], slope)
    late, limit, flag = _lateness(60e-9, falls, PulseFacts(sense_delay=lag))
    assert abs(float(time[np.argmax(seen)]) - late) <= limit and flag is Flag.NONE
    assert limit < 0.2 * lag if falls > 3.0 * lag else limit <= 0.5 * lag


def test_a_sharp_top_does_not_move_the_edge() -> None:
    """A capacitance charges with 84 ns until the device switches after 118 ns: a mean over the top would be too low."""
    time = np.arange(-60e-9, 400e-9, 50e-12)
    charge = 2.4 * (1 - np.exp(-np.maximum(time, 0.0) / 84e-9)) * (time < 350e-9)
    on = 1 / (1 + np.exp(-np.clip((time - 118e-9) / 0.2e-9, -50, 50))) * (time < 350e-9)
    true = -84e-9 * math.log(1 - 0.5 * float((charge * (1 - 0.8 * on)).max()) / 2.4)
    found = switching_delay(time, charge * (1 - 0.8 * on), 1e-5 * charge + 2e-3 * on, PulseFacts())
    assert found.edge_time == pytest.approx(true, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_noise_with_a_memory_is_no_rise(seed: int) -> None:
    """A current of three codes, with the slow noise of a scope's input: its means vary more than its samples tell."""
    random = np.random.default_rng(seed)
    time = np.arange(-200e-9, 1.4e-6, 0.25e-9)
    inside = (time >= 0) & (time < 1e-6)
    slow = np.convolve(random.normal(0, 1, time.size + 100), np.ones(101) / np.sqrt(101), mode="valid")
    current = 2.6e-6 * np.round((8e-6 * inside + 2.5e-6 * slow) / 2.6e-6)
    voltage = 0.49 * inside + random.normal(0, 2e-3, time.size)
    found = switching_delay(time, voltage, current, PulseFacts(3.7e-3, 2.6e-6, 0.2e-9, 1e-5))
    assert not found.fired


def test_a_device_that_goes_on_oscillating_switches_at_its_first_rise() -> None:
    """The current at the end of the pulse is a quarter of the first peak: half of it is far below the steepest rise."""
    time, voltage, _, facts = pulse(60e-9, fires=False)
    inside = (time >= 0) & (time < 400e-9)
    rising = 1 / (1 + np.exp(-(time - 70e-9) / 6e-9))
    swing = np.where(time < 95e-9, rising, rising * (0.6 + 0.4 * np.cos((time - 95e-9) / 12e-9)))
    current = inside * (60e-6 + 2e-3 * swing) + np.random.default_rng(1).normal(0, 10e-6, time.size)
    assert switching_delay(time, voltage, current, facts).value == pytest.approx(70e-9, abs=2e-9)


@pytest.mark.parametrize("power", [2.6, 4.0, 6.0])
@pytest.mark.parametrize("seed", range(5))
def test_an_off_state_that_is_not_ohmic_does_not_switch_behind_a_slow_edge(power: float, seed: int) -> None:
    """Behind 1.4 kOhm, the voltage rises in 0.12 us, and the conductance grows with it."""
    time = np.arange(-200e-9, 1.5e-6, DT)
    voltage = np.where(time > 0, 1.05 * (1 - np.exp(-np.maximum(time, 0) / 120e-9)), 0.0)
    voltage = np.where(time > 1e-6, voltage * np.exp(-np.maximum(time - 1e-6, 0) / 120e-9), voltage)
    random = np.random.default_rng(seed)
    current, two = digitise(80e-6 * (voltage / 1.05) ** (1 + power), 400e-6, random)
    voltage, one = digitise(voltage, 1.8, random)
    assert not switching_delay(time, voltage, current, PulseFacts(one, two, 0.1e-9, 2e-6)).fired


def spikes(count: int, side: int = 1, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, PulseFacts]:
    """A pulse during which the device fires from 60 ns on, every 100 ns, for 12 ns each."""
    time, voltage, current, _ = pulse(0.0, fires=False, width=900e-9, seed=None)
    on = sum((np.exp(-0.5 * ((time - 60e-9 - k * 100e-9) / 5e-9) ** 2) for k in range(count)), np.zeros(time.size))
    behind = sum((np.where(time > 60e-9 + k * 100e-9, np.exp(-(time - 60e-9 - k * 100e-9) / 40e-9), 0.0)
                  for k in range(count)), np.zeros(time.size))
    random = np.random.default_rng(seed)
    voltage, one = digitise(voltage * (1 - 0.25 * behind), 1.8, random)
    current, two = digitise(current + 1e-3 * on, 3e-3, random)
    return time, side * voltage, side * current, PulseFacts(one, two, 0.1e-9, 2e-6)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize("seed", range(5))
def test_a_device_that_oscillates_during_the_pulse_fires_first_in_its_first_spike(side: int, seed: int) -> None:
    delay = switching_delay(*spikes(8, side, seed))
    assert delay.fired and delay.value == pytest.approx(55e-9, abs=4e-9)   # the steepest rise: a sigma before the peak


@pytest.mark.parametrize("seed", range(5))
def test_one_spike_may_be_a_disturbance(seed: int) -> None:
    assert not switching_delay(*spikes(1, seed=seed)).fired


@pytest.mark.parametrize("seed", range(5))
def test_an_edge_that_rings_charges_a_capacitance_and_is_no_spike(seed: int) -> None:
    """The current of 20 pF beside 1 MOhm, while the edge rings by 40 %."""
    time, voltage, _, _ = pulse(0.0, fires=False, seed=None)
    ring = np.where(time > 0, 0.4 * np.exp(-time / 60e-9) * np.sin(2 * np.pi * time / 25e-9), 0.0)
    voltage = voltage * (1 + ring)
    random = np.random.default_rng(seed)
    current, two = digitise(voltage / 1e6 + 20e-12 * np.gradient(voltage, DT), 3e-3, random)
    voltage, one = digitise(voltage, 2.4, random)
    assert not switching_delay(time, voltage, current, PulseFacts(one, two, 0.1e-9, 2e-6)).fired


@pytest.mark.parametrize(("value", "random", "expected"), [
    (-1e-9, 2e-9, (None, None, -1e-9 + 1.96 * 2e-9, Flag.CENSORED)), (-9e-9, 2e-9, (None, None, None, Flag.AMBIGUOUS)),
    (1e-9, 2e-9, (1e-9, 0.0, 1e-9 + 1.96 * 2e-9, Flag.NONE)),
])
def test_no_delay_is_negative(value: float, random: float, expected: tuple[float | None, ...]) -> None:
    for result in (delay_result(Delay(value, random, 0.0), {}), mean_delay([Delay(value, random, 0.0)], {})):
        low, high = expected[1:3]
        assert result.value == expected[0] and result.low == low and expected[3] in result.flags
        assert result.high is None if high is None else result.high == pytest.approx(high, rel=1e-3)


@pytest.mark.parametrize("seed", range(4))
def test_a_device_that_switches_right_behind_a_fast_edge_fires(seed: int) -> None:
    """A mean of 31 samples is longer than the edge and the delay together: 5.5 ns behind an edge of 10 ns."""
    time = np.arange(-200e-9, 1.1e-6, DT)
    state = 1.0 / (1.0 + np.exp(-np.clip((time - 5.5e-9) / 0.4e-9, -50.0, 50.0)))
    edge = np.clip((time + 5e-9) / 10e-9, 0.0, 1.0) * (time < 1e-6)
    random = np.random.default_rng(seed)
    voltage, one = digitise(2.3 * edge * (1.0 - 0.05 * state), 3.2, random)
    current, two = digitise(edge * (3e-4 + 2e-3 * state), 3.2e-3, random)
    found = switching_delay(time, voltage, current, PulseFacts(one, two, 0.1e-9, 2e-6))
    assert found.value == pytest.approx(5.5e-9, abs=0.5e-9)


@pytest.mark.parametrize("noise", [1e-7, 2e-6])
@pytest.mark.parametrize("settling", [20e-9, 100e-9, 300e-9])
def test_an_off_state_that_settles_below_its_threshold_does_not_switch(settling: float, noise: float) -> None:
    """It heats itself to four times its conductance, without a jump: 25 to 80 uS at the voltage of its threshold."""
    time = np.arange(-200e-9, 1.1e-6, 0.1e-9)
    edge = np.clip((time + 5e-9) / 10e-9, 0.0, 1.0) * (time < 1e-6)
    warm = 1.0 - np.exp(-np.maximum(time, 0.0) / settling)
    for seed in range(4):
        random = np.random.default_rng(seed)
        white = np.convolve(random.standard_normal(time.size + 7), np.ones(8) / np.sqrt(8.0), mode="valid")
        current = edge**5 * (25e-6 + 75e-6 * warm) + noise * white   # a scope that samples faster than it responds
        found = switching_delay(time, edge + 2e-3 * random.standard_normal(time.size), current, PulseFacts())
        assert found.value is None and not found.fired, (seed, found)


def test_a_pulse_that_ends_in_a_spike_fires_in_its_first_one() -> None:
    time = np.arange(-200e-9, 1.8e-6, DT)
    edge = np.clip((time + 5e-9) / 10e-9, 0.0, 1.0) * (time < 1.63e-6)
    since = np.mod(time - 330e-9, 400e-9)
    spike = (time > 330e-9) * (np.exp(-since / 40e-9) - np.exp(-since / 4e-9)) * edge
    current = 2e-5 * edge + 1e-3 * spike
    random = np.random.default_rng(2)
    spent = (time > 330e-9) * np.exp(-since / 150e-9) * (1.0 - np.exp(-since / 20e-9))   # of the capacitance
    voltage, one = digitise(edge * (1.0 - 0.5 * spent), 1.8, random)
    current, two = digitise(current, 2e-3, random)
    assert current[np.searchsorted(time, 1.625e-6)] > 1e-4   # the last spike lasts to the end of the pulse
    found = switching_delay(time, voltage, current, PulseFacts(one, two, 0.1e-9, 2e-6))
    assert found.value == pytest.approx(334e-9, abs=4e-9)


def test_a_short_spike_after_a_long_wait_is_the_first() -> None:
    """A spike of 20 ns after 4 us: a twentieth of the time before it is longer than the spike."""
    time = np.arange(-2e-6, 22e-6, 2e-9)
    edge = np.clip((time + 5e-9) / 10e-9, 0.0, 1.0) * (time < 20e-6)
    since = np.mod(time - 4e-6, 4.4e-6)
    spike = (time > 4e-6) * np.exp(-0.5 * ((since - 40e-9) / 10e-9) ** 2) * edge
    random = np.random.default_rng(4)
    spent = (time > 4e-6) * np.exp(-since / 500e-9) / (1.0 + np.exp((40e-9 - since) / 5e-9))   # of the capacitance
    voltage, one = digitise(edge * (1.0 - 0.5 * spent), 1.8, random)
    current, two = digitise(1e-5 * edge + 2e-3 * spike, 3e-3, random)
    found = switching_delay(time, voltage, current, PulseFacts(one, two, 0.1e-9, 2e-6))
    assert found.value == pytest.approx(4.03e-6, abs=10e-9)


@settings(max_examples=60, deadline=None)
@given(st.booleans(), st.floats(10e-9, 300e-9), st.floats(1e-6, 8e-4), st.sampled_from((1, -1)), st.integers(0, 99),
       st.floats(0.0, 1e-12))
def test_the_currents_are_those_of_the_delay(fires, delay, off, side, seed, spike):
    time, voltage, current, _ = pulse(delay, fires=fires, off=off, side=side, seed=seed, spike=spike)
    assert switching_currents(time, voltage, current) == switching_delay(time, voltage, current).currents


@pytest.mark.parametrize(("random", "systematic", "limit", "form"), [
    (0.3e-9, 0.0, 0.0, 0.0), (0.3e-9, 0.1e-9, 0.2e-9, 0.0), (0.1e-9, 0.0, 0.5e-9, 0.2e-9), (0.02e-9, 0.0, 0.5e-9, 0.0)])
def test_the_interval_of_a_mean_delay_holds_the_truth(
    random: float, systematic: float, limit: float, form: float
) -> None:
    """Eight pulses: the errors of each, and those that all share."""
    truth, held = 20e-9, 0
    for seed in range(1000):
        errors = np.random.default_rng(seed)
        shared = systematic * errors.standard_normal() + limit * errors.uniform(-1, 1) + form * errors.uniform(-1, 1)
        pulses = [Delay(truth + shared + random * errors.standard_normal(), random, systematic, limit=limit,
                        forms=(form,)) for _ in range(8)]
        mean = mean_delay(pulses, {})
        assert mean.low is not None and mean.high is not None
        held += mean.low <= truth <= mean.high
    assert 930 <= held <= 985   # the mean scatters by the t-distribution; a tenth narrower, 907 to 925

"""A current whose channel is late is no device that switches: the end of the pulse shows the lag, too."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.pulse.delay_results import Delay, PulseFacts
from tsbench.analysis.pulse.seen_rise import seen_rise
from tsbench.analysis.pulse.seen_switching import switching_currents
from tsbench.analysis.pulse.shown_lag import behind_lag, lag_of_fall
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.records import Flag, FloatArray

STEP, CODE = 1e-9, 1e-5   # [s], [A]
FACTS = PulseFacts(voltage_resolution=1e-3, current_resolution=CODE, channel_skew=0.2e-9)
NUMBER = np.arange(-150.0, 750.0)   #: [samples] after the edge, which is 50 % at 0; the pulse ends at 500
LAGS, EDGES = st.floats(4.0, 12.0), st.floats(1.0, 8.0)
SIGNS, SEEDS = st.sampled_from([1.0, -1.0]), st.integers(0, 1000)


def across(edge: float, late: float = 0.0) -> FloatArray:
    """Return the voltage [V] of a pulse whose edges take so many samples."""
    at = NUMBER - late
    return 1.2 * np.clip(at / edge + 0.5, 0.0, 1.0) * np.clip((500.0 - at) / edge + 0.5, 0.0, 1.0)


def seen(edge: float, lag: float, switches: float, sign: float = 1.0, seed: int = 0) -> Delay:
    """Return what is found of a device of 1 kOhm that ``switches`` so many samples after the edge."""
    noise = np.random.default_rng(seed).standard_normal((2, NUMBER.size))
    current = across(edge, lag) / np.where(NUMBER - lag < switches, 1e6, 1e3)
    voltage = across(edge) + 2e-3 * noise[0]
    return switching_delay(STEP * NUMBER, sign * voltage, sign * (current + CODE * noise[1]), FACTS)


@settings(max_examples=20)
@given(LAGS, EDGES, SIGNS, SEEDS)
def test_a_resistor_whose_current_is_late_does_not_fire(lag: float, edge: float, sign: float, seed: int) -> None:
    found = seen(edge, lag, -1e3, sign, seed)
    assert not found.fired or not found.told


@settings(max_examples=20)
@given(st.floats(10.0, 40.0), st.floats(1.0, 4.0), SIGNS, SEEDS)
def test_a_device_that_switches_as_late_fires(delay: float, edge: float, sign: float, seed: int) -> None:
    """At the end of the pulse, its current is not late."""
    found = seen(edge, 0.0, delay, sign, seed)
    assert found.fired and found.value is not None and abs(found.value / STEP - delay) < 2.0


@settings(max_examples=20)
@given(LAGS, st.floats(1.0, 4.0), st.floats(30.0, 200.0), SEEDS)
def test_a_device_that_switches_later_than_its_channel_is_late_fires(
    lag: float, edge: float, delay: float, seed: int,
) -> None:
    found = seen(edge, lag, delay, 1.0, seed)
    assert found.fired and found.told and found.value is not None and abs(found.value / STEP - delay - lag) < 2.0


@settings(max_examples=20)
@given(LAGS, EDGES)
def test_the_lag_is_that_of_the_fall(lag: float, edge: float) -> None:
    v, i = across(edge), across(edge, lag) / 1e3
    assert abs(lag_of_fall(v, i, (150, 655), (1e-3, 1e-6)) - lag) < 0.6


@settings(max_examples=20)
@given(st.floats(0.2, 0.8), st.floats(10.0, 100.0))
def test_a_current_that_falls_less_than_its_voltage_has_no_lag(power: float, edge: float) -> None:
    v = across(edge)
    assert lag_of_fall(v, 1e-3 * (v / 1.2) ** power, (150, 655), (1e-3, 1e-6)) == 0.0


def test_a_record_that_ends_within_the_pulse_shows_no_lag() -> None:
    part = NUMBER < 400.0
    assert lag_of_fall(across(2.0)[part], across(2.0, 8.0)[part] / 1e3, (150, 549), (1e-3, 1e-6)) == 0.0
    assert lag_of_fall(across(2.0), across(2.0, 8.0) / 1e3, (150, 655), (1e-3, 1e-3)) == 0.0   # within the noise


@settings(max_examples=40)
@given(st.floats(2.0, 900.0), st.integers(8, 200), st.floats(1e-6, 1e-3))
def test_a_lag_of_any_length_leaves_what_the_pulse_shows_or_explains_it(lag: float, width: int, off: float) -> None:
    """One as long as the pulse leaves nothing of it to look at."""
    v = np.zeros(400)
    v[100 : 100 + width] = 1.0
    i, span, noise = v * np.where(np.arange(400) < 104, off, 1e-3), (100, 99 + width), (1e-3, 1e-7)
    found = seen_rise(v, i, span, (0.0,), noise, np.nan)
    behind = behind_lag(found, v, i, span, lag, noise)
    assert behind is found or (behind.rise is None and behind.shown.flags == Flag.NO_EVENT)


@settings(max_examples=25)
@given(st.integers(9, 60), st.integers(3, 8), st.integers(1, 3), SIGNS, SEEDS)
def test_a_train_in_one_record_is_no_late_channel(width: int, pulses: int, off: int, sign: float, seed: int) -> None:
    """Behind a load, the voltage is high for the last time in a pulse in which the device begins to conduct."""
    number = np.arange(3 * width * (pulses + 1))
    pulse, on = number // (3 * width) - 1, number // (3 * width) - 1 >= off
    high = (pulse >= 0) & (number % (3 * width) < width)
    random = np.random.default_rng(seed).standard_normal((2, number.size))
    v = np.where(high, np.where(on, 0.2, 1.2), 0.0) + 2e-3 * random[0]
    begins = (pulse == 0) & (number % (3 * width) < width // 2)
    i = np.where(high, np.where(on, 1.1e-6, np.where(begins, 1e-8, 1e-6)), 0.0) + 1e-9 * random[1]
    switching_currents(STEP * number, sign * v, sign * i)
    switching_delay(STEP * number, sign * v, sign * i, FACTS)

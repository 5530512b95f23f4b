"""Where a pulse begins and ends at a device behind a load: slow edges, decays, and oscillations in which it is low."""

import numpy as np
import pytest

from tsbench.analysis.pulse.delay_results import PulseFacts
from tsbench.analysis.pulse.single_pulse import pulse_span
from tsbench.analysis.pulse.switching_delay import switching_delay
from tsbench.records import FloatArray

DT = 1e-9
SHUNT = 50.0


def pulse(
    load: float, capacitance: float, amplitude: float = 6.0, width: float = 2e-6, before: float = 0.4e-6,
    after: float = 1e-6, threshold: float = 1.3, hold: float = 0.25, off: float = 20e3, on: float = 500.0,
) -> tuple[FloatArray, FloatArray, FloatArray, list[float]]:
    """Return time, device voltage and current, and when a switch of two resistances went on, behind load and C."""
    fine = 10
    step = DT / fine
    source_on = np.arange(-before, width + after, step)
    voltage, state, across, events = [], False, 0.0, []
    conductance = 0.0
    currents = []
    for t in source_on:
        target = 1.0 / on if state else 1.0 / off
        conductance += (target - conductance) * step / 4e-9   # a switching takes some ns
        source = amplitude if 0.0 <= t < width else 0.0
        across += step / capacitance * ((source - across) / load - across * conductance)
        if not state and across > threshold:
            state = True
            events.append(float(t))
        elif state and across < hold:
            state = False
        voltage.append(across)
        currents.append(across * conductance)
    random = np.random.default_rng(0)
    count = len(voltage) // fine
    v, i = (np.array(one[: count * fine : fine]) for one in (voltage, currents))
    return (np.arange(count) * DT - before, v + 0.02 * random.standard_normal(count),
            i + 1e-5 * random.standard_normal(count), events)


def found(time: FloatArray, voltage: FloatArray, current: FloatArray) -> float | None:
    return switching_delay(time, voltage, current, PulseFacts(voltage_resolution=0.02, current_resolution=1e-5)).value


def half_of_top(time: FloatArray, voltage: FloatArray, event: float) -> float:
    """Return when the voltage is half of its highest [s]: of a charging capacitance, by its samples."""
    smooth = np.convolve(voltage, np.ones(9) / 9, mode="same")
    return float(time[np.argmax(smooth > 0.5 * smooth[(time > event - 20e-9) & (time < event + 20e-9)].max())])


@pytest.mark.parametrize("load", [2e3, 5e3])
def test_a_voltage_that_decays_slowly_hides_no_switching(load: float) -> None:
    """The device is off again long before its voltage is low: the end of the record shows no on state."""
    time, voltage, current, events = pulse(load, 66e-12 * 5e3 / load, after=2e-6, hold=0.6)
    delay = found(time, voltage, current)
    assert delay == pytest.approx(events[0] - half_of_top(time, voltage, events[0]), abs=8e-9)


def test_a_record_that_begins_within_the_edge_is_judged_from_its_end() -> None:
    """The trigger waits for a voltage that rises slowly, and the record begins shortly before that."""
    time, voltage, current, events = pulse(
        10e3, 66e-12, amplitude=3.0, before=0.1e-6, after=6e-6, on=2e3, threshold=1.2)
    shown = time > 0.12e-6
    delay = found(time[shown], voltage[shown], current[shown])
    assert delay == pytest.approx(events[0] - half_of_top(time, voltage, events[0]), abs=20e-9)


def test_the_first_spike_counts_where_the_voltage_goes_to_zero_between_the_spikes() -> None:
    time, voltage, current, events = pulse(10e3, 100e-12, amplitude=4.0, width=20e-6, hold=0.15, on=100.0,
                                           before=1e-6)
    assert len(events) > 5
    delay = found(time, voltage, current)
    assert delay == pytest.approx(events[0] - half_of_top(time, voltage, events[0]), abs=20e-9)


def test_a_voltage_that_comes_back_when_the_device_switches_off_is_no_oscillation() -> None:
    """The drive falls slowly. The device switches off while there is some voltage left, which then rises again."""
    time, voltage, current, events = pulse(5e3, 66e-12, amplitude=5.0, hold=0.2, after=1e-6)
    back = time > 2e-6
    voltage[back] += 0.8 * (1.0 - np.exp(-(time[back] - 2e-6) / 30e-9)) * np.exp(-(time[back] - 2e-6) / 300e-9)
    delay = found(time, voltage, current)
    assert delay == pytest.approx(events[0] - half_of_top(time, voltage, events[0]), abs=8e-9)


def test_a_voltage_that_comes_back_without_a_current_is_not_the_pulse() -> None:
    samples = np.arange(4000.0)
    voltage = np.interp(samples, [0, 500, 900, 920, 2000, 2150, 2400, 3200], [0, 0, 1.3, 0.4, 0.4, 0.9, 0.8, 0])
    current = np.where((samples > 900) & (samples < 2000), 1e-3, 0.0)
    span = pulse_span(voltage, current, 1e-3, 1e-6)
    assert span is not None and 1900 < span[1] <= 2000


def test_a_pulse_lasts_to_its_last_spike() -> None:
    samples = np.arange(6000.0)
    phase = np.mod(samples, 1000.0)
    inside = (samples >= 500) & (samples < 5400)
    voltage = np.where(inside, np.clip(phase - 400, 0, None) / 600.0, 0.0)   # zero for four tenths of each period
    current = np.where(inside & (phase < 20) & (samples > 600), 1e-3, 0.0)
    span = pulse_span(voltage, current, 1e-3, 1e-6)
    assert span is not None and span[1] > 4900


def test_the_first_rise_counts_where_the_current_rings_behind_it() -> None:
    time = np.arange(-0.4e-6, 3e-6, 1e-9)
    since = np.maximum(time - 60e-9, 0.0)
    ring = 1.0 + 1.2 * np.exp(-since / 300e-9) * np.cos(2 * np.pi * since / 90e-9 - np.pi / 2)
    state = 1.0 / (1.0 + np.exp(-np.clip((time - 60e-9) / 2e-9, -50, 50)))
    edge = np.clip(time / 20e-9 + 0.5, 0, 1) * np.clip((2e-6 - time) / 20e-9 + 0.5, 0, 1)
    random = np.random.default_rng(1)
    voltage = edge * (0.6 - 0.15 * state * ring / ring.max()) + 5e-3 * random.standard_normal(time.size)
    current = edge * (1e-5 + 2.5e-4 * state * ring) + 3e-6 * random.standard_normal(time.size)
    delay = switching_delay(time, voltage, current, PulseFacts(5e-3, 3e-6))
    assert delay.value == pytest.approx(60e-9, abs=20e-9)


def test_a_rise_that_goes_on_with_a_slow_edge_is_smooth() -> None:
    """Behind the switching, the current follows the edge: no reason to take half of the highest current."""
    time = np.arange(-1.5e-6, 3e-6, 0.4e-9)
    edge = np.clip(time / 0.8e-6 + 0.5, 0, 1) * 1.3
    state = 1.0 / (1.0 + np.exp(-np.clip((time - 100e-9) / 4e-9, -50, 50)))
    random = np.random.default_rng(1)
    voltage = edge * (1.0 - 0.08 * state) + 5e-3 * random.standard_normal(time.size)
    current = edge * (5e-5 + 1.4e-3 * state) + 4e-6 * random.standard_normal(time.size)
    delay = switching_delay(time, voltage, current, PulseFacts(5e-3, 4e-6, response=0.3e-9))
    assert not delay.by_level
    top = 1.3 * (100.0 / 800.0 + 0.5)
    assert delay.value is not None
    # the voltage falls as the device switches, so its top is a little before that
    assert delay.value == pytest.approx(100e-9 - (0.5 * top / 1.3 - 0.5) * 0.8e-6, abs=12e-9)

"""Tables of pulses with uneven times, cut pulses, noise and slow edges, against the truth they were made from."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsbench.analysis.pulse.even_record import is_even, on_even_times
from tsbench.analysis.pulse.pulses_in_record import find_pulses
from tsbench.analysis.tables.table import Table
from tsbench.analysis.threshold.switching_rule import Jump
from tsbench.errors import ConfigurationError
from tsbench.extraction.tables import analyse_table
from tsbench.records import Result

WIDTH, PERIOD, DELAY = 100e-6, 1e-3, 60e-6


def pulses(
    number: int = 5, dt: float = 0.5e-6, rise: float = 2.5e-6, amplitude: float = 1.5, delay: float = DELAY
) -> tuple[Any, Any, Any]:
    """Return time [s], voltage [V] and current [A] of pulses that are 100 us wide at half of their height."""
    time = np.arange(0.0, number * PERIOD + PERIOD / 2, dt)
    voltage, conductance = np.zeros(time.size), np.full(time.size, 1e-6)
    for k in range(number):
        edge = PERIOD * (k + 0.25)
        voltage += amplitude * np.clip((time - edge) / rise + 0.5, 0, 1) * np.clip(
            (edge + WIDTH - time) / rise + 0.5, 0, 1)
        conductance[(time >= edge + delay) & (time < edge + WIDTH)] = 1e-3
    noise = 1e-6 * np.random.default_rng(0).standard_normal(time.size)
    return time, voltage, voltage * conductance + noise


def analysed(time: Any, voltage: Any, current: Any) -> tuple[list[Result], list[str]]:
    columns = {"time": time, "voltage": voltage, "current": current}
    found = analyse_table(Table(columns, (), {}), Path("t.csv"), Jump(), None, "pulses")
    return list(found.results), list(found.lines)


def delays(results: list[Result]) -> list[Result]:
    return [result for result in results if result.quantity == "switching_delay"]


def near_pulses(time: Any, before: float, after: float) -> Any:
    phase = np.mod(time - PERIOD / 4 + before, PERIOD)
    return phase < before + after


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), before=st.floats(20e-6, 200e-6), after=st.floats(110e-6, 300e-6),
       every=st.integers(2, 40), delay=st.floats(10e-6, 90e-6))
def test_every_delay_of_uneven_times_contains_the_truth(
    seed: int, before: float, after: float, every: int, delay: float
) -> None:
    """Samples that are left out between the pulses, or anywhere, change no delay by more than its interval says."""
    time, voltage, current = pulses(3, delay=delay)
    random = np.random.default_rng(seed)
    keep = near_pulses(time, before, after) & (random.uniform(size=time.size) < 0.9)
    keep |= np.arange(time.size) % every == 0
    found = delays(analysed(time[keep], voltage[keep], current[keep])[0])
    assert len(found) == 3
    for result in found:
        assert result.low is not None and result.high is not None and result.low <= delay <= result.high
        assert result.high - result.low < 8e-6


def test_a_segmented_record_without_marks_gives_the_delays_of_its_pulses() -> None:
    time, voltage, current = pulses()
    kept = near_pulses(time, 30e-6, 130e-6)
    found = delays(analysed(time[kept], voltage[kept], current[kept])[0])
    assert len(found) == 5
    for result in found:
        assert result.value == pytest.approx(DELAY, abs=1e-6)


def test_an_instant_in_a_gap_is_uncertain_by_the_gap() -> None:
    time, voltage, current = pulses()
    edge = PERIOD / 4
    kept = (np.abs(np.mod(time, PERIOD) - edge - DELAY) > 10e-6)
    found = delays(analysed(time[kept], voltage[kept], current[kept])[0])
    assert len(found) == 5
    for result in found:
        assert result.low is not None and result.high is not None
        assert result.low <= DELAY <= result.high and result.high - result.low > 20e-6
        assert "under_sampled" in result.flags.names()


def test_an_even_record_stays_as_it_is() -> None:
    time, voltage, current = pulses(1)
    assert is_even(time) and not on_even_times(time, voltage, current).changed
    assert on_even_times(time[time != time[7]], voltage[1:], current[1:]).changed
    very_short = np.concatenate((time[:500], [time[500] - 1e-18], time[500:]))
    assert very_short.size < 2e4 and on_even_times(very_short, very_short, very_short).time.size < 1e5


@pytest.mark.parametrize("cut", [(0.3e-3, 9e-3), (0.0, 4.3e-3), (0.3e-3, 4.3e-3)])
def test_pulses_that_the_record_cuts_are_left_out_with_a_line(cut: tuple[float, float]) -> None:
    time, voltage, current = pulses()
    shown = (time > cut[0]) & (time < cut[1])
    results, lines = analysed(time[shown], voltage[shown], current[shown])
    lost = (cut[0] > 0.0) + (cut[1] < 5e-3)
    found = delays(results)
    assert len(found) == 5 - lost
    assert all(result.value == pytest.approx(DELAY, abs=1e-6) for result in found)
    assert all(result.conditions["base"] == pytest.approx(0.0, abs=1e-3) for result in found)
    (share,) = [result for result in results if result.quantity == "switching_probability"]
    assert share.value == 1.0
    assert any(f"{lost} pulse" in line and "left out" in line for line in lines)


def test_the_only_pulse_may_go_on_after_the_record_but_not_begin_before_it() -> None:
    time, voltage, current = pulses(1)
    shown = time < PERIOD / 4 + 80e-6
    results, lines = analysed(time[shown], voltage[shown], current[shown])
    assert delays(results)[0].value == pytest.approx(DELAY, abs=1e-6)
    assert not [result for result in results if result.quantity == "switching_probability"]
    assert any("ends inside the pulse" in line for line in lines)
    shown = time > PERIOD / 4 + 20e-6
    with pytest.raises(ConfigurationError, match="begins inside"):
        analysed(time[shown], voltage[shown], current[shown])


@settings(max_examples=20, deadline=None)
@given(noise=st.floats(0.0, 0.08), seed=st.integers(0, 2**32 - 1), amplitude=st.floats(0.8, 2.0),
       rise=st.floats(1e-6, 20e-6))
def test_amplitude_and_width_are_those_of_the_pulse_and_not_of_the_noise(
    noise: float, seed: int, amplitude: float, rise: float
) -> None:
    time, voltage, current = pulses(3, rise=rise, amplitude=amplitude)
    voltage = voltage + noise * np.random.default_rng(seed).standard_normal(time.size)
    spans = find_pulses(time, voltage, current).pulses
    assert len(spans) == 3
    # the median of 200 samples is uncertain by 1.25 standard deviations / sqrt 200
    assert all(abs(span.amplitude - amplitude) < 0.002 * amplitude + 0.5 * noise for span in spans)
    # over 300 seeds, a width scatters by 0.88 of this unit: at most 5 standard deviations
    assert all(abs(span.width - WIDTH) < 1e-6 + 4.4 * rise * noise / amplitude for span in spans)


def test_the_width_of_a_device_behind_a_resistance_is_that_of_the_pulse() -> None:
    time, voltage, current = pulses(3)
    load = 10e3
    on = current > 1e-4
    device = np.where(on, voltage * 1e3 / (1e3 + load), voltage)
    flowing = (voltage - device) / load + np.where(on, 0.0, 1e-7 * voltage)
    spans = find_pulses(time, device, flowing).pulses
    assert len(spans) == 3
    for span in spans:
        assert span.width == pytest.approx(WIDTH, abs=1.5e-6) and span.amplitude == pytest.approx(1.5)


def test_a_base_without_noise_is_at_rest() -> None:
    time, voltage, current = pulses(4)
    base = 0.1 + 1e-12 * np.sin(1e6 * time)   # what a file rounds
    results, _ = analysed(time, np.maximum(voltage, base), current)
    assert all("ambiguous" not in result.flags.names() for result in delays(results))

"""From the settings of a channel to the EMF that the circuit integrates: sine, DC, noise, arbitrary waveforms."""

import math
from dataclasses import astuple, replace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.circuit.engine import Constant, PiecewiseLinear, PulseWaveform, Sine
from tsbench.simulated_backends.circuit.waveforms import encode_sources
from tsbench.simulated_backends.virtual_instruments.generator import synthesis
from tsbench.simulated_backends.virtual_instruments.generator.levels import (
    Adjustment,
    OutputLevels,
    Window,
    emf_factor,
    set_amplitude,
    set_high,
    set_low,
    set_offset,
)
from tsbench.simulated_backends.virtual_instruments.generator.synthesis import (
    OutputErrors,
    Shape,
    arbitrary_levels,
    idle_level,
    synthesise,
)
from tsbench.simulated_backends.virtual_instruments.keysight_33600.data_sheet import KEYSIGHT_33622A as SHEET

IDEAL = OutputErrors()
LEVELS = OutputLevels(2.0, 0.5, 50.0)   # Vpp, V into 50 Ohm: an EMF from -1 V to 3 V
SLOW = OutputErrors(timebase=0.25)   # everything lasts a quarter longer


class Numbers:
    """A generator of normal numbers that are these many sigmas."""

    def __init__(self, *sigmas: float) -> None:
        self.left, self.asked = list(sigmas), []   # type: ignore[var-annotated]

    def normal(self, mean: float, sigma: float) -> float:
        self.asked.append(sigma)
        return mean + sigma * self.left.pop(0)


def test_errors_are_a_third_of_the_accuracy_and_never_beyond_it() -> None:
    bounds = (0.01, 1e-3, 0.01, 0.0025, 2e-3, 1e-6)
    drawn = OutputErrors.draw(SHEET, Numbers(1.0, -1.0, 4.0, -4.0, 0.0, 3.0))   # type: ignore[arg-type]
    parts = (1 / 3, -1 / 3, 1.0, -1.0, 0.0, 1.0)
    assert astuple(drawn) == pytest.approx([bound * part for bound, part in zip(bounds, parts, strict=True)])


def test_a_cycle_lasts_as_long_as_its_frequency_or_its_points_say() -> None:
    codes = np.zeros(50, np.int16)
    assert Shape("SIN", LEVELS, frequency=200.0).period == Shape("ARB", LEVELS, frequency=200.0).period == 5e-3
    assert Shape("SIN", LEVELS, frequency=200.0, codes=codes).period == 5e-3
    assert Shape("ARB", LEVELS, frequency=200.0, codes=codes, sample_rate=1e3).period == 0.05


@pytest.mark.parametrize("inverted", [False, True])
def test_dc_is_its_offset(inverted: bool) -> None:
    assert synthesise(Shape("DC", LEVELS, inverted=inverted), IDEAL, 3.0, 2) == (Constant(1.0), math.inf)


@pytest.mark.parametrize(("inverted", "amplitude"), [(False, 2.0), (True, -2.0)])
def test_a_sine_and_its_phase(inverted: bool, amplitude: float) -> None:
    shape = Shape("SIN", LEVELS, frequency=100.0, phase=90.0, inverted=inverted)
    burst, end = synthesise(shape, SLOW, 3.0, 4)
    assert burst == Sine(1.0, amplitude, 80.0, 3.0, math.pi / 2, 4) and end == pytest.approx(3.05)
    running, end = synthesise(shape, SLOW, 3.0, 0)
    assert isinstance(running, Sine) and (running.offset, running.amplitude, running.count) == (1.0, amplitude, 0)
    assert (running.frequency, running.phase, end) == (80.0, 0.0, math.inf)
    assert running.start == pytest.approx(3.0 - 12.5e-3 / 4)   # a quarter of a period is over
    assert idle_level(shape, IDEAL) == pytest.approx(1.0 + amplitude)


def test_pulses_of_a_slow_clock_last_longer() -> None:
    shape = Shape("PULS", LEVELS, frequency=100.0, pulse_width=1e-3, lead=8e-6, trail=16e-6, phase=-90.0)
    burst, end = synthesise(shape, SLOW, 3.0, 2)
    assert isinstance(burst, PulseWaveform) and end == pytest.approx(3.025)
    assert astuple(burst) == pytest.approx((-1.0, 3.0, 3.0, 12.5e-6, 25e-6, 1.25e-3, 12.5e-3, 2))
    running, _ = synthesise(shape, SLOW, 3.0, 0)
    assert isinstance(running, PulseWaveform)
    assert running.start == pytest.approx(3.0 - 0.75 * 12.5e-3)   # -90 degrees are 270


# ------------------------------------------------------------------------------------------------ noise


def test_noise_fills_its_amplitude_in_its_band_and_repeats() -> None:
    shape = Shape("NOIS", LEVELS, noise_seed=5, noise_bandwidth=1e6)
    found, end = synthesise(shape, IDEAL, 3.0, 0)
    assert isinstance(found, PiecewiseLinear) and end == math.inf
    values = found.values
    assert len(values) == 20_001 and values[0] == values[-1]
    assert (values.min(), values.max()) == (-1.0, 3.0)   # clipped at three sigmas
    assert np.mean(values) == pytest.approx(1.0, abs=0.02)
    assert np.std(values) == pytest.approx(2.0 / 3, rel=0.02)
    assert found.times[:2] == pytest.approx([3.0, 3.0 + 0.4e-6], abs=1e-12)   # 2.5 points per period of the band
    assert found.period == pytest.approx(8e-3) == found.times[-1] - found.times[0]
    other, _ = synthesise(replace(shape, noise_seed=6), IDEAL, 3.0, 0)
    assert isinstance(other, PiecewiseLinear) and not np.array_equal(other.values, values)
    assert idle_level(shape, IDEAL) == 1.0


def test_an_arbitrary_waveform_without_points_is_noise() -> None:
    assert isinstance(synthesise(Shape("ARB", LEVELS), IDEAL, 0.0, 3)[0], PiecewiseLinear)
    assert idle_level(Shape("ARB", LEVELS), IDEAL) == 1.0   # mid-level


# ---------------------------------------------------------------------------------- arbitrary waveforms


def arb(*codes: int, **settings: Any) -> Shape:
    return Shape("ARB", LEVELS, codes=np.array(codes, np.int16), sample_rate=1e3, square_edge=0.8e-6, **settings)


def test_codes_become_levels_as_the_dac_resolves_them() -> None:
    shape = arb(-32767, 0, 32767)
    assert arbitrary_levels(shape, IDEAL) == pytest.approx([-1.0, 1.0, 3.0])
    assert arbitrary_levels(replace(shape, inverted=True), IDEAL) == pytest.approx([3.0, 1.0, -1.0])
    code = 2.0 / 32767   # [V]
    assert arbitrary_levels(arb(1, 2, 3, -3), IDEAL) == pytest.approx(1.0 + np.array([1, 2, 3, -3]) * code)
    assert arbitrary_levels(arb(1, 3, 5, -3, dac_bits=14), IDEAL) == pytest.approx(1.0 + np.array([0, 4, 4, -4]) * code)
    assert arbitrary_levels(arb(32767, -32767, dac_bits=14), IDEAL) == pytest.approx([3.0, -1.0])
    assert idle_level(shape, IDEAL) == -1.0


#: at times in samples [1 ms]: what a burst of the samples -1 V, 3 V, 3 V, 1 V puts out, then the first again
BURSTS = {
    "NORM": {0.0: -1.0, 0.5: 1.0, 1.0: 3.0, 1.7: 3.0, 2.0: 3.0, 2.5: 2.0, 3.0: 1.0, 3.5: 0.0, 4.0: -1.0},
    "STEP": {0.0: -1.0, 1.0: 1.0, 2.0: 3.0, 2.5: 2.5, 3.0: 2.0, 4.0: 0.0},
    "OFF": {0.0: -1.0, 0.999: -1.0, 1.0: -1.0, 1.0005: 1.0, 1.001: 3.0, 2.999: 3.0, 3.001: 1.0, 4.0: 1.0, 4.001: -1.0},
}


@pytest.mark.parametrize("filtering", BURSTS)
def test_a_burst_of_an_arbitrary_waveform(filtering: str) -> None:
    shape = arb(-32767, 32767, 32767, 0, filtering=filtering)
    found, end = synthesise(shape, IDEAL, 5.0, 1)
    assert isinstance(found, PiecewiseLinear) and found.period == math.inf and end == pytest.approx(5.004)
    for sample, volts in BURSTS[filtering].items():
        assert np.interp(5.0 + sample * 1e-3, found.times, found.values) == pytest.approx(volts, abs=1e-6), sample
    twice, end = synthesise(shape, SLOW, 5.0, 2)
    assert isinstance(twice, PiecewiseLinear) and end == pytest.approx(5.01)
    for sample in (1.2, 2.5, 3.5):
        first, second = (np.interp(5.0 + (sample + more) * 1.25e-3, twice.times, twice.values) for more in (0, 4))
        assert second == pytest.approx(first, abs=1e-6)


def test_points_on_a_straight_line_are_left_out() -> None:
    ramp = arb(*range(-30_000, 30_001, 1000), filtering="NORM")
    found, _ = synthesise(ramp, IDEAL, 0.0, 1)
    assert isinstance(found, PiecewiseLinear) and found.times == pytest.approx([0.0, 0.060, 0.061])


def test_samples_faster_than_the_edge_step_as_fast_as_they_can() -> None:
    shape = replace(arb(-32767, 32767, filtering="NORM"), sample_rate=2e6)   # 0.5 us, an edge takes 1 us
    found, _ = synthesise(shape, IDEAL, 0.0, 1)
    assert isinstance(found, PiecewiseLinear)
    assert found.times == pytest.approx([0.0, 0.5e-6, 0.95e-6, 1e-6, 1.45e-6])
    assert found.values == pytest.approx([-1.0, -1.0, 3.0, 3.0, -1.0])


@pytest.mark.parametrize("filtering", ["NORM", "STEP", "OFF"])
def test_an_endless_waveform_joins_its_end_to_its_start(filtering: str) -> None:
    shape = arb(-32767, 32767, 32767, 0, filtering=filtering)
    found, end = synthesise(shape, SLOW, 5.0, 0)
    assert isinstance(found, PiecewiseLinear) and end == math.inf
    assert found.period == pytest.approx(5e-3)
    assert (found.times[0], found.times[-1]) == pytest.approx((5.0, 5.005))
    assert found.values[0] == found.values[-1] and (np.diff(found.times) > 0).all()
    burst, _ = synthesise(shape, SLOW, 5.0, 3)
    assert isinstance(burst, PiecewiseLinear)
    # the second cycle of a burst is one between two others
    phases = np.array([0.02, 0.4, 1.1, 1.8, 2.3, 2.9, 3.2, 3.7, 3.98]) * 1.25e-3
    inside = np.interp(5.005 + phases, burst.times, burst.values)
    assert np.interp(5.0 + phases, found.times, found.values) == pytest.approx(inside, abs=1e-6)


@pytest.mark.parametrize("start", [0.0, 0.0213, 1.7, 123.4, 9876.5])
@pytest.mark.parametrize("kind", ["points", "noise"])
def test_a_short_cycle_repeats_late_on_the_bench_too(start: float, kind: str) -> None:
    """The circuit refused 20 MHz with 16,384 points, because the digits of a time do not hold the period."""
    shape = Shape("NOIS", LEVELS, noise_seed=5, noise_bandwidth=120e6) if kind == "noise" else replace(
        arb(*np.tile([-32767, 32767], 8192), filtering="OFF"), sample_rate=16_384 * 20e6)
    for late in start + np.linspace(0.0, 1e-6, 20):
        found, _ = synthesise(shape, SLOW, late, 0)
        assert isinstance(found, PiecewiseLinear)
        encode_sources([found], late)
        assert found.values[0] == found.values[-1]


def test_a_long_burst_is_laid_out_in_parts_of_whole_cycles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(synthesis, "CHUNK_POINTS", 10)
    shape = arb(0, 32767, 0, -32767, filtering="NORM")
    for cycles, laid_out in ((1, 1), (2, 2), (3, 2)):
        found, end = synthesise(shape, IDEAL, 1.0, cycles)
        assert isinstance(found, PiecewiseLinear)
        assert end == found.times[-1] == pytest.approx(1.0 + laid_out * 4e-3)
    monkeypatch.undo()
    assert synthesise(shape, IDEAL, 1.0, 60_000)[1] == pytest.approx(1.0 + 50_000 * 4e-3)   # 200,000 points at once
    monkeypatch.setattr(synthesis, "CHUNK_POINTS", 3)   # less than a cycle: one at least
    assert synthesise(shape, IDEAL, 1.0, 3)[1] == pytest.approx(1.004)


# ----------------------------------------------------------------------------------------------- levels


def test_levels_behind_a_load() -> None:
    assert [emf_factor(load) for load in (50.0, 25.0, 9.9e37, 1e37, 1e6)] == pytest.approx([2, 3, 1, 1, 1.00005])
    levels = OutputLevels(3.0, 1.0, 100.0)
    assert (levels.high, levels.low, levels.into_50) == (2.5, -0.5, 0.75)
    assert levels.with_load(50.0) == OutputLevels(2.25, 0.75, 50.0)
    assert OutputLevels() == OutputLevels(0.1, 0.0, 50.0)
    assert Window.of(SHEET, 9.9e37, 70e6) == Window(2e-3, 16.0, 10.0)


WINDOW = Window(0.1, 8.0, 5.0)


@pytest.mark.parametrize(("change", "value", "amplitude", "offset", "why"), [
    (set_amplitude, 3.0, 3.0, 0.5, None), (set_amplitude, 9.0, 8.0, 0.5, Adjustment.CLIPPED_TO_UPPER),
    (set_amplitude, 8.0 + 1e-10, 8.0, 0.5, None), (set_amplitude, 0.01, 0.1, 0.5, Adjustment.CLIPPED_TO_LOWER),
    (set_offset, 4.0, 2.0, 4.0, None), (set_offset, 4.5, 2.0, 4.0, Adjustment.CLIPPED_TO_UPPER),
    (set_offset, -4.5, 2.0, -4.0, Adjustment.CLIPPED_TO_LOWER),
    (set_high, 3.0, 3.5, 1.25, None), (set_high, 6.0, 5.5, 2.25, Adjustment.CLIPPED_TO_UPPER),
    (set_high, -0.48, 0.1, -0.53, Adjustment.LOW_MOVED), (set_high, -5.0, 0.1, -4.95, Adjustment.CLIPPED_TO_LOWER),
    (set_low, -3.0, 4.5, -0.75, None), (set_low, -6.0, 6.5, -1.75, Adjustment.CLIPPED_TO_LOWER),
    (set_low, 1.45, 0.1, 1.5, Adjustment.HIGH_MOVED), (set_low, 5.0, 0.1, 4.95, Adjustment.CLIPPED_TO_UPPER),
])
def test_levels_within_what_the_output_can(
    change: Any, value: float, amplitude: float, offset: float, why: Adjustment | None
) -> None:
    """From -0.5 V to 1.5 V; the output reaches 5 V either way and 8 V from peak to peak, 0.1 V at least."""
    found = change(OutputLevels(2.0, 0.5), value, WINDOW)
    assert (found.levels.amplitude, found.levels.offset) == pytest.approx((amplitude, offset))
    assert found.adjustment is why


def test_levels_that_push_another() -> None:
    pushed = set_amplitude(OutputLevels(2.0, -3.9), 4.0, WINDOW)
    assert (pushed.levels.offset, pushed.adjustment) == (-3.0, Adjustment.OFFSET_REDUCED)
    high = OutputLevels(2.0, 3.9)
    assert set_amplitude(high, 99.0, WINDOW).adjustment is Adjustment.CLIPPED_TO_UPPER   # the first reason is told
    for change, value, levels, why in (
        (set_high, 4.5, (-3.5, 4.5), Adjustment.LOW_MOVED), (set_low, -4.6, (-4.6, 3.4), Adjustment.HIGH_MOVED)):
        found = change(OutputLevels(8.0, 0.0), value, WINDOW)   # from -4 V to 4 V
        assert (found.levels.low, found.levels.high) == pytest.approx(levels) and found.adjustment is why
    assert set_offset(OutputLevels(2.0, 0.0), 5.0, WINDOW, dc=True).levels.offset == 5.0   # no amplitude
    assert set_offset(OutputLevels(2.0, 0.0), 5.1, WINDOW, dc=True).levels.offset == 5.0
    assert set_offset(OutputLevels(12.0, 0.0), 1.0, WINDOW).levels.offset == 0.0   # no room
    for offset, why in ((0.8, Adjustment.CLIPPED_TO_UPPER), (-0.8, Adjustment.CLIPPED_TO_LOWER)):
        found = set_offset(OutputLevels(9.0, 0.0), offset, WINDOW)
        assert abs(found.levels.offset) == 0.5 and found.levels.offset * offset > 0 and found.adjustment is why


def test_a_data_sheet_of_another_output_resistance_is_refused() -> None:
    """The levels would be wrong, without a word."""
    with pytest.raises(ConfigurationError, match="output_resistance = 75 Ohm, but tsbench computes the levels of a"):
        replace(SHEET, output_resistance=75.0)

"""The curve of the frequency over a level, from frequencies whose curve is known."""

from dataclasses import replace

import numpy as np
import pytest

from tsbench.analysis.oscillation.frequency_curve import FrequencyCurve, curve_results, linear_range
from tsbench.records import Flag, Result


def frequency(value, half=1e3):
    flags = Flag.NO_EVENT if value is None else Flag.NONE
    low, high = (None, None) if value is None else (value - half, value + half)
    return Result("frequency", "Hz", value, low, high, "", {}, flags)


def results(levels, values, sign=1.0, half=1e3, **more):
    curve = FrequencyCurve.of(levels, [frequency(value, half) for value in values])
    return {found.quantity: found for found in curve_results(curve, "V", {"load_resistance": 5e3}, sign, **more)}


LEVELS = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5]
VALUES = [None, 1.0e6, 1.5e6, 2.0e6, 2.5e6, 2.6e6, 2.4e6, None]


def test_onset_and_end_are_brackets() -> None:
    found = results(LEVELS, VALUES)
    onset, end = found["oscillation_onset"], found["oscillation_end"]
    assert (onset.low, onset.value, onset.high) == (1.0, 1.25, 1.5)
    assert (end.low, end.value, end.high) == (4.0, 4.25, 4.5)
    assert Flag.UNDER_SAMPLED in onset.flags and onset.conditions == {"load_resistance": 5e3, "levels": 8}


@pytest.mark.parametrize(("step", "flags"), [(0.09, Flag.NONE), (0.12, Flag.UNDER_SAMPLED)])
def test_an_edge_is_coarse_from_a_tenth_on(step: float, flags: Flag) -> None:
    edge = results([1.0, 1.0 + step, 2.0], [None, 1e6, 2e6])["oscillation_onset"]
    assert (edge.low, edge.high, edge.flags) == (1.0, 1.0 + step, flags)


def test_the_slope_is_that_of_the_linear_range() -> None:
    found = results(LEVELS, VALUES)
    slope, start, end = (found[name] for name in ("frequency_slope", "linear_range_start", "linear_range_end"))
    assert slope.value == pytest.approx(1e6) and slope.unit == "Hz/V" and slope.low < 1e6 < slope.high
    assert (start.low, start.high) == (1.0, 1.5) and (end.low, end.high) == (3.0, 3.5)
    wide = results(LEVELS, VALUES, level_gain=0.05)["frequency_slope"]
    assert wide.high - wide.value > 0.05e6 > slope.high - slope.value


def test_the_interval_of_the_slope_is_that_of_any_slope() -> None:
    """Exactly on a line, the intervals of the frequencies count; farther from it than these, Student's t does."""
    levels, line = [1.0, 1.5, 2.0, 2.5], np.array([1.0e6, 1.5e6, 2.0e6, 2.5e6])
    exact = results(levels, line.tolist(), half=1.96 * 1e4)["frequency_slope"]
    assert exact.high - exact.value == pytest.approx(1.96 * 1e4 / 1.25**0.5, rel=1e-3)
    away = 2e4 * np.array([1.0, -1.0, -1.0, 1.0])
    scattered = results(levels, (line + away).tolist(), half=1.0)["frequency_slope"]
    assert scattered.high - scattered.value == pytest.approx(4.3027 * 2e4 * 2**0.5 / 1.25**0.5, rel=1e-3)


@pytest.mark.parametrize("mirrored", [False, True])
def test_of_a_ramp_and_a_plateau_of_equal_length_the_ramp_is_the_linear_range(mirrored: bool) -> None:
    values = [1.0e6, 1.5e6, 2.0e6, 2.5e6, 2.5e6, 2.5e6, 2.5e6]
    slope = results(np.arange(1.0, 8.0).tolist(), values[::-1] if mirrored else values)["frequency_slope"]
    assert slope.value == pytest.approx(-5e5 if mirrored else 5e5)


def test_a_slope_has_the_doubts_of_its_frequencies() -> None:
    rows = [frequency(value) for value in VALUES]
    rows[2] = replace(rows[2], flags=Flag.CLIPPED | Flag.TOO_FEW)
    found = {one.quantity: one for one in curve_results(FrequencyCurve.of(LEVELS, rows), "V", {})}
    for name in ("frequency_slope", "linear_range_start", "linear_range_end"):
        assert Flag.CLIPPED | Flag.TOO_FEW in found[name].flags, name
    assert results(LEVELS, VALUES)["frequency_slope"].flags == Flag.NONE


def test_the_frequency_falls_from_a_level_on() -> None:
    peak = results(LEVELS, VALUES)["frequency_peak_level"]
    assert (peak.low, peak.value, peak.high) == (3.0, 3.5, 4.0)
    rising = results(LEVELS[:5], VALUES[:5])["frequency_peak_level"]
    assert rising.value is None and rising.low == 2.5 and Flag.CENSORED in rising.flags


def test_what_no_quiet_level_bounds_is_a_bound() -> None:
    found = results(LEVELS[1:7], VALUES[1:7])
    onset, end = found["oscillation_onset"], found["oscillation_end"]
    assert (onset.value, onset.low, onset.high) == (None, None, 1.5) and Flag.CENSORED in onset.flags
    assert (end.value, end.low, end.high) == (None, 4.0, None) and Flag.CENSORED in end.flags


def test_a_quiet_level_in_between_makes_the_edges_doubtful() -> None:
    values = [None, 1.0e6, None, 2.0e6, 2.5e6, 2.6e6, 2.4e6, None]
    found = results(LEVELS, values)
    assert all(Flag.AMBIGUOUS in found[name].flags for name in ("oscillation_onset", "oscillation_end"))


def test_negative_levels_are_mirrored() -> None:
    found = results([-level for level in LEVELS], VALUES, -1.0)
    onset, end = found["oscillation_onset"], found["oscillation_end"]
    assert (onset.low, onset.high, end.low, end.high) == (-1.5, -1.0, -4.5, -4.0)
    assert found["frequency_slope"].value == pytest.approx(-1e6)
    first = results([-1.5, -2.0], VALUES[1:3], -1.0)["oscillation_onset"]
    assert (first.low, first.high) == (-1.5, None)


def test_no_straight_part_no_slope() -> None:
    levels = np.linspace(1.0, 3.0, 9)
    curve = FrequencyCurve.of(levels.tolist(), [frequency(value) for value in 1e6 * np.exp(3 * levels)])
    assert linear_range(curve) is None
    assert results(LEVELS, [None] * 8) == {} and results([], []) == {}


def test_a_flat_curve_has_no_peak() -> None:
    assert "frequency_peak_level" not in results(LEVELS, [None, *[1e6] * 6, None], half=1e4)


def test_the_slope_of_noisy_frequencies_is_within_its_interval() -> None:
    """19 of 20 or so, as the interval says."""
    random, inside = np.random.default_rng(3), 0
    levels = np.linspace(1.0, 2.0, 12).tolist()
    for _ in range(200):
        values = 1e6 * np.array(levels) + random.normal(0, 2e3, 12)
        slope = results(levels, values.tolist(), half=1.96 * 2e3)["frequency_slope"]
        inside += slope.low < 1e6 < slope.high
    assert inside >= 188

"""Numbers of a table without noise: no interval is narrower than the digits of the table allow."""

import math
from pathlib import Path

import numpy as np
import pytest

from tsbench.analysis.oscillation.jitter import jitter_of
from tsbench.analysis.oscillation.line_width import line_width
from tsbench.analysis.tables.printed_digits import PrintedDigits, printed_digits
from tsbench.analysis.threshold.switching_rule import parse_rule
from tsbench.extraction.table_files import read_table
from tsbench.extraction.tables import analyse_table
from tsbench.records import Flag, Result

PERIOD = 1e-6  #: [s] of the oscillation


def analysed(path: Path, header: str, fmt: str | list[str], *columns: np.ndarray) -> dict[str, list[Result]]:
    np.savetxt(path, np.column_stack(columns), delimiter=",", header=header, comments="", fmt=fmt)
    found: dict[str, list[Result]] = {}
    for result in analyse_table(read_table(path), path, parse_rule("jump"), None).results:
        found.setdefault(result.quantity, []).append(result)
    return found


@pytest.mark.parametrize(("fmt", "step"), [("%.3e", 1e-3), ("%.4f", 1e-4), ("%.9g", 1e-9), ("%.17g", 1e-15)])
def test_an_oscillation_without_noise_is_known_to_its_digits(tmp_path: Path, fmt: str, step: float) -> None:
    time = np.arange(5000) * 2e-8
    values = 0.5 + 0.3 * np.sin(2.0 * np.pi * time / PERIOD + 0.3)
    found = analysed(tmp_path / "osc.csv", "time [s],voltage [V]", ["%.9g", fmt], time, values)
    # a value that is wrong by a digit moves the instant at the steepest place of the sine by so much
    timing = step / math.sqrt(12.0) / (0.3 * 2.0 * np.pi / PERIOD)
    (frequency,), (jitter,), (width,) = (
        found[name] for name in ("frequency", "inter_spike_interval_jitter", "line_width"))
    assert frequency.low is not None and frequency.high is not None
    assert frequency.low < 1.0 / PERIOD < frequency.high
    assert frequency.high - frequency.low > timing / PERIOD**2 / 100   # 100 intervals
    assert jitter.value is None and jitter.high is not None and jitter.high > timing
    assert width.high is not None and width.high > 2.0 * np.pi * timing**2 / PERIOD**3
    for name in ("variation", "local_variation"):
        (one,) = found[f"inter_spike_interval_{name}"]
        assert one.high is not None and one.high > timing / PERIOD


def test_half_sweeps_that_are_alike_have_a_difference_of_two_rules_that_is_known_to_their_steps(tmp_path: Path) -> None:
    up = np.linspace(0.0, 1.5, 151)
    voltage = np.concatenate((up, up[-2::-1]))
    way_up = np.arange(voltage.size) < up.size
    on = np.where(way_up, voltage >= 0.9, voltage >= 0.4)
    current = np.minimum(voltage / np.where(on, 1e3, 1e9), 1e-3)
    for cycles, flags in ((6, Flag.NONE), (1, Flag.TOO_FEW)):
        cycle = np.repeat(np.arange(cycles), voltage.size)
        found = analysed(tmp_path / f"{cycles}.csv", "cycle,V (V),I (A)", ["%d", "%.9g", "%.9g"], cycle,
                         np.tile(voltage, cycles), np.tile(current, cycles))
        for quantity in ("threshold_voltage", "hold_voltage"):
            (difference,) = found[f"{quantity}_difference"]
            assert difference.low is not None and difference.high is not None and difference.value is not None
            assert difference.high - difference.low >= 0.01   # a step of the sweep
            assert difference.low < difference.value < difference.high and difference.flags == flags


@pytest.mark.thin(2)
@pytest.mark.parametrize("digits", [3, 5])
def test_times_of_pulses_contain_those_of_the_table_with_all_digits(tmp_path: Path, digits: int) -> None:
    """A device with a smooth rise and a slow relaxation, printed with few digits and with all of them."""
    time = np.arange(0, 4e-3, 0.5e-6)
    inside = time % 1e-3
    pulse = (inside > 0.25e-3) & (inside <= 0.35e-3)
    rise = np.clip((inside - 0.28e-3) / 10e-6, 0.0, 1.0)
    fall = np.exp(-np.clip(inside - 0.35e-3, 0.0, None) / 80e-6)
    conductance = 1e-6 + 1e-3 * np.where(inside > 0.35e-3, fall, rise**2 * (3.0 - 2.0 * rise))
    voltage = np.where(pulse, 1.5, 0.1)
    found = [analysed(tmp_path / f"{k}.csv", "t (s),V (V),I (A)", ["%.9g", "%.9g", fmt], time, voltage,
                      voltage * conductance) for k, fmt in enumerate((f"%.{digits - 1}e", "%.17g"))]
    for quantity in ("switching_delay", "relaxation_time"):
        for coarse, fine in zip(found[0][quantity], found[1][quantity], strict=True):
            assert coarse.value is not None and fine.value is not None
            assert coarse.low is not None and coarse.high is not None
            assert coarse.low <= fine.value <= coarse.high


@pytest.mark.parametrize(("text", "expected", "at"), [
    (["0.5", "1.25", "100.125"], 1e-3, 1.0),          # fixed decimals: the same step everywhere
    (["1.2345e-09", "1.23e-03", "7.7e-01"], 1e-5, 0.77),   # fixed digits: the step grows with the number
    (["1.2345e-09", "1.23e-03", "7.7e-01"], 1e-13, 1e-9),
    (["0", "1", "2"], 1.0, 2.0),
])
def test_digits_are_told_by_the_numbers(text: list[str], expected: float, at: float) -> None:
    for factor in (1.0, 1e-3, 1e6):   # of a unit with a prefix
        digits = printed_digits(np.array([float(one) for one in text]) * factor)
        assert digits.step(at * factor) == pytest.approx(expected * factor)


@pytest.mark.parametrize("size", [20_000, 200_000, 2_000_000])
def test_an_even_grid_has_the_digits_of_its_step_wherever_it_begins(size: int) -> None:
    """Every 20th time of a grid of 10 ns from zero has a zero more: a file of 20,000 rows seemed to end there."""
    for begin in (0.0, 1.23456e-3):
        digits = printed_digits(begin + 1e-8 * np.arange(size))
        assert digits.step(2e-4) == pytest.approx(1e-8)


def test_a_constant_added_to_the_time_changes_no_jitter(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    spikes = np.cumsum(PERIOD * (1.0 + 0.05 * random.standard_normal(200)))
    time = 1e-8 * np.arange(int(1e8 * (spikes[-1] + PERIOD)))
    since = time - spikes[np.maximum(np.searchsorted(spikes, time, side="right") - 1, 0)]
    shape = np.where(since >= 0.0, (1.0 - np.exp(-since.clip(0.0) / 1e-8)) * np.exp(-since.clip(0.0) / 5e-8), 0.0)
    values = shape + 0.01 * random.standard_normal(time.size)
    found = [analysed(tmp_path / f"{k}.csv", "time [s],voltage [V]", "%.12e", time + begin, values)
             for k, begin in enumerate((0.0, 1.2345678e-3))]
    first, second = (one["inter_spike_interval_jitter"][0] for one in found)
    truth = float(np.diff(spikes).std(ddof=1))
    assert first.low is not None and first.high is not None and first.low < truth < first.high
    assert first.value == pytest.approx(truth, rel=0.02) and second.value == pytest.approx(first.value, rel=1e-3)


def test_what_shows_no_digits() -> None:
    assert printed_digits(np.array([0.0, np.nan, np.inf])).step(1.0) == pytest.approx(1.0)
    assert PrintedDigits(3, -4).step(0.0) == pytest.approx(1e-4)


def test_equal_intervals_bound_the_jitter_by_the_timing_error() -> None:
    equal = np.full(50, PERIOD)
    assert jitter_of(equal, 1e-9).high == pytest.approx(1.96e-9, rel=1e-3)
    assert line_width(equal, 1e-9).high == pytest.approx(2.0 * np.pi * 1.96e-9**2 / PERIOD**3, rel=1e-2)

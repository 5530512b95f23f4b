"""The ends of the intervals of small cases without noise, against formulas written here by hand."""

import math
import re

import numpy as np
import pytest

from tests.analysis.test_behaviours import pair, pulse, record
from tsbench.analysis import signal
from tsbench.analysis.behaviours.behaviours import recognised
from tsbench.analysis.behaviours.stimulated_run import _crossing
from tsbench.analysis.conductance.conductance import conductance, low_voltage_results
from tsbench.analysis.oscillation.noise_with_memory import _not_normal, has_line, not_gaussian
from tsbench.analysis.oscillation.samples import ArraySamples
from tsbench.analysis.oscillation.spikes import _swings
from tsbench.analysis.oscillation.turning import turns_of
from tsbench.analysis.oscillation.waveform_class import classify_waveform
from tsbench.analysis.pulse.slow_amplifier import is_one_pole
from tsbench.analysis.relaxation.relaxation import _read_share
from tsbench.analysis.tables.column_units import split_header
from tsbench.analysis.threshold.half_sweeps import HalfSweep, IVPoints, split
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_evidence import SwitchOn
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.threshold import _current_at, _reach, _uncertain, switching
from tsbench.records import Flag, Result

Z = 1.959964   # two-sided 95 % of a normal distribution
FACTS = SweepFacts(voltage_gain=1e-3, voltage_offset=2e-3, voltage_noise=1e-3, current_gain=2e-3, current_offset=1e-6,
                   current_noise=5e-7)


def volts_apart(volts: float) -> float:
    """Return half the 95 % interval [V] of a reading: a uniform limit and a Gaussian noise."""
    return Z * math.sqrt(((1e-3 * volts + 2e-3) ** 2) / 3 + 1e-3**2)


def amperes_apart(amperes: float) -> float:
    return Z * math.sqrt(((2e-3 * amperes + 1e-6) ** 2) / 3 + 5e-7**2)


def ends(result: Result) -> list[float | None]:
    return [None if end is None else pytest.approx(end, rel=1e-6) for end in (result.low, result.value, result.high)]


@pytest.mark.parametrize("side", [1, -1])
def test_a_sudden_snapback_lies_between_two_set_points(side: int) -> None:
    """Off: 10 kOhm up to 100 uA. On: 3 kOhm, down to 50 uA."""
    steps = np.arange(201)
    drive = 1e-6 * np.concatenate((steps, steps[-2::-1]))
    on = np.where(np.arange(drive.size) <= 200, drive > 1.005e-4, drive > 0.495e-4)
    volts = np.where(on, 3e3 * drive, 1e4 * drive)
    (found,) = snapback(IVPoints(side * volts, side * drive, side * drive), FACTS)
    apart = volts_apart(1.0)
    wanted = [1.0 - apart, 1.005, 1.01 + apart]   # the line of the off state leads to 1.01 V at 101 uA
    held = [0.147 - volts_apart(0.15), 0.1485, 0.15 + volts_apart(0.15)]
    currents = [1e-4 - amperes_apart(1e-4), 1.005e-4, 1.01e-4 + amperes_apart(1e-4)]
    hold_currents = [4.9e-5 - amperes_apart(5e-5), 4.95e-5, 5e-5 + amperes_apart(5e-5)]
    fall = 1.0 - 0.303   # from the last off reading to the lowest on reading of the way up
    apart = Z * (math.sqrt(2) * 1e-3 + 1e-3 * fall / math.sqrt(3))   # gain on the difference, noise on both
    for result, expected in zip(
            found.results(), (wanted, currents, held, hold_currents, [fall - apart, fall, fall + 0.01 + apart]),
            strict=True):
        low, value, high = expected if side > 0 else [-end for end in expected[::-1]]
        assert result.value == pytest.approx(value, rel=1e-9), result
        # steps of 10 mV may be the voltmeter's, and their rounding widens the interval a little
        wider = 0.2 * (high - low) if result.quantity in {"threshold_voltage", "hold_voltage"} else 0.0
        same = 1e-6 * abs(value)
        assert low - wider - same <= result.low <= low + same, result
        assert high - same <= result.high <= high + wider + same, result


def swept(hold: float, top: float = 2.0) -> IVPoints:
    """Return a sweep in steps of 0.1 V of a device of 1 MOhm, and of 1 kOhm from above 1.0 V down to ``hold``."""
    steps = np.round(np.arange(0.0, top + 0.05, 0.1), 3)
    level = np.concatenate((steps, steps[-2::-1]))
    on = np.where(np.arange(level.size) < steps.size, level > 1.05, level > hold)
    return IVPoints(level, np.where(on, level / 1e3, level / 1e6), level)


def test_a_threshold_and_a_hold_lie_between_two_set_points() -> None:
    (found,) = switching(swept(0.45), facts=FACTS)
    low, value, high = ends(found.threshold_voltage)
    apart = volts_apart(1.05)
    assert (low, value, high) == (1.0 - apart, 1.05, 1.1 + apart)
    apart = volts_apart(0.45)
    assert ends(found.hold_voltage) == [0.4 - apart, 0.45, 0.5 + apart]
    assert ends(found.threshold_current) == [1e-6 - amperes_apart(1e-6), 1e-6, None]
    assert ends(found.hold_current) == [None, 5e-4, 5e-4 + amperes_apart(5e-4)]
    assert Flag.CENSORED in found.threshold_current.flags and Flag.CENSORED in found.hold_current.flags
    assert Flag.CENSORED not in found.threshold_voltage.flags


def test_a_device_that_stays_on_holds_at_least_down_to_its_last_reading() -> None:
    (found,) = switching(swept(0.05), facts=FACTS)
    assert ends(found.hold_voltage) == [None, None, 0.1 + volts_apart(0.1)]
    assert Flag.CENSORED in found.hold_voltage.flags and Flag.NO_EVENT in found.hold_voltage.flags


def test_the_current_of_a_fold_lies_between_its_neighbours() -> None:
    current = 1e-5 * np.array([0.0, 1.0, 3.0, 6.0, 10.0, 15.0])
    (half,) = split(IVPoints(np.array([0.0, 0.5, 0.9, 1.0, 0.8, 0.7]), current, np.arange(6.0)))
    found = _current_at(half, "threshold_current", "m", 3, 5, FACTS)
    apart = amperes_apart(6e-5)
    assert ends(found) == [3e-5 - apart, 6e-5, 1e-4 + apart]
    first = _current_at(half, "threshold_current", "m", 0, 5, FACTS)   # has no neighbour before it
    assert ends(first) == [-amperes_apart(0.0), 0.0, 1e-5 + amperes_apart(0.0)]
    assert [_reach(half, j) for j in (0, 2, 3, 5)] == pytest.approx([0.5, 0.4, 0.2, 0.1])
    (steep,) = split(IVPoints(np.array([0.0, 0.8, 0.9, 0.95, 1.5]), 1e-6 * np.arange(5.0), np.arange(5.0)))
    assert [_reach(steep, j) for j in range(5)] == pytest.approx([0.8, 0.8, 0.1, 0.55, 0.55])   # the nearest only


def test_an_edge_of_few_samples_and_one_that_bends() -> None:
    assert signal.line_crossing(np.array([0.0, 0, 1, 1]), 1.5, 0.5, 0.1, 0.9) == (1.5, 1.0, 1)
    line = np.array([0.0, 0, 0.2, 0.4, 0.6, 0.8, 1, 1])
    assert signal.line_crossing(line, 3.4, 0.5, 0.1, 0.9) == (pytest.approx(3.5), pytest.approx(0.2), 4)
    number = np.arange(18.0)   # sample number 1 + 10 v + 5 v^2
    bent = np.clip((-10 + np.sqrt(np.maximum(100 + 20 * (number - 1), 0))) / 10, 0, 1)
    place, _, count = signal.line_crossing(bent, 7.0, 0.5, 0.05, 0.95)
    assert place == pytest.approx(1 + 5 + 1.25) and count == 14


def test_the_uncertainty_of_a_steepest_point() -> None:
    """The inflection of a cubic is -b/3a: with b = 0 its variance is that of b over (3a)^2."""
    half_width = 12
    x = np.arange(-half_width, half_width + 1) / half_width
    misfit = 0.02 * np.sin(9 * x)   # odd: the inflection stays in the middle
    values = 1.5 * x - x**3 + misfit
    a, _, c, _ = np.polyfit(x, values, 3)
    rest = values - a * x**3 - c * x
    variance = float(rest @ rest) / (x.size - 4) / float(np.sum(x**4) - np.sum(x**2) ** 2 / x.size)
    found, random = signal._inflection(np.concatenate((np.full(5, values[0]), values)), 17.0, half_width)
    assert found == pytest.approx(17.0, abs=1e-6)
    assert random == pytest.approx(math.sqrt(variance) / abs(3 * a) * half_width, rel=1e-6)
    rising, wide = signal._inflection(x**3, 12.0, half_width)   # the slope grows to either side
    assert (rising, wide) == (12.0, pytest.approx(half_width / math.sqrt(3)))
    assert signal._inflection(np.arange(4.0), 2.0, 2) == (2.0, 0.5)   # too few samples for a cubic


def test_the_resistance_is_that_of_the_lower_half() -> None:
    volts = np.round(np.linspace(-1, 1, 41), 3)
    current = np.where(np.abs(volts) <= 0.5, volts, 2 * volts - 0.5 * np.sign(volts)) / 1e3
    resistance, *others = low_voltage_results(volts, current, gain=0.01)
    assert ends(resistance) == [1e3 / 1.01, 1e3, 1e3 / 0.99]
    assert resistance.conditions == {"up to": 0.5}
    # 0.5 V itself lies on both lines: the slope above it is 2 mS, and Ohm's law would have 1 mS
    assert [(r.conditions["polarity"], *ends(r)) for r in others] == [("+", 1.0, 1.0, 1.0), ("-", 1.0, 1.0, 1.0)]


@pytest.mark.parametrize(("before", "during", "after", "highest", "share"), [
    (0.2, 0.5, 0.25, 1.0, 0.2), (0.2, 0.5, 0.25, 0.3, 0.5), (0.2, 0.5, 0.25, -0.8, 0.25), (0.4, 0.5, 0.9, 0.2, 1.0),
    (0.2, 0.5, 0.25, 0.0, 0.0), (0.2, 0.0, 0.25, 1.0, 0.0),
])
def test_the_share_of_the_current_at_the_read_level(
    before: float, during: float, after: float, highest: float, share: float
) -> None:
    voltage = np.repeat([before, 1.0, during, after], [100, 60, 40, 100])
    assert _read_share(voltage, 100, 200, 200, highest) == pytest.approx(share)


def test_patterns_of_several_runs() -> None:
    late = [record([20 + d], pulse(v, 60.0)) for v, d in ((0.2, 20.0), (0.4, 15.0), (0.8, 7.0))]
    assert recognised(late) == {"i"}   # 20 is more than 2.5 times 7, and not of 15
    later = [record([20 + d], pulse(v, 60.0)) for v, d in ((0.2, 20.0), (0.4, 15.0), (0.8, 8.5))]
    assert "i" not in recognised(later)
    near = [record(s, pair(g)) for g, s in ((6, [29.0]), (12, [35.0]), (40, []))]
    assert recognised(near) == {"l"}
    assert "l" not in recognised([record(s, pair(g)) for g, s in ((6, [29.0]), (12, []), (40, [63.0]))])
    # the interval between the pulses counts, not when they come
    levels = ([0, 80, 80.05, 85, 85.05, 86, 86.05, 91, 91.05, 400], [0, *[0, 1, 1, 0] * 2, 0])
    assert recognised([record([], pair(40)), record([89.0], levels)]) == {"l"}


def test_a_crossing_between_two_samples() -> None:
    time, values = np.array([0.0, 1.0, 3.0]), np.array([0.0, 0.0, 4.0])
    assert [_crossing(time, values, 0, 2, level) for level in (1.0, 4.0)] == [1.5, 3.0]
    assert _crossing(time, np.array([2.0, 2.0, 4.0]), 0, 1, 1.0) == 0.0   # above it from the start, and level
    assert _crossing(time, np.array([2.0, 3.0, 4.0]), 0, 1, 1.0) == 0.0


def test_a_rise_without_a_fall_is_no_spike() -> None:
    found = classify_waveform(np.arange(200.0), np.where(np.arange(200) > 60, 1.0, 0.0))
    assert (found.kind, found.spikes, found.sustained) == ("quiet", 0, False)


@pytest.mark.parametrize("off", [0.0, 1e-3, -1e-3])
def test_a_pole_shows_on_any_offset_of_the_current(off: float) -> None:
    voltage = np.zeros(600)
    voltage[100:500] = 1.0
    behind = np.zeros(600)
    for k in range(1, 600):
        behind[k] = behind[k - 1] + (voltage[k] - behind[k - 1]) * (1 - math.exp(-1 / 30))
    noise = 2e-6
    current = off + 1e-3 * behind + noise * np.random.default_rng(1).standard_normal(600)
    assert is_one_pole(voltage, current, 100, 500, noise)
    late = np.where(np.arange(600) < 200, off, off + 1e-3 * np.roll(behind, 100))   # a delay before it
    assert not is_one_pole(voltage, late, 100, 500, noise)


@pytest.mark.parametrize("offset", [0.0, 10.0, -10.0])
def test_swings_are_tried_in_an_order_that_does_not_depend_on_an_offset(offset: float) -> None:
    wave = np.sin(np.arange(4000) / 5.0)
    rare = np.zeros(4000)
    rare[1000:1010] = rare[3000:3010] = 1.0

    def tried(values: np.ndarray) -> list[float]:
        return _swings(turns_of(ArraySamples(values + offset), 1, 0.1, False), values.size)

    assert tried(wave)[0] == pytest.approx(2.0, abs=0.02)
    assert tried(rare) == [1.0, 0.0]
    assert tried(np.array([3.0, 1.0, 2.0])) == [2.0]


@pytest.mark.parametrize(("cell", "name", "unit"), [
    ("VmV", "V", "mV"), ("VkV", "V", "kV"), ("voltagemV", "voltage", "mV"), ("voltage_mV", "voltage", "mV"),
    ("mV", "mV", "mV"), ("V", "V", ""), ("voltage", "voltage", ""), ("I/nA", "I", "nA"), ("U in mV", "U", "mV"),
])
def test_a_unit_glued_to_a_name(cell: str, name: str, unit: str) -> None:
    found = split_header(cell, re.compile("voltage|V|I|U"))
    assert (found.name, found.unit) == (name, unit)


def quantiles(count: int) -> np.ndarray:
    """Return normal numbers whose skewness and excess kurtosis are nearly zero, in random order."""
    from statistics import NormalDist

    numbers = np.array([NormalDist().inv_cdf((k + 0.5) / count) for k in range(count)])
    return np.random.default_rng(5).permutation(numbers)


def test_what_is_not_gaussian_is_seven_standard_deviations_away() -> None:
    """Of n independent values the variance of skewness is 6/n and that of kurtosis 24/n."""
    z = quantiles(4096)
    for bent, odd, seen in ((0.03, True, False), (0.06, True, True), (0.004, False, False), (0.04, False, True)):
        x = z + bent * (z**2 - 1 if odd else z**3)
        level = (x - x.mean()) / x.std()
        skewness, kurtosis = abs(np.mean(level**3)), abs(np.mean(level**4) - 3)
        expected = max(skewness / math.sqrt(6 / 4096), kurtosis / math.sqrt(24 / 4096)) > 7.0
        assert _not_normal(x) == expected == seen, (bent, odd)
    assert not _not_normal(np.full(100, 3.0))


def test_memory_makes_skewness_and_kurtosis_less_certain() -> None:
    random = np.random.default_rng(2)
    beyond = 0
    for _ in range(12):
        noise, slow = random.standard_normal(4096), np.zeros(4096)
        for k in range(1, 4096):
            slow[k] = 0.995 * slow[k - 1] + noise[k]
        level = (slow - slow.mean()) / slow.std()
        beyond += max(abs(np.mean(level**3)) / math.sqrt(6 / 4096),
                      abs(np.mean(level**4) - 3) / math.sqrt(24 / 4096)) > 7.0
        assert not not_gaussian(slow)
    assert beyond > 2   # as independent values some of them would count


def test_a_line_of_three_cycles_or_more_stands_out() -> None:
    n = 2048
    x = np.arange(n) / n
    noise = np.random.default_rng(3).standard_normal(n)
    assert not has_line(noise) and not has_line(np.zeros(n)) and not has_line(np.sin(x[:64]))
    assert has_line(noise + 1.0 * np.sin(2 * np.pi * 200 * x))
    assert not has_line(noise + 0.1 * np.sin(2 * np.pi * 200 * x))
    assert not has_line(noise + 0.5 * np.sin(2 * np.pi * 1.3 * x))   # fewer cycles than three
    assert not has_line(1e-3 * noise + 5 * x)   # a drift


@pytest.mark.parametrize(("count", "low", "high"), [(10, 10, 34), (5, 0, 9)])
def test_the_interval_of_a_slope_by_kendalls_statistic(count: int, low: int, high: int) -> None:
    """Of ten readings there are 45 slopes, and 1.96 deviations of Kendall's statistic are 21.9: (45 -+ 21.9)/2."""
    volts = np.arange(1.0, count + 1)
    current = 2.0 * volts + np.random.default_rng(4).standard_normal(count)
    slopes = sorted((current[j] - current[i]) / (volts[j] - volts[i]) for j in range(count) for i in range(j))
    found = conductance(volts, current)
    assert (found.low, found.high) == (pytest.approx(slopes[low]), pytest.approx(slopes[high]))
    assert found.value == pytest.approx(float(np.median(slopes)))


@pytest.mark.parametrize(("before", "median"), [(0, 1.0), (1, 3.0), (2, 2.0), (3, 3.5), (4, 4.0)])
def test_the_current_of_a_change_in_one_of_several_gaps_is_that_of_the_four_readings_before(
    before: int, median: float,
) -> None:
    current = 1e-6 * np.array([1.0, 5.0, 2.0, 9.0, 3.0, 100.0, 200.0])
    levels, probability = np.arange(7.0), np.zeros(6)
    probability[before: before + 2] = 0.6, 0.4
    half = HalfSweep(1, 1, levels, levels, current, np.zeros(7, np.uint32), turn=6)
    _, found = _uncertain(half, "threshold", SwitchOn(before, probability), FACTS, "jump")
    assert found.value == pytest.approx(1e-6 * median)

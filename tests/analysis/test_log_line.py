"""Lines through logarithms: delays against amplitude, relaxation times against current."""

import math

import numpy as np
import pytest

from tsbench.analysis.trends.log_line import delay_line, log_line, slope_result
from tsbench.records import Flag, Result


def mean(amplitude, value, share=0.02, flags=Flag.NONE, fired=1.0):
    """Return a mean delay with ± ``share`` and the probability beside it."""
    conditions = {"amplitude": amplitude, "pulse_width": 1e-6}
    low, high = (None, None) if value is None else (value * (1 - share), value * (1 + share))
    counted = {**conditions, "statistic": "mean", "pulses": 9}
    return [
        Result("switching_delay_mean", "s", value, low, high, "", counted, flags),
        Result("switching_probability", "", fired, 0.0, 1.0, "", conditions)]


def delays(*points, **more):
    return [row for amplitude, value in points for row in mean(amplitude, value, **more)]


def test_the_slope_of_an_exponential_law() -> None:
    """A decade in 100 mV."""
    decades = [(v, 1e-6 * 10 ** (-(v - 1.0) / 0.1)) for v in (1.0, 1.1, 1.2, 1.3)]
    (conditions, line, means), = delay_line(delays(*decades))
    slope = slope_result("delay_slope", "1/V", line, conditions, "slope")
    assert slope.value == pytest.approx(-math.log(10) / 0.1, rel=1e-3) and slope.low < slope.value < slope.high
    assert slope.conditions == {"pulse_width": 1e-6, "polarity": "+"} and len(means) == 4 and slope.flags == Flag.NONE
    assert line.at(np.array([1.05])) == pytest.approx([1e-6 * 10**-0.5], rel=1e-3)


def test_amplitudes_at_which_some_pulses_did_not_fire_are_not_on_the_line() -> None:
    rows = delays((1.1, 1e-7), (1.2, 1e-8), (1.3, 1e-9)) + mean(1.0, 3e-7, fired=0.8)
    (_, line, means), = delay_line(rows)
    assert line.x.tolist() == [1.1, 1.2, 1.3] and len(means) == 4


def test_negative_amplitudes_have_a_line_of_their_own() -> None:
    rows = delays(*((v, math.exp(-abs(v)) * 1e-6) for v in (-1.0, -1.5, -2.0, 1.0, 1.5, 2.0)))
    found = {conditions["polarity"]: line for conditions, line, _ in delay_line(rows)}
    assert found["-"].slope == pytest.approx(found["+"].slope) == pytest.approx(-1.0)


def test_a_curve_is_no_line() -> None:
    (_, line, _), = delay_line(delays(*((v, 1e-9 / (v - 1.0) ** 2) for v in (1.01, 1.1, 1.5, 2.0))))
    assert Flag.AMBIGUOUS in slope_result("delay_slope", "1/V", line, {}, "").flags


@pytest.mark.parametrize(("sigma", "flags"), [(2.0, Flag.NONE), (5.0, Flag.AMBIGUOUS)])
def test_a_curve_counts_if_the_intervals_do_not_explain_it(sigma: float, flags: Flag) -> None:
    """Four levels off a line by (1, -1, -1, 1) / 2 times this many standard deviations: chi-squared is its square."""
    x, share = [1.0, 1.1, 1.2, 1.3], 1.96 * 0.02
    away = 0.5 * sigma * 0.02 * np.array([1.0, -1.0, -1.0, 1.0])
    line = log_line(x, [mean(v, math.exp(-10 * v + a), share=share)[0] for v, a in zip(x, away, strict=True)])
    assert slope_result("delay_slope", "1/V", line, {}, "").flags == flags and line.slope == pytest.approx(-10)


def test_delays_that_scatter_more_than_their_intervals_widen_the_interval() -> None:
    x, error = [1.0, 1.1, 1.2, 1.3], 1.0 / math.sqrt(0.05)
    away = 0.1 * np.array([1.0, -1.0, -1.0, 1.0])
    for size, half in ((0.0, 1.96 * 0.02 * error), (1.0, 4.3027 * 0.1 * math.sqrt(4 / 2) * error)):
        rows = [mean(v, math.exp(-10 * v + size * a), share=1.96 * 0.02)[0] for v, a in zip(x, away, strict=True)]
        assert log_line(x, rows).half == pytest.approx(half, rel=2e-3)


def test_two_levels_bounds_and_zeros_make_no_line() -> None:
    assert log_line([1.0, 2.0], delays((1.0, 1e-6), (2.0, 1e-7))[::2]) is None
    bounded = [*delays((1.0, 1e-6), (1.5, 1e-6))[::2], mean(2.0, None)[0]]
    assert log_line([1.0, 1.5, 2.0], bounded) is None
    result = slope_result("delay_slope", "1/V", None, {}, "slope")
    assert result.value is None and Flag.TOO_FEW in result.flags
    assert log_line([math.nan, 1.0, 2.0], delays((0.0, 1e-6), (1.0, 1e-6), (2.0, 1e-7))[::2]) is None


def test_the_slope_is_within_its_interval() -> None:
    random, inside = np.random.default_rng(5), 0
    x = [1.0, 1.1, 1.2, 1.3, 1.4]
    for _ in range(300):
        y = np.exp(-10 * np.array(x) + random.normal(0, 0.02, 5))
        line = log_line(x, [mean(v, d, share=1.96 * 0.02)[0] for v, d in zip(x, y, strict=True)])
        inside += abs(line.slope + 10) < line.half
    assert inside >= 279

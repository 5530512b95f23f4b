"""The delay against the overvoltage: a power law is found, and the doubt of the threshold is in its interval."""

import numpy as np
import pytest

from tsbench.analysis.trends.overvoltage import overvoltage_line, overvoltages
from tsbench.records import Flag, Result

AMPLITUDES = (1.05, 1.1, 1.2, 1.4, 1.8)


def threshold(value: float, half: float) -> Result:
    return Result("threshold_voltage", "V", value, value - half, value + half, "", {})


def delays(power: float, at: float = 1.0, half: float = 0.01) -> list[Result]:
    return [Result("switching_delay_mean", "s", d, d * (1 - half), d * (1 + half), "", {"amplitude": a})
            for a in AMPLITUDES for d in [1e-8 * (a - at) ** power]]


def test_power_of_the_overvoltage_is_found() -> None:
    found = overvoltage_line(delays(-0.5), threshold(1.0, 1e-6))
    assert found.value == pytest.approx(-0.5, abs=1e-6)
    assert found.low < -0.5 < found.high
    assert found.flags == Flag.NONE


def test_doubt_of_the_threshold_widens_the_interval_and_holds_the_truth() -> None:
    """A threshold that is 10 mV too low makes another power; the interval of a threshold so uncertain holds it."""
    sure = overvoltage_line(delays(-0.5), threshold(0.99, 1e-6))
    unsure = overvoltage_line(delays(-0.5), threshold(0.99, 0.02))
    assert not sure.low < -0.5 < sure.high
    assert unsure.low < -0.5 < unsure.high


def test_amplitudes_within_the_interval_of_the_threshold_do_not_count() -> None:
    found = overvoltage_line(delays(-0.5), threshold(1.3, 0.2))
    assert found.value is None
    assert found.flags == Flag.TOO_FEW


def test_delays_off_a_power_law_are_flagged() -> None:
    rng = np.random.default_rng(1)
    scattered = [Result(r.quantity, r.unit, r.value * s, r.low * s, r.high * s, "", r.conditions)
                 for r in delays(-0.5, half=1e-4) for s in [float(np.exp(rng.normal(0, 0.3)))]]
    assert Flag.AMBIGUOUS in overvoltage_line(scattered, threshold(1.0, 1e-6)).flags


def test_delays_on_a_power_law_of_one_possible_threshold_are_not_flagged() -> None:
    """The law of a threshold of 1 V, which is in the middle of the interval, or elsewhere in it."""
    law = delays(-0.5, half=1e-3)
    assert all(Flag.AMBIGUOUS in overvoltage_line(law, threshold(at, 1e-6)).flags for at in (0.97, 0.99, 1.03))
    assert overvoltage_line(law, threshold(1.0, 0.03)).flags == Flag.NONE
    assert overvoltage_line(law, threshold(0.99, 0.02)).flags == Flag.NONE
    assert overvoltage_line(law, threshold(1.03, 0.015)).flags == Flag.AMBIGUOUS


def test_overvoltage_takes_the_interval_of_the_threshold() -> None:
    found = overvoltages(delays(-0.5)[:1], threshold(1.0, 0.01))[0]
    assert (found.value, found.low, found.high) == pytest.approx((0.05, 0.04, 0.06))


def test_negative_pulses_count_by_their_magnitude() -> None:
    below = [Result(r.quantity, r.unit, r.value, r.low, r.high, "", {"amplitude": -r.conditions["amplitude"]})
             for r in delays(-0.5)]
    found = overvoltage_line(below, Result("threshold_voltage", "V", -1.0, -1.000001, -0.999999, "", {}))
    assert found.value == pytest.approx(-0.5, abs=1e-6)


def test_without_a_threshold_there_is_no_power() -> None:
    found = overvoltage_line(delays(-0.5), Result("threshold_voltage", "V", None, None, 1.0, "", {}))
    assert found.value is None
    assert Flag.NO_EVENT in found.flags

"""A current that a table shows at zero voltage is no current of the off state: taken off, or told as a doubt."""

from collections.abc import Callable

import numpy as np
import pytest

from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.switching_rule import parse_rule
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag, FloatArray, Result

OFF = 1e9  #: [Ohm]
Curve = Callable[[FloatArray], FloatArray]


def ohmic(volts: FloatArray) -> FloatArray:
    return volts / OFF


def one_sweep(
    curve: Curve = ohmic, noise: float = 1e-12, seed: int = 0, begin: int = 0, both_ways: bool = True,
) -> tuple[FloatArray, FloatArray]:
    """Return voltage [V] and current [A], shapes (n,): up to 1.5 V in steps of 10 mV, on from 1 V up to 0.4 V."""
    up = 0.01 * np.arange(begin, 151)
    voltage = np.concatenate((up, up[-2::-1])) if both_ways else up
    on = np.where(np.arange(voltage.size) < up.size, voltage >= 1.0, voltage > 0.4)
    random = np.random.default_rng(seed)
    current = np.where(on, (voltage - 0.3) / 500.0, curve(voltage))
    current *= 1.0 + 1e-3 * random.standard_normal(voltage.size)
    return voltage, current + noise * random.standard_normal(voltage.size)


def off(voltage: FloatArray, current: FloatArray, facts: SweepFacts | None = None) -> list[Result]:
    facts = facts or SweepFacts()
    events = switching(IVPoints(voltage=voltage, current=current), facts, parse_rule("jump"))
    return [one for one in resistances(events, facts) if one.quantity == "off_resistance"]


def holds(found: Result, truth: float) -> bool:
    return (found.low or 0.0) <= truth <= (found.high or np.inf)


@pytest.mark.parametrize("offset", [1e-9, -1e-9, 1e-7])
def test_an_offset_that_both_ways_show_at_zero_voltage_is_taken_off(offset: float) -> None:
    voltage, current = one_sweep()
    for sign in (1.0, -1.0):
        (found,) = off(sign * voltage, sign * current + offset)
        assert found.value == pytest.approx(OFF, rel=0.02) and holds(found, OFF) and found.flags == Flag.NONE
        assert "at zero voltage" in found.method
    there, back = one_sweep(), one_sweep(seed=1)   # the second half-sweep has no zero of its own at its begin
    both = off(np.append(there[0], -back[0][1:]), np.append(there[1], -back[1][1:]) + offset)
    assert len(both) == 2 and all(holds(one, OFF) and one.flags == Flag.NONE for one in both)
    (stored,) = off(voltage, current + offset, SweepFacts(current_offset=2.0 * abs(offset)))
    assert "zero voltage" not in stored.method   # there, the data sheet counts


@pytest.mark.parametrize("offset", [5e-8, -5e-8, 1e-6])
def test_the_on_resistance_is_that_without_the_offset(offset: float) -> None:
    up = 0.02 * np.arange(101)
    voltage = np.concatenate((up, up[-2::-1]))
    on = np.where(np.arange(voltage.size) < up.size, voltage > 1.2, voltage > 0.5)
    current = np.where(on, voltage / 1e6, voltage / OFF) + offset
    events = switching(IVPoints(voltage=voltage, current=current))
    (found,) = (one for one in resistances(events) if one.quantity == "on_resistance")
    assert found.value == pytest.approx(1e6, rel=1e-4) and holds(found, 1e6)
    # the meter may be in another range while the device is on
    assert found.flags == Flag.AMBIGUOUS and holds(found, 2.0 / (2e-6 + offset)) and "range of the on" in found.method
    # one way alone does not tell an offset from a displacement current
    events = switching(IVPoints(voltage=voltage[: up.size], current=current[: up.size]))
    (found,) = (one for one in resistances(events) if one.quantity == "on_resistance")
    assert found.flags == Flag.AMBIGUOUS and holds(found, 1e6) and holds(found, 2.0 / (2e-6 + offset))


@pytest.mark.parametrize("limited", [False, True])
def test_a_current_at_zero_voltage_larger_than_that_of_the_on_state_leaves_a_bound(limited: bool) -> None:
    voltage = 0.02 * np.arange(101)
    current = np.where(voltage > 1.2, voltage / 1e6, voltage / OFF)
    current[0] = 1e-4
    flags = np.where(limited & (voltage > 1.2), int(Flag.COMPLIANCE), 0).astype(np.uint32)
    events = switching(IVPoints(voltage=voltage, current=current, level=voltage, flags=flags))
    (found,) = (one for one in resistances(events) if one.quantity == "on_resistance")
    assert Flag.AMBIGUOUS in found.flags and found.value is None and holds(found, 1e6)


def test_what_may_be_no_offset_is_in_doubt() -> None:
    """One way alone, a displacement current, or a straight off state that does not point to zero."""
    voltage, current = one_sweep()
    displaced = current + 1e-9 * np.where(np.arange(voltage.size) < 150, 1.0, -1.0)
    cases = [(voltage, displaced)]
    for begin, both_ways in ((0, False), (1, True), (20, True)):
        some, read = one_sweep(begin=begin, both_ways=both_ways)
        cases.append((some, read + 1e-9))
    for x, y in cases:
        (found,) = off(x, y)
        assert found.flags == Flag.AMBIGUOUS and holds(found, OFF) and holds(found, 0.5 / (0.5 / OFF + 1e-9))


@pytest.mark.thin(2)
@pytest.mark.parametrize("begin", [0, 1, 20])
@pytest.mark.parametrize("curve", [
    lambda v: 1e-9 * np.sinh(v / 0.2), lambda v: 1e-8 * v**1.5, lambda v: 1e-8 * v**3,
    lambda v: 1e-9 * v * np.exp(3.0 * np.sqrt(v)), lambda v: 1e-8 * np.tanh(v / 0.2)])
def test_a_device_that_is_not_ohmic_is_left_alone(curve: Curve, begin: int) -> None:
    for noise in (1e-13, 3e-11):
        (found,) = off(*one_sweep(curve, noise, begin=begin))
        assert found.flags == Flag.NONE and "zero voltage" not in found.method
        at = float(found.method.split("(")[1].split()[0]) * 1e-3   # [V], in mV with three digits
        assert found.value == pytest.approx(at / float(curve(np.array(at))), rel=0.03)


@pytest.mark.thorough
def test_noise_makes_no_offset() -> None:
    """With 1 nA at 100 MOhm, and with an offset as large as the noise, the intervals hold the truth."""
    for offset, least in ((0.0, 0.9), (3e-9, 0.9)):
        found = [off(*(part + k * offset for k, part in enumerate(one_sweep(lambda v: v / 1e8, 1e-9, seed))))[0]
                 for seed in range(60)]
        assert np.mean([holds(one, 1e8) for one in found]) >= least
        if not offset:
            assert sum("zero voltage" in one.method for one in found) <= 2


@pytest.mark.parametrize("codes", [0.3, 0.7, 1.45, 4.4])
def test_an_offset_of_some_codes_of_the_meter(codes: float) -> None:
    """In steps of 10 pA, without any noise: a reading at zero knows the offset to a code only."""
    voltage, current = one_sweep(lambda v: v / 0.97e8, 0.0)
    current = np.where(current < 1e-6, np.round(voltage / 0.97e8 / 1e-11 + codes) * 1e-11, current)
    (found,) = off(voltage, current)
    assert holds(found, 0.97e8)

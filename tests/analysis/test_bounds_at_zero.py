"""Thresholds and hold voltages are on the side of zero of their half-sweep: an interval never holds the other one."""

import numpy as np
import pytest

from tsbench.analysis.threshold.half_sweeps import HalfSweep, IVPoints, split
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_results import SweepFacts, finished, result_of
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag, Result

PATH = 800.0  #: [Ohm]


def restless(sign: int, unrest: float, seed: int) -> IVPoints:
    """A device that fluctuates in compliance until just before it switches off at a set-point of 0.6 V."""
    up = np.arange(0.0, 2.0001, 0.01)
    level = np.concatenate((up, up[-2::-1]))
    way_up = np.arange(level.size) < up.size
    on = np.where(way_up, level > 1.5, level > 0.6)
    limited = on & ~(~way_up & (level < 0.645))
    random = np.random.default_rng(seed)
    voltage = np.where(limited, np.clip(0.5 + unrest * random.standard_normal(level.size), 0.01, level), level)
    current = np.where(on, 1e-6, 1e-12 * (1.0 + level))
    voltage = np.where(on & ~limited, 0.6 * level, voltage)
    flags = np.where(limited, int(Flag.COMPLIANCE), 0).astype(np.uint32)
    return IVPoints(sign * (voltage - PATH * current), sign * current, sign * level, flags)


def half_sweep(sign: int) -> HalfSweep:
    level = sign * np.array([0.0, 0.5, 1.0, 0.5, 0.0])
    return next(iter(split(IVPoints(level, 1e-6 * level, level))))


@pytest.mark.thin(3)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("unrest", [0.01, 0.1, 0.3])
def test_no_interval_of_a_restless_device_contains_zero(sign: int, unrest: float) -> None:
    bounded = 0
    for seed in range(10):
        (half,) = switching(restless(sign, unrest, seed), SweepFacts(path_resistance=PATH))
        for result in (half.threshold_voltage, half.hold_voltage):
            known = [end for end in (result.low, result.value, result.high) if end is not None]
            assert known and all(sign * end > 0.0 for end in known)
        only_bound = half.hold_voltage.value is None
        assert only_bound is (Flag.CENSORED in half.hold_voltage.flags)
        assert not only_bound or "0 V" in half.hold_voltage.method
        bounded += only_bound
    assert (bounded == 0) if unrest < 0.05 else (bounded == 10) if unrest > 0.2 else True


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("ends", "bound", "flags"), [
    ((0.1, 0.3), None, Flag.UNCHECKED | Flag.UNDER_SAMPLED),
    ((0.0, 0.3), None, Flag.UNCHECKED | Flag.UNDER_SAMPLED),
    ((-1e-3, 0.3), 0.3, Flag.UNCHECKED | Flag.CENSORED),
    ((-0.4, 0.3), 0.3, Flag.UNCHECKED | Flag.CENSORED),
    ((-0.4, -0.1), None, Flag.UNCHECKED | Flag.AMBIGUOUS)])
def test_what_is_kept_of_an_interval(
    sign: int, ends: tuple[float, float], bound: float | None, flags: Flag
) -> None:
    half = half_sweep(sign)
    found = result_of(half, "hold_voltage", "V", "rule", value=0.5 * sum(ends), low=ends[0], high=ends[1],
                      flags=Flag.UNDER_SAMPLED, parts=(0.01, 0.01))
    current = result_of(half, "hold_current", "A", "rule", high=1e-6, flags=Flag.CENSORED)
    voltage, other = finished(half, (found, current), Flag.UNCHECKED)
    assert voltage.flags == flags and other.flags == Flag.CENSORED | Flag.UNCHECKED
    if ends[0] >= 0.0:
        assert (voltage.value, voltage.low, voltage.high) == (found.value, found.low, found.high)
        return
    kept = None if bound is None else sign * bound
    assert (voltage.low, voltage.high) == ((None, kept) if sign > 0 else (kept, None))
    assert voltage.value is None and voltage.random_uncertainty is None and voltage.conditions == found.conditions


@pytest.mark.parametrize("sign", [1, -1])
def test_the_error_of_the_meter_does_not_take_an_interval_beyond_zero(sign: int) -> None:
    """It is 20 mV; the readings themselves are above 0 V."""
    half = half_sweep(sign)
    found = result_of(half, "hold_voltage", "V", "rule", value=0.01, low=-0.015, high=0.035, parts=(0.001, 0.01))
    current = result_of(half, "hold_current", "A", "rule", high=1e-6, flags=Flag.CENSORED)
    voltage, _ = finished(half, (found, current), Flag.NONE, error=0.02)
    assert voltage.value == sign * 0.01 and not voltage.flags
    assert (voltage.low, voltage.high) == ((0.0, 0.035) if sign > 0 else (-0.035, 0.0))


def test_a_bound_stays_a_bound() -> None:
    half = half_sweep(1)
    bounds = (Result("hold_voltage", "V", None, None, 0.2, "", {}, Flag.CENSORED),
              Result("hold_current", "A", None, None, None, ""))
    assert finished(half, bounds, Flag.NONE) == bounds


@pytest.mark.parametrize("sign", [1, -1])
def test_a_voltage_lost_in_the_noise_of_the_voltmeter_has_no_other_sign(sign: int) -> None:
    up = np.linspace(0.0, 1e-3, 101)
    level = np.concatenate((up, up[-2::-1]))
    way_up = np.arange(level.size) < up.size
    true = np.where(np.where(way_up, level > 5e-4, level > 2e-4), 1e-6, 2e3 * level)
    seen = 0
    for seed in range(10):
        read = true + 1e-3 * np.random.default_rng(seed).standard_normal(level.size)
        (half,) = snapback(IVPoints(sign * read, sign * level, sign * level), SweepFacts(voltage_noise=1e-3))
        for result in (half.threshold_voltage, half.hold_voltage):
            known = [end for end in (result.low, result.value, result.high) if end is not None]
            seen += bool(known)
            assert all(sign * end >= 0.0 for end in known)
    assert seen > 10

"""A current at zero voltage that may be an offset of the meter is in the interval of an on resistance, and in doubt."""

import numpy as np
import pytest

from tests.analysis.test_resistances import LEVEL, device
from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.resistance.state_readings import on_branch
from tsbench.analysis.resistance.state_resistance import on_resistance
from tsbench.analysis.threshold.current_offset import ZeroCurrent
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag, Result

CURRENT = 2.0 / 1200.0 - 0.3 / 1200.0   #: [A] of the on state at 2 V behind 1000 Ohm: 0.3 V + 200 Ohm I


def measured(zero: ZeroCurrent, gain: float = 0.0) -> Result:
    """Return the on resistance by a meter with a relative limit of its current."""
    sweep, facts = device(LEVEL, 1000.0), SweepFacts(current_gain=gain)
    (event,) = switching(IVPoints(sweep.voltage, sweep.current, sweep.level, sweep.flags), facts)
    return on_resistance(event, facts, on_branch(event, facts, False), zero)


def half(result: Result) -> float:
    assert result.low is not None and result.high is not None
    return 0.5 * (result.high - result.low)


def test_the_uncertainty_of_a_zero_current_is_in_the_interval():
    exact, uncertain = measured(ZeroCurrent(0.0)), measured(ZeroCurrent(0.0, 0.05 * CURRENT))
    assert half(exact) < 0.01 * exact.value
    assert half(uncertain) == pytest.approx(1.96 * 0.05 * exact.value, rel=0.05)


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(("share", "flag"), [(0.5, Flag.NONE), (1.5, Flag.NONE), (3.0, Flag.AMBIGUOUS)])
def test_a_doubtful_zero_current_is_said_where_it_matters_more_than_the_meter(share, flag, side):
    """The gain makes 1 % of the current 95 % of the time; both ends of the interval are that far away."""
    other = side * share * 0.01 * CURRENT
    found = measured(ZeroCurrent(0.0, others=(other,)), gain=0.01 * 3**0.5 / 1.96)
    assert found.flags == flag
    assert half(found) == pytest.approx((0.01 + 0.5 * share * 0.01) * found.value, rel=0.05)


@pytest.mark.parametrize("stays_on", [False, True])
def test_readings_of_the_on_state_do_not_hide_the_off_resistance(stays_on):
    """Their noise grows with their current; the reading at zero voltage has that of the meter alone."""
    random = np.random.default_rng(3)
    up = np.round(np.arange(0.0, 1.301, 0.02), 3)
    level = np.concatenate([up, up[-2::-1]])
    back = np.arange(level.size) >= up.size
    on = (level > 0.79) & ~back | back & (stays_on | (level > 0.15))
    current = np.where(on, level / 2e3, level / 20e6)
    current = current * (1.0 + 0.005 * random.standard_normal(level.size)) + 20e-12 * random.standard_normal(level.size)
    points = IVPoints(voltage=level, current=current, level=level)
    (event,) = switching(points)
    off = next(one for one in resistances((event,), SweepFacts()) if one.quantity == "off_resistance")
    assert off.value is not None and off.low < 20e6 < off.high and off.high - off.low < 2e6


@pytest.mark.parametrize(("limit", "noise"), [(3e-9, 0.0), (3e-9, 0.01), (1e-8, 0.0)])
def test_a_limit_of_the_current_is_no_off_resistance(limit, noise):
    """A sinh off state of 2 nA and 0.25 V, limited long before the highest voltage of the sweep."""
    random, up = np.random.default_rng(0), np.round(np.arange(0.0, 1.301, 0.01), 3)
    level = np.concatenate([up, up[-2::-1]])
    current = 2e-9 * np.sinh(level / 0.25) * (1.0 + 0.01 * random.standard_normal(level.size))
    over = current > limit
    current[over] = limit * (1.0 + noise * random.standard_normal(int(over.sum())))
    (event,) = switching(IVPoints(voltage=level, current=current, level=level))
    off = next(one for one in resistances((event,), SweepFacts()) if one.quantity == "off_resistance")
    at = 0.5 * 0.25 * np.arcsinh(limit / 2e-9)   # half of the voltage at which the limit is met
    assert off.value == pytest.approx(at / (2e-9 * np.sinh(at / 0.25)), rel=0.05)

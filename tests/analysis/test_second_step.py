"""A device that switches in two steps has two voltages that may be called threshold, and a middle state."""

import numpy as np
import pytest

from tsbench.analysis.resistance.resistances import resistances
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.second_step import SECOND_STEP
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Flag


def swept(*steps: tuple[float, float], seed: int = 0, bend: float = 1e9):
    """Return a sweep to 1.3 V, and the results of its event, of a device of 10 MOhm that has steps (voltage, factor).

    It comes back at a third of these voltages. ``bend``: [V] over which the conductance grows e times.
    """
    random, up = np.random.default_rng(seed), np.round(np.arange(0.0, 1.301, 0.01), 3)
    level = np.concatenate([up, up[-2::-1]])
    back = np.arange(level.size) >= up.size
    conductance = 1e-7 * np.exp(level / bend)
    for voltage, factor in steps:
        conductance = conductance * np.where(np.where(back, level > voltage / 3.0, level > voltage), factor, 1.0)
    current = level * conductance * (1.0 + 0.003 * random.standard_normal(level.size))
    (event,) = switching(IVPoints(voltage=level, current=current + 1e-12, level=level))
    off = next(one for one in resistances((event,), SweepFacts()) if one.quantity == "off_resistance")
    return event, off


@pytest.mark.parametrize("factors", [(50.0, 200.0), (5.0, 20.0), (20.0, 20.0), (200.0, 5.0)])
@pytest.mark.parametrize("seed", range(5))
def test_two_steps_make_threshold_hold_and_off_resistance_ambiguous(factors, seed):
    event, off = swept((0.505, factors[0]), (1.005, factors[1]), seed=seed)
    assert all(Flag.AMBIGUOUS in one.flags and SECOND_STEP in one.method
               for one in (event.threshold_voltage, event.hold_voltage, off))


@pytest.mark.parametrize("bend", [1e9, 0.3, 0.15])
@pytest.mark.parametrize("seed", range(5))
def test_one_step_and_a_steep_off_state_are_not_ambiguous(bend, seed):
    event, off = swept((0.805, 100.0), seed=seed, bend=bend)
    assert event.threshold_voltage.low < 0.805 < event.threshold_voltage.high
    assert not any(SECOND_STEP in one.method for one in (event.threshold_voltage, event.hold_voltage, off))

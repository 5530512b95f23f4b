"""The bound of a current at a fold holds where the last reading before the jump is already beyond the fold."""

import numpy as np
import pytest

from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.threshold import switching
from tsbench.records import Result

HOLD, AT_HOLD, BEND, PATH = 0.85, 570e-6, 2.4e5, 52.0  #: [V], [A], [V/A^2], [Ohm]
FACTS = SweepFacts(voltage_noise=1e-5, current_noise=5e-9, path_resistance=PATH)


def on_current(level: float) -> float:
    """Return the current [A] on the branch v = HOLD + BEND (i - AT_HOLD)^2 behind the path, 0 where it has ended."""
    roots = np.roots([BEND, PATH - 2 * BEND * AT_HOLD, HOLD + BEND * AT_HOLD**2 - level])
    real = roots[np.isreal(roots)].real
    return float(real.max()) if real.size else 0.0


def hold_current(start: float, spoil: float = 1.0) -> Result:
    """Return the hold current of a sweep whose levels [V] are ``start`` beyond multiples of 10 mV.

    ``spoil``: share of the last reading that the device is on.
    """
    up = np.arange(start, 1.1, 0.01)
    levels = np.concatenate((up, up[-2::-1]))
    on = [on_current(level) for level in levels]
    is_on = np.array([k >= up.size - 8 and current > 0 for k, current in enumerate(on)])
    is_on[int(np.flatnonzero(~is_on[up.size:])[0]) + up.size :] = False   # once off, it stays off
    current = np.where(is_on, on, levels / 30e3)
    current[np.flatnonzero(is_on)[-1]] *= spoil
    (found,) = switching(IVPoints(levels - PATH * current, current, levels), FACTS)
    assert found.hold_index == np.flatnonzero(is_on)[-1]
    return found.hold_current


@pytest.mark.parametrize("start", np.arange(0.0, 0.01, 0.0005).tolist())
def test_the_bound_holds_wherever_the_levels_fall(start: float) -> None:
    found = hold_current(start)
    assert found.high is not None and found.high >= AT_HOLD * (1 - 1e-3)


@pytest.mark.parametrize("start", [0.003, 0.005])
def test_the_bound_holds_where_the_device_switches_off_during_the_last_reading(start: float) -> None:
    assert hold_current(start, spoil=0.6).high >= AT_HOLD


def test_a_reading_before_the_fold_bounds_the_current_itself() -> None:
    """Where the last reading is clearly before the fold, the bound is not widened to the reading before it."""
    found = [hold_current(start) for start in np.arange(0.0, 0.01, 0.0005)]
    assert any("turns between" not in one.method and one.value > AT_HOLD for one in found)

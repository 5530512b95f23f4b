"""Which readings show the off state of a device that never switches, where the source meter limits it."""

import numpy as np

from tsbench.analysis.resistance.state_readings import off_readings
from tsbench.analysis.threshold.half_sweeps import IVPoints
from tsbench.analysis.threshold.snapback import snapback
from tsbench.analysis.threshold.switching_results import SweepFacts
from tsbench.analysis.threshold.threshold import switching

UP = 0.5 * np.arange(41)   #: 0 to 20
LEVEL = np.concatenate([UP, UP[-2::-1]])
LIMITED = np.minimum(LEVEL, 10.0)   #: the source meter stops at 10, which is reading 20


def test_a_limited_current_of_a_sweep_of_the_voltage_is_no_off_state() -> None:
    """1 MOhm, up to 20 V; the source meter limits the current to 10 uA."""
    (event,) = switching(IVPoints(LEVEL, 1e-6 * LIMITED, level=LEVEL))
    assert event.threshold_index is None
    assert off_readings(event, SweepFacts()).tolist() == list(range(1, 20))


def test_a_limited_voltage_of_a_sweep_of_the_current_shows_the_off_state() -> None:
    """1 MOhm, up to 20 uA; the source meter limits the voltage to 10 V, and the readings are still 1 MOhm."""
    (event,) = snapback(IVPoints(LIMITED, 1e-6 * LIMITED, level=1e-6 * LEVEL))
    assert event.threshold_index is None
    assert off_readings(event, SweepFacts()).tolist() == list(range(1, 41))


def test_a_sweep_without_a_limit_shows_the_off_state_up_to_its_peak() -> None:
    (event,) = switching(IVPoints(LEVEL, 1e-6 * LEVEL, level=LEVEL))
    assert off_readings(event, SweepFacts()).tolist() == list(range(1, 41))

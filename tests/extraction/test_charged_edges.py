"""A capacitance that the edges show widens what is known of each delay."""

import numpy as np
import pytest

from tests.analysis.test_charging_current import DT, edge
from tsbench.analysis.pulse.delay_results import Delay
from tsbench.analysis.pulse.pulses_in_record import PulseSpan
from tsbench.extraction.charged_edges import with_charging
from tsbench.records import Flag

LAG = 5e-9   #: [s] of 10 pF behind 500 Ohm
TIME = DT * np.arange(400)
VOLTAGE = np.where(TIME >= 1e-6, 0.7, 1.2)   #: falls by 0.5 V where the current rises by 1 mA


def charged(parts=(10e-12,), **known) -> Delay:
    """Return one delay, of a table whose edges charge 10 pF; ``parts``: this, and the conductance of the device [S]."""
    span = PulseSpan(first=100, last=350, begin=0, end=400, width=1.25e-6, amplitude=1.2)
    delay = Delay(**{"value": None, "random": 0.0, "systematic": 0.0, "switching_time": 1e-6, "highest": 1.2,
                     "off_current": 0.0, "on_current": 1e-3, **known})
    current = 1e-9 * np.random.default_rng(0).standard_normal(TIME.size)
    (found,), _ = with_charging((TIME, VOLTAGE, current), [span], [delay], [edge(*parts)])
    return found


@pytest.mark.parametrize("share", [0.1, 0.5, 2.0])
def test_a_lag_that_is_a_part_of_the_interval_widens_it(share):
    known = {"value": 4e-7, "limit": LAG / share / 0.95}
    assert Delay(random=0.0, systematic=0.0, **known).half_width == pytest.approx(LAG / share)
    assert charged(**known).half_width >= LAG / share + LAG


def test_a_bound_of_a_clipped_pulse_goes_down_by_the_lag():
    found = charged(low=4e-7, high=5e-7, flags=Flag.CENSORED | Flag.CLIPPED)
    assert found.low == pytest.approx(4e-7 - LAG, rel=1e-3) and found.high == 5e-7
    assert charged(low=1e-9, flags=Flag.CENSORED).low == 0.0


def test_a_bound_of_a_pulse_whose_channel_may_be_early_goes_up():
    found = charged((10e-12, 2e-3), low=4e-7, high=5e-7, flags=Flag.CENSORED | Flag.CLIPPED)
    assert found.low == pytest.approx(4e-7 - 1.15 * LAG, rel=0.01)
    assert found.high == pytest.approx(5e-7 + 1.15 * LAG, rel=0.01)

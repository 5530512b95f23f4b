"""A short is seen within the accuracy of the scope, and that it did not switch is no bound of a threshold."""

import numpy as np

from tsbench.analysis.contact.contact import contact
from tsbench.protocols.extracting.contacts import with_contact
from tsbench.records import Flag, Result


def pulse(resistance: float) -> tuple[np.ndarray, np.ndarray]:
    current = np.concatenate([np.zeros(50), np.full(200, 10e-3), np.zeros(50)])
    return resistance * current, current


def test_a_resistance_that_may_be_that_of_a_short_is_one() -> None:
    voltage, current = pulse(20.4)
    assert contact(voltage, current).flags == Flag.NONE
    assert contact(voltage, current, accuracy=0.04).flags == Flag.SHORT
    assert contact(voltage, current, offset=6e-3).flags == Flag.SHORT
    assert contact(*pulse(1000.0), accuracy=0.04, offset=6e-3).flags == Flag.NONE


def test_a_short_bounds_no_threshold() -> None:
    short = contact(*pulse(10.0))
    bound = Result("threshold_amplitude", "V", None, 1.146, None, "", {}, Flag.NO_EVENT | Flag.CENSORED)
    share = Result("firing_probability", "", 0.0, 0.0, 0.16, "", {})
    read = Result("read_resistance", "Ohm", 10.0, 9.0, 11.0, "", {})
    first, second, third = with_contact((bound, share, read), short)
    assert (first.low, second.value, second.high) == (None, None, None)
    assert first.flags == second.flags == Flag.SHORT | Flag.NO_EVENT
    assert (third.value, third.flags) == (10.0, Flag.SHORT)


def test_a_short_has_no_probability_although_noise_looked_like_a_pulse_that_fired() -> None:
    share = Result("firing_probability", "", 0.04, 0.0, 0.2, "", {}, Flag.AMBIGUOUS)
    (found,) = with_contact((share,), contact(*pulse(10.0)))
    assert (found.value, found.low, found.high) == (None, None, None) and Flag.NO_EVENT in found.flags

"""How many pulses of a table switch the device: the lines that say so, of pulses that tell it and others."""

import pytest

from tsbench.analysis.contact.device_condition import Stand
from tsbench.analysis.pulse.delay_results import Delay, unseen
from tsbench.analysis.pulse.pulses_in_record import PulseSpan
from tsbench.analysis.relaxation.relaxation import Relaxed
from tsbench.extraction.pulse_tables import TablePulse, _delays
from tsbench.records import Flag

FIRED = Delay(2e-4, 1e-6, 0.0, off_current=1e-8, on_current=5e-5)
QUIET = Delay(None, 0.0, 0.0, Flag.NO_EVENT, stood=1e-3)
#: a diode may show the same current
ALIKE = Delay(2e-4, 1e-6, 0.0, Flag.AMBIGUOUS, off_current=1e-8, on_current=5e-5, told=False)
UNSEEN = unseen(Flag.CLIPPED)   #: the record does not show whether it switches the device
KIND = "pulses of 1.00 V for 1.00 ms"


def told(*delays: Delay) -> tuple[list[str], Flag]:
    """Return the lines about pulses of one kind, and the flags of their probability."""
    span = PulseSpan(first=20, last=39, begin=0, end=100, width=1e-3, amplitude=1.0)
    stand, relaxed = Stand(switched=False, voltage=1.0, current=0.0, resolution=1e-9), Relaxed(None)
    lines: list[str] = []
    results = _delays([TablePulse(span, 1.0, 1e-3, 0.1, delay, relaxed, stand, None) for delay in delays], lines,
                      whole=True)
    (probability,) = (one for one in results if one.quantity == "switching_probability")
    return lines, probability.flags


@pytest.mark.parametrize(("delays", "said"), [
    ((FIRED, FIRED), "2 of 2"), ((FIRED, QUIET), "1 of 2"), ((QUIET, QUIET), "0 of 2"),
    ((FIRED, QUIET, UNSEEN), "1 of 2"), ((QUIET, UNSEEN, UNSEEN), "0 of 1")])
def test_pulses_that_tell_nothing_are_not_counted(delays: tuple[Delay, ...], said: str) -> None:
    (line,), flags = told(*delays)
    assert line.startswith(f"{said} {KIND} switch the device")
    assert (", delay " in line) is not said.startswith("0")
    assert (Flag.AMBIGUOUS in flags) is (UNSEEN in delays)


def test_nothing_is_said_where_no_pulse_tells_whether_it_switches_the_device() -> None:
    assert told(UNSEEN, UNSEEN) == ([], told(UNSEEN)[1])


@pytest.mark.parametrize(("delays", "said", "alike"), [
    ((ALIKE, ALIKE), "2 of 2", "2 of 2"), ((ALIKE, QUIET), "1 of 2", "1 of 2"), ((FIRED, ALIKE), "2 of 2", "1 of 2"),
    ((ALIKE, UNSEEN), "1 of 1", "1 of 2")])
def test_pulses_that_may_be_those_of_a_diode_count_as_switching_and_are_in_doubt(
    delays: tuple[Delay, ...], said: str, alike: str,
) -> None:
    """The voltage of a table may be a nominal one, so that a device that switches looks like a diode."""
    (doubt, line), flags = told(*delays)
    assert doubt.startswith(f"in {alike} {KIND}, a diode may show the same current")
    assert line.startswith(f"{said} {KIND} count as switching, delay ") and Flag.AMBIGUOUS in flags

"""Readings of the interactive source meters: their four values, what they are flagged with, and when one is retaken."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymeasure.test import expected_protocol

from tests.instruments.test_driver_keithley_2450_strings import IDENTITY, IDN, OK, VOLTAGE, source_1_5
from tsbench.errors import GarbledReply, InstrumentError
from tsbench.instruments import MeasureSettings, Reading, SourceSettings
from tsbench.instruments.keithley_2450.driver import Keithley2450
from tsbench.instruments.keithley_2600.readings import decoded as of_2600
from tsbench.instruments.keithley_interactive.driver import decoded
from tsbench.records import Flag

DRIVEN = SourceSettings("voltage", compliance_current=1e-3)
INF, NAN = math.inf, math.nan


@pytest.mark.parametrize(("values", "level", "expected"), [
    # time, what is sourced [V], what is measured [A], status
    ([0.5, 1.0, 1e-4, 136], 1.0, (1.0, 1e-4, Flag.NONE)), ([0.5, 1.0, 1e-4, 32], 1.0, (1.0, 1e-4, Flag.COMPLIANCE)),
    ([0.5, 1.0, 1e-4, 16], 1.0, (1.0, 1e-4, Flag.UNSETTLED)),
    ([0.5, 1.0, 1e-4, 48], 1.0, (1.0, 1e-4, Flag.UNSETTLED | Flag.COMPLIANCE)),
    ([0.5, INF, 1e-4, 0], 1.0, (NAN, 1e-4, Flag.OVERFLOW)), ([0.5, 1.0, -INF, 0], 1.0, (1.0, NAN, Flag.OVERFLOW)),
    # one and a half times the level, but of a hundredth of the range of 2 V at least
    ([0.5, -1.5, 1e-4, 0], -1.0, (-1.5, 1e-4, Flag.NONE)),
    ([0.5, -1.51, 1e-4, 0], -1.0, (-1.51, 1e-4, Flag.IMPLAUSIBLE)),
    ([0.5, 0.0299, 0.0, 0], 0.0, (0.0299, 0.0, Flag.NONE)),
    ([0.5, 0.0301, 0.0, 0], 0.0, (0.0301, 0.0, Flag.IMPLAUSIBLE)),
    # one and a half times the compliance
    ([0.5, 1.0, 1.49e-3, 0], 1.0, (1.0, 1.49e-3, Flag.NONE)),
    ([0.5, 1.0, -1.51e-3, 0], 1.0, (1.0, -1.51e-3, Flag.IMPLAUSIBLE)),
    # less than the instrument resolves, but not zero
    ([0.5, 1.0, 1e-15, 0], 1.0, (1.0, 1e-15, Flag.NONE)),
    ([0.5, 1.0, -9e-16, 0], 1.0, (1.0, -9e-16, Flag.IMPLAUSIBLE)),
    ([0.5, 9e-16, 0.0, 0], 0.0, (9e-16, 0.0, Flag.IMPLAUSIBLE)), ([0.5, 0.0, 0.0, 0], 0.0, (0.0, 0.0, Flag.NONE)),
])
def test_four_values_are_a_reading(values: list[float], level: float, expected: tuple[float, float, Flag]) -> None:
    found = decoded(values, level, DRIVEN, "current", 2.0, "meter")
    assert (found.time, found.source, found.flags) == (0.5, level, expected[2])
    assert (found.voltage, found.current) == pytest.approx(expected[:2], nan_ok=True)


def test_what_is_sourced_and_measured_is_voltage_and_current() -> None:
    driven = SourceSettings("current", compliance_voltage=2.0)
    assert decoded([0.5, 1e-3, 1.2, 0], 1e-3, driven, "voltage", 1e-2, "meter") == Reading(
        0.5, 1e-3, 1.2, 1e-3, Flag.NONE)
    found = decoded([0.5, 1.0, 5.0, 0], 1.0, DRIVEN, "voltage", 2.0, "meter")   # it measures what it sources
    assert (found.voltage, found.flags) == (1.0, Flag.OVERFLOW) and math.isnan(found.current)
    found = decoded([0.5, 1e-3, 5e-3, 0], 1e-3, driven, "current", 1e-2, "meter")
    assert (found.current, found.flags) == (1e-3, Flag.OVERFLOW) and math.isnan(found.voltage)


@pytest.mark.parametrize("values", [
    [0.5, 1.0, 1e-4], [0.5, 1.0, 1e-4, 0, 0], [INF, 1.0, 1e-4, 0], [0.5, 1.0, 1e-4, NAN], [0.5, 1.0, 1e-4, 1.5]])
def test_what_is_no_reading_is_garbled(values: list[float]) -> None:
    with pytest.raises(GarbledReply, match="meter: "):
        decoded(values, 1.0, DRIVEN, "current", 2.0, "meter")


# ------------------------------------------------------------------------------------------- taken again

READ = ':READ? "defbuffer1",REL,SOUR,READ,SOURSTAT'
GOOD = "0,0,1E-9,136"


@contextmanager
def measuring(*pairs: tuple[Any, Any]) -> Iterator[Keithley2450]:
    """A meter that sources 0 V in its range of 2 V and measures the current."""
    set_up = [
        *source_1_5(), (':SENS:FUNC "CURR"', None), (":SENS:CURR:RSEN OFF", None), (":SENS:CURR:RANG:AUTO ON", None),
        (":SENS:CURR:NPLC 1", None), (":SENS:CURR:AZER ON", None), (":SOUR:VOLT:ILIM?", "1.000000E-03"), OK,
        (":SENS:CURR:NPLC?", "1")]
    with expected_protocol(Keithley2450, [*set_up, *pairs], identity=IDENTITY, wait=lambda seconds: None) as found:
        found.configure_source(VOLTAGE)
        found.configure_measure(MeasureSettings("current", nplc=1.0))
        yield found


@pytest.mark.parametrize(("first", "second", "flags"), [
    ("0,0,1E-9", GOOD, Flag.TIMEOUT), ("0,0,1E-9,1.5", GOOD, Flag.TIMEOUT), ("0,1,1E-9,136", GOOD, Flag.TIMEOUT),
    ("0,1,1E-9,136", "0,1,1E-9,136", Flag.TIMEOUT | Flag.IMPLAUSIBLE),
])
def test_a_reading_that_cannot_be_is_taken_once_more(first: str, second: str, flags: Flag) -> None:
    unchanged = [("*IDN?", IDN), (":OUTP?", "1"), (":SOUR:VOLT?", "1.9E-5")]   # within 1e-5 of the range
    with measuring((READ, first), *unchanged, (READ, second)) as found:
        reading = found.measure()
        assert (reading.current, reading.flags) == (1e-9, flags)


@pytest.mark.parametrize(("state", "said"), [
    ([(":OUTP?", "0")], "the output went off and a reading was lost"),
    ([(":OUTP?", "1"), *[(":SOUR:VOLT?", "2.1E-5")] * 2],
     r"source voltage 0 V was requested, but the instrument set 21 uV"),
])
def test_a_reading_is_not_taken_again_where_the_source_has_changed(state: list[tuple[Any, Any]], said: str) -> None:
    with measuring((READ, "0,0,1E-9"), ("*IDN?", IDN), *state) as found, pytest.raises(InstrumentError, match=said):
        found.measure()


@pytest.mark.parametrize(("status", "flags"), [
    (0, Flag.NONE), (2, Flag.UNSETTLED), (4, Flag.NONE), (64, Flag.COMPLIANCE), (66, Flag.UNSETTLED | Flag.COMPLIANCE)])
def test_a_status_of_a_2600_tells_of_the_limit_and_of_an_overheated_unit(status: int, flags: Flag) -> None:
    """Bits of a buffer's statuses (Series 2600B Reference Manual, ``bufferVar.statuses``)."""
    assert of_2600([1e-3, 0.5, 1.0, status], 0.5, "unit").flags == flags

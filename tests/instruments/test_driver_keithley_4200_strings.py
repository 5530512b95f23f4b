"""The 4200A-SCS driver's messages, as the manual spells them, and what it makes of replies."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, ConfigurationError, GarbledReply, InstrumentError
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.instruments.interfaces import Segment, SegmentTrain
from tsbench.instruments.keithley_4200.data_sheet import SourceMeasureUnit, capabilities, units
from tsbench.instruments.keithley_4200.driver import Keithley4200
from tsbench.instruments.keithley_4200.pulse_channel import parse_points
from tsbench.instruments.languages.kxci import (
    KXCI,
    KxciReading,
    kxci_repeatable,
    parse_kxci_error,
    parse_readings,
    parse_status,
    parse_user_reading,
)
from tsbench.instruments.links.link_settings import LinkSettings
from tsbench.records import Flag, Identity

IDENTITY = Identity("KEITHLEY INSTRUMENTS", "KI4200A", "1489223", "V1.14")
Pair = tuple[Any, Any]
OPTIONS: Pair = ("*OPT?", "SMUPA1,HPSMU2,PMU1RPM1-2")
OK: Pair = (":ERROR:LAST:GET", "")
VOLTAGE = SourceSettings("voltage", compliance_current=1e-3)
CURRENT = MeasureSettings("current", range=1e-3, nplc=0.1)
MEASURE: list[Pair] = [("US", None), ("RI 1,0.001,0.001", None), ("IT4,1,1,0.1", None), OK]
ON: list[Pair] = [("US", None), ("DV1,0,0.5,0.001", None), OK]


def acknowledged(pairs: Sequence[Pair]) -> list[Pair]:
    """Return the pairs of a socket: what has no reply is acknowledged."""
    return [(message, "ACK" if reply is None else reply) for message, reply in pairs]


@contextmanager
def box(pairs: Sequence[Pair], resource: str = "", **options: Any) -> Iterator[Keithley4200]:
    with expected_protocol(Keithley4200, [OPTIONS, *pairs], identity=IDENTITY, wait=lambda seconds: None,
                           resource=resource, **options) as found:
        yield found


def set_up(found: Keithley4200, level: float = 0.5) -> Any:
    meter = found.units[1]
    meter.configure_source(VOLTAGE)
    meter.configure_measure(CURRENT)
    meter.set_level(level)
    meter.set_output(True)
    return meter


@pytest.mark.sabotage("units", "output")
def test_source_and_spot_reading() -> None:
    readings: list[Pair] = [
        ("US", None), ("TI1", "NAI +4.999000E-05"), ("TV1", "CAV +5.000000E-01"), ("US", None),
        ("DV1,0,-1.5,0.001", None), OK, OK, ("US", None), ("DV1", None), OK, OK]   # the outputs are asked for twice
    not_set_yet = 3 * [(True, False)]   # and not reset: an earlier process may have left them on
    with box([*MEASURE, *ON, *readings]) as found:
        meter = set_up(found)
        reading = meter.measure()
        assert (reading.voltage, reading.current, reading.source) == (0.5, 4.999e-5, 0.5)
        assert reading.flags == Flag.COMPLIANCE
        meter.set_level(-1.5)
        assert [(one.enabled, one.known) for one in found.output_states()] == [(True, True), *not_set_yet]
        meter.set_output(False)
        assert [(one.enabled, one.known) for one in found.output_states()] == [(False, True), *not_set_yet]


def test_a_range_that_is_too_high_for_a_lower_compliance_becomes_automatic_first() -> None:
    lower: list[Pair] = [
        ("US", None), ("RG 1,1e-12", None), OK, ("US", None), ("DV1,0,0.5,0.0001", None), OK, ("US", None),
        ("RI 1,0.0001,0.0001", None), OK]
    with box([*MEASURE, *ON, *lower]) as found:
        meter = set_up(found)
        meter.configure_source(replace(VOLTAGE, compliance_current=1e-4))
        assert meter.accepted_settings()["measure_range"] is None
        meter.configure_measure(replace(CURRENT, range=1e-4))


def test_on_a_socket_everything_is_acknowledged() -> None:
    with box(acknowledged([*MEASURE, *ON]), "TCPIP0::192.168.1.5::1225::SOCKET") as found:
        set_up(found)
    with box([("US", "ACK"), ("RI 1,0.001,0.001", "Illegal value for parameter. (-122)")],
             "TCPIP0::192.168.1.5::1225::SOCKET") as found:
        found.units[1].configure_source(VOLTAGE)
        with pytest.raises(InstrumentError, match=r"replied 'Illegal value for parameter\. \(-122\)' to 'RI 1"):
            found.units[1].configure_measure(CURRENT)


@pytest.mark.sabotage("units")
def test_a_list_sweep() -> None:
    sweep: list[Pair] = [
        ("DE", None), ("CH1", None), ("CH2", None), ("CH1,'V1','I1',1,1", None), ("SS", None),
        ("VL1,1,0.001,0,1,-0.5", None), ("HT 0", None), ("DT 0.0200", None), ("ST 1,0", None), ("BC", None), OK,
        ("MD", None), ("ME1", None), ("SP", "16"), ("SP", "1"), OK, ("MD", None),
        ("DO 'V1'", "N+0.0000E+00,N+1.0000E+00,C-4.0000E-01"), ("DO 'I1'", "N+0.0E+00,N+1.0E-04,C-1.0E-03"),
        ("DO 'I1T'", "N+1.0E-02,N+4.0E-02,N+7.0E-02")]
    with box([*MEASURE, *ON, *sweep]) as found:
        meter = set_up(found)
        meter.start_sweep(np.array([0.0, 1.0, -0.5]), 0.02)
        assert meter.poll_sweep() == 0 and not meter.sweep_running()
        readings = meter.fetch_sweep(0, 3)
        assert [reading.source for reading in readings] == [0.0, 1.0, -0.5]
        assert [reading.current for reading in readings] == [0.0, 1e-4, -1e-3]
        assert [reading.time for reading in readings] == [0.01, 0.04, 0.07]
        assert [Flag.COMPLIANCE in reading.flags for reading in readings] == [False, False, True]


def test_data_that_do_not_belong_together() -> None:
    end: list[Pair] = [
        ("DE", None), ("CH1", None), ("CH2", None), ("CH1,'V1','I1',1,1", None), ("SS", None), ("VL1,1,0.001,1", None),
        ("HT 0", None), ("DT 0.0000", None), ("ST 1,0", None), ("BC", None), OK, ("MD", None), ("ME1", None),
        ("SP", "0"), OK, ("MD", None), ("DO 'V1'", "N+1.0E+00"), ("DO 'I1'", ""), ("DO 'I1T'", "N+1.0E+00")]
    with box([*MEASURE, *ON, *end]) as found:
        meter = set_up(found)
        meter.start_sweep(np.array([1.0]), 0.0)
        with pytest.raises(GarbledReply, match="1 voltages, 0 currents and 1 times"):
            meter.poll_sweep()


def test_errors_are_cleared() -> None:
    with box([(":ERROR:LAST:GET", "KXCI command error. (-992)"), (":ERROR:LAST:CLEAR", None), OK]) as found:
        with pytest.raises(InstrumentError, match="-992 KXCI command error"):
            found.check_errors()
        found.check_errors()


@pytest.mark.sabotage("output")
def test_safe_state_and_reset() -> None:
    safe: list[Pair] = [("MD", None), ("ME4", None), ("US", None), ("DV1", None), ("DV2", None), (":PMU:ABORT", None)]
    reset: list[Pair] = [(":ERROR:LAST:CLEAR", None), ("BC", None), ("*RST", None), ("EM 1,0", None), ("DR0", None),
                         ("RS 7", None), OK]
    with box([*safe, *reset]) as found:
        found.safe_state()
        found.adapter.connection.clear = lambda: None
        found.reset()
        assert found.accepted_settings() == {}


@pytest.mark.sabotage("output")
@pytest.mark.parametrize("number", [1, 2])
def test_a_unit_that_was_made_safe_goes_on_at_zero(number: int) -> None:
    def forced(volts: str) -> list[Pair]:
        return [("US", None), (f"DV{number},0,{volts},0.001", None), OK]

    safe: list[Pair] = [("MD", None), ("ME4", None), ("US", None), ("DV1", None), ("DV2", None), (":PMU:ABORT", None)]
    with box([*forced("0.5"), *safe, *forced("0")]) as found:
        meter = found.units[number]
        meter.configure_source(VOLTAGE)
        meter.set_level(0.5)
        meter.set_output(True)
        found.safe_state()
        meter.set_output(True)


def test_segments_of_a_train() -> None:
    pairs: list[Pair] = [
        (":PMU:INIT 1", None), (":PMU:RPM:CONFIGURE PMU1-2, 0", None), (":PMU:SOURCE:RANGE 2, 10", None),
        (":PMU:MEASURE:RANGE 2, 2, 0.001", None), (":PMU:LOAD 2, 1e+07", None), (":PMU:LLEC:CONFIGURE 2, 0", None),
        (":PMU:OUTPUT:STATE 2, 1", None), OK,
        (":PMU:SARB:SEQ:TIME 2, 1, 1e-06, 2e-06, 2e-08", None), (":PMU:SARB:SEQ:STARTV 2, 1, 0.1, 2, 2", None),
        (":PMU:SARB:SEQ:STOPV 2, 1, 2, 2, 0.1", None), (":PMU:SARB:SEQ:MEAS:TYPE 2, 1, 0, 2, 0", None),
        (":PMU:SARB:SEQ:MEAS:START 2, 1, 0, 0, 0", None), (":PMU:SARB:SEQ:MEAS:STOP 2, 1, 0, 2e-06, 0", None),
        (":PMU:SAMPLE:RATE 1000000", None), (":PMU:SARB:WFM:SEQ:LIST 2, 1, 2", None), OK, (":PMU:EXECUTE", None), OK,
        (":PMU:TEST:STATUS?", "1"), (":PMU:TEST:STATUS?", "0"), (":PMU:DATA:COUNT? 2", "3"),
        (":PMU:DATA:GET 2, 0, 3", "2.0,1e-3,1e-6,01020042;1.9,1e22,2e-6,01020842;2.1,1e-3,4.02e-6,01020042"),
        (":PMU:OUTPUT:STATE 2, 0", None)]
    with box(pairs) as found:
        unit = found.pulses["pmu2"]
        assert unit.configure_ranges(2.0, 1e-3) == (10.0, 1e-3)
        segments = (Segment(2.0, 1e-6, sampled=False), Segment(2.0, 2e-6))
        unit.configure_train(SegmentTrain(0.1, segments, 1e-6, repeats=2))
        unit.set_output(True)
        unit.start()
        assert unit.running() and not unit.running()
        record = unit.fetch()
        assert record.voltage.tolist() == [2.0, 1.9, 2.1] and record.repeat.tolist() == [0, 0, 1]
        assert record.flags == Flag.OVERFLOW and math.isnan(record.current[1]) and record.current[0] == 1e-3
        unit.set_output(False)


def test_what_replies_mean() -> None:
    assert parse_user_reading(" NAI +1.2345 E-06 ") == KxciReading(1.2345e-6, Flag.NONE)
    assert parse_user_reading("NAI +1.0E-18").value == 1e-18 and parse_user_reading("NAI +0.0E+00").value == 0.0
    over = parse_user_reading("VPV +1.000000E+22")
    assert math.isnan(over.value) and over.flags == Flag.OVERFLOW
    assert parse_readings("N 1.0E+00,L+2.0E-03") == [KxciReading(1.0, Flag.NONE), KxciReading(2e-3, Flag.UNSETTLED)]
    assert parse_readings("") == []
    assert parse_kxci_error("").code == parse_kxci_error("No error. (0)").code == 0
    assert (parse_kxci_error("Failure (-992)").code, parse_kxci_error("broken").code) == (-992, -1)
    for parse, text in ((parse_user_reading, "ACK"), (parse_user_reading, "ZAI 1"), (parse_readings, "N"),
                        (parse_user_reading, "CAV +9.7"), (parse_user_reading, "CAV +9.792296E-0"),   # cut off
                        (parse_user_reading, "NAV +2.07371E-99"), (parse_readings, "N-1.0E-21"),
                        (parse_status, "256"), (parse_points, "1,2,3"), (parse_points, "")):
        with pytest.raises(ValueError, match=r"."):
            parse(text)
    assert kxci_repeatable(":PMU:DATA:GET 1, 0, 5", Keithley4200.repeatable)
    for message in ("TI1", "SP", "DO 'V1'", "*IDN?;TI1", "ME1"):
        assert not kxci_repeatable(message, Keithley4200.repeatable)
    assert not KXCI.power_lost(["x"])


@pytest.mark.parametrize(("letter", "flag"), [
    ("N", Flag.NONE), ("C", Flag.COMPLIANCE), ("T", Flag.NONE), ("X", Flag.UNSETTLED), ("L", Flag.UNSETTLED),
])
def test_each_status_letter_of_a_reading_is_told(letter: str, flag: Flag) -> None:
    """X: a unit oscillates; L: too short an interval; T: another unit is in compliance (4200A-KXCI-907-01, TI)."""
    assert parse_user_reading(f"{letter}AI+1.0E-06") == KxciReading(1e-6, flag)
    assert parse_readings(f"{letter} 1.0E-06") == [KxciReading(1e-6, flag)]


def test_units_of_a_reply() -> None:
    found = units("SMU1,HPSMUPA3,VS1,CVU1,PMU1RPM1-2")
    assert found == {1: SourceMeasureUnit(1, False, False), 3: SourceMeasureUnit(3, True, True)}
    limits = capabilities(found[1], 50.0)
    assert limits.current_accuracy[0].full_scale == 100e-9 and limits.source_current.high == pytest.approx(0.105)
    assert found[3].highest_compliance("voltage", 20) == pytest.approx(1.05)
    assert found[3].highest_compliance("current", 0.5) == 21.0
    refused = pytest.raises(ConfigurationError, match="no source-measure unit that tsbench knows")
    with refused, expected_protocol(Keithley4200, [("*OPT?", "CVU1")], identity=IDENTITY):
        pass
    with pytest.raises(ConfigurationError, match="line_frequency = 55"), box([], line_frequency=55):
        pass


def test_a_garbled_reading_is_not_repeated() -> None:
    pairs: list[Pair] = [*MEASURE, *ON, ("US", None), ("TI1", "N@I")]
    with box(pairs) as found:
        meter = set_up(found)
        with pytest.raises(CommunicationError, match="garbled"):
            meter.measure()


def test_what_ends_messages() -> None:
    link = LinkSettings(write_termination="\0", socket_termination="\0")
    assert link.endings(serial=False, stream=True) == ("\0", "\0")
    assert link.endings(serial=False, stream=False) == (None, "\0")

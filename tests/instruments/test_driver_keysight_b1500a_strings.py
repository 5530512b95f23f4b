"""The B1500A driver's messages, as the Programming Guide spells them, and what it makes of replies."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import CommunicationError, ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceMeter, SourceSettings
from tsbench.instruments.interfaces import Interlocked, SourceMeterPulses, SourceMeterSampling, SourcePulses
from tsbench.instruments.keysight_b1500a import data_sheet
from tsbench.instruments.keysight_b1500a.driver import KeysightB1500A, modules
from tsbench.instruments.keysight_b1500a.source_channel import SlotSourceMeter
from tsbench.instruments.languages.flex import (
    FLEX,
    FlexDatum,
    flex_repeatable,
    parse_data,
    parse_flex_error,
    restarted,
)
from tsbench.records import Flag, Identity
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a import data_sheet as of_the_instrument

IDENTITY = Identity("Agilent Technologies", "B1500A", "MY55231213", "A.06.02.2023.0401")
Pair = tuple[Any, Any]
UNITS: Pair = ("UNT?", "B1517A,0;B1511B,0;0,0;B1520A,0;0,0;0,0;0,0;0,0;0,0;0,0")
OK: Pair = ("ERRX?", '+0,"No Error."')
MEASURE: list[Pair] = [
    ("AAD 1,0", None), ("RI 1,-17", None), ("CMM 1,4", None), ("AIT 0,3,0.002000", None), OK,
    ("*LRN? 56", "AIT0,3,0.002;AIT1,0,6;AIT2,0,1;AZ0"), ("*LRN? 32", "RI1,-17;RV1,0;RI2,0;RV2,0")]
ON: list[Pair] = [
    ("CN 1", None), OK, ("*LRN? 0", "CN1"), ("DV 1,0,0.5,0.001", None), OK,
    ("*LRN? 1", "DV1,0,5.0000E-01,1.0000E-03,0,0")]
VOLTAGE = SourceSettings("voltage", compliance_current=1e-3)
CURRENT = MeasureSettings("current", range=1e-3, nplc=0.1)


@contextmanager
def channel(pairs: Sequence[Pair], **options: Any) -> Iterator[SlotSourceMeter]:
    with expected_protocol(
            KeysightB1500A, [UNITS, *pairs], identity=IDENTITY, wait=lambda seconds: None, **options) as box:
        box.adapter.connection.serial_poll = lambda: box.adapter.connection.bytes.pop(0)
        box.adapter.connection.bytes = []
        yield box.terminal("1")


def set_up(found: SlotSourceMeter, level: float = 0.5) -> None:
    found.configure_source(VOLTAGE)
    found.configure_measure(CURRENT)
    found.set_level(level)
    found.set_output(True)


def test_capabilities_of_a_slot() -> None:
    with channel([]) as found:
        for kind in (SourceMeter, SourceMeterPulses, SourceMeterSampling, Interlocked):
            assert isinstance(found, kind)
        assert [name.partition(".")[2] for name in found.box.output_names] == ["1", "2"]
        assert found.box.terminal("").slot == 1 and found.box.terminal("2").module.name == "B1511B"
        assert found.capabilities.current_accuracy[0].full_scale == 10e-12
        assert found.box.terminal("2").capabilities.current_accuracy[0].full_scale == 1e-9
        with pytest.raises(ConfigurationError, match="has no terminal 4"):
            found.box.terminal("4")


def test_modules_of_a_reply() -> None:
    assert modules("B1517A,0;0,0;B1510A,1") == {1: "B1517A", 3: "B1510A"}
    with pytest.raises(ValueError, match="not a list of modules"):
        modules("B1517A")


def test_a_box_without_source_meters_and_wrong_options() -> None:
    refused = pytest.raises(ConfigurationError, match=r"no source meter module that tsbench knows.*B1520A")
    with refused, expected_protocol(KeysightB1500A, [("UNT?", "B1520A,0;0,0")], identity=IDENTITY):
        pass
    with pytest.raises(ConfigurationError, match="line_frequency = 55"), channel([], line_frequency=55):
        pass


def test_reset() -> None:
    pairs: list[Pair] = [
        ("BC", None), ("ERR?", "0,0,0,0"), ("*RST", None), ("*SRE 8", None), ("FMT 11,0", None), ("TSC 1", None),
        ("CM 0", None), ("TSR", None), OK]
    with channel(pairs) as found:
        found.box.reset()


def test_the_source_is_set_when_the_switch_closes_and_is_read_back() -> None:
    with channel([*MEASURE, *ON]) as found:
        set_up(found)
        assert found.source == VOLTAGE


def test_a_level_of_a_closed_switch_is_forced_and_read_back() -> None:
    pairs = [*ON, ("DV 1,0,-1.25,0.001", None), OK, ("*LRN? 1", "DV1,0,-1.2500E+00,1.0000E-03,0,0"),
             ("DI 1,16,0,2.5", None), OK, ("*LRN? 1", "DI1,16,0.0000E+00,2.5000E+00,0,0")]
    with channel(pairs) as found:
        found.configure_source(VOLTAGE)
        found.set_level(0.5)
        found.set_output(True)
        found.set_level(-1.25)
        accepted = found.configure_source(SourceSettings("current", compliance_voltage=2.5, range=90e-6))
        assert accepted == SourceSettings("current", compliance_voltage=2.5, range=1e-4)


@pytest.mark.parametrize(("reply", "said"), [
    ("DV1,0,5.1000E-01,1.0000E-03,0,0", "source voltage 500 mV was requested, but the instrument set 510 mV"),
    ("DV1,0,5.0000E-01,1.0000E-02,0,0", "compliance 1 mA was requested, but the instrument set 10 mA"),
    ("CL1,0,0,0", "sources as 'CL1', not the voltage"),
    ("DI1,0,5.0000E-01,1.0000E-03,0,0", "sources as 'DI1', not the voltage")])
def test_what_the_instrument_set_otherwise_is_refused(reply: str, said: str) -> None:
    refused = pytest.raises(InstrumentError, match=said)
    with channel([*ON[:-1], ("*LRN? 1", reply)]) as found, refused:
        found.configure_source(VOLTAGE)
        found.set_level(0.5)
        found.set_output(True)


def test_an_error_of_the_instrument_names_its_text() -> None:
    pairs = [("CN 1", None), ("ERRX?", '+202,"Interlock circuit must be closed.; SLOT1"'), OK]
    refused = pytest.raises(InstrumentError, match=r"202 Interlock circuit must be closed \(SLOT1\)")
    with channel(pairs) as found, refused:
        found.configure_source(VOLTAGE)
        found.set_output(True)


@pytest.mark.parametrize(("nplc", "sent", "back", "accepted"), [
    (0.1, "AIT 0,3,0.002000", "AIT0,3,0.002;AZ0", 0.1), (0.00083, "AIT 0,3,0.000016", "AIT0,3,1.6e-05;AZ0", 0.0008),
    (2.0, "AIT 0,2,2", "AIT0,2,2;AZ0", 2.0)])
def test_integration(nplc: float, sent: str, back: str, accepted: float) -> None:
    pairs = [*MEASURE[:3], (sent, None), OK, ("*LRN? 56", back), ("*LRN? 32", "RI1,-17;RV1,0")]
    with channel(pairs) as found:
        got = found.configure_measure(MeasureSettings("current", range=0.9e-3, nplc=nplc))
        assert got.nplc == pytest.approx(accepted) and got.range == 1e-3 and got.auto_zero is False


def test_high_resolution() -> None:
    pairs = [("AAD 1,1", None), ("RV 1,0", None), ("CMM 1,4", None), ("AZ 1", None), ("AIT 1,2,3", None), OK,
             ("*LRN? 56", "AIT0,0,1;AIT1,2,3;AZ1"), ("*LRN? 32", "RI1,0;RV1,0")]
    with channel(pairs, high_resolution=True) as found:
        assert found.configure_measure(MeasureSettings("voltage", nplc=3)).auto_zero is True
        with pytest.raises(LimitError, match="nplc"):
            found.configure_measure(MeasureSettings("voltage", nplc=0.5))
        assert found.capabilities.pulses is None


@pytest.mark.parametrize(("replies", "said"), [
    (("AIT0,2,1;AZ0", "RI1,-17"), "AIT 0,2,1"), (("AIT0,3,0.004;AZ0", "RI1,-17"), "0.004"),
    (("AIT0,3,0.002;AZ0", "RI1,-16"), "-16")])
def test_another_integration_or_range_is_refused(replies: tuple[str, str], said: str) -> None:
    pairs = [*MEASURE[:5], ("*LRN? 56", replies[0]), ("*LRN? 32", replies[1])]
    with channel(pairs) as found:
        with pytest.raises(InstrumentError, match=said):
            found.configure_measure(CURRENT)
        found.box.adapter._index = len(found.box.adapter.comm_pairs)


def test_a_reading() -> None:
    data = "NAT+001.2000E+00,NAI+500.0000E-06,NAT+001.2000E+00,NAV+0.499900E+00"
    with channel([*MEASURE, *ON, ("MM 1,1", None), ("XE", data), ("XE", data)]) as found:
        set_up(found)
        for _ in range(2):   # the mode is sent once
            reading = found.measure()
        assert (reading.time, reading.source, reading.voltage, reading.current) == (1.2, 0.5, 0.4999, 5e-4)
        assert reading.flags == Flag.NONE


@pytest.mark.parametrize(("data", "flags"), [
    ("NAT+1.0E+00,CAI+1.0E-03,NAV+0.3E+00", Flag.COMPLIANCE),
    ("NAT+1.0E+00,TAI+1.0E-04,NAV+0.5E+00", Flag.NONE),
    ("NAT+1.0E+00,VAI+199.9990E+99,NAV+0.5E+00", Flag.OVERFLOW),
    ("NAT+1.0E+00,XAI+1.0E-04,NAV+0.5E+00", Flag.UNSETTLED),
    ("NAT+1.0E+00,NAI+1.0E-02,NAV+0.5E+00", Flag.IMPLAUSIBLE),
    ("NAT+1.0E+00,NAI+1.0E-04,NAV+5.0E+00", Flag.IMPLAUSIBLE),
    ("NAT+1.0E+00,NAI+1.0E-04", Flag.NONE)])
def test_flags_of_a_reading(data: str, flags: Flag) -> None:
    with channel([*MEASURE, *ON, ("MM 1,1", None), ("XE", data)]) as found:
        set_up(found)
        reading = found.measure()
        assert reading.flags == flags
        assert math.isnan(reading.current) == (Flag.OVERFLOW in flags)


@pytest.mark.parametrize("data", ["NAI+1.0E-04", "NAT+1.0E+00", "NAT+1.0E+00,QAI+1.0E-04", "nonsense", "+1.0E-04"])
def test_data_that_are_no_reading(data: str) -> None:
    with channel([*MEASURE, *ON, ("MM 1,1", None), ("XE", data)]) as found:
        set_up(found)
        with pytest.raises(CommunicationError):
            found.measure()


def test_a_sweep_is_a_program() -> None:
    line = "NAT+001.{n}000E+00,NAI+{n}00.0000E-06,NAT+001.{n}000E+00,NAV+{n}.000000E+00"
    pairs: list[Pair] = [
        *MEASURE, *ON, ("MM 1,1", None), ("SCR 1", None), ("ST 1", None), ("DV 1,11,1,0.001;PA 0.0100;XE", None),
        ("DV 1,11,2,0.001;PA 0.0100;XE", None), ("END", None), OK, ("BC", None), ("DO 1", None),
        (None, line.format(n=1)), (None, line.format(n=2)), OK]
    with channel(pairs) as found:
        set_up(found)
        found.start_sweep(np.array([1.0, 2.0]), 0.01)
        status = found.box.adapter.connection.bytes
        status.extend([0x00, 0x01, 0x00])
        assert found.poll_sweep() == 0
        assert found.poll_sweep() == 1
        assert [reading.current for reading in found.fetch_sweep(0, 1)] == [1e-4]
        status.extend([0x11, 0x10])
        assert not found.sweep_running()
        assert [reading.source for reading in found.fetch_sweep(0, 2)] == [1.0, 2.0]
        with pytest.raises(InstrumentError, match="3 readings were requested, but 2 were taken"):
            found.fetch_sweep(0, 3)


def test_pulses_are_a_program_of_pulsed_spots() -> None:
    pairs: list[Pair] = [
        *MEASURE, *ON, ("MM 3,1", None), ("PT 0,0.0010,0.0100", None), ("AIT 2,3,0.000500", None), ("SCR 1", None),
        ("ST 1", None), ("PV 1,11,0.5,1,0.001;XE", None), ("PV 1,11,0.5,-2,0.001;XE", None), ("END", None), OK,
        ("BC", None), ("DO 1", None)]
    with channel(pairs) as found:
        set_up(found)
        wanted = SourcePulses(0.5, np.array([1.0, -2.0]), 1.00002e-3, 10e-3)
        accepted = found.start_pulses(wanted)
        assert accepted.width == 1e-3 and accepted.period == 10e-3


def test_sampling() -> None:
    data = ",".join(f"NAT+1.00{n}000E+00,NAI+100.0000E-06,NAT+1.00{n}000E+00,NAV+1.000000E+00" for n in range(3))
    pairs: list[Pair] = [
        *MEASURE, *ON, ("MM 10,1", None), ("MCC", None), ("MV 1,0,1,1,0.001", None), ("ML 1", None), ("MSC 1,2", None),
        ("MT 0,0.01000,3,0", None), OK, ("BC", None), ("XE", None), (None, data), OK]
    with channel(pairs) as found:
        set_up(found)
        assert found.start_sampling(1.0, 0.0102, 3) == 0.01
        found.box.adapter.connection.bytes.extend([0x01, 0x11, 0x10])
        assert found.poll_sweep() == 0   # data come in one piece: they are read at the end
        assert found.poll_sweep() == 3
        assert [round(reading.time, 4) for reading in found.fetch_sweep(0, 3)] == [1.0, 1.001, 1.002]


@pytest.mark.sabotage("output")
def test_outputs() -> None:
    pairs: list[Pair] = [
        *ON, ("CL 1", None), OK, ("*LRN? 0", "CL"), ("*LRN? 0", "CN2,401"), ("AB", None), ("CL", None), ("BC", None)]
    with channel(pairs) as found:
        found.configure_source(VOLTAGE)
        found.set_level(0.5)
        found.set_output(True)
        found.set_output(False)
        assert [state.enabled for state in found.box.output_states()] == [False, True]
        found.box.safe_state()
        assert found.box.adapter._index == len(found.box.adapter.comm_pairs)   # it sent all of that


def test_an_abort_stops_and_forgets_what_was_measured() -> None:
    """Data that stay in the buffer would be taken for those of the next measurement."""
    with channel([("AB", None), ("BC", None)]) as found:
        found.abort()
        assert found.box.adapter._index == len(found.box.adapter.comm_pairs)   # it sent all of that


def test_a_switch_that_does_not_open_is_an_error() -> None:
    refused = pytest.raises(InstrumentError, match="output switch of slot 1 did not open")
    with channel([("CL 1", None), OK, ("*LRN? 0", "CN1")]) as found, refused:
        found.set_output(False)


@pytest.mark.parametrize(("settings", "level"), [
    (SourceSettings.of("voltage", 0.2), 0.0), (SourceSettings.of("voltage", 0.06), 25.0),
    (SourceSettings.of("voltage", 0.03), -45.0), (VOLTAGE, 101.0), (SourceSettings.of("voltage", 1e-3, range=2.0), 2.1),
    (SourceSettings.of("current", 50.0), 30e-3), (SourceSettings.of("current", 1.0), 0.11),
    (SourceSettings.of("current", 1.0, range=1e-6), 1.2e-6), (SourceSettings.of("voltage", 1e-3, range=300.0), 0.0),
    (SourceSettings("voltage", compliance_current=1e-3, high_capacitance=True), 0.0)])
def test_what_the_module_cannot_is_refused_before_it_is_sent(settings: SourceSettings, level: float) -> None:
    with channel([]) as found, pytest.raises(LimitError):
        found.configure_source(settings)
        found.set_level(level)


@pytest.mark.parametrize(("width", "period"), [(0.4e-3, 10e-3), (1e-3, 4e-3), (9e-3, 10e-3), (0.15, 0.155), (3.0, 4.0)])
def test_pulses_that_the_instrument_does_not_make(width: float, period: float) -> None:
    with channel([]) as found, pytest.raises(LimitError):
        found.configure_source(VOLTAGE)
        found.start_pulses(SourcePulses(0.0, np.array([1.0]), width, period))


def test_sampling_faster_than_the_aperture_is_refused() -> None:
    with channel([*MEASURE, ("MM 10,1", None)]) as found, pytest.raises(LimitError, match="does not fit"):
        found.configure_source(VOLTAGE)
        found.configure_measure(CURRENT)
        found.start_sampling(1.0, 1e-3, 10)


def test_interlock_by_the_diagnosis() -> None:
    with channel([("DIAG? 7", "0"), ("DIAG? 7", "1")]) as found:
        assert found.interlock_closed()
        assert not found.interlock_closed()


def test_a_restart_is_noticed() -> None:
    with channel([("*SRE?", "8"), ("*SRE?", "0"), ("*SRE?", "0")]) as found:
        assert not found.box.lost_power()
        assert found.box.lost_power()


# ------------------------------------------------------------------------------------------------ language


def test_data() -> None:
    assert parse_data("NAI+1.5E-06,WAV-2.0E+00,VAI+199.999E+99\r\n")[:2] == [
        FlexDatum("N", "A", "I", 1.5e-6), FlexDatum("W", "A", "V", -2.0)]
    assert math.isnan(parse_data("VAI+199.999E+99")[0].value)


@pytest.mark.parametrize(("reply", "line"), [
    ('+0,"No Error."', "0 No Error"), ('305,"Excess current in HPSMU.; SLOT1"', "305 Excess current in HPSMU (SLOT1)"),
    ("+100,Undefined GPIB command.", "100 Undefined GPIB command")])
def test_errors(reply: str, line: str) -> None:
    assert parse_flex_error(reply).line == line


@pytest.mark.parametrize("reply", ["", "No Error.", '+100,"No Error."', "NAI+1.0E-06"])
def test_what_is_no_error_entry(reply: str) -> None:
    with pytest.raises(ValueError, match="error"):
        parse_flex_error(reply)


@pytest.mark.parametrize(("message", "repeatable"), [
    ("*LRN? 31", True), ("*IDN?", True), ("UNT?", True), ("ERRX?", False), ("TI 1", False), ("XE", False),
    ("*LRN? 1;XE", False), ("*TST?", False), ("DIAG? 7", False), ("", False)])
def test_what_may_be_repeated(message: str, repeatable: bool) -> None:
    assert flex_repeatable(message, KeysightB1500A.repeatable) is repeatable
    assert FLEX.may_be_repeated is flex_repeatable


def test_what_is_no_mask() -> None:
    for reply in ("", "x", "300"):
        with pytest.raises(ValueError, match=r"invalid|mask"):
            restarted([reply])


@pytest.mark.parametrize("quantity", ["VOLTAGE_CODES", "CURRENT_CODES"])
def test_each_range_code_is_that_of_its_range(quantity: str) -> None:
    """The twin has its own copy of tables 4-4 and 4-5 of the programming guide."""
    ours, theirs = getattr(data_sheet, quantity), getattr(of_the_instrument, quantity)
    assert {full_scale: theirs[code] for full_scale, code in ours.items()} == dict(zip(ours, ours, strict=True))

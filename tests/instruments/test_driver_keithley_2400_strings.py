"""Messages of the driver of the 2400 family, as the manual (2400S-900-01) spells them, and how it reads replies."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import ConfigurationError, GarbledReply, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceMeter, SourceSettings
from tsbench.instruments.interfaces import Interlocked, TriggerLinked
from tsbench.instruments.keithley_2400.driver import Keithley2400, Keithley2401, Keithley2410
from tsbench.instruments.keithley_2400.readings import decoded
from tsbench.records import Flag, Identity

IDENTITY = Identity("KEITHLEY INSTRUMENTS INC.", "MODEL 2400", "1234567", "C34")
OK = (":SYST:ERR?", '0,"No error"')
SOURCE = [
    (":SOUR:FUNC VOLT", None), (":SOUR:VOLT:MODE FIX", None), (":SOUR:VOLT 0", None), (":SENS:CURR:RANG:AUTO ON", None),
    (":SENS:CURR:PROT 0.001", None), (":SOUR:VOLT:RANG 1.5", None), (":SOUR:DEL:AUTO ON", None), OK,
    (":SENS:CURR:PROT?", "1.000000E-03"), (":SOUR:VOLT:RANG?", "2.100000E+00"),
]
VOLTAGE = SourceSettings("voltage", compliance_current=1e-3, range=1.5)


class Bus:
    """What the driver uses of a connection beside messages."""

    def __init__(self, *status: int) -> None:
        self.status = list(status)
        self.cleared = 0

    def serial_poll(self) -> int:
        return self.status.pop(0)

    def clear(self) -> None:
        self.cleared += 1


@contextmanager
def driver(pairs: list[tuple[Any, Any]], bus: Bus | None = None, model: Any = Keithley2400, **options: Any) -> Iterator[
        Keithley2400]:
    with expected_protocol(model, pairs, identity=IDENTITY, wait=lambda seconds: None,
                           connection_attributes={"polls": True}, **options) as found:
        found.adapter.connection = bus or Bus()
        yield found


def test_it_has_the_capabilities_that_it_names() -> None:
    with driver([]) as found:
        assert isinstance(found, SourceMeter) and isinstance(found, TriggerLinked)
        assert not isinstance(found, Interlocked)
    with driver([(":OUTP:ENAB:TRIP?", "1")], model=Keithley2410) as high:
        assert isinstance(high, Interlocked) and high.interlock_closed()
        assert high.capabilities.interlock_above == 42.0


def test_reset() -> None:
    bus = Bus()
    with driver([
        ("*CLS", None), ("*ESE 128", None), ("*RST", None), (":SYST:LFR?", "60"), (":OUTP:SMOD NORM", None),
        (":OUTP:ENAB OFF", None), (":SYST:RSEN ON", None), (":SENS:FUNC:CONC ON", None),
        (':SENS:FUNC "VOLT","CURR"', None), (":FORM:ELEM VOLT,CURR,TIME,STAT", None), (":STAT:PRES", None),
        (":STAT:MEAS:ENAB 512", None), (":STAT:OPER:ENAB 1024", None), OK,
    ], bus, output_off="normal", four_wire=True) as found:
        found.reset()
        assert found.capabilities.line_frequency == 60.0 and bus.cleared == 1


def test_an_unknown_off_state_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="output_off = 'open' is unknown"):
        Keithley2400(None, output_off="open")


def test_source_settings_are_sent_and_read_back() -> None:
    with driver(SOURCE) as found:
        assert found.configure_source(VOLTAGE) == SourceSettings("voltage", compliance_current=1e-3, range=2.0)


def test_a_compliance_that_rises_is_set_behind_the_range() -> None:
    again = [
        (":SENS:CURR:RANG:AUTO ON", None), (":SOUR:VOLT:RANG:AUTO ON", None), (":SENS:CURR:PROT 0.1", None),
        (":SOUR:DEL:AUTO ON", None), OK, (":SENS:CURR:PROT?", "1.000000E-01")]
    with driver([*SOURCE, *again]) as found:
        found.configure_source(VOLTAGE)
        assert found.configure_source(SourceSettings("voltage", compliance_current=0.1)).range is None


@pytest.mark.parametrize("other", [1.002e-3, 0.998e-3])
def test_a_compliance_that_the_instrument_changed_is_an_error(other: float) -> None:
    pairs = [(sent, str(other) if sent == ":SENS:CURR:PROT?" else reply) for sent, reply in SOURCE[:-1]]
    with driver(pairs) as found, pytest.raises(InstrumentError, match="compliance 1 mA was requested"):
        found.configure_source(VOLTAGE)


@pytest.mark.sabotage("units")
def test_measure_settings_and_a_reading() -> None:
    pairs = [
        *SOURCE, (":SENS:CURR:RANG 0.001", None), (":SENS:CURR:NPLC 0.1", None), (":SYST:AZER OFF", None), OK,
        (":SENS:CURR:NPLC?", "1.000000E-01"), (":SENS:CURR:RANG?", "1.050000E-03"), (":SOUR:VOLT 1.2", None), OK,
        (":SOUR:VOLT?", "1.200000E+00"), (":READ?", "+1.200100E+00,+1.200000E-04,+1.500000E+00,+2.252800E+04")]
    with driver(pairs) as found:
        found.configure_source(VOLTAGE)
        assert found.configure_measure(
            MeasureSettings("current", range=1e-3, nplc=0.1, auto_zero=False)).range == 1e-3
        found.set_level(1.2)
        reading = found.measure()
        assert (reading.voltage, reading.current, reading.source, reading.flags) == (1.2001, 1.2e-4, 1.2, Flag.NONE)


@pytest.mark.parametrize(("status", "flags"), [
    (1 << 3, Flag.COMPLIANCE), (1 << 16, Flag.COMPLIANCE), (1 << 4, Flag.COMPLIANCE), (1, Flag.OVERFLOW),
    (1 << 14 | 1 << 12, Flag.NONE),
])
def test_bits_of_the_status_word(status: int, flags: Flag) -> None:
    assert decoded([1.0, 1e-3, 0.5, float(status)], 1.0, "meter").flags == flags


def test_overflows_are_not_a_number_and_garbled_readings_are_noticed() -> None:
    reading = decoded([math.inf, math.nan, 0.5, 0.0], 1.0, "meter")
    assert math.isnan(reading.voltage) and math.isnan(reading.current) and reading.flags == Flag.OVERFLOW
    for values in ([1.0, 2.0, 3.0], [1.0, 1.0, math.nan, 0.0], [1.0, 1.0, 0.0, 0.5]):
        with pytest.raises(GarbledReply):
            decoded(values, 1.0, "meter")


@pytest.mark.parametrize(("settings", "message"), [
    (SourceSettings("voltage", compliance_current=2.0), r"compliance 2 A is outside"),
    (SourceSettings.of("voltage", 0.2, range=100.0), r"compliance of at most 105 mA, but a compliance of 200 mA"),
    (SourceSettings.of("current", 100.0, range=1.0), r"compliance of at most 21 V, but a compliance of 100 V"),
    (SourceSettings("voltage", compliance_current=1e-3, high_capacitance=True), r"no high-capacitance mode"),
    (SourceSettings("voltage", compliance_current=1e-3, range=300.0), r"voltage range 300 V is outside"),
])
def test_what_the_instrument_cannot_source_is_refused_before_a_message(settings: SourceSettings, message: str) -> None:
    with driver([]) as found, pytest.raises(LimitError, match=message):
        found.configure_source(settings)


@pytest.mark.parametrize(("level", "message"), [(2.2, "fixed source range"), (211.0, "is outside the instrument")])
def test_levels_beyond_a_range_are_refused(level: float, message: str) -> None:
    with driver(SOURCE) as found:
        found.configure_source(VOLTAGE)
        with pytest.raises(LimitError, match=message):
            found.set_level(level)
        with pytest.raises(LimitError, match="measuring range 10 mA is above the range of the compliance 1 mA"):
            found.configure_measure(MeasureSettings("current", range=10e-3))


def test_a_model_has_its_own_limits() -> None:
    with driver([], model=Keithley2401) as low, pytest.raises(LimitError):
        low.configure_source(SourceSettings("current", compliance_voltage=22.0))
    with driver([], model=Keithley2410) as high, pytest.raises(LimitError, match="at most 21 mA"):
        high.configure_source(SourceSettings("voltage", compliance_current=22e-3, range=1000.0))


def sweep_pairs(levels: list[float]) -> list[tuple[Any, Any]]:
    texts = [repr(level).removesuffix(".0") for level in levels]
    lists = [(f":SOUR:LIST:VOLT{':APP' if first else ''} {','.join(texts[first : first + 100])}", None)
             for first in range(0, len(levels), 100)]
    return [
        *SOURCE, *lists, (":SOUR:VOLT:MODE LIST", None), (":SOUR:DEL 0.002", None), (":ARM:COUN 1", None),
        (f":TRIG:COUN {len(levels)}", None), (":TRAC:FEED:CONT NEV", None), (f":TRAC:POIN {len(levels)}", None),
        (":TRAC:FEED SENS", None), (":TRAC:FEED:CONT NEXT", None), (":OUTP ON", None), OK,
        (":STAT:MEAS?;:STAT:OPER?", "512;1024"), (":INIT", None)]


def test_a_sweep_is_waited_for_by_serial_polls() -> None:
    levels = [round(0.01 * number, 2) for number in range(150)]
    data = ",".join("+1.0E+00,+1.0E-04,+1.0E-01,+2.0480E+04" for _ in levels)
    pairs = [*sweep_pairs(levels), OK, (":TRAC:DATA?", data)]
    with driver(pairs, Bus(0, 4, 0x41)) as found:
        found.configure_source(VOLTAGE)
        found.start_sweep(np.array(levels), 2e-3)
        assert [found.poll_sweep() for _ in range(3)] == [0, 0, 150]
        assert not found.sweep_running()
        assert [reading.source for reading in found.fetch_sweep(100, 102)] == [1.0, 1.01]


def test_nothing_is_asked_while_it_sweeps_and_safe_begins_with_a_device_clear() -> None:
    bus = Bus(0)
    pairs = [*sweep_pairs([0.0, 1.0]), (":OUTP OFF", None), (":SOUR:VOLT:MODE FIX", None),
             (":SOUR:CURR:MODE FIX", None), (":SOUR:VOLT 0", None), (":SOUR:CURR 0", None),
             (":TRIG:COUN 1", None), (":OUTP?", "0")]
    with driver(pairs, bus) as found:
        found.configure_source(VOLTAGE)
        found.start_sweep(np.array([0.0, 1.0]), 2e-3)
        assert found.sweep_running() and found.output_states()[0].enabled and not found.lost_power()
        found.check_errors()
        found.safe_state()
        assert bus.cleared == 1 and not found.output_states()[0].enabled


def test_a_level_behind_a_sweep_leaves_the_list_mode() -> None:
    pairs = [*sweep_pairs([0.0, 1.0]), (":SOUR:VOLT:MODE FIX", None), (":TRIG:COUN 1", None),
             (":SOUR:DEL:AUTO ON", None), (":SOUR:VOLT 0.5", None), OK, (":SOUR:VOLT?", "0.5"), (":OUTP OFF", None), OK,
             (":OUTP?", "0")]
    bus = Bus()
    with driver(pairs, bus) as found:
        found.configure_source(VOLTAGE)
        found.start_sweep(np.array([0.0, 1.0]), 2e-3)
        found.abort()
        found.set_level(0.5)
        found.set_output(False)
        assert bus.cleared == 1


class SerialPort(Bus):
    """A connection without serial poll: the reply to ``*OPC?`` comes with the second look."""

    def __init__(self) -> None:
        super().__init__()
        self.looks = 0

    def reply_waits(self) -> bool:
        self.looks += 1
        return self.looks > 1

    def read(self) -> str:
        return "1"


def test_without_a_serial_poll_the_reply_to_opc_tells_the_end() -> None:
    pairs = [*sweep_pairs([0.0, 1.0]), ("*OPC?", None), OK,
             (":TRAC:DATA?", "+0.0E+00,+0.0E+00,+1.0E-01,+2.0480E+04,+1.0E+00,+1.0E-04,+2.0E-01,+2.0480E+04")]
    with driver(pairs, SerialPort()) as found:
        found.polls = False
        found.configure_source(VOLTAGE)
        found.start_sweep(np.array([0.0, 1.0]), 2e-3)
        assert [found.poll_sweep() for _ in range(2)] == [0, 2]


def test_trigger_link() -> None:
    with driver([
        (":ARM:ILIN 3", None), (":ARM:SOUR TLIN", None), OK, (":ARM:SOUR IMM", None), OK,
        (":ARM:OLIN 2", None), (":TRIG:OLIN 2", None), (":ARM:OUTP NONE", None), (":TRIG:OUTP SENS", None), OK,
    ]) as found:
        found.start_at("line3")
        found.start_at(None)
        found.tell("line2", "point")
        with pytest.raises(LimitError):
            found.start_at("line5")


@pytest.mark.parametrize(("reply", "found"), [("HIMP", "high_impedance"), ("NORM", "normal"), ("ODD", "ODD")])
def test_the_output_off_state_is_set_and_read_back(reply: str, found: str) -> None:
    with driver([(":OUTP:SMOD HIMP", None), OK, (":OUTP:SMOD?", reply)]) as meter:
        assert meter.set_output_off("high_impedance") == found
        assert meter.accepted_settings()["output_off"] == reply

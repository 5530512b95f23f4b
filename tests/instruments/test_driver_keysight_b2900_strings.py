"""Messages of the B2900 driver, as the SCPI reference (B2910-90030) spells them, and how it reads replies."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import ConfigurationError, GarbledReply, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceSettings
from tsbench.instruments.interfaces import (
    Interlocked,
    SourceMeterPulses,
    SourceMeterSampling,
    SourcePulses,
    TriggerLinked,
)
from tsbench.instruments.keysight_b2900.driver import KeysightB2900
from tsbench.instruments.keysight_b2900.readings import decoded
from tsbench.instruments.keysight_b2900.source_meter import ChannelSourceMeter
from tsbench.records import Flag, Identity

IDENTITY = Identity("Keysight Technologies", "B2912A", "MY1", "3.4")
OK = (":SYST:ERR?", '+0,"No error"')
VOLTAGE = SourceSettings("voltage", compliance_current=1e-3, range=1.5)


@contextmanager
def driver(pairs: list[tuple[Any, Any]], identity: Identity = IDENTITY, **options: Any) -> Iterator[KeysightB2900]:
    with expected_protocol(
            KeysightB2900, pairs, identity=identity, wait=lambda seconds: None, **options) as found:
        yield found


def source(n: int = 1) -> list[tuple[Any, Any]]:
    return [
        (f":SOUR{n}:FUNC:MODE VOLT", None), (f":SOUR{n}:VOLT:MODE FIX", None), (f":SOUR{n}:VOLT 0", None),
        (f":SENS{n}:CURR:PROT 0.001", None), (f":SOUR{n}:VOLT:RANG 1.5", None), (f":OUTP{n}:HCAP OFF", None), OK,
        (f":SENS{n}:CURR:PROT?", "+1.000000E-03"), (f":SOUR{n}:VOLT:RANG?", "+2.000000E+00")]


def measuring(n: int = 1, nplc: str = "0.01") -> list[tuple[Any, Any]]:
    return [(f":SENS{n}:CURR:RANG 0.001", None), (f":SENS{n}:CURR:NPLC {nplc}", None), OK,
            (f":SENS{n}:CURR:NPLC?", nplc), (f":SENS{n}:CURR:RANG?", "+1.000000E-03")]


def level(value: str, n: int = 1) -> list[tuple[Any, Any]]:
    return [(f":SOUR{n}:VOLT {value}", None), OK, (f":SOUR{n}:VOLT?", value)]


def started(count: int, which: str = "ALL", n: int = 1) -> list[tuple[Any, Any]]:
    return [
        (f":TRAC{n}:FEED:CONT NEV", None), (f":TRAC{n}:CLE", None), (f":TRAC{n}:POIN {count}", None),
        (f":TRAC{n}:FEED SENS", None), (f":TRAC{n}:FEED:CONT NEXT", None), (f":OUTP{n} ON", None), OK,
        (f":INIT:{which} (@{n})", None)]


def configured(found: KeysightB2900, channel: str = "1") -> ChannelSourceMeter:
    meter = found.terminal(channel)
    meter.configure_source(VOLTAGE)
    meter.configure_measure(MeasureSettings("current", range=1e-3, nplc=0.01))
    return meter


def test_channels_and_capabilities() -> None:
    with driver([]) as found:
        meter = found.terminal("2")
        assert isinstance(meter, SourceMeterPulses) and isinstance(meter, SourceMeterSampling)
        assert isinstance(meter, Interlocked) and meter.capabilities.four_wire
        assert found.output_names == ("source_meter.1", "source_meter.2") and found.title == "Keysight B2912A"
        assert found.terminal("") is found.terminal("1")
        with pytest.raises(ConfigurationError, match=r"has no channel 3\. It has 1, 2"):
            found.terminal("3")
    with driver([], Identity("Agilent Technologies", "B2901A", "MY2", "1")) as single:
        assert list(single.channels) == [1]
        assert single.terminal("").capabilities.sampling.interval.low == 20e-6  # type: ignore[union-attr]
    with pytest.raises(ConfigurationError, match="the model B2985A is not one of"), driver(
            [], Identity("Keysight Technologies", "B2985A", "1", "1")):
        pass


def test_reset() -> None:
    channels = [pair for n in (1, 2) for pair in (
        (f":OUTP{n}:OFF:MODE HIZ", None), (f":SENS{n}:REM ON", None), (f':SENS{n}:FUNC "VOLT","CURR"', None))]
    with driver([
        ("*CLS", None), ("*ESE 128", None), ("*RST", None), (":SYST:LFR?", "60"),
        (":FORM:ELEM:SENS VOLT,CURR,TIME,STAT", None), (":SYST:TIME:TIM:COUN:RES:AUTO OFF", None), *channels, OK,
    ], output_off="high_impedance", four_wire=True) as found:
        found.reset()
        assert found.terminal("2").capabilities.line_frequency == 60.0
    with pytest.raises(ConfigurationError, match="output_off = 'guard' is unknown"):
        KeysightB2900(None, output_off="guard")


def test_source_settings_are_sent_and_read_back() -> None:
    with driver([*source(2)]) as found:
        assert found.terminal("2").configure_source(VOLTAGE) == SourceSettings.of("voltage", 1e-3, range=2.0)


def test_a_compliance_that_rises_is_set_behind_the_range() -> None:
    with driver([*source(), (":SOUR1:VOLT:RANG:AUTO ON", None), (":SENS1:CURR:PROT 0.1", None),
                 (":OUTP1:HCAP ON", None), OK, (":SENS1:CURR:PROT?", "+1.0E-01")]) as found:
        found.terminal("1").configure_source(VOLTAGE)
        found.terminal("1").configure_source(SourceSettings("voltage", compliance_current=0.1, high_capacitance=True))


@pytest.mark.sabotage("units")
def test_a_reading() -> None:
    with driver([*source(), *measuring(), *level("1.2"),
                 (":MEAS? (@1)", "+1.200100E+00,+1.200000E-04,+1.5E+00,+0.000000E+00")]) as found:
        meter = configured(found)
        meter.set_level(1.2)
        reading = meter.measure()
        assert (reading.voltage, reading.current, reading.source, reading.flags) == (1.2001, 1.2e-4, 1.2, Flag.NONE)


@pytest.mark.parametrize(("status", "flags"), [
    (2, Flag.COMPLIANCE), (4, Flag.COMPLIANCE), (1 << 13, Flag.OVERFLOW), (32, Flag.UNSETTLED), (1, Flag.NONE)])
def test_bits_of_the_status_element(status: int, flags: Flag) -> None:
    assert decoded([1.0, 1e-3, 0.5, float(status)], 1.0, "meter").flags == flags


def test_overflows_are_not_a_number_and_garbled_readings_are_noticed() -> None:
    reading = decoded([1.0, math.inf, 0.5, 0.0], 1.0, "meter")
    assert math.isnan(reading.current) and reading.flags == Flag.OVERFLOW
    for values in ([1.0, 2.0, 3.0], [1.0, 1.0, math.nan, 0.0], [1.0, 1.0, 0.0, 0.5]):
        with pytest.raises(GarbledReply):
            decoded(values, 1.0, "meter")


@pytest.mark.parametrize(("settings", "message"), [
    (SourceSettings("voltage", compliance_current=4.0), "compliance 4 A is outside"),
    (SourceSettings.of("voltage", 0.2, range=100.0), "compliance of at most 105 mA, but a compliance of 200 mA"),
    (SourceSettings("current", compliance_voltage=30.0, range=1.0), "compliance of at most 21 V"),
    (SourceSettings.of("current", 1.0, high_capacitance=True), "high-capacitance mode needs a voltage source"),
    (SourceSettings("voltage", compliance_current=1e-3, range=300.0), "300 V is outside"),
])
def test_what_the_instrument_cannot_source_is_refused_before_a_message(settings: SourceSettings, message: str) -> None:
    with driver([]) as found, pytest.raises(LimitError, match=message):
        found.terminal("1").configure_source(settings)


def test_a_sweep_is_a_list_in_chunks() -> None:
    levels = [round(0.01 * number, 2) for number in range(150)]
    texts = [repr(value).removesuffix(".0") for value in levels]
    data = ",".join(["+1.0E+00,+1.0E-04,+1.0E-01,+0.0E+00"] * 2)
    with driver([
        *source(), *measuring(), (f":SOUR1:LIST:VOLT {','.join(texts[:100])}", None),
        (f":SOUR1:LIST:VOLT:APP {','.join(texts[100:])}", None), (":SOUR1:VOLT:MODE LIST", None),
        (":SOUR1:FUNC DC", None), (":SOUR1:FUNC:TRIG:CONT ON", None), (":TRIG1:ALL:SOUR AINT", None),
        (":TRIG1:ALL:COUN 150", None), (":TRIG1:ACQ:DEL 0.002", None), *started(150),
        (":TRAC1:POIN:ACT?", "102"), (":STAT:OPER:COND?", "1152"), (":STAT:OPER:COND?", "18"),
        (":TRAC1:DATA? 100,2", data), (":TRAC1:DATA? 0,2", "+1.0E+00"),
    ]) as found:
        meter = configured(found)
        meter.start_sweep(np.array(levels), 2e-3)
        assert meter.poll_sweep() == 102 and meter.sweep_running() and not meter.sweep_running()
        assert [reading.source for reading in meter.fetch_sweep(100, 102)] == [1.0, 1.01]
        with pytest.raises(InstrumentError, match="the instrument sent 1 values for 2 readings"):
            meter.fetch_sweep(0, 2)


def test_channel_two_has_its_own_idle_bits() -> None:
    with driver([(":STAT:OPER:COND?", "18"), (":STAT:OPER:COND?", "1170")]) as found:
        meter = found.terminal("2")
        assert meter.sweep_running() and not meter.sweep_running()


@pytest.mark.sabotage("units")
def test_pulses_are_played_by_the_timer() -> None:
    with driver([
        *source(), *measuring(), *level("0.1"), (":SOUR1:LIST:VOLT 1,1.5", None), (":SOUR1:VOLT:MODE LIST", None),
        (":SOUR1:FUNC PULS", None), (":SOUR1:PULS:DEL 0", None), (":SOUR1:PULS:WIDT 0.001", None),
        (":SOUR1:VOLT 0.1", None), (":TRIG1:ALL:SOUR TIM", None), (":TRIG1:ALL:TIM 0.01", None),
        (":TRIG1:ALL:COUN 2", None), (":TRIG1:ACQ:DEL 0.00079", None), (":SOUR1:PULS:WIDT?", "+1.000000E-03"),
        (":TRIG1:ALL:TIM?", "+1.000000E-02"), *started(2),
        (":TRAC1:DATA? 0,1", "+1.0E+00,+1.0E-04,+1.0E-01,+0.0E+00"),
        (":ABOR (@1)", None), (":SOUR1:VOLT:MODE FIX", None), (":SOUR1:FUNC DC", None),
        (":TRIG1:ALL:SOUR AINT", None), (":TRIG1:ALL:COUN 1", None), (":TRIG1:ACQ:DEL 0", None), *level("0"),
    ]) as found:
        meter = configured(found)
        played = meter.start_pulses(SourcePulses(0.1, np.array([1.0, 1.5]), 1e-3, 10e-3))
        assert (played.width, played.period) == (1e-3, 10e-3)
        assert meter.fetch_sweep(0, 1)[0].current == 1e-4
        meter.set_level(0.0)


@pytest.mark.parametrize(("pulses", "message"), [
    (SourcePulses(0.0, np.array([1.0]), 40e-6, 1e-3), "pulse width 40 us is outside"),
    (SourcePulses(0.0, np.array([1.0]), 1e-3, 1.01e-3), "must be at least 50 us above the width"),
    (SourcePulses(0.0, np.array([1.0]), 200e-6, 1e-3), "aperture 0.0002 s does not fit"),
    (SourcePulses(0.0, np.ones(2501), 1e-3, 10e-3), "number of pulses"),
])
def test_pulses_that_the_instrument_cannot_play_are_refused(pulses: SourcePulses, message: str) -> None:
    with driver([*source(), *measuring()]) as found:
        meter = configured(found)
        with pytest.raises(LimitError, match=message):
            meter.start_pulses(pulses)


def test_sampling_by_the_timer() -> None:
    with driver([
        *source(), *measuring(), *level("0.5"), (":TRIG1:ACQ:SOUR TIM", None), (":TRIG1:ACQ:TIM 0.001", None),
        (":TRIG1:ACQ:COUN 100", None), (":TRIG1:ACQ:TIM?", "+1.000000E-03"), *started(100, "ACQ"), (":ABOR (@1)", None),
    ]) as found:
        meter = configured(found)
        assert meter.start_sampling(0.5, 1e-3, 100) == 1e-3
        meter.abort()
        with pytest.raises(LimitError, match="sampling interval 5 us is outside"):
            meter.start_sampling(0.5, 5e-6, 10)


def test_safe_state_and_output() -> None:
    safe = [pair for n in (1, 2) for pair in (
        (f":ABOR (@{n})", None), (f":OUTP{n} OFF", None), (f":SOUR{n}:VOLT:MODE FIX", None),
        (f":SOUR{n}:CURR:MODE FIX", None), (f":SOUR{n}:VOLT 0", None), (f":SOUR{n}:CURR 0", None))]
    with driver([*safe, (":OUTP1?", "0"), (":OUTP2?", "0"), (":OUTP2 ON", None), OK, (":OUTP2?", "0"),
                 (":SYST:INT:TRIP?", "1")]) as found:
        found.safe_state()
        assert not any(state.enabled for state in found.output_states())
        with pytest.raises(InstrumentError, match=r"did not switch on\. Check the interlock"):
            found.terminal("2").set_output(True)
        assert not found.terminal("2").interlock_closed()


def test_jacks() -> None:
    with driver([
        (":SOUR:DIG:EXT3:FUNC TINP", None), (":ARM1:ALL:SOUR EXT3", None), OK, (":ARM1:ALL:SOUR AINT", None), OK,
        (":TRIG1:TOUT OFF", None), (":SENS1:TOUT OFF", None), (":SOUR:DIG:EXT5:FUNC TOUT", None),
        (":SENS1:TOUT:SIGN EXT5", None), (":SENS1:TOUT ON", None), OK,
        (":TRIG1:TOUT OFF", None), (":SENS1:TOUT OFF", None), OK,
    ]) as found:
        meter = found.terminal("1")
        assert isinstance(meter, TriggerLinked)
        meter.start_at("ext3")
        meter.start_at(None)
        meter.tell("ext5", "point")
        meter.tell("ext5", None)
        with pytest.raises(LimitError, match="no trigger jack 'ext15'"):
            meter.start_at("ext15")
        with pytest.raises(LimitError, match="cannot tell the event 'end'"):
            meter.tell("ext5", "end")


@pytest.mark.parametrize(("reply", "found"), [("HIZ", "high_impedance"), ("NORM", "normal"), ("ZERO", "zero")])
def test_the_output_off_state_is_set_and_read_back(reply: str, found: str) -> None:
    """Of one channel: the settings tell which."""
    with driver([(":OUTP2:OFF:MODE HIZ", None), OK, (":OUTP2:OFF:MODE?", reply)]) as box:
        assert box.terminal("2").set_output_off("high_impedance") == found
        settings = box.accepted_settings()
        if reply == "NORM":
            assert settings["output_off"] == "NORM"
        else:
            assert (settings["1.output_off"], settings["2.output_off"]) == ("NORM", reply)

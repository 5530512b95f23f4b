"""The 2460 driver's messages, its limits, and that nothing is sent beyond them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.adapters import ProtocolAdapter
from pymeasure.test import expected_protocol

from tsbench.cli import main
from tsbench.errors import ConfigurationError, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceMeter, SourceSettings
from tsbench.instruments.keithley_2450.data_sheet import CAPABILITIES as OF_2450
from tsbench.instruments.keithley_2460.driver import Keithley2460
from tsbench.instruments.registry import driver_of, fits
from tsbench.records import Flag, Identity

IDENTITY = Identity("KEITHLEY INSTRUMENTS", "MODEL 2460", "04516939", "1.7.7b")
OK = (":SYST:ERR?", '0,"No error;0;0 0"')


@contextmanager
def driver(pairs: list[tuple[Any, Any]], **options: Any) -> Iterator[Keithley2460]:
    with expected_protocol(Keithley2460, pairs, identity=IDENTITY, wait=lambda seconds: None, **options) as found:
        yield found


def source(function: str, limit: str, full_scale: str, asked: str = "") -> list[tuple[Any, Any]]:
    """Return the messages of a source with a fixed range, ``"VOLT"`` or ``"CURR"``."""
    word, kind = f":SOUR:{function}", "ILIM" if function == "VOLT" else "VLIM"
    return [
        (f":SOUR:FUNC {function}", None), (f"{word} 0", None), (f"{word}:RANG {asked or full_scale}", None),
        (f"{word}:{kind} {limit}", None), (f"{word}:READ:BACK ON", None), (f"{word}:DEL:AUTO ON", None),
        (f"{word}:HIGH:CAP OFF", None), OK, (f"{word}:{kind}?", limit), (f"{word}:RANG?", full_scale),
    ]


def measuring(wires: str) -> list[tuple[Any, Any]]:
    return [
        (':SENS:FUNC "CURR"', None), (f":SENS:CURR:RSEN {wires}", None), (":SENS:CURR:RANG 3", None),
        (":SENS:CURR:NPLC 1", None), (":SENS:CURR:AZER ON", None), OK, (":SENS:CURR:NPLC?", "1"),
        *([(":SENS:CURR:RSEN?", "1")] if wires == "ON" else []), (":SENS:CURR:RANG?", "4"),
    ]


def test_it_is_a_source_meter() -> None:
    with driver([]) as found:
        assert isinstance(found, SourceMeter) and found.label.startswith("source_meter (Keithley 2460")


def test_it_is_in_the_list_of_instruments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["instruments"]) == 0
    assert "keithley_2460" in capsys.readouterr().out


def test_each_model_has_its_own_driver() -> None:
    other = Identity("KEITHLEY INSTRUMENTS", "MODEL 2450", "04096331", "1.7.12b")
    assert driver_of(IDENTITY) == "keithley_2460" and driver_of(other) == "keithley_2450"
    assert not fits("keithley_2460", other) and not fits("keithley_2450", IDENTITY)
    assert not fits("keithley_2460", Identity("KEITHLEY INSTRUMENTS", "MODEL 2461", "1", "1"))


def test_reset_keeps_the_ranges_of_the_model() -> None:
    with driver([
        ("*CLS", None), ("*ESE 128", None), ("*RST", None), ("*LANG?", "SCPI"), (":SYST:LFR?", "60"),
        (":OUTP:VOLT:SMOD NORM", None), (":OUTP:CURR:SMOD NORM", None), OK,
    ], output_off="normal") as found:
        found.reset()
        assert found.capabilities.line_frequency == 60.0
        assert found.capabilities.source_current.high == 7.35 and OF_2450.source_current.high == 1.05


def test_a_source_in_a_range_that_the_2450_has_not() -> None:
    with driver(source("VOLT", "5", "10", asked="8")) as found:
        accepted = found.configure_source(SourceSettings("voltage", compliance_current=5.0, range=8.0))
        assert accepted == SourceSettings("voltage", compliance_current=5.0, range=10.0)


@pytest.mark.parametrize(("options", "wires"), [({}, "OFF"), ({"four_wire": True}, "ON")])
def test_four_wire_sensing_is_an_option(options: dict[str, bool], wires: str) -> None:
    with driver(measuring(wires), **options) as found:
        assert found.configure_measure(MeasureSettings("current", range=3.0)).range == 4.0
        assert found.accepted_settings()["four_wire"] is (wires == "ON")


def test_four_wire_sensing_that_does_not_switch_on_is_an_error() -> None:
    refused = [(command, "0" if command == ":SENS:CURR:RSEN?" else reply) for command, reply in measuring("ON")]
    with driver(refused[:-1], four_wire=True) as found, pytest.raises(InstrumentError, match="four-wire sensing"):
        found.configure_measure(MeasureSettings("current", range=3.0))


def test_an_option_that_is_no_switch_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="four_wire must be true or false, not 'yes'"):
        Keithley2460(ProtocolAdapter(), identity=IDENTITY, four_wire="yes")  # type: ignore[arg-type]


@pytest.mark.sabotage("units")
def test_seven_amperes_are_read_as_seven_amperes() -> None:
    with driver([
        *source("CURR", "5", "7"), (":SOUR:CURR 7", None), OK, (":SOUR:CURR?", "7.000000E+00"),
        (':READ? "defbuffer1",REL,SOUR,READ,SOURSTAT', "0.25,6.9995,3.5,136"),
    ]) as found:
        found.configure_source(SourceSettings("current", compliance_voltage=5.0, range=7.0))
        found.set_level(7.0)
        reading = found.measure()
        assert (reading.source, reading.voltage, reading.current, reading.flags) == (7.0, 3.5, 6.9995, Flag.NONE)


def test_sweep() -> None:
    with driver([
        *source("VOLT", "7", "7"),
        (":SOUR:VOLT:DEL 0", None), (":SOUR:LIST:VOLT 0,3.5,7", None), (':TRAC:CLE "defbuffer1"', None),
        (':SOUR:SWE:VOLT:LIST 1,0.01,1,OFF,"defbuffer1"', None), OK, (":INIT", None),
        (":TRIG:STAT?", "IDLE;IDLE;4"), (':TRAC:ACT? "defbuffer1"', "3"),
        (':TRAC:DATA? 1,3,"defbuffer1",REL,SOUR,READ,SOURSTAT', "0,0,0,136,0.03,3.5,1.75,136,0.06,7,3.5,136"),
    ]) as found:
        found.configure_source(SourceSettings("voltage", compliance_current=7.0, range=7.0))
        found.start_sweep(np.array([0.0, 3.5, 7.0]), 0.01)
        assert not found.sweep_running()
        readings = found.fetch_sweep(0, found.poll_sweep())
        assert [reading.current for reading in readings] == [0.0, 1.75, 3.5]


@pytest.mark.sabotage("output")
def test_safe_state_switches_off() -> None:
    with driver([(":ABOR", None), (":OUTP OFF", None), (":SOUR:VOLT 0", None), (":SOUR:CURR 0", None)]) as found:
        found.safe_state()


# ------------------------------------------------------------------------ what is refused before a message is sent


@pytest.mark.parametrize(("settings", "words"), [
    (SourceSettings("voltage", compliance_current=7.5), r"compliance 7\.5 A"),
    (SourceSettings("voltage", compliance_current=0.5e-6), "compliance 500 nA"),
    (SourceSettings("current", compliance_voltage=106.0), "compliance 106 V"),
    (SourceSettings("current", compliance_voltage=0.1), "compliance 100 mV"),
    (SourceSettings("voltage", compliance_current=1e-3, range=106.0), "voltage range 106 V"),
    (SourceSettings("current", compliance_voltage=1.0, range=7.5), r"current range 7\.5 A"),
])
def test_a_setting_beyond_the_instrument_is_refused(settings: SourceSettings, words: str) -> None:
    with driver([]) as found, pytest.raises(LimitError, match=words):
        found.configure_source(settings)


@pytest.mark.parametrize(("function", "level", "most"), [
    ("voltage", 7.36, 5.25), ("voltage", 10.5, 5.25), ("voltage", 10.6, 4.2), ("voltage", 21.0, 4.2),
    ("voltage", 21.1, 1.05), ("voltage", 105.0, 1.05), ("voltage", -105.0, 1.05), ("voltage", 7.35, 7.35),
    ("current", 1.05, 105.0), ("current", 1.06, 21.0), ("current", 4.2, 21.0), ("current", 4.3, 10.5),
    ("current", 5.25, 10.5), ("current", 5.26, 7.35), ("current", 7.35, 7.35), ("current", -7.35, 7.35),
])
def test_the_operating_boundaries(function: Any, level: float, most: float) -> None:
    """Beside each level, the highest compliance is taken and one a little above it is refused."""
    with driver([]) as found:
        bounds = found.capabilities
        span = bounds.source_voltage if function == "voltage" else bounds.source_current
        assert abs(level) <= span.high
        with pytest.raises(LimitError):
            found.configure_source(SourceSettings.of(function, compliance=1.01 * most, range=abs(level)))
        found.source = SourceSettings.of(function, compliance=most)
        found._source_ranges.require_level(level, found.source)
        if most < max(step.compliance for step in found.data_sheet.boundaries[function]):
            found.source = SourceSettings.of(function, compliance=1.01 * most)
            with pytest.raises(LimitError, match="needs a range that allows a compliance of at most"):
                found.set_level(level)
            with pytest.raises(LimitError):
                found.start_sweep(np.array([0.0, level]), 1e-3)


def test_a_level_beyond_the_instrument_is_refused() -> None:
    for function, level in (("voltage", 105.1), ("current", 7.4)):
        with driver([]) as found:
            found.source = SourceSettings.of(function, compliance=1.0)  # type: ignore[arg-type]
            with pytest.raises(LimitError, match=f"source {function}"):
                found.set_level(level)


def test_a_dwell_below_the_shortest_is_refused() -> None:
    with driver([]) as found:
        found.source = SourceSettings("voltage", compliance_current=1.0)
        with pytest.raises(LimitError, match=r"dwell 20 us.* 50 us"):
            found.start_sweep(np.array([0.0, 1.0]), 20e-6)


def test_a_measuring_range_that_would_raise_the_limit_is_refused() -> None:
    with driver([]) as found:
        found.source = SourceSettings("voltage", compliance_current=5e-3, range=2.0)
        with pytest.raises(LimitError, match=r"must be above 0\.1 % of the measuring range 5 A"):
            found.configure_measure(MeasureSettings("current", range=5.0))


def test_every_range_is_within_what_the_instrument_takes() -> None:
    with driver([]) as found:
        caps = found.capabilities
        assert [row.full_scale for row in caps.current_accuracy] == [
            1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1.0, 4.0, 5.0, 7.0]
        assert [row.full_scale for row in caps.source_voltage_accuracy] == [0.2, 2.0, 7.0, 10.0, 20.0, 100.0]
        assert caps.source_voltage.high == pytest.approx(1.05 * caps.source_voltage_accuracy[-1].full_scale)
        assert caps.source_current.high == pytest.approx(1.05 * caps.source_current_accuracy[-1].full_scale)
        for function, rows in (("voltage", caps.source_voltage_accuracy), ("current", caps.source_current_accuracy)):
            tops = [round(1.05 * row.full_scale, 9) for row in rows]
            assert all(step.level in tops for step in found.data_sheet.boundaries[function])  # type: ignore[index]

"""The 2600B driver's messages, what it makes of replies, and that nothing is sent beyond its limits."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from pymeasure.test import expected_protocol

from tsbench.errors import ConfigurationError, GarbledReply, InstrumentError, LimitError
from tsbench.instruments import MeasureSettings, SourceMeter, SourceSettings
from tsbench.instruments.keithley_2600.driver import Keithley2600
from tsbench.instruments.languages import tsp
from tsbench.instruments.registry import driver_of
from tsbench.records import Flag, Identity

IDENTITY = Identity("Keithley Instruments Inc.", "Model 2636B", "4078908", "3.4.0")
OK = ("print(errorqueue.next())", "0.00000e+00\tQueue Is Empty\t0.00000e+00\t1.00000e+00")
DELAYS = ("smua.source.delay = -1 smua.measure.delay = -1", None)
ZERO = ("smua.source.levelv = 0 smua.source.leveli = 0", None)
SOURCE = [
    ZERO, ("smua.source.limiti = 1e-07", None), ("smua.source.rangev = 2", None), ("smua.source.func = 1", None),
    ("smua.source.highc = 0", None), DELAYS, OK, ("print(smua.source.func)", "1.00000000000e+00"),
    ("print(smua.source.limiti)", "1.00000000000e-07"), ("print(smua.source.rangev)", "2.00000000000e+00"),
]
READ = "do local t = timer.measure.t() local i, v = smua.measure.iv() print(t, i, v, smua.source.compliance) end"


@contextmanager
def driver(pairs: list[tuple[Any, Any]], identity: Identity = IDENTITY, **options: Any) -> Iterator[Any]:
    with expected_protocol(Keithley2600, pairs, identity=identity, wait=lambda seconds: None, **options) as found:
        yield found


@pytest.mark.sabotage("units")
def test_a_source_of_100_na_and_a_reading() -> None:
    with driver([
        *SOURCE, ("smua.source.levelv = 1.23456789", None), OK, ("print(smua.source.levelv)", "1.23456789000e+00"),
        (READ, "1.5\t5.0e-08\t1.2344\tfalse"),
    ]) as found:
        unit = found.terminal("a")
        assert isinstance(unit, SourceMeter)
        accepted = unit.configure_source(SourceSettings("voltage", compliance_current=1e-7, range=2.0))
        assert accepted == SourceSettings("voltage", compliance_current=1e-7, range=2.0)
        unit.set_level(1.23456789)
        reading = unit.measure()
        assert (reading.time, reading.voltage, reading.current) == (1.5, 1.2344, 5e-8)
        assert reading.flags == Flag.NONE


def test_a_measuring_range_and_aperture() -> None:
    with driver([
        ("smub.measure.rangei = 3e-06", None), ("smub.measure.nplc = 0.1", None),
        ("smub.measure.autozero = 0", None), OK,
        ("print(smub.measure.nplc)", "1.0e-01"), ("print(smub.measure.rangei)", "1.0e-05"),
    ]) as found:
        settings = MeasureSettings("current", range=3e-6, nplc=0.1, auto_zero=False)
        assert found.terminal("b").configure_measure(settings).range == 1e-5


def test_an_overflow_is_no_number_and_a_limit_is_flagged() -> None:
    with driver([*SOURCE, (READ, "1.5\t9.91000e+37\t1.2\ttrue")]) as found:
        unit = found.terminal("")
        unit.configure_source(SourceSettings("voltage", compliance_current=1e-7, range=2.0))
        reading = unit.measure()
        assert np.isnan(reading.current) and reading.voltage == 1.2
        assert reading.flags == Flag.OVERFLOW | Flag.COMPLIANCE


@pytest.mark.parametrize("channel", ["a", "b"])
def test_a_sweep_is_sent_in_parts_started_and_fetched_as_a_block(channel: str) -> None:
    levels = np.linspace(0.0, 1.0, 101)
    block = struct.pack("<8d", 1e-4, 1.0, 0.5, 64.0, 2e-4, 2.0, 0.6, 0.0)
    texts = [repr(float(level)).removesuffix(".0") for level in levels]
    parts = [", ".join(texts[:100]), ", ".join(texts[100:])]
    messages: list[tuple[Any, Any]] = [
        *SOURCE, ("smua.source.delay = 0.01 smua.measure.delay = 0", None), ("tsbench_smua = {}", None),
        *((f"for _, level in ipairs({{{part}}}) do table.insert(tsbench_smua, level) end", None) for part in parts),
        ("smua.trigger.source.listv(tsbench_smua)", None), ("tsbench_smua = nil", None),
        ("smua.measure.count = 1", None),
        ("smua.nvbuffer1.clear() smua.nvbuffer2.clear()", None),
        ("smua.trigger.measure.iv(smua.nvbuffer1, smua.nvbuffer2)", None),
        ("smua.trigger.source.action = 1 smua.trigger.measure.action = 1", None),
        ("smua.trigger.arm.stimulus = 0 smua.trigger.arm.count = 1 smua.trigger.measure.stimulus = 0", None),
        ("smua.trigger.count = 101", None),
        ("smua.trigger.source.stimulus = 0 smua.trigger.endpulse.stimulus = 0", None),
        ("smua.trigger.endpulse.action = 1 smua.trigger.endsweep.action = 1", None), OK,
        ("print(smua.source.output)", "1.0"), ("smua.trigger.initiate()", None), OK,
        ("print(status.operation.instrument.smua.condition)", "8.0"), ("print(smua.nvbuffer2.n)", "2.0"),
        ("printbuffer(1, 2, smua.nvbuffer1.readings, smua.nvbuffer2.readings, smua.nvbuffer1.timestamps, "
         "smua.nvbuffer1.statuses)", b"#0" + block + b"\n"),
    ]
    named = [(message.replace("smua", f"smu{channel}"), reply) for message, reply in messages]
    with driver(named) as found:
        unit = found.terminal(channel)
        unit.configure_source(SourceSettings("voltage", compliance_current=1e-7, range=2.0))
        unit.start_sweep(levels, 0.01)
        assert unit.sweep_running() and unit.poll_sweep() == 2
        first, second = unit.fetch_sweep(0, 2)
        assert (first.current, first.voltage, first.time, first.flags) == (1e-4, 1.0, 0.5, Flag.COMPLIANCE)
        assert (second.source, second.flags) == (levels[1], Flag.NONE)


@pytest.mark.sabotage("output")
def test_the_safe_state_asks_nothing() -> None:
    with driver([
        ("abort", None), ("smua.source.output = 0", None), ("smub.source.output = 0", None), ZERO,
        ("smub.source.levelv = 0 smub.source.leveli = 0", None),
    ]) as found:
        found.safe_state()


@pytest.mark.sabotage("output")
def test_the_safe_state_of_one_unit_is_off_and_at_zero() -> None:
    with driver([
        ("abort", None), ("smub.source.output = 0", None), ("smub.source.levelv = 0 smub.source.leveli = 0", None),
    ]) as found:
        found.terminal("b").safe_state()


def test_errors_are_told_with_their_numbers() -> None:
    with driver([
        ("print(errorqueue.next())", "1.10200e+03\tParameter Too Small\t2.0e+01\t1.0e+00"),
        ("print(errorqueue.next())", "-2.86000e+02\tTSP Runtime error at line 1: x\t2.0e+01\t1.0e+00"), OK,
    ]) as found, pytest.raises(InstrumentError, match="1102 Parameter Too Small; -286 TSP Runtime error at line 1: x"):
        found.check_errors()


@pytest.mark.parametrize(("settings", "said"), [
    (SourceSettings("voltage", compliance_current=5e-11), "compliance"),
    (SourceSettings("voltage", compliance_current=0.5, range=200.0), "at most 100 mA"),
    (SourceSettings("current", compliance_voltage=100.0, range=1.0), "at most 20 V"),
    (SourceSettings("current", compliance_voltage=1.0, range=2.0), "current range"),
])
def test_nothing_is_sent_beyond_the_limits(settings: SourceSettings, said: str) -> None:
    with driver([]) as found, pytest.raises(LimitError, match=said):
        found.terminal("a").configure_source(settings)


def test_a_garbled_reading_and_a_garbled_block() -> None:
    with driver([*SOURCE, (READ, "1.5\tabc")]) as found:
        unit = found.terminal("a")
        unit.configure_source(SourceSettings("voltage", compliance_current=1e-7, range=2.0))
        with pytest.raises(GarbledReply, match="garbled"):
            unit.measure()
    for wrong in (b"#1", b"", b"#0" + bytes(8) + b"x"):
        with pytest.raises(ValueError, match="not a block"):
            tsp.parse_floats(wrong, 1)


@pytest.mark.parametrize(("message", "may"), [
    ("print(smua.source.levelv)", True), ("print(smub.measure.nplc)", True), ("*IDN?", True), ("*ESR?", False),
    ("printbuffer(1, 2, smua.nvbuffer1.readings, smua.nvbuffer1.statuses)", True),
    ("print(smua.measure.i())", False), ("print(errorqueue.next())", False), ("smua.source.output = 1", False),
    ("print(status.standard.event)", False), ("print(smua.source.levelv) smua.source.output = 1", False),
    ("print(smua.source.levelv, smua.reset())", False), ("print(smuc.source.levelv)", False),
])
def test_which_questions_may_be_repeated(message: str, may: bool) -> None:
    assert tsp.may_be_repeated(message, Keithley2600.repeatable) == may


def test_models_and_options() -> None:
    assert driver_of(IDENTITY) == "keithley_2600"
    with pytest.raises(ConfigurationError, match="2635"), driver([], Identity("Keithley", "Model 2635A", "1", "1")):
        pass
    with pytest.raises(ConfigurationError, match="Did you mean 'normal'"), driver([], output_off="normall"):
        pass
    with pytest.raises(ConfigurationError, match="four_wire"), driver([], four_wire="yes"):
        pass
    with driver([], Identity("Keithley Instruments Inc.", "Model 2601B", "1", "1")) as found:
        assert found.output_names == ("source_meter.a",)


@pytest.mark.parametrize(("reply", "lost"), [("1.28e+02", False), ("0.0", True)])
def test_the_mark_of_a_restart(reply: str, lost: bool) -> None:
    assert tsp.power_lost([reply]) == lost
    for wrong in ("x", "300", "0.5"):
        with pytest.raises(ValueError):
            tsp.power_lost([wrong])


@pytest.mark.parametrize(("reply", "found"), [
    ("2.00000e+00", "high_impedance"), ("0.00000e+00", "normal"), ("7.00000e+00", "7")])
def test_the_output_off_state_is_set_and_read_back(reply: str, found: str) -> None:
    with driver([("smub.source.offmode = 2", None), OK, ("print(smub.source.offmode)", reply)]) as box:
        assert box.terminal("b").set_output_off("high_impedance") == found

"""What a script or a fault of the simulation breaks: its instrument gets an error, and everything else goes on."""

import logging
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.bare_meters import bare_meter
from tests.fixtures.tsp_meter import TspMeter
from tsbench.simulated_backends.scpi.message import MessageDevice
from tsbench.simulated_backends.tsp.tables import global_function

pytestmark = pytest.mark.tsbench_outputs_stay_on
PLANTED = "KeyError: 'planted'"


@pytest.fixture(scope="module")
def meter(tmp_path_factory: pytest.TempPathFactory) -> TspMeter:
    return TspMeter(tmp_path_factory.mktemp("failures"))


def broken(*arguments: Any) -> Any:
    raise KeyError("planted")


@pytest.mark.parametrize(("index", "message"), [
    ("function(t, n) error('undeclared ' .. n) end", "undeclared q"),
    ("function(t, k) return t[k] end", "C stack overflow"),
])
def test_a_metatable_of_the_globals_stops_only_the_script(meter: TspMeter, index: str, message: str) -> None:
    meter.write(f"setmetatable(_G, {{__index = {index}}})")
    assert meter.print("1") == "1.00000e+00" and meter.errors() == []
    meter.write("print(q)")
    assert meter.errors() == [f"-286 TSP Runtime error at line 1: {message}"]
    meter.write("setmetatable(_G, nil) made = loadstring('inner = 5') made()")
    assert meter.print("inner, _G.inner, rawget(_G, 'inner'), _G == _G._G").count("5.00000e+00") == 3
    assert meter.print("_VERSION, node[1].smua == smua, pcall(error, 'x')").startswith("Lua 5.0.2\ttrue\tfalse")


def test_a_full_memory_stops_only_the_script(meter: TspMeter) -> None:
    fill = "kept = {} collectgarbage() pcall(function() for i = 1, 1e6 do kept[i] = string.rep('x', 1e5) .. i end end)"
    meter.write("dataqueue.add(string.rep('y', 90000))")
    for after in ("delay(0.1) print(dataqueue.next())", "print(smua.source.levelv)", "print(unpack({1, 2}))"):
        meter.write(f"{fill} {after}")
        assert [text[:19] for text in meter.errors()] == ["-225 Out of Memory "], after
    meter.write("kept = nil")
    assert meter.print("2") == "2.00000e+00" and meter.errors() == []


def test_columns_of_texts_and_columns_that_were_not_collected(meter: TspMeter) -> None:
    meter.write("reset() smua.source.output = 1 smua.measure.count = 2 smua.measure.i(smua.nvbuffer1)")
    assert meter.ask("printbuffer(1, 2, smua.nvbuffer1.sourcefunctions)") == "Voltage, Voltage"
    assert meter.ask("printbuffer(1, 2, smua.nvbuffer1.measurefunctions)") == "Current, Current"
    assert meter.ask("printbuffer(1, 1, smua.nvbuffer1.sourceoutputstates)") == "On"
    for column in ("timestamps", "sourcevalues"):
        meter.write(f"printbuffer(1, 2, smua.nvbuffer1, smua.nvbuffer1.{column})")
        assert meter.errors() == ["1401 Parameter 4 is invalid"]
    meter.write("format.data = format.REAL64 printbuffer(1, 2, smua.nvbuffer1.sourcefunctions)")
    assert meter.errors() == ["-221 Settings Conflict"]


def test_each_column_of_an_interactive_meter_can_be_printed() -> None:
    meter = bare_meter(language="TSP")
    meter.write("smu.source.output = smu.ON", "smu.measure.read()")
    for column in ("units", "timestamps", "dates", "times", "formattedreadings", "sourceunits", "readings", "statuses"):
        assert meter.ask(f"printbuffer(1, 1, defbuffer1.{column})"), column
    assert meter.ask("printbuffer(1, 1, defbuffer1.units, defbuffer1.dates)") == "A, 01/01/2026"
    assert not meter.meter.status.errors
    meter.write("made = buffer.make(10)", "reset()", "print(made.n)")   # the reset has deleted it
    assert [error.code for error in meter.meter.status.errors] == [-224]


@pytest.mark.usefixtures("reported_failures")
def test_an_exception_of_a_function_of_the_instrument(meter: TspMeter, caplog: pytest.LogCaptureFixture) -> None:
    global_function(meter.meter.language.interpreter, "plant", broken)
    meter.write("print(1) plant() print(2)")
    found = meter.errors()
    assert len(found) == 1 and found[0].startswith("-310 System error") and PLANTED in found[0]
    assert any(record.exc_info and record.levelno == logging.ERROR for record in caplog.records)
    assert meter.print("7").endswith("7.00000e+00")


@pytest.mark.usefixtures("reported_failures")
def test_an_exception_of_an_event_of_the_timeline(meter: TspMeter) -> None:
    meter.clock.schedule_in(1e-3, broken)
    assert meter.ask('delay(0.01) print(3)') == "3.00000e+00"
    assert [PLANTED in text for text in meter.errors()] == [True]


@pytest.mark.usefixtures("reported_failures")
def test_a_served_bench_survives_an_exception(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MessageDevice, "option_query", broken)
    served = serve()
    with served.connect("source_meter") as link, link.makefile("rb") as replies:
        link.sendall(b"*OPT?\n*OPC?\n")
        assert replies.readline().strip() == b"1"
        link.sendall(b":SYST:ERR?\n")
        assert PLANTED.encode() in replies.readline()
    with served.connect("generator") as link, link.makefile("rb") as replies:
        link.sendall(b":SYST:ERR?\n")
        assert replies.readline().startswith(b"+0")


@pytest.mark.usefixtures("reported_failures")
def test_an_exception_does_not_leave_through_pyvisa(resistor_bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyvisa

    monkeypatch.setattr(MessageDevice, "option_query", broken)
    manager = pyvisa.ResourceManager(f"{resistor_bench.with_name('resistor.world.toml')}@tsbench")
    meter: Any = manager.open_resource("USB0::0x05E6::0x2450::SIM00011::INSTR", read_termination="\n")
    meter.write("*OPT?")
    assert PLANTED in meter.query(":SYST:ERR?") and meter.query("*OPC?") == "1"
    manager.close()


def test_a_count_of_zero_sweeps_until_it_is_aborted(meter: TspMeter) -> None:
    """2600BS-901-01 Rev. C, p. 7-254"""
    meter.write("reset() smua.nvbuffer1.clear() smua.nvbuffer1.appendmode = 1 smua.source.output = 1")
    meter.write("smua.trigger.source.listv({1, 2}) smua.trigger.source.action = 1 smua.trigger.measure.action = 1")
    meter.write("smua.trigger.measure.i(smua.nvbuffer1) smua.measure.nplc = 0.01 smua.trigger.count = 0")
    meter.write("smua.trigger.initiate() delay(0.1)")
    first = meter.number("smua.nvbuffer1.n")
    meter.write("delay(0.1)")
    assert 0 < first < meter.number("smua.nvbuffer1.n")
    meter.write("smua.abort() n = smua.nvbuffer1.n delay(0.1)")
    assert meter.print("smua.nvbuffer1.n == n") == "true" and meter.errors() == []
    meter.write("smua.trigger.source.action = 0 smua.trigger.measure.action = 0 smua.trigger.arm.count = 0")
    meter.write("smua.trigger.initiate() delay(0.01) smua.abort()")   # nothing to do, without end
    assert meter.errors() == []


def test_the_event_log_of_an_interactive_meter() -> None:
    """2461-901-01 rev. A, p. 8-68 to 8-71"""
    meter = bare_meter(language="TSP")
    assert meter.ask("print(eventlog.next())").split("\t")[:3] == ["0", "No error", "0"]
    meter.write("eventlog.post('my error', eventlog.SEV_ERROR)", "eventlog.post('note')", "x = = 1")
    assert meter.ask("print(eventlog.getcount())") == "3"
    assert meter.ask("print(eventlog.getcount(eventlog.SEV_INFO))") == "1"
    assert meter.ask("print(eventlog.next())").split("\t")[:4] == [
        "1005", "User: my error", "1", "0"]
    assert meter.ask("print(eventlog.next(eventlog.SEV_INFO))").startswith("1003\tUser: note\t4\t")
    assert meter.ask("print(eventlog.next())").startswith("-285\tTSP Syntax error at line 1")
    assert meter.ask("print(eventlog.getcount())") == "0"


def test_other_names_of_an_interactive_meter() -> None:
    meter = bare_meter(language="TSP")
    meter.write("smu.source.output = smu.ON", "timer.cleartime()")
    reading, seconds, fraction = map(float, meter.ask("print(smu.measure.readwithtime())").split("\t"))
    assert abs(reading) < 1e-6 and seconds > 1e9 and 0 <= fraction < 1
    assert float(meter.ask("print(timer.gettime())")) > 0
    meter.write("digio.line[1].mode = digio.MODE_DIGITAL_OUT", "digio.line[1].state = digio.STATE_HIGH")
    assert meter.ask("print(digio.line[1].mode, digio.line[1].state)") == "digio.MODE_DIGITAL_OUT\tdigio.STATE_HIGH"
    assert not meter.meter.status.errors

"""The interactive source meters in the language TSP: Tektronix's published scripts run unchanged; names and errors.

The scripts are those of the public collection of examples (Instrument_Examples/Series_2400_Graphical/2450-SMU), line by
line.
"""

import numpy as np
import pytest

from tests.fixtures.bare_meters import BareBench, BareMeter, bare_meter
from tsbench.errors import ConfigurationError

pytestmark = pytest.mark.tsbench_outputs_stay_on  # some scripts end with the output on


def play(meter: BareMeter, *lines: str) -> list[str]:
    """Run a script; return the lines that it prints. The error queue is then empty."""
    meter.write("loadandrunscript", *lines, "endscript")
    exchange, clock = meter.meter.exchange, meter.bench.clock
    while exchange.will_answer and clock.hop(clock.now + 100.0):
        pass
    found: list[str] = []
    while exchange.output_ready:   # each print is a message
        found += exchange.talk(1 << 20)[0].decode().splitlines()
    assert not meter.meter.status.errors, [error.text for error in meter.meter.status.errors]
    return found


def column(lines: list[str], place: int) -> list[float]:
    return [float(line.split("\t")[place]) for line in lines]


def test_low_resistance() -> None:
    """Other_Devices/low_resistance.tsp"""
    meter = bare_meter(resistance="50", language="TSP")
    lines = play(
        meter, "reset()", 'trigger.model.load("SimpleLoop", 100)', "smu.measure.func = smu.FUNC_RESISTANCE",
        "smu.measure.sense = smu.SENSE_4WIRE", "smu.measure.offsetcompensation = smu.ON", "smu.source.output = smu.ON",
        "trigger.model.initiate()", "waitcomplete()", "smu.source.output = smu.OFF", 'print("Resistance:\\tTime:")',
        "for i = 1, 100 do", 'print(string.format("%f\\t%f", defbuffer1[i], defbuffer1.relativetimestamps[i]))', "end")
    assert lines[0] == "Resistance:\tTime:" and len(lines) == 101
    assert column(lines[1:], 0) == pytest.approx([50.0] * 100, rel=1e-3)
    assert np.all(np.diff(column(lines[1:], 1)) > 0)


def test_leakage_resistance() -> None:
    """Other_Devices/leakage_resistance.tsp, on 1 GOhm"""
    meter = BareBench(netlist="R1 smu 0 1g\nC1 smu 0 1n", options={"language": "TSP"}, smu="keithley_2450")["smu"]
    lines = play(
        meter, "reset()", "smu.source.func = smu.FUNC_DC_VOLTAGE", "smu.source.ilimit.level = 10e-3",
        "smu.source.level = 20", "smu.measure.func = smu.FUNC_DC_CURRENT", "smu.measure.terminals = smu.TERMINALS_REAR",
        "smu.measure.autorange = smu.ON", "smu.measure.nplc = 1", "smu.source.output = smu.ON",
        'trigger.model.load("DurationLoop", 60, 0.2)', "trigger.model.initiate()", "waitcomplete()",
        "for i = 1, defbuffer1.n do", "print(i, defbuffer1.relativetimestamps[i], defbuffer1[i])", "end",
        "smu.source.level = 0", "delay(2)", "smu.source.output = smu.OFF")
    assert 200 < len(lines) < 300 and column(lines, 2)[-1] == pytest.approx(20e-9, rel=1e-3)
    assert 59 < column(lines, 1)[-1] < 61


def test_insulation_resistance() -> None:
    """Other_Devices/insulation_resistance.tsp: the current is shown in Ohm"""
    meter = bare_meter(resistance="100meg", language="TSP")
    lines = play(
        meter, "reset()", "smu.measure.func = smu.FUNC_DC_CURRENT", "smu.measure.unit = smu.UNIT_OHM",
        "smu.measure.terminals = smu.TERMINALS_REAR", "smu.measure.autorange = smu.ON", "smu.measure.nplc = 1",
        "smu.source.func = smu.FUNC_DC_VOLTAGE", "smu.source.ilimit.level = 0.1", "smu.source.level = 20",
        'trigger.model.load("SimpleLoop", 10, 0.1)', "smu.source.output = smu.ON", "trigger.model.initiate()",
        "waitcomplete()", "for i = 1, defbuffer1.n do", "print(defbuffer1[i])", "end", "smu.source.output = smu.OFF")
    assert column(lines, 0) == pytest.approx([100e6] * 10, rel=1e-3)


def test_a_sweep_of_a_solar_cell() -> None:
    """Other_Devices/solar_cell.tsp without its display; here 1 kOhm"""
    meter = bare_meter(resistance="1k", language="TSP")
    lines = play(
        meter, "num = 56", "reset()", "smu.measure.func = smu.FUNC_DC_CURRENT", "smu.source.func = smu.FUNC_DC_VOLTAGE",
        "smu.measure.terminals = smu.TERMINALS_FRONT", "smu.measure.sense = smu.SENSE_4WIRE",
        "smu.measure.autorange = smu.ON", "smu.measure.nplc = 1", "smu.source.highc = smu.OFF", "smu.source.range = 2",
        "smu.source.readback = smu.ON", "smu.source.ilimit.level = 1",
        'smu.source.sweeplinear("SolarCell", 0, 0.53, num, 0.1)', "trigger.model.initiate()", "waitcomplete()",
        "voltage = defbuffer1.sourcevalues", "current = defbuffer1", "for i = 1, num do",
        "print(voltage[i],current[i],voltage[i]*current[i])", "end")
    assert column(lines, 0) == pytest.approx(list(np.linspace(0, 0.53, 56)), abs=1e-4)
    assert column(lines, 1) == pytest.approx(list(np.linspace(0, 0.53e-3, 56)), abs=1e-6)
    assert meter.ask("print(smu.source.output, smu.source.configlist.size('SolarCell'))") == "smu.OFF\t56"


def test_blocks_events_and_the_block_list() -> None:
    """The help of ``trigger.model.getblocklist`` and ``trigger.model.setblock``"""
    meter = bare_meter(language="TSP")
    lines = play(
        meter, "reset()", "smu.source.output = smu.ON", 'trigger.model.load("Empty")',
        "trigger.model.setblock(1, trigger.BLOCK_BUFFER_CLEAR)",
        "trigger.model.setblock(2, trigger.BLOCK_MEASURE_DIGITIZE)",
        "trigger.model.setblock(3, trigger.BLOCK_BRANCH_COUNTER, 5, 2)",
        "trigger.model.setblock(4, trigger.BLOCK_DELAY_CONSTANT, 1)",
        "trigger.model.setblock(5, trigger.BLOCK_BRANCH_COUNTER, 3, 2)", "trigger.model.initiate()", "waitcomplete()",
        "print(defbuffer1.n)", "print(trigger.model.getblocklist())")
    assert lines == [
        "15", " 1) BUFFER_CLEAR          BUFFER: defbuffer1",
        " 2) MEASURE               BUFFER: defbuffer1 COUNT: 1", " 3) BRANCH_COUNTER        VALUE: 5  BRANCH_BLOCK: 2",
        " 4) DELAY_CONSTANT        DELAY: 1.000000000", " 5) BRANCH_COUNTER        VALUE: 3  BRANCH_BLOCK: 2"]
    play(meter, 'trigger.model.load("Empty")', "trigger.model.setblock(1, trigger.BLOCK_NOTIFY, trigger.EVENT_NOTIFY2)",
         "trigger.model.setblock(2, trigger.BLOCK_WAIT, trigger.EVENT_NOTIFY2)", "trigger.model.initiate()",
         "waitcomplete()")
    assert meter.ask("print(trigger.model.state())") == "trigger.STATE_IDLE\ttrigger.STATE_IDLE\t2"


def test_measure_count_of_a_configuration_list() -> None:
    """Example 2 of the help of BLOCK_MEASURE_DIGITIZE: 2, 10 and 3 readings"""
    meter = bare_meter(language="TSP")
    lines = play(
        meter, "reset()", "smu.source.output = smu.ON", 'smu.measure.configlist.create("countactive")',
        *(line for count in (2, 10, 3) for line in (
            f"smu.measure.count = {count}", 'smu.measure.configlist.store("countactive")')),
        'trigger.model.setblock(1, trigger.BLOCK_CONFIG_NEXT, "countactive")',
        "trigger.model.setblock(2, trigger.BLOCK_MEASURE_DIGITIZE, defbuffer1, trigger.COUNT_AUTO)",
        "trigger.model.setblock(3, trigger.BLOCK_DELAY_CONSTANT, 1)",
        "trigger.model.setblock(4, trigger.BLOCK_BRANCH_COUNTER, 3, 1)", "trigger.model.initiate()", "waitcomplete()",
        "print(defbuffer1.n)")
    assert lines == ["15"]


def test_readings_into_a_buffer_of_the_script() -> None:
    meter = bare_meter(language="TSP")
    lines = play(
        meter, "reset()", "smu.source.ilimit.level = 1e-3", "smu.source.level = 1", "smu.source.output = smu.ON",
        "mine = buffer.make(10)", "for i = 1, 3 do print(smu.measure.read(mine)) end", "print(mine.n, defbuffer1.n)",
        "printbuffer(1, mine.n, mine.readings, mine.sourcevalues)", "mine.clear()", "print(mine.n)")
    assert column(lines[:3], 0) == pytest.approx([1e-4] * 3, rel=1e-4)
    assert lines[3] == "3\t0" and lines[5] == "0"
    assert [float(part) for part in lines[4].split(",")] == pytest.approx([1e-4, 1.0] * 3, rel=1e-3)


@pytest.mark.parametrize(("line", "code"), [
    ("smu.source.level = 300", -222), ("smu.source.func = smu.UNIT_OHM", -224), ("smu.measure.nplc = 50", -222),
    ("trigger.model.setblock(1, trigger.BLOCK_WRONG)", -224), ("smu.measure.read(5)", -104),
    ("smu.source.configlist.recall('no')", -224), ("x = = 1", -285), ("nothing.there()", -286),
    ("smu.interlock.tripped = smu.ON", -286),
])
def test_errors_of_scripts(line: str, code: int) -> None:
    meter = bare_meter(language="TSP")
    meter.write(line)
    assert [error.code for error in meter.meter.status.errors] == [code]


def test_the_language_changes_at_the_next_restart() -> None:
    meter = bare_meter()
    meter.write("*LANG TSP")
    assert meter.ask("*LANG?") == "TSP" and meter.ask(":SOUR:FUNC?") == "VOLT"
    meter.meter.power_cycle()
    assert meter.ask("print(smu.source.func)") == "smu.FUNC_DC_VOLTAGE" and meter.ask("*LANG?") == "TSP"
    assert meter.ask("print(localnode.model)") == "2450"
    meter.write("*LANG SCPI")
    meter.meter.power_cycle()
    assert meter.ask(":SOUR:FUNC?") == "VOLT" and meter.errors() == []
    with pytest.raises(ConfigurationError, match="language = 'Lua' must be 'SCPI' or 'TSP'"):
        bare_meter(language="Lua")


def test_numbers_are_printed_as_the_manual_shows() -> None:
    """2450-901-01 rev. B, p. 7-25 (a loop prints 1 to 4), 8-25 (14 digits; 2 and 0 as such) and 8-62 (precision)."""
    meter = bare_meter(language="TSP")
    assert meter.ask("print(format.asciiprecision, 4, -9.6420389034124e-12)") == "0\t4\t-9.6420389034124e-12"
    assert meter.ask("printnumber(2, 0, 0.277194856)") == "2, 0, 0.277194856"
    assert meter.ask("format.asciiprecision = 10 printnumber(2.54)") == "2.540000000e+00"
    assert meter.ask("format.asciiprecision = 3 printnumber(2.54)") == "2.54e+00"

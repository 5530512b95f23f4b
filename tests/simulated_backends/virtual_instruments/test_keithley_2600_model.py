"""The virtual 2600B family on resistors: the settings and errors of the manual, the numbers of the data sheets."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.fixtures.tsp_meter import TspMeter
from tsbench.simulated_backends.virtual_instruments.keithley_2600.data_sheet import KEITHLEY_2602B, KEITHLEY_2636B
from tsbench.simulated_backends.world.world import close_world

pytestmark = pytest.mark.tsbench_outputs_stay_on

Make = Callable[..., TspMeter]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    made: list[TspMeter] = []

    def build(*arguments: Any, **more: Any) -> TspMeter:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(TspMeter(folder, *arguments, **more))
        return made[-1]

    yield build
    for meter in made:
        close_world(meter.world)


@pytest.mark.parametrize(("model", "limits", "ranges"), [
    ("keithley_2601b", (1.0, 40.0), (0.1, 0.1, 100e-9, 0.1, 0.0)),
    ("keithley_2602b", (1.0, 40.0), (0.1, 0.1, 100e-9, 0.1, 0.0)),
    ("keithley_2612b", (0.1, 20.0), (0.2, 0.1, 100e-9, 0.2, 0.0)),
    ("keithley_2636b", (0.1, 20.0), (0.2, 0.1, 1e-9, 0.2, -1.0)),
])
def test_defaults_of_the_manual(make: Make, model: str, limits: tuple[float, float], ranges: tuple[float, ...]) -> None:
    meter = make(model)
    meter.write("format.asciiprecision = 10")
    assert tuple(meter.numbers("print(smua.source.limiti, smua.source.limitv)")) == limits
    assert tuple(meter.numbers(
        "print(smua.measure.rangev, smua.measure.rangei, smua.source.rangei, smua.source.rangev, smua.measure.delay)",
    )) == ranges
    assert meter.print("smub ~= nil") == ("false" if model == "keithley_2601b" else "true")


@pytest.mark.parametrize(("setting", "error"), [
    ("smua.source.limiti = 0", "1102 Parameter Too Small"),
    ("smua.source.limiti = 9e-9", "1102 Parameter Too Small"),
    ("smua.source.limitv = 5e-3", "1102 Parameter Too Small"),
    ("smua.source.limiti = 3.1", "1101 Parameter Too Big"),
    ("smua.source.levelv = 41", "1101 Parameter Too Big"),
    ("smua.source.rangev = 1 smua.source.levelv = 2", "5005 SMU A: Value too big for range"),
    ("smua.source.limiti = 3 smua.source.levelv = 20",
     "5007 SMU A: Operation would exceed safe operating area of the instrument"),
    ("smua.source.rangev = 40 smua.source.limiti = 2",
     "5007 SMU A: Operation would exceed safe operating area of the instrument"),
    ("smua.measure.nplc = 26", "1101 Parameter Too Big"),
    ("smua.measure.nplc = 0.0009", "1102 Parameter Too Small"),
    ("smua.measure.rangei = 4", "1101 Parameter Too Big"),
    ("smua.measure.filter.count = 101", "1101 Parameter Too Big"),
    ("smua.measure.count = 2 smua.measure.filter.count = 2",
     "5025 SMU A: Cannot set filter.count > 1 when measure.count > 1"),
    ("smua.source.output = 'on'", "-104 Data Type"),
    ("smua.measure.i(7)", "1401 Parameter 1 is invalid"),
    ("smua.trigger.source.action = 1 smua.trigger.initiate()",
     "5059 SMU A: trigger.source.action enabled without configuration"),
    ("smua.trigger.measure.action = 1 smua.trigger.initiate()",
     "5060 SMU A: trigger.measure.action enabled without configuration"),
    ("smua.nvbuffer1.clear() smua.measure.i(smua.nvbuffer1) smua.nvbuffer1.collecttimestamps = 1",
     "5032 Cannot change this setting unless buffer is cleared"),
    ("smua.measure.overlappedi(smua.nvbuffer1) smua.measure.i()", "5042 SMU A: Invalid while overlapped measure"),
    ("smua.cal.unlock('KI0026XX')", "5011 SMU A: Operation not permitted while cal is locked"),
])
def test_errors_of_the_manual(make: Make, setting: str, error: str) -> None:
    meter = make()
    meter.write(setting)
    assert meter.errors() == [error]
    assert meter.print("smua.measure.nplc, smua.source.output, smua.source.levelv") == "\t".join(
        ["1.00000e+00", "0.00000e+00", "0.00000e+00"]), "nothing was set"


def test_two_units_are_independent(make: Make) -> None:
    meter = make()
    meter.write("smua.source.levelv = 1 smub.source.levelv = 2 smua.source.output = 1 smub.source.output = 1")
    assert meter.number("smua.measure.i()") == pytest.approx(1e-4, rel=1e-4)
    assert meter.number("smub.measure.i()") == pytest.approx(2e-3, rel=1e-3)
    meter.write("smua.source.output = 0")
    assert meter.meter.output_states() == {"a": False, "b": True}
    assert meter.number("smub.measure.v()") == pytest.approx(2.0, rel=1e-3)


def test_a_limit_below_ten_percent_of_a_fixed_range_stays_as_set_but_is_enforced_at_ten_percent(make: Make) -> None:
    meter = make()
    meter.write("smua.source.levelv = 5 smua.source.limiti = 1e-6 smua.source.output = 1")
    assert meter.number("smua.measure.i()") == pytest.approx(1e-6, rel=1e-3)
    meter.write("smua.measure.rangei = 1e-3")
    assert meter.number("smua.measure.i()") == pytest.approx(1e-4, rel=1e-3)
    assert meter.number("smua.source.limiti") == 1e-6
    assert meter.print("smua.source.compliance") == "true"


def test_beyond_the_range_and_in_a_source_range(make: Make) -> None:
    meter = make()
    meter.write("smua.source.levelv = 5 smua.measure.rangei = 1e-4 smua.source.output = 1")
    assert meter.number("smua.measure.i()") == 9.91e37   # manual, smuX.measure.rangeY
    meter.write("smua.source.rangev = 6 smua.measure.rangev = 1")
    assert meter.number("smua.measure.rangev") == 6.0, "what is sourced is measured in the source range"


def test_automatic_ranges_and_the_lowest(make: Make) -> None:
    meter = make()
    meter.write("smua.source.levelv = 0.05 smua.source.output = 1 smua.measure.i()")
    assert meter.number("smua.measure.rangei") == 1e-5
    meter.write("smua.measure.lowrangei = 1e-3 smua.measure.i()")
    assert meter.number("smua.measure.rangei") == 1e-3
    meter.write("smua.source.lowrangev = 6")
    assert meter.number("smua.source.rangev") == 6.0


def test_off_states(make: Make) -> None:
    meter = make("keithley_2602b", "1meg")
    meter.write("smua.source.levelv = 2 smua.source.output = 1 delay(0.01)")
    assert meter.world.bench.circuit.voltage("na") == pytest.approx(2.0, rel=1e-3)
    meter.write("smua.source.output = 0 delay(0.01)")
    assert meter.world.bench.circuit.voltage("na") == pytest.approx(0.0, abs=1e-3)
    meter.write("smua.source.offmode = smua.OUTPUT_HIGH_Z delay(0.01)")
    assert meter.meter.channels[0].output.stage.off_state.relay_closed is False
    meter.write("smua.source.output = 1 smua.source.output = smua.OUTPUT_HIGH_Z delay(0.01)")
    assert meter.number("smua.source.output") == 2
    meter.write("smua.source.offmode = 0 smua.source.output = 0 delay(0.01)")
    assert meter.meter.channels[0].output.stage.off_state.limit == 1e-3
    assert meter.meter.output_states()["a"] is False


def test_the_interlock_blocks_the_highest_range(make: Make) -> None:
    meter = make("keithley_2612b", options="options = { interlock = false }")
    meter.write("smua.source.rangev = 200 smua.source.output = 1")
    assert meter.errors() == ["802 SMU A: Output Blocked By Interlock"]
    assert meter.number("status.measurement.condition") == 0
    meter.write("smua.source.rangev = 20 smua.source.output = 1")
    assert meter.number("smua.source.output") == 1
    assert make("keithley_2612b").number("status.measurement.condition") == 2048


def test_buffers(make: Make) -> None:
    meter = make()
    meter.write(
        "b = smua.makebuffer(100) b.collecttimestamps = 1 b.collectsourcevalues = 1 b.appendmode = 1 "
        "smua.source.levelv = 1 smua.measure.rangei = 1e-3 smua.source.output = 1 delay(0.1) "
        "smua.measure.count = 3 smua.measure.interval = 0.1 smua.measure.i(b)")
    assert meter.number("b.n") == 3 and meter.number("b.capacity") == 100
    columns = np.reshape(meter.numbers("printbuffer(1, 3, b.readings, b.sourcevalues, b.timestamps)"), (3, 3))
    assert columns[:, 0] == pytest.approx([1e-4] * 3, rel=1e-4) and list(columns[:, 1]) == [1, 1, 1]
    assert columns[:, 2] == pytest.approx([0, 0.1, 0.2], abs=1e-6)
    assert meter.print("b[2] == b.readings[2], b.measurefunctions[1], b.readings[9], b.sourcefunctions[1]") == (
        "true\tCurrent\tnil\tVoltage")
    assert meter.number("b.readings.getreading(1)") == meter.number("b[1]")
    meter.write("b.appendmode = 0 smua.measure.count = 1 smua.measure.i(b)")
    assert meter.number("b.n") == 1
    assert meter.number("smua.buffer.getstats(b).mean") == pytest.approx(1e-4, rel=1e-4)


def test_printbuffer_waits_for_overlapped_readings(make: Make) -> None:
    meter = make()
    meter.write("smua.source.output = 1 smua.measure.count = 5")
    meter.write("smua.measure.overlappediv(smua.nvbuffer1, smua.nvbuffer2)")
    assert len(meter.numbers("printbuffer(1, 5, smua.nvbuffer1)")) == 5
    meter.write("smua.measure.overlappedi(smua.nvbuffer1) waitcomplete()")
    assert meter.number("smua.nvbuffer1.n") == 5
    meter.write("smua.measure.overlappediv(smua.nvbuffer1, smua.nvbuffer1)")
    assert meter.errors() == ["5040 SMU A: Cannot use same reading buffer for multiple overlapped measurements"]


@pytest.mark.parametrize(("call", "levels"), [
    ("SweepVLinMeasureI(smua, 0, 1, 0.01, 5)", np.linspace(0, 1, 5)),
    ("SweepVLogMeasureI(smua, 0.01, 1, 0.01, 3)", np.geomspace(0.01, 1, 3)),
    ("SweepVListMeasureI(smua, {1, -1, 0.5}, 0.01, 3)", np.array([1, -1, 0.5])),
])
def test_factory_sweeps_of_a_voltage(make: Make, call: str, levels: Any) -> None:
    meter = make()
    meter.write(f"smua.source.levelv = 0.25 {call}")
    assert meter.errors() == [] and meter.number("smua.source.output") == 0
    assert meter.number("smua.source.levelv") == 0.25
    found = np.reshape(meter.numbers("printbuffer(1, smua.nvbuffer1.n, smua.nvbuffer1.readings, "
                                     "smua.nvbuffer1.sourcevalues)"), (-1, 2))
    assert found[:, 1] == pytest.approx(levels) and found[:, 0] == pytest.approx(levels / 10e3, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize(("call", "voltages"), [
    ("SweepILinMeasureV(smua, 1e-5, 1e-4, 0.01, 4)", np.linspace(0.1, 1, 4)),
    ("SweepILogMeasureV(smua, 1e-5, 1e-4, 0.01, 4)", np.geomspace(0.1, 1, 4)),
    ("SweepIListMeasureV(smua, {1e-4, 2e-5, 5e-5, 1e-5}, 0.01, 4)", np.array([1, 0.2, 0.5, 0.1])),
])
def test_factory_sweeps_of_a_current(make: Make, call: str, voltages: Any) -> None:
    meter = make()
    meter.write(call)
    assert meter.numbers("printbuffer(1, 4, smua.nvbuffer1)") == pytest.approx(voltages, rel=1e-3)


def test_factory_pulses(make: Make) -> None:
    meter = make()
    meter.write("smua.measure.nplc = 0.1")
    start = meter.clock.now
    meter.write("PulseVMeasureI(smua, 0.1, 1, 0.01, 0.04, 3)")
    assert meter.clock.now - start == pytest.approx(0.15, rel=0.05)
    assert meter.numbers("printbuffer(1, 3, smua.nvbuffer1)") == pytest.approx([1e-4] * 3, rel=1e-3)
    meter.write("ok = ConfigPulseVMeasureISweepLin(smua, 0, 1, 3, 1e-3, 0.01, 0.01, 3, smua.nvbuffer1, 1)")
    assert meter.print("InitiatePulseTest(1)") == "nil\tthe output must be on"
    meter.write("smua.source.output = 1")
    assert meter.print("InitiatePulseTest(1)") == "true\tNo Errors"
    assert meter.numbers("printbuffer(1, 3, smua.nvbuffer1)") == pytest.approx([1e-4, 2e-4, 3e-4], rel=1e-3)


def test_trigger_model_runs_beside_messages(make: Make) -> None:
    meter = make()
    meter.write(
        "smua.trigger.source.linearv(0.2, 1, 5) smua.trigger.source.action = smua.ENABLE smua.trigger.count = 5 "
        "smua.trigger.measure.action = smua.ENABLE smua.trigger.measure.iv(smua.nvbuffer1, smua.nvbuffer2) "
        "smua.trigger.endpulse.action = smua.SOURCE_IDLE smua.source.output = smua.OUTPUT_ON smua.trigger.initiate()")
    assert meter.number("status.operation.sweeping.condition") == 2
    meter.write("waitcomplete()")
    assert meter.number("status.operation.sweeping.condition") == 0 and meter.errors() == []
    found = np.reshape(meter.numbers("printbuffer(1, 5, smua.nvbuffer1, smua.nvbuffer2)"), (5, 2))
    assert found[:, 1] == pytest.approx(np.linspace(0.2, 1, 5), rel=1e-3)
    assert found[:, 0] == pytest.approx(np.linspace(0.2, 1, 5) / 10e3, rel=1e-3)
    assert meter.number("smua.source.levelv") == 0.0, "the end of the sweep goes back to the level before"


def test_two_sweeps_wait_for_each_other(make: Make) -> None:
    meter = make()
    for unit in ("smua", "smub"):
        meter.write(
            f"{unit}.trigger.source.listv({{1, 2}}) {unit}.trigger.source.action = 1 {unit}.trigger.count = 2 "
            f"{unit}.trigger.measure.action = 1 {unit}.trigger.measure.i({unit}.nvbuffer1) {unit}.source.output = 1")
    meter.write("smub.trigger.source.stimulus = smua.trigger.SOURCE_COMPLETE_EVENT_ID "
                "smua.trigger.endpulse.stimulus = smub.trigger.MEASURE_COMPLETE_EVENT_ID "
                "smua.trigger.arm.stimulus = trigger.EVENT_ID smub.trigger.initiate() smua.trigger.initiate()")
    meter.write("delay(1)")
    assert meter.number("smua.nvbuffer1.n") == 0, "the arm layer waits for *TRG"
    meter.write("*trg")
    meter.write("waitcomplete()")
    assert meter.numbers("printbuffer(1, 2, smua.nvbuffer1, smub.nvbuffer1)") == pytest.approx(
        [1e-4, 1e-3, 2e-4, 2e-3], rel=1e-3)
    meter.write("smua.trigger.initiate() smua.abort()")
    assert meter.number("status.operation.sweeping.condition") == 0


def test_filters_and_relative_readings(make: Make) -> None:
    meter = make(imperfections=True)
    meter.write("smua.source.levelv = 1 smua.source.output = 1 smua.measure.rangei = 1e-3 smua.measure.nplc = 0.01")
    script = ("b = smua.makebuffer(1000) b.appendmode = 1 for i = 1, 60 do smua.measure.i(b) end "
              "print(smua.buffer.getstats(b).stddev)")
    plain = float(meter.ask(script))
    for kind in ("REPEAT_AVG", "MEDIAN", "MOVING_AVG"):
        meter.write(f"smua.measure.filter.type = smua.FILTER_{kind} smua.measure.filter.count = 25 "
                    "smua.measure.filter.enable = smua.FILTER_ON")
        assert float(meter.ask(script)) < 0.5 * plain, kind
    meter.write("smua.measure.filter.enable = 0 smua.measure.rel.leveli = smua.measure.i()")
    meter.write("smua.measure.rel.enablei = 1")
    assert abs(meter.number("smua.measure.i()")) < 1e-6


def test_readings_and_levels_are_as_accurate_as_the_data_sheet_says(make: Make) -> None:
    meter = make(imperfections=True)
    source, measure = KEITHLEY_2602B.ranges["VOLT"][1], KEITHLEY_2602B.ranges["CURR"][4]
    meter.write("smua.source.rangev = 1 smua.measure.rangei = 1e-3 smua.source.output = 1")
    for level in (-1.0, -0.3, 0.0, 0.5, 1.0):
        meter.write(f"smua.source.levelv = {level}")
        current = meter.number("smua.measure.i()")
        allowed = (source.source_gain * abs(level) + source.source_offset) / 10e3
        allowed += measure.measure_gain * abs(level) / 10e3 + measure.measure_offset + 5 * measure.noise
        assert abs(current - level / 10e3) <= allowed


def test_the_100_na_range_settles_as_slowly_as_the_data_sheet_says(make: Make) -> None:
    """It settles to 0.1 % within 20 ms, for 1 V across the load (data sheet of the 2601B, page 5)."""
    meter = make("keithley_2636b", "10meg")
    meter.write("smua.source.func = smua.OUTPUT_DCAMPS smua.source.rangei = 100e-9 smua.source.limitv = 2")
    meter.write("smua.source.output = 1 delay(0.2) smua.source.leveli = 100e-9")
    errors = []
    for _ in range(2):
        meter.clock.wait(10e-3)
        errors.append(abs(meter.world.bench.circuit.voltage("na") - 1.0))
    assert errors[0] > 1e-3 and errors[1] < 1.1e-3


def test_a_restart_forgets_variables_scripts_and_readings(make: Make) -> None:
    meter = make()
    meter.write("x = 1 status.standard.enable = 128 smua.source.levelv = 1 smua.source.output = 1")
    meter.write("smua.measure.i(smua.nvbuffer1)")
    meter.write("loadscript kept\nx = 2\nendscript")
    meter.meter.power_cycle()
    assert meter.print("x, kept, smua.source.output, smua.source.levelv, smua.nvbuffer1.n") == "\t".join(
        ["nil", "nil", "0.00000e+00", "0.00000e+00", "0.00000e+00"])
    assert meter.number("status.standard.enable") == 0
    assert meter.meter.output_states() == {"a": False, "b": False}
    meter.write("SweepVLinMeasureI(smua, 0, 1, 0.01, 3)")
    assert meter.errors() == [] and meter.number("smua.nvbuffer1.n") == 3


def test_the_2636b_measures_picoamperes(make: Make) -> None:
    meter = make("keithley_2636b", "10g", imperfections=True)
    meter.write("smua.source.levelv = 0.5 smua.source.output = 1 smua.measure.nplc = 10")
    row = KEITHLEY_2636B.ranges["CURR"][0]
    assert row.full_scale == 100e-12
    current = meter.number("smua.measure.i()")
    assert meter.number("smua.measure.rangei") == row.full_scale
    source = KEITHLEY_2636B.ranges["VOLT"][1]
    allowed = row.measure_gain * 50e-12 + row.measure_offset + 5 * row.noise
    assert abs(current - 50e-12) <= allowed + (source.source_gain * 0.5 + source.source_offset) / 10e9
    meter.write("smua.source.rangei = 1e-12")
    assert meter.number("smua.source.rangei") == 1e-9, "no current source below 1 nA"


def test_setups_files_and_interfaces_have_their_names(tmp_path: Path) -> None:
    meter = TspMeter(tmp_path)
    meter.write("smua.source.levelv = 1.5 smua.source.limiti = 2e-3 smua.measure.nplc = 0.1 smub.measure.count = 7")
    meter.write("setup.save(2) smua.source.output = 1 smua.source.levelv = 3 smub.measure.count = 9")
    meter.write("setup.recall(2)")
    found = "smua.source.levelv, smua.source.limiti, smua.measure.nplc, smub.measure.count, smua.source.output"
    assert meter.numbers(f"print({found})") == [1.5, 2e-3, 0.1, 7.0, 0.0] and not meter.errors()
    meter.meter.power_cycle()
    meter.write("setup.recall(0)")
    assert meter.number("smua.source.levelv") == 0.0
    meter.write("setup.recall(2) smua.source.levelv = 9 setup.recall(2) setup.poweron = 2")
    assert meter.print("smua.source.levelv, setup.poweron") == "1.50000e+00\t2.00000e+00" and not meter.errors()
    meter.write("setup.recall(3)")
    meter.write("fs.mkdir('/usb1/a')")
    meter.write("savebuffer(smua.nvbuffer1, 'csv', '/usb1/b.csv')")
    assert [error.split()[0] for error in meter.errors()] == ["1401", "2203", "2203"]
    meter.write("serial.baud = 115200 lan.config.method = lan.MANUAL")
    assert meter.print("serial.baud, serial.parity, lan.config.method, lan.status.ipaddress") == (
        "1.15200e+05\tnone\t1.00000e+00\t127.0.0.1")
    meter.write("serial.baud = 1")
    assert [error.split()[0] for error in meter.errors()] == ["1401"]

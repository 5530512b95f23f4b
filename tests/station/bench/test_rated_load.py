"""A decade box, or a resistor that an operator changes, withstands a power: more is refused."""

import math
from pathlib import Path

import pytest

from tsbench.errors import ConfigurationError, LimitError
from tsbench.instruments import SourceSettings
from tsbench.protocols import protocol_named
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.runner.planning import checked_plan

SMU, BOX = "USB0::0x05E6::0x2461::SIM00001::INSTR", "USB0::0x0000::0x0632::SIM00002::INSTR"
WORLD = f"""
[instruments.smu]
model = "keithley_2461"
resource = "{SMU}"
[instruments.box]
model = "meatest_m632"
resource = "{BOX}"
[fixture]
netlist = "XDUT dut 0 device\\nC1 dut 0 1p"
[fixture.terminals]
smu = "s"
"box.high" = "s"
"box.low" = "dut"
[devices.D1]
model = "resistor"
parameters = {{ r = "1" }}
"""
BENCH = f"""
visa_library = "b.world.toml@tsbench"
[instruments.smu]
driver = "keithley_2461"
resource = "{SMU}"
[instruments.box]
driver = "meatest_m632"
resource = "{BOX}"
[roles]
drive = "smu"
[fixture]
netlist = "RL s dut 1k\\nXDUT dut 0 device"
[fixture.terminals]
smu = "s"
[fixture.control.load_resistance]
instrument = "box"
element = "RL"
[devices.D1]
[device.limits]
max_voltage = "42 V"
max_current = "4 A"
"""
RATED = ('element = "RL"\n', 'element = "RL"\nrating = "20 W"\n')


def bench_file(folder: Path, *changes: tuple[str, str]) -> Path:
    (folder / "b.world.toml").write_text(WORLD, "utf-8")
    text = BENCH
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / "b.bench.toml"
    path.write_text(text, "utf-8")
    return path


def drive(bench: Bench, level: float, compliance: float) -> None:
    meter = bench.source_meter("drive")
    meter.configure_source(SourceSettings.of("voltage", compliance=compliance, range=20.0))
    meter.set_level(level)
    meter.set_output(True)
    meter.set_output(False)


@pytest.mark.parametrize(("resistance", "level", "compliance", "refused"), [
    (20.0, 19.0, 0.9, True), (20.0, 19.0, 0.15, False), (20.0, 3.0, 0.9, False), (20.0, 3.3, 0.9, True),
    (10e3, 19.0, 0.9, False)])
def test_a_setting_that_overheats_the_box_is_refused(
    tmp_path: Path, resistance: float, level: float, compliance: float, refused: bool,
) -> None:
    """It has half a watt: 158 mA at 20 Ohm."""
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", resistance)
        if not refused:
            drive(bench, level, compliance)
            return
        with pytest.raises(LimitError, match=(
                r"in the decade box 'box' at 20 Ohm may reach .* mA, but it is made for 158.1 mA")) as caught:
            drive(bench, level, compliance)
        assert "(now rating = 500 mW) into [fixture.control.load_resistance]" in str(caught.value)


def test_a_current_source_overheats_the_box_too(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 20.0)
        meter = bench.source_meter("drive")
        meter.configure_source(SourceSettings("current", compliance_voltage=10.0, range=1.0))
        meter.set_level(0.15)
        with pytest.raises(LimitError, match=r"at 20 Ohm may reach 200 mA, but it is made for 158\.1 mA"):
            meter.set_level(0.2)


def test_a_stated_rating_counts(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path, RATED), "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 20.0)
        drive(bench, 19.0, 0.9)


def test_a_smaller_value_after_the_setting_counts_when_the_output_goes_on(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        assert bench.fixture_control is not None
        meter = bench.source_meter("drive")
        bench.fixture_control.set_value("load_resistance", 10e3)
        meter.configure_source(SourceSettings.of("voltage", compliance=0.9, range=20.0))
        meter.set_level(19.0)
        bench.fixture_control.set_value("load_resistance", 20.0)
        with pytest.raises(LimitError, match="the decade box 'box' at 20 Ohm"):
            meter.set_output(True)


def test_a_plan_is_refused(tmp_path: Path) -> None:
    sweep = protocol_named("iv_sweep").parse({"stop": 19.0, "step": 1.0, "compliance": 0.9, "check_oscillation": False})
    with Bench.open(bench_file(tmp_path), "D1") as bench:
        assert checked_plan(bench, sweep).steps   # at 1 kOhm of the netlist, 19 mA
        view = bench.planning_for("D1", {"load_resistance": 20.0})
        with pytest.raises(LimitError, match="the decade box 'box' at 20 Ohm may reach 900 mA"):
            checked_plan(view, sweep)


def test_current_that_flows_beside_the_device_counts(tmp_path: Path) -> None:
    """A resistor to ground behind the box: 20 mA through a shorted device, and 760 mA through the box."""
    file = bench_file(tmp_path, ("RL s dut 1k\\nXDUT dut 0 device",
                                 "RL s x 20\\nR_p x 0 5\\nR_2 x dut 1k\\nXDUT dut 0 device"))
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 20.0)
        with pytest.raises(LimitError, match=r"in the decade box 'box' at 20 Ohm may reach 760\.8 mA"):
            drive(bench, 19.0, 0.9)
        drive(bench, 3.9, 0.9)
        drive(bench, 19.0, 0.15)   # the compliance is that of the source, not of the device


@pytest.mark.parametrize("cable", ["", "\\nC_low low 0 50n"])
def test_a_resistor_in_series_bounds_the_current_of_the_box(tmp_path: Path, cable: str) -> None:
    """Box and shunt have 120 Ohm: 18.9 V drive 157.5 mA, which 20 Ohm withstand. 5 us of a cable heat no resistor."""
    file = bench_file(tmp_path, ("RL s dut 1k\\nXDUT dut 0 device",
                                 f"RL s dut 20\\nXDUT dut low device\\nR_sh low 0 100{cable}"))
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 20.0)
        drive(bench, 18.9, 0.9)
        with pytest.raises(LimitError, match=r"the decade box 'box' at 20 Ohm may reach 160\.8 mA"):
            drive(bench, 19.3, 0.9)


def test_a_box_beside_the_device_counts(tmp_path: Path) -> None:
    file = bench_file(tmp_path, ("RL s dut 1k\\nXDUT dut 0 device", "R_s s dut 1\\nRL dut 0 1k\\nXDUT dut 0 device"))
    sweep = protocol_named("iv_sweep").parse({"stop": 19.0, "step": 1.0, "compliance": 0.9, "check_oscillation": False})
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 20.0)
        with pytest.raises(LimitError, match=r"in the decade box 'box' at 20 Ohm may reach 900 mA"):
            drive(bench, 19.0, 0.9)
        with pytest.raises(LimitError, match="the decade box 'box' at 20 Ohm may reach 900 mA"):
            checked_plan(bench, sweep)


@pytest.mark.parametrize(("compliance", "refused"), [(0.15, False), (0.01, False), (0.17, True)])
def test_a_plan_with_a_box_beside_the_device_counts_the_compliance(
    tmp_path: Path, compliance: float, refused: bool,
) -> None:
    """All current of the source is at most its compliance, in the box too."""
    file = bench_file(tmp_path, ("RL s dut 1k\\nXDUT dut 0 device", "R_s s dut 1\\nRL dut 0 1k\\nXDUT dut 0 device"))
    sweep = protocol_named("iv_sweep").parse(
        {"stop": 19.0, "step": 1.0, "compliance": compliance, "check_oscillation": False})
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 20.0)
        if refused:
            with pytest.raises(LimitError, match=r"at 20 Ohm may reach 170 mA, but it is made for 158\.1 mA"):
                checked_plan(bench, sweep)
            return
        assert checked_plan(bench, sweep).steps
        drive(bench, 19.0, compliance)   # the guard allows the same


def test_a_plan_whose_levels_are_low_counts_what_they_drive_through_a_box_beside_the_device(tmp_path: Path) -> None:
    """The device is behind 1 kOhm and sees 19 mA at most; the box, beside it, takes 905 mA."""
    file = bench_file(tmp_path, ("RL s dut 1k\\nXDUT dut 0 device",
                                 "R_s s x 1\\nRL x 0 1k\\nR_d x dut 1k\\nXDUT dut 0 device"))
    sweep = protocol_named("iv_sweep").parse(
        {"stop": 19.0, "step": 1.0, "compliance": 0.95, "check_oscillation": False})
    with Bench.open(file, "D1") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 20.0)
        with pytest.raises(LimitError, match=r"at 20 Ohm may reach 9\d\d.* mA, but it is made for 158\.1 mA"):
            checked_plan(bench, sweep)


def test_a_box_in_front_of_a_capacitor_counts(tmp_path: Path) -> None:
    file = bench_file(tmp_path, ("RL s dut 1k\\nXDUT dut 0 device", "RL s m 20\\nCB m dut 10n\\nXDUT dut 0 device"))
    with Bench.open(file, "D1") as bench:
        limits, = bench.wiring.contacts("smu")
        assert limits.in_series and limits.current == pytest.approx(math.sqrt(0.5 / 20))


@pytest.mark.parametrize("netlist", ["RL g 0 1k\\nR_g g 0 50\\nR_s s dut 10\\nXDUT dut 0 device"])
def test_a_box_in_another_path_does_not_count(tmp_path: Path, netlist: str) -> None:
    file = bench_file(tmp_path, ("RL s dut 1k\\nXDUT dut 0 device", netlist))
    with Bench.open(file, "D1") as bench:
        assert bench.wiring.contacts("smu") == ()


def test_a_resistor_of_an_operator_has_the_rating_that_is_stated(tmp_path: Path) -> None:
    with Bench.open(bench_file(tmp_path, ('instrument = "box"\n', "")), "D1") as bench:
        assert bench.wiring.contacts("smu") == ()
    with Bench.open(bench_file(tmp_path, ('instrument = "box"\n', ""), RATED), "D1") as bench:
        limits, = bench.wiring.contacts("smu")
        assert limits.card == "the resistor RL at 1 kOhm" and limits.current == pytest.approx(math.sqrt(20e-3))


def test_a_capacitor_has_no_rating(tmp_path: Path) -> None:
    file = bench_file(tmp_path, ("load_resistance", "parallel_capacitance"), ("RL s dut 1k", "CL dut 0 1n"),
                      ('element = "RL"\n', 'element = "CL"\nrating = "1 W"\n'), ('instrument = "box"\n', ""),
                      ('smu = "s"', 'smu = "dut"'))
    with pytest.raises(ConfigurationError, match=r"parallel_capacitance\.rating: only a resistor has a rating"):
        BenchFile.load(file)

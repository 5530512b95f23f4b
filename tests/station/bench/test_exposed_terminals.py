"""What a source brings to the other instruments of a fixture: none gets more than it withstands."""

import math
from pathlib import Path
from typing import Any

import pytest

from tsbench.errors import ConfigurationError, LimitError
from tsbench.instruments import Pulse, SourceSettings
from tsbench.instruments.fixture import reach_of
from tsbench.instruments.guard.exposed_terminals import ExposedTerminal
from tsbench.netlist import parse_netlist
from tsbench.protocols import protocol_named
from tsbench.station.bench.bench import Bench
from tsbench.station.runner import run_protocol

SMU, SCOPE = "USB0::0x05E6::0x2470::SIM00001::INSTR", "USB0::0x2A8D::0x1764::SIM00003::INSTR"
GENERATOR = "USB0::0x2A8D::0x5A01::SIM00002::INSTR"
PULSER = "R_pulser gen1 dut 1\n"
NETLIST = "R_drive smu dut 1\nC_cable dut 0 80p\nR_shunt low 0 50\nXDUT dut low device"
TERMINALS = '"smu" = "smu"\n"scope.1" = "dut"\n"scope.2" = "low"\n'
WORLD = f"""
seed = 3
[instruments.smu]
model = "keithley_2470"
resource = "{SMU}"
[instruments.g]
model = "keysight_33622a"
resource = "{GENERATOR}"
[instruments.scope]
model = "keysight_dsox3054t"
resource = "{SCOPE}"
[fixture]
netlist = '''
{PULSER}{NETLIST}
'''
[fixture.terminals]
{TERMINALS}"g.1" = "gen1"
[devices.D1]
model = "resistor"
parameters = {{ r = 1e9 }}
"""
BENCH = f"""
visa_library = "high.world.toml@tsbench"
[instruments.smu]
driver = "keithley_2470"
resource = "{SMU}"
[instruments.g]
driver = "keysight_33600"
resource = "{GENERATOR}"
[instruments.scope]
driver = "keysight_dsox3000t"
resource = "{SCOPE}"
[roles]
drive = "smu"
scope = "scope"
[fixture]
netlist = '''
{NETLIST}
'''
[fixture.terminals]
{TERMINALS}
[fixture.sensing]
voltage_high = "scope.1"
current = "scope.2"
current_resistance = 50.0
[devices.D1]
[device.limits]
max_voltage = "1.1 kV"
max_current = "1 mA"
[fixture.high_voltage]
rating = "1.2 kV"
interlock = "the lid"
"""

#: a generator at the device, and no scope
WITH_PULSER = (
    (NETLIST, PULSER + NETLIST), (TERMINALS, '"smu" = "smu"\n"g.1" = "gen1"\n'), ("[roles]", '[roles]\npulser = "g.1"'))


def bench_file(folder: Path, *changes: tuple[str, str]) -> Path:
    (folder / "high.world.toml").write_text(WORLD, "utf-8")
    text = BENCH
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "high.bench.toml"
    path.write_text(text, "utf-8")
    return path


def drive_to(path: Path, volts: float) -> None:
    with Bench.open(path) as bench:
        meter: Any = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        meter.set_level(volts)


@pytest.mark.sabotage("output")
def test_no_setting_burns_the_input_of_the_scope(tmp_path: Path) -> None:
    path = bench_file(tmp_path)
    with pytest.raises(LimitError, match=r"drive \(Keithley 2470, .*: scope\.1 withstands 135 V, but node dut may "
                                         r"reach 900 V\. Choose a smaller value"):
        drive_to(path, 900.0)
    drive_to(path, 130.0)
    with Bench.open(path) as bench, pytest.raises(LimitError, match=r"scope\.1 withstands 135 V.* reach 200 V"):
        bench.source_meter().configure_source(SourceSettings("current", compliance_voltage=200.0))


@pytest.mark.sabotage("output")
def test_no_plan_burns_the_input_of_the_scope(tmp_path: Path) -> None:
    protocol = protocol_named("iv_sweep").parse({"stop": 900.0, "step": 100.0, "compliance": 1e-3})
    with pytest.raises(LimitError, match=r"iv_sweep: scope\.1 withstands 135 V, but node dut may reach 900 V"):
        run_protocol(bench_file(tmp_path), "D1", protocol, tmp_path / "runs")


def test_a_smaller_load_brings_more_to_the_input_of_the_scope(tmp_path: Path) -> None:
    """What a terminal may get follows the load that is set: behind 1 MOhm, half of 200 V reaches it at most."""
    path = bench_file(tmp_path, ("R_drive smu dut 1\n", "RL smu dut 1meg\nR_bleed dut 0 1meg\n"), (
        "[devices.D1]\n", '[fixture.control.load_resistance]\nelement = "RL"\n[devices.D1]\n'))
    with Bench.open(path, ask=lambda question: "") as bench:
        meter: Any = bench.source_meter()
        meter.configure_source(SourceSettings("voltage", compliance_current=1e-3))
        meter.set_level(200.0)
        meter.set_level(0.0)
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 100e3)
        with pytest.raises(LimitError, match=r"scope\.1 withstands 135 V, but node dut may reach 1\d\d"):
            meter.set_level(200.0)


def test_an_output_of_a_generator_at_the_device_withstands_42_v(tmp_path: Path) -> None:
    path = bench_file(tmp_path, *WITH_PULSER)
    with pytest.raises(LimitError, match=r"g\.1 withstands 42 V, but node gen1 may reach 43 V"):
        drive_to(path, 43.0)
    drive_to(path, 42.0)


def test_what_the_lab_knows_of_a_probe_counts(tmp_path: Path) -> None:
    path = bench_file(tmp_path, ("[fixture]\n", '[fixture]\nwithstands = { "scope.1" = "600 V" }\n'))
    drive_to(path, 590.0)
    with pytest.raises(LimitError, match=r"scope\.1 withstands 600 V, but node dut may reach 700 V"):
        drive_to(path, 700.0)
    with pytest.raises(ConfigurationError, match=r"fixture\.withstands refers to instrument 'scop', which is not"):
        Bench.open(bench_file(tmp_path, ("[fixture]\n", '[fixture]\nwithstands = { "scop.1" = "600 V" }\n')))


def test_without_a_netlist_the_channel_at_the_device_counts(tmp_path: Path) -> None:
    path = bench_file(tmp_path, (NETLIST, ""), (TERMINALS, ""))
    with pytest.raises(LimitError, match=r"scope\.1 withstands 135 V, but node of the device may reach 140 V"):
        drive_to(path, 140.0)


def test_a_generator_that_a_relay_disconnects_is_not_counted(tmp_path: Path) -> None:
    routing = """
[fixture.routing]
kind = "operator"
state = "dc"
[fixture.routing.states.dc]
roles = ["drive"]
[fixture.routing.states.pulses]
roles = ["pulser"]
[devices.D1]
"""
    drive_to(bench_file(tmp_path, *WITH_PULSER, ("[devices.D1]\n", routing)), 100.0)


def test_reach_takes_the_worse_of_open_and_shorted_device() -> None:
    netlist = parse_netlist(NETLIST, ["smu", "dut", "low"])
    assert reach_of(netlist, "smu", 0.0, "dut") == (pytest.approx(1.0), math.inf)
    gain, transimpedance = reach_of(netlist, "smu", 0.0, "low")
    assert (gain, transimpedance) == (pytest.approx(50 / 51), pytest.approx(50.0))
    assert ExposedTerminal("scope.2", "low", 135.0, gain, transimpedance).voltage(900.0, 1e-3) == pytest.approx(0.05)
    assert reach_of(netlist, "low", 0.0, "low")[1] == pytest.approx(50.0)


def test_fast_edges_reach_what_is_behind_a_capacitor() -> None:
    """1 uF holds its voltage while a pulse rises: behind it and 200 Ohm, a scope input gets the whole pulse."""
    netlist = parse_netlist("R_pulse gen x 200\nC_in x dut 1u\nR_in dut 0 1meg\nXDUT dut 0 device", ["gen", "dut"])
    for slow in (False, True):   # a source meter does not charge it within its edges either
        assert reach_of(netlist, "gen", 50.0, "dut", slow)[0] == pytest.approx(1.0, rel=1e-3)
    cable = parse_netlist("R_pulse gen x 200\nC_in x dut 1n\nR_in dut 0 1k\nXDUT dut 0 device", ["gen", "dut"])
    assert reach_of(cable, "gen", 50.0, "dut", slow=True) == (0.0, 0.0)   # 1.25 us
    assert reach_of(cable, "gen", 50.0, "dut")[0] == pytest.approx(0.8)


@pytest.mark.parametrize("resistance", [0.0, 50.0])
def test_an_edge_reaches_an_input_behind_a_capacitor_that_is_not_at_the_device(resistance: float) -> None:
    """What the capacitor brings to the device does not matter here: nothing, where the source has no resistance."""
    netlist = parse_netlist("R_1 smu dut 1k\nXDUT dut 0 device\nC_c smu x 1u\nR_x x 0 1meg", ["smu", "x"])
    assert reach_of(netlist, "smu", resistance, "x", slow=True)[0] == pytest.approx(1.0, rel=1e-3)


def test_an_edge_reaches_what_is_behind_a_capacitor_and_the_device() -> None:
    netlist = parse_netlist("R_pulse gen x 150\nC_in x dut 1u\nR_in dut 0 1meg\nXDUT dut low device\nR_sh low 0 50",
                            ["gen", "low"])
    assert reach_of(netlist, "gen", 50.0, "low")[0] == pytest.approx(50 / 250, rel=1e-3)


def test_a_step_of_a_source_meter_behind_a_capacitor_burns_no_input(tmp_path: Path) -> None:
    path = bench_file(
        tmp_path, ("R_drive smu dut 1\n", "R_drive smu x 1\nC_in x dut 1u\nR_bias dut 0 1meg\n"),
        ("[fixture.terminals]", '[fixture.withstands]\n"scope.1" = "3 V"\n[fixture.terminals]'))
    drive_to(path, 2.9)
    with pytest.raises(LimitError, match=r"scope\.1 withstands 3 V, but node dut may reach 20 V"):
        drive_to(path, 20.0)


@pytest.mark.parametrize(("terminal", "coupled"), [("smu", False), ("g.1", True)])
def test_a_capacitor_counts_for_a_generator_that_does_not_count_for_a_source_meter(
    tmp_path: Path, terminal: str, coupled: bool,
) -> None:
    """1 nF beside 1 kOhm: 1 us."""
    beside = f"C_sh low x 1n\nR_2 x 0 1k\n{NETLIST}"
    file = bench_file(tmp_path, ("drive = \"smu\"", "drive = \"smu\"\npulser = \"g.1\""),
                      (NETLIST, f"R_pulser gen1 dut 200\n{beside}"), (TERMINALS, f'{TERMINALS}"g.1" = "gen1"\n'))
    with Bench.open(file, "D1") as bench:
        assert bench.wiring.worst_path(terminal).coupled is coupled
        if coupled:
            assert any(one.gain for one in bench.wiring.exposed(terminal))


@pytest.mark.parametrize(("volts", "refused"), [(8.0, True), (1.4, False)])
def test_no_pulse_behind_a_capacitor_burns_the_input_of_the_scope(
    tmp_path: Path, volts: float, refused: bool,
) -> None:
    path = bench_file(
        tmp_path, ("drive = \"smu\"", "drive = \"smu\"\npulser = \"g.1\""),
        (NETLIST, f"R_pulser gen1 x 200\nC_in x dut 1u\n{NETLIST}"), (TERMINALS, f'{TERMINALS}"g.1" = "gen1"\n'),
        ('max_current = "1 mA"', 'max_current = "100 mA"'),
        ("[fixture.terminals]", '[fixture.withstands]\n"scope.1" = "3 V"\n[fixture.terminals]'))
    with Bench.open(path, "D1") as bench:
        generator = bench.pulse_generator("pulser")
        generator.configure_load(math.inf)
        if refused:
            with pytest.raises(LimitError, match=r"scope.1 withstands 3 V, but node dut may reach"):
                generator.configure_pulse(Pulse(0.0, volts, 1e-6, 1e-3, 10e-9, 10e-9))
            return
        generator.configure_pulse(Pulse(0.0, volts, 1e-6, 1e-3, 10e-9, 10e-9))

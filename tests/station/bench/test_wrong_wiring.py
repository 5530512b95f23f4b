"""Bench files whose wiring contradicts itself: one clear line, and nothing is measured with wrong numbers."""

import re
from pathlib import Path

import pytest

from tsbench.cli import main
from tsbench.conform.conforming import _at_outputs
from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.netlist_rules import coil_warnings

SMU, SCOPE = "TCPIP0::192.168.0.7::INSTR", "USB0::0x2A8D::0x1764::SIM00003::INSTR"
GENERATOR = "USB0::0x2A8D::0x5A01::SIM00002::INSTR"
FIXTURE = """
[fixture]
netlist = '''
R_drive smu dut 100
R_pulser gen1 dut 50
R_bias gen2 dut 5k
C_cable dut 0 80p
R_shunt low 0 50
XDUT dut low device
'''
[fixture.terminals]
"smu.a" = "smu"
"g.1" = "gen1"
"g.2" = "gen2"
"scope.1" = "dut"
"scope.2" = "low"
"""
WORLD = f"""
seed = 3
[instruments.smu]
model = "keithley_2602b"
resource = "{SMU}"
[instruments.g]
model = "keysight_33622a"
resource = "{GENERATOR}"
[instruments.scope]
model = "keysight_dsox3054t"
resource = "{SCOPE}"
{FIXTURE}
[devices.D1]
model = "resistor"
parameters = {{ r = 1000 }}
"""
BENCH = f"""
visa_library = "w.world.toml@tsbench"
[instruments.smu]
driver = "keithley_2600"
resource = "{SMU}"
[instruments.g]
driver = "keysight_33600"
resource = "{GENERATOR}"
[instruments.scope]
driver = "keysight_dsox3000t"
resource = "{SCOPE}"
[roles]
drive = "smu.a"
pulser = "g.1"
bias = "g.2"
scope = "scope"
{FIXTURE}
[fixture.sensing]
voltage_high = "scope.1"
voltage_low = "scope.2"
current = "scope.2"
current_resistance = "50 Ohm"
[devices.D1]
"""
GATE = """[fixture.control.load_resistance]
element = "R_bias"
gate = "gate"
gate_voltages = [1.0, 2.0]
resistances = [5e3, 1e3]
[devices.D1]
"""
GATED = (("[devices.D1]\n", GATE), ("[roles]", '[roles]\ngate = "smu.b"'))


def bench_file(folder: Path, *changes: tuple[str, str]) -> Path:
    (folder / "w.world.toml").write_text(WORLD, "utf-8")
    text = BENCH
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    path = folder / "w.bench.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("other", [
    SMU, "TCPIP::192.168.0.7", "tcpip0::192.168.0.7::inst0::instr", "TCPIP0::192.168.0.7::5025::SOCKET"])
def test_one_instrument_has_one_name(tmp_path: Path, other: str) -> None:
    """As on a real bench; the address is compared, and not its spelling."""
    more = f'[instruments.more]\ndriver = "keithley_2600"\nresource = "{other}"\n'
    path = bench_file(tmp_path, ("[roles]", f"{more}[roles]"))
    with pytest.raises(ConfigurationError, match=r"instruments 'smu' and 'more' have the same address .* Keep one of"):
        Bench.open(path)


def test_one_address_has_one_instrument_in_a_world(tmp_path: Path) -> None:
    path = bench_file(tmp_path)
    world = tmp_path / "w.world.toml"
    world.write_text(WORLD + '[instruments.more]\nmodel = "keithley_2450"\nresource = "tcpip::192.168.0.7"\n', "utf-8")
    for _ in range(2):   # the world that was refused is not left open
        with pytest.raises(ConfigurationError, match=(
                r"instruments\.more\.resource: tcpip::192\.168\.0\.7 is already the address of 'smu', written as ")):
            Bench.open(path)
    world.write_text(WORLD.replace(SMU, "GPIB0:24"), "utf-8")
    with pytest.raises(ConfigurationError, match=r"instruments\.smu\.resource: 'GPIB0:24' is no VISA resource name"):
        Bench.open(path)


@pytest.mark.parametrize("driven", ["smu", "smu.a"])
@pytest.mark.parametrize("wired", ["smu", "smu.a"])
def test_an_instrument_and_its_first_output_are_one_terminal(tmp_path: Path, driven: str, wired: str) -> None:
    path = bench_file(tmp_path, ('drive = "smu.a"', f'drive = "{driven}"'), ('"smu.a" = "smu"', f'"{wired}" = "smu"'))
    assert BenchFile.load(path).table.fixture.terminals[driven] == "smu"
    with Bench.open(path) as bench:
        assert bench.fixture.path_resistance["drive"] == pytest.approx(150.0)
        assert bench.wire_path("drive").resistance == pytest.approx(150.0)


@pytest.mark.parametrize("wired", ["analyser", "analyser.1"])
def test_the_first_module_of_a_mainframe_is_known_once_it_is_open(tmp_path: Path, wired: str) -> None:
    resource = "GPIB0::17::INSTR"
    shared = f'[fixture]\nnetlist = "R1 smu dut 100\\nXDUT dut 0 device"\nterminals = {{ "{wired}" = "smu" }}\n'
    world = shared.replace(f'"{wired}"', '"analyser.1"')
    (tmp_path / "w.world.toml").write_text(
        f'seed = 3\n[instruments.analyser]\nmodel = "keysight_b1500a"\nresource = "{resource}"\n{world}'
        '[devices.D1]\nmodel = "resistor"\nparameters = { r = 100 }\n', "utf-8")
    path = tmp_path / "w.bench.toml"
    path.write_text(
        f'visa_library = "w.world.toml@tsbench"\n[instruments.analyser]\ndriver = "keysight_b1500a"\n'
        f'resource = "{resource}"\n[roles]\ndrive = "analyser"\n{shared}', "utf-8")
    with Bench.open(path) as bench:
        assert bench.fixture.path_resistance["drive"] == pytest.approx(100.0)


@pytest.mark.parametrize(("changes", "message"), [
    ([("R_shunt low 0 50", "R_shunt low 0 50\nV1 low 0 5")], "netlist line 6: V1 is a voltage source. tsbench would"),
    ([("C_cable dut 0 80p", "C_cable dut 0 80p\nI1 dut 0 1m")], "I1 is a current source. tsbench would not count it"),
    ([('"smu.a" = "smu"', '"smu.b" = "smu"')],
     "fixture.terminals: role 'drive' is at 'smu.a', which has no node, but 'smu.b' has one"),
    ([('"smu.a" = "smu"', '"smu.a" = "smu"\nsmu = "smu"')], "'smu' and 'smu.a' are the same terminal"),
    ([('"keithley_2600"', '"keithley_2450"'), ('drive = "smu.a"', 'drive = "smu"')],
     "fixture.terminals: 'smu.a' names a channel, but a keithley_2450 has only one output. Write 'smu'"),
    ([('"keithley_2600"', '"keithley_2450"'), ('drive = "smu.a"', 'drive = "smu.1"')],
     "role 'drive': 'smu.1' names a channel, but a keithley_2450 has only one output. Write 'smu'"),
    ([*GATED, ('gate = "smu.b"', 'gate = "smu.a"')],
     "fixture.control.load_resistance.gate: the terminal 'smu.a' of the role 'gate' also has the role 'drive'"),
    ([*GATED, ('"g.1" = "gen1"', '"g.1" = "gen1"\n"smu.b" = "dut"')],
     "the terminal 'smu.b' is at node 'dut', which reaches the device in the netlist. A gate must not"),
    ([('"50 Ohm"', '"50 mOhm"')],
     "sensing.current_resistance is 50 mOhm, but the resistor R_shunt of the netlist between node 'low' and ground has "
     "50 Ohm. Correct one of the two"),
    ([('"scope.1" = "dut"', '"scope.1" = "low"'), ('"scope.2" = "low"', '"scope.2" = "dut"')],
     "sensing.current_resistance is 50 Ohm, but in the netlist the current of the device flows through no resistor "
     "between node 'dut' and ground. The channel of sensing.current is at this node. Correct"),
    ([("R_shunt low 0 50", "R1 low 0 50\nR2 low 0 50")],
     "sensing.current_resistance is 50 Ohm, but in the netlist the current of the device flows through 25 Ohm at node "
     "'low'"),
    ([('"scope.1" = "dut"', '"scope.1" = "low"')],
     "sensing.voltage_high is 'scope.1' and sensing.voltage_low is 'scope.2', and both are at node 'low'. The device"),
    ([('"scope.1" = "dut"', '"scope.1" = "low"'), ('voltage_low = "scope.2"\n', "")],
     "sensing.voltage_high is 'scope.1' and sensing.current is 'scope.2', and both are at node 'low'. The device"),
    ([('high = "scope.1"', 'high = "scope.0"')], "voltage_high: 'scope.0' is not the channel of an oscilloscope"),
    ([('current = "scope.2"', 'current = "g.2"')], "sensing.current: 'g.2' is not the channel of an oscilloscope"),
    ([('voltage_low = "scope.2"', 'voltage_low = "scope.1"')],
     "fixture.sensing: voltage_high and voltage_low are the same channel 'scope.1'. Correct one of the two"),
    ([*GATED, ('element = "R_bias"', 'element = "C_cable"')],
     "fixture.control.load_resistance.element: the netlist has no resistor 'C_cable'"),
    ([*GATED, ('element = "R_bias"', 'element = "R_shunt"')],
     "fixture.control.load_resistance.element: 'R_shunt' is the shunt that senses the current"),
    ([("[devices.D1]", "[fixture.measured]\nleakage = { driv = 1e-9 }\n[devices.D1]")],
     "fixture.measured.leakage: no instrument has the role 'driv'. Did you mean 'drive'?"),
    ([("[fixture]", '[fixture]\nwithstands = { "scope.3" = "300 V" }')],
     "fixture.withstands: 'scope.3' has no node in fixture.terminals"),
    ([("[devices.D1]", "[watchdog]\ninterval = 2.0\n[devices.D1]")],
     "watchdog: interval = 2 s must be at most half of deadline = 800 ms"),
    ([("[devices.D1]", '[positioner]\ndevices = { D1 = ["1A01"] }\n[devices.D1]')],
     'positioner: devices is only for kind = "matrix" or "prober"'),
])
def test_a_wiring_that_contradicts_itself_is_refused(
    tmp_path: Path, changes: list[tuple[str, str]], message: str
) -> None:
    path = bench_file(tmp_path, *changes)
    with pytest.raises(ConfigurationError) as caught:
        BenchFile.load(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_shunt_may_be_measured_and_other_wirings_of_it_are_not_compared(tmp_path: Path) -> None:
    BenchFile.load(bench_file(tmp_path, ('"50 Ohm"', '"49.2 Ohm"')))
    BenchFile.load(bench_file(tmp_path, ('"50 Ohm"', '"25 Ohm"'), ("R_shunt low 0 50", "R1 low 0 50\nR2 low 0 50")))
    BenchFile.load(bench_file(tmp_path, *GATED))


@pytest.mark.parametrize(("changes", "message"), [
    ([('high = "scope.1"', 'high = "scope.9"')],
     r"sensing\.voltage_high: scope \(.*\) has no channel 9\. Its channels are 1"),
    ([('"scope.1" = "dut"', '"scope.5" = "dut"')], r"fixture\.terminals: scope \(.*\) has no channel 5"),
    ([('"g.2" = "gen2"', '"g.2" = "gen2"\n"g.3" = "gen2"')], r"has no output 3\. Its outputs are 1, 2"),
    ([('drive = "smu.a"', 'drive = "g.1"'), ('pulser = "g.1"\n', "")],
     r"role 'drive' must be a source meter, but 'g\.1' is a pulse generator"),
    ([('pulser = "g.1"', 'pulser = "smu.a"')],
     r"role 'pulser' must be a pulse generator or a pulse measure unit, but 'smu\.a' is a source meter"),
    ([('scope = "scope"', 'scope = "g.1"')], r"role 'scope' must be an oscilloscope, but 'g\.1' is a pulse generator"),
])
def test_what_the_open_instruments_do_not_have_is_refused(
    tmp_path: Path, changes: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Bench.open(bench_file(tmp_path, *changes))


def test_check_warns_of_limits_that_protect_nothing_and_of_milliohms(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = '[devices.D1]\n[device.limits]\nmax_voltage = "2 kV"\nmax_current = "1 MA"\n'
    path = bench_file(tmp_path, ("[devices.D1]\n", limits), ("R_drive smu dut 100", "R_drive smu dut 100M"))
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert "warning: max_voltage of device D1 is 2 kV, but the sources of the bench reach at most 40.4 V. So" in said
    assert "warning: max_current of device D1 is 1 MA, but the sources of the bench reach at most" in said
    assert "warning: fixture: netlist line 1: R_drive has 100 mOhm, because SPICE reads M as milli in '100M'" in said
    good = limits.replace("2 kV", "20 V").replace("1 MA", "10 mA")
    assert main(["check", str(bench_file(tmp_path, ("[devices.D1]\n", good)))]) == 0
    assert "protects nothing" not in capsys.readouterr().out


@pytest.mark.parametrize("value", ["4 kOhm", float("nan"), float("inf"), -1.0, True, None])
def test_a_value_of_the_fixture_is_a_positive_number(tmp_path: Path, value: object) -> None:
    with Bench.open(bench_file(tmp_path, *GATED)) as bench:
        assert bench.fixture_control is not None
        with pytest.raises(ConfigurationError, match=r"load_resistance = .* must be a positive number in Ohm, such as"):
            bench.fixture_control.set_value("load_resistance", value)   # type: ignore[arg-type]


def test_limits_in_the_wrong_table_are_named(tmp_path: Path) -> None:
    path = bench_file(tmp_path, ("[devices.D1]\n", '[devices.limits]\nmax_voltage = "2 V"\n'))
    with pytest.raises(ConfigurationError, match=r"\[devices\.limits\] would describe a device .* \[device\.limits\]"):
        BenchFile.load(path)
    path = bench_file(tmp_path, ("[devices.D1]\n", '[devices.roles]\nmax_voltage = "2 V"\n'))
    with pytest.raises(ConfigurationError, match=r"unknown key 'max_voltage' in \[devices\.roles\]\. Known: area, "):
        BenchFile.load(path)


def test_conform_takes_the_first_output_for_the_name_alone(tmp_path: Path) -> None:
    path = bench_file(tmp_path)
    with Bench.open(path) as bench:
        assert _at_outputs(bench, {"smu": 1e4, "g.2": 2e4}) == {"smu.a": 1e4, "g.2": 2e4}
        with pytest.raises(ConfigurationError, match=r"resistor at 'smu\.c': the bench has no such output\. Did you"):
            _at_outputs(bench, {"smu.c": 1e4})
        with pytest.raises(ConfigurationError, match=r"another resistor is stated for the output 'smu\.a'"):
            _at_outputs(bench, {"smu": 1e4, "smu.a": 1e4})


def test_check_names_a_device_that_is_not_in_the_world(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(bench_file(tmp_path))]) == 0
    assert "in the world of" not in capsys.readouterr().out
    assert main(["check", str(bench_file(tmp_path, ("[devices.D1]", "[devices.D1]\n[devices.D9]")))]) == 0
    assert ("warning: device D9 is not in the world of the simulated bench, so it cannot be measured. Correct its "
            "name, or add it to the world file. Did you mean 'D1'?") in capsys.readouterr().out


@pytest.mark.parametrize(("tee", "coil", "said"), [
    ("C_t", "1m", "L_t (1 mH) resonates with C_t (1 uF) at 5.033 kHz, and keeps its current for a moment"),
    ("", "1m", ""), ("C_t", "1p", ""), ("C_t", "50n", "")])
def test_a_bias_tee_with_a_coil_is_warned_of(tee: str, coil: str, said: str) -> None:
    netlist = parse_netlist(f"L_t a dut {coil}\nC_t g dut 1u\nR_a a 0 1k\nR_g g 0 50\nXDUT dut 0 device\n")
    found = list(coil_warnings(netlist, tee))
    assert [said in line and "pulses much shorter than 31.62 us" in line for line in found] == [True] * bool(said)


@pytest.mark.parametrize(("place", "limits", "said"), [
    ("XD1 dut low device", 'max_current = "1 mA"', "If XD1 is the device, write 'XDUT dut low device' in its place"),
    ("R_dut dut low 10k", 'max_power = "1 mW"', "If R_dut is the device, write 'XDUT dut low device' in its place"),
    ("R_a dut 0 10k\nR_b low dut 10k\nXM dut low gen1 nmos", 'max_charge = "1 nC"\nmax_energy = "1 nJ"',
     "states max_charge and max_energy"),
    ("XD1 dut low device\nXD2 dut low device", 'max_current = "1 mA"', "XD1 or XD2 may be it"),
    ("C_x dut low 1p\nR_x low 0 1meg", 'max_current = "1 mA"', "Write 'XDUT NODE NODE device' with the two nodes"),
    ("XD1 dut low device", 'max_voltage = "1 V"', ""),
])
def test_a_netlist_without_the_device_compares_no_current(
    tmp_path: Path, place: str, limits: str, said: str, capsys: pytest.CaptureFixture[str],
) -> None:
    """The limit would hold nowhere: ``check``, plans and runs refuse the file, and name the likely element."""
    for table in ("[device.limits]", "[devices.D1.limits]"):
        text = BENCH.replace("XDUT dut low device", place)
        text = re.sub(r"\[device\.limits\]\n(\w.*\n)*", "", text) + f"\n{table}\n{limits}\n"
        path = tmp_path / "w.bench.toml"
        path.write_text(text, "utf-8")
        if not said:
            BenchFile.load(path)
            continue
        with pytest.raises(ConfigurationError, match=re.escape(said)) as caught:
            BenchFile.load(path)
        assert f"{table} states max_" in str(caught.value) and "no element XDUT" in str(caught.value)
        assert main(["check", str(path)]) == 2 and said in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(("coil", "warned"), [("10u", True), ("50n", False), ("100n", False)])
def test_a_coil_in_series_is_warned_of_where_it_resonates_at_the_device(coil: str, warned: bool) -> None:
    netlist = parse_netlist(f"R_s g a 2\nL_s a dut {coil}\nC_d dut 0 1n\nXDUT dut 0 device\n", ("g",))
    found = list(coil_warnings(netlist, ""))
    assert len(found) == warned
    assert all("L_s (10 uH) resonates with the capacitance across the device (1 nF) at 1.592 MHz" in line
               and "Use edges longer than 628.3 ns" in line for line in found)

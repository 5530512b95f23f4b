"""Bench files: what is read, and the one clear line for what cannot be."""

import math
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsbench.errors import ConfigurationError
from tsbench.instruments.driver import KINDS
from tsbench.instruments.fixture import parallel_capacitance, path_of, worst_path_of
from tsbench.instruments.guard.limits import WirePath, WorstCase, worst_case_of_voltage
from tsbench.instruments.registry import catalogue, driver_class, driver_of, fits
from tsbench.netlist import parse_netlist
from tsbench.records import Identity
from tsbench.station.bench.bench_file import BenchFile, resolve_library
from tsbench.station.bench.operator import OperatorPrompt
from tsbench.station.bench.wiring import Wiring

TEXT = """
name = "bench"
visa_library = "world.toml@tsbench"
[instruments.source_meter]
driver = "keithley_2450"
resource = "USB0::1::INSTR"
[instruments.generator]
driver = "keysight_33600"
resource = "USB0::2::INSTR"
[instruments.scope]
driver = "keysight_dsox3000t"
resource = "USB0::3::INSTR"
visa_library = "@py"
[roles]
drive = "source_meter"
bias = "generator.2"
scope = "scope"
[fixture]
netlist = '''
R_drive smu dut 2
R_load gen2 dut 5k
C_probe dut 0 80p
R_shunt low 0 50
XDUT dut low device
'''
[fixture.terminals]
source_meter = "smu"
"generator.2" = "gen2"
[fixture.sensing]
current = "scope.2"
current_resistance = "50 Ohm"
[devices.D1]
material = "NbO2"
[devices.D1.limits]
max_current = "1 mA"
[devices.D2]
[device.limits]
max_voltage = "4 V"
max_current = "20 mA"
"""


def load(folder: Path, text: str) -> BenchFile:
    file = folder / "bench.toml"
    file.write_text(text, encoding="utf-8")
    return BenchFile.load(file)


def test_a_good_file(tmp_path: Path) -> None:
    file = load(tmp_path, TEXT)
    assert file.name == "bench"
    assert file.device("D1").limits.max_voltage == 4.0
    assert file.device("D1").limits.max_current == 1e-3  # its own limit goes before the common one
    assert file.device("D2").limits.max_current == 20e-3
    assert file.sensing().current_resistance == 50.0
    assert file.channels_of("generator") == {"bias": "2"}
    assert file.library() == str((tmp_path / "world.toml").resolve()) + "@tsbench"
    assert file.library("scope") == "@py"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[roles]", "[rols]", "unknown key 'rols'. Did you mean 'roles'?"),
        (
            "max_voltage",
            "max_volts",
            "unknown key 'max_volts' in [device.limits]. Did you mean 'max_voltage'?",
        ),
        (
            'material = "NbO2"',
            'materail = "NbO2"',
            "unknown key 'materail' in [devices.D1]. Did you mean 'material'?",
        ),
        (
            'resource = "USB0::2::INSTR"',
            'resorce = "x"',
            "unknown key 'resorce' in [instruments.generator]. Did you mean 'resource'?",
        ),
        ('"4 V"', '"4 A"', "device.limits.max_voltage: '4 A' is in A, but the unit must be V"),
        ('"4 V"', '"four"', "device.limits.max_voltage: 'four' is not a quantity"),
        ('"4 V"', '"-4 V"', "device.limits.max_voltage: '-4 V' should be greater than 0"),
        ('"50 Ohm"', '"50 F"', "'50 F' is in F, but the unit must be Ohm"),
        (
            'drive = "source_meter"',
            'drive = "sorce_meter"',
            "role 'drive' refers to instrument 'sorce_meter', which is not in the bench file. Did you mean "
            "'source_meter'?",
        ),
        (
            '"generator.2"\nscope',
            '"generator.two"\nscope',
            "must be an instrument's name, a dot and a channel. The channels of keysight_33",
        ),
        (
            '"keithley_2450"',
            '"keithley_24500"',
            "unknown driver 'keithley_24500'. Did you mean 'keithley_2450'?",
        ),
        ("USB0::2::INSTR", "GPIB0::31::INSTR", "instruments.generator.resource: GPIB0::31::INSTR has the GPIB address "
         "31, but a GPIB address is 0 to 30. Write the address that the instrument shows"),
        ("USB0::2::INSTR", "GPIB::9::99", "GPIB::9::99 has the secondary GPIB address 99, but in a VISA resource name "
         "it is 0 to 30. Write 3, which is 99 on the bus"),
        ("USB0::2::INSTR", "gpib1::9::31::instr", "secondary GPIB address 31, but in a VISA resource name it is "
         "0 to 30. Write the secondary address that the instrument shows"),
        ("[devices.D1]", '[devices."Gerät 1"]', "device name 'Gerät 1' cannot be part of a file name. Use letters"),
        ("[devices.D1]", '[devices."a/b:c"]', "devices: device name 'a/b:c' cannot be part of a file name"),
        ('"gen2"', '"gen3"', "terminal 'generator.2' is at node 'gen3', which is not in the netlist"),
        ("XDUT dut low device", "XDUT dut smu low device", "XDUT has 3 nodes. It must have two nodes"),
        ("R_load gen2 dut 5k", "R_load gen2 dut 5q5", "R_load: '5q5' is not a number"),
        ("C_probe dut 0 80p", "C_probe dut alone 80p", "alone"),
        ('current_resistance = "50 Ohm"', "", "fixture.sensing.current also needs current_resistance"),
        ('"scope.2"', '"scoop.2"', "fixture.sensing.current refers to instrument 'scoop', which is not"),
        ("[device.limits]", '[fixture.high_voltage]\nrating = "80 kV"\ninterlock = "the lid"\n[device.limits]',
         "80 kV is more than 10 kV, and no source meter gives so much"),
        ("[device.limits]", '[fixture.high_voltage]\nrating = "80 V"\ninterlock = "    "\n[device.limits]',
         "fixture.high_voltage.interlock: the text does not say what opens the interlock"),
        ("[devices.D2]", "[devices.D2", "not valid TOML"),
        ('driver = "keithley_2450"', "", "instruments.source_meter.driver is missing"),
    ],
)
def test_one_clear_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, TEXT.replace(old, new, 1))
    text = str(caught.value)
    assert message in text
    assert str(tmp_path / "bench.toml") in text
    assert "\n" not in text or "TOML" in text
    assert caught.value.exit_code == 2


def test_device_not_on_the_bench(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"device 'D3' is not on the bench. Did you mean 'D[12]'\?"):
        load(tmp_path, TEXT).device("D3")


def test_missing_file_and_bytes_that_are_no_text(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read bench file"):
        BenchFile.load(tmp_path / "nothing.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigurationError, match="it is not UTF-8 text"):
        BenchFile.load(tmp_path / "bytes.toml")


@given(text=st.text(max_size=60))
def test_any_text_gives_a_bench_or_one_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz.toml"
    file.write_text(text, encoding="utf-8", errors="replace")
    try:
        assert isinstance(BenchFile.load(file), BenchFile)
    except ConfigurationError as error:
        assert "fuzz.toml" in str(error)


def test_relative_libraries(tmp_path: Path) -> None:
    assert resolve_library("", tmp_path) == ""
    assert resolve_library("@py", tmp_path) == "@py"
    assert resolve_library("visa32.dll", tmp_path) == "visa32.dll"
    absolute = str(tmp_path / "a.toml") + "@tsbench"
    assert resolve_library(absolute, tmp_path / "elsewhere") == absolute


def test_path_from_the_wiring() -> None:
    netlist = parse_netlist(TEXT.split("'''")[1], ["smu", "gen2"])
    assert path_of(netlist, "smu", 0.0).resistance == pytest.approx(52.0)
    assert path_of(netlist, "gen2", 50.0).resistance == pytest.approx(5100.0)
    assert path_of(netlist, "gen2", 50.0).gain == pytest.approx(1.0)
    assert parallel_capacitance(netlist) == pytest.approx(80e-12, rel=1e-6)


def test_a_terminated_line_halves_the_open_circuit_voltage() -> None:
    netlist = parse_netlist("R_cable gen dut 1e-3\nR_term dut 0 50\nXDUT dut 0 device", ["gen"])
    path = path_of(netlist, "gen", 50.0)
    assert path.gain == pytest.approx(0.5, rel=1e-4)
    assert path.thevenin_resistance == pytest.approx(25.0, rel=1e-4)


def test_a_fixture_without_a_place_for_a_device_checks_levels_only() -> None:
    netlist = parse_netlist("R1 gen 0 10k", ["gen"])
    path = path_of(netlist, "gen", 50.0)
    assert worst_case_of_voltage(3.0, path) == WorstCase(3.0, 0.0, 0.0)
    assert parallel_capacitance(netlist) == 0.0


def test_an_instrument_that_does_not_reach_the_device() -> None:
    netlist = parse_netlist("R1 gen 0 50\nR2 dut 0 50\nXDUT dut 0 device", ["gen"])
    assert worst_case_of_voltage(3.0, path_of(netlist, "gen", 50.0)) == WorstCase(0.0, 0.0, 0.0)


def test_a_device_between_two_sources_and_one_behind_a_coupling_capacitor_are_reached() -> None:
    between = parse_netlist("R1 one dut 100\nXDUT dut two device", ["one", "two"])
    assert path_of(between, "one", 0.0).gain == 0.0
    assert worst_path_of(between, "one", 0.0, ["two"]) == WirePath(pytest.approx(100.0), pytest.approx(1.0))
    assert worst_path_of(between, "two", 50.0, ["one"]).resistance == pytest.approx(150.0)
    for farads, reaches in (("1u", True), ("100p", True), ("90p", False)):
        coupled = parse_netlist(f"C1 gen dut {farads}\nC2 dut 0 100p\nR1 dut 0 100k\nXDUT dut 0 device", ["gen"])
        assert path_of(coupled, "gen", 50.0).gain == 0.0
        path = worst_path_of(coupled, "gen", 50.0, [])
        assert (path.gain > 0.99 and path.resistance == pytest.approx(50.0, rel=1e-3)) is reaches


@pytest.mark.parametrize(("netlist", "ohms"), [
    ("R1 gen dut 100\nXDUT dut d device\nXM d g 0 nmos", 150.0),           # a transistor under the device
    ("R1 gen dut 100\nXDUT dut low device\nC1 low 0 10n", 150.0),          # a capacitor under it
    ("R1 gen dut 100\nXDUT dut low device", 150.0),                        # a return path that was forgotten
    ("R1 gen a 100\nXD a dut diode\nXDUT dut low device\nR2 low 0 50", 200.0),
    ("R1 gen a 100\nR2 a 0 1k\nXDUT dut 0 device", math.inf)])             # it is elsewhere
def test_what_may_conduct_counts_with_the_limits(netlist: str, ohms: float) -> None:
    found = parse_netlist(netlist, ["gen", "low", "g", "dut"])
    assert math.isinf(path_of(found, "gen", 50.0).resistance)
    assert worst_path_of(found, "gen", 50.0, []).resistance == pytest.approx(ohms, rel=1e-3)


def test_drivers_by_name_and_identity() -> None:
    assert driver_class("keithley_2450").__name__ == "Keithley2450"
    assert driver_of(Identity("KEITHLEY INSTRUMENTS", "MODEL 2450", "1", "1")) == "keithley_2450"
    assert driver_of(Identity("Agilent Technologies", "33522B", "1", "1")) == "keysight_33500"
    assert driver_of(Identity("KEYSIGHT TECHNOLOGIES", "MSO-X 3104T", "1", "1")) == "keysight_dsox3000t"
    assert driver_of(Identity("Maker", "Thing", "1", "1")) is None
    assert fits("keysight_33600", Identity("Agilent Technologies", "33522B", "1", "1"))
    kinds = {kind for row in catalogue()[0] for kind in row["kind"].split(", ")}
    assert {"source meter", "pulse generator", "oscilloscope", "switch matrix", "prober"} <= kinds <= set(KINDS)


def test_operator_is_asked_once() -> None:
    asked: list[str] = []

    def answer(question: str) -> str:
        asked.append(question)
        return ""

    positioner = OperatorPrompt(["D1", "D2"], ask=answer)
    assert positioner.connected() is None
    positioner.connect("D2")
    positioner.connect("D2")
    assert positioner.connected() == "D2"
    assert len(asked) == 1
    assert "D2" in asked[0]
    with pytest.raises(ConfigurationError, match="not on the bench"):
        positioner.connect("D9")


def test_operator_who_gives_up_or_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="was not connected"):
        OperatorPrompt(["D1"], ask=lambda question: "q").connect("D1")
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(ConfigurationError, match='connected = "D1"'):
        OperatorPrompt(["D1"]).connect("D1")
    OperatorPrompt(["D1"], connected="D1").connect("D1")


def test_a_file_without_instruments_is_not_a_bench(tmp_path: Path) -> None:
    """An empty file once passed a check as a bench that answers and is safe."""
    (tmp_path / "empty.toml").write_text("", "utf-8")
    with pytest.raises(ConfigurationError, match=r"the file has no instruments\. For each instrument, add a table \["):
        BenchFile.load(tmp_path / "empty.toml")


def test_a_name_with_line_breaks_is_told_in_one_line(tmp_path: Path) -> None:
    """A fuzzed file with a text of several lines in the place of an instrument gave an error of several lines."""
    text = (Path(__file__).parents[3] / "examples" / "resistor.bench.toml").read_text("utf-8")
    (tmp_path / "b.bench.toml").write_text(f'{text}\n'.replace('drive = "source_meter"', 'drive = "a\\nb"'), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        BenchFile.load(tmp_path / "b.bench.toml")
    assert "instrument 'a b'" in str(caught.value) and "\n" not in str(caught.value)


def test_only_a_capacitor_across_the_device_or_to_ground_lies_in_parallel() -> None:
    """One that leads on to another node does not."""
    netlist = parse_netlist(
        "R1 smu dut 10\nXDUT dut low device\nR2 low 0 50\nC1 dut 0 80p\nC2 dut low 5p\nC3 dut far 1n\nR3 far 0 1k\n"
        "C4 low 0 1u",
        ["smu"],
    )
    assert parallel_capacitance(netlist) == pytest.approx(85e-12, rel=1e-6)


@pytest.mark.parametrize(
    ("inputs", "at_device"), [({"scope.1": "dut", "scope.2": "low"}, 1), ({"scope.1": "dut", "scope.3": "dut"}, 2),
                              ({"scope.2": "low"}, 0), ({}, 0),
                              ({"scope.1": "dut", "generator.2": "dut"}, 1)],   # a generator's output is none
)
def test_scope_inputs_at_the_device_load_it(tmp_path: Path, inputs: dict[str, str], at_device: int) -> None:
    """Each takes 1 uS of what a source meter reads; one behind the device takes nothing."""
    wired = "".join(f'"{terminal}" = "{node}"\n' for terminal, node in inputs.items())
    second = "" if "generator.2" in inputs else '"generator.2" = "gen2"\n'
    text = TEXT if second else re.sub(r"^R_load.*\n", "", TEXT, flags=re.MULTILINE)
    file = load(tmp_path, text.replace('"generator.2" = "gen2"\n', f"{second}{wired}"))
    source = SimpleNamespace(capabilities=SimpleNamespace(output_resistance=50.0))
    assert Wiring(file, lambda terminal: source).fixture().parallel_conductance == pytest.approx(at_device * 1e-6)

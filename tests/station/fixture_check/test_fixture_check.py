"""The fixture is measured with standards, compared with the bench file and written into it."""

import json
import math
import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tsbench.cli import main
from tsbench.errors import ConfigurationError, InstrumentError, WrongInstrument
from tsbench.protocols import protocol_named
from tsbench.quantities import parse_quantity
from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.fixture_check import FixtureValue, by_edges, measure_fixture, with_measured
from tsbench.station.fixture_check.by_generator import _rise_time
from tsbench.station.fixture_check.values import CHANNEL_SKEW, CURRENT_FACTOR, SENSE_CAPACITANCE, VOLTAGE_FACTOR
from tsbench.station.runner.planning import checked_plan

ROOT = Path(__file__).resolve().parents[3]
STANDARDS = """
[devices.OPEN]
standard = "open"
[devices.SHORT]
standard = "short"
[devices.R10K]
standard = "resistor"
resistance = "10 kOhm"
"""
TRUE_STANDARDS = """
[devices.SHORT]
model = "resistor"
parameters = { r = 0.01 }
[devices.OPEN]
model = "resistor"
parameters = { r = 1e13 }
[devices.R10K]
model = "resistor"
parameters = { r = 10e3 }
"""


def lay(folder: Path, **changes: tuple[str, str]) -> Path:
    """Lay the demo bench with standards, its wiring changed in one of its files; returns the bench file."""
    for kind, more in (("bench", STANDARDS), ("world", TRUE_STANDARDS)):
        text = (ROOT / "examples" / f"nbo2.{kind}.toml").read_text("utf-8")
        old, new = changes.get(kind, ("", ""))
        assert old in text
        (folder / f"nbo2.{kind}.toml").write_text(text.replace(old, new) + more if old else text + more, "utf-8")
    return folder / "nbo2.bench.toml"


@pytest.fixture(scope="module", autouse=True)
def few_pulses() -> Iterator[None]:
    """Let the check send few pulses: what they tell is measured in test_deskew.py."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(by_edges, "_PULSES", 16)
        yield


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[FixtureValue]]:
    bench = lay(tmp_path_factory.mktemp("fixture"))
    return bench, measure_fixture(bench)


def found(values: list[FixtureValue], quantity: str, role: str) -> list[FixtureValue]:
    return [one for one in values if (one.quantity, one.role) == (quantity, role)]


@pytest.mark.thorough
@pytest.mark.parametrize(("quantity", "role", "truth"), [
    ("path_resistance", "drive", 2.0 + 50.0), ("path_resistance", "pulser", 50.0 + 2.0 + 50.0),
    ("path_resistance", "bias", 50.0 + 5e3 + 50.0), ("leakage", "drive", 1e-6),   # the scope's input of 1 MOhm
    ("parallel_capacitance", "bias", 66e-12 + 20e-12 + 14e-12), ("level", "pulser", 0.5),
    ("level", "bias", 0.5 * 0.995),
])
def test_the_intervals_contain_what_is_there(
    quantity: str, role: str, truth: float, measured: tuple[Path, list[FixtureValue]],
) -> None:
    for value in found(measured[1], quantity, role):
        assert value.low is not None and value.low <= truth * 1.001 and truth * 0.999 <= value.high, value.line
        assert value.high - value.low < 0.15 * truth and value.agrees
    assert found(measured[1], quantity, role)


def test_the_compliance_takes_effect_and_the_outputs_are_off(measured: tuple[Path, list[FixtureValue]]) -> None:
    bench, values = measured
    limited, = found(values, "compliance", "drive")
    assert limited.agrees and limited.expected == pytest.approx(0.25 / 10e3, rel=0.01)
    assert found(values, "current_offset", "drive")[0].value == pytest.approx(0.0, abs=1e-9)
    assert not outputs_left_on(bench.parent / "nbo2.witness.jsonl")


LOAD, DRIVE = "R_load   gen2  dut  5k", "R_drive  smu   dut  2"
PROBE, PULSE = "C_probe  dut   0    66p", "R_pulse  gen1  dut  2"


@pytest.mark.thin(6)
@pytest.mark.parametrize(("changes", "role", "quantity", "said"), [
    ({"bench": (LOAD, "R_load gen2 dut 8k"), "world": (LOAD, "R_load gen2 dut 3k")}, "bias", "path_resistance",
     "but 8.100 kOhm is expected: correct the netlist"),
    ({"world": (DRIVE, "R_drive smu dut 1k")}, "drive", "path_resistance", "but 52.00 Ohm is expected"),
    ({"world": (PROBE, "C_probe dut 0 1n")}, "bias", "parallel_capacitance", "but 80.00 pF is expected"),
    ({"world": (PULSE, f"{PULSE}\nR_term gen1 0 50")}, "pulser", "level", "check the 50 Ohm terminations"),
    ({"world": ('"scope.1" = "dut"\n"scope.2" = "low"', '"scope.1" = "low"\n"scope.2" = "dut"')}, "pulser", "level",
     "the level is at 'scope.2' instead. Check whether the cables at scope.1 and scope.2 are exchanged"),
    ({"world": ('"scope.1" = "dut"', '"scope.3" = "dut"')}, "bias", "level",
     "hardly anything arrives at 'scope.1'. Check the cables at generator.2 and scope.1"),
])
def test_a_fixture_that_is_not_what_the_bench_file_says_is_found(
    changes: dict[str, tuple[str, str]], role: str, quantity: str, said: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bench = lay(tmp_path, **changes)
    before = bench.read_text("utf-8")
    assert main(["check", str(bench), "--fixture"]) == 1
    out, err = capsys.readouterr()
    wrong = [line for line in out.splitlines() if " is expected: " in line]
    assert any(line.startswith(f"{role}: {quantity.replace('_', ' ')}") and said in line for line in wrong), out
    assert "Correct this before you connect a device" in err and bench.read_text("utf-8") == before


GENERATOR_CABLES = '"generator.1" = "gen1"\n"generator.2" = "gen2"'


@pytest.mark.thin(2)
@pytest.mark.parametrize("resistor", ["R_pulse gen1 dut 1.4k", PULSE])
def test_exchanged_cables_of_the_generator_are_named_and_no_instrument_refuses_a_setting(
    resistor: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    """After a pulse that the scope missed, it was sent the trigger level of an open end, and it refused this level."""
    exchanged = GENERATOR_CABLES.replace("gen1", "gen").replace("gen2", "gen1").replace('"gen"', '"gen2"')
    load = PULSE, resistor   # of 2 Ohm: the currents are 50 times as large, and a 50th, of what is expected
    bench, world = lay(tmp_path, bench=load, world=load), tmp_path / "nbo2.world.toml"
    text = world.read_text("utf-8")
    assert GENERATOR_CABLES in text
    world.write_text(text.replace(GENERATOR_CABLES, exchanged), "utf-8")
    assert main(["check", str(bench), "--fixture"]) == 1
    out, err = capsys.readouterr()
    assert "reports" not in out + err
    for role, other, cables in (("pulser", "bias", "generator.1 and generator.2"),
                                ("bias", "pulser", "generator.2 and generator.1")):
        line, = [line for line in out.splitlines() if line.startswith(f"{role}: path resistance")]
        assert f"this is expected of the role '{other}'. Check whether the cables at {cables} are exchanged" in line


def test_a_setting_that_is_refused_ends_one_step_and_the_other_values_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The whole check ended with the error of the instrument, and nothing was said of the wiring."""
    def refuses(*_: object) -> list[FixtureValue]:
        raise InstrumentError("scope (X) reports: -222 Data out of range. Check the settings and measure again")

    monkeypatch.setattr(by_edges, "skew", refuses)
    monkeypatch.setattr(by_edges, "sense_capacitance", lambda *_: [])
    bench = lay(tmp_path)
    before = bench.read_text("utf-8")
    assert main(["check", str(bench), "--fixture"]) == 1
    out = capsys.readouterr().out
    assert ("pulser: check with SHORT ended: scope (X) reports: -222 Data out of range. Check the settings and measure "
            "again. The signal is probably not what the bench file leads to. Check that SHORT is connected") in out
    assert "bias: path resistance" in out and "bias: parallel capacitance" in out
    assert bench.read_text("utf-8") == before and not outputs_left_on(tmp_path / "nbo2.witness.jsonl")


SCOPE, SENSING = 'model = "keysight_dsox3054t"', "[fixture.sensing]"


@pytest.mark.thin(6)
@pytest.mark.parametrize(("true", "stated", "quantity", "factor", "said"), [
    ({1: 10}, {}, VOLTAGE_FACTOR, "0.1", "as if a probe of 10:1 is at the channel 'scope.1', but the bench file says "
     '1:1. If so, write attenuation = 10 into [fixture.probes."scope.1"]'),
    ({}, {1: 10}, VOLTAGE_FACTOR, "10", "no probe, or one of 1:1, is at the channel 'scope.1', but the bench file says "
     '10:1. If so, remove [fixture.probes."scope.1"]'),
    ({1: 100}, {1: 10}, VOLTAGE_FACTOR, "0.1", 'correct [fixture.probes."scope.1"]'),
    ({2: 10}, {}, CURRENT_FACTOR, "0.1", 'write attenuation = 10 into [fixture.probes."scope.2"]'),
    ({1: 10}, {1: 10}, "", "", ""),
])
def test_a_probe_that_the_bench_file_does_not_have_is_found(
    true: dict[int, int], stated: dict[int, int], quantity: str, factor: str, said: str, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A record that showed a tenth of the device voltage was once taken without a warning."""
    monkeypatch.setattr(by_edges, "skew", lambda bench, look: [])
    monkeypatch.setattr(by_edges, "sense_capacitance", lambda bench, known, skews, look: [])
    probes = ", ".join(f"{channel} = {value}" for channel, value in true.items())
    tables = "".join(f'[fixture.probes."scope.{channel}"]\nattenuation = {value}\n'
                     for channel, value in stated.items())
    bench = lay(tmp_path, world=(SCOPE, f"{SCOPE}\noptions = {{ probes = {{ {probes} }} }}"),
                bench=(SENSING, f"{tables}{SENSING}"))
    code = main(["check", str(bench), "--fixture"])
    lines = capsys.readouterr().out.splitlines()
    assert code == (1 if quantity else 0), lines
    wrong = [line for line in lines if " is expected: " in line]
    found = [line for line in wrong if line.startswith(f"drive: {quantity} ") and said in line]
    assert bool(found) == bool(quantity), lines
    if quantity:
        shown = found[0].removeprefix(f"drive: {quantity} ").split()[0]
        assert float(shown) == pytest.approx(float(factor), rel=0.1)


@pytest.mark.thorough
def test_a_missing_contact_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = lay(tmp_path, world=("XDUT     dut   low  device", "R_gap dut far 1e12\nXDUT far low device"))
    assert main(["check", str(bench), "--fixture"]) == 1
    assert "no current flows. Check the contact" in capsys.readouterr().out


@pytest.mark.thin(6)
@pytest.mark.parametrize(("standard", "true", "said"), [
    ("OPEN", "0.01", "drive: leakage "), ("OPEN", "1e6", "The needle may still be on a device"),
    ("OPEN", "5e6", "this end is not open"), ("R10K", "1e3", "the standard shows 999.9 Ohm"),
    ("R10K", "1e3", "the bench file says 10.00 kOhm"),
])
def test_a_standard_that_is_another_one_is_refused(
    standard: str, true: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    """An open end of 0.01 Ohm once stood in the bench file as a leakage of 20 mS."""
    right = {"OPEN": "1e13", "R10K": "10e3"}[standard]
    bench = lay(tmp_path)
    world, before = tmp_path / "nbo2.world.toml", bench.read_text("utf-8")
    text = world.read_text("utf-8")
    assert f"r = {right} " in text
    world.write_text(text.replace(f"r = {right} ", f"r = {true} "), "utf-8")
    assert main(["check", str(bench), "--fixture"]) == 1
    wrong = [line for line in capsys.readouterr().out.splitlines() if " is expected: " in line]
    assert any(said in line for line in wrong), wrong
    assert bench.read_text("utf-8") == before


def test_what_was_measured_stands_in_the_bench_file_and_counts(
    measured: tuple[Path, list[FixtureValue]], tmp_path: Path,
) -> None:
    path, values = measured
    for name in ("nbo2.bench.toml", "nbo2.world.toml"):
        shutil.copy(path.parent / name, tmp_path / name)
    bench = tmp_path / "nbo2.bench.toml"
    text = bench.read_text("utf-8")
    once = with_measured(text, values, "2026-11-28")
    assert with_measured(once, values, "2026-11-28") == once and once.startswith(text.rstrip())
    bench.write_text(once, "utf-8")
    table = BenchFile.load(bench).table.fixture.measured
    assert table.date == "2026-11-28" and set(table.path_resistance) == {"drive", "pulser", "bias"}
    narrowest = found(values, "path_resistance", "drive")[0].value
    assert table.path_resistance["drive"] == pytest.approx(narrowest, rel=1e-3)
    changed = re.sub(r"drive = \"[\d.]+ Ohm\"", 'drive = "70 Ohm"', once)
    bench.write_text(changed, "utf-8")
    with Bench.open(bench, "D1") as opened:
        assert opened.fixture.path_resistance["drive"] == 70.0
        assert opened.wire_path("drive").resistance == 52.0   # the contact may be better next time
        assert opened.fixture.parallel_capacitance == pytest.approx(100e-12, rel=0.05)


def test_values_for_other_programs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bench = lay(tmp_path)
    assert main(["check", str(bench), "--fixture", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["quantity"] for row in rows} == {
        "path_resistance", "current_offset", "leakage", "parallel_capacitance", "level", "compliance", CURRENT_FACTOR,
        VOLTAGE_FACTOR, CHANNEL_SKEW, SENSE_CAPACITANCE}
    conditions = [row["condition"] for row in rows if (row["quantity"], row["role"]) == ("path_resistance", "drive")]
    assert conditions == ["", "beside the known resistor"]
    assert all(row["agrees"] for row in rows) and "[fixture.measured]" in bench.read_text("utf-8")


def test_a_bench_without_standards_is_told_how_to_add_them(nbo2_bench: Path) -> None:
    with pytest.raises(ConfigurationError, match=r'Add for example \[devices.SHORT\] with standard = "short"'):
        measure_fixture(nbo2_bench)


@pytest.mark.parametrize("table", ['standard = "resistor"', 'resistance = "1 kOhm"',
                                   'standard = "short"\nresistance = "1 kOhm"'])
def test_a_known_resistor_has_a_resistance_and_nothing_else_has(table: str, nbo2_bench: Path) -> None:
    nbo2_bench.write_text(nbo2_bench.read_text("utf-8") + f"\n[devices.X]\n{table}\n", "utf-8")
    with pytest.raises(ConfigurationError, match='standard = "resistor" and resistance belong together'):
        BenchFile.load(nbo2_bench)


def test_lines_and_agreement() -> None:
    value = FixtureValue("path_resistance", "bias", 5100.0, 5000.0, 5200.0, "Ohm", 5400.0)
    assert value.agrees and value.line == "bias: path resistance 5.10 ± 0.10 kOhm, expected 5.400 kOhm"
    beside = replace(value, condition="beside the known resistor")
    assert beside.line.startswith("bias: path resistance beside the known resistor 5.10 ± 0.10 kOhm, expected 5.4")
    limited = FixtureValue("compliance", "drive", 24.87e-6, 24.35e-6, 25.39e-6, "A", 24.87e-6)
    assert limited.line == "drive: compliance 24.87 ± 0.52 uA, expected 24.87 uA"
    assert not FixtureValue("path_resistance", "bias", 5100.0, 5000.0, 5200.0, "Ohm", 5500.0).agrees
    assert not FixtureValue("path_resistance", "bias", 5100.0, 5000.0, 5200.0, "Ohm", 4700.0).agrees
    bound = FixtureValue("parallel_capacitance", "pulser", 0.0, None, 10e-12, "F", 80e-12)
    assert not bound.agrees and "parallel capacitance at most 10.00 pF" in bound.line
    assert FixtureValue("parallel_capacitance", "pulser", 0.0, None, 10e-12, "F", 5e-12).agrees


def test_the_rise_time_of_an_exponential() -> None:
    times = np.linspace(-1e-6, 9e-6, 2001)
    clean = np.where(times > 0, 1.0 - np.exp(-np.clip(times, 0.0, None) / 1e-6), 0.0)
    noisy = clean + 2e-3 * np.random.default_rng(3).standard_normal(times.size)
    for values in (clean, noisy):
        rise = _rise_time(times, values)
        assert rise is not None and rise == pytest.approx(np.log(9.0) * 1e-6, rel=0.02)
    assert _rise_time(times, noisy - clean) is None


#: an amplifier in the place of R_shunt: (bench file, world file)
AMPLIFIED = (
    (("R_shunt  low   0    50\n", ""), ('voltage_low = "scope.2"\n', ""), ('"scope.2" = "low"\n', ""),
     ('current_resistance = "50 Ohm"     # R_shunt; both scope inputs at 1 MOhm',
      'current_sensor = "amplifier"\ncurrent_tolerance = 0.01\n[fixture.sensing.amplifier]\ninput = "low"\n'
      'gain = "GAIN"\ninput_resistance = "50 Ohm"\nbandwidth = "200 MHz"\nmaximum_output = "0.2 V"')),
    (("R_shunt  low   0    50\n", ""), ('"scope.2" = "low"', '"scope.2" = "out"'),
     ("[devices.D1]", '[amplifiers.A]\ninput = "low"\noutput = "out"\ngain = "GAIN"\ninput_resistance = "50 Ohm"\n'
      'bandwidth = "200 MHz"\nmaximum_output = "0.2 V"\nnoise = 1e-11\n[devices.D1]')))


@pytest.mark.thin(2)
@pytest.mark.parametrize(("gain", "measurable"), [("1 kV/A", True), ("100 kV/A", False)])
def test_an_amplifier_is_not_saturated_by_the_levels_of_the_check(
    gain: str, measurable: bool, tmp_path: Path,
) -> None:
    bench = lay(tmp_path)
    for file, changes in zip((bench, tmp_path / "nbo2.world.toml"), AMPLIFIED, strict=True):
        text = file.read_text("utf-8")
        for before, after in changes:
            assert before in text
            text = text.replace(before, after.replace("GAIN", gain))
        file.write_text(text, "utf-8")
    values = measure_fixture(bench)
    value, = (one for one in found(values, "path_resistance", "pulser"))
    if measurable:
        assert value.low is not None and value.low <= 102.0 <= value.high and value.high - value.low < 20.0
    else:
        assert np.isnan(value.value) and "cannot be measured: with this gain of the amplifier" in value.line
        assert "path_resistance = { drive" in with_measured("", values, "2026-01-01")
        assert "pulser" not in with_measured("", [value], "2026-01-01")
    assert all(one.agrees for one in found(values, "path_resistance", "pulser"))


SHUNT = "R_shunt  low   0    50"


@pytest.mark.thin(4)
@pytest.mark.sabotage("units")
@pytest.mark.parametrize(("true", "factor", "said"), [
    (50, 1.0, ""), (45, 0.9, "the shunt has 4"), (20, 0.4, "the shunt has 1"), (500, 10.0, "the shunt has at least "),
])
def test_a_wrong_shunt_is_blamed_and_not_the_load(tmp_path: Path, true: int, factor: float, said: str) -> None:
    """The path of the source meter is right in all: the shunt is in it, and R_drive takes the rest."""
    bench = lay(tmp_path, world=(SHUNT, f"R_shunt low 0 {true}"))
    values = measure_fixture(bench)
    sensor, = found(values, CURRENT_FACTOR, "drive")
    assert sensor.low is not None and sensor.agrees == (not said) and said in sensor.line
    if math.isfinite(sensor.high):
        assert sensor.low <= factor <= sensor.high and sensor.high - sensor.low < 0.1
    else:
        assert 3.0 < sensor.low <= factor and "the record is clipped" in sensor.line
    by_generator = [one for one in values if one.role in {"pulser", "bias"} and not one.agrees]
    if not said:
        assert not by_generator
    for one in by_generator:
        assert one.remedy.startswith("this was measured with the current sensor, which is wrong"), one.line


@pytest.mark.thin(3)
@pytest.mark.parametrize(("true", "agrees"), [("1 kV/A", True), ("2 kV/A", False), ("-1 kV/A", False)])
def test_a_wrong_gain_is_found(tmp_path: Path, true: str, agrees: bool) -> None:
    bench = lay(tmp_path)
    for file, changes, gain in zip((bench, tmp_path / "nbo2.world.toml"), AMPLIFIED, ("1 kV/A", true), strict=True):
        text = file.read_text("utf-8")
        for before, after in changes:
            text = text.replace(before, after.replace("GAIN", gain))
        file.write_text(text, "utf-8")
    sensor, = found(measure_fixture(bench), CURRENT_FACTOR, "drive")
    factor = parse_quantity(true, "V/A") / 1e3
    assert sensor.agrees == agrees and sensor.low is not None and sensor.low <= factor <= sensor.high
    assert agrees or "the gain of the amplifier is" in sensor.line


def test_a_standard_is_named_once_the_bench_is_open(tmp_path: Path) -> None:
    bench = lay(tmp_path, world=('model = "keithley_2450"', 'model = "keithley_2400"'))
    told: list[str] = []
    with pytest.raises(WrongInstrument):
        measure_fixture(bench, told.append)
    assert told == []


@pytest.mark.parametrize(("leakage", "warned"), [("488 uS", True), ("1.001 uS", False), ("0.999 uS", False)])
def test_a_leak_beside_the_device_is_told_before_a_run(leakage: str, warned: bool, nbo2_bench: Path) -> None:
    """The leakage in the bench file was once used nowhere, and a threshold current was 537 uA too large."""
    text = nbo2_bench.read_text("utf-8")
    nbo2_bench.write_text(f"{text}\n[fixture.measured]\nleakage = {{ drive = '{leakage}' }}\n", "utf-8")
    with Bench.open(nbo2_bench, "D1") as bench:
        settings = protocol_named("iv_sweep").model_validate({"stop": 1.0, "step": 0.1, "compliance": 1e-3})
        warnings = checked_plan(bench, settings).warnings
    assert any("which take up to 487 uA at 1.00 V" in line for line in warnings) is warned, warnings
    assert any("the fixture leaks" in line for line in warnings) is warned


@pytest.mark.parametrize(("changes", "told"), [
    ((("R_drive  smu   dut  2", "R_drive  smu   dut  100k"),), ""),
    ((("R_drive  smu   dut  2", "R_drive  smu   dut  100k"), ('"scope.1" = "dut"', '"scope.1" = "smu"')),
     "the input of scope.1 takes up to 100 nA at 100 mV. It is at the node 'smu' and not at the driven node"),
    ((("R_drive  smu   dut  2", "R_drive  smu   dut  100k"), ("XDUT     dut   low", "XDUT     low   dut")), ""),
    ((("R_shunt  low   0    50", "R_shunt  low   0    100k"),
      ('current_resistance = "50 Ohm"', 'current_resistance = "100 kOhm"')),
     "the input of scope.2 takes up to "),
])
def test_an_input_of_the_scope_elsewhere_is_told_before_a_run(
    changes: tuple[tuple[str, str], ...], told: str, nbo2_bench: Path,
) -> None:
    """Its current was counted as that of the device: 423 kOhm in place of 1 MOhm."""
    text = nbo2_bench.read_text("utf-8")
    for old, new in changes:
        assert old in text, text
        text = text.replace(old, new)
    nbo2_bench.write_text(text, "utf-8")
    with Bench.open(nbo2_bench, "D1") as bench:
        warnings = checked_plan(bench, protocol_named("first_contact").model_validate({})).warnings
    said = [line for line in warnings if line.startswith("the input of scope")]
    assert [line.startswith(told) for line in said] == [True] * bool(told), warnings

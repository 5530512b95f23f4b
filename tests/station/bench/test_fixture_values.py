"""Values of the fixture that a run sets: from the command line, in a list, in a script."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.fixtures.gate_bench import bench_file as gate_bench
from tests.fixtures.gate_bench import channel_resistance
from tests.station.bench.test_switching_and_moving import copied
from tsbench.cli import main
from tsbench.errors import ConfigurationError, LimitError
from tsbench.protocols import protocol_named
from tsbench.records import Run
from tsbench.station.bench.bench import Bench
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.fixture_values import fixture_values
from tsbench.station.campaign import CampaignRefused, campaign
from tsbench.station.fixture_check import FixtureValue, with_measured
from tsbench.station.runner import run_on, run_protocol
from tsbench.storage import read_run

SHORT = {"bias": [3.0], "record_span": 2e-6}


def measured(folder: Path) -> list[Run]:
    return [read_run(path) for path in sorted(folder.glob("*.nxs"))]


def measure(bench: Path, *more: str) -> int:
    return main(["measure", "oscillation", "--bench", str(bench), "--device", "D11", "--set", "bias=3 V", "--set",
                 "record_span=20 us", "--out", str(bench.parent / "runs"), *more])


@pytest.mark.thorough
def test_the_command_line_sets_the_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not given has the value of the netlist. The run stores both, and the limits follow."""
    bench = copied(tmp_path, "crossbar")
    assert measure(bench, "--fixture", "load_resistance=4.7 kOhm") == 0
    assert "fixture: load resistance 4.7 kOhm, parallel capacitance 1 nF" in capsys.readouterr().err
    run, = measured(tmp_path / "runs")
    assert run.header.fixture.control == {
        "load_resistance": 4700.0, "parallel_capacitance": pytest.approx(1e-9, rel=1e-6)}
    assert run.header.fixture.path_resistance["bias"] == pytest.approx(4750.0)
    assert run.header.fixture.parallel_capacitance == pytest.approx(1.03e-9, rel=1e-6)
    assert run.header.instruments["load"]["settings"] == {"resistance": 4700.0}


def test_without_a_value_the_boxes_have_those_of_the_netlist(tmp_path: Path) -> None:
    """A box is open after its reset. A run must not measure this."""
    bench = copied(tmp_path, "crossbar")
    assert measure(bench) == 0
    run, = measured(tmp_path / "runs")
    assert run.header.fixture.control == {"load_resistance": 5e3, "parallel_capacitance": pytest.approx(1e-9, rel=1e-6)}
    assert any(result.quantity == "frequency" and result.value for result in run.results)


@pytest.mark.parametrize(("value", "said"), [
    ("load_resistance", "must have the form NAME=VALUE, for example --fixture load_resistance="),
    ("load_resistanc=1k", "the fixture has no quantity 'load_resistanc'. Did you mean 'load_resistance'?"),
    ("load_resistance=1 nF", "load_resistance: '1 nF'"), ("load_resistance=-1k", "must be a positive number in Ohm"),
    ("load_resistance=0.1 Ohm", "the load resistance 100 mOhm is outside what can be set: 1 Ohm to 1.2 MOhm"),
    ("load_resistance=100 Ohm", "max_current"),   # 3 V behind it drive more than 5 mA
])
def test_values_that_cannot_be_set_are_refused_before_anything_is_set(
    tmp_path: Path, value: str, said: str, capsys: pytest.CaptureFixture[str],
) -> None:
    assert measure(copied(tmp_path, "crossbar"), "--fixture", value) in {2, 3}
    assert said in capsys.readouterr().err and not (tmp_path / "runs").exists()


def test_a_bench_without_a_box_says_what_to_add(nbo2_bench: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", "iv_sweep", "--bench", str(nbo2_bench), "--device", "D1", "--fixture",
                 "load_resistance=4.7 kOhm", "--out", str(nbo2_bench.parent / "runs")]) == 2
    assert ("nothing can set load_resistance. Add [fixture.control.load_resistance] to the bench file"
            in capsys.readouterr().err)


def test_a_refused_plan_leaves_the_boxes_as_they_were(tmp_path: Path) -> None:
    with Bench.open(copied(tmp_path, "crossbar"), "D11") as bench:
        assert bench.fixture_control is not None
        bench.fixture_control.set_value("load_resistance", 6e3)
        with pytest.raises(LimitError, match="max_current"):
            run_on(bench, protocol_named("oscillation").parse(SHORT), tmp_path / "runs",
                   fixture={"load_resistance": 100.0})
        assert bench.fixture_control.value("load_resistance") == 6e3


def test_a_script_keeps_what_it_has_set(tmp_path: Path) -> None:
    """Without ``fixture``, only what was never set gets the value of the netlist."""
    protocol = protocol_named("oscillation").parse(SHORT)
    with Bench.open(copied(tmp_path, "crossbar"), "D11") as bench:
        assert bench.fixture_control is not None and bench.fixture.control == {}
        bench.fixture_control.set_value("load_resistance", 6e3)
        run_on(bench, protocol, tmp_path / "runs", extract=False)
        run_on(bench, protocol, tmp_path / "runs", extract=False, fixture={"parallel_capacitance": 2e-9})
    found = [run.header.fixture.control for run in measured(tmp_path / "runs")]
    assert found == [{"load_resistance": 6e3, "parallel_capacitance": pytest.approx(1e-9, rel=1e-6)},
                     {"load_resistance": 5e3, "parallel_capacitance": pytest.approx(2e-9)}]


LIST = """
bench = "crossbar.bench.toml"
device = "D11"
{fixture}
[[protocol]]
name = "oscillation"
bias = [3.0]
record_span = "2 us"
[[protocol]]
name = "oscillation"
bias = [3.0]
record_span = "2 us"
fixture = {{ {own} }}
"""


@pytest.mark.thorough
def test_each_entry_of_a_list_has_its_values(tmp_path: Path) -> None:
    copied(tmp_path, "crossbar")
    path = tmp_path / "two.list.toml"
    path.write_text(LIST.format(fixture='fixture = { load_resistance = "4 kOhm" }',
                                own='load_resistance = "6 kOhm", parallel_capacitance = "2 nF"'), "utf-8")
    first, second = campaign(path, tmp_path / "runs").plan().rows
    assert first.peaks["current"].value > second.peaks["current"].value   # the load is larger
    assert set(campaign(path, tmp_path / "runs").run().counts) == {"success"}
    found = [run.header.fixture.control["load_resistance"] for run in measured(tmp_path / "runs")]
    assert found == [4e3, 6e3]
    again = campaign(path, tmp_path / "runs").run(resume=True).runs.values()
    assert [one.earlier for one in again] == [True, True]
    path.write_text(path.read_text("utf-8").replace("6 kOhm", "7 kOhm"), "utf-8")
    again = campaign(path, tmp_path / "runs").run(resume=True, accept=True).runs.values()
    assert [one.earlier for one in again] == [True, False]


@pytest.mark.parametrize(("own", "said"), [
    ("load_resistance = 50", "max_current"), ("load = 1", "the fixture has no quantity 'load'"),
    ("load_resistance = 2e6", "is outside what can be set"),
])
def test_a_list_with_a_value_that_does_not_fit_is_refused(tmp_path: Path, own: str, said: str) -> None:
    copied(tmp_path, "crossbar")
    path = tmp_path / "two.list.toml"
    path.write_text(LIST.format(fixture="", own=own), "utf-8")
    with pytest.raises(CampaignRefused, match=said):
        campaign(path, tmp_path / "runs").run()


def test_a_list_names_the_table_that_is_missing(nbo2_bench: Path) -> None:
    path = nbo2_bench.parent / "two.list.toml"
    text = LIST.format(fixture="", own="load_resistance = 5e3").replace("crossbar", "nbo2").replace("D11", "D1")
    path.write_text(text, "utf-8")
    said = r"nothing can set load_resistance. Add \[fixture.control.load_resistance\]"
    with pytest.raises(CampaignRefused, match=said):
        campaign(path, nbo2_bench.parent / "runs").run()


@pytest.mark.thorough
def test_the_command_line_sets_a_gate(tmp_path: Path) -> None:
    """The value of the netlist first, then another one."""
    file = gate_bench(tmp_path)
    sweep = protocol_named("iv_sweep")(stop=0.02, points=3, compliance=100e-6)
    for fixture, expected in ({}, 1e3), ({"load_resistance": 2e3}, 2e3):
        outcome = run_protocol(file, "D1", sweep, tmp_path / "runs", fixture=fixture)
        assert outcome.status == "success" and outcome.path is not None, outcome.reason
        run = read_run(outcome.path)
        assert run.header.fixture.control["load_resistance"] == pytest.approx(expected, rel=0.02)
        names = [column.name for column in run.header.columns]
        highest = run.points[np.argmax(run.points[:, names.index("current")])]
        voltage, current = (highest[names.index(name)] for name in ("voltage", "current"))
        assert voltage / current == pytest.approx(expected + 102.0, rel=0.03)
    with pytest.raises(LimitError, match=r"the load resistance 100 Ohm is outside what can be set: 434"):
        run_protocol(file, "D1", sweep, tmp_path / "runs", fixture={"load_resistance": 100.0})
    assert channel_resistance(3.0) > 100.0


def test_an_operator_is_asked_only_for_another_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the netlist says is what the operator has set."""
    asked: list[str] = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr(
        "tsbench.station.bench.operator._ask_on_terminal", lambda question: asked.append(question) or "")
    path = copied(tmp_path, "crossbar", ('instrument = "load"\nelement', "element"))
    protocol = protocol_named("oscillation").parse(SHORT)
    with Bench.open(path, "D11") as bench:
        assert bench.fixture.control == {"load_resistance": 5e3}
        run_on(bench, protocol, tmp_path / "runs", extract=False, fixture={})
        assert asked == []
        run_on(bench, protocol, tmp_path / "runs", extract=False, fixture={"load_resistance": 4e3})
        run_on(bench, protocol, tmp_path / "runs", extract=False, fixture={})
    assert ["4 kOhm" in asked[0], "5 kOhm" in asked[1], len(asked)] == [True, True, 2]


def test_check_tells_of_the_boxes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = copied(tmp_path, "crossbar")
    assert main(["check", str(path), "--json"]) == 0
    lines = json.loads(capsys.readouterr().out)["fixture_control"]
    assert lines[0] == ("load resistance: 1 Ohm to 1.2 MOhm can be set. A run has 5 kOhm as in the netlist, or the "
                        "value of --fixture load_resistance=VALUE")


def test_the_fixture_check_writes_nothing_that_holds_for_one_value_only(tmp_path: Path) -> None:
    path = copied(tmp_path, "crossbar")
    text = path.read_text("utf-8")
    values = [FixtureValue("path_resistance", "bias", 5050.0, 5e3, 5.1e3, "Ohm"),
              FixtureValue("parallel_capacitance", "bias", 1e-9, 0.9e-9, 1.1e-9, "F")]
    assert "path_resistance" in with_measured("", values, "2026-11-28")
    both = BenchFile.load(path).table.fixture.control
    path.write_text(with_measured(text, values, "2026-11-28", set(both)), "utf-8")
    assert BenchFile.load(path).table.fixture.measured.parallel_capacitance is None
    path.write_text(with_measured(text, values, "2026-11-28", {"load_resistance"}), "utf-8")
    with pytest.raises(ConfigurationError, match="Remove its parallel_capacitance"):
        BenchFile.load(path)


def test_values_are_read_with_their_unit() -> None:
    assert fixture_values({"load_resistance": "4.7 kOhm", "parallel_capacitance": 1e-9}) == {
        "load_resistance": 4700.0, "parallel_capacitance": 1e-9}

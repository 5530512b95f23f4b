"""What each command asks of the folder that does its work, what it prints of the answer, and its exit code."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tsbench.demo
import tsbench.simulated_backends.studies.simulate.simulate as simulating
import tsbench.station.campaign
import tsbench.station.runner
from tsbench.cli import checking, main
from tsbench.cli.parameter_text import cells, parameter_help
from tsbench.cli.printing import ProgressPrinter, output_console, print_json, print_results
from tsbench.errors import ConfigurationError, InstrumentInUse
from tsbench.protocols import describe, protocol_named
from tsbench.records import Result
from tsbench.station.campaign import CampaignOutcome, CampaignRefused
from tsbench.station.campaign.overview import CampaignPlan
from tsbench.station.runner import Control, StdinControl
from tsbench.station.runner.outcome import RunOutcome

MEASURE = ["measure", "iv_sweep", "--bench", "b.toml", "--device", "D1"]
ROW = {"device": "D1", "protocol": "iv_sweep", "quantity": "hold_voltage", "conditions": {}, "value": 0.5, "low": 0.4,
       "high": 0.6, "unit": "V", "flags": [], "run": "RUN1"}


class Asked:
    """Stands for a function: keeps what it was asked and answers the same each time."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.given: tuple[Any, ...] = ()
        self.named: dict[str, Any] = {}

    def __call__(self, *given: Any, **named: Any) -> Any:
        self.given, self.named = given, named
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def outcome(status: str = "success", **more: Any) -> RunOutcome:
    facts = {"outputs": {"meter": False}, "run_id": "RUN1", "device": "D1", "protocol": "sweep", **more}
    return RunOutcome(Path("runs/a.nxs"), status, more.pop("why", "it ended"), **{
        name: value for name, value in facts.items() if name != "why"})


@pytest.mark.parametrize(("status", "code", "word"), [
    ("success", 0, ""), ("abort", 130, "tsbench: stopped: it ended"), ("fail", 1, "tsbench: failed: it ended")])
def test_measure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], status: str, code: int, word: str
) -> None:
    monkeypatch.setattr(tsbench.station.runner, "run_protocol", asked := Asked(outcome(status, why="it ended")))
    assert main([*MEASURE, "--set", "stop=1.5 V", "--set", " cycles = 3"]) == asked.answer.exit_code == code
    bench, device, protocol, out = asked.given
    assert (bench, device, out, protocol.stop, protocol.cycles) == (Path("b.toml"), "D1", Path("runs"), 1.5, 3)
    assert asked.named["watchdog"] is True and type(asked.named["control"]) is Control
    assert isinstance(asked.named["events"], ProgressPrinter)
    said = capsys.readouterr()
    assert word in said.err and "panel" not in said.err and "no numbers were extracted" in said.out
    assert main([*MEASURE, "--no-watchdog", "--out", "there", "--json"]) == code
    assert asked.given[3] == Path("there") and asked.named["watchdog"] is False
    assert json.loads(capsys.readouterr().out) == []


def test_outputs_that_are_not_off_and_remarks_are_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = outcome(outputs={"meter": True, "gen.1": None, "gen.2": False}, remarks=("first", "it looks short"), why="")
    monkeypatch.setattr(tsbench.station.runner, "run_protocol", Asked(found))
    main(MEASURE)
    said = capsys.readouterr().err
    assert "these outputs were not read back as off: meter, gen.1. Check the panel" in said
    assert "note:" in said and "t looks short (and 1 more remark in the run file)" in said
    assert "runs/a.nxs" in said.replace("\\", "/")


def test_events_are_for_another_program(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tsbench.station.runner, "run_protocol", asked := Asked(outcome("fail")))
    monkeypatch.setattr("sys.stdin", iter(()))
    assert main([*MEASURE, "--events"]) == 1
    assert isinstance(asked.named["control"], StdinControl) and asked.named["watchdog"] is True
    assert asked.given[3] == Path("runs") and capsys.readouterr().err == ""   # the events say it
    with pytest.raises(SystemExit):
        main([*MEASURE, "--events", "--json"])   # either one


class AskedCampaign:
    """Stands for a campaign; it was asked with ``named`` and answers with outcomes."""

    def __init__(self, answers: object) -> None:
        self.answers, self.named, self.given = answers, {}, ()
        self.file, self.items = SimpleNamespace(name="l", is_list=True), []

    def __call__(self, *given: object, **named: object) -> "AskedCampaign":
        self.given = given
        return self

    def run(self, **named: object) -> CampaignOutcome:
        self.named = named
        if isinstance(self.answers, Exception):
            raise self.answers
        return CampaignOutcome(dict(enumerate(self.answers)))


def test_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(tsbench.station.campaign, "campaign", asked := AskedCampaign([]))
    assert main(["run", "l.toml"]) == 0 and asked.given == (Path("l.toml"), Path("runs"))
    usual = {"resume": False, "watchdog": True, "again": []}
    assert {name: asked.named[name] for name in usual} == usual and asked.named["events"].name == "l"
    main(["run", "l.toml", "--out", "o", "--resume", "--no-watchdog", "--accept", "--again", "D1 *"])
    assert asked.given[1] == Path("o") and asked.named["accept"] is True
    assert {name: asked.named[name] for name in usual} == {"resume": True, "watchdog": False, "again": ["D1 *"]}
    capsys.readouterr()
    asked.answers = [outcome(earlier=True, run_id="RUN0"), outcome("fail", error_code=3, why="limit"), outcome()]
    assert main(["run", "l.toml"]) == 3
    said = capsys.readouterr()
    assert "sweep on D1: failed: limit" in said.err
    assert said.err.count("tsbench: sweep on D1: ") == 2   # nothing of what was measured earlier
    assert "done before" in said.out and "no numbers" not in said.out
    asked.answers = [outcome(earlier=True), outcome(earlier=True)]
    assert main(["run", "l.toml"]) == 0
    assert "all 2 entries are already measured in runs" in capsys.readouterr().err


def test_a_campaign_as_json_has_all_results_and_a_row_for_each_run_without_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hold = Result("hold_voltage", "V", 0.5, 0.4, 0.6, "step")
    answers = [outcome(results=(hold,)), outcome("fail", device="D2", error_code=3, why="limit", results=(hold,)),
               outcome("abort", device="D3", why="stopped by hand")]
    monkeypatch.setattr(tsbench.station.campaign, "campaign", AskedCampaign(answers))
    assert main(["run", "l.toml", "--json"]) == 3
    rows = json.loads(capsys.readouterr().out)
    assert [(row["device"], row["quantity"]) for row in rows] == [
        ("D1", "hold_voltage"), ("D2", "hold_voltage"), ("D2", "run"), ("D3", "run")]
    assert [(row["status"], row["reason"]) for row in rows[2:]] == [("fail", "limit"), ("abort", "stopped by hand")]
    assert main(["run", "l.toml"]) > 0   # the same as tables
    said = capsys.readouterr().out
    assert [said.count(device) for device in ("D1", "D2", "D3")] == [2, 2, 1]   # of results, and of entries


def test_a_campaign_that_is_refused_says_every_reason(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = CampaignPlan("l", (), red=("one", "two", "three", "four"), exit_code=3)
    refused = CampaignRefused("one. Two\nis. Three", plan)
    monkeypatch.setattr(tsbench.station.campaign, "campaign", AskedCampaign(refused))
    assert main(["run", "l.toml"]) == 3
    assert capsys.readouterr().err.endswith("tsbench: one. Two is. Three\ntsbench: four\n")
    assert main(["run", "l.toml", "--json"]) == 3
    assert [row["reason"] for row in json.loads(capsys.readouterr().out)] == ["one", "two", "three", "four"]


@pytest.mark.parametrize("passed", [True, False])
def test_demo(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], passed: bool) -> None:
    row = SimpleNamespace(as_json=lambda: {**ROW, "true": 0.5})
    answer = SimpleNamespace(rows=[row], runs=[Path("a.nxs")], figures=[Path("b.png")], passed=passed)
    monkeypatch.setattr(tsbench.demo, "run_demo", asked := Asked(answer))
    assert main(["demo"]) == (0 if passed else 1) and asked.given[:2] == (Path("tsbench_demo"), 1)
    said = capsys.readouterr()
    assert "a.nxs\nb.png\n" in said.out and ("outside its tolerance" in said.err) is not passed
    assert main(["demo", "--out", "o", "--seed", "7", "--json"]) == (0 if passed else 1)
    assert asked.given[:2] == (Path("o"), 7) and json.loads(capsys.readouterr().out)[0]["true"] == 0.5


def simulated(**more: Any) -> Any:
    timing = SimpleNamespace(integration=1.5, processor=1.25, evaluation=0.5, code=2.0)
    return SimpleNamespace(
        messages=("a remark",), seed=5, times=[0.0, 1.0], steps=17, columns={}, timing=timing,
        write_csv=lambda stream: stream.write("a table\n"), **more)


def test_simulate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    netlist = tmp_path / "x.cir"
    monkeypatch.setattr(simulating, "simulate", asked := Asked(simulated()))
    assert main(["simulate", str(netlist), "--device", "X1=nbo2", "--device", "X2 = vo2"]) == 0
    assert asked.given[:2] == (netlist, {"X1": "nbo2", "X2": "vo2"})
    assert asked.named == {"rtol": 1e-6, "temperature": None, "seed": None}
    said = capsys.readouterr()
    assert said.out == "a table\n" and f"{netlist}: a remark\n{netlist}: seed 5\n" in said.err
    assert "integration" not in said.err
    out = tmp_path / "t.csv"
    assert main(["simulate", str(netlist), "--rtol", "1e-3", "--temperature", "350 K", "--seed", "9", "--timing",
                 "--out", str(out)]) == 0
    assert asked.named == {"rtol": 1e-3, "temperature": 350.0, "seed": 9}
    said = capsys.readouterr()
    assert out.read_text("utf-8") == "a table\n" and f"wrote {out} (2 times, 17 steps)" in said.err and said.out == ""
    assert "integration 1.5 s (17 steps; 1.25 s" in said.err and "\noutput 0.5" in said.err and "code 2 s" in said.err
    assert main(["simulate"]) == 2 and "needs a NETLIST" in capsys.readouterr().err


def test_the_progress_of_a_simulation_is_in_percent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[Any] = []
    monkeypatch.setattr(ProgressPrinter, "_progress", lambda self, *given: told.append(given))
    monkeypatch.setattr(simulating, "simulate", lambda netlist, models, tell, **_: tell(0.25) or simulated())
    main(["simulate", str(tmp_path / "x.cir")])
    assert told == [(25, 100, "")]


def bench_found(enabled: bool) -> dict[str, Any]:
    facts = {"driver": "d", "model": "m", "serial": "SIM1", "firmware": "f", "resource": "r", "visa_library": "@py"}
    return {"instruments": {"meter": {"roles": ["drive", "bias"], "simulated": True, "settings": {}, **facts}},
            "outputs": {"meter": enabled}, "interlocks": {"meter": not enabled}, "unwatched": [], "reach": (200.0, 1.0),
            "found_on": [], "unknown_before_reset": [], "absent": {}, "fixture_control": [], "off_wafer": {},
            "source_resistance": {"drive": 0.0}, "other_oscilloscope": ""}


BENCH = """
[instruments.meter]
resource = "TCPIP0::127.0.0.1::5025::SOCKET"
driver = "keithley_2450"
[roles]
drive = "meter"
[devices.D1]
material = "NbO2"
[devices.D1.limits]
max_voltage = "2 V"
[devices.D2]
"""


@pytest.mark.parametrize("enabled", [False, True])
def test_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], enabled: bool
) -> None:
    path = tmp_path / "lab.bench.toml"
    path.write_text(BENCH, "utf-8")
    monkeypatch.setattr("tsbench.station.bench.bench_report.check", Asked(bench_found(enabled)))
    assert main(["check", str(path)]) == (1 if enabled else 0)
    said = capsys.readouterr()
    assert ("tsbench: output meter is still on" in said.err) is enabled
    assert ("the bench answers and is safe" in said.out) is not enabled
    words = " ".join(said.out.split())
    assert "SIMULATED" in words and "drive, bias" in words and f"meter {'ON' if enabled else 'off'}" in words
    assert "D1 NbO2 max voltage 2.000 V" in words and "D2 none" in words
    assert "warning: device D1 has no max_current" in words
    assert "warning: device D2 has no max_voltage and no max_current" in words
    assert main(["check", str(path), "--json"]) == (1 if enabled else 0)
    report = json.loads(capsys.readouterr().out)
    assert report["outputs"] == [{"output": "meter", "enabled": enabled}] and len(report["warnings"]) == 2
    assert report["devices"][0]["limits"] == {
        "max_voltage": 2.0, "max_current": None, "max_power": None, "max_charge": None, "max_energy": None}


@pytest.mark.parametrize("closed", [False, True])
def test_check_tells_whether_the_interlock_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], closed: bool
) -> None:
    path = tmp_path / "lab.bench.toml"
    stated = '\n[fixture.high_voltage]\nrating = "1.1 kV"\ninterlock = "the lid of the prober"\n'
    path.write_text(BENCH + stated, "utf-8")
    monkeypatch.setattr("tsbench.station.bench.bench_report.check",
                        Asked({**bench_found(False), "interlocks": {"meter": closed}}))
    assert main(["check", str(path)]) == 0
    said = capsys.readouterr().out
    assert f"meter: its interlock is {'closed' if closed else 'open'}\n" in said
    asked = "the interlock of meter is open, so it refuses high voltages. Close the lid of the prober"
    assert (asked in said) is not closed


def test_check_of_a_bench_that_another_process_has_or_whose_fixture_cannot_be_predicted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "lab.bench.toml"
    path.write_text(BENCH, "utf-8")
    monkeypatch.setattr(checking, "check_bench", Asked(InstrumentInUse("meter is in use", {"process": 7})))
    assert main(["check", str(path), "--json"]) == InstrumentInUse("", {}).exit_code
    said = capsys.readouterr()
    assert json.loads(said.out) == {"in_use": {"process": 7}, "message": "meter is in use"}
    assert main(["check", str(path)]) == InstrumentInUse("", {}).exit_code and capsys.readouterr().out == ""
    monkeypatch.setattr("tsbench.station.preflight.preflight.predict", Asked(ConfigurationError("no path")))
    warnings = ["before"]
    assert checking._predictions(path, {"drive": 0.0}, warnings) == []
    assert warnings == ["before", "the behaviour of the device in the fixture could not be predicted. No path"]


def test_the_help_of_a_command_begins_with_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["gui", "--help"])
    assert "\nOpen the window (install it with: pip install tsbench[gui]).\n" in capsys.readouterr().out


def test_parameters_stand_in_columns() -> None:
    text = parameter_help("iv_sweep").splitlines()
    rows = [cells(parameter) for parameter in describe(protocol_named("iv_sweep"))["parameters"]]
    lines = [next(line for line in text if line.startswith(f"  {row[0]} ")) for row in rows]
    assert len(rows) > 5 and len({line.rindex(f"  {row[4]}") for line, row in zip(lines, rows, strict=True)}) == 1
    assert all(line == line.rstrip() for line in text)
    assert text[-1] == 'example: --set stop="1.2 V"'   # the first that has a unit and is not 0
    parameters = {"name": "n", "unit": "V", "choices": None, "low": None, "high": 2.0, "default": None, "help": "h"}
    assert cells(parameters) == ("n", "V", "-", "… 2 V", "h")
    assert cells({**parameters, "low": 1.0, "high": None})[3] == "1 V …"
    assert cells({**parameters, "high": None})[3] == ""
    assert cells({**parameters, "low": 0.0, "low_excluded": True})[3] == "> 0 V … 2 V"
    assert cells({**parameters, "high_excluded": True})[3] == "… < 2 V"
    assert cells(next(one for one in describe(protocol_named("iv_sweep"))["parameters"] if one["name"] == "step"))[3] \
        == "> 0 …"


def test_protocols_are_listed_with_what_they_do_and_one_is_shown_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["protocols"]) == 0
    short = capsys.readouterr().out
    assert "iv_sweep" in short and "retention" in short and "read_voltage" not in short
    assert main(["protocols", "retention"]) == 0
    one = capsys.readouterr().out
    assert "read_voltage" in one and "iv_sweep" not in one
    assert main(["protocols", "--all"]) == 0
    every = capsys.readouterr().out
    assert "read_voltage" in every and "check_every" in every
    assert main(["protocols", "retention", "--json"]) == 0
    assert [row["name"] for row in json.loads(capsys.readouterr().out)] == ["retention"]
    assert main(["protocols", "retentoin"]) == 2 and "retention" in capsys.readouterr().err


def test_a_search_says_how_many_files_are_read_from_the_first_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path,
) -> None:
    monkeypatch.setattr("tsbench.cli.statistics._TELL_EVERY", 0.0)
    (tmp_path / "a.csv").write_text("V [V],I [A]\n" + "".join(f"{k},{k}e-6\n" for k in range(20)), "utf-8")
    main(["statistics", str(tmp_path / "a.csv")])
    said = capsys.readouterr().err
    assert "read 1 of 1 files" in said and "read 0 of" not in said


def test_parameters_of_more_kinds_stand_in_columns() -> None:
    parameters = {"name": "n", "unit": "V", "choices": None, "low": None, "high": 2.0, "default": None, "help": "h"}
    assert cells({**parameters, "default": [1.0, 2.0]})[2] == "1 V, 2 V"
    assert cells({**parameters, "default": True, "choices": ["a", "b"]})[2:4] == ("true", "a | b")


def test_json_has_one_fact_a_line_and_a_file_comes_first(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"a": [1]})
    assert capsys.readouterr().out == '{\n "a": [\n  1\n ]\n}\n'
    print_results([ROW, {**ROW, "run": "RUN2"}], files=True)
    lines = capsys.readouterr().out.splitlines()
    head = next(line for line in lines if "quantity" in line)
    assert head.split()[:4] == ["file", "or", "run", "device"]
    assert [line.split()[:2] for line in lines if "RUN" in line] == [["RUN1", "D1"], ["RUN2", "D1"]]


def test_what_is_printed_has_no_markup_and_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    output_console().print("[bold]:smile: " + 130 * "x")
    assert capsys.readouterr().out == "[bold]:smile: " + 130 * "x" + "\n"

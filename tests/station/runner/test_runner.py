"""The runner ends safe and keeps the data, whatever a protocol, an instrument or a disk does."""

import dataclasses
import re
import shutil
from pathlib import Path

import pytest

import tsbench.extraction
import tsbench.protocols
import tsbench.station.bench.bench
from tests.fixtures.fake_runs import FakeBench, Sweep, hooked, raising
from tsbench.errors import CommunicationError, ConfigurationError, LimitError, StorageError
from tsbench.instruments import Plan, PlanItem
from tsbench.protocols import IVSweep
from tsbench.records import Column, Flag, RunEvent
from tsbench.station.runner import run_on, run_protocol
from tsbench.station.runner.safety import OutputReport
from tsbench.storage import read_run, recover
from tsbench.storage.nexus.validation import inspect
from tsbench.storage.recorder import RunRecorder


@pytest.fixture
def bench() -> FakeBench:
    return FakeBench()


@pytest.fixture(autouse=True)
def no_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsbench.extraction, "extract", lambda run, **_: ())


def test_a_good_run(bench: FakeBench, tmp_path: Path) -> None:
    told: list[RunEvent] = []
    outcome = run_on(bench, Sweep(), tmp_path, events=told.append)  # type: ignore[arg-type]
    assert (outcome.status, outcome.exit_code, outcome.outputs) == ("success", 0, {"source_meter": False})
    assert not bench.on and bench.calls == ["make_safe"]
    assert outcome.path is not None and inspect(outcome.path) == []
    run = read_run(outcome.path)
    assert run.header.simulated and len(run.points) == 5 and len(run.waveforms) == 1
    assert run.header.instruments["source_meter"]["settings"] == {
        "calls": 1
    }  # as set up by the run, not before
    kinds = [event.kind for event in run.events]
    assert "warning" in kinds and "output" in kinds
    points = [event for event in told if event.kind == "point"]
    assert [event.data["index"] for event in points] == list(range(5))
    (wave,) = [event for event in told if event.kind == "waveform"]
    assert len(wave.data["preview"]["value"]) <= 500 and wave.data["unit"] == "V"
    assert told[-1].data["state"] == "done" and told[-1].data["path"] == str(outcome.path)
    progress = [event.data for event in told if event.kind == "progress"]
    assert progress[-1]["done"] == progress[-1]["total"] == 5


@pytest.mark.thin(6)
@pytest.mark.parametrize("at", [-2, 0, 2, 4])
@pytest.mark.parametrize(
    ("error", "status", "code", "first"),
    [
        (RuntimeError("a bug"), "fail", 1, "make_safe"),
        (LimitError("beyond"), "fail", 3, "make_safe"),
        (CommunicationError("source_meter gave no reply"), "fail", 1, "reopen"),
        (KeyboardInterrupt(), "abort", 130, "make_safe"),
        (SystemExit(7), "fail", 1, "make_safe"),
    ],
)
def test_whatever_a_protocol_raises_the_bench_is_safe_and_the_data_kept(
    bench: FakeBench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    error: BaseException,
    status: str,
    code: int,
    first: str,
) -> None:
    hooked(monkeypatch, raising(error))
    outcome = run_on(bench, Sweep(at=at), tmp_path)  # type: ignore[arg-type]
    assert not bench.on and bench.calls[0] == first
    assert (outcome.status, outcome.exit_code, outcome.safe) == (status, code, True)
    assert outcome.path is not None and inspect(outcome.path) == []
    run = read_run(outcome.path)
    assert run.status == status and len(run.points) == max(at, 0)
    if isinstance(error, SystemExit):
        assert re.fullmatch(
            r"the code of the protocol or of a driver called sys\.exit \(SystemExit: 7 \(fake_runs\.py, line \d+\)\)",
            run.reason)
    if isinstance(error, RuntimeError):
        assert re.fullmatch(r"RuntimeError: a bug \(fake_runs\.py, line \d+\)", run.reason)
        assert any("Traceback" in str(event.data.get("traceback")) for event in run.events)
    output = next(event for event in run.events if event.kind == "output")
    assert output.message == "these outputs were read back as off: source_meter"
    assert output.data == {"source_meter": False}


@pytest.mark.parametrize("fail", [1, 2, 3])
def test_outputs_are_tried_again_over_new_connections(tmp_path: Path, fail: int) -> None:
    bench = FakeBench(fail)
    outcome = run_on(bench, Sweep(), tmp_path)  # type: ignore[arg-type]
    assert outcome.safe and outcome.exit_code == 0 and "reopen" in bench.calls


def test_outputs_that_cannot_be_read_back_are_said_to_be_unknown(tmp_path: Path) -> None:
    told: list[RunEvent] = []
    outcome = run_on(FakeBench(99), Sweep(), tmp_path, events=told.append)  # type: ignore[arg-type]
    assert not outcome.safe and outcome.exit_code == 1 and outcome.outputs == {"source_meter": None}
    assert outcome.status == "fail" and "the state of the outputs is unknown" in outcome.reason
    (message,) = [event.message for event in told if event.kind == "output"]
    assert message == "the state of the outputs is unknown (source_meter). Check the panel. source_meter gave no reply"


class Forgetful(FakeBench):
    """A bench on which an instrument restarts while the run goes on."""

    def __init__(self, since: int) -> None:
        super().__init__()
        self.since, self.looks = since, 0

    def restarted(self) -> list[str]:
        self.looks += 1
        return ["source_meter (fake)"] if self.looks >= self.since else []


@pytest.mark.parametrize(("since", "when"), [(1, "after the bench was opened"), (3, "after 2.000 s on the bench's")])
def test_an_instrument_that_restarted_ends_the_run_in_one_line(since: int, when: str, tmp_path: Path) -> None:
    bench = Forgetful(since)
    outcome = run_on(bench, Sweep(pace=1.0), tmp_path, extract=False)  # type: ignore[arg-type]
    assert outcome.status == "fail" and outcome.safe and outcome.line == outcome.reason and "\n" not in outcome.line
    assert outcome.line.startswith("source_meter (fake) was switched off and on") and when in outcome.line
    assert "Check the mains and measure again" in outcome.line
    assert outcome.path is not None and len(read_run(outcome.path).points) == since  # it did not go on


def test_the_line_of_a_good_run_is_its_last_remark(bench: FakeBench, tmp_path: Path) -> None:
    assert run_on(bench, Sweep(), tmp_path, extract=False).line == ""  # type: ignore[arg-type]
    remarks = ("odd. Check it", "odder. Check that")
    outcome = run_on(bench, Sweep(remarks=remarks), tmp_path, extract=False)  # type: ignore[arg-type]
    assert outcome.status == "success" and outcome.line == "odder. Check that (and 1 more remark in the run file)"


def test_a_refused_plan_sends_nothing(bench: FakeBench, tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="too much"):
        run_on(bench, Sweep(refusal="too much"), tmp_path)  # type: ignore[arg-type]
    assert bench.calls == [] and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("volts", "rating", "said"), [
    (41.0, 42.0, ""), (50.0, 42.0, "sweep: the voltage at the terminals may reach 50 V, and more than 42 V is"),
    (50.0, 200.0, ""), (250.0, 200.0, "may reach 250 V, but the rating of fixture and cable is 200 V")])
def test_a_plan_with_a_dangerous_voltage_is_refused_unless_the_bench_is_made_for_it(
    volts: float, rating: float, said: str, bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    bench.rating = rating
    worst = (PlanItem("current", 99.0, "A"), PlanItem("voltage", volts, "V"))
    monkeypatch.setattr(Sweep, "plan", lambda self, station: Plan(5, 5, 1.0, 1000, worst))
    if not said:
        assert run_on(bench, Sweep(), tmp_path).status == "success"  # type: ignore[arg-type]
        return
    with pytest.raises(LimitError, match=said):
        run_on(bench, Sweep(), tmp_path)  # type: ignore[arg-type]
    assert bench.calls == [] and list(tmp_path.iterdir()) == []


def test_a_missing_role_sends_nothing(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sweep, "roles", ("scope",))
    with pytest.raises(ConfigurationError, match="no role 'scope'"):
        run_on(bench, Sweep(), tmp_path)  # type: ignore[arg-type]


def test_an_extractor_that_fails_loses_nothing(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(run: object, **_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(tsbench.extraction, "extract", fails)
    outcome = run_on(bench, Sweep(), tmp_path)  # type: ignore[arg-type]
    assert outcome.status == "success" and outcome.path is not None
    assert any(
        "no numbers were extracted: ZeroDivisionError: oh" in event.message for event in read_run(outcome.path).events
    )


def test_a_full_disk_ends_the_run_safe_and_recover_finishes_it(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tsbench.storage import recorder

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as patch:
        hooked(patch, lambda _: patch.setattr(recorder.JournalWriter, "_append", full))
        outcome = run_on(bench, Sweep(at=3), tmp_path)  # type: ignore[arg-type]
    assert outcome.status == "fail" and "disk is full" in outcome.reason and outcome.safe and not bench.on
    assert outcome.path is not None and outcome.path.suffix == ".tsj"
    (made,) = recover(tmp_path)
    assert len(read_run(made).points) == 3


def test_a_run_that_a_crash_left_is_told_at_the_next(bench: FakeBench, tmp_path: Path) -> None:
    first = run_on(bench, Sweep(), tmp_path)  # type: ignore[arg-type]
    run = read_run(first.path or "")
    left = RunRecorder(tmp_path, dataclasses.replace(run.header, run_id="crashed"))
    left.close()
    told: list[RunEvent] = []
    run_on(bench, Sweep(), tmp_path, events=told.append)  # type: ignore[arg-type]
    assert any("crashed.tsj: this run is unfinished" in event.message for event in told if event.kind == "warning")
    assert [path.name for path in recover(tmp_path)] == ["crashed.nxs"]


def test_what_cannot_be_stored_is_refused_before_anything_is_sent(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        run_on(bench, Sweep(), tmp_path / "file" / "out")  # type: ignore[arg-type]
    assert bench.calls == []


def test_a_misspelt_option_is_told_before_the_bench_is_opened(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match=r"no option 'extrakt'. Did you mean 'extract'"):
        run_protocol(tmp_path / "no.bench.toml", "D1", IVSweep(), tmp_path, extrakt=False)  # type: ignore[call-arg]


def test_a_protocol_may_be_named_and_another_thing_is_refused_before_the_bench_is_opened(tmp_path: Path) -> None:
    bench = tmp_path / "no.bench.toml"
    with pytest.raises(ConfigurationError, match=r"no\.bench\.toml"):  # the name was understood
        run_protocol(bench, "D1", "iv_sweep", tmp_path)
    with pytest.raises(ConfigurationError, match=r"unknown protocol 'iv_swep'. Did you mean 'iv_sweep'"):
        run_protocol(bench, "D1", "iv_swep", tmp_path)
    with pytest.raises(TypeError, match=r"^run_protocol takes a protocol, such as IVSweep\(\), or its name, but "):
        run_protocol(bench, "D1", IVSweep, tmp_path)  # type: ignore[arg-type]


def test_a_run_whose_folder_is_deleted_ends_safe_and_keeps_its_points(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[RunEvent] = []
    hooked(monkeypatch, lambda _: shutil.rmtree(tmp_path / "out"))
    outcome = run_on(bench, Sweep(at=3), tmp_path / "out", events=told.append)  # type: ignore[arg-type]
    acknowledged = sum(event.kind == "point" for event in told)
    assert outcome.status == "fail" and outcome.safe and not bench.on and acknowledged == 3
    assert "its folder was deleted or renamed" in outcome.reason and "written again to" in outcome.reason
    assert outcome.path is not None and inspect(outcome.path) == []
    assert len(read_run(outcome.path).points) >= acknowledged


def test_a_folder_deleted_when_all_was_measured_costs_nothing(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tsbench.extraction, "extract", lambda run, **_: shutil.rmtree(tmp_path / "out") or ())
    outcome = run_on(bench, Sweep(), tmp_path / "out")  # type: ignore[arg-type]
    assert outcome.status == "success" and outcome.path is not None and inspect(outcome.path) == []
    run = read_run(outcome.path)
    assert len(run.points) == 5 and "written again to" in run.events[-1].message


def test_a_short_is_told_by_the_first_readings(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = (Column("device_voltage", "V"), Column("current", "A"))
    monkeypatch.setattr(Sweep, "columns", columns)
    monkeypatch.setattr(Sweep, "reading", staticmethod(lambda number: (2e-3 * number, 1e-3 * number)))
    told: list[RunEvent] = []
    outcome = run_on(bench, Sweep(points=50), tmp_path, events=told.append)  # type: ignore[arg-type]
    expected = "after the first readings of the run, the device looks short (2 Ohm"
    (place,) = [number for number, event in enumerate(told) if expected in event.message]
    assert sum(event.kind == "point" for event in told[:place]) == 6
    assert outcome.contact is Flag.SHORT and outcome.status == "success"


def test_a_report_without_outputs_is_not_safe() -> None:
    assert not OutputReport({}).safe
    assert OutputReport({"meter": False}).safe
    assert not OutputReport({"meter": False, "generator.1": None}).safe
    assert "unknown (generator.1). Check the panel" in OutputReport({"meter": False, "generator.1": None}).message

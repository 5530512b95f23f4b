"""The runner ends safe and keeps the data, whatever a protocol, an instrument or an operator does."""

import dataclasses
import io
import json
import os
import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import tsbench.bench
import tsbench.extraction
import tsbench.protocols
from tsbench.errors import CommunicationError, ConfigurationError, LimitError, StorageError
from tsbench.instruments import OutputState, Plan
from tsbench.protocols import Protocol
from tsbench.records import Column, DeviceDescription, Fixture, Flag, Point, RunEvent, Step, Waveform
from tsbench.runner import Control, JsonLinesEvents, StdinControl, run_list, run_on
from tsbench.storage import read_run, recover
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.validation import inspect


class FakeClock:
    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, seconds: float) -> None:
        self.time += seconds


class FakeBench:
    """A bench of one output; ``fail`` counts down the attempts to make safe that fail."""

    def __init__(self, fail: int = 0) -> None:
        self.clock = FakeClock()
        self.device = DeviceDescription("D1")
        self.fixture = Fixture("R1 a 0 50")
        self.on = False
        self.fail = fail
        self.calls: list[str] = []
        self.problems: list[str] = []

    def has(self, role: str) -> bool:
        return role == "drive"

    def describe(self) -> Mapping[str, Mapping[str, Any]]:
        return {"source_meter": {"serial": "SIM1", "simulated": True, "settings": {"calls": len(self.calls)}}}

    def _off(self, call: str) -> Sequence[OutputState]:
        self.calls.append(call)
        if self.fail > 0:
            self.fail -= 1
            self.problems = ["source_meter gave no reply"]
            return [OutputState("source_meter", True)]
        self.on = False
        self.problems = []
        return [OutputState("source_meter", False)]

    def make_safe(self) -> Sequence[OutputState]:
        return self._off("make_safe")

    def close(self) -> None:
        self.calls.append("close")

    def reopen_and_make_safe(self) -> Sequence[OutputState]:
        return self._off("reopen")


class Sweep(Protocol):
    """Five points and a waveform; ``trouble`` is raised at ``at``."""

    name: ClassVar[str] = "sweep"
    title: ClassVar[str] = "Sweep"
    analyses: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[tuple[Column, ...]] = (Column("voltage", "V"), Column("current", "A"))
    roles: ClassVar[tuple[str, ...]] = ("drive",)
    at: int = -1
    refusal: str = ""
    points: int = 5
    pace: float = 0.1
    remarks: tuple[str, ...] = ()
    hook: ClassVar[Any] = None

    def plan(self, station: Any) -> Plan:
        return Plan(
            self.points, 5, 1.0, 1000, refusals=(self.refusal,) if self.refusal else (), warnings=("careful",)
        )

    def run(self, station: Any, recorder: Any) -> Iterator[Step]:
        station.on = True
        if type(self).hook and self.at == -2:
            type(self).hook(0)
        yield Step(0, 5, "on", idle=True)
        for number in range(self.points):
            if number == self.at and type(self).hook:
                type(self).hook(number)
            station.clock.wait(self.pace)
            recorder.point(Point((0.1 * number, 1e-6 * number), Flag.NONE))
            yield Step(number + 1, 5, f"{number}", idle=True)
        recorder.waveform(
            Waveform("v", "V", np.arange(2000, dtype=np.int16)[None], 1e-3, 0.0, 0.0, 1e-9, np.zeros(1))
        )
        for remark in self.remarks:
            recorder.event(RunEvent("warning", remark, station.clock.now()))
        station.on = False
        yield Step(5, 5, "off", idle=True)


@pytest.fixture
def bench() -> FakeBench:
    return FakeBench()


@pytest.fixture(autouse=True)
def no_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsbench.extraction, "extract", lambda run: ())


def hooked(monkeypatch: pytest.MonkeyPatch, hook: Any) -> None:
    monkeypatch.setattr(Sweep, "hook", staticmethod(hook))


def raising(error: BaseException) -> Any:
    def hook(_: int) -> None:
        raise error

    return hook


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


@pytest.mark.parametrize("at", [-2, 0, 2, 4])
@pytest.mark.parametrize(
    ("error", "status", "code", "first"),
    [
        (RuntimeError("a bug"), "fail", 1, "make_safe"),
        (LimitError("beyond"), "fail", 3, "make_safe"),
        (CommunicationError("source_meter gave no reply"), "fail", 1, "reopen"),
        (KeyboardInterrupt(), "abort", 130, "make_safe"),
        (SystemExit(1), "abort", 130, "make_safe"),
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
    if isinstance(error, RuntimeError):
        assert run.reason == "RuntimeError: a bug"
        assert any("Traceback" in str(event.data.get("traceback")) for event in run.events)
    output = next(event for event in run.events if event.kind == "output")
    assert output.message == "outputs read back off: source_meter" and output.data == {"source_meter": False}


@pytest.mark.parametrize("fail", [1, 2, 3])
def test_outputs_are_tried_again_over_new_connections(tmp_path: Path, fail: int) -> None:
    bench = FakeBench(fail)
    outcome = run_on(bench, Sweep(), tmp_path)  # type: ignore[arg-type]
    assert outcome.safe and outcome.exit_code == 0 and "reopen" in bench.calls


def test_outputs_that_cannot_be_read_back_are_said_to_be_unknown(tmp_path: Path) -> None:
    told: list[RunEvent] = []
    outcome = run_on(FakeBench(99), Sweep(), tmp_path, events=told.append)  # type: ignore[arg-type]
    assert not outcome.safe and outcome.exit_code == 1 and outcome.outputs == {"source_meter": None}
    assert outcome.status == "fail" and "outputs: unknown, check the panel" in outcome.reason
    (message,) = [event.message for event in told if event.kind == "output"]
    assert message == "outputs: unknown, check the panel (source_meter); source_meter gave no reply"


class Forgetful(FakeBench):
    """A bench on which an instrument restarts while the run goes on."""

    def __init__(self, since: int) -> None:
        super().__init__()
        self.since, self.looks = since, 0

    def restarted(self) -> list[str]:
        self.looks += 1
        return ["source_meter (fake)"] if self.looks >= self.since else []


@pytest.mark.parametrize(("since", "when"), [(1, "since the bench was opened"), (3, "after 2.000 s on the bench's")])
def test_an_instrument_that_restarted_ends_the_run_in_one_line(since: int, when: str, tmp_path: Path) -> None:
    bench = Forgetful(since)
    outcome = run_on(bench, Sweep(pace=1.0), tmp_path, extract=False)  # type: ignore[arg-type]
    assert outcome.status == "fail" and outcome.safe and outcome.line == outcome.reason and "\n" not in outcome.line
    assert outcome.line.startswith("source_meter (fake): switched off and on") and when in outcome.line
    assert "check the mains and measure again" in outcome.line
    assert outcome.path is not None and len(read_run(outcome.path).points) == since  # it did not go on


def test_the_line_of_a_good_run_is_its_last_remark(bench: FakeBench, tmp_path: Path) -> None:
    assert run_on(bench, Sweep(), tmp_path, extract=False).line == ""  # type: ignore[arg-type]
    remarks = ("odd; check it", "odder; check that")
    outcome = run_on(bench, Sweep(remarks=remarks), tmp_path, extract=False)  # type: ignore[arg-type]
    assert outcome.status == "success" and outcome.line == "odder; check that (and 1 more remark in the run file)"


def test_a_refused_plan_sends_nothing(bench: FakeBench, tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="too much"):
        run_on(bench, Sweep(refusal="too much"), tmp_path)  # type: ignore[arg-type]
    assert bench.calls == [] and list(tmp_path.iterdir()) == []


def test_a_missing_role_sends_nothing(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sweep, "roles", ("scope",))
    with pytest.raises(ConfigurationError, match="no role 'scope'"):
        run_on(bench, Sweep(), tmp_path)  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["stop", "emergency"])
def test_stop_is_heard_at_the_next_step(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    control = Control()
    hooked(monkeypatch, lambda _: getattr(control, word)())
    outcome = run_on(bench, Sweep(at=2), tmp_path, control=control)  # type: ignore[arg-type]
    assert (outcome.status, outcome.exit_code, bench.on) == ("abort", 130, False)
    assert outcome.path is not None and len(read_run(outcome.path).points) == 3
    assert ("emergency" in outcome.reason) == (word == "emergency")


def test_pause_holds_at_a_place_of_rest_until_resumed(bench: FakeBench, tmp_path: Path) -> None:
    control, states = Control(), []
    control.pause()

    def follow(event: RunEvent) -> None:
        if event.data.get("state") == "paused":
            states.append(event.message)
            threading.Timer(0.1, control.resume).start()

    began = time.monotonic()
    outcome = run_on(bench, Sweep(), tmp_path, events=follow, control=control)  # type: ignore[arg-type]
    assert outcome.status == "success" and states == ["paused"] and time.monotonic() - began >= 0.1


def test_a_paused_run_can_be_stopped(bench: FakeBench, tmp_path: Path) -> None:
    control = Control()
    control.pause()
    threading.Timer(0.1, control.stop).start()
    outcome = run_on(bench, Sweep(), tmp_path, control=control)  # type: ignore[arg-type]
    assert outcome.status == "abort"


@pytest.mark.skipif(
    not hasattr(signal, "SIGTERM") or os.name == "nt", reason="Windows sends no SIGTERM to itself"
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_the_run_at_the_next_step(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = signal.getsignal(number)
    hooked(monkeypatch, lambda _: os.kill(os.getpid(), number))
    outcome = run_on(bench, Sweep(at=1), tmp_path)  # type: ignore[arg-type]
    assert outcome.status == "abort" and "SIG" in outcome.reason and not bench.on
    assert signal.getsignal(number) is before


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals to itself")
def test_a_second_ctrl_c_breaks_into_a_step_that_does_not_end(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(_: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(60)

    hooked(monkeypatch, endless)
    began = time.monotonic()
    outcome = run_on(bench, Sweep(at=1), tmp_path)  # type: ignore[arg-type]
    assert outcome.status == "abort" and time.monotonic() - began < 30 and not bench.on


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no signals to itself")
def test_ctrl_c_while_making_safe_skips_nothing(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_safe = FakeBench.make_safe

    def interrupted(self: FakeBench) -> Sequence[OutputState]:
        for _ in range(5):
            os.kill(os.getpid(), signal.SIGINT)
        return make_safe(self)

    monkeypatch.setattr(FakeBench, "make_safe", interrupted)
    outcome = run_on(bench, Sweep(), tmp_path)  # type: ignore[arg-type]
    assert outcome.status == "success" and outcome.safe and not bench.on
    assert outcome.path is not None and inspect(outcome.path) == []


def test_an_extractor_that_fails_loses_nothing(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tsbench.extraction, "extract", raising(ZeroDivisionError("oh")))
    outcome = run_on(bench, Sweep(), tmp_path)  # type: ignore[arg-type]
    assert outcome.status == "success" and outcome.path is not None
    assert any(
        "nothing extracted: ZeroDivisionError: oh" in event.message for event in read_run(outcome.path).events
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
    assert any("crashed.tsj: an unfinished run" in event.message for event in told if event.kind == "warning")
    assert [path.name for path in recover(tmp_path)] == ["crashed.nxs"]


def test_a_listener_that_fails_does_not_end_the_run(bench: FakeBench, tmp_path: Path) -> None:
    outcome = run_on(bench, Sweep(), tmp_path, events=raising(BrokenPipeError()))  # type: ignore[arg-type]
    assert outcome.status == "success"


def test_events_as_json_lines(bench: FakeBench, tmp_path: Path) -> None:
    stream = io.StringIO()
    run_on(bench, Sweep(), tmp_path, events=JsonLinesEvents(stream))  # type: ignore[arg-type]
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert lines[0]["kind"] == "state" and lines[-1]["data"]["state"] == "done"
    assert set(lines[0]) == {"kind", "message", "time", "data"}
    stream = io.StringIO()
    events = JsonLinesEvents(stream)
    events(RunEvent("point", "", 0.0, {"values": [float("nan"), 1.0]}))
    events.flush()
    assert json.loads(stream.getvalue())["data"]["values"] == [None, 1.0]


def test_a_reader_that_went_away_is_no_reason_to_stop(bench: FakeBench, tmp_path: Path) -> None:
    stream = io.StringIO()
    stream.close()
    outcome = run_on(bench, Sweep(), tmp_path, events=JsonLinesEvents(stream))  # type: ignore[arg-type]
    assert outcome.status == "success"


@pytest.mark.skipif(os.name == "nt", reason="the size of a pipe is bounded here as on POSIX")
def test_a_reader_that_hangs_holds_up_no_measurement(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JsonLinesEvents.flush, "__defaults__", (0.1,))
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as stream:
        os.write(writing, b" " * 60_000)  # the pipe is all but full, and nobody reads
        events = JsonLinesEvents(stream)
        for _ in range(20):
            events(RunEvent("log", "x" * 1000, 0.0))
        outcome = run_on(bench, Sweep(), tmp_path, events=events)  # type: ignore[arg-type]
        assert outcome.status == "success" and not bench.on
        os.close(reading)
        events.flush(5.0)  # until the writer has noticed


def test_words_on_standard_input(capsys: pytest.CaptureFixture[str]) -> None:
    control = StdinControl(io.StringIO("pause\nnonsense\n"))
    control._thread.join(5)
    assert control.paused and control.stopped is None and "no control word" in capsys.readouterr().err
    control = StdinControl(io.StringIO("pause\nresume\nstop\nemergency\n"))
    control._thread.join(5)
    assert not control.paused and control.stopped == "stopped by the operator"


def test_what_cannot_be_stored_is_refused_before_anything_is_sent(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        run_on(bench, Sweep(), tmp_path / "file" / "out")  # type: ignore[arg-type]
    assert bench.calls == []


# ---------------------------------------------------------------------------------------- lists of protocols


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeBench]:
    """Benches opened by ``run_list``, which knows the protocol "sweep" here."""
    benches: list[FakeBench] = []

    def open_bench(path: Path, device: str) -> FakeBench:
        bench = FakeBench()
        bench.device = DeviceDescription(device)
        benches.append(bench)
        return bench

    monkeypatch.setattr(tsbench.bench.Bench, "open", open_bench)
    monkeypatch.setitem(tsbench.protocols.PROTOCOLS, "sweep", Sweep)
    return benches


def listed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.toml"
    path.write_text('bench = "b.toml"\ndevice = "D1"\n' + text)
    return path


ONE = '[[protocol]]\nname = "sweep"\n'
SWEEPS = f'{ONE}{ONE}points = 3\n{ONE}device = "D2"\n'


def test_a_list_keeps_the_bench_open_for_one_device(tmp_path: Path, opened: list[FakeBench]) -> None:
    outcomes = run_list(listed(tmp_path, SWEEPS), tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["success"] * 3
    assert [bench.device.identifier for bench in opened] == ["D1", "D2"] and opened[0].calls[-1] == "close"
    assert [len(read_run(outcome.path).points) for outcome in outcomes if outcome.path] == [5, 3, 5]
    assert read_run(outcomes[1].path or "").reason == "the protocol ended with 3 of 5 points"


def test_a_dry_run_only_tells_the_plans(tmp_path: Path, opened: list[FakeBench]) -> None:
    told: list[RunEvent] = []
    assert run_list(listed(tmp_path, SWEEPS), tmp_path / "out", events=told.append, dry_run=True) == []
    assert len(told) == 3 and "sweep on D2: 5 points" in told[2].message
    assert not (tmp_path / "out").exists() and not any(bench.on for bench in opened)


def test_resume_leaves_out_what_is_done(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, control = listed(tmp_path, SWEEPS), Control()
    calls: list[int] = []

    def stop_in_the_second(_: int) -> None:
        calls.append(1)
        if len(calls) == 2:
            control.stop()

    hooked(monkeypatch, stop_in_the_second)
    text = SWEEPS.replace('name = "sweep"', 'name = "sweep"\nat = 0')
    path.write_text('bench = "b.toml"\ndevice = "D1"\n' + text)
    first = run_list(path, tmp_path / "out", control=control)
    assert [outcome.status for outcome in first] == ["success", "abort"]  # a stop ends the list
    second = run_list(path, tmp_path / "out", resume=True)
    assert [(outcome.device, outcome.status) for outcome in second] == [("D1", "success"), ("D2", "success")]
    assert run_list(path, tmp_path / "out", resume=True) == []


def test_outputs_that_are_not_off_end_the_list(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBench, "_off", lambda self, call: [OutputState("source_meter", True)])
    outcomes = run_list(listed(tmp_path, SWEEPS), tmp_path / "out")
    assert len(outcomes) == 1 and not outcomes[0].safe


def test_a_refusal_in_a_list_sends_nothing(tmp_path: Path, opened: list[FakeBench]) -> None:
    text = '[[protocol]]\nname = "sweep"\n[[protocol]]\nname = "sweep"\nrefusal = "too much"\n'
    with pytest.raises(LimitError, match="too much"):
        run_list(listed(tmp_path, text), tmp_path / "out")
    assert not (tmp_path / "out").exists() and opened[0].calls == ["close"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", r"no \[\[protocol\]\]"),
        ("x = 1", "unknown key 'x'"),
        ("devise = 1", "did you mean 'device'"),
        ("[[protocol]]", "protocol 1: no name"),
        ("[[protocol]]\nname = 'sweeep'", "did you mean 'sweep'"),
        ("[[protocol]]\nname = 'sweep'\npoints = 'x'", "protocol 1: sweep: points"),
        ("[[protocol]]\nname = 'sweep'\npionts = 1", "did you mean 'points'"),
        ("protocol = [1]", "protocol 1: not a table"),
        ("[[protocol", "not TOML"),
    ],
)
def test_a_wrong_list_gets_one_clear_line(
    tmp_path: Path, opened: list[FakeBench], text: str, expected: str
) -> None:
    path = listed(tmp_path, text)
    with pytest.raises(ConfigurationError, match=expected) as caught:
        run_list(path, tmp_path / "out")
    assert "\n" not in str(caught.value) and str(path) in str(caught.value) and opened == []


def test_what_is_no_list_gets_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "random.toml").write_bytes(bytes(range(256)))
    for path in (tmp_path / "none.toml", tmp_path, tmp_path / "random.toml"):
        with pytest.raises(ConfigurationError):
            run_list(path, tmp_path / "out")

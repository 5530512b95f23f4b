"""The measuring side of the watchdog: what it is told, when the run is stopped for its sake, how it is let go."""

import json
import math
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tsbench.station.protection.watched as module
from tests.fixtures.patience import wait_until
from tsbench.errors import ConfigurationError, InstrumentError
from tsbench.instruments.links.call_stack import EXCHANGE, LongCall
from tsbench.instruments.links.liveness import UNWATCHED
from tsbench.station.protection.control import EndsAtOnce
from tsbench.station.protection.protecting import Standby
from tsbench.station.protection.watched import (
    NoWatch,
    StandingWatchdog,
    Watch,
    WatchedRecorder,
    needs_watchdog,
    watched,
)
from tsbench.station.runner import Control
from tsbench.station.runner.outcome import RunOutcome


class Process:
    """The watchdog's process: its answers are put into ``answers``, ``b""`` ends it."""

    pid = 4711

    def __init__(self, *answers: bytes, ends: bool = True, code: int | None = None) -> None:
        self.told: list[dict[str, Any]] = []
        self.answers: queue.Queue[bytes] = queue.Queue()
        for answer in answers:
            self.answers.put(answer)
        self.calls: list[str] = []
        self._ends, self._code = ends, code
        self.stdin = SimpleNamespace(write=self._hear, close=lambda: self.calls.append("close stdin"))
        self.stdout = SimpleNamespace(readline=self.answers.get, close=lambda: self.calls.append("close stdout"))

    def _hear(self, line: bytes) -> None:
        assert line.endswith(b"\n")
        self.told.append(json.loads(line))

    def poll(self) -> int | None:
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        if timeout is not None and not self._ends:
            raise subprocess.TimeoutExpired("watchdog", timeout)
        self.answers.put(b"")
        return 0

    def kill(self) -> None:
        self.calls.append("kill")


class Bench:
    """A bench whose outputs outlive this process."""

    outlives_process = True

    def __init__(self, interval: float = 0.01, deadline: float = 500.0, enabled: bool = True) -> None:
        self.order = {"enabled": enabled, "interval": interval, "deadline": deadline, "instruments": {"meter": {}}}
        self.liveness: Any = UNWATCHED

    def watchdog_order(self) -> dict[str, Any]:
        return self.order

    def report_to(self, liveness: Any) -> None:
        self.liveness = liveness


def begun(monkeypatch: pytest.MonkeyPatch, process: Process, bench: Bench) -> tuple[Watch, Control]:
    monkeypatch.setattr(module, "_start", lambda: process)
    control = Control()
    watch = Watch(bench, control)
    watch.begin("RUN1", Path("events.json"))
    return watch, control


def test_it_is_told_the_order_then_how_long_until_the_next_sign_and_at_last_farewell(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    process, bench = Process(b"ready\n"), Bench()
    watch, control = begun(monkeypatch, process, bench)
    order = process.told[0]
    assert (order["process"], order["run"], order["deadline"]) == (os.getpid(), "RUN1", 500.0)
    assert order["events"] == str(Path("events.json").absolute()) and order["instruments"] == {"meter": {}}
    assert {"due": 500.0} in process.told and bench.liveness is watch and watch.process_id == 4711
    watch.waiting(6000.0)
    wait_until(lambda: 6000.0 < (process.told[-1]["due"] or 0.0) <= 6500.0)
    watch.beat()
    wait_until(lambda: 0.0 < (process.told[-1]["due"] or 0.0) <= 500.0)
    watch.farewell()
    assert process.told[-1] == {"farewell": True} and bench.liveness is UNWATCHED
    told = len(process.told)
    watch.farewell()
    assert len(process.told) == told and process.calls == ["close stdin", "close stdout"]
    assert control.stopped is None


@pytest.mark.parametrize("inside", [True, False])
def test_a_call_has_its_time_only_inside_it(monkeypatch: pytest.MonkeyPatch, inside: bool) -> None:
    monkeypatch.setattr(LongCall, "contains", lambda call, frame: inside)
    process = Process(b"ready\n")
    watch, _ = begun(monkeypatch, process, Bench(deadline=500.0))
    watch.calling(6000.0, EXCHANGE)
    told = len(process.told)
    wait_until(lambda: len(process.told) > told + 2)
    low, high = (6000.0, 6500.0) if inside else (0.0, 500.0)
    assert low < process.told[-1]["due"] <= high
    watch.waiting(6000.0)  # the call is over, and something else takes its time
    told = len(process.told)
    wait_until(lambda: len(process.told) > told + 2)
    assert process.told[-1]["due"] > 6000.0
    watch.farewell()


def test_only_a_stay_outside_without_a_break_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = iter([False, False, True, False, False])
    monkeypatch.setattr(LongCall, "contains", lambda call, frame: next(looks))
    call = module.CallInProgress(EXCHANGE, threading.get_ident())
    assert [call.outside(now) for now in (1.0, 2.0, 3.0, 3.2, 4.0)] == [1.0, 1.0, math.inf, 3.2, 3.2]


def test_a_record_has_the_time_of_the_disk_inside_the_storage_only(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[Any] = []
    liveness = SimpleNamespace(calling=lambda longest, call: heard.append(call), beat=lambda: None)

    def keep(point: Any) -> None:
        heard.append(heard[-1].contains(sys._getframe()))  # this module is no part of the storage
        heard.append(heard[0].contains(sys._getframe(1)))

    WatchedRecorder(SimpleNamespace(point=keep), liveness).point(None)  # type: ignore[arg-type]
    assert heard[1:] == [False, True]


def test_before_the_run_begins_it_is_told_no_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process()
    monkeypatch.setattr(module, "_start", lambda: process)
    watch = Watch(Bench(), Control())
    watch._threads[0].start()
    wait_until(lambda: process.told)
    watch.farewell()
    assert process.told[0] == {"due": None}


def test_one_that_does_not_leave_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(b"ready\n", ends=False)
    watch, _ = begun(monkeypatch, process, Bench())
    watch.farewell()
    assert process.calls[0] == "kill"


def test_one_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="the watchdog did not start"):
        begun(monkeypatch, Process(code=1), Bench())
    monkeypatch.setattr(module, "_STARTING", -1.0)
    with pytest.raises(ConfigurationError, match="the watchdog did not start"):
        begun(monkeypatch, Process(), Bench())


def test_the_end_of_it_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(b"ready\n")
    watch, control = begun(monkeypatch, process, Bench())
    process.answers.put(b"heard\n")
    assert control.stopped is None
    process.answers.put(b"")
    wait_until(lambda: control.stopped)
    assert "(process 4711) has ended" in str(control.stopped)
    watch.farewell()


def test_one_that_does_not_answer_stops_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(b"ready\n")
    monkeypatch.setattr(module, "_DEAF", 0.05)
    watch, control = begun(monkeypatch, process, Bench())
    wait_until(lambda: control.stopped)
    assert "has not answered" in str(control.stopped)
    watch.farewell()


@pytest.mark.parametrize(("bench", "wanted", "needed"), [
    (Bench(), True, True), (Bench(), False, False), (Bench(enabled=False), True, False), (object(), True, False),
])
def test_it_runs_where_outputs_outlive_this_process_and_it_is_wanted(
    monkeypatch: pytest.MonkeyPatch, bench: Any, wanted: bool, needed: bool
) -> None:
    process = Process(b"ready\n")
    monkeypatch.setattr(module, "_start", lambda: process)
    with watched(bench, Control(), wanted) as watch:
        assert isinstance(watch, Watch) is needed and isinstance(watch, NoWatch)
    assert (process.told == [{"farewell": True}]) is needed


def test_only_a_bench_that_outlives_this_process_needs_it() -> None:
    bench = Bench()
    assert needs_watchdog(bench) and not needs_watchdog(object())
    bench.outlives_process = False
    assert not needs_watchdog(bench)


def test_while_the_outputs_are_off_silence_is_no_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(b"ready\n")
    watch, _ = begun(monkeypatch, process, Bench(interval=100.0))
    with watch.resting():
        watch.beat()
        watch.waiting(5.0)
        assert process.told[-1] == {"due": None} and watch._due == float("inf")
    assert watch._due < float("inf")
    watch.farewell()


def test_where_it_is_not_wanted_the_bench_starts_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    with watched(bench, Control(), False):
        Standby(bench).begin(bench.liveness)   # would start a process
        assert isinstance(bench.liveness, NoWatch)
    assert bench.liveness is UNWATCHED
    Standby(Bench(enabled=False)).begin(UNWATCHED)


def test_the_watchdog_of_a_script_hears_only_of_its_death_and_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Process] = []

    def start() -> Process:
        started.append(Process(b"ready\n"))
        return started[-1]

    monkeypatch.setattr(module, "_start", start)
    bench = Bench()
    standby = Standby(bench)
    standby.begin(UNWATCHED)
    standby.begin(UNWATCHED)
    order, = started[0].told[:1]
    assert len(started) == 1 and (order["run"], order["events"]) == ("script", "") and bench.liveness is UNWATCHED
    wait_until(lambda: {"due": None} in started[0].told)
    started[0].answers.put(b"")
    wait_until(lambda: standby._control.stopped)
    standby.begin(UNWATCHED)
    assert len(started) == 2
    standby.end()
    standby.end()
    assert started[1].told[-1] == {"farewell": True}


def test_a_watchdog_that_is_gone_ends_what_is_no_run() -> None:
    interrupts = EndsAtOnce("the fixture check")
    interrupts.look()
    interrupts.control.stop("the watchdog (process 1) has ended")
    with pytest.raises(InstrumentError, match=r"the fixture check ends early: the watchdog \(process 1\) has ended"):
        interrupts.look()


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGTERM to itself")
def test_an_interrupt_that_was_swallowed_is_not_forgotten() -> None:
    interrupts = EndsAtOnce("the fixture check")
    with interrupts.installed():
        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)   # breaks into nothing
        with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
            interrupts.look()


def test_each_record_may_take_the_disk_its_time() -> None:
    signs: list[Any] = []
    kept: list[Any] = []
    recorder: Any = SimpleNamespace(
        point=kept.append, waveform=kept.append, event=kept.append, settle=lambda: kept.append("settled"))
    liveness: Any = SimpleNamespace(
        calling=lambda longest, call: signs.append(longest), beat=lambda: signs.append("beat"))
    allowed = WatchedRecorder(recorder, liveness)
    allowed.point("a point")  # type: ignore[arg-type]
    allowed.waveform("a waveform")  # type: ignore[arg-type]
    allowed.event("an event")  # type: ignore[arg-type]
    allowed.settle()
    assert kept == ["a point", "a waveform", "an event", "settled"] and signs == 4 * [5.0, "beat"]


def test_what_a_run_came_to_in_one_line_and_one_number() -> None:
    def outcome(status: str, **more: Any) -> RunOutcome:
        return RunOutcome(None, status, more.pop("reason", ""), **more)

    assert outcome("success", reason="short").line == "short"
    assert outcome("success", remarks=("a",)).line == "a"
    assert outcome("success", reason="short", remarks=("a", "b")).line == "short. b (and 1 more remark in the run file)"
    assert outcome("success", remarks=("a", "b", "c")).line == "c (and 2 more remarks in the run file)"
    assert outcome("fail", reason="broken", remarks=("a", "b")).line == "broken"
    codes = [outcome(status, error_code=code).exit_code for status, code in (
        ("success", 3), ("abort", 3), ("refused", 2), ("left out", 1), ("fail", 3), ("fail", 4))]
    assert codes == [0, 130, 2, 1, 3, 1]
    assert outcome("success", outputs={"a": False}).safe and not outcome("success").safe
    assert not outcome("success", outputs={"a": False, "b": None}).safe
    row = outcome("left out", reason="why", device="D1", protocol="sweep").entry_row()
    assert (row["quantity"], row["flags"], row["status"], row["reason"], row["value"]) == (
        "run", ["left out"], "left out", "why", None)


class Staying(Process):
    """A watchdog that rests after a run and gets ready for the next."""

    def _hear(self, line: bytes) -> None:
        super()._hear(line)
        if "process" in self.told[-1]:
            self.answers.put(b"ready\n")
        if self.told[-1].get("stay"):
            self.answers.put(b"rests\n")


def test_one_watchdog_serves_one_run_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    started = [first := Staying(), second := Staying()]
    monkeypatch.setattr(module, "_start", lambda: started.pop(0))
    standing, bench = StandingWatchdog(), Bench()
    for _ in range(2):
        watch = Watch(bench, Control(), standing=standing)
        watch.begin("RUN", None)
        assert bench.liveness is watch
        watch.farewell()
        assert first.told[-1] == {"farewell": True, "stay": True} and bench.liveness is UNWATCHED
    Watch(bench, Control(), standing=standing).farewell()  # the run was refused before it began
    assert sum("process" in words for words in first.told) == 2 and first.calls == []
    first._code = 1  # it has died
    Watch(bench, Control(), standing=standing).begin("RUN", None)
    assert second.told[0]["run"] == "RUN" and started == []
    standing.end()
    assert second.calls == ["close stdin", "close stdout"]


def test_a_standing_watchdog_that_does_not_rest_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(b"ready\n", ends=False)
    monkeypatch.setattr(module, "_start", lambda: process)
    monkeypatch.setattr(module, "_LEAVING", 0.01)
    standing = StandingWatchdog()
    watch = Watch(Bench(), Control(), standing=standing)
    watch.begin("RUN", None)
    watch.farewell()
    assert process.calls[0] == "kill"

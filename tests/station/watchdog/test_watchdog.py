"""The watchdog's two sides, without a bench: who is heard, who beats, what is done with what it did."""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE, wait_until
from tsbench.errors import ConfigurationError
from tsbench.instruments.links.liveness import UNWATCHED
from tsbench.station.bench.operator import WallClock
from tsbench.station.protection import watched as runners_side
from tsbench.station.protection.watched import NoWatch, Watch, watched
from tsbench.station.runner import Control
from tsbench.station.watchdog import watchdog
from tsbench.station.watchdog.watchdog import Heart, Instruments, Victim
from tsbench.storage import read_run, recover
from tsbench.storage.watchdog_events import read_watchdog_events, watchdog_path, write_watchdog_events

NOWHERE = "TCPIP0::127.0.0.1::1::SOCKET"
LONG = 600.0  #: [s] a deadline that no busy computer exceeds: the real watchdogs here would kill this process


class Listener:
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def beat(self) -> None:
        self.heard.append(time.monotonic())

    def waiting(self, longest: float) -> None:
        self.heard.append(longest)

    def calling(self, longest: float, call: Any) -> None:
        self.waiting(longest)


class OutsideBench:
    """A bench whose instruments are elsewhere."""

    outlives_process = True

    def __init__(self, **times: Any) -> None:
        self.order = {"enabled": True, "deadline": LONG, "interval": 0.05, "instruments": {}, **times}
        self.liveness: Any = UNWATCHED

    def watchdog_order(self) -> dict[str, Any]:
        return self.order

    def report_to(self, liveness: Any) -> None:
        self.liveness = liveness


def heart(*lines: dict[str, Any], deadline: float = 0.2, closed: bool = False) -> tuple[Heart, Any]:
    """A heart that has been told ``lines``; and the end of the pipe by which more can be told."""
    read, write = os.pipe()
    pipe = os.fdopen(write, "wb", buffering=0)
    for line in lines:
        pipe.write(json.dumps(line).encode() + b"\n")
    if closed:
        pipe.close()
    return Heart(os.fdopen(read, "rb", buffering=0), io.BytesIO(), deadline), pipe


@pytest.mark.parametrize(
    ("lines", "closed", "deadline", "trouble"),
    [
        ([{"due": LONG}], True, LONG, "the measuring process has died"),
        ([], True, LONG, "the measuring process has died"),
        ([{"due": LONG}], False, 0.2, "no heartbeat"),
        ([{"due": LONG}, {"due": 0.01}], False, LONG, "has made no progress"),
    ],
)
def test_silence_has_a_name(lines: list[dict[str, Any]], closed: bool, deadline: float, trouble: str) -> None:
    listening, pipe = heart(*lines, deadline=deadline, closed=closed)
    found = listening.wait_for_trouble()
    assert found is not None
    assert trouble in found
    pipe.close()


def test_a_farewell_is_no_trouble_nor_is_silence_before_anything_is_on() -> None:
    listening, pipe = heart({"due": None}, deadline=0.05)
    began = time.monotonic()
    threading.Timer(0.4, pipe.write, [b'{"farewell": true}\n']).start()
    assert listening.wait_for_trouble() is None
    assert time.monotonic() - began > 0.3
    pipe.close()


class Passing:
    """A time of the watchdog and the runner that passes only in ``step``, and only when all looked at it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, listening: Heart) -> None:
        self.now, self.found, self.looks = time.monotonic(), list[str | None](), 0
        self.heart = listening
        for module in (watchdog, runners_side):
            monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: self.now))
        monkeypatch.setattr(listening, "_news", self)
        self.looking = threading.Thread(target=lambda: self.found.append(listening.wait_for_trouble()))
        self.looking.start()

    def wait(self, longest: float) -> None:
        """Stand in for the event that the watchdog waits for between two looks at the clocks."""
        self.looks += 1
        time.sleep(min(longest, 0.001))

    def set(self) -> None:
        """Do nothing: the next look comes soon."""

    def step(self, seconds: float) -> None:
        """Let time pass, then wait for a heartbeat and for two looks."""
        self.now += seconds
        wait_until(lambda: self.heart._heard == self.now, "a heartbeat")
        seen = self.looks
        wait_until(lambda: self.looks > seen + 2 or self.found, "two looks at the clocks")


def test_an_announced_wait_is_no_trouble_while_heartbeats_come(monkeypatch: pytest.MonkeyPatch) -> None:
    listening, pipe = heart(deadline=0.3)
    passing = Passing(monkeypatch, listening)
    for number in range(8):
        threading.Timer(0.01, pipe.write, [json.dumps({"due": 1.0 - 0.1 * number}).encode() + b"\n"]).start()
        passing.step(0.1)
        assert passing.found == []
    passing.now += 0.25
    seen = passing.looks
    wait_until(lambda: passing.looks > seen + 2)
    assert passing.found == []
    passing.now += 0.1
    passing.looking.join(PATIENCE)
    assert "no heartbeat" in str(passing.found[0])
    pipe.close()


@pytest.mark.parametrize("ends", [True, False])
def test_what_the_measuring_thread_says_of_its_progress_is_what_the_watchdog_waits_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ends: bool
) -> None:
    listening, pipe = heart(deadline=0.3)
    answers, answering = os.pipe()
    os.write(answering, b"ready\n")
    process = SimpleNamespace(
        pid=1, stdin=pipe, stdout=os.fdopen(answers, "rb", buffering=0), poll=lambda: None,
        wait=lambda longest: os.close(answering))
    monkeypatch.setattr(runners_side, "_start", lambda: process)
    monkeypatch.setattr(runners_side, "_DEAF", LONG)
    passing = Passing(monkeypatch, listening)
    watch = Watch(OutsideBench(deadline=0.3, interval=0.005), Control())
    watch.begin("run", tmp_path / "events.json")
    for _ in range(8):  # longer than the deadline
        watch.beat()
        passing.step(0.1)
    watch.waiting(0.5)
    for _ in range(7):  # less than what was announced and the deadline together
        passing.step(0.1)
    assert passing.found == []
    if not ends:
        passing.now += 0.2
        wait_until(lambda: passing.found, "the watchdog to notice")
    watch.farewell()
    passing.looking.join(PATIENCE)
    (found,) = passing.found
    assert found is None if ends else "has made no progress" in str(found)


def test_only_the_process_that_was_named_is_killed() -> None:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    assert Victim(child.pid).kill(threading.Event())
    assert child.wait(PATIENCE) != 0


def test_an_instrument_that_cannot_be_reached_is_unknown_and_named() -> None:
    table = {"driver": "keithley_2450", "resource": NOWHERE, "timeout": 0.2}
    outputs, (problem,) = Instruments({"drive": {"library": "@py", "table": table}}, longest_wait=0.5).make_safe()
    assert outputs == {"drive": None}
    assert NOWHERE in problem


def test_the_wall_clock_beats_through_a_long_wait() -> None:
    clock, listener = WallClock(), Listener()
    clock.liveness = listener
    began = clock.now()
    clock.wait(0.35)
    assert clock.now() - began >= 0.35
    assert listener.heard  # how many: tests/station/bench, in a time without load
    clock.wait(0.0)


def test_the_watchdog_hears_the_measuring_thread_and_leaves_with_it(tmp_path: Path) -> None:
    bench, control = OutsideBench(), Control()
    with watched(bench, control, True) as watch:
        watch.begin("run", tmp_path / "events.json")
        assert bench.liveness is watch
        watch.beat()
        watch.farewell()
        assert bench.liveness is UNWATCHED
    assert control.stopped is None
    assert not list(tmp_path.iterdir())


def test_the_end_of_the_watchdog_stops_the_run(tmp_path: Path) -> None:
    control = Control()
    watch = Watch(OutsideBench(), control)
    watch.begin("run", tmp_path / "events.json")
    assert watch.process_id is not None
    watch._process.kill()
    wait_until(lambda: (watch.beat(), control.stopped)[1], "the run to be stopped")
    watch.farewell()
    assert "watchdog" in str(control.stopped)
    assert "has ended" in str(control.stopped)


@pytest.mark.skipif(os.name == "nt", reason="signals that Windows has not")
def test_a_watchdog_that_no_longer_answers_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsbench.station.protection.watched._DEAF", 1.0)
    monkeypatch.setattr("tsbench.station.protection.watched._LEAVING", 0.2)
    control = Control()
    watch = Watch(OutsideBench(), control)
    watch.begin("run", tmp_path / "events.json")
    assert watch.process_id is not None
    assert os.getsid(watch.process_id) != os.getsid(0)  # what a terminal sends here does not reach it
    os.kill(watch.process_id, signal.SIGSTOP)
    wait_until(lambda: control.stopped, "the run to be stopped")
    watch.farewell()
    assert "has not answered" in str(control.stopped)


def test_a_watchdog_that_cannot_reach_a_library_is_no_beginning(tmp_path: Path) -> None:
    table = {"driver": "keithley_2450", "resource": NOWHERE}
    bench = OutsideBench(instruments={"drive": {"library": f"{tmp_path}/no.toml@tsbench", "table": table}})
    with watched(bench, Control(), True) as watch, pytest.raises(ConfigurationError, match="--no-watchdog"):
        watch.begin("run", tmp_path / "events.json")


@pytest.mark.parametrize(("bench", "wanted"), [(OutsideBench(), False), (OutsideBench(enabled=False), True),
                                               (object(), True)])
def test_nobody_watches_where_nobody_is_wanted_or_needed(bench: Any, wanted: bool, tmp_path: Path) -> None:
    with watched(bench, Control(), wanted) as watch:
        assert type(watch) is NoWatch
        watch.begin("run", tmp_path)
        watch.beat()
        watch.waiting(1.0)
        watch.farewell()


@pytest.mark.parametrize(("library", "watchdog"), [("nbo2.world.toml@tsbench", False), ("@py", True)])
def test_whether_the_sessions_die_with_the_process_is_the_librarys_word(library: str, watchdog: bool,
                                                                         nbo2_bench: Path) -> None:
    from tsbench.instruments.links.visa_library import open_manager
    from tsbench.station.bench.bench import Bench
    from tsbench.station.bench.bench_file import BenchFile

    file = BenchFile.load(nbo2_bench)
    bench = Bench(file, file.device("D1"))
    spec = library if library.startswith("@") else f"{nbo2_bench.parent}/{library}"
    bench.instruments.managers[spec] = open_manager(spec)
    try:
        assert bench.outlives_process is watchdog
    finally:
        bench.close()


def journal_left(folder: Path) -> Path:
    """A journal that its process left."""
    from tsbench.records import Column, DeviceDescription, Fixture, Flag, Point, RunHeader
    from tsbench.storage.recorder import RunRecorder

    header = RunHeader(
        run_id="20261124T000000000Z-iv_sweep-D1-aaaaaa", protocol="iv_sweep", parameters={},
        columns=(Column("voltage", "V"),), device=DeviceDescription("D1"), fixture=Fixture(""), instruments={},
        simulated=True, start_time="2026-11-24T00:00:00.000+00:00", planned_points=1, provenance={},
    )
    with RunRecorder(folder, header) as recorder:
        recorder.point(Point((1.0,), Flag.NONE))
    return recorder.path


def test_recover_joins_what_the_watchdog_did(tmp_path: Path) -> None:
    journal = journal_left(tmp_path)
    write_watchdog_events(
        watchdog_path(journal), "watchdog: it died. The watchdog ended the process", {"outputs": {"drive": False}})
    (path,) = recover(tmp_path)
    run = read_run(path)
    assert run.status == "recovered"
    assert run.reason.startswith("watchdog: it died")
    (event,) = [event for event in run.events if event.kind == "output"]
    assert event.data["outputs"] == {"drive": False}
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_damaged_file_of_the_watchdog_costs_nothing_else(tmp_path: Path) -> None:
    journal = journal_left(tmp_path)
    watchdog_path(journal).write_text("{", "utf-8")
    (event,) = read_watchdog_events(journal, 1.0)
    assert event.kind == "warning"
    (path,) = recover(tmp_path)
    assert len(read_run(path).points) == 1


def test_every_sign_of_progress_moves_the_deadline_by_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = object.__new__(Watch)
    watch._deadline = 0.8
    monkeypatch.setattr("tsbench.station.protection.watched.time.monotonic", lambda: 100.0)
    watch.beat()
    assert watch._due == pytest.approx(100.8)
    watch.waiting(3.0)
    assert watch._due == pytest.approx(103.8)

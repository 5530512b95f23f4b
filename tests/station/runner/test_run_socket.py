"""A run can be followed and stopped from another process of its user, and by nobody else."""

import os
import threading
from pathlib import Path
from typing import Any

import pytest

import tsbench.extraction
import tsbench.protocols
from tests.fixtures.fake_runs import FakeBench, Sweep, hooked
from tests.fixtures.patience import PATIENCE
from tests.fixtures.run_face import Face
from tsbench.records import RunEvent
from tsbench.station.runner import Control, events, run_on
from tsbench.station.runner.run_socket import EventHistory, RunSocket
from tsbench.storage.run_address import living_runs, read_address, write_address


@pytest.fixture(autouse=True)
def no_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsbench.extraction, "extract", lambda run, **_: ())


def test_a_face_that_comes_later_sees_all_and_its_stop_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, lines = threading.Event(), []

    def follow() -> None:
        (address,) = living_runs(tmp_path)
        if os.name == "posix":
            assert address.stat().st_mode & 0o777 == 0o600
        with Face(address) as face:
            lines.extend(face.until("caught_up"))
            face.say({"request": "dance", "id": 1})
            face.say({"request": "stop", "id": 2})
            lines.extend(face.until("answer"))
            lines.extend(face.until("answer"))
            arrived.set()
            lines.extend(face)  # to the end of the run

    thread = threading.Thread(target=follow)

    def measuring(number: int) -> None:
        if number == 3:  # three points have been taken
            thread.start()
            assert arrived.wait(PATIENCE)

    hooked(monkeypatch, measuring)
    outcome = run_on(FakeBench(), Sweep(at=3), tmp_path)  # type: ignore[arg-type]
    thread.join(PATIENCE)
    assert outcome.status == "abort" and outcome.safe
    kinds = [line["kind"] for line in lines]
    assert kinds[:2] == ["welcome", "state"] and lines[1]["data"]["state"] == "running"
    assert [line["data"]["index"] for line in lines if line["kind"] == "point"] == [0, 1, 2, 3]
    answers = [line for line in lines if line["kind"] == "answer"]
    assert [(line["data"]["id"], line["data"]["accepted"]) for line in answers] == [(1, False), (2, True)]
    assert lines[-1]["data"]["state"] == "done" and lines[-1]["data"]["safe"]
    assert living_runs(tmp_path) == [] and [path.suffix for path in tmp_path.iterdir()] == [".nxs"]


def test_words_of_the_field_pass_and_pause_and_resume_are_heard(tmp_path: Path) -> None:
    control = Control()
    door = RunSocket(tmp_path / "R.address", "R", "", control)
    try:
        with Face(door.path) as face:
            for number, (request, paused) in enumerate((("pause", True), ("resume", False), ("pause", True))):
                face.say({"request": request, "id": number})
                face.until("answer")
                assert control.paused is paused
            face.say({"request": "emergency"})
            face.until("answer")
        assert control.stopped == "emergency stop"
    finally:
        door.close()


@pytest.mark.parametrize(
    ("greeting", "said"),
    [({"token": "guessed"}, "token"), ({"token": None}, "token"), ({"version": 99}, "version 1")],
)
def test_who_has_no_token_or_speaks_otherwise_is_refused(tmp_path: Path, greeting: dict[str, Any], said: str) -> None:
    control = Control()
    door = RunSocket(tmp_path / "R.address", "R", "", control)
    try:
        door(RunEvent("state", "secret", 0.0))
        with Face(door.path, **greeting) as face:
            face.say({"request": "stop"})
            lines = list(face)
        assert [line["kind"] for line in lines] == ["refused"] and said in lines[0]["message"]
        assert control.stopped is None
    finally:
        door.close()


def test_a_face_that_hangs_or_goes_holds_up_no_run(tmp_path: Path) -> None:
    door = RunSocket(tmp_path / "R.address", "R", "", Control())
    try:
        with Face(door.path) as hanging:
            hanging.until("caught_up")
            for _ in range(200):  # more than any buffer between the two holds; nobody reads
                door(RunEvent("log", "x" * 100_000, 0.0))
        door(RunEvent("log", "it has gone", 0.0))
        with Face(door.path) as another:
            assert another.until("caught_up")[-2]["message"] == "it has gone"
    finally:
        door.close()
    assert read_address(door.path) is None


def test_a_face_that_is_told_a_long_history_holds_up_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    door = RunSocket(tmp_path / "R.address", "R", "", Control())
    reached, go_on, made = threading.Event(), threading.Event(), events.event_line

    def slow(event: RunEvent) -> str:
        if event.message == "long ago":
            reached.set()
            assert go_on.wait(PATIENCE)
        return made(event)

    monkeypatch.setattr(events, "event_line", slow)
    try:
        door(RunEvent("log", "long ago", 0.0))
        with Face(door.path) as face:
            assert reached.wait(PATIENCE)
            door(RunEvent("log", "now", 0.0))  # returns although the client still gets the earlier events
            go_on.set()
            assert [line["message"] for line in face.until("caught_up")][1:-1] == ["long ago"]
            assert face.until("log")[-1]["message"] == "now"
    finally:
        go_on.set()
        door.close()


def test_the_beginning_is_kept_and_the_latest_points() -> None:
    history: EventHistory[RunEvent] = EventHistory()
    history.keep(RunEvent("state", "beginning", 0.0), "state")
    for number in range(50_000):
        history.keep(RunEvent("point", str(number), 0.0), "point")
        history.keep(RunEvent("progress", str(number), 0.0), "progress")
    history.keep(RunEvent("log", "late", 0.0), "log")
    told = [event.message for event in history.told()]
    assert told[0] == "beginning" and told[-1] == "late" and len(told) == 40_003
    assert told[1] == "10000" and history.points_left_out == 10_000


def test_an_address_is_never_seen_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, seen = tmp_path / "R.address", []
    replace = Path.replace

    def looked_at(part: Path, target: Path) -> Path:
        seen.append(path.exists())
        replaced = replace(part, target)
        seen.append(read_address(path) == {"bench": "B"})
        return replaced

    monkeypatch.setattr(Path, "replace", looked_at)
    for _ in range(2):
        write_address(path, {"bench": "B"})
    assert seen == [False, True, True, True]   # the second time it is still the first one's
    assert list(tmp_path.iterdir()) == [path]

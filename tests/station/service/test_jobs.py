"""What a service is asked for is checked, kept in order, and outlives the service."""

import errno
import logging
import queue
from pathlib import Path
from typing import Any

import pytest

from tsbench.station.service import jobs
from tsbench.station.service.checking import JobChecks
from tsbench.station.service.jobs import MOST_WAITING, Asked, JobQueue, read_asked

ASKED = Asked("iv_sweep", "D1", "/runs", {"stop": 1.0})
GOOD = {"protocol": "iv_sweep", "device": "D1", "out": "/runs"}


YES = {"model": "nbo2", "most": {"max_current": 1e-3}, "instead_of": {"max_current": 5e-4},
       "readings": {"current of a point": 2e-4}}


@pytest.mark.parametrize(("change", "said"), [
    ({"protocol": ""}, "'protocol' is missing"),
    ({"device": None}, "'device' must be a printable text"),
    ({"device": "a\nb"}, "'device' must be a printable text"),
    ({"device": 5000 * "x"}, "at most 4096"),
    ({"out": "runs"}, "absolute path"),
    ({"parameters": []}, "'parameters' must be an object"),
    ({"parameters": {"stop": {"value": 1}}}, "the value of 'stop'"),
    ({"parameters": {"stop": [1, [2]]}}, "the value of 'stop'"),
    ({"parameters": {"stop": float("inf")}}, "the value of 'stop'"),
    ({"fixture": {"load_resistance": float("nan")}}, "the value of 'load_resistance'"),
    ({"repeats": "run"}, "repeats must be a list"),
    ({"durability": "none"}, "durability must be"),
    ({"watchdog": 1}, "'watchdog' must be true or false"),
    ({"command": "rm"}, "unknown field 'command'"),
    ({"accepted": {"model": "nbo2"}}, "accepted must be an object with model, most, instead_of, readings"),
    ({"accepted": {**YES, "most": {"max_charge": 1}}}, "only max_voltage, max_current"),
    ({"accepted": {**YES, "most": {"max_power": float("inf")}}}, "most of accepted must be"),
    ({"accepted": {**YES, "readings": {"current of a point": True}}}, "readings of accepted"),
    ({"accepted": {**YES, "most": {"max_voltage": 1.0}}}, "max_voltage cannot be accepted, because no reading shows"),
])
def test_what_is_wrong_with_a_request_is_said(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_asked({**GOOD, **change})


def test_a_good_request_is_read_as_it_is() -> None:
    parameters = {"stop": 1.2, "levels": [0.1, 0.2], "file": "", "dual": True, "points": None}
    asked = read_asked({**GOOD, "parameters": parameters, "repeats": ["R1"], "user": "ada"})
    assert asked == Asked("iv_sweep", "D1", "/runs", parameters, user="ada", repeats=("R1",))


def test_jobs_wait_in_order_and_may_change_it(tmp_path: Path) -> None:
    queue = JobQueue(tmp_path / "queue")
    first, second, third = (queue.add(ASKED, "now") for _ in range(3))
    queue.move(third.number, 1)
    assert [job.number for job in queue.waiting] == [3, 1, 2]
    queue.begin(3)
    assert queue.running is not None and queue.running.number == 3 and queue.first() == first
    queue.end(2, {"status": "left out"})
    assert queue.waiting == [first] and [one["job"] for one in queue.summaries()] == [2, 3, 1]
    for number in (2, 3, 9):
        with pytest.raises(ValueError, match="does not wait"):
            queue.move(number, 1)
    assert second.state == "waiting"  # a job is a value: the queue has another one in its place


def test_a_queue_is_not_endless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_write", lambda *_: None)
    queue = JobQueue(tmp_path / "queue")
    for _ in range(MOST_WAITING):
        queue.add(ASKED, "now")
    with pytest.raises(ValueError, match="waiting already"):
        queue.add(ASKED, "now")


def test_what_waits_and_what_ran_outlive_a_service_that_is_killed(tmp_path: Path) -> None:
    queue = JobQueue(tmp_path / "queue")
    for _ in range(3):
        queue.add(ASKED, "now")
    queue.begin(1)
    queue.note_run(1, "RUN")
    after = JobQueue(tmp_path / "queue")
    assert [job.number for job in after.waiting] == [2, 3] and after.waiting[0].asked == ASKED
    assert [(job.number, job.run) for job in after.lost] == [(1, "RUN")]
    assert after.add(ASKED, "now").number == 4
    after.forget()
    assert JobQueue(tmp_path / "queue").waiting == []


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"latest": 1, "jobs": [{}]}', '{"latest": "x", "jobs": []}',
                                  '{"latest": 1, "jobs": [{"number": 1, "asked": 5, "since": ""}]}'])
def test_a_queue_file_that_cannot_be_used_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "queue").write_text(text)
    queue = JobQueue(tmp_path / "queue")
    assert queue.waiting == [] and queue.lost == []


def refuse(*_: object) -> None:
    """Be a disk that is full."""
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_job_that_the_disk_refuses_is_not_in_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its client hears that it was refused, so it must not be measured."""
    queue = JobQueue(tmp_path / "q")
    with monkeypatch.context() as full, pytest.raises(OSError, match="No space"):
        full.setattr(jobs, "write_address", refuse)
        queue.add(ASKED, "now")
    assert queue.first() is None and queue.waiting == []
    assert queue.add(ASKED, "now").number == 2   # a number is given once


def test_a_job_that_cannot_be_begun_waits_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = JobQueue(tmp_path / "q")
    job = queue.add(ASKED, "now")
    with monkeypatch.context() as full, pytest.raises(OSError, match="No space"):
        full.setattr(jobs, "write_address", refuse)
        queue.begin(job.number)
    assert queue.first() == job and queue.running is None
    assert JobQueue(tmp_path / "q").first() == job


def test_a_job_ends_although_the_disk_refuses_to_note_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = JobQueue(tmp_path / "q")
    job = queue.begin(queue.add(ASKED, "now").number)
    with monkeypatch.context() as full:
        full.setattr(jobs, "write_address", refuse)
        queue.note_run(job.number, "RUN1")
        assert queue.running is not None and queue.running.run == "RUN1" and "Check the disk" in queue.unsaved
        queue.end(job.number, {"status": "success"})
    assert queue.running is None and "Check the disk" in queue.unsaved
    queue.add(ASKED, "now")
    assert queue.unsaved == "" and JobQueue(tmp_path / "q").lost == []


def test_a_check_that_fails_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:
    """A job is not refused because of a mistake in a plug-in, but the mistake must be found."""
    told: queue.Queue[tuple[Any, str, str]] = queue.Queue()

    def fail(*_: object) -> None:
        raise ZeroDivisionError("in the plug-in")

    monkeypatch.setattr(JobChecks, "_check", fail)
    checks = JobChecks(tmp_path / "x.bench.toml", lambda: None, lambda *said: told.put(said))
    checks.start()
    with caplog.at_level(logging.WARNING, "tsbench.station.service.checking"):
        checks.put({"check": 7, "asked": {**GOOD}})
        assert told.get(timeout=10) == (7, "", "")
    assert "check 7" in caplog.text and "in the plug-in" in caplog.text

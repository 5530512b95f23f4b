"""A window that follows the run of another process, over a socket of this computer."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE, wait_until
from tsbench.storage.run_address import write_address

pytestmark = pytest.mark.display


class Run:
    """The other process: its door, and the connection that the window has made."""

    def __init__(self, folder: Path) -> None:
        self.door = socket.create_server(("127.0.0.1", 0))
        self.door.settimeout(PATIENCE)
        self.address = folder / "run.address"
        write_address(self.address, {
            "host": "127.0.0.1", "port": self.door.getsockname()[1], "token": "secret", "process": os.getpid()})
        self.link: Any = None

    def tell(self, *events: Any) -> None:
        for event in events:
            self.link.sendall((event if isinstance(event, bytes) else json.dumps(event).encode()) + b"\n")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    made = Run(tmp_path)
    yield made
    made.door.close()
    if made.link is not None:
        made.link.close()


@pytest.fixture
def follower(application: Any) -> Iterator[Any]:
    from tsbench.gui.run_follower import RunFollower

    made = RunFollower()
    made.heard, made.endings = [], []
    made.told.connect(made.heard.append)
    made.ended.connect(made.endings.append)
    yield made
    made.detach()
    made.deleteLater()


def until(application: Any, found: Any) -> None:
    """Let the window work until something is the case."""
    wait_until(lambda: (application.processEvents(), found())[1])


def attached(application: Any, follower: Any, run: Run) -> None:
    assert follower.attach(run.address) and not follower.attach(run.address)
    run.link, _ = run.door.accept()
    run.link.setblocking(False)


def heard_by(application: Any, run: Run, lines: int) -> list[Any]:
    """Return what the other process hears, once it has so many lines."""
    content = bytearray()

    def enough() -> bool:
        with contextlib.suppress(BlockingIOError):
            content.extend(run.link.recv(65536))
        return content.count(b"\n") >= lines

    until(application, enough)
    return [json.loads(line) for line in content.splitlines()]


def test_it_greets_tells_each_event_and_how_the_run_ended(application: Any, follower: Any, run: Run) -> None:
    attached(application, follower, run)
    assert follower.running() and follower.process == os.getpid()
    follower.stop()   # before there is a connection: it is said behind the greeting
    follower.pause()
    greeting, *asked = heard_by(application, run, 3)
    assert greeting["token"] == "secret" and "version" in greeting
    follower.resume()
    asked += heard_by(application, run, 1)
    assert asked == [{"request": "stop"}, {"request": "pause"}, {"request": "resume"}]
    run.tell({"kind": "log", "message": "a"}, b"no event", {"kind": "state", "data": {
        "state": "done", "status": "fail", "reason": "no reply"}})
    until(application, lambda: len(follower.heard) == 2)
    assert [event["kind"] for event in follower.heard] == ["log", "state"] and follower.endings == []
    run.link.close()
    until(application, lambda: follower.endings)
    (ending,) = follower.endings
    assert ending.code == 1 and ending.message.endswith(": no reply") and not follower.running()


@pytest.mark.parametrize(("event", "code", "said"), [
    ({"kind": "state", "data": {"state": "done", "status": "success", "reason": "short"}}, 0, ""),
    ({"kind": "refused", "message": "another version"}, None, "cannot be followed: another version"),
    ({"kind": "log"}, None, "cannot be reached any more"),
])
def test_an_end_has_a_code_where_the_run_told_it(
    application: Any, follower: Any, run: Run, event: Any, code: int | None, said: str
) -> None:
    attached(application, follower, run)
    run.tell(event)
    until(application, lambda: follower.heard)
    run.link.close()
    until(application, lambda: follower.endings)
    assert follower.endings[0].code == code and said in follower.endings[0].message


def test_an_address_that_is_not_whole_is_not_followed(follower: Any, tmp_path: Path) -> None:
    assert not follower.attach(tmp_path / "none.address")
    write_address(tmp_path / "a.address", {"host": "127.0.0.1", "port": "x", "token": "", "process": 1})
    assert not follower.attach(tmp_path / "a.address") and not follower.running()

"""Nobody without a token gets in; malformed, huge and slow messages hurt nobody."""

import asyncio
import contextlib
import json
import os
import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE, wait_until
from tests.fixtures.run_face import Face
from tsbench.errors import ConfigurationError
from tsbench.station.service import door as door_module
from tsbench.station.service.client import ServiceClient
from tsbench.station.service.place import ServicePlace
from tsbench.station.service.requests import LONGEST, REQUESTS
from tsbench.station.service.service import BenchService
from tsbench.storage.run_address import read_address


class Served:
    """A service in a thread of this process; nothing is measured, since its queue is held."""

    def __init__(self, folder: Path) -> None:
        self.place = ServicePlace(folder / "b.toml", *(folder / f"b.{end}" for end in ("lock", "at", "queue", "log")))
        self.service = BenchService(self.place)
        self.service.held = "for the test"
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(self.service.serve(),))
        self._thread.start()
        wait_until(self.place.address.exists)

    @property
    def facts(self) -> dict[str, Any]:
        facts = read_address(self.place.address)
        assert facts is not None
        return facts

    def raw(self) -> socket.socket:
        return socket.create_connection((self.facts["host"], self.facts["port"]), timeout=PATIENCE)

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self.service.end, "the test is over")
        self._thread.join(PATIENCE)
        self._loop.close()
        assert not self.place.address.exists()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    found = Served(tmp_path)
    yield found
    found.end()


def _asked(**more: Any) -> dict[str, Any]:
    return {"request": "submit", "asked": {"protocol": "iv_sweep", "device": "D1", "out": "/runs", **more}}


def test_only_its_user_can_read_the_address(served: Served) -> None:
    if os.name == "posix":
        assert served.place.address.stat().st_mode & 0o777 == 0o600
    assert served.facts["token"] != served.facts["view_token"]


@pytest.mark.parametrize("greeting", [
    {"token": "guessed"}, {"token": ""}, {"token": None}, {"token": []}, {"version": 99}, {"token": "\ud800"}])
def test_who_has_no_token_can_ask_nothing(served: Served, greeting: dict[str, Any]) -> None:
    with Face(served.place.address, **greeting) as face:
        face.say(_asked())
        lines = []
        with contextlib.suppress(ConnectionError):  # it hung up on what was said after the greeting
            lines += list(face)
    assert [line["kind"] for line in lines] in (["refused"], [])
    assert served.service.queue.waiting == []


def test_a_viewer_sees_the_queue_and_changes_nothing(served: Served) -> None:
    with Face(served.place.address, token=served.facts["view_token"]) as face:
        assert face.until("queue")[0]["data"]["may"] == "view"
        for request in REQUESTS:
            face.say({"request": request, "job": 1, "asked": _asked()["asked"]})
            (*_, answer) = face.until("answer")
            looking = request in ("queue", "status")
            assert answer["data"]["accepted"] is looking, request
            assert looking or "may only look on" in answer["message"] or "no job 1" in answer["message"]
    assert served.service.queue.waiting == [] and served.service.held == "for the test"


def test_all_clients_hear_of_the_queue_and_any_may_change_it(served: Served) -> None:
    with ServiceClient(served.facts) as ada, ServiceClient(served.facts) as ben, Face(served.place.address) as eve:
        first = ada.submit("iv_sweep", "D1", user="ada")
        second = ben.submit("iv_sweep", "D2", parameters={"stop": "1.1 V"}, user="ben")
        assert (first.before, second.before) == (0, 1) and second.held == "for the test"
        second.move(1)
        assert [job["user"] for job in ada.status()["jobs"]] == ["ben", "ada"]
        first.stop()  # it waits: it is cancelled
        outcome = first.wait()
        assert outcome.status == "left out" and outcome.reason.startswith("cancelled") and outcome.device == "D1"
        told = eve.until("queue")
        while told[-1]["data"]["jobs"][:1] != [] and told[-1]["data"]["jobs"][0].get("status") != "left out":
            told = eve.until("queue")


def test_strangers_in_numbers_lock_nobody_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    strangers = [served.raw() for _ in range(100)]
    try:
        with ServiceClient(served.facts) as client:
            assert client.status()["held"] == "for the test"
    finally:
        for one in strangers:
            one.close()


def test_a_client_that_asks_and_never_reads_holds_up_nobody(served: Served) -> None:
    with contextlib.closing(served.raw()) as deaf, ServiceClient(served.facts) as client:
        deaf.settimeout(0.2)
        deaf.sendall(json.dumps({"version": 1, "token": served.facts["token"]}).encode() + b"\n")
        with contextlib.suppress(TimeoutError):  # the service reads no more of it
            for _ in range(200):
                deaf.sendall(200 * b'{"request": "status"}\n')
        assert client.status()["clients"] == 2


def _malformed(chance: random.Random) -> bytes:
    """Return what no client of ours sends."""
    harmless = [name for name in REQUESTS if name not in {"end", "continue"}]   # these do what they say
    request = {"request": chance.choice(harmless), "id": chance.choice([1, "x", None, [], {}, 1e300, 10**200])}
    odd = [None, True, -1, 2**80, 1e-300, "", "\x00", "x" * 3000, [], [[]], {}, {"a": {}}, [None] * 50]
    for name in chance.sample(["job", "place", "asked", "user", "request", "reason"], 3):
        request[name] = chance.choice(odd)
    if chance.random() < 0.3:
        request["asked"] = {name: chance.choice(odd) for name in
                            chance.sample(["protocol", "device", "out", "parameters", "fixture", "repeats", "x"], 4)}
    line = json.dumps(request).encode()
    how = chance.randrange(6)
    if how == 0:
        line = line[:chance.randrange(len(line))]
    elif how == 1:
        line = bytes(chance.randrange(256) for _ in range(chance.randrange(300)))
    elif how == 2:
        line = 20_000 * b"[" + 20_000 * b"]"
    elif how == 3:
        line = b'{"id": ' + 5000 * b"9" + b"}"
    elif how == 4:
        line = (LONGEST + 10) * b"x"
    return line + b"\n"


@pytest.mark.parametrize("seed", range(4))
def test_malformed_messages_end_no_service(served: Served, seed: int) -> None:
    chance = random.Random(seed)
    with ServiceClient(served.facts) as client:
        for _ in range(60):
            with contextlib.closing(served.raw()) as link:
                try:
                    if chance.random() < 0.8:
                        link.sendall(json.dumps({"version": 1, "token": served.facts["token"]}).encode() + b"\n")
                    for _ in range(chance.randrange(8)):
                        link.sendall(_malformed(chance))
                except OSError:
                    continue
        assert client.status()["running"] is None
        client.hold()
    # what a request that happened to be right has put into the queue is whole
    assert all(job.asked.out.startswith("/") for job in served.service.queue.waiting)


def test_who_says_nothing_is_let_go(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "_GREETING", 0.1)
    with contextlib.closing(served.raw()) as silent:
        assert silent.recv(1) == b""


def test_the_bench_is_lent_in_turn_and_returned_when_its_client_leaves(served: Served) -> None:
    served.service.held = ""
    reasons: list[str] = []
    with ServiceClient(served.facts) as ada, ServiceClient(served.facts) as ben:
        with ada.lent(reasons.append):
            (loan,) = ada.status()["jobs"]
            assert (loan["state"], loan["protocol"]) == ("running", "bench lent")
            waiting = threading.Event()

            def borrow() -> None:
                with ben.lent():
                    waiting.set()

            second = threading.Thread(target=borrow)
            second.start()
            wait_until(lambda: len(ada.status()["jobs"]) == 2)
            assert not waiting.is_set()
            ben.ask("stop", job=loan["job"])
            wait_until(lambda: reasons)
            assert reasons[0].startswith("stopped by")
        second.join(PATIENCE)
        assert waiting.is_set()
        wait_until(lambda: [job.get("status") for job in ada.status()["jobs"]] == 2 * ["success"])


def test_a_loan_that_waits_ends_with_its_client_and_is_not_kept(served: Served) -> None:
    with Face(served.place.address) as face:
        face.until("queue")
        face.say({"request": "borrow", "id": 1})
        assert face.until("answer")[-1]["data"]["held"] == "for the test"
        assert json.loads(served.place.queue.read_text())["jobs"] == []
        with ServiceClient(served.facts) as other, pytest.raises(ConfigurationError, match="has not borrowed"):
            other.ask("return", job=1)
    wait_until(lambda: served.service.queue.waiting == [])
    (loan,) = served.service.queue.summaries()
    assert loan["status"] == "left out" and "has left" in loan["reason"]

"""Nobody without a token gets in; malformed, huge and slow messages hurt nobody."""

import contextlib
import gc
import json
import os
import random
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.service_fuzz import HeldService, attack
from tests.fixtures.patience import PATIENCE, wait_until
from tests.fixtures.run_face import Face
from tsbench.errors import ConfigurationError
from tsbench.station.service import door as door_module
from tsbench.station.service.child import MeasuringChild
from tsbench.station.service.client import ServiceClient
from tsbench.station.service.outcomes import waits_for
from tsbench.station.service.requests import REQUESTS


@pytest.fixture
def served(tmp_path: Path) -> Iterator[HeldService]:
    found = HeldService(tmp_path)
    yield found
    found.end()


def _asked(**more: Any) -> dict[str, Any]:
    return {"request": "submit", "asked": {"protocol": "iv_sweep", "device": "D1", "out": "/runs", **more}}


def test_only_its_user_can_read_the_address(served: HeldService) -> None:
    if os.name == "posix":
        assert served.place.address.stat().st_mode & 0o777 == 0o600
    assert served.facts["token"] != served.facts["view_token"]


@pytest.mark.parametrize("greeting", [
    {"token": "guessed"}, {"token": ""}, {"token": None}, {"token": []}, {"version": 99}, {"token": "\ud800"}])
def test_who_has_no_token_can_ask_nothing(served: HeldService, greeting: dict[str, Any]) -> None:
    with Face(served.place.address, **greeting) as face:
        face.say(_asked())
        lines = []
        with contextlib.suppress(ConnectionError):  # it hung up on what was said after the greeting
            lines += list(face)
    assert [line["kind"] for line in lines] in (["refused"], [])
    assert served.service.queue.waiting == []


def test_a_viewer_sees_the_queue_and_changes_nothing(served: HeldService) -> None:
    with Face(served.place.address, token=served.facts["view_token"]) as face:
        assert face.until("queue")[0]["data"]["may"] == "view"
        for request in REQUESTS:
            face.say({"request": request, "job": 1, "asked": _asked()["asked"]})
            (*_, answer) = face.until("answer")
            looking = request in ("queue", "status")
            assert answer["data"]["accepted"] is looking, request
            assert looking or "may only look on" in answer["message"] or "no job 1" in answer["message"]
    assert served.service.queue.waiting == [] and served.service.held == "for the test"


def test_all_clients_hear_of_the_queue_and_any_may_change_it(served: HeldService) -> None:
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


def test_a_pause_is_told_to_everybody_and_by_whom(served: HeldService) -> None:
    with ServiceClient(served.facts) as ada, ServiceClient(served.facts) as ben:
        first, second = ada.submit("iv_sweep", "D1"), ben.submit("iv_sweep", "D2")
        assert "nothing is begun: for the test" in waits_for(ben.status(), second.number)
        served.service.held = ""
        served.service.queue.begin(first.number)
        assert waits_for(ben.status(), second.number) == ""
        first.pause()
        job = next(job for job in ben.status()["jobs"] if job["job"] == first.number)
        assert re.fullmatch(r"paused by .+ since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d", job["paused"])
        assert job["paused"] in next(second.events()).message
        with pytest.raises(ConfigurationError, match="is paused already"):
            first.pause()
        first.resume()
        assert not any(job["paused"] for job in ben.status()["jobs"]) and waits_for(ben.status(), second.number) == ""


def test_strangers_in_numbers_lock_nobody_out(served: HeldService, monkeypatch: pytest.MonkeyPatch) -> None:
    strangers = [served.raw() for _ in range(100)]
    try:
        with ServiceClient(served.facts) as client:
            assert client.status()["held"] == "for the test"
    finally:
        for one in strangers:
            one.close()


def test_a_client_that_asks_and_never_reads_holds_up_nobody(served: HeldService) -> None:
    with contextlib.closing(served.raw()) as deaf, ServiceClient(served.facts) as client:
        deaf.settimeout(0.2)
        deaf.sendall(json.dumps({"version": 1, "token": served.facts["token"]}).encode() + b"\n")
        with contextlib.suppress(TimeoutError):  # the service reads no more of it
            for _ in range(200):
                deaf.sendall(200 * b'{"request": "status"}\n')
        assert client.status()["clients"] == 2


@pytest.mark.thin(2)
@pytest.mark.parametrize("seed", range(4))
def test_malformed_messages_end_no_service(served: HeldService, seed: int) -> None:
    gc.collect()
    gc.disable()   # a finalizer that runs in the depth of a nested message fails, whatever it belongs to
    try:
        assert attack(served, random.Random(seed), 60) == []
    finally:
        gc.enable()


def test_who_says_nothing_is_let_go(served: HeldService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "_GREETING", 0.1)
    with contextlib.closing(served.raw()) as silent:
        assert silent.recv(1) == b""


def test_the_bench_is_lent_in_turn_and_returned_when_its_client_leaves(served: HeldService) -> None:
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


def test_a_loan_says_why_it_waits(served: HeldService) -> None:
    told: list[str] = []
    with ServiceClient(served.facts) as ada, ServiceClient(served.facts) as ben:
        def borrow() -> None:
            with ada.lent(waits=told.append):
                pass

        waiting = threading.Thread(target=borrow)
        waiting.start()
        wait_until(lambda: told)
        assert told[0].startswith("the bench is not lent yet, because nothing is begun: for the test. 'tsbench station")
        ben.go_on()
        waiting.join(PATIENCE)
        assert not waiting.is_alive() and len(told) == 1


def test_a_loan_that_waits_ends_with_its_client_and_is_not_kept(served: HeldService) -> None:
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


def test_a_service_that_ends_does_not_wait_for_who_has_borrowed_the_bench(tmp_path: Path) -> None:
    served, reasons = HeldService(tmp_path), []
    served.service.held = ""
    with ServiceClient(served.facts) as client, client.lent(reasons.append):
        served.end()
        wait_until(lambda: reasons)
    assert reasons == ["the test is over"]


def test_a_measuring_process_that_cannot_be_started_ends_the_job_and_holds_the_queue(
    served: HeldService, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def start(child: MeasuringChild) -> None:
        raise OSError("no memory")

    monkeypatch.setattr(MeasuringChild, "start", start)
    with ServiceClient(served.facts) as client:
        job = client.submit("iv_sweep", "D1")
        client.go_on()
        outcome = job.wait()
        assert outcome.status == "fail" and "no memory" in outcome.reason
        assert "no memory" in client.status()["held"]

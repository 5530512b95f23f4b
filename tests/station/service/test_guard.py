"""A run whose service is gone or silent ends by itself; one whose outputs are off is left in peace."""

import threading
import time

from tests.fixtures.patience import PATIENCE, wait_until
from tsbench.records import RunEvent
from tsbench.station.protection.control import Control
from tsbench.station.service.guard import ServiceGuard


def _guard(deadline: float) -> tuple[ServiceGuard, threading.Event]:
    ended = threading.Event()
    return ServiceGuard(deadline, ended.set), ended


def test_a_service_that_is_silent_ends_the_run_and_then_the_process() -> None:
    guard, ended = _guard(0.2)
    control = Control()
    guard.begin(control)
    assert ended.wait(PATIENCE)
    assert control.stopped is not None and "silent" in control.stopped


def test_a_service_that_speaks_is_left_alone() -> None:
    guard, ended = _guard(5.0)
    control = Control()
    guard.begin(control)
    for _ in range(10):
        guard.heard()
        time.sleep(0.05)
    assert control.stopped is None and not ended.is_set()


def test_a_service_that_is_gone_ends_the_run_at_once() -> None:
    guard, ended = _guard(1000.0)
    control = Control()
    guard.begin(control)
    guard.gone("the bench service has ended")
    wait_until(lambda: control.stopped)
    assert control.stopped is not None and "has ended" in control.stopped
    assert ended.wait(PATIENCE)


def test_a_run_whose_outputs_are_off_may_extract_and_store() -> None:
    guard, ended = _guard(0.1)
    control = Control()
    guard.begin(control)
    guard.hear(RunEvent("output", "", 0.0, {"source": False}))
    time.sleep(0.8)
    assert control.stopped is None and not ended.is_set()


def test_an_output_that_was_not_read_back_is_not_off() -> None:
    guard, ended = _guard(0.1)
    guard.begin(Control())
    guard.hear(RunEvent("output", "", 0.0, {"source": None}))
    assert ended.wait(PATIENCE)


def test_nothing_is_ended_between_two_runs() -> None:
    guard, ended = _guard(0.1)
    guard.begin(Control())
    guard.over()
    time.sleep(0.6)
    assert not ended.is_set()

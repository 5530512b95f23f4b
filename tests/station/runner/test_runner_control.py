"""Stop, pause, resume and signals: a run hears them at the next step and ends safe."""

import io
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

import tsbench.extraction
import tsbench.protocols
import tsbench.station.bench.bench
from tests.fixtures.fake_runs import FakeBench, FakeClock, Sweep, hooked
from tests.fixtures.patience import PATIENCE
from tsbench.instruments import OutputState
from tsbench.records import RunEvent
from tsbench.station.bench.driver_waits import DriverWaits, StopHeard
from tsbench.station.protection.control import STEP_TIME
from tsbench.station.runner import Control, StdinControl, run_on
from tsbench.storage import read_run
from tsbench.storage.nexus.validation import inspect


@pytest.fixture
def bench() -> FakeBench:
    return FakeBench()


@pytest.fixture(autouse=True)
def no_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsbench.extraction, "extract", lambda run, **_: ())


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


def test_a_stop_is_heard_where_a_driver_waits(
    bench: FakeBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A driver may wait for seconds within one step, as for the points of a scope, while an output is on."""
    control, waited = Control(), []
    waits = DriverWaits(lambda: bench.clock)
    monkeypatch.setattr(bench, "hearing", waits.hearing)

    def read_points(_: object) -> None:
        control.stop()
        while time.monotonic() < began + PATIENCE:
            waited.append(waits.wait(0.01))
            time.sleep(0.01)

    switch_off = bench.make_safe

    def make_safe() -> Sequence[OutputState]:
        waits.wait(0.01)   # nothing breaks into it
        return switch_off()

    monkeypatch.setattr(bench, "make_safe", make_safe)
    hooked(monkeypatch, read_points)
    began = time.monotonic()
    outcome = run_on(bench, Sweep(at=2), tmp_path, control=control)  # type: ignore[arg-type]
    assert (outcome.status, outcome.exit_code, bench.on) == ("abort", 130, False)
    assert outcome.reason.startswith("stopped by the operator")
    assert waited and time.monotonic() - began < PATIENCE
    assert outcome.path is not None and len(read_run(outcome.path).points) in (2, 3)


def test_a_stop_breaks_into_one_wait_only() -> None:
    """What a protocol does at its end, such as a ramp to zero, may wait too."""
    waits = DriverWaits(FakeClock)
    with waits.hearing(lambda: "enough"):
        with pytest.raises(StopHeard, match="enough"):
            waits.wait(0.1)
        waits.wait(0.1)
    waits.wait(0.1)


def test_a_stop_ends_one_long_wait() -> None:
    """A driver need not cut its waits into short ones."""
    clock = FakeClock()
    waits = DriverWaits(lambda: clock)
    began = clock.now()
    with waits.hearing(lambda: "enough" if clock.now() >= began + 0.35 else None), pytest.raises(StopHeard):
        waits.wait(30.0)
    assert clock.now() - began <= 0.35 + 0.11
    began = clock.now()
    waits.wait(0.25)
    assert clock.now() - began == pytest.approx(0.25)


def test_a_stop_leaves_a_short_step_its_time() -> None:
    control = Control()
    assert control.overdue() is None
    control.stop("enough")
    assert control.stopped == "enough" and control.overdue() is None
    began = time.monotonic()
    while control.overdue() is None and time.monotonic() < began + PATIENCE:
        time.sleep(0.01)
    control.emergency("now")
    assert control.overdue() == "now" and time.monotonic() - began >= 0.9 * STEP_TIME


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
        time.sleep(2 * PATIENCE)

    hooked(monkeypatch, endless)
    began = time.monotonic()
    outcome = run_on(bench, Sweep(at=1), tmp_path)  # type: ignore[arg-type]
    assert outcome.status == "abort" and time.monotonic() - began < PATIENCE and not bench.on


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
    control = Control()
    outcome = run_on(bench, Sweep(), tmp_path, control=control)  # type: ignore[arg-type]
    assert outcome.status == "success" and outcome.safe and not bench.on
    assert outcome.path is not None and inspect(outcome.path) == []
    assert control.stopped == "interrupted (SIGINT)"   # a campaign reads this before it measures the next device
    bench.on = True
    with pytest.raises(KeyboardInterrupt, match="ended with status success"):   # so is a script, which has no control
        run_on(bench, Sweep(), tmp_path / "script")  # type: ignore[arg-type]
    (stored,) = (tmp_path / "script").glob("*.nxs")
    assert inspect(stored) == [] and not bench.on


def test_words_on_standard_input(capsys: pytest.CaptureFixture[str]) -> None:
    control = StdinControl(io.StringIO("pause\nnonsense\n"))
    control._thread.join(PATIENCE)
    assert control.paused and control.stopped is None and "is not a command" in capsys.readouterr().err
    control = StdinControl(io.StringIO("pause\nresume\nstop\nemergency\n"))
    control._thread.join(PATIENCE)
    assert not control.paused and control.stopped == "emergency stop"   # also after a stop

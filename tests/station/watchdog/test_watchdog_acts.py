"""What the watchdog does once it acts, step by step, in this process: nobody is killed and no instrument is reached."""

import io
import json
import os
import signal
import threading
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.errors import CommunicationError, ConfigurationError, InstrumentInUse
from tsbench.instruments import OutputState
from tsbench.station.watchdog import watchdog

TABLE = {"driver": "keithley_2450", "resource": "TCPIP0::127.0.0.1::1::SOCKET", "timeout": 3.0}
ORDER = {"meter": {"library": "@py", "table": TABLE, "lock": "lan 127.0.0.1"}}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the watchdog: it passes only where it sleeps."""
    now = [100.0]

    def sleep(seconds: float) -> None:
        assert seconds > 0
        now[0] += seconds

    monkeypatch.setattr(watchdog, "time", SimpleNamespace(monotonic=lambda: now[0], sleep=sleep))
    return now


class Reached:
    """A connection: what the watchdog does with it."""

    def __init__(self, states: list[OutputState], problem: str = "") -> None:
        self.states, self.problem = states, problem
        self.calls: list[str] = []
        self.transport = SimpleNamespace(close=lambda: self.calls.append("close"))

    def identify(self, wait: Any) -> None:
        self.calls.append("identify")

    def make_safe(self) -> list[OutputState]:
        self.calls.append("make_safe")
        return self.states


def connecting(monkeypatch: pytest.MonkeyPatch, *results: Reached | Exception) -> list[float]:
    """Let the watchdog find these one after the other, the last for ever; return the timeouts that it allowed."""
    timeouts: list[float] = []

    def connect(manager: Any, name: str, table: Any, library: str) -> Reached:
        assert (name, library) == ("meter", "@py")
        timeouts.append(table.timeout)
        result = results[min(len(timeouts), len(results)) - 1]
        if isinstance(result, Exception):
            raise result
        return result

    monkeypatch.setattr(watchdog, "connect", connect)
    return timeouts


OFF = OutputState("meter", False)


def test_a_first_try_is_impatient_and_a_second_has_the_time_of_the_bench_file(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    good = Reached([OFF, OutputState("meter.2", None)])
    timeouts = connecting(monkeypatch, CommunicationError("no\nreply"), Reached([OFF], "no reply to ':OUTP?'"), good)
    assert watchdog.Instruments(ORDER)._reach("meter") == ({"meter": False, "meter.2": False}, "")
    assert timeouts == [1.0, 3.0, 3.0] and good.calls == ["identify", "make_safe", "close"]
    assert clock[0] == pytest.approx(100.4)


@pytest.mark.parametrize("enabled", [True])
def test_an_output_that_is_still_on_is_unknown(monkeypatch: pytest.MonkeyPatch, enabled: bool) -> None:
    connecting(monkeypatch, Reached([OutputState("meter", enabled)]))
    assert watchdog.Instruments(ORDER)._reach("meter") == ({"meter": None}, "")


def test_after_its_patience_it_names_what_failed_last(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    timeouts = connecting(monkeypatch, CommunicationError("no\n  reply"))
    assert watchdog.Instruments(ORDER, longest_wait=1.0)._reach("meter") == ({"meter": None}, "no reply")
    assert 101.0 <= clock[0] < 101.3 and len(timeouts) >= 5
    assert watchdog.Instruments(ORDER)._reach("meter") == ({"meter": None}, "no reply")
    assert 131.0 <= clock[0] < 131.6   # half a minute where nothing is said
    short = {"meter": {**ORDER["meter"], "table": {**TABLE, "timeout": 0.5}}}
    timeouts = connecting(monkeypatch, Reached([OFF]))
    watchdog.Instruments(short)._reach("meter")
    assert timeouts == [0.5]


def test_the_instrument_is_owned_while_it_is_switched_off(
    monkeypatch: pytest.MonkeyPatch, clock: list[float]
) -> None:
    answers: list[Any] = []
    owned: list[tuple[str, str, str, bool]] = []
    tries: list[int] = []

    def take(key: str, subject: str, owner: Any) -> Any:
        owned.append((key, subject, owner.bench, owner.switching_off))
        answer = answers[0] if len(answers) == 1 else answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(watchdog, "take", take)
    monkeypatch.setattr(watchdog.Instruments, "_reach", lambda self, name: tries.append(1) or ({name: False}, ""))
    instruments = watchdog.Instruments(ORDER, bench="b.toml", victim=77)
    answers[:] = [nullcontext()]
    assert instruments.make_safe() == ({"meter": False}, []) and len(tries) == 1
    assert owned == [("lan 127.0.0.1", "meter", "b.toml", True)]
    answers[:] = [InstrumentInUse("in use", {"process": 77})]   # the victim could not be killed
    assert instruments.make_safe() == ({"meter": False}, []) and len(tries) == 2
    answers[:] = [InstrumentInUse("in use", {})]
    assert instruments.make_safe() == ({"meter": False}, []) and len(tries) == 3
    answers[:] = [ConfigurationError("no folder")]
    assert instruments.make_safe() == ({"meter": False}, []) and len(tries) == 4
    answers[:] = [InstrumentInUse("in use", {"process": 78}), nullcontext()]
    assert instruments.make_safe() == ({"meter": False}, []) and len(tries) == 5
    answers[:] = [InstrumentInUse("in use by 78. Wait until this process ends", {"process": 78})]
    before = clock[0]
    assert instruments.make_safe() == ({}, ["in use by 78. The process that now uses the instrument switched the "
                                            "outputs off when it opened the bench"]) and len(tries) == 5
    assert 2.0 <= clock[0] - before < 2.2
    answers[:] = [InstrumentInUse("in use by 1", {"process": 1})]
    assert watchdog.Instruments(ORDER).make_safe()[0] == {} and len(tries) == 5   # no process is the victim
    without_lock = {"meter": {"library": "@py", "table": TABLE}}
    assert watchdog.Instruments(without_lock).make_safe() == ({"meter": False}, []) and len(tries) == 6


def test_a_process_is_killed_by_its_descriptor_or_by_its_number_while_that_is_still_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed: list[int] = []
    monkeypatch.setattr(watchdog.os, "kill", lambda process, number: killed.append(process))
    monkeypatch.setattr(watchdog, "_DEATH", 0.01)
    monkeypatch.delattr(watchdog.os, "pidfd_open", raising=False)
    closed = threading.Event()
    victim = watchdog.Victim(12345)
    assert not victim.kill(closed) and killed == [12345]
    closed.set()
    assert victim.kill(closed) and killed == [12345]


def watching(monkeypatch: pytest.MonkeyPatch, events: Path, *lines: Any, gone: bool = True) -> tuple[int, bytes]:
    """Let the watchdog watch a pipe that ends behind these lines; return its code and what it answered.

    To kill takes 0.25 s, to switch off 2 s.
    """
    def kill(self: Any, closed: threading.Event) -> bool:
        watchdog.time.sleep(0.25)
        return gone

    def make_safe(self: Any) -> tuple[dict[str, bool | None], list[str]]:
        watchdog.time.sleep(2.0)
        return {"meter": False, "generator.1": None}, ["meter was slow"]

    monkeypatch.setattr(watchdog.Victim, "kill", kill)
    monkeypatch.setattr(watchdog.Instruments, "make_safe", make_safe)
    order = {"process": 4321, "instruments": {}, "deadline": 5.0, "run": "RUN1", "events": str(events)}
    read, write = os.pipe()
    with os.fdopen(write, "wb") as pipe:
        for line in (order, *lines):
            pipe.write(json.dumps(line).encode() + b"\n")
    answers = io.BytesIO()
    with os.fdopen(read, "rb", buffering=0) as pipe:
        return watchdog.watch(pipe, answers), answers.getvalue()  # type: ignore[arg-type]


def test_it_leaves_where_nothing_was_switched_on_or_the_run_says_farewell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert watchdog.watch(io.BytesIO(), io.BytesIO()) == 0
    for lines in (b'{"farewell": true}\n', b'{"due": 1.0}\n{"farewell": true}\n', b'{"due": 1.0}\n'):
        assert watchdog.watch(io.BytesIO(lines), io.BytesIO()) == 0
    code, answered = watching(monkeypatch, tmp_path / "events", {"farewell": True})
    assert code == 0 and answered.startswith(b"ready\n") and not list(tmp_path.iterdir())


def test_it_rests_after_a_run_and_watches_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stay = {"farewell": True, "stay": True}
    for last, code in (([stay], 0), ([{"farewell": True}], 0), ([], 1)):
        again = {"process": 4321, "run": "RUN2", "events": "", "deadline": 1.0, "interval": 0.1, "instruments": ORDER}
        found, answered = watching(monkeypatch, tmp_path / "events", {"due": 0.5}, stay, {"due": 0.5}, again, *last)
        assert found == code and answered.count(b"ready\n") == 2 and answered.count(b"rests\n") == 1 + (last == [stay])
    assert "RUN2: watchdog: the measuring process has died" in capsys.readouterr().err


@pytest.mark.parametrize("gone", [True, False])
def test_it_writes_what_it_did_beside_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], gone: bool
) -> None:
    code, _ = watching(monkeypatch, tmp_path / "events.json", gone=gone)
    assert code == 1
    told = capsys.readouterr().err
    assert told.startswith("tsbench: run RUN1: watchdog: the measuring process has died. These outputs were read back")
    assert "The watchdog ended" not in told and "the watchdog ended" not in told
    assert "These outputs were read back as off: meter. The state of these outputs is unknown: generator.1" in told
    assert told.strip().endswith("Meter was slow")
    assert ("Process 4321 could not be ended" in told) is not gone
    text = (tmp_path / "events.json").read_text("utf-8")
    assert "the measuring process has died" in text and '"killed": ' + str(gone).lower() in text.lower()
    assert '"process": 4321' in text and '"generator.1": null' in text
    assert '"killing": 0.25' in text and '"switching_off": 2.0' in text


def test_what_it_cannot_write_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _ = watching(monkeypatch, tmp_path / "no folder" / "events.json")
    assert code == 1 and "the watchdog could not write its report to" in capsys.readouterr().err


def test_the_message_names_only_what_there_is() -> None:
    assert watchdog._message("silence", {"a": False}, [], ended=True).endswith(
        "silence, so the watchdog ended the measuring process. These outputs were read back as off: a")
    assert watchdog._message("silence", {"a": True, "b": None}, ["x"], ended=False).endswith(
        "silence. The state of these outputs is unknown: a, b. Check the panel. x")


def test_as_a_process_it_ignores_signals_and_has_priority(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ignored: list[Any] = []
    priority: list[Any] = []
    reader, writer = os.pipe()
    os.set_blocking(reader, False)

    def watch(pipe: Any, answers: Any) -> int:
        answers.write(b"ready\n")
        assert os.read(reader, 99) == b"ready\n"   # nothing keeps it back
        return 7

    with os.fdopen(reader, "rb"), os.fdopen(writer, "wb") as answered:
        monkeypatch.setattr(watchdog.signal, "signal", lambda number, act: ignored.append((number, act)))
        monkeypatch.setattr(watchdog.os, "setpriority", lambda *given: priority.append(given), raising=False)
        monkeypatch.setattr(watchdog, "watch", watch)
        monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO()))
        monkeypatch.setattr("sys.stdout", SimpleNamespace(fileno=answered.fileno))
        assert watchdog.main() == 7
        assert (signal.SIGINT, signal.SIG_IGN) in ignored and len(priority) == 1
        assert priority[0][1] == 0 and -20 <= priority[0][2] < 0   # there is none beyond -20
        monkeypatch.setattr(watchdog, "watch", lambda pipe, answers: {}["no\norder"])
        assert watchdog.main() == 2
    assert "the watchdog failed" in capsys.readouterr().err

"""The parts of a run by themselves: signals, pauses, progress, looks at the power, ends in words."""

import io
import logging
import signal
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tsbench.errors import CommunicationError, ConfigurationError
from tsbench.plugins import in_words
from tsbench.records import Flag, Point, RunEvent, Waveform
from tsbench.station.protection import control
from tsbench.station.protection.control import Interrupts
from tsbench.station.runner import Control, StdinControl, events
from tsbench.station.runner.ended import ended_by
from tsbench.station.runner.events import Events, preview
from tsbench.station.runner.power import LOOK_EVERY, PowerCheck


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What is written to descriptors without a buffer."""
    found: list[tuple[int, str]] = []
    write = SimpleNamespace(write=lambda number, data: found.append((number, data.decode())))
    monkeypatch.setattr(control, "os", write)
    return found


def test_the_first_interrupt_asks_and_the_second_breaks_in_once(said: list[tuple[int, str]]) -> None:
    asked = Control()
    interrupts = Interrupts(asked)
    assert asked.stopped is None and not asked.paused
    interrupts._heard(signal.SIGINT, None)
    assert asked.stopped == "interrupted (SIGINT)" and "Press Ctrl-C again" in said[0][1]
    with pytest.raises(KeyboardInterrupt, match="SIGTERM"):
        interrupts._heard(signal.SIGTERM, None)
    interrupts._heard(signal.SIGINT, None)   # another must not break into what follows
    assert asked.stopped == "interrupted (SIGINT)" and len(said) == 1
    interrupts.shield()
    interrupts._heard(signal.SIGINT, None)
    assert len(said) == 2 and "Please wait" in said[1][1]
    assert all(number == 2 and text.startswith("tsbench: ") and text.endswith("\n") for number, text in said)


def test_behind_a_shield_a_signal_is_kept_for_what_follows_the_run(said: list[tuple[int, str]]) -> None:
    asked = Control()
    interrupts = Interrupts(asked)
    interrupts.shield()
    for _ in range(3):
        interrupts._heard(signal.SIGINT, None)
    assert len(said) == 3   # none of them is raised
    assert interrupts.heard == "SIGINT"
    assert asked.stopped == "interrupted (SIGINT)"   # for what follows the run


def test_handlers_are_put_back_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers: dict[int, Any] = {signal.SIGINT: "mine", signal.SIGTERM: None}

    def install(number: int, handler: Any) -> Any:
        before, handlers[number] = handlers.get(number, "usual"), handler
        return before

    monkeypatch.setattr(control.signal, "signal", install)
    interrupts = Interrupts(Control())
    with pytest.raises(ZeroDivisionError), interrupts.installed():
        assert set(handlers.values()) == {interrupts._heard} and {signal.SIGINT, signal.SIGTERM} <= set(handlers)
        _ = 1 / 0
    # one that is not of Python cannot be put back
    assert handlers[signal.SIGINT] == "mine" and handlers[signal.SIGTERM] == signal.SIG_DFL
    handlers.clear()
    with interrupts.installed():
        pass
    elsewhere = threading.Thread(target=lambda: interrupts.installed().__enter__())
    handlers.clear()
    elsewhere.start()
    elsewhere.join(10.0)
    assert handlers == {}   # only the main thread hears signals


def test_a_pause_lasts_until_resumed_or_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control.time, "sleep", lambda seconds: None)
    for end in ("resume", "stop"):
        asked, beats = Control(), []
        asked.wait_while_paused(lambda beats=beats: beats.append(1))
        assert beats == []
        asked.pause()

        def beat(asked: Control = asked, beats: list[int] = beats, end: str = end) -> None:
            beats.append(1)
            if len(beats) == 3:
                getattr(asked, end)()

        asked.wait_while_paused(beat)
        assert len(beats) == 3 and asked.paused is (end == "stop")
    asked.stop("another reason")
    assert asked.stopped == "stopped by the operator"   # the first stands
    asked.emergency()
    asked.stop("another reason")
    assert asked.stopped == "emergency stop"
    shout = Control()
    shout.emergency()
    assert shout.stopped == "emergency stop"


def test_a_closed_standard_input_changes_nothing() -> None:
    lines = io.StringIO("stop\n")
    lines.close()
    asked = StdinControl(lines)
    asked._thread.join(10.0)
    assert asked.stopped is None and not asked._thread.is_alive()


class Restarted:
    """A bench whose instruments were switched off and on at some instants."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)

    def restarted(self) -> list[str]:
        return self.answers.pop(0)


def test_a_look_at_the_power_comes_between_steps_half_a_second_apart() -> None:
    check = PowerCheck(Restarted([], ["meter"]))
    assert LOOK_EVERY == 0.5
    assert not check.due(50.0) and not check.due(50.49)
    assert check.due(51.0) and check.due(51.0)   # until the look
    assert check.look(51.0) == "" and not check.due(51.4) and check.due(51.5)
    line = check.look(52.5)
    assert "meter" in line and "switched off and on after 51.000 s on the bench's clock. The settings are lost" in line
    assert check.look(60.0) == line   # it is not asked again
    opened = PowerCheck(Restarted(["meter", "scope"])).look(1.0)
    assert opened.startswith("meter and scope") and "the bench was opened" in opened and "51" not in opened
    assert PowerCheck(object()).look(1.0) == ""


@pytest.mark.parametrize(("error", "status", "reason", "lost"), [
    (KeyboardInterrupt("SIGINT"), "abort", "interrupted (SIGINT)", False),
    (KeyboardInterrupt(), "abort", "interrupted", False),
    (SystemExit(3), "fail", "called sys.exit (SystemExit: 3)", False),
    (ValueError("a\n b"), "fail", "ValueError: a b", False),
    (CommunicationError("no reply"), "fail", "no reply", True),
    (ConfigurationError(""), "fail", "ConfigurationError", False),
])
def test_how_a_run_ended(error: BaseException, status: str, reason: str, lost: bool) -> None:
    found = ended_by(error)
    assert (found.status, found.connection_lost, found.error) == (status, lost, error) and found.reason.endswith(reason)
    assert in_words(RuntimeError("x")) == "RuntimeError: x"


def test_progress_is_told_ten_times_a_second_and_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now, told = [100.0], list[RunEvent]()
    monkeypatch.setattr(events.time, "monotonic", lambda: now[0])
    heard = Events(told.append)
    assert heard.now == 0.0
    heard.now = 7.0
    for later, done, paused in ((10.0, 0, 0.0), (0.05, 1, 0.0), (0.06, 2, 0.0), (0.01, 4, 4.0), (0.01, 3, 0.0)):
        now[0] += later
        heard.progress(done, 4, "m", paused)
    assert [(event.data["done"], event.data["total"], event.time) for event in told] == [
        (0, 4, 7.0), (2, 4, 7.0), (4, 4, 7.0)]
    assert [event.data["eta"] for event in told] == [None, pytest.approx(10.11), 0.0]
    now[0] += 10.0
    heard.progress(1, 4, "m", 5.13)   # of 20.13 s five were pauses
    assert told[-1].data["eta"] == pytest.approx(3 * 15.0)


def test_events_go_to_every_listener_that_does_not_fail_and_into_the_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    first, second, own = list[RunEvent](), list[RunEvent](), list[RunEvent]()

    def fails(event: RunEvent) -> None:
        raise ValueError("broken")

    heard = Events(first.append)
    heard.also(own.append)
    heard.follow(fails)
    heard.follow(second.append)
    with caplog.at_level(logging.DEBUG, logger=events.__name__):
        for kind in ("warning", "retry", "result", "log", "point", "progress", "waveform"):
            heard.tell(kind, "words", {"a": 1})
    assert len(first) == len(second) == len(own) == 7 and capsys.readouterr().err.count("was removed (broken)") == 1
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "warning: words"), ("INFO", "retry: words"), ("DEBUG", "result: words"), ("INFO", "log: words")]
    Events(None).tell("log", "nobody")


def test_items_are_told_with_their_numbers() -> None:
    told: list[RunEvent] = []
    heard = Events(told.append)
    wave = Waveform("source", "V", np.array([[1, 2, 3], [4, 5, 6]], dtype=np.int8), 0.5, 1.0, -1.0, 0.25, np.zeros(2),
                    conditions={"bias": 2.0}, flags=Flag.CLIPPED)
    heard.item("point", 4, Point((1.0, 2.0), Flag.COMPLIANCE), 99)
    heard.item("waveform", 5, wave, 77)
    heard.item("event", 6, RunEvent("log", "as it is", 3.0), 0)
    point, waveform, event = told
    assert point.data["index"] == 4 and point.data["values"] == [1.0, 2.0] and point.data["flags"] == ["compliance"]
    expected = {"index": 5, "crc": 77, "channel": "source", "unit": "V", "segments": 2, "samples": 3,
                "flags": ["clipped"]}
    assert {name: waveform.data[name] for name in expected} == expected
    assert waveform.data["preview"] == {"time": [-1.0, -0.75, -0.5], "value": [3.0, 3.5, 4.0]}   # the last segment
    assert event == RunEvent("log", "as it is", 3.0)


def test_a_preview_of_a_long_segment_has_the_extremes_of_each_bin() -> None:
    codes = np.zeros((1, 100), dtype=np.int8)
    codes[0, [13, 57, 99]] = 9, -9, 5
    wave = Waveform("s", "V", codes, 1.0, 0.0, 0.0, 1.0, np.zeros(1))
    shown = preview(wave, 10)
    assert len(shown["time"]) <= 10 and shown["time"][0] == 0.0 and shown["time"][-1] == 99.0
    assert dict(zip(shown["time"], shown["value"], strict=True)) | {13.0: 9.0, 57.0: -9.0, 99.0: 5.0} == dict(
        zip(shown["time"], shown["value"], strict=True))
    assert len(preview(wave, 100)["time"]) == 100
    assert preview(Waveform("s", "V", codes[:0], 1.0, 0.0, 0.0, 1.0, np.zeros(0))) == {"time": [], "value": []}

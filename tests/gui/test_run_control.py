"""How far a stop has come, the owner of a bench, and the key that stops."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tsbench.file_lock import FileLock
from tsbench.gui.runner_client import Ending
from tsbench.storage.run_address import write_address

pytestmark = pytest.mark.display


@pytest.fixture
def control(application: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A control whose run is stood in for: ``asked`` is what it was asked, ``said`` what it said itself."""
    from tsbench.gui.run_control import RunControl

    made = RunControl()
    made.alive, made.asked, made.said, made.late, made.endings = True, [], [], [], []
    monkeypatch.setattr(made.child, "running", lambda: made.alive)
    for word in ("stop", "pause", "resume", "kill"):
        monkeypatch.setattr(made.child, word, lambda word=word: made.asked.append(word))
    made.stopping.connect(made.said.append)
    made.overdue.connect(made.late.append)
    made.ended.connect(made.endings.append)
    yield made
    made._patience.stop()
    made.deleteLater()


def off(control: Any, **states: bool | None) -> None:
    control.child.told.emit({"kind": "output", "data": states})


def test_a_stop_is_asked_for_once_and_forced_only_when_overdue(control: Any) -> None:
    control.stop()
    control.stop()
    assert control.asked == ["stop"] and control.said == ["stopping …"]
    assert control._patience.isActive() and control._patience.isSingleShot()
    control._out_of_patience()
    assert "has not stopped" in control.late[0]
    control.stop()
    control.stop()   # once only
    assert control.asked == ["stop", "kill"] and control.late[1] == "the measuring process is being ended by force"


def test_outputs_that_are_off_give_a_stop_time_again(control: Any) -> None:
    control.stop()
    control._out_of_patience()
    control._patience.stop()
    off(control, meter=False, generator=None)
    assert control.said == ["stopping …"] and not control._patience.isActive()
    off(control, generator=False)
    assert control.said[1].startswith("all outputs are off, read back at ") and control._patience.isActive()
    control._patience.stop()
    control.stop()   # not forced: the outputs are off
    assert control.asked == ["stop"] and control.said[2] == control.said[1] and control._patience.isActive()
    control._out_of_patience()
    assert control.late[-1].startswith(f"{control.said[1]}. This takes longer than usual. Press STOP again")


def test_between_two_runs_of_a_campaign_a_stop_is_asked_for(control: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Any] = []
    monkeypatch.setattr(control.child, "start", started.append)
    control.perform(["run", "c.toml", "--events"])
    assert started == [["run", "c.toml", "--events"]]
    off(control, meter=False)
    assert control.read_back == {"meter": False}
    control.child.told.emit({"kind": "state", "data": {"state": "running", "run": "r2"}})   # the next run
    assert control.read_back == {}
    off(control, meter=False)
    control.stop()
    assert control.asked == ["stop"] and control.said == ["stopping …"]


def test_outputs_that_go_off_by_themselves_are_no_stop(control: Any) -> None:
    off(control, meter=False)
    assert control.said == [] and not control._patience.isActive() and control.started
    control.alive = False
    control.stop()
    control.pause(True)
    control._out_of_patience()
    assert control.asked == control.said == control.late == []


def test_a_new_run_knows_nothing_of_the_last_one(control: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control.child, "measure", lambda **facts: control.asked.append(facts))
    control.stop()
    off(control, meter=False)
    control._out_of_patience()
    control.child.told.emit({"kind": "state", "data": {"state": "done", "reason": "no reply"}})
    control.measure("a.toml", {"out": "runs"}, ["--log"])
    assert control.asked[1:] == [{"bench": "a.toml", "out": "runs", "more": ["--log"]}]
    assert control.read_back == {} and not control.started and not control._patience.isActive()
    control.stop()
    assert control.asked[2:] == ["stop"] and control.said[-1] == "stopping …"
    control.child.ended.emit(Ending(1, "failed"))
    assert control.endings == [Ending(1, "failed")] and not control._patience.isActive()


@pytest.mark.parametrize(("ending", "words"), [
    (Ending(1, "failed"), "failed: no reply"), (Ending(1, "failed: no reply of m"), "failed: no reply of m"),
    (Ending(130, "stopped"), "stopped"), (Ending(None, "crashed"), "crashed"),
])
def test_a_failure_has_the_reason_that_the_run_told(control: Any, ending: Ending, words: str) -> None:
    control.child.told.emit({"kind": "state", "data": {"state": "done", "reason": "no reply"}})
    control.child.told.emit({"kind": "state", "data": {"state": "other", "reason": "another"}})
    control.child.ended.emit(ending)
    assert control.endings == [Ending(ending.code, words)]


def test_answers_are_no_events_of_the_run(control: Any) -> None:
    told: list[Any] = []
    control.told.connect(told.append)
    for kind in ("welcome", "refused", "caught_up", "answer"):
        control.child.told.emit({"kind": kind, "data": {"state": "done", "reason": "x"}})
    assert told == [] and not control.started
    control.child.told.emit({"kind": "log"})
    assert told == [{"kind": "log"}] and control.started and control.running() and not control.attached()
    control.pause(True)
    control.pause(False)
    assert control.asked == ["pause", "resume"]
    assert not control.attach(Path("no.address"))   # beside a run
    control.alive = False
    assert not control.attach(Path("no.address")) and not control.running() and not control.started


@pytest.fixture
def owner(application: Any) -> Iterator[Any]:
    from tsbench.gui.owner_watch import OwnerWatch

    made = OwnerWatch()
    made.begun, made.left = [], []
    made.runs.connect(made.begun.append)
    made.gone.connect(lambda: made.left.append(True))
    yield made
    made.forget()
    made.deleteLater()


def test_an_owner_begins_runs_and_leaves(owner: Any, application: Any, tmp_path: Path) -> None:
    path = tmp_path / "meter.lock"
    lock = FileLock(path, json.dumps({"address": str(tmp_path / "a.address")}))
    owner.watch({"lock": str(path)})
    application.processEvents()   # it looks at once
    assert owner.begun == [tmp_path / "a.address"]
    owner._look()
    assert len(owner.begun) == 1   # each run is told once
    for record in ("", "{}", "[]", json.dumps({"address": ""})):
        path.write_text(record, "utf-8")
        owner._look()
    assert len(owner.begun) == 1 and owner.left == [] and owner._timer.isActive()
    path.write_text(json.dumps({"address": str(tmp_path / "b.address")}), "utf-8")
    owner._look()
    assert owner.begun[1:] == [tmp_path / "b.address"]
    owner.watch({"lock": str(path)})   # watched anew: its run is told anew
    owner._look()
    assert owner.begun[2:] == [tmp_path / "b.address"]
    lock.release()
    owner._look()
    owner._look()
    assert owner.left == [True] and not owner._timer.isActive()


def test_an_owner_without_a_lock_is_gone_and_one_forgotten_is_not_looked_at(owner: Any) -> None:
    owner.watch({})
    owner.forget()
    owner._look()
    assert owner.left == [] and not owner._timer.isActive()
    owner.watch({})
    owner._look()
    assert owner.left == [True]


def test_the_living_run_of_a_bench(application: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tsbench.gui import owner_watch

    addresses = [tmp_path / f"{name}.address" for name in "abc"]
    for address, bench in zip(addresses[1:], ("/other.toml", "/mine.toml"), strict=True):
        write_address(address, {"bench": bench})   # the first one cannot be read
    monkeypatch.setattr(owner_watch, "living_runs", lambda out: addresses if out == tmp_path else [])
    living_run = owner_watch.OwnerWatch.living_run
    assert living_run(Path("/mine.toml"), tmp_path) == addresses[2]
    assert living_run(Path("/mine.toml"), tmp_path / "elsewhere") is None
    assert living_run(Path("/third.toml"), tmp_path) is None


def test_esc_stops_once_while_a_run_goes_on(application: Any) -> None:
    from PyQt5 import QtCore, QtGui, QtWidgets

    from tsbench.gui.stop_key import StopKey

    button, stopped, going_on = QtWidgets.QPushButton("STOP"), [], [True]
    key = StopKey(button, lambda: going_on[0], lambda: stopped.append(True))

    def pressed(code: int, repeated: bool = False, kind: int = QtCore.QEvent.KeyPress) -> bool:
        event = QtGui.QKeyEvent(kind, code, QtCore.Qt.NoModifier, "", repeated)
        return bool(key.eventFilter(button, event))

    assert pressed(QtCore.Qt.Key_Escape) and len(stopped) == 1
    assert pressed(QtCore.Qt.Key_Escape, repeated=True) and len(stopped) == 1   # held down: once
    assert not pressed(QtCore.Qt.Key_A) and not pressed(QtCore.Qt.Key_Escape, kind=QtCore.QEvent.KeyRelease)
    assert not key.eventFilter(QtCore.QObject(), QtGui.QKeyEvent(
        QtCore.QEvent.KeyPress, QtCore.Qt.Key_Escape, QtCore.Qt.NoModifier))   # of no widget
    assert not key.eventFilter(button, None)
    going_on[0] = False
    assert not pressed(QtCore.Qt.Key_Escape) and len(stopped) == 1
    application.removeEventFilter(key)
    button.deleteLater()


def test_a_click_on_stop_counts_past_an_open_list_and_elsewhere_does_not(
    application: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from PyQt5 import QtCore, QtGui, QtWidgets

    from tsbench.gui.stop_key import StopKey

    button, stopped, closed = QtWidgets.QPushButton("STOP"), [], []
    popup = QtWidgets.QMenu()
    monkeypatch.setattr(popup, "close", lambda: closed.append(True))
    key = StopKey(button, lambda: True, lambda: stopped.append(True))
    button.resize(80, 30)
    button.show()

    def clicked(x: int, y: int) -> bool:
        place = QtCore.QPointF(button.mapToGlobal(QtCore.QPoint(x, y)))
        event = QtGui.QMouseEvent(QtCore.QEvent.MouseButtonPress, QtCore.QPointF(0, 0), place, place,
                                  QtCore.Qt.LeftButton, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier)
        return bool(key.eventFilter(popup, event))

    monkeypatch.setattr(QtWidgets.QApplication, "activePopupWidget", lambda: None)
    assert not clicked(10, 10)   # the button hears this one itself
    monkeypatch.setattr(QtWidgets.QApplication, "activePopupWidget", lambda: popup)
    assert [clicked(0, 0), clicked(79, 29)] == [True, True] and len(stopped) == len(closed) == 2
    assert not any((clicked(-1, 10), clicked(80, 10), clicked(10, 30)))
    button.hide()
    assert not clicked(10, 10) and len(stopped) == 2
    application.removeEventFilter(key)
    button.deleteLater()

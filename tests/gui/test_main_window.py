"""What each button, event and answer changes in the window; the processes behind it are stood in for."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fixtures.patience import wait_until
from tsbench.gui.runner_client import Ending

pytestmark = pytest.mark.display

BENCH = 'name = "lab"\n[devices.D1]\n[devices.D2]\n'
REPORT: dict[str, Any] = {
    "instruments": [{"name": "meter", "role": "drive", "model": "2450", "resource": "r", "simulated": True}],
    "outputs": [{"output": "meter", "enabled": False}], "problems": [], "warnings": [], "predictions": [],
}


class Stand:
    """Stands for the measuring process, the check and the run of another process; notes what they are asked."""

    def __init__(self, window: Any, patch: pytest.MonkeyPatch) -> None:
        self.asked: list[Any] = []
        self.alive = self.checks = self.other = False
        child, checker, other = window.control.child, window.checker, window.control.other
        patch.setattr(child, "running", lambda: self.alive)
        patch.setattr(child, "measure", lambda **facts: self.asked.append(facts))
        patch.setattr(checker, "running", lambda: self.checks)
        patch.setattr(checker, "ask", self.asked.append)
        patch.setattr(checker, "wait", lambda seconds: self.asked.append("wait for the check"))
        patch.setattr(other, "running", lambda: self.other)
        patch.setattr(other, "attach", self.attach)
        patch.setattr(other, "detach", self.detach)
        for run, whose in ((child, ""), (other, "other ")):
            for word in ("stop", "pause", "resume", "kill"):
                patch.setattr(run, word, lambda word=word, whose=whose: self.asked.append(whose + word))

    def attach(self, address: Path) -> bool:
        self.asked.append(address)
        self.other = True
        return True

    def detach(self) -> None:
        self.other = False

    def heard(self) -> list[Any]:
        """Return what has been asked since the last time."""
        asked = list(self.asked)
        self.asked.clear()
        return asked


@pytest.fixture(scope="module")
def opened(application: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from tsbench.gui.main_window import MainWindow

    path = tmp_path_factory.mktemp("benches") / "a.bench.toml"
    path.write_text(BENCH, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        window = MainWindow(log=path.parent / "log.txt")
        stand = Stand(window, patch)
        yield SimpleNamespace(window=window, stand=stand, path=path)
        window.owner.forget()
        stand.alive = stand.checks = False
        window.close()
        window.deleteLater()
        application.processEvents()


@pytest.fixture
def lab(opened: Any) -> Any:
    """A window on a bench that has been identified, without a run."""
    window, stand = opened.window, opened.stand
    stand.alive = stand.checks = stand.other = False
    window._closing = window._looked_on = False
    window.control._reset()
    window.run_panel.out.setText(str(opened.path.parent / "runs"))
    window.open_bench(opened.path)
    window._checked(REPORT, Ending(0, "done"))
    window.view.log.clear()
    stand.heard()
    return opened


def lines(lab: Any) -> list[str]:
    return [line[10:] for line in lab.window.view.log.toPlainText().splitlines()]


def why_not(lab: Any) -> str:
    return str(lab.window.run_panel._why_not.text())


def note(lab: Any) -> str:
    return str(lab.window.bench_panel._note.text())


def problem_noted(lab: Any) -> bool:
    return bool(lab.window.bench_panel._note.property("role") == "problem")


def check_command(lab: Any) -> list[str]:
    return ["check", str(lab.path), "--log", str(lab.path.parent / "log.txt")]


def test_a_bench_is_opened_and_checked(lab: Any) -> None:
    lab.window.open_bench(lab.path)
    assert lab.window.bench == lab.path and lab.window.windowTitle() == "lab - tsbench"
    assert lab.window.bar._bench.text() == "lab"
    assert [lab.window.run_panel.device.itemText(k) for k in range(2)] == ["D1", "D2"]
    assert lab.stand.heard() == [check_command(lab)]
    assert note(lab) == why_not(lab) == "identifying the instruments …"
    assert not lab.window.bench_panel._check.isEnabled() and not lab.window.run_panel.run.isEnabled()
    assert lab.window.bench_panel.outputs() == {} and lab.window.bar.badge.text() == "NOT CONNECTED"
    assert lines(lab) == [f"bench {lab.path}"] and lab.window.view.problem() == ""


def test_a_bench_without_a_name_has_its_files(lab: Any, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("devices = 3\n", "utf-8")
    lab.window.open_bench(path)
    assert lab.window.windowTitle() == "mine - tsbench" and lab.window.run_panel.device.count() == 0
    path.write_text("devices = [\n", "utf-8")
    lab.window.open_bench(lab.path)
    lab.window.open_bench(path)   # cannot be read: the last one stays
    assert lab.window.bench == lab.path and "mine.toml" in lab.window.view.problem()


def test_while_a_run_goes_on_no_other_bench_is_opened(lab: Any, tmp_path: Path) -> None:
    lab.stand.alive = True
    lab.window.open_bench(tmp_path / "b.toml")
    assert lab.window.bench == lab.path and lab.stand.heard() == []
    assert lines(lab) == ["a run is in progress, so the bench cannot be changed"]


def test_from_the_run_of_another_process_the_window_goes_to_another_bench(lab: Any, tmp_path: Path) -> None:
    path = tmp_path / "b.toml"
    path.write_text('name = "other"\n', "utf-8")
    lab.window._attach(tmp_path / "run.address")
    assert lab.window.control.attached() and lab.window.bar.pause.isEnabled()
    lab.window.open_bench(path)
    assert not lab.window.control.attached() and lab.window.bench == path and not lab.window.bar.pause.isEnabled()


def test_a_run_that_goes_on_there_is_followed_or_the_bench_is_checked(
    lab: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from tsbench.gui.owner_watch import OwnerWatch

    address = tmp_path / "run.address"
    monkeypatch.setattr(OwnerWatch, "living_run", lambda bench, out: address if bench == lab.path else None)
    lab.window.open_bench(lab.path)
    assert lab.stand.heard() == [address] and lab.window.control.attached()
    monkeypatch.setattr(lab.window.control, "attach", lambda address: False)   # it has just ended
    lab.window.open_bench(lab.path)
    assert lab.stand.heard() == [check_command(lab)] and not lab.window.control.attached()


def test_one_check_at_a_time_and_none_beside_a_run(lab: Any) -> None:
    lab.stand.checks = True
    lab.window.check()
    lab.stand.checks, lab.stand.alive = False, True
    lab.window.check()
    lab.window.bench, lab.stand.alive = None, False
    lab.window.check()
    assert lab.stand.heard() == []
    lab.window.bench = lab.path
    lab.window.stop()   # without a run, STOP makes the bench safe
    assert lab.stand.heard() == [check_command(lab)]


def test_what_a_check_reports_is_shown(lab: Any) -> None:
    lab.window.check()
    lab.window._checked({
        **REPORT, "outputs": [{"output": "meter", "enabled": True}], "problems": ["no interlock"],
        "warnings": ["old firmware"], "predictions": ["steps of 2 ms"]}, Ending(0, "done"))
    assert lab.window.bench_panel.outputs() == {"meter": True} and lab.window.bar.badge.text() == "SIMULATED BENCH"
    assert lab.window.bar.outputs_text() == "<b>outputs ON: meter</b>"
    assert lab.window.bar._outputs.toolTip().startswith("as read back from the instruments at ")
    assert "no interlock\nold firmware" in note(lab) and problem_noted(lab)
    assert lines(lab) == ["no interlock", "old firmware", "steps of 2 ms"]
    assert why_not(lab) == "" and lab.window.run_panel.run.isEnabled() and lab.window.bench_panel._check.isEnabled()
    lab.window._checked({**REPORT, "warnings": ["old firmware"]}, Ending(0, "done"))
    assert note(lab) == "old firmware"   # not in the colour of a problem


def test_a_bench_that_does_not_answer_cannot_be_run(lab: Any) -> None:
    lab.window._checked(None, Ending(1, "failed: no reply"))
    assert "failed: no reply" in note(lab) and problem_noted(lab) and "no reply" in lab.window.view.problem()
    assert lab.window.bench_panel.outputs() == {"meter": None} and lab.window.bar.badge.text() == "NOT CONNECTED"
    assert "unknown" in lab.window.bar.outputs_text()
    assert lab.window.bar._outputs.toolTip() == "the bench could not be reached"
    assert lines(lab) == ["the state of the outputs is unknown: the bench could not be reached", "failed: no reply"]
    assert why_not(lab) == "the bench does not answer. Correct the problem, then press Check"


def test_a_bench_in_use_is_watched_and_its_run_followed(lab: Any, tmp_path: Path) -> None:
    lab.window._checked({"in_use": {"lock": ""}, "message": "process 7 uses meter"}, Ending(3, "refused"))
    assert lab.window.owner._timer.isActive() and "process 7" in note(lab) and problem_noted(lab)
    assert why_not(lab) == "another process uses the bench. This window only shows the bench"
    assert lab.window.bar.outputs_text() == "outputs unknown, because another process uses the bench"
    assert lab.window.bar._outputs.toolTip() == "process 7 uses meter" == lines(lab)[0]
    assert "process 7" in lab.window.view.problem()
    lab.window.control.other.process = 7
    lab.window.owner.runs.emit(tmp_path / "run.address")
    assert lab.stand.heard() == [tmp_path / "run.address"]
    assert note(lab) == "following the run of process 7" and why_not(lab) == "a run is in progress"
    assert lines(lab)[1] == "— a run in progress"
    assert lines(lab)[2].startswith("this window shows the run of process 7. ")
    lab.window.run()   # not beside it
    lab.window._attach(tmp_path / "second.address")   # nor a second one
    assert lab.stand.heard() == []
    lab.window._pause_or_resume(True)
    lab.window.stop()
    assert lab.stand.heard() == ["other pause", "other stop"]
    lab.window.control.other.told.emit({"kind": "state", "data": {"state": "running", "instruments": [
        {"name": "meter", "role": "drive", "simulated": False}]}})
    assert lab.window.bar.badge.text() == "REAL BENCH" and lab.window.bench_panel.outputs() == {}
    lab.window.control.other.told.emit({"kind": "output", "data": {"meter": False}})
    lab.stand.other = False
    lab.window.control.other.ended.emit(Ending(0, "done"))
    assert lab.stand.heard() == [check_command(lab)]   # it is this window's bench again


def test_a_run_is_asked_for_as_chosen(lab: Any) -> None:
    lab.stand.checks = True
    lab.window.run()
    assert lab.stand.heard() == []
    lab.stand.checks = False
    lab.window.run_panel.choose("iv_sweep")
    lab.window.run_panel.device.setCurrentIndex(1)
    lab.window.view.wire.traced.setChecked(True)
    lab.window.run()
    (asked,) = lab.stand.heard()
    out = str(lab.path.parent / "runs")
    assert (asked["bench"], asked["device"], asked["protocol"], asked["out"]) == (str(lab.path), "D2", "iv_sweep", out)
    assert asked["more"] == ["--log", str(lab.path.parent / "log.txt"), "--trace", str(Path(out) / "messages.trace")]
    lab.window.view.wire.traced.setChecked(False)
    assert note(lab) == "measuring" and why_not(lab) == "a run is in progress" and lines(lab)[0].endswith(" on D2")
    assert lab.window.bar.outputs_text() == "measuring, outputs may be on"
    assert lab.window.bench_panel.outputs() == {"meter": None} and lab.window.bar.pause.isEnabled()
    assert not lab.window.bench_panel._check.isEnabled()
    lab.stand.alive = True
    lab.window.run()
    assert lab.stand.heard() == []
    lab.window.control.stop()
    assert lab.window.view.progress.format() == lab.window.bar.outputs_text() == "stopping …"


def test_pause_is_shown_as_the_run_says(lab: Any) -> None:
    lab.window._pause_or_resume(True)   # without a run
    assert lab.stand.heard() == [] == lines(lab)
    lab.stand.alive = True
    lab.window._pause_or_resume(True)
    lab.window._pause_or_resume(False)
    assert lab.stand.heard() == ["pause", "resume"] and lines(lab) == ["pausing at the next safe point", "resume"]
    tell = lab.window.control.child.told.emit
    for state, text in (("paused", "Res&ume"), ("extracting", "Res&ume"), ("running", "Pa&use")):
        tell({"kind": "state", "message": state, "data": {"state": state}})
        assert lab.window.bar.pause.text() == text and lab.window.bar.pause.isChecked() == (text == "Res&ume")
    assert lab.stand.heard() == []   # showing it asks for nothing
    tell({"kind": "log", "message": "of the outputs", "data": {"meter": True}})
    assert lab.window.bench_panel.outputs() == {"meter": False}
    tell({"kind": "output", "message": "", "data": {"meter": True}})
    assert lab.window.bench_panel.outputs() == {"meter": True} == lab.window.control.read_back


@pytest.mark.parametrize(("told", "code", "unknown", "checked"), [
    ([{"kind": "output", "data": {"meter": False}}], 0, False, False),
    ([{"kind": "output", "data": {"meter": False}}], None, True, True),
    ([{"kind": "log"}], 1, True, True),          # begun, and no output read back
    ([], 2, False, True),                        # refused before it began
    ([{"kind": "welcome"}], 2, False, True),     # a greeting begins nothing
])
def test_after_a_run_the_outputs_are_known_or_asked_for(
    lab: Any, told: list[dict[str, Any]], code: int | None, unknown: bool, checked: bool
) -> None:
    lab.window.run()
    lab.stand.heard()
    for event in told:
        lab.window.control.child.told.emit(event)
    lab.window.control.child.ended.emit(Ending(code, "done" if code == 0 else "failed: why"))
    assert ("unknown" in lab.window.bar.outputs_text()) == unknown
    recover = f"the measured data are kept. 'tsbench recover {lab.path.parent / 'runs'}' makes the run file"
    assert (recover in lines(lab)) == unknown
    assert lab.stand.heard() == ([check_command(lab)] if checked else [])
    assert not lab.window.bar.pause.isEnabled() and (why_not(lab) == "") != checked


@pytest.mark.parametrize(("button", "text"), [("done", ""), ("end", "q")])
def test_what_is_to_be_done_by_hand_is_answered_in_the_window(
    lab: Any, monkeypatch: pytest.MonkeyPatch, button: str, text: str,
) -> None:
    from tsbench.gui import hand_question

    answered: list[Any] = []
    monkeypatch.setattr(hand_question, "answer_bench", lambda *said: answered.append(said))
    asks = {"kind": "question", "message": "The outputs are off. Connect device D2.", "data": {"question": 4}}
    bar = lab.window.by_hand
    assert bar.isHidden()
    lab.window.control.child.told.emit(asks)
    assert not bar.isHidden() and bar.words.text() == "The outputs are off. Connect device D2."
    getattr(bar, button).click()
    wait_until(lambda: answered == [(lab.path, text, 4)])
    assert bar.isHidden()
    lab.window.control.child.told.emit(asks)
    lab.window.control.child.told.emit({"kind": "answered", "message": "", "data": {"question": 4}})
    assert bar.isHidden()   # another user has answered


def test_the_window_closes_when_its_run_has_ended(lab: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    monkeypatch.setattr(lab.window, "close", lambda: closed.append(True))
    lab.stand.alive = True
    lab.window.question.ask()
    lab.window.question.yes.click()
    assert lab.stand.heard() == ["stop"] and closed == [] and lab.window.question.isHidden()
    lab.stand.alive = False
    lab.window.control.child.ended.emit(Ending(130, "stopped"))
    assert closed == [True] and lab.stand.heard() == []
    lab.window._stop_and_close()   # it had ended before the answer
    assert closed == [True, True]


def test_what_a_close_waits_for(lab: Any) -> None:
    from PyQt5 import QtGui

    lab.stand.alive = True
    for asked in (True, False):   # once the answer is to stop, the question is not asked again
        event = QtGui.QCloseEvent()
        lab.window.closeEvent(event)
        assert not event.isAccepted() and lab.window.question.isHidden() != asked
        lab.window.question.hide()
        lab.window._closing = True
    lab.stand.alive, lab.stand.other, lab.stand.checks = False, True, True
    lab.window.owner.watch({"lock": ""})
    event = QtGui.QCloseEvent()
    lab.window.closeEvent(event)
    assert event.isAccepted() and lab.stand.heard() == ["wait for the check"]
    assert not lab.window.owner._timer.isActive() and not lab.stand.other
    lab.stand.checks = False
    lab.window.closeEvent(QtGui.QCloseEvent())
    assert lab.stand.heard() == []


def test_the_window_is_never_larger_than_the_screen(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from PyQt5 import QtCore, QtWidgets

    from tsbench.gui.window_place import _SIZE, comfortable_size

    for width, height in ((800, 600), (3000, 2000)):
        room = QtCore.QRect(0, 0, width, height)
        screen = SimpleNamespace(availableGeometry=lambda room=room: room)
        monkeypatch.setattr(QtWidgets.QApplication, "primaryScreen", lambda screen=screen: screen)
        size = comfortable_size()
        assert size.width() <= width and size.height() <= height
    assert size == QtCore.QSize(*_SIZE)
    monkeypatch.setattr(QtWidgets.QApplication, "primaryScreen", lambda: None)
    assert comfortable_size() == QtCore.QSize(*_SIZE)


def test_the_next_run_of_a_campaign_makes_the_outputs_unknown(lab: Any) -> None:
    lab.window._follow({"kind": "output", "data": {"meter": False}})
    lab.window.control.read_back = {"meter": False}
    lab.window._show_outputs(lab.window.control.read_back)
    assert lab.window.bar.outputs_text() == "outputs off: meter"
    lab.window._follow({"kind": "state", "data": {"state": "running", "run": "r2"}})
    assert lab.window.bar.outputs_text() == "measuring, outputs may be on"
    assert lab.window.bench_panel.outputs() == {"meter": None}

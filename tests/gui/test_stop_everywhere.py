"""STOP reaches the run whatever else is open, and says what has become of it."""

import pytest

from tsbench.gui.runner_client import Ending

pytestmark = pytest.mark.display


class FakeRun:
    """Stands for the child of a window: notes what it is asked for."""

    def __init__(self, control, monkeypatch):
        self.asked = []
        self.alive = True
        monkeypatch.setattr(control.child, "running", lambda: self.alive)
        for word in ("stop", "pause", "resume", "kill"):
            monkeypatch.setattr(control.child, word, lambda word=word: self.asked.append(word))
        self.told = control.child.told.emit
        self._ended = control.child.ended.emit

    def end(self, code=130):
        self.alive = False
        self._ended(Ending(code, "stopped"))


@pytest.fixture
def window(application, monkeypatch):
    from tsbench.gui.main_window import MainWindow

    made = MainWindow()
    monkeypatch.setattr(made, "check", lambda: None)  # there is no bench
    made.show()
    application.setActiveWindow(made)
    application.processEvents()
    made.run = FakeRun(made.control, monkeypatch)
    yield made
    made.run.alive = False
    made.close()
    made.deleteLater()
    application.processEvents()


def escape(widget):
    from PyQt5 import QtCore, QtTest

    QtTest.QTest.keyClick(widget, QtCore.Qt.Key_Escape)


def press_stop(window):
    """Click where STOP is on the screen, as a mouse does: whatever is modal keeps the click from it."""
    from PyQt5 import QtCore, QtTest

    at = window.bar.stop.mapTo(window, window.bar.stop.rect().center())
    QtTest.QTest.mouseClick(window.windowHandle(), QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, at)


def open_folder_chooser(window):
    window.run_panel._choose_folder()
    return window.findChild(type_of_chooser())


def open_bench_chooser(window):
    window.bar._choose()
    return window.findChild(type_of_chooser())


def type_of_chooser():
    from tsbench.gui.choosers import PathChooser

    return PathChooser


def close_window(window):
    window.close()
    return window.question


def open_list(window):
    window.run_panel.protocol.showPopup()
    return window.run_panel.protocol.view()


def open_menu(window):
    window.bar._recent_menu.addAction("a bench")
    window.bar._recent_menu.popup(window.mapToGlobal(window.rect().center()))
    return window.bar._recent_menu


OPENED = [open_folder_chooser, open_bench_chooser, close_window, open_list, open_menu]


@pytest.mark.parametrize("opened", OPENED, ids=lambda opened: opened.__name__)
@pytest.mark.parametrize("way", ["mouse", "Esc"])
def test_stop_is_heard_while_something_is_open(application, until, window, opened, way):
    from PyQt5 import QtWidgets

    shown = opened(window)
    until(shown.isVisible)
    application.processEvents()
    assert application.activeModalWidget() is None  # such a one would block STOP
    if way == "mouse":
        press_stop(window)
    else:
        escape(QtWidgets.QApplication.focusWidget() or shown)
    assert window.run.asked == ["stop"]
    assert window.isVisible()
    if isinstance(shown, QtWidgets.QMenu | QtWidgets.QDialog):
        shown.close()
    window.run_panel.protocol.hidePopup()


def test_esc_in_the_question_stops_the_run_and_the_window_stays(until, window):
    assert not window.close()
    assert window.question.isVisible()
    until(window.question.no.hasFocus)   # the window system gives the focus when it can
    escape(window.question.no)
    assert window.run.asked == ["stop"]
    window.run.end()
    assert window.isVisible() and not window.question.isVisible()


def test_without_a_run_esc_is_left_to_the_dialog(application, until, window):
    window.run.alive = False
    chooser = open_folder_chooser(window)
    until(chooser.isVisible)
    escape(chooser)
    assert window.run.asked == [] and not chooser.isVisible()


def test_a_folder_that_is_not_there_is_said_without_a_box_that_blocks(application, window, monkeypatch):
    chooser = open_folder_chooser(window)
    monkeypatch.setattr(chooser, "selectedFiles", lambda: ["/nowhere/at/all"])
    chooser.accept()
    assert chooser.isVisible() and "/nowhere/at/all does not exist" in chooser.windowTitle()
    assert application.activeModalWidget() is None
    chooser.close()


def out_of_patience(window):
    assert window.control._patience.isActive()
    window.control._patience.stop()
    window.control._out_of_patience()


def test_outputs_that_are_read_back_off_are_not_called_a_run_that_has_not_stopped(window):
    from PyQt5 import QtTest

    window.stop()
    assert "stopping" in window.bar.outputs_text()
    window.run.told({"kind": "output", "message": "off", "data": {"source_meter": False, "generator.1": False}})
    assert window.bar.outputs_text() == "outputs off: source_meter, generator.1"
    window.run.told({"kind": "state", "message": "extracting", "data": {"state": "extracting"}})
    assert "all outputs are off" in window.view.log.toPlainText()
    window.stop()  # again, in impatience: nothing is forced
    assert window.run.asked == ["stop"]
    out_of_patience(window)
    assert "not stopped" not in window.view.problem()
    assert "all outputs are off, read back at" in window.view.problem()
    window.stop()
    assert window.run.asked == ["stop", "kill"]
    QtTest.QTest.qWait(0)


@pytest.mark.parametrize("read_back", [None, {"source_meter": False, "generator.1": None}])
def test_a_run_whose_outputs_are_not_known_to_be_off_has_not_stopped(window, read_back):
    window.stop()
    if read_back is not None:
        window.run.told({"kind": "output", "message": "unknown", "data": read_back})
    window.stop()
    assert window.run.asked == ["stop"]  # not before its time
    out_of_patience(window)
    assert "has not stopped" in window.view.problem()
    window.stop()
    assert window.run.asked == ["stop", "kill"]


def test_a_failed_run_says_why_in_the_banner(window):
    window.run.told({"kind": "state", "data": {"state": "done", "status": "fail", "reason": "source_meter: no reply"}})
    window.run.end(code=1)
    assert "failed: source_meter: no reply" in window.view.problem()


def test_ctrl_o_opens_a_chooser_whatever_the_bench_is_called(application, until, window, tmp_path):
    from PyQt5 import QtCore, QtTest

    for name in ("first", "second"):
        window.bar.show_bench(name, tmp_path / f"{name}.toml")
        window.activateWindow()
        application.setActiveWindow(window)
        QtTest.QTest.keyClick(window, QtCore.Qt.Key_O, QtCore.Qt.ControlModifier)
        (chooser,) = window.findChildren(type_of_chooser())
        until(chooser.isVisible)
        chooser.close()
        application.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)

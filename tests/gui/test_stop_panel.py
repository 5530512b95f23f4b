"""The Stop panel: above all windows while a run goes on, keys for gloves, and what the outputs are with clock times."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gui.test_stop_everywhere import FakeRun, escape, open_folder_chooser, open_list, open_menu
from tsbench.gui.runner_client import Ending

pytestmark = pytest.mark.display


@pytest.fixture
def window(application: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    from PyQt5 import QtCore

    from tsbench.gui.main_window import MainWindow

    for key in ("stop_panel/always", "stop_panel/place"):
        QtCore.QSettings().remove(key)
    made = MainWindow()
    made.safe: list[str] = []  # type: ignore[misc]
    monkeypatch.setattr(made, "check", lambda: made.safe.append("made safe"))
    made.show()
    application.setActiveWindow(made)
    application.processEvents()
    made.run = FakeRun(made.control, monkeypatch)
    made.run.alive = False
    yield made
    made.run.alive = False
    made.close()
    made.deleteLater()
    application.processEvents()


def begin(window: Any) -> Any:
    """Begin a run that is stood in for, and return the panel."""
    window.bench_panel.show_instruments([{"name": "meter", "role": "drive", "model": "2450"}], ["meter"])
    window.run.alive = True
    window._busy("measuring")
    return window.stop_panel


def end(window: Any) -> None:
    window.run.told({"kind": "output", "message": "off", "data": {"meter": False}})
    window.run.alive = False
    window.control.child.ended.emit(Ending(0, "done"))


def press(widget: Any, key: str, held: str = "NoModifier") -> None:
    from PyQt5 import QtCore, QtTest

    QtTest.QTest.keyClick(widget, getattr(QtCore.Qt, key), getattr(QtCore.Qt, held))


def click(widget: Any) -> None:
    from PyQt5 import QtCore, QtTest

    QtTest.QTest.mouseClick(widget, QtCore.Qt.LeftButton)


def test_it_is_there_while_a_run_goes_on_and_takes_no_focus(application: Any, window: Any) -> None:
    from PyQt5 import QtCore

    panel = window.stop_panel
    assert not panel.isVisible()
    focus = application.focusWidget()
    assert begin(window).isVisible()
    application.processEvents()
    assert panel.windowFlags() & QtCore.Qt.WindowStaysOnTopHint and panel.isWindow()
    assert panel.windowFlags() & QtCore.Qt.WindowType_Mask == QtCore.Qt.Tool
    assert panel.testAttribute(QtCore.Qt.WA_ShowWithoutActivating) and application.focusWidget() is focus
    assert panel.windowModality() == QtCore.Qt.NonModal
    assert panel.stop.height() >= 100 and "F12" in panel._keys.text() and "Ctrl+Space" in panel._keys.text()
    end(window)
    assert not panel.isVisible()


@pytest.mark.parametrize(("key", "held"), [
    ("Key_Escape", "NoModifier"), ("Key_Space", "ControlModifier"), ("Key_F12", "NoModifier"),
    ("Key_Pause", "NoModifier")])
@pytest.mark.parametrize("where", ["window", "panel", "entry"])
def test_each_key_stops_once_wherever_the_focus_is(window: Any, key: str, held: str, where: str) -> None:
    panel = begin(window)
    press({"window": window, "panel": panel.finish, "entry": window.run_panel.out}[where], key, held)
    assert window.run.asked == ["stop"] and window.safe == []
    assert panel._state.text() == "stopping …"


def test_without_a_run_the_keys_for_gloves_make_the_bench_safe(window: Any) -> None:
    press(window, "Key_F12")
    press(window.run_panel.out, "Key_Pause")
    assert window.safe == ["made safe"] * 2
    press(window, "Key_Space", "ControlModifier")
    press(window, "Key_Escape")   # these belong to what has the focus
    assert window.safe == ["made safe"] * 2
    click(window.stop_panel.stop)
    assert len(window.safe) == 3 and window.run.asked == []


@pytest.mark.parametrize("opened", [open_folder_chooser, open_list, open_menu], ids=lambda one: one.__name__)
def test_esc_stops_and_closes_what_is_open(application: Any, until: Any, window: Any, opened: Any) -> None:
    begin(window)
    shown = opened(window)
    until(shown.isVisible)
    escape(shown)
    assert window.run.asked == ["stop"]
    assert not shown.isVisible() and window.isVisible() and window.stop_panel.isVisible()


def test_the_outputs_are_shown_while_the_run_goes_on(window: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tsbench.gui import output_book

    second = [1]
    window.bench_panel.show_instruments([{"name": "meter", "role": "drive", "model": "2450"}], ["meter"])
    monkeypatch.setattr(output_book.time, "strftime", lambda form: f"10:00:0{second[0]}")
    window._show_outputs({"meter": False})
    panel = window.stop_panel
    assert panel.outputs() == {"meter": ("off", "read back 10:00:01")}
    window.run.alive = True
    window._busy("measuring")
    assert panel.outputs() == {"meter": ("unknown", "was off 10:00:01")}   # this run may have switched it on
    for state, shown in (
        ("commanded on", ("commanded ON", "sent 10:00:03, was off 10:00:01")), ("on", ("ON", "read back 10:00:04")),
        ("commanded off", ("commanded off", "sent 10:00:05, was ON 10:00:04")), ("off", ("off", "read back 10:00:06")),
    ):
        second[0] = second[0] + 2 if state == "commanded on" else second[0] + 1
        window.run.told({"kind": "switched", "message": "", "data": {"meter": state}})
        assert panel.outputs()["meter"] == shown
        assert shown[0] in window.bench_panel._lamps["meter"].text()
        assert window.bench_panel.outputs()["meter"] == {"O": True, "c": None, "o": False}[
            "O" if "ON" in shown[0] else shown[0][0]]
    window.run.told({"kind": "log", "message": "", "data": {"meter": "on"}})
    window.run.told({"kind": "switched", "message": "", "data": {"meter": "of another version"}})
    assert panel.outputs()["meter"][0] == "off"


def test_an_output_that_only_the_run_tells_of_gets_a_lamp(window: Any) -> None:
    begin(window)
    window.run.told({"kind": "switched", "message": "", "data": {"meter": "on", "generator.1": "commanded off"}})
    assert list(window.stop_panel.outputs()) == ["meter", "generator.1"]


def test_a_pause_is_asked_for_beside_stop(window: Any) -> None:
    panel = window.stop_panel
    assert not panel.finish.isEnabled() and "no run" in panel.finish.toolTip()
    begin(window)
    click(panel.finish)
    assert window.run.asked == ["pause"] and panel.finish.text().startswith("Pause was")
    assert window.bar.pause.isChecked()   # both say the same
    window.run.told({"kind": "state", "message": "paused", "data": {"state": "paused"}})
    assert panel.finish.text() == "Resume" and panel._state.text() == "paused"
    click(panel.finish)
    assert window.run.asked == ["pause", "resume"] and panel.finish.text().startswith("Finish")
    panel.show_run(True, "campaign", "this campaign runs in another process")
    assert not panel.finish.isEnabled() and "another process" in panel.finish.toolTip()
    assert "device" in panel.finish.accessibleName()


def test_the_user_may_want_it_always_and_places_it(application: Any, window: Any) -> None:
    from PyQt5 import QtCore

    from tsbench.gui.main_window import MainWindow

    panel = window.stop_panel
    press(window, "Key_F9")
    assert panel.isVisible() and panel.always()
    panel.move(60, 70)
    application.processEvents()
    end(begin(window).parentWidget())
    assert panel.isVisible()   # also when the run is over
    place = panel.pos()
    window.hide()
    assert not panel.isVisible()
    again = MainWindow()
    again.show()
    application.processEvents()
    assert again.stop_panel.isVisible() and again.stop_panel.pos() == place
    again.stop_panel.close()
    assert not again.stop_panel.always() and not again.stop_panel.isVisible()
    again.stop_panel.show_run(True)   # the next run shows it again
    assert again.stop_panel.isVisible()
    again.stop_panel.show_run(False)
    assert not again.stop_panel.isVisible()
    again.close()
    again.deleteLater()
    application.sendPostedEvents(None, QtCore.QEvent.DeferredDelete)


def test_a_click_on_the_large_stop_counts_past_an_open_list(application: Any, until: Any, window: Any) -> None:
    from PyQt5 import QtCore, QtGui

    panel = begin(window)
    shown = open_list(window)
    until(shown.isVisible)
    place = QtCore.QPointF(panel.stop.mapToGlobal(panel.stop.rect().center()))
    application.sendEvent(shown, QtGui.QMouseEvent(
        QtCore.QEvent.MouseButtonPress, QtCore.QPointF(0, 0), place, place, QtCore.Qt.LeftButton,
        QtCore.Qt.LeftButton, QtCore.Qt.NoModifier))
    assert window.run.asked == ["stop"] and not shown.isVisible()


def test_of_a_campaign_the_button_pauses_after_the_device(application, until) -> None:
    from PyQt5 import QtCore, QtTest, QtWidgets

    from tsbench.gui.output_book import OutputBook
    from tsbench.gui.stop_panel import StopPanel

    window, asked = QtWidgets.QWidget(), []
    panel = StopPanel(OutputBook(), window)
    panel.device_wanted.connect(lambda: asked.append("device"))
    panel.resume_wanted.connect(lambda: asked.append("resume"))
    panel.finish_wanted.connect(lambda: asked.append("pause"))
    window.show()
    panel.show_run(True, "campaign")
    assert "device" in panel.finish.text()

    def press() -> str:
        QtTest.QTest.mouseClick(panel.finish, QtCore.Qt.LeftButton)
        return str(panel.finish.text()).replace("\n", " ")

    assert press() == "Pauses after this device …" and asked == ["device"]
    panel.hear({"data": {"state": "running", "run": "r2"}})   # the next run of the same device
    assert panel.finish.text().startswith("Pauses")
    assert press().startswith("Finish this device") and asked == ["device", "resume"]
    press()
    panel.hear({"data": {"state": "paused"}})
    assert panel.finish.text() == "Resume"
    press()
    assert asked == ["device", "resume", "device", "pause"]   # the button Pause of the strip goes on
    panel.show_run(True)
    press()
    assert asked[-1] == "pause"
    window.close()
    panel.deleteLater()
    window.deleteLater()

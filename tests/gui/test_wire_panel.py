"""The panel with the last messages on the wire."""

import shutil
from pathlib import Path

import pytest

pytestmark = pytest.mark.display

EXAMPLES = Path(__file__).parents[2] / "examples"
LINE = "2026-11-26 10:35:46.222\tsource_meter\tread\t0.000051\t:OUTP?\t0\n"


@pytest.fixture
def panel(application):
    from tsbench.gui.wire_panel import WirePanel

    shown = WirePanel()
    for widget in (shown.switches, shown):
        widget.resize(800, 200)
        widget.show()
    yield shown
    for widget in (shown.switches, shown):
        widget.close()
        widget.deleteLater()


def click(widget, place=None):
    from PyQt5 import QtCore, QtTest

    assert widget.isEnabled()
    QtTest.QTest.mouseClick(widget, QtCore.Qt.LeftButton, pos=place or QtCore.QPoint(10, widget.height() // 2))


def test_without_a_trace_nothing_is_asked_for(panel, tmp_path):
    assert panel.arguments(str(tmp_path)) == [] and panel.where.text() == "no trace yet"
    assert not panel._timer.isActive()


def test_the_end_of_the_file_is_shown_as_it_grows(panel, tmp_path):
    click(panel.traced)
    file = tmp_path / "messages.trace"
    file.write_text(LINE, "utf-8")  # of an earlier run
    assert panel.arguments(str(tmp_path)) == ["--trace", str(file)]
    with file.open("a", encoding="utf-8") as stream:
        stream.write("# header\n" + LINE + LINE[:30])
        stream.flush()
        panel.look()
        assert panel.lines.toPlainText() == "10:35:46.222  source_meter   read       0.05 ms  :OUTP?   ->  0"
        stream.write(LINE[30:])
    panel.look()
    assert len(panel.lines.toPlainText().splitlines()) == 2


def test_following_can_be_switched_off_and_on_again(panel, tmp_path):
    click(panel.traced)
    panel.arguments(str(tmp_path))
    click(panel.follow)
    (tmp_path / "messages.trace").write_text(LINE, "utf-8")
    panel.look()
    assert panel.lines.toPlainText() == ""
    click(panel.follow)
    assert ":OUTP?" in panel.lines.toPlainText()


def test_of_a_flood_the_end_is_shown_and_the_number_of_lines_is_bounded(panel, tmp_path):
    click(panel.traced)
    panel.arguments(str(tmp_path))
    (tmp_path / "messages.trace").write_text(LINE * 50_000 + LINE.replace(":OUTP?", ":LAST?"), "utf-8")
    panel.look()
    shown = panel.lines.toPlainText().splitlines()
    assert shown[0] == "... (left out here; the file has all)" and ":LAST?" in shown[-1] and len(shown) < 2001


@pytest.mark.thorough
def test_the_messages_of_a_run_by_mouse(application, until, tmp_path):
    """Click the tab, switch the trace on, run: the measuring process writes the file, the window shows its end."""
    from PyQt5 import QtWidgets

    from tsbench.gui.main_window import MainWindow

    for name in ("resistor.bench.toml", "resistor.world.toml"):
        shutil.copy(EXAMPLES / name, tmp_path / name)
    window = MainWindow(tmp_path / "resistor.bench.toml")
    window.run_panel.out.setText(str(tmp_path / "runs"))
    window.show()
    try:
        until(lambda: not window.checker.running(), what="for the bench to be identified")
        tabs = window.view.findChild(QtWidgets.QTabWidget, "messages")
        click(tabs.tabBar(), tabs.tabBar().tabRect(1).center())
        assert tabs.currentWidget() is window.view.wire
        click(window.view.wire.traced)
        window.run_panel.choose("iv_sweep")
        for name, text in (("stop", "0.2 V"), ("step", "0.1 V"), ("compliance", "1 mA")):
            window.run_panel.form.set_entries({**window.run_panel.form.entries(), name: text})
        click(window.run_panel.run)
        until(lambda: not window.control.running() and not window.checker.running(), what="for the run")
        until(lambda: "source_meter" in window.view.wire.lines.toPlainText(), what="for the messages")
        trace = (tmp_path / "runs" / "messages.trace").read_text("utf-8")
        assert "\tsource_meter\twrite\t" in trace and ":INIT\t" in trace and ":TRAC:DATA? 1," in trace
        assert window.view.wire.where.toolTip() == str(tmp_path / "runs" / "messages.trace")
    finally:
        window.close()
        window.deleteLater()
        application.processEvents()

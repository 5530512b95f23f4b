"""The screen with the stored runs, driven by mouse and keyboard on a folder of stored sweeps."""

from pathlib import Path

import pytest

from tests.fixtures.report_folder import write_report_folder
from tsbench.storage.review import read_review

QtCore = pytest.importorskip("PyQt5.QtCore", reason="needs PyQt5 (pip install tsbench[gui])")
pytestmark = pytest.mark.display

DEVICES = {"D1": "working", "D2": "working", "D3": "open", "D4": "shorted"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_report_folder(tmp_path / "runs", DEVICES)


@pytest.fixture
def browser(application, until, folder):
    """Return the screen with the four runs of the folder."""
    from tsbench.gui.stored_runs.run_browser import RunBrowser

    shown = RunBrowser()
    shown.resize(1200, 700)
    shown.show()
    application.setActiveWindow(shown)
    shown.open_folder(folder)
    until(lambda: shown.table.rowCount() == 4 and not shown.listing.busy())
    yield shown
    until(lambda: not (shown.listing.busy() or shown.drawing.busy() or shown.command.running()))
    shown.close()
    shown.deleteLater()
    application.processEvents()


def click(widget) -> None:
    from PyQt5 import QtTest

    QtTest.QTest.mouseClick(widget, QtCore.Qt.LeftButton)


def row_of(browser, device: str) -> int:
    return next(row for row in range(browser.filter.rowCount()) if browser.filter.index(row, 2).data() == device)


def choose(browser, *devices: str) -> None:
    """Click the rows of some devices, with Ctrl from the second on."""
    from PyQt5 import QtTest

    for number, device in enumerate(devices):
        place = browser.view.visualRect(browser.filter.index(row_of(browser, device), 2)).center()
        held = QtCore.Qt.ControlModifier if number else QtCore.Qt.NoModifier
        QtTest.QTest.mouseClick(browser.view.viewport(), QtCore.Qt.LeftButton, held, place)


def test_the_runs_are_listed_with_their_first_result(browser) -> None:
    cells = [browser.filter.index(row_of(browser, "D1"), column).data() for column in range(8)]
    assert cells[3:5] == ["iv_sweep", "success"]
    assert cells[5].startswith("threshold voltage") and cells[5].endswith("± 0.010 V")
    assert browser.filter.index(row_of(browser, "D3"), 6).data() == "no event, open"
    assert browser.said.text() == f"4 runs in {browser.folder}"


def test_the_filter_takes_words_of_any_column(browser, until) -> None:
    from PyQt5 import QtTest

    QtTest.QTest.keyClicks(browser.words, "IV_SWEEP open")
    assert [browser.filter.index(0, 2).data(), browser.filter.rowCount()] == ["D3", 1]
    assert browser.said.text().endswith(", 1 shown")
    browser.words.clear()
    assert browser.filter.rowCount() == 4


def test_a_run_is_rejected_with_a_reason_and_accepted_again(browser, until, folder) -> None:
    from PyQt5 import QtTest

    choose(browser, "D2")
    click(browser.reject)
    assert "state the reason of the rejection" in browser.said.text() and browser.text.hasFocus()
    QtTest.QTest.keyClicks(browser.text, "the needle slipped")
    click(browser.reject)
    until(lambda: browser.filter.index(row_of(browser, "D2"), 7).data() == "rejected: the needle slipped")
    assert read_review(folder / "RUN1-1.nxs").rejected == "the needle slipped"
    assert [one.device for one in browser.chosen()] == ["D2"] and browser.text.text() == ""
    click(browser.rejected)
    assert browser.filter.rowCount() == 3
    click(browser.rejected)
    choose(browser, "D2")
    click(browser.accept)
    until(lambda: browser.filter.index(row_of(browser, "D2"), 7).data() == "")


def test_stars_and_notes(browser, until) -> None:
    from PyQt5 import QtTest

    choose(browser, "D1", "D4")
    click(browser.star)
    until(lambda: sum(one.starred for one in browser.table.runs) == 2)
    click(browser.starred)
    assert browser.filter.rowCount() == 2
    click(browser.star)   # all chosen ones have one: it is taken away
    until(lambda: not any(one.starred for one in browser.table.runs))
    click(browser.starred)
    choose(browser, "D4")
    QtTest.QTest.keyClicks(browser.text, "burnt at 2 V")
    click(browser.note)
    until(lambda: browser.filter.index(row_of(browser, "D4"), 7).data() == "burnt at 2 V")


def test_the_curves_of_chosen_runs_lie_over_each_other(browser, until) -> None:
    choose(browser, "D1", "D2")
    until(lambda: len(browser.plot.curves) == 2)
    assert {one.name.split()[0] for one in browser.plot.curves} == {"D1", "D2"}
    assert all(one.axes == ("voltage", "V", "current", "A") for one in browser.plot.curves)
    browser.view.clearSelection()
    assert browser.plot.curves == []


def test_export_report_and_recover_are_those_of_the_command_line(browser, until, folder) -> None:
    choose(browser, "D1")
    click(browser.export)
    until(lambda: not browser.command.running())
    assert sorted(path.suffix for path in (folder / "exported").rglob("RUN1-0*.csv")), browser.said.text()
    click(browser.recover)
    until(lambda: not browser.command.running())
    click(browser.report)
    until(lambda: not browser.command.running())
    assert list(folder.glob("*.html")), browser.said.text()


def test_a_folder_that_is_not_there_and_a_damaged_file_are_said(browser, until, folder, tmp_path) -> None:
    (folder / "RUN1-0.nxs").write_bytes(b"no HDF5 file")
    click(browser.refresh)
    until(lambda: browser.table.rowCount() == 3 and not browser.listing.busy())
    assert "RUN1-0.nxs" in browser.said.text()
    browser.open_folder(tmp_path / "none")
    assert "does not exist yet" in browser.said.text() and browser.table.rowCount() == 0


def test_ctrl_2_shows_the_runs_of_the_folder_in_the_form(application, until, folder) -> None:
    from PyQt5 import QtTest

    from tsbench.gui.main_window import MainWindow

    window = MainWindow()
    window.run_panel.out.setText(str(folder))
    window.show()
    application.setActiveWindow(window)
    until(window.isActiveWindow)
    QtTest.QTest.keyClick(window, QtCore.Qt.Key_2, QtCore.Qt.ControlModifier)
    until(lambda: window.browser.table.rowCount() == 4 and not window.browser.listing.busy())
    assert window.bar.stop.isVisible()   # above every screen
    QtTest.QTest.keyClick(window, QtCore.Qt.Key_1, QtCore.Qt.ControlModifier)
    assert window.view.isVisible() and not window.browser.isVisible()
    window.close()
    window.deleteLater()
    application.processEvents()

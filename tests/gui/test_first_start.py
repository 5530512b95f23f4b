"""The first start of a newcomer, with a profile of nothing: a bench, the guided tour, and a number."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.display


@pytest.fixture
def window(application: Any, tmp_path: Path) -> Iterator[Any]:
    from PyQt5 import QtCore

    from tsbench.gui.main_window import MainWindow

    QtCore.QSettings().clear()   # a clean profile
    made = MainWindow()
    made.first.folder = tmp_path
    made.show()
    made.activateWindow()
    application.setActiveWindow(made)
    application.processEvents()
    yield made
    if made.control.child.running():
        made.control.child.kill()
    made.checker.wait(60.0)
    made.owner.forget()
    made.close()
    made.deleteLater()
    application.processEvents()


def click(widget: Any) -> None:
    from PyQt5 import QtCore, QtTest

    assert widget.isVisible() and widget.isEnabled()
    QtTest.QTest.mouseClick(widget, QtCore.Qt.LeftButton)


def press(widget: Any, key: str) -> None:
    from PyQt5 import QtCore, QtTest

    QtTest.QTest.keyClick(widget, getattr(QtCore.Qt, key))


def place_of(window: Any, widget: Any) -> Any:
    from PyQt5 import QtCore

    return QtCore.QRect(widget.mapTo(window, QtCore.QPoint(0, 0)), widget.size())


def test_a_newcomer_measures_on_the_built_in_bench(application: Any, until: Any, window: Any, tmp_path: Path) -> None:
    tour, bench = window.tour, tmp_path / "tsbench_simulated" / "bench.toml"
    tour.offer()
    assert tour.isVisible() and "TSBENCH" in tour.text() and tour.framed() == []
    click(tour.next)
    assert tour.number == 0 and place_of(window, window.first.built_in) in tour.framed()
    click(window.first.built_in)
    until(lambda: window.bench is not None, "for the bench to be written")
    assert window.bench == bench and not window.first.isVisible() and window.view.results.isVisible()
    until(lambda: not window.checker.running(), "for the bench to be identified")
    assert window.bar.badge.text() == "SIMULATED BENCH"
    assert window.run_panel.folder() == bench.parent / "runs"
    press(tour.next, "Key_Return")
    assert [place_of(window, box) for box in (window.run_panel.device, window.run_panel.protocol)] == tour.framed()
    press(tour, "Key_Right")
    assert tour.number == 2 and tour.framed() == [place_of(window, window.run_panel.run)]
    window.run_panel.form.field("step")._entry.setText("20 mV")
    click(window.run_panel.run)
    until(lambda: tour.number == 3 or not window.control.running(), "for the run to begin")
    assert place_of(window, window.bar.stop) in tour.framed()
    until(lambda: tour.number == 4, "for the run to end")
    until(lambda: not window.control.running() and window.view.results.table.rowCount() > 0)
    assert window.view.results.table.item(0, 0).text() == "threshold voltage"
    assert "±" in window.view.results.table.item(0, 2).text()
    assert window.view.results.path.exists() and window.view.results.path.parent == bench.parent / "runs"
    click(tour.next)   # Finish
    assert not tour.isVisible()


def test_a_bench_that_is_there_is_opened_and_not_written_over(
    until: Any, window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "check", lambda: None)
    folder = tmp_path / "tsbench_simulated"
    folder.mkdir()
    (folder / "bench.toml").write_text('name = "mine"\n[devices.X]\n', "utf-8")
    click(window.first.built_in)
    assert window.windowTitle() == "mine - tsbench"
    assert (folder / "bench.toml").read_text("utf-8") == 'name = "mine"\n[devices.X]\n'


def test_files_that_are_in_the_way_are_said_and_kept(until: Any, window: Any, tmp_path: Path) -> None:
    folder = tmp_path / "tsbench_simulated"
    folder.mkdir()
    (folder / "world.toml").write_text("mine", "utf-8")
    click(window.first.built_in)
    until(window.first.built_in.isEnabled, "for the command to end")
    assert "already exist" in window.first.note() and window.bench is None and window.first.isVisible()
    assert (folder / "world.toml").read_text("utf-8") == "mine" and not (folder / "bench.toml").exists()


def test_the_way_to_a_bench_of_ones_own(application: Any, window: Any) -> None:
    from PyQt5 import QtWidgets

    from tsbench.gui.choosers import PathChooser

    assert not window.first.command.isVisible()
    click(window.first.make)
    assert window.first.command.text().startswith("tsbench init ") and "terminal" in window.first.note()
    click(window.first.copy)
    clipboard = QtWidgets.QApplication.clipboard()
    assert clipboard is not None and clipboard.text() == window.first.command.text()
    click(window.first.open)
    (chooser,) = window.findChildren(PathChooser)
    chooser.close()


def test_the_tour_is_offered_once_and_found_again(application: Any, window: Any) -> None:
    window.tour.offer()
    click(window.tour.end)   # not now
    assert not window.tour.isVisible()
    window.tour.offer()
    assert not window.tour.isVisible()
    press(window, "Key_F1")
    assert window.tour.isVisible() and window.tour.number == 0
    press(window.tour, "Key_Left")   # there is nothing before
    assert window.tour.number == 0 and not window.tour.back.isVisible()
    press(window.tour, "Key_Right")
    click(window.tour.back)
    assert window.tour.number == 0
    press(window, "Key_Escape")
    assert not window.tour.isVisible()


def test_while_a_run_goes_on_esc_stops_it_and_the_tour_stays(
    application: Any, window: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(window.control.child, "running", lambda: bool(asked is not None))
    monkeypatch.setattr(window.control.child, "stop", lambda: asked.append("stop"))
    window.tour.start()
    press(window.tour.next, "Key_Escape")
    assert asked == ["stop"] and window.tour.isVisible()
    monkeypatch.setattr(window.control.child, "running", lambda: False)
    press(window.tour.next, "Key_Escape")
    assert asked == ["stop"] and not window.tour.isVisible()


@pytest.mark.parametrize("size", [(1280, 800), (1000, 760)])
def test_the_card_covers_no_control_that_it_points_at(application: Any, until: Any, window: Any, size: Any) -> None:
    window.resize(*size)
    window.first.leave()
    application.processEvents()
    window.tour.start()
    for number in range(5):
        window.tour.show_step(number)
        application.processEvents()
        assert window.tour.framed(), number
        assert not any(window.tour.geometry().intersects(place) for place in window.tour.framed()), number
        assert window.rect().contains(window.tour.geometry()), number
        assert window.tour.height() >= window.tour.sizeHint().height()
    window.screens.go_to("Runs")
    window.tour.start()
    assert window.screens.currentIndex() == 0   # the steps are on the first screen


def test_the_tour_blocks_nothing(application: Any, window: Any) -> None:
    from PyQt5 import QtCore

    window.tour.start()
    assert application.activeModalWidget() is None and not window.tour.isWindow()
    assert window.tour._frames.testAttribute(QtCore.Qt.WA_TransparentForMouseEvents)


def test_the_window_remembers_size_and_splitters(application: Any, window: Any) -> None:
    from PyQt5 import QtCore, QtWidgets

    from tsbench.gui.main_window import MainWindow

    window.setGeometry(40, 50, 1100, 820)
    application.processEvents()
    splitter = window.screens.widget(0)
    assert isinstance(splitter, QtWidgets.QSplitter)
    splitter.moveSplitter(520, 1)
    left = splitter.sizes()[0]
    assert left != 420
    window.close()
    again = MainWindow()
    again.show()
    application.processEvents()
    assert (again.width(), again.height()) == (1100, 820) and again.pos() == window.pos()
    assert abs(again.screens.widget(0).sizes()[0] - left) <= 2
    again.close()
    again.deleteLater()
    QtCore.QSettings().clear()
    application.processEvents()

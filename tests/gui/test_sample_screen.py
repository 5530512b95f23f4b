"""The screen with the devices: places, colours, mouse and keyboard on the map, search, notes, and the way to a run."""

import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.fixtures.report_folder import results_of, write_sweep
from tsbench.station.device_record import DeviceRecords, Dose
from tsbench.station.sample import SampleDevice, sample_of

QtCore = pytest.importorskip("PyQt5.QtCore", reason="needs PyQt5 (pip install tsbench[gui])")
pytestmark = pytest.mark.display

BENCH = """
name = "sample"
visa_library = "a.world.toml@tsbench"
device_record = "record"
[instruments.smu]
driver = "keithley_2450"
resource = "USB0::1::2::3::INSTR"
[roles]
drive = "smu"
[fixture]
netlist = '''
XDUT smu 0 device
'''
terminals = {{ smu = "smu" }}
[device.limits]
max_voltage = "2 V"
[device.budget]
cycles = 100
{devices}
"""


def bench_of(folder: Path, devices: str) -> Path:
    path = folder / "a.bench.toml"
    path.write_text(BENCH.format(devices=devices), "utf-8")
    return path


@pytest.fixture
def lab(application: Any, until: Any, tmp_path: Path) -> Iterator[Any]:
    """A bench of four dies: D1 is measured twice, D2 once without a value, D3 is retired, D4 is untouched."""
    from tsbench.gui.sample.sample_screen import SampleScreen

    runs = tmp_path / "runs"
    runs.mkdir()
    write_sweep(runs, "run1", "D1", results_of("working", 1.0), 1.0, "")
    write_sweep(runs, "run2", "D1", results_of("working", 1.2), 1.2, "")
    write_sweep(runs, "run3", "D2", results_of("quiet", 1.0), 1.0, "")
    path = bench_of(tmp_path, "\n".join(
        f'[devices.D{k + 1}]\ndie = [{k % 2}, {k // 2}]\nmaterial = "NbO2"' for k in range(4)))
    records = DeviceRecords(tmp_path / "record")
    records.charge("D1", "one", Dose(cycles=5, charge=1e-6, energy=2e-6, max_voltage=1.4, max_current=1e-3))
    records.set_state("D3", "retired", "scratched by the needle")
    screen = SampleScreen(lambda: path, lambda: runs)
    screen.resize(1200, 700)
    screen.show()
    until(lambda: len(screen.sample.devices) == 4, "the devices")
    yield SimpleNamespace(screen=screen, path=path, runs=runs, records=records, until=until)
    until(lambda: not (screen.reading.busy() or screen.writing.busy() or screen.card.drawing.busy()), "the threads")
    screen.hide()
    screen.deleteLater()


def click(lab: Any, name: str, modifier: Any = QtCore.Qt.NoModifier) -> None:
    from PyQt5 import QtTest

    place = lab.screen.map.box_of(name).center().toPoint()
    QtTest.QTest.mouseClick(lab.screen.map, QtCore.Qt.LeftButton, modifier, place)


def keys(widget: Any, *pressed: Any, modifier: Any = QtCore.Qt.NoModifier) -> None:
    from PyQt5 import QtTest

    for key in pressed:
        QtTest.QTest.keyClick(widget, key, modifier)


def test_the_card_says_what_is_known_of_a_device(lab: Any) -> None:
    click(lab, "D1")
    card = lab.screen.card
    assert card.title.text() == "D1" and "working" in card.facts.text() and "NbO2" in card.facts.text()
    assert "die 0, 0" in card.facts.text() and "2 runs stored" in card.facts.text()
    assert "5 of 100 cycles" in card.stress.text() and "1.40 V" in card.stress.text()
    assert "voltage 2.00 V" in card.stress.text()
    assert card.values.item(0, 0).text() == "threshold voltage" and card.values.item(0, 1).text().startswith("1.2")
    lab.until(lambda: len(card.plot.curves) == 2, "the curves")
    click(lab, "D3")
    assert "scratched by the needle" in card.history.toPlainText() and "0 runs" in card.facts.text()
    assert "none on record" in card.stress.text() and card.plot.curves == []


def test_dies_stand_by_column_and_row(lab: Any) -> None:
    box = {name: lab.screen.map.box_of(name).center() for name in ("D1", "D2", "D3", "D4")}
    assert box["D1"].x() == box["D3"].x() < box["D2"].x() == box["D4"].x()
    assert box["D3"].y() == box["D4"].y() < box["D1"].y() == box["D2"].y()   # row 1 is above row 0
    assert all(lab.screen.map.at(middle) == name for name, middle in box.items())


def test_colours_are_those_of_states_and_of_values(lab: Any) -> None:
    from tsbench.gui.palette import colours

    screen = lab.screen
    looks = dict(zip("1234", screen.map._colouring.looks, strict=True))
    assert looks["1"].fill == colours().good and looks["3"].crossed and looks["3"].letter == "R"
    assert screen.legend.words() == ["pristine: 2", "working: 1", "retired (R): 1"]
    screen.by.setCurrentIndex(screen.by.findData("threshold_voltage"))
    looks = dict(zip("1234", screen.map._colouring.looks, strict=True))
    assert looks["1"].fill and [looks[k].crossed for k in "1234"] == [False, True, True, True]
    assert screen.legend.words() == ["1.2 V", "no value: 3"] and "[V]" in screen.by.currentText()


def test_mouse_and_keyboard_choose_devices(lab: Any) -> None:
    from PyQt5 import QtTest

    wafer = lab.screen.map
    click(lab, "D1")
    assert wafer.current == "D1" and wafer.chosen == {"D1"}
    click(lab, "D4", QtCore.Qt.ControlModifier)
    assert wafer.current == "D4" and wafer.chosen == {"D1", "D4"}
    click(lab, "D4", QtCore.Qt.ControlModifier)
    assert wafer.chosen == {"D1"}
    keys(wafer, QtCore.Qt.Key_Left)
    assert wafer.current == "D3" and wafer.chosen == {"D3"}
    keys(wafer, QtCore.Qt.Key_Down, modifier=QtCore.Qt.ShiftModifier)
    assert wafer.current == "D1" and wafer.chosen == {"D1", "D3"}
    keys(wafer, QtCore.Qt.Key_Down, QtCore.Qt.Key_Space)   # there is none below: the frame stays
    assert wafer.current == "D1" and wafer.chosen == set()
    corners = [wafer.box_of(name).center().toPoint() for name in ("D3", "D4")]
    reach = int(wafer.box_of("D3").width() * 0.6)
    outline = [corners[0] + QtCore.QPoint(-reach, -reach), corners[1] + QtCore.QPoint(reach, -reach),
               corners[1] + QtCore.QPoint(reach, reach), corners[0] + QtCore.QPoint(-reach, reach)]
    QtTest.QTest.mousePress(wafer, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, outline[0])
    for place in outline[1:]:
        QtTest.QTest.mouseMove(wafer, place)
        wafer.mouseMoveEvent(_moved(place))
    QtTest.QTest.mouseRelease(wafer, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier, outline[-1])
    assert wafer.chosen == {"D3", "D4"} and lab.screen.copy.text() == "&Copy 2 names"


def _moved(place: Any) -> Any:
    from PyQt5 import QtGui

    return QtGui.QMouseEvent(QtCore.QEvent.MouseMove, QtCore.QPointF(place), QtCore.Qt.NoButton,
                             QtCore.Qt.LeftButton, QtCore.Qt.NoModifier)


def test_a_search_finds_and_the_next_device_is_one_without_a_run(lab: Any) -> None:
    screen = lab.screen
    screen.words.setText("needle")
    assert screen.found() == ["D3"] == sorted(screen.map.found) and "1 found" in screen.said.text()
    keys(screen.words, QtCore.Qt.Key_Return)
    assert screen.map.current == "D3"
    screen.words.clear()
    assert screen.map.found is None and "2 measured" not in screen.said.text()
    screen.next.click()
    assert screen.map.current == "D4"   # D1 and D2 have runs, D3 is retired
    screen.words.setText("D1")
    screen.next.click()
    assert screen.map.current == "D4" and "has a run" in screen.said.text()


def test_notes_and_retirement_go_to_the_record(lab: Any) -> None:
    screen = lab.screen
    click(lab, "D2")
    screen.retire.click()
    assert "write the reason first" in screen.said.text() and lab.records.life("D2").state == "pristine"
    click(lab, "D4", QtCore.Qt.ControlModifier)
    screen.text.setText("contact is bad")
    screen.note.click()
    lab.until(lambda: lab.records.history("D4") != [], "the note")
    lab.until(lambda: not screen.reading.busy() and not screen.writing.busy() and screen.text.text() == "", "reading")
    assert [content["text"] for name in ("D2", "D4") for kind, content in lab.records.history(name)
            if kind == "note"] == ["contact is bad"] * 2
    lab.until(lambda: "contact is bad" in screen.card.history.toPlainText(), "the note on the card")
    click(lab, "D2")
    screen.text.setText("burnt")
    screen.retire.click()
    lab.until(lambda: "burnt" in screen.card.history.toPlainText(), "the card")
    assert lab.records.life("D2").state == "retired" and lab.records.life("D4").state == "pristine"


def test_names_are_copied_as_a_campaign_lists_them(lab: Any, application: Any) -> None:
    click(lab, "D2")
    click(lab, "D1", QtCore.Qt.ControlModifier)
    lab.screen.copy.click()
    assert application.clipboard().text() == 'devices = ["D1", "D2"]'


def test_the_map_leads_to_a_run_and_to_the_runs(lab: Any) -> None:
    from PyQt5 import QtTest

    wanted, listed = [], []
    lab.screen.measure_wanted.connect(wanted.append)
    lab.screen.runs_wanted.connect(listed.append)
    click(lab, "D4")
    keys(lab.screen.map, QtCore.Qt.Key_Return)
    QtTest.QTest.mouseDClick(lab.screen.map, QtCore.Qt.LeftButton, QtCore.Qt.NoModifier,
                             lab.screen.map.box_of("D1").center().toPoint())
    lab.screen.runs.click()
    assert wanted == ["D4", "D1"] and listed == ["D4"]


def test_in_the_window_a_device_goes_to_the_form_and_to_the_runs(
    lab: Any, monkeypatch: pytest.MonkeyPatch,
) -> None:
    from tsbench.gui.main_window import MainWindow

    monkeypatch.setattr(MainWindow, "check", lambda self: None)
    window = MainWindow(lab.path)
    window.run_panel.out.setText(str(lab.runs))
    window.show()
    window.screens.go_to("Sample")
    lab.until(lambda: len(window.sample.sample.devices) == 4, "the devices")
    window.sample.map.go_to("D4")
    window.sample.measure.click()
    assert window.screens.tabText(window.screens.currentIndex()) == "Measure"
    assert window.run_panel.device.currentText() == "D4"
    window.sample.runs_wanted.emit("D1")
    assert window.screens.tabText(window.screens.currentIndex()) == "Runs"
    lab.until(lambda: window.browser.filter.rowCount() == 2, "the runs of D1")
    with pytest.raises(KeyError):
        window.screens.go_to("Nowhere")
    lab.until(lambda: not window.sample.reading.busy() and not window.browser.listing.busy(), "the threads")
    window.close()
    window.deleteLater()


def test_five_hundred_devices_are_drawn_at_ease(application: Any) -> None:
    from tsbench.gui.palette import DARK
    from tsbench.gui.sample.colouring import STATE, colouring
    from tsbench.gui.sample.sample_map import SampleMap

    devices = [SampleDevice(f"W1_{k}", (k % 23, k // 23, 0)) for k in range(500)]
    shown = SampleMap()
    shown.resize(900, 600)
    began = time.process_time()
    for _ in range(5):
        shown.show_devices(devices, colouring(devices, STATE, DARK))
        shown.grab()
    assert (time.process_time() - began) / 5 < 0.25   # seen: 0.02 s
    boxes = [shown.box_of(one.name) for one in devices]
    assert all(shown.rect().contains(box.toAlignedRect()) for box in boxes)
    assert not any(one.intersects(other) for k, one in enumerate(boxes) for other in boxes[k + 1 : k + 30])
    shown.deleteLater()


def test_devices_without_a_place_stand_in_rows_and_dies_share(tmp_path: Path) -> None:
    from tsbench.gui.sample.places import neighbour, places_of

    mixed = [SampleDevice("a", (0, 0, 0)), SampleDevice("b", (0, 0, 1)), SampleDevice("c", (1, 0, 0)),
             SampleDevice("x"), SampleDevice("y")]
    places = places_of(mixed)
    spots = {spot.name: spot for spot in places.spots}
    assert set(places.dies) == {(0, 0), (1, 0)} and int(spots["a"].x) == int(spots["b"].x) == 0
    assert spots["x"].y == spots["y"].y > spots["c"].y and spots["x"].x < spots["y"].x
    assert neighbour(places.spots, "a", 1, 0) == "b" and neighbour(places.spots, "x", 1, 0) == "y"
    assert neighbour(places.spots, "y", 1, 0) == "y" and neighbour(places.spots, "gone", 1, 0) == "a"
    assert neighbour((), "gone", 1, 0) == "gone" and places_of([]).spots == ()


def test_a_sample_without_record_takes_states_from_the_runs(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    runs.mkdir()
    write_sweep(runs, "run1", "D1", results_of("working", 1.0), 1.0, "")
    path = bench_of(tmp_path, "[devices.D1]\n[devices.D2]")
    sample = sample_of(path, runs)
    assert [(one.name, one.state, one.runs) for one in sample.devices] == [("D1", "working", 1), ("D2", "pristine", 0)]
    assert sample.quantities()["threshold_voltage"] == "V" and sample.records == tmp_path / "record"
    assert sample_of(path, tmp_path / "nowhere").devices[0].runs == 0

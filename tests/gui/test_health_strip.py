"""The health strip: disk, clock, rates, temperature, contact and the last error; nothing is asked of the bench."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tsbench.gui.health import ClockWatch, RateMeter, disk_in_words, free_space

pytestmark = pytest.mark.display


def test_rates_are_those_of_the_last_seconds() -> None:
    meter = RateMeter()
    assert meter.rate() is None
    meter.note(0.0, 0.0)
    assert meter.rate() is None
    for second in range(1, 31):
        meter.note(float(second), 50.0 * min(second, 20))   # nothing comes any more after 20 s
    assert meter.rate() == pytest.approx(0.0)
    meter.note(31.0, 1050.0)
    assert meter.rate() == pytest.approx(5.0)
    meter.begin()
    assert meter.rate() is None


def test_a_clock_that_is_set_is_found_and_one_that_drifts_is_not() -> None:
    clock = ClockWatch()
    assert clock.look(1000.0, 1.0) == 0.0
    assert clock.look(1001.01, 2.0) == 0.0
    assert clock.look(1062.02, 3.0) == pytest.approx(60.01)
    assert clock.look(1063.02, 4.0) == 0.0   # told once
    assert clock.look(64.0, 5.0) == pytest.approx(-1000.02)


@pytest.mark.parametrize(("free", "rate", "words", "little"), [
    (200e9, None, "200 GB free", False), (200e9, 0.0, "200 GB free", False),
    (200e9, 1e6, "200 GB free, lasts 2 days at this rate", False),
    (200e9, 1e8, "200 GB free, lasts 33 min at this rate", True), (0.5e9, None, "500 MB free", True),
    (200e9, 10.0, "200 GB free, lasts 634 years at this rate", False),
    (5e9, 1e8, "5.00 GB free, lasts 50 s at this rate", True),
])
def test_how_long_the_disk_lasts(free: float, rate: float | None, words: str, little: bool) -> None:
    assert disk_in_words(free, rate) == (words, little)


def test_a_folder_that_is_not_there_yet_has_a_disk(tmp_path: Path) -> None:
    assert free_space(tmp_path / "a" / "b") > 0


@pytest.fixture
def strip(application: Any, tmp_path: Path) -> Iterator[Any]:
    from tsbench.gui.health_strip import HealthStrip

    made = HealthStrip(lambda: tmp_path)
    made._timer.stop()
    made.resize(1200, 40)
    made.show()
    yield made
    made.deleteLater()


def begin(strip: Any, journal: Path, **more: Any) -> None:
    strip.hear({"kind": "state", "data": {"state": "running", "journal": str(journal), "columns": [
        {"name": "voltage", "unit": "V"}, {"name": "temperature", "unit": "K"}], **more}})


def test_the_rates_and_the_disk_of_a_run(
    until: Any, strip: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tsbench.gui import health_strip

    monkeypatch.setattr(health_strip, "free_space", lambda folder: 4_000_000)
    journal = tmp_path / "run.tsj"
    journal.write_bytes(b"")
    begin(strip, journal)
    for second in range(4):
        journal.write_bytes(b"x" * 1000 * second)
        strip.look(100.0 + second, float(second))
        until(lambda: not strip._disk.busy())
        for _ in range(25):
            strip.hear({"kind": "point", "data": {"values": [0.1, 301.25]}})
    assert strip.texts()["rate"] == "25 points/s, 1.00 kB/s"
    assert strip.texts()["disk"] == "disk 4.00 MB free, lasts 67 min at this rate"
    assert strip._labels["disk"].property("role") == "warning" and "another folder" in strip._labels["disk"].toolTip()
    assert strip.texts()["temperature"] == "temperature 301.2 K" and strip.texts()["clock"] == "clock steady"
    strip.hear({"kind": "state", "data": {"state": "done"}})
    assert "rate" not in strip.texts()


def test_what_the_run_tells_of_temperature_and_contact(strip: Any, tmp_path: Path) -> None:
    assert not {"temperature", "contact"} & set(strip.texts())
    begin(strip, tmp_path / "run.tsj", temperature=77.0)
    assert strip.texts()["temperature"] == "temperature 77.00 K"
    strip.hear({"kind": "warning", "message": "the device looks short", "data": {"contact": ["short"]}})
    assert strip.texts()["contact"] == "contact: short" and "looks short" in strip._labels["contact"].toolTip()
    begin(strip, tmp_path / "run.tsj")
    assert not {"temperature", "contact"} & set(strip.texts())   # of another run


def test_a_jump_of_the_clock_stays_on_show(strip: Any) -> None:
    strip.look(100.0, 0.0)
    strip.look(161.0, 1.0)
    strip.look(162.0, 2.0)
    assert strip.texts()["clock"].startswith("clock jumped by +60.0 s at ")
    assert strip._labels["clock"].property("role") == "warning" and "synchronize" in strip._labels["clock"].toolTip()


def test_a_disk_that_cannot_be_asked(until: Any, strip: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tsbench.gui import health_strip

    def broken(folder: Path) -> int:
        raise OSError("no such drive")

    monkeypatch.setattr(health_strip, "free_space", broken)
    strip.look(0.0, 0.0)
    until(lambda: strip.texts().get("disk") == "disk: unknown")
    assert "no such drive" in strip._labels["disk"].toolTip()


@pytest.mark.parametrize("way", ["mouse", "keyboard"])
def test_the_last_error_is_shown_whole_with_its_remedy(strip: Any, way: str) -> None:
    from PyQt5 import QtCore, QtTest

    assert not strip.error.isVisible() and not strip.whole.isVisible()
    strip.hear_message("only a warning", "warning")
    assert not strip.error.isVisible()
    strip.hear_message("source_meter: no reply in 5.0 s. Check the cable, then press Check", "problem")
    assert strip.error.isVisible() and strip.error.text().endswith(": source_meter: no reply in 5.0 s")
    if way == "mouse":
        QtTest.QTest.mouseClick(strip.error, QtCore.Qt.LeftButton)
    else:
        strip.error.setFocus()
        QtTest.QTest.keyClick(strip.error, QtCore.Qt.Key_Space)
    assert strip.whole.isVisible() and "Check the cable" in strip.whole.text()
    QtTest.QTest.keyClick(strip.error, QtCore.Qt.Key_Space)
    assert not strip.whole.isVisible()


def test_the_window_shows_its_problems_there(application: Any) -> None:
    from tsbench.gui.main_window import MainWindow

    window = MainWindow()
    window.show()
    window.view.say("the bench does not answer. Switch it on", "problem")
    assert window.health.error.isVisible() and "the bench does not answer" in window.health.error.text()
    window.close()
    window.deleteLater()
    application.processEvents()

"""A sweep while it is measured: cycles that fade, the load line, both voltage axes, and marks with their intervals."""

import math
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PyQt5", reason="needs PyQt5 (pip install tsbench[gui])")

ROW = {"quantity": "threshold_voltage", "unit": "V", "value": 1.0, "low": 0.99, "high": 1.01,
       "conditions": {"cycle": 1, "polarity": "+"}, "flags": [], "method": "jump"}
COLUMNS = [{"name": name, "unit": unit} for name, unit in (
    ("cycle", ""), ("voltage", "V"), ("current", "A"), ("device_voltage", "V"))]


@pytest.fixture
def view(application: Any) -> Any:
    from tsbench.gui.run_view import RunView

    shown = RunView()
    shown.resize(900, 900)
    shown.show()
    shown.plot._timer.stop()
    shown.begin(COLUMNS)
    yield shown
    shown.hide()
    shown.deleteLater()


def measure(view: Any, *rows: tuple[float | None, ...]) -> None:
    for row in rows:
        view.handle({"kind": "point", "data": {"values": list(row)}})
    view.plot._redraw_if_stale()


def drawn(item: Any) -> list[tuple[float, float]]:
    x, y = item.getOriginalDataset()
    return [] if x is None else list(zip(x.tolist(), y.tolist(), strict=True))


def test_earlier_cycles_are_fainter(view: Any) -> None:
    measure(view, *((cycle, 0.1 * cycle, 1e-3, 0.1 * cycle) for cycle in (1.0, 2.0, 3.0, 4.0)))
    latest, before, earlier = view.plot._curves
    assert [len(drawn(one)) for one in (latest, before, earlier)] == [1, 1, 2]
    strength = [one.opts["pen"].color().alphaF() for one in (latest, before, earlier)]
    assert strength[0] == 1.0 > strength[1] > strength[2] > 0
    assert view.plot._note.text().startswith("4 points, cycle 4")


def test_points_without_a_cycle_are_one_curve(view: Any) -> None:
    view.begin(COLUMNS[1:])
    measure(view, (0.1, 1e-3, 0.1), (0.2, 2e-3, 0.2))
    assert [len(drawn(one)) for one in view.plot._curves] == [2, 0, 0] and view.plot._note.text() == "2 points"


def test_the_load_line_goes_from_the_source_to_the_device(view: Any) -> None:
    measure(view, (1.0, 1.0, 1e-3, 0.6))
    assert drawn(view.plot._load_line) == [(1.0, 0.0), (0.6, 1e-3)] and "load line" in view.plot._note.text()
    measure(view, (1.0, 1.0, 1e-3, 0.999))   # no resistance between them
    assert drawn(view.plot._load_line) == [] and "load line" not in view.plot._note.text()
    for voltages in ((None, 0.6), (0.0019, 0.0), (float("nan"), 0.6)):   # no reading, an offset, out of range
        measure(view, (1.0, voltages[0], 1e-3, voltages[1]))
        assert drawn(view.plot._load_line) == []


def test_the_axis_is_the_voltage_of_the_device_or_of_the_source(view: Any) -> None:
    measure(view, (1.0, 1.0, 1e-3, 0.6), (1.0, 1.1, 2e-3, 0.5))
    assert drawn(view.plot._curve) == [(0.6, 1e-3), (0.5, 2e-3)]
    view.handle({"kind": "result", "data": ROW})
    assert len(view.plot.marks._items) == 2
    view.plot.at_source.click()
    assert drawn(view.plot._curve) == [(1.0, 1e-3), (1.1, 2e-3)] and view.plot.marks._items == []
    assert view.plot._plot.getAxis("bottom").labelText == "voltage at the source"
    view.plot.at_source.click()
    assert len(view.plot.marks._items) == 2
    view.begin(COLUMNS[:3])   # only one voltage: there is nothing to choose
    assert view.plot.at_source.isHidden()
    measure(view, (1.0, 1.0, 1e-3))
    assert drawn(view.plot._curve) == [(1.0, 1e-3)]


def test_threshold_and_hold_are_marked_with_their_intervals(view: Any) -> None:
    measure(view, (1.0, 1.0, 1e-3, 0.9))
    view.handle({"kind": "result", "data": ROW})
    band, line = view.plot.marks._items
    assert line.value() == 1.0 and list(band.getRegion()) == [0.99, 1.01]
    view.handle({"kind": "result", "data": {**ROW, "value": 1.2, "conditions": {"cycle": 2, "polarity": "-"},
                                            "low": 1.1, "high": None, "flags": ["ambiguous"]}})
    *_, other = view.plot.marks._items
    assert len(view.plot.marks._items) == 3 and other.value() == -1.2   # no band: the interval is open
    view.handle({"kind": "result", "data": {**ROW, "value": 1.05, "conditions": {"cycle": 2, "polarity": "+"}}})
    view.handle({"kind": "result", "data": {**ROW, "quantity": "hold_voltage", "value": 0.5, "low": 0.4, "high": 0.6}})
    view.handle({"kind": "result", "data": {**ROW, "quantity": "hold_voltage", "value": None}})
    view.handle({"kind": "result", "data": {**ROW, "quantity": "off_resistance", "value": 1e5}})
    words = view.plot.marks.words()
    assert len(words) == 3 and words[0].startswith("threshold 1.05") and words[0].endswith("(cycle 2)")
    assert words[1].endswith("?") and words[2].startswith("hold 500")
    view.begin(COLUMNS)
    assert view.plot.marks.words() == [] and view.plot.marks._items == []


def test_a_run_without_a_sweep_has_no_marks(view: Any) -> None:
    view.begin([{"name": "since", "unit": "s"}, {"name": "current", "unit": "A"}])
    measure(view, (1.0, 1e-3))
    view.handle({"kind": "result", "data": ROW})
    assert view.plot.marks.words() == []


def test_the_oldest_points_are_forgotten_together() -> None:
    from tsbench.gui.live_points import SHOWN_POINTS, LivePoints

    points = LivePoints()
    for number in range(2 * SHOWN_POINTS + 1):
        points.add(float(number), float(number), float(number), 1.0)
    assert points.count == 2 * SHOWN_POINTS + 1
    assert {len(one) for one in (points.x, points.y, points.source, points.cycle)} == {SHOWN_POINTS}
    assert points.x[-1] == points.source[-1] == 2 * SHOWN_POINTS
    points.add(math.nan, 1.0, 1.0, math.nan)
    assert points.load_line() is None and np.array_equal(points.ages()[0][0], np.arange(SHOWN_POINTS + 1))

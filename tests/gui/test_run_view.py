"""What the view of a run shows of each kind of event."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.display


@pytest.fixture
def view(application: Any) -> Any:
    from tsbench.gui.run_view import RunView

    made = RunView()
    yield made
    made.deleteLater()


def last(view: Any) -> str:
    return str(view.log.toPlainText().splitlines()[-1][10:])


def event(kind: str, message: str = "", **data: Any) -> dict[str, Any]:
    return {"kind": kind, "message": message, "data": data}


def test_progress_in_thousandths_and_in_words(view: Any) -> None:
    assert view.progress.text() == "no run"
    view.handle(event("progress", "sweep", done=25, total=100, eta=120.0))
    assert view.progress.value() == 250 and view.progress.format() == "25 %   about 2 min left   (sweep)"
    view.handle(event("progress", done=100, total=100, eta=1.0))
    assert view.progress.value() == 1000 and view.progress.format() == "100 %"
    view.handle(event("progress", done=0, total=100, eta=1.0))
    assert view.progress.value() == 0 and view.progress.format() == "0 %"
    view.handle(event("progress", done=300, total=100))
    assert view.progress.value() == 1000
    view.handle(event("progress", done=7, total=0))
    assert view.progress.format() == "100 %"
    view.expect("a run")
    assert view.progress.value() == 0 and last(view) == "— a run"


def test_points_go_to_the_axes_that_the_columns_name(view: Any) -> None:
    units = {"index": "", "current": "A", "device_voltage": "V"}
    columns = [{"name": name, "unit": unit} for name, unit in units.items()]
    view.handle(event("state", "begins", state="running", columns=columns))
    view.handle(event("point", values=[0, 1e-6, 0.5]))
    view.handle(event("point", values=[1, None, 0.6]))
    x, y = view.plot.points()
    assert list(x) == [0.5, 0.6] and y[0] == 1e-6 and np.isnan(y[1])
    view.handle(event("state", "again", state="running", columns=[{"name": "index", "unit": ""}]))
    view.handle(event("point", values=[0]))
    assert view.plot.points() == ((), ())


def test_a_search_is_drawn_by_its_outcomes(view: Any) -> None:
    units = {"pulse": "", "amplitude": "V", "fired": "", "low": "V", "high": "V", "conditioning": ""}
    columns = [{"name": name, "unit": unit} for name, unit in units.items()]
    view.handle(event("state", "begins", state="running", columns=columns))
    assert view.search.isVisibleTo(view)
    rows = ([0, 1.0, 1, 0.1, 1.5, 0], [1, 0.8, 0, 0.5, 1.2, 0], [2, 0.9, None, 0.5, 1.2, 0], [3, 1.6, 1, 0.5, 1.2, 1])
    for row in rows:
        view.handle(event("point", values=row))
    view.search._redraw_if_stale()
    assert view.search.drawn() == (1, 1, 1)  # the conditioning pulse is not one of them
    for names in (("bias", "oscillates"), ("gap", "fired", "low", "high")):
        columns = [{"name": name, "unit": "s" if name == "gap" else ""} for name in names]
        view.handle(event("state", "begins", state="running", columns=columns))
        view.search._redraw_if_stale()
        assert view.search.isVisibleTo(view) and view.search.drawn() == (0, 0, 0)
    view.handle(event("state", "again", state="running", columns=[{"name": "index", "unit": ""}]))
    view.handle(event("point", values=[0]))
    assert not view.search.isVisibleTo(view)


def test_records_results_and_the_file(view: Any, tmp_path: Path) -> None:
    preview = {"time": [0.0, 1.0], "value": [1.0, None]}
    view.handle(event("waveform", channel="device_voltage", conditions={}, preview=preview))
    (trace,) = view.plot.traces().values()
    assert trace.name == "device voltage" and np.isnan(trace.y[1])
    row = {"device": "D1", "protocol": "iv_sweep", "quantity": "hold_voltage", "conditions": {}, "value": 0.5,
           "low": 0.4, "high": 0.6, "unit": "V", "flags": []}
    view.handle(event("result", **row))
    assert view.rows() == [row] and view.results.table.rowCount() == 0 and view._flush.isActive()
    view.end("done", True)
    assert view.results.table.rowCount() == 1 and view.progress.value() == 1000 and view.progress.format() == "done"
    view.handle(event("state", "saved", state="done", path=str(tmp_path / "a.nxs")))
    assert "a.nxs" in view.results._path_label.text() or "a.nxs" in view.results._path_label.toolTip()


def test_how_a_run_ends(view: Any) -> None:
    view.progress.setValue(300)
    view.end("stopped: by hand", True)
    assert (view.progress.value(), view.progress.format(), last(view)) == (300, "stopped", "stopped")
    view.show()
    view.end("failed: no reply", False)
    assert "failed: no reply" in view.problem() and view.progress.format() == "failed"
    view.show_problem("")
    assert view.problem() == ""


def test_states_and_messages(view: Any) -> None:
    view.handle(event("state", "paused", state="paused"))
    assert view.progress.format() == "paused" and last(view) == "paused"
    view.handle(event("state", "extracting", state="extracting"))
    assert view.progress.format().startswith("extracting the numbers")
    for kind in ("log", "warning", "output"):
        view.handle(event(kind, f"a <{kind}> & more"))
        assert last(view) == f"a <{kind}> & more"
    view.handle(event("point"))   # not before a run has columns
    view.handle(event("waveform"))
    assert last(view).startswith("an event of the run cannot be shown (waveform: KeyError")
    before = view.log.toPlainText()
    view.handle(event("unknown", "not shown"))
    assert view.log.toPlainText() == before


def test_a_time_left_as_people_say_it(application: Any) -> None:
    from tsbench.gui.run_view import duration_in_words

    assert [duration_in_words(seconds) for seconds in (0.2, 8.4, 89.0, 90.0, 5399.0, 5400.0, 9000.0)] == [
        "1 s", "8 s", "89 s", "2 min", "90 min", "1.5 h", "2.5 h"]


@pytest.mark.parametrize("kind", ["", "dim"])
def test_messages_follow_the_last_line_unless_the_reader_has_scrolled_away(
    application: Any, view: Any, kind: str,
) -> None:
    view.resize(600, 500)
    view.show()
    application.processEvents()
    bar = view.log.verticalScrollBar()
    for number in range(200):
        view.say(f"message {number}", kind)
    assert bar.maximum() > 50 and bar.value() == bar.maximum() and bar.singleStep() == 1
    bar.setValue(bar.maximum() - 2)   # almost at the end
    view.say("next", kind)
    assert bar.value() == bar.maximum()
    place = bar.maximum() - 3
    bar.setValue(place)
    view.say("next", kind)
    assert bar.value() == place

"""What the strip at the top, the bench, the table of results and the live curve show of what they are given."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.display


def test_the_benches_of_late_are_offered_the_latest_first(
    application: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tsbench.gui import top_bar
    from tsbench.gui.top_bar import TopBar

    begun: list[str] = []
    monkeypatch.setattr(top_bar, "PathChooser", lambda parent, title, start, *more: begun.append(start))
    bar, chosen = TopBar(), []
    bar.bench_chosen.connect(chosen.append)
    paths = [tmp_path / f"{number}.toml" for number in range(10)]
    for path in (*paths, paths[4]):
        bar.show_bench(path.stem, path)
    offered = [action.text() for action in bar._recent_menu.actions()]
    assert offered == [str(paths[k]) for k in (4, 9, 8, 7, 6, 5, 3, 2)]   # eight, each of them once
    bar._recent_menu.actions()[1].trigger()
    assert chosen == [paths[9]]
    assert bar._bench.text() == "4" and str(paths[4]) in bar._bench.toolTip()
    bar._settings.setValue("recent_benches", [str(tmp_path / "x" / "a.toml"), str(paths[0])])
    bar._choose()   # where the latest one is
    assert begun == [str(tmp_path / "x")]
    bar._settings.setValue("recent_benches", str(paths[0]))   # as Qt stores a list of one
    assert bar._recent() == [str(paths[0])]
    bar._settings.remove("recent_benches")
    assert bar._recent() == []
    bar.deleteLater()


def test_a_pause_is_wanted_by_a_click_and_only_then(application: Any) -> None:
    from tsbench.gui.top_bar import NOBODY_LOOKED, TopBar

    bar, wanted = TopBar(), []
    bar.pause_wanted.connect(wanted.append)
    assert bar.outputs_text() == NOBODY_LOOKED and not bar.pause.isEnabled()
    bar.show_paused(True)
    assert wanted == [] and bar.pause.isChecked()
    bar.pause.setEnabled(True)
    bar.pause.click()
    bar.pause.click()
    assert wanted == [False, True] and bar.pause.text() == "Res&ume"
    bar.show_outputs({"a": None, "b": False, "c": True})
    assert bar.outputs_text() == "<b>outputs ON: c</b>; <b>outputs unknown: a (check the panel)</b>; outputs off: b"
    bar.deleteLater()


@pytest.mark.parametrize(("state", "word", "symbol", "weight"), [
    (None, "unknown", "○", "400"), (False, "off", "●", "400"), (True, "ON", "◉", "700")])
def test_a_lamp_says_its_state(application: Any, state: bool | None, word: str, symbol: str, weight: str) -> None:
    from tsbench.gui.bench_panel import OutputLamp

    lamp = OutputLamp("meter")
    assert lamp.state is None and "meter: unknown" in lamp.text()
    lamp.show_state(state)
    assert f"{symbol} meter: {word}<" in lamp.text() and f"font-weight:{weight}" in lamp.text()
    assert ("as read back" in lamp.toolTip()) == (state is not None)
    lamp.deleteLater()


def test_instruments_have_one_line_each(application: Any) -> None:
    from PyQt5 import QtWidgets

    from tsbench.gui.bench_panel import BenchPanel

    panel = BenchPanel()
    panel.show_instruments([
        {"name": "meter", "role": "drive", "model": "2450", "resource": "USB", "visa_library": "@py",
         "simulated": True},
        {"name": "meter", "role": "sense", "model": "2450"}, {"name": "plain", "driver": "d", "roles": ["a", "b"]},
    ], ["meter.1", "plain", "other"])
    lines = {label.text(): label.toolTip() for label in panel.findChildren(QtWidgets.QLabel) if "<b>" in label.text()}
    meter, plain = lines
    assert "2450 · drive, sense · simulated" in meter and lines[meter] == "USB\nVISA library: @py"
    assert "d · a, b · <b" in plain and lines[plain] == "\nVISA library: system"
    assert list(panel.outputs()) == ["meter.1", "plain"]
    for simulated in (True, False):   # all of a kind: the badge says it
        panel.show_instruments([{"name": name, "simulated": simulated} for name in "ab"], [])
        application.sendPostedEvents(None, 52)   # what was to be deleted
        assert not any("simulated" in label.text() or "REAL" in label.text()
                       for label in panel.findChildren(QtWidgets.QLabel))
    panel.show_note("late")
    assert panel._note.text() == "late" and not panel._note.isHidden()
    panel.show_note("")
    assert panel._note.isHidden()
    panel.deleteLater()


def test_a_result_in_the_table(application: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PyQt5 import QtGui

    from tsbench.gui.palette import DARK
    from tsbench.gui.result_table import ResultTable

    table, opened = ResultTable(), []
    row = {"quantity": "delay", "unit": "s", "value": 1e-9, "low": 0.9e-9, "high": 1.1e-9, "method": "edge"}
    table.add_rows([{**row, "flags": ["too_few", "clipped"]}])
    table.add_rows([{**row, "value": None}, row])
    colours = [[table.table.item(k, column).foreground().color().name() for column in (2, 3)] for k in range(3)]
    plain, warning, dim = (QtGui.QColor(c).name() for c in ("#000000", DARK.warning, DARK.dim))
    assert colours == [[plain, warning], [dim, dim], [plain, plain]]
    assert table.table.item(0, 3).text() == "too few, clipped" and table.table.item(2, 0).toolTip() == "method: edge"
    monkeypatch.setattr(QtGui.QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    table._open_folder()
    table.show_path(tmp_path / "a.nxs")
    table._open_folder()
    assert opened == [str(tmp_path)] and table._path_label.text() == table._path_label.toolTip() == str(
        tmp_path / "a.nxs")
    table.clear()
    assert table._path_label.text() == "no run file yet" and table._path_label.toolTip() == ""
    assert table.path is None
    table.deleteLater()


def test_a_curve_is_drawn_when_it_has_changed(application: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tsbench.gui.live_plot import LivePlot, LiveTrace
    from tsbench.gui.palette import DARK

    plot, drawn = LivePlot(), []
    plot._timer.stop()
    redraw = plot._redraw
    monkeypatch.setattr(plot, "_redraw", lambda: (drawn.append(1), redraw()))
    plot._redraw_if_stale()
    assert drawn == [] and plot._note.text() == "nothing measured yet"
    plot.begin(("voltage", "V"), ("current", "A"))
    assert len(drawn) == 1 and not plot._logarithmic.isHidden()
    plot.add_point(0.5, 1e-6)
    plot.add_point(0.6, math.nan)
    for _ in range(2):   # the second time nothing is new
        plot._redraw_if_stale()
    assert len(drawn) == 2 and plot._note.text() == "2 points, 1 out of range"
    assert list(plot._curve.getOriginalDataset()[0]) == [0.5, 0.6]
    for name in ("high", "low"):
        plot.show_trace(LiveTrace(name, "bias 1 V", np.arange(2.0), np.arange(2.0)))
    plot._redraw_if_stale()
    assert len(drawn) == 3 and plot._note.text().startswith("latest record: bias 1 V&nbsp;")
    assert all(f"color:{DARK.curves[k]}'>━ {name}" in plot._note.text() for k, name in enumerate(("high", "low")))
    plot.show_trace(LiveTrace("low", "bias 2 V", np.arange(2.0), np.arange(2.0)))
    plot._redraw_if_stale()
    assert set(plot._drawn) == {"low"} == set(plot.traces())
    plot.begin(("time", "s"), ("voltage", "V"))   # no current: no logarithm of it
    assert plot._logarithmic.isHidden() and plot._axes == ("time", "s", "voltage", "V")
    plot.deleteLater()


def test_a_long_title_of_a_protocol_does_not_cut_the_labels(application: Any) -> None:
    from PyQt5 import QtWidgets

    from tsbench.gui.main_window import MainWindow

    window = MainWindow(None)
    window.resize(1200, 800)
    window.show()
    application.processEvents()
    labels = [label for label in window.run_panel.findChildren(QtWidgets.QLabel)
              if label.text() in ("&Device", "&Protocol", "&Folder")]
    assert len(labels) == 3
    assert all(label.width() >= label.sizeHint().width() for label in labels)
    window.close()

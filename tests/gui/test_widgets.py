"""Plot, tables, lamps and the child process, one by one."""

import math

import numpy as np
import pytest

pytestmark = pytest.mark.display


def test_live_plot_draws_points_linear_and_logarithmic(application):
    from tsbench.gui.live_plot import LivePlot

    plot = LivePlot()
    plot.begin(("device voltage", "V"), ("current", "A"))
    for current in (0.0, -1e-6, math.nan, 1e-3):
        plot.add_point(0.5, current)
    plot._redraw()
    assert plot.points() == ((0.5,) * 4, pytest.approx((0.0, -1e-6, math.nan, 1e-3), nan_ok=True))
    assert "1 out of range" in plot._note.text()
    plot.show()
    plot._logarithmic.setChecked(True)
    drawn = plot._curve.getOriginalDataset()[1]
    assert np.isnan(drawn[0])  # zero has no place on a logarithmic axis
    assert drawn[1] == 1e-6
    plot.begin(("a", "V"), ("b", "A"))
    assert plot.points() == ((), ())
    plot.deleteLater()


def test_live_plot_shows_the_channels_of_the_latest_record(application):
    from tsbench.gui.live_plot import LivePlot, LiveTrace

    plot = LivePlot()
    plot.begin(("time", "s"), ("voltage", "V"))
    for bias in ("bias 1.8 V", "bias 2.2 V"):
        for channel in ("high", "low"):
            plot.show_trace(LiveTrace(channel, bias, np.arange(3.0), np.arange(3.0)))
            plot._redraw()
    assert [(trace.name, trace.acquisition) for trace in plot.traces().values()] == [
        ("high", "bias 2.2 V"), ("low", "bias 2.2 V")]
    assert set(plot._drawn) == {"high", "low"}
    assert "bias 2.2 V" in plot._note.text()
    plot.deleteLater()


def test_result_table_shows_value_interval_unit_and_flags(application, tmp_path):
    from tsbench.gui.result_table import ResultTable

    table = ResultTable()
    table.add_rows(
        [
            {
                "quantity": "threshold_voltage",
                "unit": "V",
                "conditions": {"cycle": 1, "polarity": "+"},
                "value": 1.0231,
                "low": 1.021,
                "high": 1.0252,
                "method": "jump",
                "flags": ["too_few"],
            },
            {
                "quantity": "hold_voltage",
                "unit": "V",
                "conditions": {},
                "value": None,
                "low": None,
                "high": None,
                "method": "jump",
                "flags": ["no_event"],
            },
        ]
    )
    cells = [[table.table.item(row, column).text() for column in range(4)] for row in range(2)]
    assert cells[0] == ["threshold voltage", "cycle 1, polarity +", "1.0231 ± 0.0021 V", "too few"]
    assert cells[1][2:] == ["-", "no event"]
    table.show_path(tmp_path / "run.nxs")
    assert table._open.isEnabled()
    table.clear()
    assert table.table.rowCount() == 0
    assert not table._open.isEnabled()
    table.deleteLater()


def test_long_runs_are_thinned_for_the_plot(application):
    from tsbench.gui.live_plot import LivePlot
    from tsbench.gui.result_table import ResultTable

    plot, table = LivePlot(), ResultTable()
    plot.begin(("device voltage", "V"), ("current", "A"))
    for number in range(100_000):
        plot.add_point(number * 1e-5, 1e-6)
    row = {"quantity": "delay", "unit": "s", "conditions": {"pulse": 1}, "value": 1e-9, "low": 0.9e-9,
           "high": 1.1e-9, "method": "m", "flags": []}
    plot._redraw()
    table.add_rows([row] * 5_000)
    assert 20_000 <= len(plot.points()[0]) <= 40_000
    assert plot.points()[0][-1] == pytest.approx(0.99999)
    assert plot._note.text().startswith("100000 points, the latest ")
    plot.deleteLater()
    table.deleteLater()


@pytest.mark.parametrize(
    ("states", "words"),
    [
        ({"source_meter": False, "generator.1": False}, "outputs off: source_meter, generator.1"),
        (
            {"source_meter": True, "generator.1": False},
            "<b>outputs ON: source_meter</b>; outputs off: generator.1",
        ),
        ({"source_meter": None}, "<b>outputs unknown: source_meter (check the panel)</b>"),
        ({}, "outputs: not read yet"),
    ],
)
def test_outputs_in_words(application, states, words):
    from tsbench.gui.top_bar import outputs_in_words

    assert outputs_in_words(states) == words


def test_bench_panel_has_a_lamp_for_every_output(application):
    from tsbench.gui.bench_panel import BenchPanel

    panel = BenchPanel()
    row = {"driver": "d", "model": "m", "resource": "r", "visa_library": "", "simulated": True}
    panel.show_instruments(
        [{"name": "meter", "role": "drive", **row}, {"name": "generator", "role": "pulser, bias", **row}],
        ["meter", "generator.1", "generator.2"],
    )
    assert panel.outputs() == {"meter": None, "generator.1": None, "generator.2": None}
    panel.show_outputs({"meter": False, "generator.2": True})
    assert panel.outputs() == {"meter": False, "generator.1": None, "generator.2": True}
    panel.forget_outputs()
    assert set(panel.outputs().values()) == {None}
    panel.deleteLater()


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--version"], 0, "done"),
        (["mesure"], 2, "Did you mean 'measure'?"),
        (["measure", "iv_sweep", "--bench", "nowhere.toml", "--device", "D1"], 2, "nowhere.toml"),
    ],
)
def test_a_child_ends_in_words(application, until, arguments, code, said):
    from tsbench.gui.runner_client import Child

    endings = []
    child = Child()
    child.ended.connect(endings.append)
    child.start(arguments)
    until(lambda: bool(endings))
    assert endings[0].code == code
    assert said in endings[0].message
    assert not child.running()


def test_a_killed_child_is_reported_in_words(application, until):
    from tsbench.gui.runner_client import Child

    endings = []
    child = Child()
    child.ended.connect(endings.append)
    child.start(["protocols", "--json"])
    child.kill()
    until(lambda: bool(endings))
    assert endings[0].code is None
    assert "crashed or another program ended it" in endings[0].message
    assert not endings[0].good


def test_a_child_that_cannot_start_is_reported_in_words(application, until, monkeypatch, tmp_path):
    from tsbench.gui.runner_client import Child

    monkeypatch.setattr("sys.executable", str(tmp_path / "no_python"))
    endings = []
    child = Child()
    child.ended.connect(endings.append)
    child.start(["--version"])
    until(lambda: bool(endings))
    assert endings[0].code is None
    assert "could not be started" in endings[0].message


@pytest.mark.parametrize(
    ("instruments", "words", "state"),
    [
        ({"meter": True, "scope": True}, "SIMULATED BENCH", "simulated"),
        ({"meter": False, "scope": True}, "PARTLY SIMULATED", "mixed"),
        ({"meter": False, "scope": False}, "REAL BENCH", "real"),
        ({}, "NOT CONNECTED", "unknown"),
    ],
)
def test_only_a_bench_of_simulated_instruments_is_called_simulated(application, instruments, words, state):
    from tsbench.gui.bench_panel import BenchPanel, SimulationBadge

    badge, panel = SimulationBadge(), BenchPanel()
    badge.show_state(instruments)
    assert (badge.text(), badge.property("state")) == (words, state)
    panel.show_instruments([{"name": name, "simulated": said} for name, said in instruments.items()], [])
    from PyQt5 import QtWidgets

    lines = [label.text() for label in panel.findChildren(QtWidgets.QLabel)]
    assert any("REAL" in line for line in lines) == (state == "mixed")
    badge.deleteLater()
    panel.deleteLater()


def test_an_event_that_cannot_be_shown_is_said_and_the_next_is_shown(application):
    from tsbench.gui.run_view import RunView

    view = RunView()
    view.begin([{"name": "voltage", "unit": "V"}, {"name": "current", "unit": "A"}])
    for event in (
        {"kind": "point", "data": {}}, {"kind": "point", "data": {"values": [1.0]}}, {"kind": "waveform", "data": 7},
        {"kind": "state", "data": {"state": "running", "columns": [{}]}}, {"kind": ["odd"]},
    ):
        view.handle(event)
    view.begin([{"name": "voltage", "unit": "V"}, {"name": "current", "unit": "A"}])
    view.handle({"kind": "point", "data": {"values": [0.5, 1e-6]}})
    assert view.plot.points() == ((0.5,), (1e-6,))
    assert view.log.toPlainText().count("cannot be shown") == 4
    view.deleteLater()

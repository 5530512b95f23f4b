"""The window with real runs: every protocol clicked through on the simulated bench, in a child process."""

import shutil
from pathlib import Path

import pytest

from tsbench.simulated_backends.witness.log import outputs_left_on, read_sessions
from tsbench.storage import read_run

pytestmark = pytest.mark.display

#: protocol -> entries that make a short run, and what its result table must hold
SHORT = {
    "iv_sweep": ({"step": "10 mV", "nplc": "0.1"}, "threshold voltage"),
    "pulse_train": ({"count": "2", "amplitude": "1.4, 1.5, 1.6, 1.7"}, "switching delay"),
    "oscillation": ({"bias": "2.2 V"}, "frequency"),
}
EXAMPLES = Path(__file__).parents[2] / "examples"
OUTPUTS = {"source_meter", "generator.1", "generator.2"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a private copy of the demo bench."""
    made = tmp_path_factory.mktemp("window")
    for name in ("nbo2.bench.toml", "nbo2.world.toml"):
        shutil.copy(EXAMPLES / name, made / name)
    return made


@pytest.fixture(scope="module")
def opened(application, until, folder):
    """Return the window on the demo bench, its instruments identified."""
    from tsbench.gui.main_window import MainWindow

    shown = MainWindow(folder / "nbo2.bench.toml")
    shown.run_panel.out.setText(str(folder / "runs"))
    shown.show()
    application.setActiveWindow(shown)
    # on a machine that has never run it, the simulated bench is compiled first
    until(lambda: not shown.checker.running(), what="for the bench to be identified")
    yield shown
    shown.close()
    shown.deleteLater()
    application.processEvents()


@pytest.fixture
def window(opened, until, folder):
    """Return the window, at rest; what a test left running is ended."""
    (folder / "nbo2.witness.jsonl").unlink(missing_ok=True)
    if not opened.run_panel.run.isEnabled():
        opened.check()
        until(lambda: not opened.checker.running())
    for protocol in SHORT:
        opened.run_panel.choose(protocol)
        opened.run_panel.form.restore_defaults()
    opened.run_panel.choose("iv_sweep")
    yield opened
    if opened.control.running():
        opened.control.child.kill()
    until(lambda: not opened.control.running() and not opened.checker.running())


def click(widget):
    from PyQt5 import QtCore, QtTest

    assert widget.isEnabled()
    QtTest.QTest.mouseClick(widget, QtCore.Qt.LeftButton)


def type_into(window, entries):
    from PyQt5 import QtCore, QtTest

    for name, text in entries.items():
        line = window.run_panel.form.field(name)._entry
        line.setFocus()
        line.selectAll()
        QtTest.QTest.keyClicks(line, text)
        assert line.text() == text
        QtTest.QTest.keyClick(line, QtCore.Qt.Key_Tab)


def start(window, until, protocol, entries):
    window.run_panel.choose(protocol)
    type_into(window, entries)
    click(window.run_panel.run)
    assert window.control.running()
    assert not window.run_panel.run.isEnabled()
    assert window.bar.stop.isEnabled()


def measured(window, until, points):
    """Wait until that many points have come; a child that ends before that is a failure at once."""
    plot, client = window.view.plot, window.control
    # the curve of the run before stands until this one begins
    until(lambda: (client.started and len(plot.points()[0]) > points) or not client.running(), "for points")
    assert window.control.running(), window.view.log.toPlainText()


def table_cells(window, column):
    table = window.view.results.table
    return [table.item(row, column).text() for row in range(table.rowCount())]


def test_the_bench_is_identified_and_marked_as_simulated(window):
    assert window.bar.badge.text() == "SIMULATED BENCH"
    assert set(window.bench_panel.outputs()) == OUTPUTS
    assert set(window.bench_panel.outputs().values()) == {False}
    assert window.bar.outputs_text().startswith("outputs off:")
    assert window.run_panel.device.currentText() == "D1"
    assert window.run_panel.run.isEnabled()


def pause_and_resume(window, until):
    until(lambda: window.control.started and bool(window.view.plot.traces()), "for waveforms")
    click(window.bar.pause)
    assert window.bar.pause.text() == "Res&ume"
    click(window.bar.pause)


@pytest.mark.thin(3)
@pytest.mark.parametrize("protocol", list(SHORT))
def test_click_through(window, until, protocol):
    entries, quantity = SHORT[protocol]
    start(window, until, protocol, entries)
    if protocol == "pulse_train":
        pause_and_resume(window, until)
    until(lambda: not window.control.running(), f"for {protocol} to end")
    assert window.view.problem() == "", window.view.log.toPlainText()
    path = window.view.results.path
    run = read_run(path)
    assert run.status == "success"
    assert run.header.protocol == protocol
    assert len(window.view.rows()) == len(run.results) > 0
    assert quantity in " ".join(table_cells(window, 0))
    assert any("±" in text or "…" in text for text in table_cells(window, 2))
    if protocol == "iv_sweep":
        x, y = window.view.plot.points()
        assert list(x) == list(run.column("device_voltage"))
        assert list(y) == list(run.column("current"))
    else:
        assert window.view.plot.traces()
    assert not window.bar.pause.isEnabled()
    assert window.bar.outputs_text().startswith("outputs off:")
    assert set(window.bench_panel.outputs().values()) == {False}
    assert window.run_panel.run.isEnabled()


@pytest.mark.thin(2)
@pytest.mark.parametrize("way", ["button", "escape"])
def test_stop_in_the_middle_leaves_every_output_off(window, until, folder, way):
    from PyQt5 import QtCore, QtTest

    start(window, until, "iv_sweep", {"step": "1 mV", "cycles": "200"})
    measured(window, until, 20)
    if way == "button":
        click(window.bar.stop)
    else:
        QtTest.QTest.keyClick(window, QtCore.Qt.Key_Escape)
    until(lambda: not window.control.running(), "for the run to stop")
    assert window.bar.outputs_text() == f"outputs off: {', '.join(window.bench_panel.outputs())}"
    assert set(window.bench_panel.outputs().values()) == {False}
    run = read_run(window.view.results.path)
    assert run.status == "abort"
    assert len(run.points) >= 20
    witness = folder / "nbo2.witness.jsonl"
    assert any(record["on"] for log in read_sessions(witness) for record in log.of_kind("output"))
    assert outputs_left_on(witness) == []


def test_a_wrong_entry_disables_run(window):
    window.run_panel.choose("iv_sweep")
    type_into(window, {"stop": "1.2 A"})
    assert not window.run_panel.run.isEnabled()
    assert "correction" in window.run_panel._why_not.text()
    type_into(window, {"stop": "1.2 V"})
    assert window.run_panel.run.isEnabled()


def test_what_is_beyond_a_limit_is_refused_in_words(window, until):
    curve = window.view.plot.points()
    start(window, until, "iv_sweep", {"stop": "5 V"})
    until(lambda: not window.control.running() and not window.checker.running())
    assert "not safe" in window.view.problem()
    assert "5" in window.view.problem()
    assert window.view.plot.points() == curve  # that of the run before: this one never began
    assert window.bar.outputs_text().startswith("outputs off:")
    assert window.run_panel.run.isEnabled()


def test_a_child_that_dies_is_reported_and_the_bench_is_made_safe(window, until):
    start(window, until, "iv_sweep", {"step": "1 mV", "cycles": "200"})
    measured(window, until, 5)
    window.control.child.kill()
    until(lambda: not window.control.running())
    assert "crashed or another program ended it" in window.view.problem()
    assert "outputs unknown (check the panel)" in window.bar.outputs_text()
    until(lambda: not window.checker.running(), "for the check after the crash")
    assert window.bar.outputs_text().startswith("outputs off:")


@pytest.mark.thorough
def test_closing_while_running_asks_in_the_window_and_stops(window, until):
    start(window, until, "iv_sweep", {"step": "1 mV", "cycles": "200"})
    measured(window, until, 5)
    assert not window.close()
    assert window.question.isVisible()
    click(window.question.no)
    assert not window.question.isVisible()
    assert window.control.running()
    assert not window.close()
    click(window.question.yes)
    until(lambda: not window.isVisible(), "for the window to close by itself")
    assert not window.control.running()
    assert read_run(window.view.results.path).status == "abort"
    window._closing = False
    window.show()


def test_a_file_that_is_no_bench_is_reported_in_words(window, tmp_path: Path):
    nonsense = tmp_path / "nonsense.toml"
    nonsense.write_text("= nothing")
    window.open_bench(nonsense)
    assert "not valid TOML" in window.view.problem()
    assert window.bench != nonsense


@pytest.mark.thorough
def test_a_bench_that_does_not_answer_is_reported_in_words(window, until, folder):
    good, other = folder / "nbo2.bench.toml", folder / "other.bench.toml"
    wrong = (("SIM00001", "SIM00009", "does not find"), ("[roles]", "[rolls]", "Did you mean 'roles'?"))
    for old, new, said in wrong:
        other.write_text(good.read_text().replace(old, new, 1))
        window.open_bench(other)
        until(lambda: not window.checker.running())
        assert said in window.view.problem()
        assert not window.run_panel.run.isEnabled()
        assert window.bar.badge.text() == "NOT CONNECTED"
        assert "unknown" in window.bar.outputs_text()
    window.open_bench(good)
    until(lambda: not window.checker.running())
    assert window.view.problem() == ""
    assert window.bar.badge.text() == "SIMULATED BENCH"
    assert window.run_panel.run.isEnabled()

"""A window that dies ends no run; the next one finds it, shows it, and its STOP works."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tsbench.simulated_backends.witness.log import outputs_left_on
from tsbench.storage import read_run
from tsbench.storage.run_address import living_runs, read_address

pytestmark = [pytest.mark.display, pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")]

EXAMPLES = Path(__file__).parents[2] / "examples"

#: a window that starts a long sweep and then only lives
WINDOW = """
import sys
from pathlib import Path
from PyQt5 import QtCore, QtWidgets
application = QtWidgets.QApplication(["window"])
application.setOrganizationName("tsbench-tests"), application.setApplicationName("first window")
from tsbench.gui.main_window import MainWindow
window = MainWindow(Path(sys.argv[1]))
window.run_panel.out.setText(sys.argv[2])
window.run_panel.choose("iv_sweep")
window.run_panel.form.field("step").set_text("1 mV")
window.run_panel.form.field("cycles").set_text("500")
window.show()
window.checker.answered.connect(lambda *_: QtCore.QTimer.singleShot(0, window.run))
application.exec_()
"""


def begin(*command):
    return subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def wait_for_run(until, out, process):
    until(lambda: bool(living_runs(out)) or process.poll() is not None, "for the run to begin")
    assert process.poll() is None, process.stderr.read().decode()
    return read_address(living_runs(out)[0])["process"]


def open_window(bench, out):
    from tsbench.gui.form_memory import FormMemory
    from tsbench.gui.main_window import MainWindow

    FormMemory(bench).keep_choices({"out": str(out)})
    window = MainWindow(bench)
    window.show()
    return window


def test_after_a_crash_of_the_window_the_next_one_shows_the_run_and_stops_it(application, until, tmp_path):
    for name in ("nbo2.bench.toml", "nbo2.world.toml"):
        shutil.copy(EXAMPLES / name, tmp_path)
    bench, out = tmp_path / "nbo2.bench.toml", tmp_path / "runs"
    first = begin("-c", WINDOW, str(bench), str(out))
    measuring = 0
    try:
        measuring = wait_for_run(until, out, first)
        first.send_signal(signal.SIGKILL)
        first.wait()
        window = open_window(bench, out)
        assert window.control.attached()
        assert not window.run_panel.run.isEnabled()
        until(lambda: len(window.view.plot.points()[0]) > 5 or not window.control.running(), "for points")
        assert window.control.attached(), window.view.log.toPlainText()
        assert window.control.other.process == measuring
        assert window.bar.badge.text() == "SIMULATED BENCH"
        before = len(window.view.plot.points()[0])
        until(lambda: len(window.view.plot.points()[0]) > before, "for more points: it goes on")
        window.bar.stop.click()
        until(lambda: not window.control.running(), "for the run to stop")
        assert window.bar.outputs_text().startswith("outputs off:")
        run = read_run(window.view.results.path)
        assert (run.status, run.reason) == ("abort", "stopped by the operator")
        assert outputs_left_on(tmp_path / "nbo2.witness.jsonl") == []
        until(lambda: not window.checker.running() and window.run_panel.run.isEnabled(), "for the bench")
        window.close()
        window.deleteLater()
    finally:
        first.kill()
        first.stderr.close()
        if living_runs(out):
            os.kill(measuring, signal.SIGKILL)


@pytest.mark.thorough
def test_a_second_window_on_an_owned_bench_looks_on_and_may_close(application, until, tmp_path):
    import benchmarks.watchdog

    with benchmarks.watchdog.ServedBench(tmp_path / "served") as served:
        out = tmp_path / "runs"
        # another file that names the same instruments
        other = served.bench.with_name("other.bench.toml")
        served.write_bench(served.bench, deadline=30.0)  # no watchdog is to end it because this computer is busy
        served.write_bench(other, host="localhost", deadline=30.0)
        owner = begin(
            "-m", "tsbench", "measure", "iv_sweep", "--bench", str(served.bench), "--device", "D1", "--out", str(out),
            "--set", "step=1 mV", "--set", "cycles=500",
        )
        try:
            wait_for_run(until, out, owner)
            window = open_window(other, tmp_path / "elsewhere")
            until(window.control.attached, "for the window to find the owner's run")
            said = window.view.log.toPlainText()
            assert f"is in use by process {owner.pid} " in said and "Nothing was sent to it" in said
            until(lambda: len(window.view.plot.points()[0]) > 5, "for points")
            assert window.close()  # without a question: it is not its run
            window.deleteLater()
            again = open_window(other, tmp_path / "elsewhere")
            until(again.control.attached, "for another window")
            again.bar.stop.click()
            until(lambda: owner.poll() is not None, "for the run to stop")
            assert owner.returncode == 130
            until(again.run_panel.run.isEnabled, "for the bench to be free")
            assert again.bar.outputs_text().startswith("outputs off:")
            again.close()
            again.deleteLater()
            (file,) = out.glob("*.nxs")
            assert read_run(file).status == "abort"
        finally:
            owner.kill()
            owner.stderr.close()

"""A window at a bench whose service runs: it measures there, shows what others measure, and waits for its turn."""

import os
import shutil
import signal

import pytest

from tests.fixtures.patience import wait_until
from tests.fixtures.simulated_bench import EXAMPLES
from tsbench.protocols import IVSweep
from tsbench.station.bench.ownership import FOLDER
from tsbench.station.service.client import connect
from tsbench.station.service.place import living_service, place_of

pytestmark = [pytest.mark.display, pytest.mark.skipif(os.name == "nt", reason="Windows has no signals of this kind")]


@pytest.fixture
def station(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path / "locks"))
    for kind in ("bench", "world"):
        shutil.copy(EXAMPLES / f"resistor.{kind}.toml", tmp_path)
    bench = tmp_path / "resistor.bench.toml"
    with connect(bench) as client:
        yield client
    os.kill(int(living_service(bench)["process"]), signal.SIGTERM)
    wait_until(lambda: not place_of(bench).lives)


def test_the_window_measures_through_the_service_and_shows_what_others_measure(
    application, until, station, tmp_path
):
    from tsbench.gui.form_memory import FormMemory
    from tsbench.gui.main_window import MainWindow

    FormMemory(station.bench).keep_choices({"out": str(tmp_path / "mine")})
    window = MainWindow(station.bench)
    window.show()
    until(lambda: not window.checker.running(), "the check to be over")
    assert window._service and "a bench service has this bench" in window.view.log.toPlainText()
    # what others measure is shown, and a run of this window waits for it
    other = station.submit(IVSweep.parse(stop=1.0, step=1e-4), "R1", tmp_path / "other", user="ada")
    until(window.control.attached, "the window to follow the run of another user")
    # the messages of another user's run are traced from when Trace is switched on
    tabs = window.view.wire.parentWidget().parentWidget()
    tabs.setCurrentWidget(window.view.wire)
    window.view.wire.traced.setChecked(True)
    until(lambda: "source_meter" in window.view.wire.lines.toPlainText(), "messages of the run")
    window.view.wire.traced.setChecked(False)
    window.run_panel.choose("iv_sweep")
    window.run_panel.form.field("step").set_text("0.4 V")
    assert window.run_panel.run.isEnabled()
    window.run()
    until(lambda: "waits: 1 run is before it" in window.view.log.toPlainText(), "the run to wait")
    assert not list((tmp_path / "mine").glob("*.nxs"))
    assert "waits for its turn" in window.view.progress.format()
    # STOP ends what is on at the bench, although it is another one's, and what waits here
    window.bar.stop.click()
    outcome = other.wait()
    assert outcome.status == "abort" and outcome.safe
    until(lambda: not window.control.running(), "the run of the window to be cancelled")
    assert [job["status"] for job in station.status()["jobs"] if job["protocol"] == "iv_sweep"] == ["abort", "left out"]
    assert station.status()["held"].startswith("stopped by")
    station.go_on()
    until(lambda: not window.checker.running() and window.run_panel.run.isEnabled(), "the bench")
    window.run()
    until(lambda: not window.control.running(), "the run of the window to end")
    assert len(list((tmp_path / "mine").glob("*.nxs"))) == 1
    until(lambda: not window.checker.running(), "the last check")
    window.close()

"""The screen with a campaign on a simulated wafer: plan, start, stop, kill, resume, and requests while it runs."""

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.station.campaign.following import CampaignFollower, FollowedRun
from tsbench.station.campaign.requests import CampaignControl

QtCore = pytest.importorskip("PyQt5.QtCore", reason="needs PyQt5 (pip install tsbench[gui])")
pytestmark = pytest.mark.display

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CAMPAIGN = """
bench = "wafer.bench.toml"
devices = ["W1_x0y0_1", "W1_x1y0_1"]
[[step]]
name = "screen"
protocol = "iv_sweep"
stop = "{stop}"
step = "3 mV"
compliance = "1 mA"
repeat = 2
"""
PLAN = {"name": "c", "verdict": "green", "duration": 100.0, "bytes": 2e6, "red": [], "amber": [], "notes": [], "rows": [
    {"step": "screen", "protocol": "iv_sweep", "devices": ["D1", "D2"], "runs": 4, "duration": 100.0, "bytes": 2e6,
     "peaks": {"voltage": {"value": 1.5, "limit": 2.0, "unit": "V"},
               "energy": {"value": None, "limit": None, "unit": "J"}},
     "dose": {"cycles": {"value": 2.0, "limit": 10.0, "unit": ""}}, "oscillation": "", "model": "",
     "foreseen": "bounded"}]}


@pytest.fixture
def lab(application: Any, until: Any, tmp_path: Path) -> Iterator[Any]:
    """The window without a bench, and a campaign file of two devices."""
    from tsbench.gui.main_window import MainWindow

    path = campaign_in(tmp_path)
    window = MainWindow()
    window.resize(1280, 800)
    window.show()
    window.screens.go_to("Campaign")
    screen = window.campaigns
    yield SimpleNamespace(window=window, screen=screen, path=path, out=tmp_path / "out", until=until)
    if window.control.running():
        window.control.child.kill()
    until(lambda: not (window.control.running() or screen.planner.running() or screen.looking.busy()
                       or window.browser.listing.busy() or window.browser.drawing.busy()), "the processes")
    screen._timer.stop()
    window.close()
    window.deleteLater()


def campaign_in(folder: Path) -> Path:
    """Write a campaign of two devices whose material is not known: a simulation of them would take ten seconds."""
    shutil.copy(EXAMPLES / "wafer.world.toml", folder)
    bench = (EXAMPLES / "wafer.bench.toml").read_text("utf-8")
    (folder / "wafer.bench.toml").write_text(bench.replace('material = "NbO2"', "").replace(
        'max_current = "2.5 mA"', 'max_current = "5 A"'), "utf-8")   # all that the source could send into a short
    path = folder / "two.campaign.toml"
    path.write_text(CAMPAIGN.format(stop="1.5 V"), "utf-8")
    return path


def planned(lab: Any) -> None:
    lab.screen.open_campaign(lab.path, lab.out)
    lab.until(lambda: lab.screen.plan.verdict != "" and lab.screen.shown is not None, "the plan")


def statuses(lab: Any) -> list[str]:
    return [] if lab.screen.shown is None else [run.status for run in lab.screen.shown.runs]


def cells(lab: Any) -> list[str]:
    table = lab.screen.filter
    return [table.index(row, 1).data() for row in range(table.rowCount())]


def test_a_campaign_from_its_plan_to_its_runs(lab: Any) -> None:
    planned(lab)
    screen = lab.screen
    assert screen.plan.verdict == "green" and "4 runs" in screen.plan.words.text()
    assert cells(lab) == ["waiting 2", "waiting 2"] and screen.start.text() == "&Start" and screen.start.isEnabled()
    assert not screen.finish.isEnabled() and not screen.skip.isEnabled()
    screen.start.click()
    assert lab.window.control.running() and not screen.start.isEnabled() and screen.finish.isEnabled()
    lab.until(lambda: lab.window.view.plot.points()[0] != (), "the live curve")
    screen.view.selectRow(1)
    screen.skip.click()
    lab.until(lambda: not lab.window.control.running(), "the end of the campaign")
    lab.until(lambda: statuses(lab)[2:] == ["left out"] * 2 and "running" not in statuses(lab), "the outcomes")
    assert statuses(lab)[:2] == ["success"] * 2 and cells(lab) == ["done 2", "left out"]
    assert "the operator skipped it" in screen.details.item(0, 2).text()
    assert all(state is False for state in lab.window.control.read_back.values()) and lab.window.control.read_back
    screen.view.selectRow(0)
    screen.details.itemActivated.emit(screen.details.item(0, 0))
    assert lab.window.screens.tabText(lab.window.screens.currentIndex()) == "Runs"
    lab.until(lambda: lab.window.browser.filter.rowCount() == 1, "the run")
    assert lab.window.browser.folder == lab.out
    assert "every run has its outcome" in screen.start.toolTip()


def test_a_campaign_that_is_stopped_is_resumed(lab: Any) -> None:
    planned(lab)
    lab.screen.start.click()
    lab.until(lambda: lab.window.view.plot.points()[0] != (), "the live curve")
    lab.window.stop()
    lab.until(lambda: not lab.window.control.running(), "the stop")
    assert lab.window.control.read_back and all(one is False for one in lab.window.control.read_back.values())
    lab.until(lambda: "abort" in statuses(lab) and lab.screen.plan.verdict == "green", "what is left")
    assert cells(lab)[0].startswith("stopped") and lab.screen.start.text() == "&Resume"
    assert lab.screen.start.isEnabled() and "Resume measures what is left" in lab.screen.said.text()
    before = statuses(lab)
    lab.screen.start.click()
    lab.until(lambda: not lab.window.control.running(), "the end of the campaign")
    lab.until(lambda: "waiting" not in statuses(lab), "the outcomes")
    assert statuses(lab) == ["abort" if one == "abort" else "success" for one in before]


def test_a_campaign_that_is_killed_shows_the_interrupted_run_and_does_not_repeat_it(lab: Any) -> None:
    planned(lab)
    lab.screen.start.click()
    lab.until(lambda: lab.window.view.plot.points()[0] != (), "the live curve")
    lab.until(lambda: "running" in statuses(lab), "the run in the table")
    lab.window.control.child.kill()
    lab.until(lambda: "interrupted" in statuses(lab) and lab.screen.plan.verdict == "green", "what is left")
    place = statuses(lab).index("interrupted")
    assert "it is not repeated" in lab.screen.said.text() and any("interrupted" in cell for cell in cells(lab))
    lab.screen.start.click()
    lab.until(lambda: not lab.window.control.running(), "the end of the campaign")
    lab.until(lambda: "waiting" not in statuses(lab), "the outcomes")
    assert [number for number, one in enumerate(statuses(lab)) if one == "interrupted"] == [place]
    assert statuses(lab).count("success") == 3


def test_a_plan_beyond_a_limit_and_a_file_with_a_mistake_cannot_be_started(lab: Any) -> None:
    lab.path.write_text(CAMPAIGN.format(stop="3 V"), "utf-8")
    planned(lab)
    assert lab.screen.plan.verdict == "red" and not lab.screen.start.isEnabled()
    assert "refused" in lab.screen.plan.words.text() and "2 V" in lab.screen.plan.lines.text()
    lab.path.write_text(CAMPAIGN.format(stop="1 V").replace("compliance", "complaince"), "utf-8")
    lab.screen.check.click()
    lab.until(lambda: "complaince" in lab.screen.plan.lines.text() + lab.screen.plan.words.text(), "the mistake")
    assert not lab.screen.start.isEnabled() and not lab.out.exists()


def test_amber_lines_must_be_accepted(application: Any) -> None:
    from tsbench.gui.campaigns.plan_panel import PlanPanel

    panel = PlanPanel()
    panel.show_plan(PLAN)
    assert panel.may_begin() and panel.accept.isHidden() and "4 runs, 2 min, 2.0 MB" in panel.words.text()
    assert panel.table.item(0, 2).text() == "voltage 1.50 V / 2.00 V\nenergy not bounded"
    panel.show_plan({**PLAN, "verdict": "amber", "amber": ["this was measured before"]})
    assert not panel.may_begin() and "this was measured before" in panel.lines.text()
    panel.accept.click()
    assert panel.may_begin()
    panel.show_plan({**PLAN, "verdict": "amber", "amber": ["another line"]})
    assert not panel.may_begin()   # each plan is accepted anew
    panel.forget("no plan yet")
    assert not panel.may_begin() and panel.accept.isHidden() and panel.table.rowCount() == 0
    panel.deleteLater()


def test_five_thousand_runs_are_a_model(application: Any) -> None:
    from tsbench.gui.campaigns.campaign_table import CampaignTable, DeviceFilter

    runs = [FollowedRun(f"D{k // 5} s{k % 5}", f"D{k // 5}", f"s{k % 5}", "iv_sweep") for k in range(5000)]
    table, shown, changed = CampaignTable(), DeviceFilter(), []
    shown.setSourceModel(table)
    began = time.process_time()
    table.show_runs(runs)
    table.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    table.show_runs(runs)
    assert changed == []
    runs[7] = FollowedRun("D1 s2", "D1", "s2", "iv_sweep", "fail", "no contact")
    table.show_runs(runs)
    assert changed == [(1, 1)] and time.process_time() - began < 0.5   # seen: 0.05 s
    assert (table.rowCount(), table.columnCount()) == (1000, 6)
    assert table.index(1, 3).data() == "failed" and table.index(1, 3).data(QtCore.Qt.ToolTipRole) == "no contact"
    shown.ask("contact failed")
    assert [shown.index(row, 0).data() for row in range(shown.rowCount())] == ["D1"]


@pytest.mark.parametrize(("found", "words"), [
    (["waiting"], "waiting"), (["success", "waiting", "waiting"], "waiting 1 of 3"), (["success"], "done"),
    (["success", "left out", "left out"], "done"), (["left out", "left out"], "left out"),
    (["success", "success", "fail"], "failed 1"), (["running", "success", "fail"], "running 1 of 3"),
    (["interrupted", "waiting"], "interrupted 1"), (["abort"], "stopped"), (["success", "success"], "done 2"),
])
def test_a_cell_says_what_a_person_must_see_first(application: Any, found: list[str], words: str) -> None:
    from tsbench.gui.campaigns.campaign_table import StepCell

    assert StepCell(tuple(FollowedRun(str(k), "D", "s", "p", one) for k, one in enumerate(found))).words == words


def test_requests_of_a_line() -> None:
    control = CampaignControl()
    assert control.request("skip W1/D3 *\n") and control.request("first D2 *") and control.request("last D[*] x")
    assert control.asked() == [("skip", "W1/D3 *"), ("first", "D2 *"), ("last", "D[*] x")]
    assert not control.request("skip") and not control.request("sing") and control.request(" PAUSE ")
    assert control.paused and control.request("resume") and not control.paused
    control.device_finished()
    assert not control.paused and control.request("finish device") and not control.paused
    control.device_finished()
    assert control.paused
    control.resume()
    control.pause_after_device()
    control.resume()   # it is not wanted any more
    control.device_finished()
    assert not control.paused and control.request("stop") and control.stopped is not None


def test_a_follower_reads_what_is_new(tmp_path: Path) -> None:
    from tsbench.station.campaign.state import StateFile

    path, out = campaign_in(tmp_path), tmp_path / "out"
    follower = CampaignFollower(path, out)
    view = follower.look()
    assert [run.status for run in view.runs] == ["waiting"] * 4 and not view.begun and not view.measuring
    out.mkdir()
    states = StateFile(out, "two.campaign")
    states.note("begin", id="C", name="two.campaign", items=4)
    states.note("left out", key=view.runs[3].key, reason="no contact")
    states.note("end", reason="")
    states.close()
    again = follower.look()
    assert again.begun and [run.status for run in again.runs] == ["waiting"] * 3 + ["left out"]
    assert again.runs[3].reason == "no contact" and again.decided == 1
    path.write_text(CAMPAIGN.format(stop="1 V").replace("repeat = 2", "repeat = 1"), "utf-8")
    assert len(follower.look().runs) == 2
    path.write_text(CAMPAIGN.format(stop="1 V").replace("step =", "setp ="), "utf-8")
    assert "setp" in follower.look().problems[0]

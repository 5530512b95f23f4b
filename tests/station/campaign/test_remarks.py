"""A remark of the bench is said once in a campaign, and the few that matter are not drowned by it."""

from collections import Counter
from pathlib import Path

import pytest

from tests.fixtures.fake_campaign import FakePerformer, fake_benches, write_campaign
from tsbench.cli.measuring import tell
from tsbench.records import RunEvent
from tsbench.station.campaign import campaign
from tsbench.station.campaign.performing import StepRequest
from tsbench.station.campaign.remarks import Remarks
from tsbench.station.protection.control import Control
from tsbench.station.runner.begun import begun_run
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome


def test_a_warning_of_many_runs_is_told_of_the_first_and_counted() -> None:
    told: list[RunEvent] = []
    remarks = Remarks(told.append)
    for number in range(3):
        remarks(RunEvent("state", "running"), f"D{number}", f"sweep on D{number}")
        remarks(RunEvent("warning", "no scope"), f"D{number}", f"sweep on D{number}")
        remarks(RunEvent("warning", "no scope"), f"D{number}", f"sweep on D{number}")   # twice in one run
    remarks(RunEvent("warning", "it looks open"), "D1", "sweep on D1")
    remarks.tell_rest()
    remarks.tell_rest()
    assert [one.message for one in told if one.kind == "warning"] == [
        "sweep on D0: no scope", "sweep on D0: no scope", "sweep on D1: it looks open",
        "the same warning as of sweep on D0 in 2 more runs: no scope"]
    assert sum(one.kind == "state" for one in told) == 3


class WarningPerformer(FakePerformer):
    """Warns of the bench in each run."""

    def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
        events(RunEvent("warning", "no scope is connected"))
        return super().perform(request, events, control)


def test_a_campaign_says_a_remark_of_the_bench_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_benches(monkeypatch)
    path = write_campaign(tmp_path, 'devices = ["W1/*"]\n[[step]]\nprotocol = "sweep"\nname = "a"\nrepeat = 3\n')
    told: list[RunEvent] = []
    campaign(path, tmp_path / "out").run(performer=WarningPerformer(), events=told.append)
    said = [event.message for event in told if "no scope" in event.message]
    assert len(said) == 2 and said[1].endswith("in 5 more runs: no scope is connected")


def test_a_note_of_many_runs_is_printed_once(capsys: pytest.CaptureFixture[str]) -> None:
    notes: Counter[str] = Counter()
    for number in range(3):
        tell(RunOutcome(Path(f"r{number}.nxs"), "success", "", remarks=("no scope",)), f"D{number}: ", notes)
    told = capsys.readouterr().err
    assert told.count("no scope") == 1 and told.count("run file: r") == 3 and notes == {"no scope": 3}


@pytest.mark.parametrize(("names", "known", "found"), [
    (["20261129T080000123Z-iv_sweep-W1-A-0123ab.tsj"], (), "20261129T080000123Z-iv_sweep-W1-A-0123ab"),
    (["20261129T080000123Z-iv_sweep-W1-A-0123ab.tsj", "20261129T080000123Z-iv_sweep-W1-A-0123ab.nxs"], (),
     "20261129T080000123Z-iv_sweep-W1-A-0123ab"),   # being made into a run file
    (["20261129T075959999Z-iv_sweep-W1-A-0123ab.nxs"], (), ""),   # began before
    (["20261129T080001000Z-iv_sweep-W1-A-0123ab.nxs"], ("20261129T080001000Z-iv_sweep-W1-A-0123ab",), ""),
    (["20261129T080001000Z-iv_sweep-W1-A-2-0123ab.nxs", "20261129T080001000Z-iv_sweep-W1-A2-0123ab.nxs"], (), ""),
    (["20261129T080001000Z-iv_sweep-W1-A-0123ab.nxs", "20261129T080002000Z-iv_sweep-W1-A-0123ac.nxs"], (), ""),
])
def test_the_run_that_began_is_found_where_it_is_the_only_one(
    tmp_path: Path, names: list[str], known: tuple[str, ...], found: str,
) -> None:
    for name in names:
        (tmp_path / name).write_text("")
    assert begun_run(tmp_path, "iv_sweep", "W1/A", "2026-11-29T09:00:00.000+01:00", known) == found
    assert begun_run(tmp_path, "iv_sweep", "W1/A", "", known) == ""

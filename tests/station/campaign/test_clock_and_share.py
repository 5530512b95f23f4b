"""Campaigns on a network share that fails, and with a clock that is set back: the data are whole, the bench is safe.

``python -m benchmarks.kills`` lets every call fail with ESTALE, as a share that is gone does.
"""

import datetime
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import tsbench.station.bench.bench
from tests.fixtures.fake_campaign import BENCH, fake_benches, write_campaign
from tests.fixtures.fake_runs import FakeBench, Sweep
from tsbench.station.campaign import campaign
from tsbench.station.campaign.outcome import CampaignOutcome
from tsbench.station.campaign.performing import BenchPerformer
from tsbench.storage import disk, read_run, recover, run_id
from tsbench.storage.nexus.validation import inspect

TEXT = 'devices = ["W1/A"]\n[[step]]\nname = "a"\nprotocol = "sweep"\nrepeat = 3\n'


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> list[FakeBench]:
    return fake_benches(monkeypatch)


@pytest.fixture
def measured(tmp_path: Path, benches: list[FakeBench]) -> Iterator[Callable[[], CampaignOutcome]]:
    """Return what begins or resumes a campaign of three runs, recorded by the runner itself."""
    path = write_campaign(tmp_path, TEXT, BENCH)

    def run() -> CampaignOutcome:
        performer = BenchPerformer(tsbench.station.bench.bench.Bench.open)
        begun = any((tmp_path / "out").glob("*.tsc"))
        return campaign(path, tmp_path / "out").run(performer=performer, accept=True, resume=begun, peaks=None)

    yield run


@pytest.mark.thin(2)
@pytest.mark.parametrize("error", [errno.ESTALE, errno.EIO])
def test_a_share_that_fails_in_a_run_ends_it_safe(
    tmp_path: Path, measured: Callable[[], CampaignOutcome], benches: list[FakeBench],
    monkeypatch: pytest.MonkeyPatch, error: int,
) -> None:
    """From the third point of the second run on, nothing can be synced until the share is there again."""
    third_points, gone, real = 0, False, disk.sync_data

    def sync(descriptor: int) -> None:
        if gone:
            raise OSError(error, os.strerror(error))
        real(descriptor)

    def reading(number: int) -> tuple[float, float]:
        nonlocal third_points, gone
        third_points += number == 2
        gone = gone or (number == 2 and third_points == 2)
        return 0.1 * number, 1e-6 * number

    monkeypatch.setattr(disk, "sync_data", sync)
    monkeypatch.setattr(Sweep, "reading", staticmethod(reading))
    ended = measured().ended
    assert os.strerror(error) in ended and "Check the directory and its disk" in ended
    assert not any(bench.on for bench in benches)
    gone = False
    assert measured().counts == {"success": 2, "interrupted": 1}
    paths = sorted((tmp_path / "out").glob("*.nxs"))
    assert sorted(read_run(path).status for path in paths) == ["recovered", "success", "success"]
    assert [problem for path in paths for problem in inspect(path)] == []


class SetBack:
    """The clock of the computer, set back by an hour at each of some looks."""

    def __init__(self, at: set[int]) -> None:
        self._at, self._looks, self._back = at, 0, datetime.timedelta()

    def __call__(self) -> datetime.datetime:
        self._looks += 1
        if self._looks in self._at:
            self._back += datetime.timedelta(hours=1)
        return datetime.datetime.now(datetime.UTC) - self._back


def test_a_clock_that_is_set_back_changes_no_decision(
    tmp_path: Path, measured: Callable[[], CampaignOutcome], benches: list[FakeBench],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between two looks at the clock, anywhere in the campaign, it is set back by an hour."""
    monkeypatch.setattr(run_id, "now", SetBack({4, 9, 14}))
    assert measured().counts == {"success": 3}
    assert measured().counts == {"success": 3}   # nothing is measured again
    paths = sorted((tmp_path / "out").glob("*.nxs"))
    assert len(paths) == 3 and [problem for path in paths for problem in inspect(path)] == []
    assert recover(tmp_path / "out") == [] and not any(bench.on for bench in benches)
    life = campaign(tmp_path / "c.campaign.toml", tmp_path / "out").records.life("W1/A")
    assert life.runs == 3 and not life.open

"""A budget is never exceeded, over a hundred campaigns on one device record whose processes die at random moments."""

import random
from pathlib import Path

import pytest

from tests.fixtures.fake_campaign import BENCH, Crash, FakePerformer, fake_benches, write_campaign
from tsbench.station.campaign import CampaignRefused, campaign
from tsbench.station.campaign.performing import StepRequest
from tsbench.station.device_record import DeviceRecords
from tsbench.station.protection.control import Control
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome
from tsbench.storage import disk

BUDGET = 700  #: cycles
EACH = 5  #: cycles of a run of the fake protocol, by its plan


class Stressing(FakePerformer):
    """Sends the cycles of each run one by one, and dies in some of them; counts what each device has really seen."""

    def __init__(self, generator: random.Random, seen: dict[str, int]) -> None:
        super().__init__()
        self._generator, self._seen = generator, seen

    def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
        if self._generator.random() < 0.1:
            raise Crash   # before anything is sent
        dies = self._generator.randrange(EACH + 1) if self._generator.random() < 0.2 else None
        for cycle in range(EACH):
            if cycle == dies:
                raise Crash
            self._seen[request.device] = self._seen.get(request.device, 0) + 1
        return super().perform(request, events, control)


def test_no_device_sees_more_than_its_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_benches(monkeypatch)
    monkeypatch.setattr(disk, "sync_data", lambda descriptor: None)   # the test is about the order of the records
    bench = f'device_record = "record"\n{BENCH}[device.budget]\ncycles = {BUDGET}\n'
    text = 'devices = ["W1/*"]\n[[step]]\nprotocol = "sweep"\nrepeat = 6\nwhen = "device.cycles < 1e6"\n'
    path = write_campaign(tmp_path, text, bench)
    generator, seen = random.Random(7), dict[str, int]()
    crashes = refused = 0
    for number in range(100):
        for life in range(20):
            try:
                campaign(path, tmp_path / f"out{number}").run(
                    performer=Stressing(generator, seen), accept=True, resume=life > 0)
                break
            except Crash:
                crashes += 1
            except CampaignRefused:   # not even one run is left
                refused += 1
                break
        assert max(seen.values(), default=0) <= BUDGET
    records = campaign(path, tmp_path / "last").records
    for device, cycles in seen.items():
        used = records.life(device).used.cycles
        assert cycles <= used <= BUDGET and used > BUDGET - EACH
    assert crashes > 30 and refused > 10


def test_a_charge_is_settled_although_all_runs_have_an_outcome(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The process dies after the last outcome is noted, and before it is settled."""
    fake_benches(monkeypatch)
    path = write_campaign(tmp_path, 'devices = ["W1/A"]\n[[step]]\nprotocol = "sweep"\n', BENCH)
    with monkeypatch.context() as dying, pytest.raises(Crash):
        dying.setattr(DeviceRecords, "settle", _die)
        campaign(path, tmp_path / "out").run(performer=FakePerformer(), accept=True)
    measured = campaign(path, tmp_path / "out")
    assert len(measured.records.life("W1/A").open) == 1
    second = FakePerformer()
    assert measured.run(performer=second, accept=True, resume=True).counts == {"success": 1}
    assert second.performed == []
    life = measured.records.life("W1/A")
    assert not life.open and life.runs == 1


def _die(*_: object, **__: object) -> None:
    raise Crash

"""What --resume takes for decided: runs that never began, files that were changed or lost, runs that ended alone."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.fake_campaign import Crash, FakePerformer, fake_benches, threshold, write_campaign
from tests.fixtures.fake_runs import FakeBench
from tests.fixtures.report_folder import results_of, write_sweep
from tsbench.errors import CommunicationError, ConfigurationError, StorageError
from tsbench.records import Result, RunEvent
from tsbench.reports.devices import campaign_runs
from tsbench.reports.folder import read_folder
from tsbench.station.campaign import CampaignRefused, campaign
from tsbench.station.campaign.expansion import Item
from tsbench.station.campaign.performing import RunLost, StepRequest
from tsbench.station.campaign.state import StateFile, read_state
from tsbench.station.protection.control import Control
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome
from tsbench.storage.run_id import new_run_id

STEP = '[[step]]\nprotocol = "sweep"\n'
TWO = f'devices = ["W1/*"]\n{STEP}name = "a"\n'


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> list[FakeBench]:
    return fake_benches(monkeypatch)


class Failing(FakePerformer):
    """Cannot begin some runs."""

    def __init__(self, error: Exception, *keys: str, **more: Any) -> None:
        super().__init__(**more)
        self._error, self._keys = error, keys

    def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
        if request.key in self._keys:
            raise self._error
        return super().perform(request, events, control)


def run(path: Path, performer: FakePerformer, **options: Any) -> dict[str, str]:
    outcome = campaign(path, path.parent / "out").run(performer=performer, **options)
    return {key: one.status for key, one in outcome.runs.items()}


# ------------------------------------------------------------------------------------------ runs that never began


def test_a_full_disk_ends_the_campaign_before_a_device_is_touched_and_resume_measures_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write_campaign(tmp_path, f'devices = ["W1/*"]\n{STEP}repeat = 2\n')
    free = [10**9]

    def fill(request: StepRequest) -> Sequence[Result]:
        free[0] = 10**6
        return []

    monkeypatch.setattr("tsbench.storage.disk.free_bytes", lambda folder: free[0])
    performer = FakePerformer(fill)
    outcome = campaign(path, tmp_path / "out").run(performer=performer)
    assert len(performer.performed) == 1 and outcome.counts == {"success": 1, "left out": 3}
    assert "are free" in outcome.ended and "--resume" in outcome.ended and outcome.exit_code == 1
    free[0] = 10**9
    rest = FakePerformer()
    assert set(run(path, rest, resume=True).values()) == {"success"} and len(rest.performed) == 3


def test_a_run_that_cannot_be_stored_ends_the_campaign_and_is_not_decided(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, TWO)
    outcome = campaign(path, tmp_path / "out").run(performer=Failing(StorageError("read-only"), "W1/A a"))
    assert outcome.counts == {"fail": 1, "left out": 1} and "read-only" in outcome.ended and outcome.exit_code == 1
    run(path, again := FakePerformer(), resume=True)
    assert again.performed == ["W1/A a", "W1/B a"] and list(again.requests[0].repeats) == []


def test_a_run_that_could_not_be_begun_is_measured_by_resume_with_what_depends_on_it(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, f'{TWO}{STEP}name = "b"\nwhen = "a.threshold_voltage < 1.2 V"\n')
    found = run(path, Failing(CommunicationError("the prober does not answer"), "W1/A a",
                              results=lambda request: [threshold(1.0)]))
    assert found == {"W1/A a": "fail", "W1/A b": "left out", "W1/B a": "success", "W1/B b": "success"}
    performer = FakePerformer(lambda request: [threshold(1.0)])
    assert set(run(path, performer, resume=True).values()) == {"success"}
    assert performer.performed == ["W1/A a", "W1/A b"]


def test_a_try_that_could_not_be_begun_has_no_use_after_a_later_one(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}name = "a"\nuntil = "contact == ok"\nretry = 1\n')
    run(path, first := Failing(CommunicationError("no answer"), "W1/A a"))
    assert first.performed == ["W1/A a t2"]
    run(path, performer := FakePerformer(), resume=True)
    assert performer.performed == []


def test_a_device_record_that_cannot_be_written_ends_the_campaign_with_its_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = write_campaign(tmp_path, f'{TWO}repeat = 2\n')
    found = campaign(path, tmp_path / "out")
    charge = found.records.charge

    def full(device: str, *arguments: Any, **facts: Any) -> None:
        if device == "W1/B":
            raise StorageError("the disk is full")
        charge(device, *arguments, **facts)

    monkeypatch.setattr(found.records, "charge", full)
    outcome = found.run(performer=(performer := FakePerformer()))
    assert outcome.counts == {"success": 2, "left out": 2} and "the disk is full" in outcome.ended
    assert len(performer.performed) == 2 and outcome.exit_code == 1
    run(path, rest := FakePerformer(), resume=True)
    assert rest.performed == ["W1/B a r1", "W1/B a r2"]


def test_a_resume_that_leaves_failed_runs_has_an_exit_code(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, TWO)
    with pytest.raises(Crash):
        run(path, FakePerformer(crash=("W1/A a", True)))
    for _ in range(2):
        outcome = campaign(path, tmp_path / "out").run(performer=FakePerformer(), resume=True)
        assert outcome.counts == {"interrupted": 1, "success": 1} and outcome.exit_code == 1


# --------------------------------------------------------------------------------------- lost and renamed states


def test_resume_without_a_state_is_refused(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, TWO)
    with pytest.raises(ConfigurationError, match="nothing can be resumed"):
        run(path, FakePerformer(), resume=True)
    run(path, FakePerformer())
    renamed = path.rename(tmp_path / "c v2.campaign.toml")
    for attempt in (lambda: run(renamed, FakePerformer(), resume=True),
                    lambda: campaign(renamed, tmp_path / "out").plan(resume=True)):
        with pytest.raises(ConfigurationError, match=r"It has the campaign 'c.campaign'.*former name"):
            attempt()


def test_a_pattern_of_again_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, TWO)
    run(path, FakePerformer())
    with pytest.raises(ConfigurationError, match=r"no run has a name like 'W1/A scren\*'"):
        run(path, FakePerformer(), resume=True, again=["W1/A scren*"])


def test_run_files_of_a_campaign_whose_state_is_lost_need_a_yes(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, TWO)
    (tmp_path / "out").mkdir()
    written = write_sweep(tmp_path / "out", "20261129T080000000Z-sweep-W1-A-aaaaaa", "W1/A", results_of("working", 1.0),
                          1.0, "")
    found = campaign(path, tmp_path / "out")
    assert not found.plan().amber   # of another protocol
    item = found.items[0]
    found.items[0] = replace(item, step=replace(item.step, protocol=type("Other", (item.step.protocol,), {
        "name": "iv_sweep"})))
    written.rename(written.with_name("20261129T080000000Z-iv_sweep-W1-A-aaaaaa.nxs"))
    (line,) = found.plan().amber
    assert "1 run file of a campaign whose state is not in this folder" in line and "W1/A" in line


# ------------------------------------------------------------------------------------------------- changed files


@pytest.mark.parametrize(("before", "after"), [
    ("pace = 0.05", "pace = 5e-2"), ("points = 5", 'points = "5"'), ("", ""),
    ("at = 1\npoints = 5", "points = 5\nat = 1")])
def test_the_same_value_written_in_another_way_is_the_same_measurement(
    tmp_path: Path, before: str, after: str,
) -> None:
    run(write_campaign(tmp_path, f"{TWO}{before}\n"), FakePerformer())
    run(write_campaign(tmp_path, f"{TWO}{after}\n"), performer := FakePerformer(), resume=True)
    assert performer.performed == []


def test_units_and_prefixes_do_not_make_another_measurement(tmp_path: Path) -> None:
    def fingerprint(text: str) -> str:
        path = write_campaign(tmp_path, f'devices = ["W1/A"]\n[expected]\nthreshold_voltage = ["0.9 V", "1.1 V"]\n'
                                        f'[[step]]\nprotocol = "iv_sweep"\n{text}')
        (item,) = campaign(path, tmp_path / "out").items
        return item.fingerprint

    assert fingerprint('stop = "1.2 V"\nstep = "50 mV"') == fingerprint('step = "0.05 V"\nstop = 1.2')
    assert fingerprint('stop = "1.2 V"\nstep = "50 mV"') != fingerprint('stop = "1.2 V"\nstep = "51 mV"')
    assert fingerprint('stop = "1.1*threshold_voltage"\nstep = "50 mV"') == fingerprint(
        'stop = "1.1 * threshold_voltage"\nstep = 0.05')
    assert fingerprint('stop = "1.1*threshold_voltage"') != fingerprint('stop = "1.2*threshold_voltage"')


@pytest.mark.parametrize(("text", "as_before"), [
    ('ramp_rate = "2 V/s"\nstop = 1.2', "e5474342fbab1943"),
    ('sweep = { ramp_rate = ["2 V/s"] }\nstop = 1.2', "e5474342fbab1943")])
def test_a_campaign_with_the_former_name_of_a_parameter_goes_on(tmp_path: Path, text: str, as_before: str) -> None:
    """``as_before`` is the fingerprint that the last version with the name ramp_rate wrote."""
    head = 'devices = ["W1/A"]\n[[step]]\nprotocol = "iv_sweep"\n'
    (item,) = campaign(write_campaign(tmp_path, head + text), tmp_path / "out").items
    assert item.settings == {"approach_rate": "2 V/s", "stop": 1.2}
    assert item.matches({"fingerprint": as_before}) and item.matches({"fingerprint": item.fingerprint})


def test_a_folder_that_was_moved_holds_the_same_measurements(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    run(write_campaign(tmp_path / "one", TWO), FakePerformer())
    (tmp_path / "one").rename(tmp_path / "two")
    run(tmp_path / "two" / "c.campaign.toml", performer := FakePerformer(), resume=True)
    assert performer.performed == []


@pytest.mark.parametrize(("text", "said"), [
    (f"{TWO}points = 6\n", r"step a changed \(points 5 -> 6\): 2 runs that were made before are made once more"),
    (TWO.replace('"a"', '"b"'), r"the run 'a' is not in the file any more, and 'b' has its parameters: 2 runs"),
    (f"{TWO}repeat = 2\n", r"the run 'a' is not in the file any more, and 'a r1' has its parameters: 2 runs")])
def test_a_file_that_was_changed_repeats_stress_only_with_a_yes(tmp_path: Path, text: str, said: str) -> None:
    run(write_campaign(tmp_path, TWO), FakePerformer())
    path = write_campaign(tmp_path, text)
    with pytest.raises(CampaignRefused, match=said):
        run(path, refused := FakePerformer(), resume=True)
    assert refused.performed == []
    run(path, performer := FakePerformer(), resume=True, accept=True)
    assert len(performer.performed) == len(campaign(path, tmp_path / "out").items)
    assert all(list(request.repeats) == [] for request in performer.requests)   # they are new runs
    state = read_state(tmp_path / "out", "c.campaign")
    assert state is not None and state.decided == state.planned and len(state.files) == 1


def test_a_state_of_an_earlier_version_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_campaign(tmp_path, TWO)
    with monkeypatch.context() as former:
        former.setattr(Item, "fingerprint", property(_former))
        run(path, FakePerformer())
    run(path, performer := FakePerformer(), resume=True)
    assert performer.performed == []


def _former(item: Item) -> str:
    """As versions until November 2026 wrote it."""
    import hashlib

    from tsbench.storage.codec import to_json

    formulas = {name: [one.text for one in found] for name, found in item.formulas.items()}
    return hashlib.sha256(to_json([item.step.protocol.name, str(item.step.bench), dict(item.settings), formulas,
                                   dict(item.fixture)]).encode()).hexdigest()[:16]


# ------------------------------------------------------------------------------------ runs that ended without us


@pytest.mark.parametrize("noted", [True, False])
def test_a_run_that_was_finished_without_its_campaign_is_taken_over(tmp_path: Path, noted: bool) -> None:
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}name = "a"\n{STEP}name = "b"\n')
    with pytest.raises(Crash):
        run(path, FakePerformer(crash=("W1/A a", False)))
    out, name = tmp_path / "out", "20261129T080000000Z-sweep-W1-A-aaaaaa"
    state = read_state(out, "c.campaign")
    assert state is not None and state.unfinished == ["W1/A a"]
    write_sweep(out, name, "W1/A", results_of("working", 1.0), 1.0, "", str(state.begun["id"]), protocol="sweep")
    if noted:
        states = StateFile(out, "c.campaign")
        states.note("run", key="W1/A a", run=name)
        states.close()
    told: list[RunEvent] = []
    found = campaign(path, out)
    outcome = found.run(performer=(performer := FakePerformer()), resume=True, events=told.append)
    assert performer.performed == ["W1/A b"] and outcome.runs["W1/A a"].status == "success"
    assert outcome.runs["W1/A a"].run_id == name and outcome.runs["W1/A a"].results
    assert any("has finished this run" in event.message for event in told)
    life = found.records.life("W1/A")
    assert not life.open and life.used.max_voltage == pytest.approx(1.5)   # as measured: the fake plan has none
    (out / f"{name}.nxs").unlink()
    told.clear()
    outcome = found.run(performer=FakePerformer(), resume=True, events=told.append, again=["W1/A b"])
    assert any("1 run file is missing" in event.message and name in event.message for event in told)
    assert outcome.missing == (f"{name}.nxs",) and outcome.exit_code == 1
    told.clear()   # nothing is left to do: it is said all the same
    outcome = found.run(performer=FakePerformer(), resume=True, events=told.append)
    assert any("1 run file is missing" in event.message for event in told) and outcome.exit_code == 1


class LostPerformer(FakePerformer):
    """Its service dies after a run has begun, before it says the name of the run."""

    name = ""

    def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
        self.name = new_run_id("sweep", request.device)
        (request.out / f"{self.name}.tsj").write_bytes(b"")
        raise RunLost("the bench service has died")


def test_a_run_whose_service_died_is_named_in_the_campaign_and_its_report(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}name = "a"\n')
    out, performer = tmp_path / "out", LostPerformer()
    out.mkdir()
    (out / "20261129T000000000Z-sweep-W1-A-aaaaaa.tsj").write_bytes(b"")   # began before
    outcome = campaign(path, out).run(performer=performer)
    name = performer.name
    assert outcome.runs["W1/A a"].status == "interrupted" and outcome.runs["W1/A a"].run_id == name
    for journal in out.glob("*.tsj"):
        journal.unlink()
    state = read_state(out, "c.campaign")
    assert state is not None and state.runs == {"W1/A a": name}
    write_sweep(out, name, "W1/A", results_of("working", 1.0), 1.0, "", str(state.begun["id"]), protocol="sweep")
    read = read_folder(out)
    (run,) = campaign_runs(read.campaigns[0], read.runs)
    assert run.stored is not None and run.stored.path == f"{name}.nxs"   # the report leads to the recovered data


def test_the_name_of_a_run_that_was_found_on_resume_is_noted(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}name = "a"\n{STEP}name = "b"\n')
    with pytest.raises(Crash):
        run(path, FakePerformer(crash=("W1/A a", False)))
    out, name = tmp_path / "out", "20261129T080000000Z-sweep-W1-A-aaaaaa"
    state = read_state(out, "c.campaign")
    assert state is not None and not state.runs
    write_sweep(out, name, "W1/A", results_of("working", 1.0), 1.0, "", str(state.begun["id"]), protocol="sweep")
    campaign(path, out).run(performer=FakePerformer(), resume=True)
    after = read_state(out, "c.campaign")
    assert after is not None and after.runs["W1/A a"] == name

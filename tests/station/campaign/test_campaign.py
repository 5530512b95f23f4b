"""Campaigns: order, conditions, retries, series, budgets, and what is on disk when the process dies."""

import errno
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.fake_campaign import BENCH, Crash, FakePerformer, fake_benches, threshold, write_campaign
from tests.fixtures.fake_runs import FakeBench
from tsbench.errors import ConfigurationError, FolderInUse, StorageError
from tsbench.file_lock import FileLock, NoFileLocks
from tsbench.records import Flag, Result, RunEvent
from tsbench.station.campaign import CampaignRefused, campaign
from tsbench.station.campaign.file import read_campaign
from tsbench.station.campaign.performing import RunLost, StepRequest
from tsbench.station.campaign.resuming import check_folder
from tsbench.station.protection.control import Control
from tsbench.station.runner.events import Listener
from tsbench.station.runner.outcome import RunOutcome

STEP = '[[step]]\nprotocol = "sweep"\n'


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> list[FakeBench]:
    return fake_benches(monkeypatch)


def run(path: Path, performer: FakePerformer, **options: Any) -> dict[str, str]:
    """Run a campaign; return key -> status."""
    outcome = campaign(path, path.parent / "out").run(performer=performer, **options)
    return {key: one.status for key, one in outcome.runs.items()}


@pytest.mark.parametrize(("order", "keys"), [
    ("device", ["W1/A one", "W1/A two", "W1/B one", "W1/B two"]),
    ("step", ["W1/A one", "W1/B one", "W1/A two", "W1/B two"]),
])
def test_the_order_is_that_of_the_file(tmp_path: Path, order: str, keys: list[str]) -> None:
    text = f'devices = ["W1/*"]\norder = "{order}"\n{STEP}name = "one"\n{STEP}name = "two"\n'
    run(write_campaign(tmp_path, text), performer := FakePerformer())
    assert performer.performed == keys


def test_sweeps_are_nested_and_zipped(tmp_path: Path) -> None:
    text = (f'devices = ["**/A"]\nexclude = ["W2/*"]\n{STEP}sweep = {{ at = [7, 8] }}\n'
            'zip = { points = [1, 2], pace = [1, 2] }\n')
    run(write_campaign(tmp_path, text), performer := FakePerformer())
    assert performer.performed == [f"W1/A sweep p{number}" for number in (1, 2, 3, 4)]
    found = [(r.protocol.at, r.protocol.points, r.protocol.pace) for r in performer.requests]  # type: ignore[attr-defined]
    assert found == [(7, 1, 1.0), (7, 2, 2.0), (8, 1, 1.0), (8, 2, 2.0)]


def test_a_condition_on_an_extracted_number_decides(tmp_path: Path) -> None:
    text = f'devices = ["W1/*"]\n{STEP}name = "a"\n{STEP}name = "b"\nwhen = "threshold_voltage < 1 V"\n'
    performer = FakePerformer(lambda r: [threshold(0.9 if r.device == "W1/A" else 1.1)] if r.key.endswith("a") else [])
    found = campaign(write_campaign(tmp_path, text), tmp_path / "out").run(performer=performer)
    assert performer.performed == ["W1/A a", "W1/A b", "W1/B a"]
    assert found.runs["W1/B b"].reason == (
        "its condition is not met: threshold_voltage < 1 V (with threshold_voltage 1.100 ± 0.010 V)")


def test_what_is_not_known_is_never_guessed(tmp_path: Path) -> None:
    text = f'devices = ["W1/A"]\n{STEP}name = "a"\n{STEP}name = "b"\nwhen = "threshold_voltage < 1 V"\n'
    nothing = Result("threshold_voltage", "V", None, None, None, "told", flags=Flag.NO_EVENT)
    found = campaign(write_campaign(tmp_path, text), tmp_path / "out").run(performer=FakePerformer(lambda r: [nothing]))
    assert found.runs["W1/A b"].reason.endswith(
        "cannot be judged: threshold_voltage is not known (run RUN1 found no value)")
    both = [threshold(1.0), threshold(0.9)]
    both = [Result(**{**vars(one), "conditions": {"polarity": sign}}) for one, sign in zip(both, "+-", strict=True)]
    found = campaign(tmp_path / "c.campaign.toml", tmp_path / "two").run(performer=FakePerformer(lambda r: both))
    assert "has values under several conditions (polarity +; polarity -). Name one" in found.runs["W1/A b"].reason


def test_a_bad_contact_is_tried_again(tmp_path: Path) -> None:
    text = f'devices = ["W1/A"]\nleave_out = []\n{STEP}name = "c"\nuntil = "contact == ok"\nretry = 3\n'
    performer = FakePerformer(contact={"W1/A c": Flag.OPEN, "W1/A c t2": Flag.OPEN})
    assert run(write_campaign(tmp_path, text), performer) == {
        "W1/A c": "success", "W1/A c t2": "success", "W1/A c t3": "success", "W1/A c t4": "left out"}
    assert [request.contact_again for request in performer.requests] == [False, True, True]


def test_a_series_ends_when_its_interval_is_narrow_enough(tmp_path: Path) -> None:
    text = f'devices = ["W1/A"]\n{STEP}repeat = 9\nstop_series = "width(threshold_voltage) < 60 mV"\n'
    values = iter([1.0, 1.01, 0.99, 1.0, 1.0, 1.0, 1.0])
    run(write_campaign(tmp_path, text), performer := FakePerformer(lambda r: [threshold(next(values))]))
    # t-interval of the mean of 1.0, 1.01, 0.99 is ± 24.8 mV, with ± 10 mV of each: 53 mV wide; of two it is wider
    assert performer.performed == ["W1/A sweep r1", "W1/A sweep r2", "W1/A sweep r3"]


def test_a_shorted_device_gets_no_further_steps_except_by_its_conditions(tmp_path: Path) -> None:
    text = (f'devices = ["W1/*"]\n{STEP}name = "a"\n{STEP}name = "b"\n{STEP}name = "dead"\n'
            'when = "contact == short"\n')
    performer = FakePerformer(contact={"W1/A a": Flag.SHORT, "W1/A dead": Flag.SHORT})
    found = campaign(write_campaign(tmp_path, text), tmp_path / "out")
    outcome = found.run(performer=performer)
    assert performer.performed == ["W1/A a", "W1/A dead", "W1/B a", "W1/B b"]
    assert "W1/A looks short in run RUN1" in outcome.runs["W1/A b"].reason
    assert found.records.life("W1/A").state == "shorted" and found.records.life("W1/B").runs == 2


def test_a_contact_that_no_reading_shows_is_not_ok(tmp_path: Path) -> None:
    text = (f'devices = ["W1/*"]\n{STEP}name = "a"\n{STEP}name = "b"\nwhen = "contact == ok"\n'
            f'{STEP}name = "c"\nwhen = "a.contact == unknown"\n')
    performer = FakePerformer(contact={"W1/A a": Flag.COMPLIANCE})
    outcome = campaign(write_campaign(tmp_path, text), tmp_path / "out").run(performer=performer)
    assert performer.performed == ["W1/A a", "W1/A c", "W1/B a", "W1/B b"]
    assert outcome.runs["W1/A b"].status == "left out"


def test_a_device_that_another_campaign_found_shorted_is_left_out_but_by_its_conditions(tmp_path: Path) -> None:
    bench = 'device_record = "record"\n' + BENCH
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}', bench)
    run(path, FakePerformer(contact={"W1/A sweep": Flag.SHORT}))
    (text,) = campaign(path, tmp_path / "new").run(performer=FakePerformer()).runs.values()
    assert text.status == "left out" and "W1/A is shorted in the device record" in text.reason
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}when = "device.state == shorted"\n', bench)
    assert campaign(path, tmp_path / "by").run(performer=FakePerformer()).counts == {"success": 1}


def test_reads_before_and_after_a_step_must_agree(tmp_path: Path) -> None:
    text = (f'devices = ["W1/A"]\n[check]\nprotocol = "sweep"\nagree = 0.1\n{STEP}name = "a"\ncheck = true\n'
            f'{STEP}name = "b"\n')

    def results(request: StepRequest) -> Sequence[Result]:
        return [threshold(2e5 if request.key.endswith("after") else 1e5, 1e3, "resistance", "Ohm")]

    told: list[RunEvent] = []
    found = campaign(write_campaign(tmp_path, text), tmp_path / "out").run(
        performer=FakePerformer(results), events=told.append)
    assert [one.status for one in found.runs.values()] == ["success"] * 3 + ["left out"]
    reason = found.runs["W1/A b"].reason
    assert "W1/A has changed in step a: resistance was 100.0 ± 1.0 kOhm before and is 200.0" in reason
    assert any(event.kind == "warning" and "has changed" in event.message for event in told)


def test_an_expression_has_the_measured_value_and_stays_in_its_bounds(tmp_path: Path) -> None:
    text = (f'devices = ["W1/*"]\n[expected]\nthreshold_voltage = ["0.5 V", "1 V"]\n{STEP}name = "a"\n'
            f'{STEP}name = "b"\npace = "2 * threshold_voltage / (1 V)"\n')
    performer = FakePerformer(lambda r: [threshold(0.8 if r.device == "W1/A" else 1.3)])
    found = campaign(write_campaign(tmp_path, text), tmp_path / "out").run(performer=performer)
    (b,) = [request for request in performer.requests if request.key == "W1/A b"]
    assert b.protocol.pace == pytest.approx(1.6)  # type: ignore[attr-defined]
    assert found.runs["W1/B b"].reason.startswith("threshold_voltage is 1.300 ± 0.010 V, but the plan allows")


# --------------------------------------------------------------------------------------------------- crashes


@pytest.mark.parametrize("begun", [False, True])
def test_a_run_that_was_begun_and_not_finished_is_never_started_again_by_itself(tmp_path: Path, begun: bool) -> None:
    text = f'devices = ["W1/A"]\n{STEP}name = "a"\n{STEP}name = "b"\n{STEP}name = "c"\n'
    path = write_campaign(tmp_path, text)
    first = FakePerformer(crash=("W1/A b", begun))
    with pytest.raises(Crash):
        run(path, first)
    used = campaign(path, tmp_path / "out").records.life("W1/A")
    assert len(used.open) == 1 and used.used.cycles == 10   # five points each, the second at its planned worst case
    with pytest.raises(ConfigurationError, match=r"begun in this folder already. Go on with it by --resume"):
        run(path, FakePerformer())
    told: list[RunEvent] = []
    second = FakePerformer()
    assert run(path, second, resume=True, events=told.append) == {
        "W1/A a": "success", "W1/A b": "interrupted", "W1/A c": "success"}
    assert second.performed == ["W1/A c"] and any("W1/A b: this run was interrupted" in e.message for e in told)
    life = campaign(path, tmp_path / "out").records.life("W1/A")
    assert not life.open and life.used.cycles == 15
    assert run(path, third := FakePerformer(), resume=True)["W1/A b"] == "interrupted" and third.performed == []
    again = FakePerformer()
    run(path, again, resume=True, again=["* b"])
    assert again.performed == ["W1/A b"] and list(again.requests[0].repeats) == (["RUN2"] if begun else [])


def test_a_run_that_is_lost_with_its_service_is_interrupted_and_ends_the_campaign(tmp_path: Path) -> None:
    class Lost(FakePerformer):
        def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
            raise RunLost("the bench service has died")

    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}name = "a"\n{STEP}name = "b"\n')
    found = campaign(path, tmp_path / "out")
    outcome = found.run(performer=Lost())
    assert outcome.counts == {"interrupted": 1, "left out": 1} and "has died" in outcome.ended
    assert found.records.life("W1/A").used.cycles == 5   # its planned worst case
    assert run(path, FakePerformer(), resume=True) == {"W1/A a": "interrupted", "W1/A b": "success"}


@pytest.mark.parametrize("status", ["success", "fail"])
def test_a_signal_while_a_run_is_being_stored_ends_the_campaign_after_it(tmp_path: Path, status: str) -> None:
    class Late(FakePerformer):
        def __init__(self, status: str) -> None:
            super().__init__()
            self.status = status

        def perform(self, request: StepRequest, events: Listener, control: Control) -> RunOutcome:
            outcome = super().perform(request, events, control)
            control.stop("interrupted (SIGINT)")   # as the signal does once the measurement is over
            return replace(outcome, status=self.status)

    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}name = "a"\n{STEP}name = "b"\n')
    outcome = campaign(path, tmp_path / "out").run(performer=Late(status))
    assert outcome.counts == {status: 1, "left out": 1}
    assert "interrupted (SIGINT)" in outcome.ended
    assert run(path, FakePerformer(), resume=True)["W1/A b"] == "success"
    (tmp_path / "last").mkdir()
    last = write_campaign(tmp_path / "last", f'devices = ["W1/A"]\n{STEP}')
    assert not campaign(last, tmp_path / "of last").run(performer=Late(status)).ended   # nothing is left out


def test_a_campaign_that_asks_waits_for_an_answer(tmp_path: Path) -> None:
    text = f'devices = ["W1/A"]\non_interrupted = "ask"\n{STEP}name = "a"\n{STEP}name = "b"\n'
    path = write_campaign(tmp_path, text)
    with pytest.raises(Crash):
        run(path, FakePerformer(crash=("W1/A a", True)))
    for ask in (None, lambda question, answers: "stop"):
        with pytest.raises(StorageError, match="asks what to do"):
            run(path, FakePerformer(), resume=True, ask=ask)
    performer = FakePerformer()
    assert run(path, performer, resume=True, ask=lambda question, answers: "again") == {
        "W1/A a": "success", "W1/A b": "success"}
    assert performer.performed == ["W1/A a", "W1/A b"] and list(performer.requests[0].repeats) == ["RUN1"]


def test_a_campaign_that_asks_may_go_on_without_the_interrupted_run(tmp_path: Path) -> None:
    text = f'devices = ["W1/A"]\non_interrupted = "ask"\n{STEP}name = "a"\n{STEP}name = "b"\n'
    path = write_campaign(tmp_path, text)
    with pytest.raises(Crash):
        run(path, FakePerformer(crash=("W1/A a", True)))
    assert run(path, FakePerformer(), resume=True, ask=lambda question, answers: "continue") == {
        "W1/A a": "interrupted", "W1/A b": "success"}


def test_two_resumes_at_once_are_one(tmp_path: Path) -> None:
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}')

    def another(request: StepRequest) -> Sequence[Result]:
        with pytest.raises(FolderInUse, match="another campaign is measuring into this folder by process") as caught:
            run(path, FakePerformer(), resume=True)
        assert caught.value.exit_code == 3
        with pytest.raises(FolderInUse):   # a check before anything waits for a bench
            check_folder(tmp_path / "out", read_campaign(path), resume=True)
        return []

    run(path, performer := FakePerformer(another))
    assert len(performer.performed) == 1


def test_a_folder_without_locks_is_not_called_a_folder_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A network share may know no locks; nobody else measures into it."""
    def refused(path: Path, record: str) -> FileLock:
        raise NoFileLocks(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("tsbench.storage.run_lock.FileLock", refused)
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}')
    with pytest.raises(StorageError, match="does not support locks") as caught:
        run(path, FakePerformer())
    assert not isinstance(caught.value, FolderInUse) and "another campaign" not in str(caught.value)


def test_skip_and_order_are_heard_and_kept(tmp_path: Path) -> None:
    text = f'devices = ["W1/*"]\n{STEP}name = "a"\n{STEP}name = "b"\n'
    path = write_campaign(tmp_path, text)
    found = campaign(path, tmp_path / "out")

    def ask(request: StepRequest) -> Sequence[Result]:
        if request.key == "W1/A a":
            found.control.first("W1/B b")
            found.control.skip("W1/A b")
        return []

    outcome = found.run(performer=(performer := FakePerformer(ask)))
    assert performer.performed == ["W1/A a", "W1/B b", "W1/B a"]
    assert outcome.runs["W1/A b"].reason == "the operator skipped it"


# ----------------------------------------------------------------------------------- plans, budgets, amber


def test_all_problems_of_a_file_come_at_once(tmp_path: Path) -> None:
    text = (f'devices = ["W9/*"]\nordr = 1\n{STEP}name = "a"\npionts = 3\nwhen = "treshold_voltage < 1 V"\n'
            f'{STEP}name = "a"\n{STEP}name = "c"\nrepeat = 0\nat = "x"\n')
    plan = campaign(write_campaign(tmp_path, text), tmp_path / "out").plan()
    told = "\n".join(plan.red)
    for said in ("unknown key 'ordr'. Did you mean 'order'", "Did you mean 'points'",
                 "Did you mean 'threshold_voltage'", "another step has this name",
                 "repeat: it must be a whole number from 1", "at = 'x': there is no number 'x'",
                 "device 'W9/*' is not on the bench. Did you mean"):
        assert said in told
    assert plan.exit_code == 2 and plan.verdict == "red" and not (tmp_path / "out").exists()


def test_a_refused_plan_sends_nothing(tmp_path: Path, benches: list[FakeBench]) -> None:
    path = write_campaign(tmp_path, f'devices = ["W1/*"]\n{STEP}refusal = "too much"\n')
    with pytest.raises(CampaignRefused, match=r"W1/A sweep and 1 more: too much. Nothing was measured") as caught:
        run(path, FakePerformer())
    assert caught.value.exit_code == 3 and not (tmp_path / "out").exists() and benches[0].calls == ["close"]


def test_a_budget_is_compared_with_all_runs_and_holds_over_campaigns(tmp_path: Path) -> None:
    bench = 'device_record = "record"\n' + BENCH + '[device.budget]\ncycles = 12\n'
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}name = "a"\n{STEP}name = "b"\n', bench)
    assert run(path, FakePerformer()) == {"W1/A a": "success", "W1/A b": "success"}   # 10 of 12 cycles
    with pytest.raises(CampaignRefused, match="but only 2 are left of the budget of 12") as caught:
        campaign(path, tmp_path / "other").run(performer=FakePerformer())
    assert caught.value.exit_code == 3


def test_a_budget_that_may_not_be_enough_needs_a_yes_and_leaves_runs_out(tmp_path: Path) -> None:
    bench = 'device_record = "record"\n' + BENCH + '[device.budget]\ncycles = 12\n'
    path = write_campaign(tmp_path, f'devices = ["W1/A"]\n{STEP}repeat = 4\nuntil = "contact == ok"\nretry = 0\n'
                          'when = "1 < 2"\n', bench)
    with pytest.raises(CampaignRefused, match="Accept this with --accept"):
        run(path, FakePerformer())
    found = campaign(path, tmp_path / "out").run(performer=(performer := FakePerformer()), accept=True, user="me")
    assert len(performer.performed) == 2 and "are left of the budget" in found.runs["W1/A sweep r3"].reason
    assert b"accepted" in next((tmp_path / "out").glob("*.tsc")).read_bytes()

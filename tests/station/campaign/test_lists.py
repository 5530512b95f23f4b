"""Lists of protocols: one bench per device, dry runs, resuming, and one clear line for a wrong list."""

import json
from pathlib import Path
from typing import Any

import pytest

import tsbench.extraction
import tsbench.protocols
import tsbench.station.bench.bench
from tests.fixtures.fake_runs import FakeBench, Sweep, hooked, raising
from tsbench.analysis.contact.contact import Contact
from tsbench.cli import main
from tsbench.errors import CommunicationError, ConfigurationError, StorageError
from tsbench.instruments import OutputState
from tsbench.plugins import Offer
from tsbench.protocols.extracting import contacts
from tsbench.records import DeviceDescription, Flag, RunEvent
from tsbench.station.campaign import CampaignRefused, campaign, performing
from tsbench.station.campaign.requests import CampaignControl
from tsbench.station.runner import RunOutcome
from tsbench.station.runner.process import run_on
from tsbench.storage import read_run


def run_list(path: Path, out: Path, **options: Any) -> list[RunOutcome]:
    found = campaign(path, out)
    if "control" in options:
        found.control = options.pop("control")
    return list(found.run(**options).runs.values())


@pytest.fixture(autouse=True)
def no_extraction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tsbench.extraction, "extract", lambda run, **_: ())


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[FakeBench]:
    """Benches opened by ``run_list``, which knows the protocol "sweep" here."""
    benches: list[FakeBench] = []

    def open_bench(path: Path, device: str | None) -> FakeBench:
        if path.name == "gone.toml":
            raise CommunicationError("source_meter gave no reply")
        bench = FakeBench()
        bench.device = DeviceDescription(device or "")
        benches.append(bench)
        return bench

    monkeypatch.setattr(tsbench.station.bench.bench.Bench, "open", open_bench)
    monkeypatch.setitem(tsbench.protocols.PROTOCOLS.offers(), "sweep", Offer(Sweep, "tests"))
    return benches


def listed(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "list.toml"
    path.write_text('bench = "b.toml"\ndevice = "D1"\n' + text)
    for name in ("b.toml", "other.toml", "gone.toml"):
        (tmp_path / name).write_text(BENCH)
    return path


BENCH = """
[instruments.smu]
resource = "TCPIP0::127.0.0.1::5025::SOCKET"
driver = "keithley_2450"
[roles]
drive = "smu"
[devices.D1]
[devices.D2]
"""
ONE = '[[protocol]]\nname = "sweep"\n'
SWEEPS = f'{ONE}{ONE}points = 3\n{ONE}device = "D2"\n'


def test_a_list_keeps_the_bench_open_and_connects_each_device(tmp_path: Path, opened: list[FakeBench]) -> None:
    outcomes = run_list(listed(tmp_path, SWEEPS), tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["success"] * 3
    assert [bench.device.identifier for bench in opened] == ["D2"] and opened[0].calls[-1] == "close"
    assert opened[0].calls.count("connect D2") == 1
    assert [len(read_run(outcome.path).points) for outcome in outcomes if outcome.path] == [5, 3, 5]
    assert read_run(outcomes[1].path or "").reason == "the protocol ended after 3 of 5 points"


def test_a_dry_run_only_tells_the_plans(tmp_path: Path, opened: list[FakeBench]) -> None:
    plan = campaign(listed(tmp_path, SWEEPS), tmp_path / "out").plan()
    assert [(row.step, row.devices, row.runs) for row in plan.rows] == [
        ("sweep", ("D1",), 1), ("sweep_2", ("D1",), 1), ("sweep_3", ("D2",), 1)]
    assert plan.verdict == "green" and "3 runs on 2 devices, about 3.0 s" in str(plan)
    assert not (tmp_path / "out").exists() and not any(bench.on for bench in opened)


def test_resume_leaves_out_what_is_done(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, control = listed(tmp_path, SWEEPS), CampaignControl()
    calls: list[int] = []

    def stop_in_the_second(_: int) -> None:
        calls.append(1)
        if len(calls) == 2:
            control.stop()

    hooked(monkeypatch, stop_in_the_second)
    text = SWEEPS.replace('name = "sweep"', 'name = "sweep"\nat = 0')
    path.write_text('bench = "b.toml"\ndevice = "D1"\n' + text)
    first = run_list(path, tmp_path / "out", control=control)
    assert [outcome.status for outcome in first] == ["success", "abort", "left out"]  # a stop ends the list
    second = run_list(path, tmp_path / "out", resume=True)
    assert [(outcome.device, outcome.status, outcome.earlier) for outcome in second] == [
        ("D1", "success", True), ("D1", "abort", True), ("D2", "success", False)]  # what was begun is never repeated
    again = run_list(path, tmp_path / "out", resume=True, again=["D1 sweep_2"])
    assert [outcome.earlier for outcome in again] == [True, False, True] and again[1].status == "success"
    repeated = read_run(again[1].path or "").header.provenance["repeats"]
    assert repeated == [first[1].run_id] and "repeats" not in read_run(second[2].path or "").header.provenance
    third = run_list(path, tmp_path / "out", resume=True)
    assert all(outcome.earlier for outcome in third) and [o.run_id for o in third] == [
        first[0].run_id, again[1].run_id, second[2].run_id]


def test_outputs_that_are_not_off_end_the_list(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeBench, "_off", lambda self, call: [OutputState("source_meter", True)])
    outcomes = run_list(listed(tmp_path, SWEEPS), tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["fail", "left out", "left out"] and not outcomes[0].safe


def test_a_refusal_in_a_list_sends_nothing(tmp_path: Path, opened: list[FakeBench]) -> None:
    text = '[[protocol]]\nname = "sweep"\n[[protocol]]\nname = "sweep"\nrefusal = "too much"\n'
    with pytest.raises(CampaignRefused, match=r"protocol 2 \(sweep on D1\): too much. Nothing was measured") as caught:
        run_list(listed(tmp_path, text), tmp_path / "out")
    assert caught.value.exit_code == 3
    assert [outcome.status for outcome in caught.value.outcomes] == ["left out", "refused"]
    assert not (tmp_path / "out").exists() and opened[0].calls == ["close"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", r"no \[\[protocol\]\]"),
        ("x = 1", "unknown key 'x'"),
        ("devise = 1", "Did you mean 'device'"),
        ("[[protocol]]", "protocol 1: name is missing"),
        ("[[protocol]]\nname = 'sweeep'", "Did you mean 'sweep'"),
        ("[[protocol]]\nname = 'sweep'\npoints = 'x'", r"protocol 1 \(sweep on D1\): sweep: points"),
        ("[[protocol]]\nname = 'sweep'\npionts = 1", "Did you mean 'points'"),
        ("protocol = [1]", "protocol 1: this is not a table"),
        ("[[protocol", "not valid TOML"),
    ],
)
def test_a_wrong_list_gets_one_clear_line(
    tmp_path: Path, opened: list[FakeBench], text: str, expected: str
) -> None:
    path = listed(tmp_path, text)
    with pytest.raises(ConfigurationError, match=expected) as caught:
        run_list(path, tmp_path / "out")
    assert "\n" not in str(caught.value) and str(path) in str(caught.value) and opened == []


def test_what_is_no_list_gets_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "random.toml").write_bytes(bytes(range(256)))
    for path in (tmp_path / "none.toml", tmp_path, tmp_path / "random.toml"):
        with pytest.raises(ConfigurationError):
            run_list(path, tmp_path / "out")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ('device = "D9"', r"protocol 3 \(sweep on D9\): .*device 'D9' is not on the bench"),
        ('bench = "none.toml"', r"protocol 3 \(sweep on D1\): cannot read bench file .*none.toml"),
        ("points = 'x'", r"protocol 3 \(sweep on D1\): sweep: points"),
        ("pionts = 3", "Did you mean 'points'"),
    ],
)
def test_a_wrong_entry_is_found_before_the_first_is_measured(
    tmp_path: Path, opened: list[FakeBench], entry: str, expected: str
) -> None:
    path = listed(tmp_path, ONE + ONE + ONE + entry)
    with pytest.raises(CampaignRefused, match=expected) as caught:
        run_list(path, tmp_path / "out")
    assert opened == [] and not (tmp_path / "out").exists() and caught.value.exit_code == 2


def test_every_wrong_entry_is_named(tmp_path: Path, opened: list[FakeBench]) -> None:
    with pytest.raises(CampaignRefused) as caught:
        run_list(listed(tmp_path, ONE + 'device = "D8"\n' + ONE + ONE + "points = 'x'\n"), tmp_path / "out")
    assert "protocol 1" in str(caught.value).lower() and "protocol 3" in str(caught.value).lower()


def test_a_bench_that_does_not_answer_is_found_before_the_first_is_measured(
    tmp_path: Path, opened: list[FakeBench]
) -> None:
    path = listed(tmp_path, ONE + ONE + 'bench = "gone.toml"')
    with pytest.raises(CampaignRefused, match=r"protocol 2 .* gave no reply"):
        run_list(path, tmp_path / "out")
    assert [bench.calls for bench in opened] == [["close"]]


def test_each_bench_is_closed_after_planning_and_the_first_is_kept(tmp_path: Path, opened: list[FakeBench]) -> None:
    outcomes = run_list(listed(tmp_path, ONE + ONE + 'bench = "other.toml"\n'), tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["success", "success"]
    assert [bench.device.identifier for bench in opened] == ["", "D1", "D1"] and opened[0].calls == ["close"]


def test_an_entry_that_fails_does_not_end_the_list(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    def fail_once(*arguments: object, **options: object) -> object:
        begun.append(1)
        if len(begun) == 1:
            raise CommunicationError("no run can be begun")
        return run_on(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(performing, "run_on", fail_once)
    hooked(monkeypatch, raising(RuntimeError("a bug")))
    outcomes = run_list(listed(tmp_path, ONE + ONE + "at = 2\n" + ONE + 'device = "D2"'), tmp_path / "out")
    assert [outcome.status for outcome in outcomes] == ["fail", "fail", "success"]
    assert outcomes[0].reason == "no run can be begun" and "a bug" in outcomes[1].reason


def test_two_lists_do_not_write_into_one_folder(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, found = listed(tmp_path, ONE + "at = 2"), []

    def another(_: int) -> None:
        with pytest.raises(StorageError, match="another campaign is measuring into this folder") as caught:
            run_list(path, tmp_path / "out", resume=True)
        found.append(str(caught.value))

    hooked(monkeypatch, another)
    run_list(path, tmp_path / "out")
    assert len(found) == 1 and "process " in found[0]
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == ["", ".nxs", ".tsc"]  # the lock is gone


def test_two_starts_into_a_new_folder_measure_each_entry_once(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second begins while the first still plans: the folder is not there yet."""
    path, found = listed(tmp_path, ONE), []
    plan = Sweep.plan

    def planned(self: Sweep, station: object) -> object:
        monkeypatch.setattr(Sweep, "plan", plan)
        with pytest.raises(StorageError, match="another campaign is measuring"):
            run_list(path, tmp_path / "out")
        found.append(1)
        return plan(self, station)

    monkeypatch.setattr(Sweep, "plan", planned)
    assert [outcome.status for outcome in run_list(path, tmp_path / "out")] == ["success"] and found
    with pytest.raises(CampaignRefused):
        run_list(listed(tmp_path, ONE + 'refusal = "too much"'), tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_short_device_gets_no_further_entries(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ONE + ONE + ONE + 'device = "D2"\n'
    told: list[RunEvent] = []
    monkeypatch.setattr(contacts, "contact_of", lambda run: Contact(Flag.SHORT, "it looks short"))
    outcomes = run_list(listed(tmp_path, text), tmp_path / "out", events=told.append)
    assert [outcome.status for outcome in outcomes] == ["success", "left out", "success"]
    assert f"D1 looks short in run {outcomes[0].run_id}" in outcomes[1].reason
    said = [event.message for event in told if event.kind == "warning"]
    first = f"sweep on D1, run {outcomes[0].run_id}"
    again = f"the same warning as of {first} in 1 more run"   # D2
    assert said == [f"{one}: {message}" for one in (first, again) for message in ("careful", "it looks short")]
    outcomes = run_list(listed(tmp_path, "leave_out = []\n" + text), tmp_path / "all")
    assert [outcome.status for outcome in outcomes] == ["success"] * 3
    monkeypatch.setattr(contacts, "contact_of", lambda run: Contact(Flag.OPEN, "it looks open"))
    outcomes = run_list(listed(tmp_path, 'leave_out = ["short", "open"]\n' + text), tmp_path / "open")
    assert [outcome.status for outcome in outcomes] == ["success", "left out", "success"]


def test_a_list_that_the_disk_has_no_room_for_is_refused(
    tmp_path: Path, opened: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files of both, and what the last one itself asks for."""
    monkeypatch.setattr("tsbench.storage.disk.free_bytes", lambda folder: 17_000_000)
    with pytest.raises(CampaignRefused, match=r"the list needs 17.2 MB in .*, but only 17.0 MB are free"):
        run_list(listed(tmp_path, ONE + ONE), tmp_path / "out")
    assert opened[0].calls == ["close"] and not (tmp_path / "out").exists()


@pytest.mark.thin(2)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_table_comes_whatever_became_of_the_list(
    tmp_path: Path, opened: list[FakeBench], options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def said() -> str:
        found = capsys.readouterr().out
        return " ".join(f"{row['device']} {row['status']}" for row in json.loads(found)) if options else found

    refused = str(listed(tmp_path, ONE + ONE + 'device = "D9"'))
    assert main(["run", refused, "--out", str(tmp_path / "a"), *options]) == 2
    assert not options or "refused" in said()
    assert options or "D9" in capsys.readouterr().err
    failing = str(listed(tmp_path, ONE + 'refusal = "too much"'))
    assert main(["run", failing, "--out", str(tmp_path / "a"), *options]) == 3
    assert "D1" in (found := said()) and "refused" in found
    good = str(listed(tmp_path, ONE))
    assert main(["run", good, "--out", str(tmp_path / "b"), *options]) == 0
    capsys.readouterr()
    assert main(["run", good, "--out", str(tmp_path / "b"), "--resume", *options]) == 0
    told = capsys.readouterr()
    assert "the only entry is already measured" in told.err and ("done before" in told.out or options)


def test_a_dry_run_of_more_points_than_a_run_holds_is_refused(tmp_path: Path, opened: list[FakeBench]) -> None:
    path = listed(tmp_path, ONE + "points = 100_000_000_000")
    with pytest.raises(CampaignRefused, match=r"the run would have 1e\+11 points, but at most 1e\+07 fit one run"):
        run_list(path, tmp_path / "out")

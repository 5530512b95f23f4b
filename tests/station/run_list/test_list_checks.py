"""What is checked before a list is measured, what is told of its plans, and what ends it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import tsbench.protocols
import tsbench.station.bench.bench
from tests.fixtures.fake_runs import FakeBench, Sweep, hooked, raising
from tsbench.errors import CommunicationError, ConfigurationError, StorageError
from tsbench.instruments import Plan, PlanItem
from tsbench.instruments.guard.limits import WorstCase
from tsbench.plugins import Offer
from tsbench.protocols import worst_case_items
from tsbench.records import DeviceDescription, Fixture, RunEvent
from tsbench.station.run_list import ListRefused, run_list
from tsbench.station.run_list.checks import PlannedEntry, bench_problems, plan_entries, space_problem
from tsbench.station.run_list.file import ListEntry, read_list
from tsbench.station.run_list.resume import progress_in
from tsbench.storage.run_file import MEASURED

ENTRY = '[[protocol]]\nname = "sweep"\n'
ROLES = '[instruments.smu]\nresource = "TCPIP0::127.0.0.1::5025::SOCKET"\ndriver = "keithley_2450"\n'
BENCH = ROLES + '[roles]\ndrive = "smu"\n[devices.D1]\n[devices.D2]\n'


@pytest.fixture
def benches(monkeypatch: pytest.MonkeyPatch) -> list[FakeBench]:
    """The benches that were opened; "gone.toml" does not answer."""
    opened: list[FakeBench] = []

    def open_bench(path: Path, device: str | None) -> FakeBench:
        if path.name == "gone.toml":
            raise CommunicationError("source_meter gave no reply")
        opened.append(FakeBench())
        opened[-1].device = DeviceDescription(device or "")
        return opened[-1]

    monkeypatch.setattr(tsbench.station.bench.bench.Bench, "open", open_bench)
    monkeypatch.setitem(tsbench.protocols.PROTOCOLS.offers(), "sweep", Offer(Sweep, "tests"))
    return opened


def entries_of(folder: Path, text: str) -> list[ListEntry]:
    path = folder / "list.toml"
    path.write_text('bench = "b.toml"\ndevice = "D1"\n' + text, "utf-8")
    for name in ("b.toml", "other.toml", "gone.toml"):
        (folder / name).write_text(BENCH, "utf-8")
    return list(read_list(path).entries)


def test_each_entry_of_a_bench_that_cannot_be_read_has_the_same_problem(
    tmp_path: Path, benches: list[FakeBench]
) -> None:
    entries = entries_of(tmp_path, ENTRY + ENTRY + 'bench = "none.toml"\n' + ENTRY + 'bench = "none.toml"\n')
    first, second, third = bench_problems(entries)
    assert first.problem is None
    assert isinstance(second.problem, ConfigurationError) and third.problem is second.problem


def test_a_bench_without_the_role_of_a_protocol_is_named(tmp_path: Path, benches: list[FakeBench]) -> None:
    entries = entries_of(tmp_path, ENTRY)
    (tmp_path / "b.toml").write_text(ROLES + "[devices.D1]\n", "utf-8")
    (entry,) = bench_problems(entries)
    assert "the bench has no role 'drive'" in str(entry.problem)


def test_a_planned_entry_tells_points_time_size_and_worst_case(tmp_path: Path, benches: list[FakeBench]) -> None:
    (entry,) = entries_of(tmp_path, ENTRY)
    worst = (PlanItem("voltage", 2.5, "V"), PlanItem("current", 1e-3, "A"))
    planned = PlannedEntry(entry, Plan(1, 40, 12.0, 2_500_000, worst_case=worst))
    assert planned.line == (
        "sweep on D1: 40 points, about 12 s, 2.5 MB, worst case voltage 2.500 V, current 1.000 mA")
    discharged = worst_case_items(WorstCase(2.5, 1e-3, 2.5e-3), Fixture("", parallel_capacitance=80e-12))
    line = PlannedEntry(entry, Plan(40, 40, 12.0, 2_500_000, discharged)).line
    assert "; the current is that of the source. When the device switches, 80 pF across it discharge" in line
    assert PlannedEntry(entry, Plan(1, 1, 1.0, 0)).line.endswith("0.0 MB, worst case nothing")
    assert PlannedEntry(entry, problem=ConfigurationError("no")).line == f"{entry.where}: no"


def test_the_bench_of_the_first_entry_stays_open_and_any_other_is_closed(
    tmp_path: Path, benches: list[FakeBench]
) -> None:
    entries = entries_of(tmp_path, ENTRY + ENTRY + 'bench = "other.toml"\n' + ENTRY + 'bench = "gone.toml"\n')
    planned, kept = plan_entries(entries, tsbench.station.bench.bench.Bench.open)
    assert [item.problem is None for item in planned] == [True, True, False]
    assert [(bench.device.identifier, bench.calls) for bench in benches] == [("", ["close"]), ("D1", [])]
    assert kept is benches[1]
    gone = entries_of(tmp_path, ENTRY + 'bench = "gone.toml"\n')
    assert plan_entries(gone, tsbench.station.bench.bench.Bench.open)[1] is None


def test_each_entry_is_planned_for_its_own_device(
    tmp_path: Path, benches: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the bench itself where its device is connected, else on a view of it: no device is moved."""
    seen: list[FakeBench] = []
    monkeypatch.setattr(Sweep, "plan", lambda self, station: seen.append(station) or Plan(1, 1, 1.0, 0))
    entries = entries_of(tmp_path, ENTRY + ENTRY + 'device = "D2"\n')
    _, kept = plan_entries(entries, tsbench.station.bench.bench.Bench.open)
    assert [station.device.identifier for station in seen] == ["D1", "D2"] and len(benches) == 1
    assert seen[0] is kept and seen[1] is not kept


@pytest.mark.parametrize("text", ["protocol = []\n", "protocol = 3\n", 'protocol = "sweep"\n'])
def test_a_list_needs_a_table_for_each_protocol(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"list.toml: the list has no \[\[protocol\]\]"):
        entries_of(tmp_path, text)


@pytest.mark.parametrize(("dry_run", "there", "recovers"), [
    (False, True, True), (False, False, False), (True, True, False), (True, False, False)])
def test_only_a_resumed_list_that_measures_makes_run_files_of_journals(
    tmp_path: Path, benches: list[FakeBench], monkeypatch: pytest.MonkeyPatch, dry_run: bool, there: bool,
    recovers: bool,
) -> None:
    recovered: list[Path] = []
    monkeypatch.setattr("tsbench.storage.recover", lambda out, *_: recovered.append(out) or [])
    (entry,) = entries_of(tmp_path, ENTRY)
    out = tmp_path / "out"
    if there:
        out.mkdir()
    progress_in(out, [entry], lambda _: None, change=not dry_run)
    assert bool(recovered) is recovers and out.exists() is there


def test_of_runs_that_were_interrupted_the_one_that_no_other_repeats_is_measured_again(
    tmp_path: Path, benches: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A was interrupted; B repeated it and crashed; C crashed when all was measured: one of two entries is done."""
    entries = entries_of(tmp_path, ENTRY + ENTRY + ENTRY + 'device = "D2"\n')
    runs = {"a": ("abort", "stopped", ()), "b": ("recovered", "the process died", ("A",)),
            "c": ("recovered", f"{MEASURED} before", ())}
    for name in ("d", *runs):
        (tmp_path / f"{name}.nxs").write_bytes(b"")

    def read(path: Path) -> Any:
        if path.stem == "d":
            raise StorageError("not a run file")
        status, reason, repeats = runs[path.stem]
        header = SimpleNamespace(
            run_id=path.stem.upper(), protocol="sweep", device=DeviceDescription("D1"), provenance={"repeats": repeats},
            parameters=entries[0].protocol.parameters() if entries[0].protocol else {})
        return SimpleNamespace(header=header, status=status, reason=reason, results=())

    monkeypatch.setattr("tsbench.storage.read_run", read)
    told: list[RunEvent] = []
    progress = progress_in(tmp_path, entries, told.append, change=False)
    assert {number: run.run_id for number, run in progress.done.items()} == {1: "C"}
    assert progress.interrupted == {2: ("B",), 3: ()}
    assert [(event.kind, event.message) for event in told] == [
        ("warning", "d.nxs does not count as measured, because the file cannot be used (not a run file)"),
        ("log", "sweep on D1: this entry is already measured (run C)"),
        ("warning", "sweep on D1: this entry is measured again, because run B is incomplete "
                    "(recovered: the process died)")]


def test_a_bug_in_a_plan_closes_the_bench(
    tmp_path: Path, benches: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sweep, "plan", lambda self, station: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        plan_entries(entries_of(tmp_path, ENTRY), tsbench.station.bench.bench.Bench.open)
    assert benches[0].calls == ["close"]


@pytest.mark.parametrize(("free", "refused"), [(4000, False), (3999, True)])
def test_a_list_needs_twice_the_bytes_of_its_runs(
    tmp_path: Path, benches: list[FakeBench], monkeypatch: pytest.MonkeyPatch, free: int, refused: bool
) -> None:
    monkeypatch.setattr("tsbench.storage.disk.free_bytes", lambda folder: free)
    (entry,) = entries_of(tmp_path, ENTRY)
    planned = [PlannedEntry(entry, Plan(1, 1, 1.0, 1000)), PlannedEntry(entry, Plan(1, 1, 1.0, 1000)),
               PlannedEntry(entry, problem=ConfigurationError("no"))]
    assert bool(space_problem(planned, tmp_path / "not" / "there")) is refused
    monkeypatch.setattr("tsbench.storage.disk.free_bytes", lambda folder: 1_500_000)
    large = [PlannedEntry(entry, Plan(1, 1, 1.0, 10_000_000))]
    assert "needs 20.0 MB" in space_problem(large, tmp_path) and "1.5 MB are free" in space_problem(large, tmp_path)


def test_three_of_many_problems_are_named(tmp_path: Path, benches: list[FakeBench]) -> None:
    entries_of(tmp_path, 5 * (ENTRY + 'device = "D9"\n'))
    with pytest.raises(ListRefused, match=r"2 more entries have problems. Nothing was measured") as caught:
        run_list(tmp_path / "list.toml", tmp_path / "out")
    assert "protocol 3" in str(caught.value).lower() and "protocol 4" not in str(caught.value).lower()
    assert [outcome.error_code for outcome in caught.value.outcomes] == [2] * 5
    entries_of(tmp_path, 3 * (ENTRY + 'device = "D9"\n'))
    with pytest.raises(ListRefused) as caught:
        run_list(tmp_path / "list.toml", tmp_path / "out")
    assert "more" not in str(caught.value)


def test_ctrl_c_ends_the_list(tmp_path: Path, benches: list[FakeBench], monkeypatch: pytest.MonkeyPatch) -> None:
    entries_of(tmp_path, ENTRY + "at = 1\n" + ENTRY + ENTRY + 'device = "D2"\n')
    hooked(monkeypatch, raising(KeyboardInterrupt()))
    first, *others = run_list(tmp_path / "list.toml", tmp_path / "out")
    assert first.status == "abort"
    assert [outcome.status for outcome in others] == ["left out", "left out"] and len(benches) == 1
    assert all("the list was" in outcome.reason for outcome in others)


def test_a_bench_that_is_not_left_safe_ends_the_list(
    tmp_path: Path, benches: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    def close(self: FakeBench) -> None:
        self.problems = ["source_meter is still ON"]

    entries_of(tmp_path, ENTRY + ENTRY + 'device = "D2"\n')
    monkeypatch.setattr(FakeBench, "close", close)
    first, second = run_list(tmp_path / "list.toml", tmp_path / "out")
    assert (first.status, second.status) == ("success", "left out")
    assert second.reason == "not all outputs were read back as off. source_meter is still ON"


def test_a_second_bench_that_is_gone_by_then_fails_its_entries_only(
    tmp_path: Path, benches: list[FakeBench], monkeypatch: pytest.MonkeyPatch
) -> None:
    entries_of(tmp_path, ENTRY + ENTRY + 'bench = "other.toml"\n' + ENTRY)
    opened = tsbench.station.bench.bench.Bench.open
    calls: list[str] = []

    def open_bench(path: Path, device: str | None) -> object:
        calls.append(path.name)
        return opened(path.with_name("gone.toml") if calls.count("other.toml") == 2 else path, device)

    monkeypatch.setattr(tsbench.station.bench.bench.Bench, "open", open_bench)
    told: list[RunEvent] = []
    outcomes = run_list(tmp_path / "list.toml", tmp_path / "out", events=told.append)
    assert calls == ["other.toml", "b.toml", "other.toml", "b.toml"]
    assert outcomes[0].status == "success" and outcomes[1].status == "fail" and outcomes[1].error_code != 0
    assert "gave no reply" in outcomes[1].reason

"""Benchmarks that go on with kept rows, or whose harness is broken: what nothing has measured does not pass."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import driver_mutations, faults, mutations, report
from benchmarks.acceptance import __main__ as acceptance
from benchmarks.acceptance.results import Outcome
from benchmarks.acceptance.running import NOT_INSTALLED, Row
from benchmarks.pairs import __main__ as pairs
from benchmarks.pairs.cells import cells
from benchmarks.report import INFORMATION, Line


@pytest.mark.parametrize(("one", "other", "same"), [
    ("12345678", "12345678", True), ("12345678", "87654321", False), ("", "", False), ("1-dirty", "1-dirty", False)])
def test_files_that_differ_from_a_commit_are_not_its_code(one: str, other: str, same: bool) -> None:
    assert report.same_code(one, other) is same


def test_the_commit_of_a_benchmark_is_that_of_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    found = report.commit()
    monkeypatch.setattr(report.subprocess, "run", lambda *_, **__: pytest.fail("the tree is asked again"))
    assert report.commit() == found


def pairs_with(whole: bool = False, **ideal: Any) -> dict[str, Line]:
    """Return the lines of two cells by name; the first one has these values without imperfections."""
    wanted = list(cells())[:2]
    good = {"rows": [["threshold_voltage", 1.0, 1.0, 0.9, 1.1]], "refused": "", "failed": "", "commit": "12345678"}
    done: Any = {(cell.name, kind): {**good, "cell": cell.name} for cell in wanted for kind in (True, False)}
    done[wanted[0].name, False] |= ideal
    return {line.figure: line for line in pairs._lines(wanted, done, whole)}


def test_a_cell_that_fails_without_imperfections_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "commit", lambda: "12345678")
    assert pairs_with()["cells that failed without imperfections"].passed
    assert not pairs_with(failed="it broke", rows=[])["cells that failed without imperfections"].passed
    assert not pairs_with(refused="too much", rows=[])["cells that failed without imperfections"].passed


def test_intervals_that_are_much_too_wide_do_not_pass() -> None:
    wide = [["threshold_voltage", 1.0, 1.0 + 0.01 * k, 0.0, 2.0 + 0.02 * k] for k in range(9)]
    assert pairs.deviations(wide) == pytest.approx(0.04 / 1.04)
    assert pairs.deviations([["q", 1.0, 1.0, None, 2.0]]) is None
    wanted = [cell for cell in cells() if cell.part.device == "nbo2"][:1]
    for rows, good in ((wide * 2, False), ([["threshold_voltage", 1.0, 1.03, 0.9, 1.16]], True)):
        found = {"cell": wanted[0].name, "rows": rows, "refused": "", "failed": "", "commit": ""}
        done = {(wanted[0].name, kind): found for kind in (True, False)}
        for whole in (True, False):
            lines = pairs._lines(wanted, done, whole)
            assert [line.passed for line in lines if "median deviation" in line.figure] == [good or not whole]


@pytest.mark.parametrize("intervals", [1, 3, 8])
def test_few_exact_intervals_hardly_ever_count_as_too_wide(intervals: int) -> None:
    shares = np.median(np.abs(np.random.default_rng(1).normal(size=(200_000, intervals))) / 1.96, axis=1)
    assert 4e-4 < np.mean(shares < pairs.least_by_chance(intervals)) < 1.3e-3
    assert np.mean(shares < pairs.LEAST_USED) > 5e-3
    assert pairs.least_by_chance(1000) == pairs.LEAST_USED


def test_a_part_in_a_changed_tree_is_judged_by_what_chance_does_not_spoil(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "commit", lambda: "12345678-dirty")
    lines = pairs_with(commit="12345678-dirty")
    assert (found := lines["cells measured in a changed tree"]).passed and found.measured == "1"
    assert not pairs_with(whole=True, commit="12345678-dirty")["cells measured in a changed tree"].passed
    monkeypatch.setattr(pairs, "commit", lambda: "12345678")
    assert (found := pairs_with()["cells whose intervals contain the true values"]).passed
    assert (found.measured, found.bar) == ("0 of 2", INFORMATION)   # one value each, of two
    assert not pairs_with()["cells without all values"].passed


def test_cells_of_another_commit_count_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "commit", lambda: "12345678")
    assert pairs_with()["cells of another commit"].passed
    assert not (found := pairs_with(commit="00000000")["cells of another commit"]).passed and found.measured == "1"


def test_pairs_measure_kept_cells_of_another_commit_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    cell, kept = next(iter(cells())), tmp_path / "pairs.jsonl"
    row = {"cell": cell.name, "rows": [], "refused": "", "failed": ""}
    kept.write_text("".join(json.dumps({**row, "imperfections": kind, "commit": commit}) + "\n" for kind, commit in (
        (True, "12345678"), (False, "00000000"))))
    measured: list[bool] = []

    class Here:
        def __init__(self, workers: int) -> None: ...
        def __enter__(self) -> "Here":
            return self
        def __exit__(self, *_: object) -> None: ...
        def map(self, job: Any, jobs: Any) -> Any:
            measured.extend(imperfect for _, imperfect in jobs)
            return map(job, jobs)

    monkeypatch.setattr(pairs, "KEPT", kept)
    monkeypatch.setattr(pairs, "commit", lambda: "12345678")
    monkeypatch.setattr(pairs, "ProcessPoolExecutor", Here)
    monkeypatch.setattr(pairs, "measure", lambda cell, imperfect: {**row, "imperfections": imperfect})
    monkeypatch.setattr(pairs.sys, "argv", ["pairs", "--resume", "--only", cell.name])
    pairs.main()
    told = capsys.readouterr()
    assert measured == [False] and "1 of 2 rows do not count" in told.err
    assert "| cells of another commit | 0 | 0 | pass |" in told.out
    assert f"`python -m benchmarks.pairs --resume --only '{cell.name}'`" in told.out


def test_a_change_counts_as_noticed_only_if_the_tests_pass_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    change = mutations.Change("core", "core/errors.py", 1, "x", "")
    (tmp_path / "tsbench").mkdir()
    (tmp_path / "tsbench" / "errors.py").write_text("")
    monkeypatch.setattr(mutations, "COPY", tmp_path)
    monkeypatch.setattr(mutations, "package_at", lambda target: None)
    monkeypatch.setattr(mutations, "_tests_first", lambda *_: [["tests/core/test_errors.py::test_gone"]])
    broken = mutations.Failure("pytest ended with 4")
    monkeypatch.setattr(mutations, "first_failure", lambda tests, copy, out: broken)
    with pytest.raises(RuntimeError, match=r"Without this change, tests/core fails too.*--learn --room core"):
        mutations.noticed_by(change, "tests/core")
    monkeypatch.setattr(mutations, "first_failure", lambda tests, copy, out: broken if copy == tmp_path else None)
    assert mutations.noticed_by(change, "tests/core") == "pytest ended with 4"


def test_kept_changes_of_another_commit_are_made_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    change = mutations.Change("instruments", "instruments/a.py", 1, "scale: x", "")
    asked: list[str] = []
    for module in (mutations, driver_mutations):
        monkeypatch.setattr(module, "commit", lambda: "12345678")
        monkeypatch.setattr(module, "noticed_by", lambda one, tests: asked.append(one.path) or "a test")
        monkeypatch.setattr(module, "report", lambda *_: 0)
    monkeypatch.setattr(mutations, "draw", lambda rng, rooms: change)
    monkeypatch.setattr(driver_mutations, "changes", lambda seed, count: iter([change]))
    monkeypatch.chdir(tmp_path)
    kept = tmp_path / "rows.jsonl"
    monkeypatch.setattr("sys.argv", ["x", "--count", "1", "--resume", str(kept)])
    for measure in (lambda: list(mutations.results(1, 1, {"instruments": "tests/instruments"}, kept)),
                    driver_mutations.main):
        kept.write_text('{"path": "instruments/a.py", "line": 1, "what": "scale: x", "noticed": "old", '
                        '"noticed_by": "old", "commit": "00000000"}\n')
        asked.clear()
        measure()
        assert asked == ["instruments/a.py"]
        measure()
        assert asked == ["instruments/a.py"]   # kept, of this commit


def row(name: str, commit: str = "12345678") -> Row:
    return Row(name, "a", "1", "in process", "keithley_2450", (Outcome("a case", True),), commit)


def test_kept_rows_of_another_commit_are_run_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(acceptance, "FOLDER", tmp_path)
    monkeypatch.setattr(acceptance, "RESULTS", tmp_path / "rows.jsonl")
    monkeypatch.setattr(acceptance, "commit", lambda: "12345678")
    ran: list[str] = []
    monkeypatch.setattr(acceptance, "run_row", lambda name, transport: ran.append(name) or row(name))
    (tmp_path / "rows.jsonl").write_text("".join(
        one.as_json() + "\n" for one in (row("mine"), row("old", "00000000"), replace(row("older"), commit=""))))
    found = acceptance.run([(name, "in process") for name in ("mine", "old", "older")], resume=True)
    assert ran == ["old", "older"] and all(one.commit == "12345678" for one in found)


def test_a_whole_run_has_all_entries_and_enough_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert acceptance.table([row("a.Driver")], []) == 0
    assert acceptance.table([row("a.Driver")], [], whole=True) == 1
    assert "only 1 of 1 rows ran, with 1 cases. Whole runs have at least 122 and 1511" in capsys.readouterr().out
    many = replace(row("a.Driver"), outcomes=tuple(Outcome(f"case {k}", True) for k in range(20)))
    assert acceptance.table([many] * 122, [], whole=True) == 0
    assert "only" not in capsys.readouterr().out
    assert acceptance.table([many] * 121 + [replace(row("b.Driver"), twin=NOT_INSTALLED)], [], whole=True) == 1
    assert "only 121 of 122 rows ran" in capsys.readouterr().out
    entry = acceptance.load()[0]
    assert acceptance.table([many] * 122, [entry], whole=True) == 1
    assert f"{entry.id}: no row ran the driver {entry.driver}" in capsys.readouterr().out


def test_kept_faults_of_another_commit_are_injected_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    monkeypatch.setattr(faults, "commit", lambda: "12345678")
    kept.write_text("".join(json.dumps(one) + "\n" for one in (
        ["old", [], ""], {"key": "other", "problems": [], "told": "", "commit": "00000000"},
        {"key": "mine", "problems": [], "told": "", "commit": "12345678"})))
    assert faults.kept_cases(kept) == {"mine": ([], "")}
    assert faults.kept_cases(tmp_path / "none") == {}

"""Benchmarks that go on with kept rows, or whose harness is broken: what nothing has measured does not pass."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks import faults, mutations, report
from benchmarks.acceptance import __main__ as acceptance
from benchmarks.acceptance.results import Outcome
from benchmarks.acceptance.running import Row
from benchmarks.pairs import __main__ as pairs
from benchmarks.pairs.cells import cells


@pytest.mark.parametrize(("one", "other", "same"), [
    ("12345678", "12345678", True), ("12345678", "87654321", False), ("", "", False), ("1-dirty", "1-dirty", False)])
def test_files_that_differ_from_a_commit_are_not_its_code(one: str, other: str, same: bool) -> None:
    assert report.same_code(one, other) is same


def test_the_commit_of_a_benchmark_is_that_of_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    found = report.commit()
    monkeypatch.setattr(report.subprocess, "run", lambda *_, **__: pytest.fail("the tree is asked again"))
    assert report.commit() == found


def pairs_with(**ideal: Any) -> dict[str, bool]:
    """Return the verdicts of the lines of two cells, of which the first one has these values without imperfections."""
    wanted = list(cells())[:2]
    good = {"rows": [["threshold_voltage", 1.0, 1.0, 0.9, 1.1]], "refused": "", "failed": "", "commit": "12345678"}
    done: Any = {(cell.name, kind): {**good, "cell": cell.name} for cell in wanted for kind in (True, False)}
    done[wanted[0].name, False] |= ideal
    return {line.figure: line.passed for line in pairs._lines(wanted, done, part=True)}


def test_a_cell_that_fails_without_imperfections_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "commit", lambda: "12345678")
    assert pairs_with()["cells that failed without imperfections"] and pairs_with()["cells of another commit"]
    assert not pairs_with(failed="it broke", rows=[])["cells that failed without imperfections"]
    assert not pairs_with(refused="too much", rows=[])["cells that failed without imperfections"]


def test_intervals_that_are_much_too_wide_do_not_pass() -> None:
    wide = [["threshold_voltage", 1.0, 1.0 + 0.01 * k, 0.0, 2.0 + 0.02 * k] for k in range(9)]
    assert pairs.deviations(wide) == pytest.approx(0.04 / 1.04)
    assert pairs.deviations([["q", 1.0, 1.0, None, 2.0]]) is None
    wanted = [cell for cell in cells() if cell.part.device == "nbo2"][:1]
    for rows, good in ((wide, False), ([["threshold_voltage", 1.0, 1.03, 0.9, 1.16]], True)):
        found = {"cell": wanted[0].name, "rows": rows, "refused": "", "failed": "", "commit": ""}
        lines = pairs._lines(wanted, {(wanted[0].name, kind): found for kind in (True, False)}, part=True)
        assert [line.passed for line in lines if "median deviation" in line.figure] == [good]


def test_kept_cells_of_another_commit_do_not_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "commit", lambda: "12345678")
    assert not pairs_with(commit="00000000")["cells of another commit"]
    monkeypatch.setattr(pairs, "commit", lambda: "12345678-dirty")
    assert not pairs_with(commit="12345678-dirty")["cells of another commit"]


def test_a_change_counts_as_noticed_only_if_the_tests_pass_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:
    change = mutations.Change("core", "core/errors.py", 1, "x", "")
    (tmp_path / "tsbench").mkdir()
    (tmp_path / "tsbench" / "errors.py").write_text("")
    monkeypatch.setattr(mutations, "COPY", tmp_path)
    monkeypatch.setattr(mutations, "package_at", lambda target: None)
    monkeypatch.setattr(mutations, "_tests_first", lambda *_: [["tests/core/test_errors.py::test_gone"]])
    for text in ("pytest ended with 4", "it never ends"):
        monkeypatch.setattr(mutations, "first_failure", lambda tests, copy, out, text=text: text)
        with pytest.raises(RuntimeError, match="fail without a change, too"):
            mutations.noticed_by(change, "tests/core")
        monkeypatch.setattr(
            mutations, "first_failure", lambda tests, copy, out, text=text: text if copy == tmp_path else "")
        assert mutations.noticed_by(change, "tests/core") == text


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
    assert "1 rows and 1 cases ran, of at least" in capsys.readouterr().out
    many = replace(row("a.Driver"), outcomes=tuple(Outcome(f"case {k}", True) for k in range(20)))
    assert acceptance.table([many] * 120, [], whole=True) == 0
    entry = acceptance.load()[0]
    assert acceptance.table([many] * 120, [entry], whole=True) == 1
    assert f"{entry.id}: no row ran the driver {entry.driver}" in capsys.readouterr().out


def test_kept_faults_of_another_commit_are_injected_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    monkeypatch.setattr(faults, "commit", lambda: "12345678")
    kept.write_text("".join(json.dumps(one) + "\n" for one in (
        ["old", [], ""], ["other", [], "", "00000000"], ["mine", [], "", "12345678"])))
    assert set(faults.kept_cases(kept)) == {"mine"}
    assert faults.kept_cases(tmp_path / "none") == {}

"""The tables of the page of the truth benchmark: both are replaced, and the words stay."""

from pathlib import Path

import pytest

from benchmarks.report import INFORMATION, Line
from benchmarks.truth import __main__ as truth
from benchmarks.truth.page import PAGE, write


def lines(measured: str) -> list[Line]:
    return [Line("records measured", f"{measured} of 9", INFORMATION, True),
            Line("frequency: records with such a number", "7", ">= 300", False),
            Line("cannot be known (coarse): flagged", "0 of 0", ">= 99%", False),
            Line("frequency", "8 of 9", "90 to 98 %", False)]


def test_both_tables_are_replaced_and_the_words_stay(tmp_path: Path) -> None:
    page = tmp_path / "truth.md"
    before = PAGE.read_text("utf-8")
    page.write_text(before, "utf-8")
    write(lines("5"), lines("3"), page)
    first = page.read_text("utf-8")
    assert "### Results: 5 of 9 records of both lists\n" in first
    assert "### Results: the held-out list alone, 3 of 9 records\n" in first
    assert first.count("| frequency | 8 of 9 | 90 to 98 % | FAIL |") == 2
    assert first.count("such a number | 7 |") == first.count("| 0 of 0 |") == 1   # of both lists alone
    words = [line for line in before.splitlines() if line and line[0] not in "|`#"]
    assert [line for line in first.splitlines() if line and line[0] not in "|`#"] == words
    write(lines("5"), lines("3"), page)
    assert page.read_text("utf-8") == first


def test_a_page_without_the_sections_is_not_written(tmp_path: Path) -> None:
    page = tmp_path / "truth.md"
    page.write_text("# Truth\n", "utf-8")
    with pytest.raises(ValueError, match="two sections"):
        write(lines("5"), lines("3"), page)
    assert page.read_text("utf-8") == "# Truth\n"


@pytest.mark.parametrize("resumed", [[], ["--resume"]])
def test_what_a_run_does_not_measure_stays_in_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, resumed: list[str],
) -> None:
    archive = {1: {"number": 1, "rows": [], "refused": "", "failed": ""}}
    kept: list[object] = []
    monkeypatch.setattr(truth, "stored", lambda: dict(archive))
    monkeypatch.setattr(truth, "store", kept.append)
    monkeypatch.setattr(truth, "KEPT", tmp_path / "truth.jsonl")
    monkeypatch.setattr("sys.argv", [
        "truth", "--only", "relaxation", "--kept", "--runs", str(tmp_path), "--workers", "1", "--store", *resumed])
    truth.main()
    assert kept == [archive]


def test_kept_runs_need_their_folder(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["truth", "--kept"])
    with pytest.raises(SystemExit):
        truth.main()
    assert "--kept needs --runs FOLDER" in capsys.readouterr().err

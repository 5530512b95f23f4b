"""Statistics of a folder come from its catalogue, and are those of its run files."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import tsbench
from tests.fixtures import made_runs
from tests.fixtures.report_folder import write_report_folder
from tsbench.archives import update as updating
from tsbench.archives.stored_results import stored_folder
from tsbench.cli import main
from tsbench.errors import UnreadableFile
from tsbench.extraction import extract
from tsbench.extraction.observations import gather
from tsbench.records import DeviceDescription, Run
from tsbench.storage.nexus.writer import write_run
from tsbench.storage.sidecar import append_extraction
from tsbench.version import __version__


def made(folder: Path, number: int, stored: bool = True, version: str = __version__, **changes: Any) -> Run:
    """Write the run of a device that switches at 0.9 V and some steps of 4 mV more."""
    run = made_runs.sweep(threshold=0.9 + 0.008 * number, parameters={
        "stop": {"value": 1.3, "unit": "V"}, "check_oscillation": {"value": True, "unit": ""}})
    provenance = {"version": version, "temperature": 300.0, "die": [number, 0], **changes}
    header = replace(run.header, run_id=f"R{number}", device=DeviceDescription(f"D{number % 2}", "NbO2"),
                     provenance=provenance, start_time=f"2026-11-{number + 10}T10:00:00.000+00:00")
    run = replace(run, header=header)
    run = replace(run, results=extract(run) if stored else ())
    folder.mkdir(exist_ok=True)
    write_run(run, folder / f"R{number}.nxs")
    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number in range(4):
        made(tmp_path / "runs", number)
    return tmp_path / "runs"


@pytest.mark.thin(2)
@pytest.mark.parametrize("by", [None, "stop", ("temperature", "load"), "die"])
def test_statistics_of_a_folder_are_those_of_its_run_files(folder: Path, by: Any) -> None:
    stored = tsbench.statistics(folder, by=by)
    read = tsbench.statistics(str(folder / "*.nxs"), by=by)
    assert stored.rows() == read.rows() == tsbench.statistics(folder, by=by, anew=True).rows()
    assert sum(group.quantity == "threshold_voltage" for group in stored.groups) and stored.lines == read.lines
    assert not stored.problems


def test_no_file_is_read_for_statistics_that_the_catalogue_can_answer(
    folder: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    first = tsbench.statistics(folder).rows()

    def refuse(*_: object) -> None:
        raise AssertionError("a run file is read")

    monkeypatch.setattr("tsbench.storage.reading_children.ReadingChild.ask", refuse)
    monkeypatch.setattr("tsbench.storage.read_foreign", refuse)
    assert tsbench.statistics(folder).rows() == first


@pytest.mark.thorough
def test_a_run_without_results_is_extracted(folder: Path) -> None:
    made(folder, 4, stored=False)
    rows = tsbench.statistics(folder, "threshold_voltage").rows()
    assert rows == tsbench.statistics(str(folder / "*.nxs"), "threshold_voltage").rows()
    assert rows[0]["number"] == 3   # D0 has the runs 0, 2 and 4


@pytest.mark.thorough
def test_results_of_another_version_are_named(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    made(folder, 4, version="0.0.1")
    run = made(folder, 5, version="0.0.1")
    append_extraction(folder / "R5.nxs", run.results)   # by this version
    run = made(folder, 6)
    with monkeypatch.context() as patch:
        patch.setattr("tsbench.storage.sidecar.__version__", "0.0.2")
        append_extraction(folder / "R6.nxs", run.results)
    made(folder, 7, version="")
    lines = [line for line in tsbench.statistics(folder).lines if "has extracted" in line]
    assert lines == [
        f"1 run has the results that {version} has extracted. --anew extracts them with tsbench {__version__}"
        for version in ("tsbench 0.0.1", "tsbench 0.0.2", "an unknown version of tsbench")]
    assert main(["statistics", str(folder), "--anew"]) == 0
    assert "0.0.1" not in capsys.readouterr().out


def test_interrupted_runs_and_copies_count_once_and_deeper_folders_do_not(folder: Path) -> None:
    made(folder, 4, repeats=["R0"])
    (folder / "a").mkdir()
    (folder / "a" / "R1.nxs").write_bytes((folder / "R1.nxs").read_bytes())   # a path that comes before R1.nxs
    (folder / "S1.nxs").write_bytes((folder / "R1.nxs").read_bytes())
    (folder / "a" / "bad.nxs").write_text("no HDF5")
    stored, read = tsbench.statistics(folder), tsbench.statistics(str(folder / "*.nxs"))
    assert stored.rows() == read.rows() and not stored.problems
    assert set(stored.lines) == set(read.lines) >= {"R1: a copy of this run is left out"}


@pytest.mark.thorough
def test_a_bad_file_and_missing_files_are_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_report_folder(tmp_path, {"D1": "working", "D2": "working"})
    (folder / "bad.nxs").write_text("no HDF5")
    assert main(["statistics", str(folder)]) == 2
    assert "bad.nxs" in capsys.readouterr().err
    (folder / "bad.nxs").unlink()
    gone = sorted(folder.glob("*.nxs"))[0]
    gone.unlink()
    commands = (["statistics"], ["statistics", "--anew"], ["analyse"], ["validate"])
    for command in commands:
        assert main([*command, str(folder)]) == 2
        assert f"screen: 1 run file is missing: {gone.name}" in capsys.readouterr().err
    for left in folder.glob("*.nxs"):
        left.unlink()
    for command in commands:
        assert main([*command, str(folder)]) == 2
        assert "there is nothing to read. screen: 2 run files are missing" in capsys.readouterr().err


@pytest.mark.thorough
def test_missing_files_of_deeper_campaigns_are_no_matter_of_statistics(
    folder: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    deeper = write_report_folder(folder / "deeper", {"D1": "working", "D2": "working"})
    sorted(deeper.glob("*.nxs"))[0].unlink()
    assert not tsbench.statistics(folder).problems
    assert main(["statistics", str(folder)]) == 0 and "missing" not in capsys.readouterr().err
    assert "1 run file is missing" in tsbench.archive(folder).attrs["problems"][0]


@pytest.mark.thorough
def test_a_journal_that_was_copied_early_does_not_count_before_the_stored_results(folder: Path) -> None:
    """A journal has points and no stored results; the run file has more points and all of them are in its results."""
    run = made(folder, 4)
    early = replace(run, points=run.points[:20], results=(), status="running")
    for given in ([folder, early], [early, folder]):
        found = tsbench.statistics(given)
        assert found.rows() == tsbench.statistics(folder).rows()
        assert "R4: a copy of this run is left out" in found.lines


def test_of_copies_with_stored_results_the_first_path_counts(folder: Path) -> None:
    """As for ``tsbench query``; the order in which the catalogue took them in is no matter."""
    run = made(folder, 4)
    stored_folder(folder)
    other = replace(run, results=(replace(run.results[0], value=0.5, low=0.4, high=0.6),))
    write_run(other, folder / "A4.nxs")
    first, second = [one.results for one in stored_folder(folder).runs if one.run_id == "R4"]
    assert first == other.results and second == run.results
    counted = [one for one in gather(stored_folder(folder).runs).observations if one.facts["run"] == "R4"]
    assert [one.result.value for one in counted] == [0.5]
    answer = tsbench.archive(folder)
    assert list(answer[answer["run"] == "R4"]["value"]) == [0.5]


@pytest.mark.thorough
def test_query_names_run_files_that_are_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_report_folder(tmp_path / "deeper", {"D1": "working", "D2": "working", "D3": "working"})
    gone, moved, _ = sorted(folder.glob("*.nxs"))
    (folder / "sorted").mkdir()
    moved.rename(folder / "sorted" / moved.name)
    assert main(["query", str(tmp_path)]) == 0   # a file in a folder of the folder is there
    capsys.readouterr()
    gone.unlink()
    assert main(["query", str(tmp_path), "--json"]) == 1
    assert f"tsbench: screen: 1 run file is missing: {gone.name}" in capsys.readouterr().err
    assert tsbench.archive(tmp_path).attrs["problems"] == [
        f"screen: 1 run file is missing: {gone.name}. Its results are known from the state of the campaign only. "
        "Restore it from a copy"]
    (folder / "screen.tsc").write_bytes(b"\0" * 100)
    assert "screen.tsc" in tsbench.archive(tmp_path).attrs["problems"][0]


def test_progress_of_a_catalogue_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(updating, "_BATCH", 2)
    told: list[tuple[int, int]] = []
    tsbench.statistics(folder, progress=lambda done, total: told.append((done, total)))
    assert told == [(2, 4), (4, 4)]


def test_files_given_by_name_are_read_by_few_children(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each ``read_foreign`` starts a process, which takes as long as many files."""
    def refuse(path: Path) -> Run:
        raise UnreadableFile(f"{path}: a process for this file alone")

    monkeypatch.setattr("tsbench.storage.read_foreign", refuse)
    assert not tsbench.statistics(str(folder / "*.nxs")).problems

"""Files that share a name are told apart, and one record counts once, however often it is given."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.archives.test_archive import run_file
from tsbench.archives.questions import ArchiveQuestion, answer_of
from tsbench.archives.statistics import statistics
from tsbench.errors import ConfigurationError
from tsbench.extraction import analyse_files
from tsbench.extraction.observations import gather
from tsbench.extraction.paths import named_files, names_of
from tsbench.reports.folder import read_folder


def table(path: Path, thresholds: list[float]) -> Path:
    """Write sweeps of 0 to 1.5 V and back of a device that switches at ``thresholds`` [V] and holds down to 0.4 V."""
    up = np.linspace(0.0, 1.5, 76)
    level = np.concatenate([up, up[-2::-1]])
    rows = []
    for cycle, threshold in enumerate(thresholds):
        on = (level >= threshold) & (np.arange(level.size) < up.size)
        on |= (np.arange(level.size) >= up.size) & (level >= 0.4)
        current = np.minimum(level * np.where(on, 1e-3, 1e-6), 1e-3)
        rows.append(np.column_stack([np.full(level.size, cycle), level, current]))
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, np.vstack(rows), delimiter=",", header="cycle,V (V),I (A)", comments="", fmt="%.9g")
    return path


@pytest.fixture
def three(tmp_path: Path) -> list[Path]:
    """Three devices whose tables have one name."""
    return [table(tmp_path / f"D{number}" / "iv.csv", [0.6 + 0.2 * number] * 3 + [0.62 + 0.2 * number])
            for number in (1, 2, 3)]


@pytest.mark.thorough
def test_tables_of_one_name_in_several_folders_are_several_devices(three: list[Path], tmp_path: Path) -> None:
    (found,) = statistics(tmp_path.as_posix() + "/**/*.csv", "threshold_voltage").groups
    assert [sample.device for sample in found.devices] == ["D1/iv", "D2/iv", "D3/iv"]
    assert [sample.number for sample in found.devices] == [4, 4, 4]
    analysis = analyse_files(three, out=tmp_path / "out")
    assert {row["run"] for row in analysis.rows} == {"D1/iv.csv", "D2/iv.csv", "D3/iv.csv"}
    assert len(set(analysis.figures)) == len(analysis.figures) >= 3
    assert {path.name[:5] for path in analysis.figures} == {"D1_iv", "D2_iv", "D3_iv"}
    assert "each of the 3 tables is taken for a device of its own, which is named by its file" in gather(three).lines


@pytest.mark.thorough
def test_figures_of_tables_whose_names_become_alike_are_several_files(tmp_path: Path) -> None:
    files = [table(tmp_path / name, [0.8]) for name in ("D1/iv.csv", "D2/iv.csv", "D1_iv.csv", "D3/iv.txt")]
    figures = analyse_files(files, out=tmp_path / "out").figures
    assert len({str(path).lower() for path in figures}) == len(figures) >= 4


@pytest.mark.parametrize(("given", "with_suffix", "without"), [
    (["a/iv.csv", "b/iv.csv", "b/x.csv"], ["a/iv.csv", "b/iv.csv", "x.csv"], ["a/iv", "b/iv", "x"]),
    (["x/a/iv.csv", "y/a/iv.csv"], ["x/a/iv.csv", "y/a/iv.csv"], ["x/a/iv", "y/a/iv"]),
    (["iv.csv", "iv.txt"], ["iv.csv", "iv.txt"], ["iv.csv", "iv.txt"]),
    (["iv.csv"], ["iv.csv"], ["iv"]),
])
def test_names_have_as_many_folders_as_they_need(given: list[str], with_suffix: list[str], without: list[str]) -> None:
    files = [Path(name) for name in given]
    assert list(names_of(files).values()) == with_suffix
    assert list(names_of(files, suffix=False).values()) == without


def test_one_file_by_several_paths_counts_once(tmp_path: Path) -> None:
    path = table(tmp_path / "a" / "iv.csv", [0.8, 0.82, 0.84])
    (tmp_path / "link.csv").symlink_to(path)
    given = [path, tmp_path / "a" / ".." / "a" / "iv.csv", tmp_path / "link.csv"]
    assert named_files(given) == [path]
    (found,) = statistics(given, "threshold_voltage").groups
    assert [sample.number for sample in found.devices] == [3]


def test_a_copy_of_a_table_counts_once_and_a_line_says_so(tmp_path: Path) -> None:
    path = table(tmp_path / "a" / "iv.csv", [0.8, 0.82, 0.84])
    (tmp_path / "b").mkdir()
    found = statistics([path, Path(shutil.copy(path, tmp_path / "b" / "iv.csv"))], "threshold_voltage")
    assert [sample.number for sample in found.groups[0].devices] == [3]
    assert "b/iv.csv: this table is left out, because it is a copy of a/iv.csv" in found.lines


def test_a_copied_run_counts_once_everywhere(tmp_path: Path) -> None:
    path = run_file(tmp_path / "runs", 1)
    shutil.copytree(tmp_path / "runs", tmp_path / "runs" / "saved")
    copy = tmp_path / "runs" / "saved" / path.name
    assert "run1: a copy of this run is left out" in gather([path, copy]).lines
    analysis = analyse_files([path, copy])
    assert sum("is left out, because it holds the run run1" in line for line in analysis.lines) == 1
    answer = answer_of(tmp_path / "runs", ArchiveQuestion())
    assert {row["file"] for row in answer.rows} == {path.name} and not answer.problems
    assert answer.copies == [f"saved/{path.name}"]
    report = read_folder(tmp_path / "runs")
    assert [one.path for one in report.runs] == [path.name] and "saved" in report.problems[0]


def test_a_question_for_a_misspelt_quantity_names_the_right_one(tmp_path: Path) -> None:
    run_file(tmp_path / "runs", 1)
    with pytest.raises(ConfigurationError, match="Did you mean 'threshold_voltage'"):
        answer_of(tmp_path / "runs", ArchiveQuestion(quantity="treshold_voltage"))

"""Parts of the analysis of tables by themselves: which files are meant, what is clipped, what is one amplitude."""

from pathlib import Path

import numpy as np
import pytest

from tsbench.errors import ConfigurationError
from tsbench.extraction.paths import named_files
from tsbench.extraction.pulse_tables import _joined, _rounded
from tsbench.extraction.table_files import read_table
from tsbench.extraction.tables import analyse_table


def test_a_folder_gives_its_runs_journals_without_a_run_and_tables(tmp_path: Path) -> None:
    for name in ("b.nxs", "b.tsj", "a.tsj", "c.CSV", ".hidden.nxs", "notes.doc"):
        (tmp_path / name).touch()
    (tmp_path / "folder.nxs").mkdir()
    assert [path.name for path in named_files([tmp_path])] == ["a.tsj", "b.nxs", "c.CSV"]
    assert [path.name for path in named_files([tmp_path], {".nxs"})] == ["b.nxs"]
    with pytest.raises(ConfigurationError, match="this folder has no run file or table"):
        named_files([tmp_path / "folder.nxs"])


def test_a_pattern_gives_files_in_order_and_a_name_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("2.nxs", "1.nxs", "in/3.nxs", "[x].nxs"):
        (tmp_path / name).touch()
    (tmp_path / "4.nxs").mkdir()
    given = [tmp_path / "not there.nxs", tmp_path / "[x].nxs", str(tmp_path / "?.nxs"), tmp_path / "1.nxs"]
    assert [path.name for path in named_files(given)] == ["not there.nxs", "[x].nxs", "1.nxs", "2.nxs"]
    assert [path.name for path in named_files([str(tmp_path / "**" / "3.nxs")])] == ["3.nxs"]
    with pytest.raises(ConfigurationError, match=r"no file matches '.*z\*.nxs'"):
        named_files([str(tmp_path / "z*.nxs")])


def test_values_that_differ_little_are_one() -> None:
    values = np.array([1.02, 2.0, 1.0, 1.01, -2.0, 2.01])
    assert _joined(values, 0.05) == [1.01, 2.0, 1.01, 1.01, -2.0, 2.0]
    assert _joined(np.array([1.0, 1.0]), 0.0) == [1.0, 1.0] and _joined(np.array([0.0, 1.0]), 0.5) == [0.0, 1.0]
    assert (_rounded(1.2345), _rounded(-0.00098765), _rounded(0.0)) == (1.23, -0.000988, 0.0)


@pytest.mark.parametrize(("bad", "said"), [
    (["9.91e37,1e-6"], "line 12 is left out (voltage"), (3 * ["0.1,inf"], "). 2 more lines are left out"), ([], None)])
def test_lines_that_are_left_out_are_named(tmp_path: Path, bad: list[str], said: str | None) -> None:
    lines = ["voltage (V),current (A)"]
    readings = [f"{0.1 * k:.1f},{1e-6 * k:.1e}" for k in range(20)]
    lines += [*readings[:10], *bad, *readings]
    path = tmp_path / "sweep.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    found = analyse_table(read_table(path), path, None, None)
    left = [line for line in found.lines if " is left out (" in line]
    assert len(left) == bool(bad) and (said is None or said in left[0])
    assert found.understood.startswith("this file is read as ")

"""Files that earlier versions wrote are read and validated by this one (tests/corpus/README.md)."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tsbench.errors import UnreadableFile
from tsbench.storage import extractions, read_extraction, read_run, recover
from tsbench.storage.nexus.validation import inspect

CORPUS = Path(__file__).resolve().parents[2] / "tests" / "corpus"
FILES = [(folder, name) for folder in sorted(p for p in CORPUS.iterdir() if (p / "contents.json").exists())
         for name in json.loads((folder / "contents.json").read_text(encoding="utf-8"))]


def contents(folder: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "contents.json").read_text(encoding="utf-8"))[name]
    return found


def of_kind(kind: str) -> list[Any]:
    return [pytest.param(f, n, id=f"{f.name}/{n}") for f, n in FILES if kind in contents(f, n)]


@pytest.mark.parametrize(("folder", "name"), of_kind("status"))
def test_whole_run_files_validate_and_hold_what_was_written(folder: Path, name: str) -> None:
    known, path = contents(folder, name), folder / name
    assert inspect(path) == known["problems"] == []
    run = read_run(path)
    assert (run.status, run.reason) == (known["status"], known["reason"])
    assert (len(run.points), len(run.waveforms), len(run.events)) == (
        known["points"], known["waveforms"], known["events"])
    if len(run.points):
        np.testing.assert_allclose(run.points.sum(axis=0), known["sums"], rtol=1e-12)
    assert [int(w.codes.sum()) for w in run.waveforms] == known["codes"]
    assert [[r.quantity, r.value, r.low, r.high, r.unit] for r in run.results] == known["results"]


@pytest.mark.parametrize(("folder", "name"), of_kind("error"))
def test_damaged_files_are_refused(folder: Path, name: str) -> None:
    """Each file whose writing version refused it is refused, or its damage is named."""
    try:
        assert inspect(folder / name)
    except UnreadableFile as error:
        assert str(error)


@pytest.mark.parametrize(("folder", "name"), [p for p in of_kind("problems") if str(p.values[1]).endswith(".tsj")])
def test_journals_are_recovered(folder: Path, name: str, tmp_path: Path) -> None:
    known = contents(folder, name)["problems"]
    assert len(inspect(folder / name)) == len(known)
    shutil.copy(folder / name, tmp_path)
    raw = (folder / name).with_suffix(".raw")
    if raw.exists():
        shutil.copy(raw, tmp_path)
    recover(tmp_path)
    files = list(tmp_path.glob("*.nxs"))
    assert len(files) == 1 and inspect(files[0]) == []
    run = read_run(files[0])
    assert run.status == "recovered"
    assert len(run.points) + len(run.waveforms) > 0


@pytest.mark.parametrize("folder", sorted({f for f, _ in FILES}), ids=lambda f: f.name)
def test_sidecars_are_read(folder: Path) -> None:
    found = extractions(folder / "sweep.nxs")
    assert [path.name for path in found] == ["sweep.extraction-002.json"]
    assert read_extraction(found[0]) == read_run(folder / "sweep.nxs").results

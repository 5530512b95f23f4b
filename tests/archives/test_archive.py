"""A catalogue answers as the run files would, is never ahead of them, and can be lost."""

import json
import math
import os
import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

import tsbench
from tests.storage.test_storage_run_file import RESULTS, header
from tsbench.archives.catalogue import NAME, opened
from tsbench.archives.questions import COLUMNS, ArchiveQuestion, answer_of
from tsbench.archives.stored_results import stored_folder
from tsbench.archives.update import update
from tsbench.cli import main
from tsbench.errors import ConfigurationError, StorageError
from tsbench.records import DeviceDescription, Flag, Result
from tsbench.storage import append_extraction
from tsbench.storage.nexus.summary import summary
from tsbench.storage.recorder import RunRecorder
from tsbench.storage.review import decide
from tsbench.storage.run_file import read_run

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "06c60f1"


def run_file(folder: Path, number: int, results: tuple[Result, ...] = RESULTS, **changes: object) -> Path:
    """Write a run file of device ``D<number>`` that began on the day of that number."""
    made = header(run_id=f"run{number}", device=DeviceDescription(f"D{number}", "NbO2"), planned_points=0,
                  start_time=f"2026-11-{number + 10}T10:00:00.000+00:00", **changes)
    with RunRecorder(folder, made, durability="process") as recorder:
        return recorder.finish("success", results=results)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    runs = tmp_path / "runs"
    run_file(runs, 1)
    run_file(runs / "deeper", 2, (Result("threshold_voltage", "V", 0.5, 0.4, 0.6, "step", {"cycle": 1, "at": math.inf},
                                         Flag.COMPLIANCE | Flag.CENSORED, 0.01, 0.02),), simulated=False,
             provenance={"temperature": 310.0, "die": [3, -4]})
    run_file(runs, 3, (), campaign_id="c1")
    return runs


def test_rows_of_all_run_files(folder: Path) -> None:
    frame = tsbench.archive(folder)
    assert list(frame.columns[: len(COLUMNS)]) == list(COLUMNS) and frame.attrs["problems"] == []
    assert frame["device"].tolist() == ["D1"] * 3 + ["D2"]
    first, last = frame.iloc[0], frame.iloc[3]
    assert (first["value"], first["low"], first["high"], first["unit"]) == (1.02, 1.01, 1.03, "V")
    assert np.isnan(frame["value"][2]) and np.isnan(frame["high"][1]) and frame["flags"][1] == "censored"
    assert (last["random_uncertainty"], last["systematic_uncertainty"]) == (0.01, 0.02)
    assert last["flags"] == "compliance censored" and last["conditions"] == {"cycle": 1, "at": math.inf}
    assert (last["temperature"], last["die_column"], last["die_row"]) == (310.0, 3, -4)
    assert (last["simulated"], first["simulated"], last["file"]) == (False, True, "deeper/run2.nxs")
    assert frame["condition.cycle"].tolist() == [0, 0, 1, 1]


@pytest.mark.thin(9)
@pytest.mark.parametrize(("wanted", "count"), [
    ({"quantity": "threshold_voltage"}, 3), ({"quantity": "*_voltage", "device": "D1"}, 3), ({"device": "D?"}, 4),
    ({"since": "2026-11-12"}, 1), ({"until": "2026-11-12T10:00:00+00:00"}, 3),
    ({"until": "2026-11-12T12:30:00+02:00"}, 4), ({"without_flags": ("censored", "no_event")}, 1),
    ({"with_value": True}, 3),
    ({"campaign": "c1"}, 0), ({"protocol": "iv_sweep", "status": "success"}, 4),
    ({"status": "fail"}, 0),
])
def test_questions(folder: Path, wanted: dict[str, object], count: int) -> None:
    assert len(tsbench.archive(folder, **wanted)) == count


@pytest.mark.thin(6)
@pytest.mark.parametrize(("wanted", "said"), [
    ({"colour": "red"}, "cannot be asked for colour"), ({"since": "yesterday"}, "'yesterday' is not a time"),
    ({"without_flags": ("purple",)}, "there is no flag 'purple'"),
    ({"quantity": "treshold_voltage"}, "the quantity 'treshold_voltage'. Did you mean 'threshold_voltage'"),
    ({"device": "W9*"}, r"no run file of this folder has the device 'W9\*'"), ({"device": "[D]1"}, "the device"),
    ({"device": "D1' OR 1=1"}, "the device"), ({"status": "sucess"}, "Did you mean 'success'"),
])
def test_questions_that_have_no_answer(folder: Path, wanted: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        tsbench.archive(folder, **wanted)


@pytest.mark.thorough
def test_only_what_changed_is_read_again(folder: Path) -> None:
    with opened(folder) as database:
        assert vars(update(database, folder)) == {"read": 3, "known": 3, "gone": 0}
        assert vars(update(database, folder)) == {"read": 0, "known": 3, "gone": 0}
        (folder / "run3.nxs").unlink()
        append_extraction(folder / "run1.nxs", RESULTS[:1])
        assert vars(update(database, folder)) == {"read": 1, "known": 2, "gone": 1}
    assert len(tsbench.archive(folder, device="D1")) == 1   # of the newest extraction
    shutil.move(folder, moved := folder.with_name("moved"))
    assert len(tsbench.archive(moved, refresh=False)) == 2


def test_a_bad_file_is_one_problem_and_no_row(folder: Path) -> None:
    (folder / "cut.nxs").write_bytes((folder / "run1.nxs").read_bytes()[:5000])
    (folder / "text.nxs").write_text("no HDF5")
    (folder / "run1.extraction-002.json").write_text("{}")
    (folder / "loop.nxs").symlink_to(folder / "run1.nxs")
    frame = tsbench.archive(folder)
    assert len(frame) == 4 and len(frame.attrs["problems"]) == 3
    assert any("run1.extraction-002.json" in line for line in frame.attrs["problems"])


def test_of_copies_the_first_one_counts_whichever_is_there(folder: Path) -> None:
    (folder / "a").mkdir()
    shutil.copy(folder / "run1.nxs", folder / "a" / "run1.nxs")
    shutil.copy(folder / "run1.nxs", folder / "z.nxs")
    assert set(tsbench.archive(folder, device="D1")["file"]) == {"a/run1.nxs"}
    (folder / "a" / "run1.nxs").unlink()
    assert set(tsbench.archive(folder, device="D1")["file"]) == {"run1.nxs"}
    answer = answer_of(folder, ArchiveQuestion())
    assert answer.copies == ["z.nxs"] and len(answer.rows) == 4
    with opened(folder) as database:   # no question groups the files of the whole catalogue
        plan = " ".join(str(row) for row in database.execute(
            "EXPLAIN QUERY PLAN SELECT value FROM results JOIN files ON files.number = results.file "
            "WHERE files.counted AND quantity = 'x'"))
    assert "TEMP B-TREE" not in plan and "SUBQUERY" not in plan


@pytest.mark.thorough
def test_a_run_that_was_measured_again_counts_once(folder: Path) -> None:
    run_file(folder, 4, RESULTS[:1], provenance={"repeats": ["run1"]})
    assert sorted(set(tsbench.archive(folder)["run"])) == ["run2", "run4"]
    assert len(tsbench.archive(folder, repeated=True)) == 5


@pytest.mark.thin(3)
@pytest.mark.parametrize("content", [b"", b"rubbish" * 1000, None])
def test_a_catalogue_that_is_not_ours_is_made_anew(folder: Path, content: bytes | None) -> None:
    if content is None:
        with sqlite3.connect(folder / NAME) as other:
            other.execute("CREATE TABLE results (a)")
            other.execute("CREATE TRIGGER t AFTER INSERT ON results BEGIN DELETE FROM results; END")
        other.close()
    else:
        (folder / NAME).write_bytes(content)
    assert len(tsbench.archive(folder)) == 4


def test_a_damaged_page_is_made_anew_on_request(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tsbench.archive(folder)
    with sqlite3.connect(folder / NAME) as database:
        database.execute("DELETE FROM results")
    database.close()
    assert main(["query", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["query", str(folder), "--json", "--rebuild"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 4


@pytest.mark.skipif(os.name == "nt", reason="folders are not read-only on Windows")
def test_a_folder_that_cannot_be_written_to(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, for whom no folder is read-only: SQLite says what it says then."""
    def read_only(name: str, **options: object) -> sqlite3.Connection:
        if name != ":memory:":
            raise sqlite3.OperationalError("unable to open database file")
        return connect(name, **options)

    connect = sqlite3.connect
    monkeypatch.setattr("tsbench.archives.catalogue.sqlite3.connect", read_only)
    assert len(tsbench.archive(folder)) == 4 and not (folder / NAME).exists()


def test_a_catalogue_that_another_process_holds(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tsbench.archive(folder)
    monkeypatch.setattr("tsbench.archives.catalogue._WAIT", 0.05)
    other = sqlite3.connect(folder / NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(StorageError, match="Another process may write it"), opened(folder) as database:
            update(database, folder)
    finally:
        other.close()


@pytest.mark.thorough
def test_an_update_that_is_killed_leaves_the_catalogue_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tsbench.archive(folder)
    run_file(folder, 5)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("tsbench.archives.update.store", killed)
        with pytest.raises(KeyboardInterrupt):
            tsbench.archive(folder)
    assert len(answer_of(folder, ArchiveQuestion(), refresh=False).rows) == 4
    assert len(tsbench.archive(folder)) == 7


def test_a_folder_without_run_files_gets_no_catalogue_and_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "notes.txt").write_text("no run", "utf-8")
    for more in ([], ["--json"], ["--rebuild"], ["--quantity", "hold_voltage"]):
        assert main(["query", str(tmp_path), *more]) == 0
        said = capsys.readouterr()
        assert "there is no run file (.nxs)" in said.err and said.out == ("[]\n" if more == ["--json"] else "")
    assert len(tsbench.archive(tmp_path)) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        tsbench.archive(tmp_path / "none")


def test_the_command(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["query", str(folder), "--quantity", "threshold_voltage", "--with-value"]) == 0
    said = capsys.readouterr().out
    assert "1.020 ± 0.010 V" in said and "D2" in said
    assert main(["query", str(folder), "--without-flag", "censored", "--csv", str(tmp_path / "a.csv")]) == 0
    assert "wrote 2 rows" in capsys.readouterr().out
    assert (tmp_path / "a.csv").read_text().splitlines()[0].startswith("device,protocol,run")
    assert main(["query", str(folder), "--quantity", "treshold_voltage"]) == 2
    assert "Did you mean 'threshold_voltage'" in capsys.readouterr().err
    assert main(["query", str(folder), "--status", "fail"]) == 0
    assert "no result fits" in capsys.readouterr().out
    (folder / "bad.nxs").write_text("x")
    assert main(["query", str(folder), "--json"]) == 1


@pytest.mark.parametrize("name", ["sweep.nxs", "pulses.nxs", "failed.nxs"])
def test_a_summary_is_that_of_the_whole_file_also_of_schema_1_0(name: str) -> None:
    short, run = summary(CORPUS / name), read_run(CORPUS / name)
    assert (short.header, short.status, short.reason, short.end_time, short.results) == (
        run.header, run.status, run.reason, run.end_time, run.results)


def test_a_rejected_run_counts_only_where_it_is_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(tsbench.archive(folder)) == 4
    path = folder / "deeper" / "run2.nxs"
    assert main(["review", str(path), "--reject", "the needle slipped"]) == 0
    assert main(["review", str(folder / "run1.nxs"), "--star"]) == 0
    frame = tsbench.archive(folder)
    line = "deeper/run2.nxs: this run is left out, because a person has rejected it (the needle slipped)"
    assert frame["device"].tolist() == ["D1"] * 3 and frame["starred"].all() and frame.attrs["rejected"] == [line]
    shown = tsbench.archive(folder, rejected=True)
    assert shown["rejected"].tolist() == [""] * 3 + ["the needle slipped"] and shown.attrs["rejected"] == []
    assert len(tsbench.archive(folder, rejected=True, starred=True)) == 3
    capsys.readouterr()
    assert main(["query", str(folder)]) == 0
    out, err = capsys.readouterr()
    assert "D2" not in out and err == f"{line}. --rejected shows it\n"
    assert main(["review", str(path), "--accept", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)
    assert told["rejected"] == "" and [one["kind"] for one in told["decisions"]] == ["reject", "accept"]
    assert len(tsbench.archive(folder)) == 4


def test_statistics_leave_a_rejected_run_out(folder: Path) -> None:
    decide(folder / "run1.nxs", "reject", "noisy")
    run_file(folder, 4)
    assert [one.run_id for one in stored_folder(folder).runs] == ["run4"]
    line = "run1.nxs: this run is left out, because a person has rejected it (noisy)"
    assert tsbench.statistics(folder, "threshold_voltage").lines[-1] == line
    assert line in tsbench.statistics(folder, "threshold_voltage", anew=True).lines

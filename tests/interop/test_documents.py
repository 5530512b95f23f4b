"""Runs as event documents of Bluesky, datasets of QCoDeS and archive files of NOMAD, read by these programs."""

import json
import math
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.storage.test_storage_run_file import RESULTS, header, waveform
from tsbench.cli import main
from tsbench.errors import StorageError
from tsbench.interop.bluesky_documents.documents import documents, epoch
from tsbench.interop.exporting import export_documents
from tsbench.interop.nomad_archive.archive import MEASUREMENT, RESULT, archive_of, definitions
from tsbench.records import Flag, Point, Run, RunEvent
from tsbench.storage import read_run
from tsbench.storage.recorder import RunRecorder

POINTS = ((0.0, 0.1, 0.09, 1e-9), (0.5, 0.2, 1 / 3, math.nan), (1.0, 0.3, 0.29, 2e-9))


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    with RunRecorder(tmp_path / "runs", header()) as recorder:
        for values, flags in zip(POINTS, (Flag.NONE, Flag.OVERFLOW, Flag.COMPLIANCE), strict=True):
            recorder.point(Point(values, flags))
        recorder.waveform(waveform(samples=50))
        recorder.waveform(waveform("source", samples=20, segments=1, scale=-2e-3, conditions={"bias": 2.5}))
        recorder.event(RunEvent("warning", "a remark", 1.25))
        return recorder.finish("success", results=RESULTS)


@pytest.fixture
def run(run_file: Path) -> Run:
    return read_run(run_file)


def checked(run: Run) -> list[tuple[str, dict[str, Any]]]:
    """Return the documents of a run; each passes its schema."""
    from event_model import DocumentNames, schema_validators

    found = list(documents(run))
    for name, document in found:
        schema_validators[DocumentNames[name]].validate(document)
    return found


def test_the_documents_pass_the_schemas_and_hold_the_run(run: Run) -> None:
    found = checked(run)
    names = [name for name, _ in found]
    assert names[0] == "start" and names[-1] == "stop" and names.count("descriptor") == 4
    start, stop = found[0][1], found[-1][1]
    assert start["time"] == epoch(run.header.start_time)
    assert start["sample"]["identifier"] == run.header.device.identifier
    assert stop["run_start"] == start["uid"] and stop["exit_status"] == "success"
    streams = {one["uid"]: one["name"] for name, one in found if name == "descriptor"}
    pages = [(streams[one["descriptor"]], one) for name, one in found if name == "event_page"]
    counted = {stream: sum(len(one["uid"]) for found, one in pages if found == stream) for stream in streams.values()}
    assert counted == stop["num_events"] and counted["primary"] == 3 and counted["results"] == len(RESULTS)
    (points,) = [one for stream, one in pages if stream == "primary"]
    columns = [column.name for column in run.header.columns]
    np.testing.assert_equal(np.array([points["data"][name] for name in columns]).T, run.points)
    assert points["data"]["flags"] == ["", "overflow", "compliance"]
    assert np.diff(points["time"]) == pytest.approx([0.5, 0.5])
    records = [one for stream, one in pages if stream.startswith("waveforms")]
    np.testing.assert_array_equal(records[1]["data"]["source"], run.waveforms[1].values())
    uids = [uid for _, one in pages for uid in one["uid"]]
    assert len(set(uids)) == len(uids)


def test_the_same_run_has_the_same_identifiers(run: Run) -> None:
    first, second = checked(run), checked(run)
    assert json.dumps(first, default=str) == json.dumps(second, default=str)


def test_event_model_follows_the_documents_as_those_of_a_run(run: Run) -> None:
    from event_model import DocumentRouter

    class Counting(DocumentRouter):
        events = 0

        def event(self, doc: Any) -> Any:
            self.events += 1
            return doc

    counting = Counting()
    for name, document in documents(run, waveforms=False):
        counting(name, document)
    assert counting.events == 3 + len(RESULTS)


def test_qcodes_reads_the_datasets(run: Run, run_file: Path, tmp_path: Path) -> None:
    from qcodes.dataset import initialised_database_at, load_by_id

    from tsbench.interop.qcodes_dataset.export import export_to_qcodes

    numbers = export_to_qcodes(run, tmp_path / "q.db")
    assert len(numbers) == 2 + len(run.waveforms)
    with initialised_database_at(tmp_path / "q.db"):
        points, results, _, record = map(load_by_id, numbers)
        frame = points.to_pandas_dataframe()
        for place, column in enumerate(run.header.columns):
            np.testing.assert_equal(frame[column.name].to_numpy(), run.points[:, place])
            assert points.paramspecs[column.name].unit == column.unit
        assert list(frame["flags"].astype(int)) == run.point_flags.tolist()
        assert json.loads(points.metadata["tsbench_flag_bits"])["overflow"] == int(Flag.OVERFLOW)
        assert points.sample_name == run.header.device.identifier and points.exp_name == run.header.protocol
        assert json.loads(points.metadata["tsbench_header"])["run_id"] == run.header.run_id
        table = results.to_pandas_dataframe()
        assert list(table["quantity"]) == [one.quantity for one in RESULTS]
        assert [None if math.isnan(low) else low for low in table["low"]] == [one.low for one in RESULTS]
        samples = record.get_parameter_data()["source"]
        np.testing.assert_array_equal(samples["source"].ravel(), run.waveforms[1].values().ravel())
        np.testing.assert_allclose(samples["time_after_trigger"].ravel(), run.waveforms[1].times())
    from tsbench.interop.qcodes_dataset import export

    with pytest.MonkeyPatch.context() as patch, pytest.raises(StorageError, match="samples"):
        patch.setattr(export, "_MOST_SAMPLES", 10)
        export_to_qcodes(run, tmp_path / "q.db")


def test_qcodes_gets_the_points_under_names_that_are_words_of_sql(run: Run, tmp_path: Path) -> None:
    from qcodes.dataset import initialised_database_at, load_by_id

    from tsbench.interop.qcodes_dataset.export import export_to_qcodes

    kept = run.header.columns
    for given, stored in ((("time", "index", "order", "group"), ("time", "index_", "order_", "group_")),
                          (("id", "V", "v", "current_date"), ("id_", "V", "v_", "current_date_")),
                          (("row", "flags", "select", "1 a"), ("row_", "flags_", "select_", "_1_a"))):
        columns = tuple(replace(column, name=name) for column, name in zip(kept, given, strict=True))
        one = replace(run, header=replace(run.header, columns=columns))
        numbers = export_to_qcodes(one, tmp_path / "q.db", waveforms=False)
        with initialised_database_at(tmp_path / "q.db"):
            frame = load_by_id(numbers[0]).to_pandas_dataframe()
            np.testing.assert_equal(frame[list(stored)].to_numpy(), run.points)


def test_a_database_that_cannot_be_written_gets_no_dataset_and_no_success(
    run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:
    from qcodes.dataset import initialised_database_at
    from qcodes.dataset.sqlite import query_helpers

    out = tmp_path / "out"
    assert main(["export", str(run_file), "--format", "qcodes", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["problems"] == []

    def count() -> int:
        with initialised_database_at(out / "qcodes.db"), sqlite3.connect(out / "qcodes.db") as database:
            return int(database.execute("SELECT count(*) FROM runs").fetchone()[0])

    before, insert = count(), query_helpers.transaction

    def full(connection: Any, text: str, *values: Any) -> Any:
        if "INSERT INTO \"results" in text:
            raise sqlite3.OperationalError("database or disk is full")
        return insert(connection, text, *values)

    monkeypatch.setattr(query_helpers, "transaction", full)
    assert main(["export", str(run_file), "--format", "qcodes", "--out", str(out)]) == 2
    shown = capsys.readouterr()
    assert "qcodes.db: the database cannot be written" in shown.err and "disk is full" in shown.err
    assert shown.err.count("\n") == 1 and not shown.out and count() == before


def test_the_archive_file_of_nomad_has_its_schema_beside_its_data(run: Run) -> None:
    made = archive_of(run, "run.nxs")
    data, sections = made["data"], made["definitions"]["sections"]
    assert sections == definitions()["sections"] and data["m_def"] == MEASUREMENT
    own = set(sections[MEASUREMENT]["quantities"]) | set(sections[MEASUREMENT]["sub_sections"])
    # of NOMAD's Measurement: nomad/datamodel/metainfo/basesections/v1.py
    inherited = {"m_def", "name", "datetime", "lab_id", "description", "method", "samples", "instruments"}
    assert set(data) <= own | inherited and data["lab_id"] == run.header.run_id
    result = set(sections[RESULT]["quantities"]) | {"name"}
    assert all(set(one) <= result for one in data["extracted_values"])
    values = [one.get("value") for one in data["extracted_values"]]
    assert values == [one.value for one in RESULTS] and json.dumps(made, allow_nan=False)


@pytest.mark.thin(2)
@pytest.mark.parametrize(("form", "ending"), [
    ("bluesky", ".documents.jsonl"), ("nomad", ".archive.json"), ("qcodes", "qcodes.db")])
def test_the_command_writes_them(
    run_file: Path, tmp_path: Path, form: str, ending: str, capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    assert main(["export", str(run_file), "--format", form, "--out", str(out), "--without-waveforms"]) == 0
    (path,) = out.glob(f"*{ending}")
    assert str(path) in capsys.readouterr().out and not list(out.glob("*.part"))
    if form == "bluesky":
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        assert [name for name, _ in lines] == ["start", "descriptor", "event_page", "descriptor", "event_page", "stop"]
    (tmp_path / "file").write_text("no folder")
    if form != "qcodes":
        with pytest.raises(StorageError):
            export_documents(run_file, form, tmp_path / "file")  # type: ignore[arg-type]

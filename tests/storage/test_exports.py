"""Programs of others read back what an export writes: every number, unit and flag."""

import errno
import json
import math
import sys
from pathlib import Path

import numpy as np
import pandas
import pytest
import scipy.io
import xarray

from tests.storage.test_storage_run_file import RESULTS, header, waveform
from tsbench.cli import main
from tsbench.errors import ConfigurationError, StorageError, UnreadableFile
from tsbench.records import Flag, Point, RunEvent
from tsbench.storage import disk
from tsbench.storage.exports import delimited, run_export, tables
from tsbench.storage.exports.run_export import FORMATS, Format, export_run
from tsbench.storage.recorder import RunRecorder

POINTS = ((0.0, 0.1, 0.09, 1e-9), (0.5, 0.2, 1 / 3, math.nan), (1.0, 0.3, 0.29, -math.inf))


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    with RunRecorder(tmp_path / "runs", header()) as recorder:
        for values, flags in zip(POINTS, (Flag.NONE, Flag.OVERFLOW, Flag.COMPLIANCE | Flag.UNSETTLED), strict=True):
            recorder.point(Point(values, flags))
        recorder.waveform(waveform(samples=50))
        recorder.waveform(waveform("source", samples=20, segments=1, scale=-2e-3, conditions={"bias": 2.5}))
        recorder.waveform(waveform(samples=30, segments=1, flags=Flag.CLIPPED))
        recorder.event(RunEvent("warning", "=SUM(A1) is no formula, \"quoted\"\nand long", 1.25))
        return recorder.finish("success", results=RESULTS)


def exported(run_file: Path, form: Format, out: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Export in small pieces and return the files by what stands behind the run's name."""
    monkeypatch.setattr(tables, "PIECE", 16)
    paths = export_run(run_file, form, out)
    stem = f"{run_file.stem}.simulated."
    assert sorted(out.iterdir()) == sorted(paths) and all(path.name.startswith(stem) for path in paths)
    return {path.name.removeprefix(stem): path for path in paths}


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_pandas_reads_the_tables(run_file: Path, tmp_path: Path, form: Format, monkeypatch: pytest.MonkeyPatch) -> None:
    files = exported(run_file, form, tmp_path / "out", monkeypatch)

    def read(name: str) -> pandas.DataFrame:
        path = files[f"{name}.{form}"]
        return pandas.read_csv(path, float_precision="round_trip") if form == "csv" else pandas.read_parquet(path)

    points = read("points")
    names = ["time", "source_voltage", "voltage", "current", "flags"]
    units = ["s", "V", "V", "A"]
    headings = [f"{name} [{unit}]" for name, unit in zip(names, units, strict=False)] + ["flags"]
    assert list(points.columns) == (headings if form == "csv" else names)
    assert points.iloc[:, 2].tolist() == [0.09, 1 / 3, 0.29] and points.iloc[2, 3] == -math.inf
    assert np.isnan(points.iloc[1, 3])
    assert points["flags"].fillna("").tolist() == ["", "overflow", "compliance unsettled"]
    results = read("results")
    assert results["value"].tolist()[:2] == [1.02, 0.88] and np.isnan(results["value"][2])
    assert np.isnan(results["high"][1]) and results["flags"].tolist()[1:] == ["censored", "no_event"]
    assert results["unit"].tolist() == ["V"] * 3
    assert json.loads(results["conditions"][0]) == {"cycle": 0, "polarity": "+"}
    samples = read("waveforms_000")
    high = waveform(samples=50)
    kept = samples[(samples["acquisition"] == 0) & (samples["segment"] == 1)]
    assert np.array_equal(kept.iloc[:, 3], high.values()[1]) and np.array_equal(kept.iloc[:, 2], high.times())
    assert len(samples) == 130 and sorted(set(samples["acquisition"])) == [0, 2]
    acquisitions = read("acquisitions")
    assert acquisitions["channel"].tolist() == ["device_voltage_high", "source", "device_voltage_high"]
    assert acquisitions["flags"].fillna("").tolist() == ["", "", "clipped"]
    assert json.loads(acquisitions["conditions"][1]) == {"bias": 2.5}
    message = read("events")["message"].iloc[-1]
    assert "no formula" in message and message.startswith("'=" if form == "csv" else "=")
    facts = json.loads(files["facts.json"].read_text("utf-8"))
    assert facts["simulated"] is True and facts["header"]["parameters"]["stop"] == {"value": 1.5, "unit": "V"}


def test_parquet_columns_carry_their_units(run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyarrow import parquet

    files = exported(run_file, "parquet", tmp_path / "out", monkeypatch)
    schema = parquet.read_schema(files["points.parquet"])
    assert [schema.field(name).metadata[b"unit"] for name in ("time", "voltage", "current")] == [b"s", b"V", b"A"]
    assert json.loads(schema.metadata[b"tsbench"])["header"]["run_id"] == run_file.stem


def test_xarray_reads_netcdf(run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = exported(run_file, "netcdf", tmp_path / "out", monkeypatch)["nc"]
    with xarray.open_dataset(file) as points:
        assert points["voltage"].values.tolist() == [0.09, 1 / 3, 0.29] and points["voltage"].attrs["units"] == "V"
        assert points["flags"].values.tolist() == [0, 2, 33]
        assert "compliance" in points["flags"].attrs["flag_meanings"]
        assert points.attrs["simulated"] == 1 and points.attrs["title"].startswith("SIMULATED")
    with xarray.open_dataset(file, group="results") as results:
        assert results["value"].values.tolist()[:2] == [1.02, 0.88]
        assert [str(unit) for unit in results["unit"].values] == ["V", "V", "V"]
        assert results["flags"].values.tolist() == [0, 1024, 256]
    high, source = waveform(samples=50), waveform("source", samples=20, segments=1, scale=-2e-3)
    with xarray.open_dataset(file, group="waveforms_000") as record:
        np.testing.assert_allclose(record["device_voltage_high"].values, high.values(), rtol=1e-12)
        assert record["device_voltage_high"].attrs["units"] == "V"
        assert record["start"].values.tolist() == [-1e-6, -1e-6] and record["trigger_time"].values.tolist() == [0, 1e-3]
    with xarray.open_dataset(file, group="waveforms_001", mask_and_scale=False) as record:
        assert np.array_equal(record["source"].values, source.codes)   # nothing is rounded


def test_scipy_reads_matlab(run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = exported(run_file, "matlab", tmp_path / "out", monkeypatch)["mat"]
    found = scipy.io.loadmat(file, simplify_cells=True)
    assert found["points"]["voltage"].tolist() == [0.09, 1 / 3, 0.29] and found["points"]["units"]["current"] == "A"
    assert str(found["points"]["flags"][2]) == "compliance unsettled"
    assert found["results"]["value"][:2].tolist() == [1.02, 0.88] and np.isnan(found["results"]["value"][2])
    assert found["run"]["simulated"] and found["run"]["device"] == "D1"
    record = found["waveform_0001"]
    high = waveform(samples=50)
    assert np.array_equal(record["codes"] * record["scale"] + record["offset"], high.values()[1])
    assert (record["unit"], record["segment"], record["conditions"]["bias"]) == ("V", 1, 2.0)
    assert str(found["waveform_0003"]["flags"]) == "clipped"


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_with_nothing_in_it(tmp_path: Path, form: Format) -> None:
    with RunRecorder(tmp_path / "runs", header(simulated=False, planned_points=0)) as recorder:
        path = recorder.finish("abort", "stopped")
    made = export_run(path, form, tmp_path / "out")
    assert made and not any(".simulated" in one.name for one in made)


@pytest.mark.thin(2)
@pytest.mark.parametrize("form", FORMATS)
def test_a_full_disk_leaves_no_half_file(
    run_file: Path, tmp_path: Path, form: Format, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(disk, "replace", full)
    with pytest.raises(StorageError, match="the disk is full while writing the export"):
        export_run(run_file, form, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_what_cannot_be_exported(run_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="unknown format 'xls'"):
        export_run(run_file, "xls", tmp_path)  # type: ignore[arg-type]
    other = tmp_path / "other.nxs"
    other.write_bytes(b"none")
    with pytest.raises(UnreadableFile, match="not an HDF5 file"):
        export_run(other, "csv", tmp_path)
    monkeypatch.delitem(sys.modules, "tsbench.storage.exports.netcdf", raising=False)
    monkeypatch.setitem(sys.modules, "h5netcdf", None)
    with pytest.raises(ConfigurationError, match="needs the library h5netcdf"):
        export_run(run_file, "netcdf", tmp_path / "out")


def test_a_text_is_no_formula_and_a_number_is_exact() -> None:
    assert delimited._texts(["=1+1", "-1", "-", "a"], "text") == ["'=1+1", "'-1", "-", "a"]
    assert delimited._texts([0.1, None, math.nan, math.inf, 3], "number") == ["0.1", "", "", "inf", "3"]


def test_the_command(run_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["export", str(run_file.parent), "--format", "csv", "--out", str(out), "--without-waveforms"]) == 0
    assert sorted(path.name.rsplit(".", 2)[1] for path in out.iterdir()) == ["events", "facts", "points", "results"]
    assert len(capsys.readouterr().out.splitlines()) == 4
    bad = tmp_path / "bad.nxs"
    bad.write_bytes(b"x")
    assert main(["export", str(run_file), str(bad), "--format", "matlab", "--out", str(out), "--json"]) == 2
    told = capsys.readouterr()
    assert list(json.loads(told.out)["exported"]) == [str(run_file)] and "bad.nxs" in told.err


def test_the_command_offers_what_the_storage_writes() -> None:
    from tsbench.cli import exporting

    assert exporting._FORMATS == run_export.FORMATS

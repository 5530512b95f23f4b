"""Exports of EasyEXPERT in their documented layouts, and stores of ArC Instruments."""

import csv
import gzip

import h5py
import numpy as np
import pytest

from tests.fixtures.foreign_sweep import ON, sweep
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import analyse_files
from tsbench.importers.easyexpert.easyexpert import EasyExpert
from tsbench.importers.foreign import Match

VOLTAGE, CURRENT = sweep()


def thresholds(analysis):
    return [row["value"] for row in analysis.rows if row["quantity"] == "threshold_voltage"]


# -------------------------------------------------------------------------------------------- EasyEXPERT

PARAMETERS = [
    ("Channel.UnitType", "SMU", "SMU"), ("Channel.Unit", "SMU1:HR", "SMU2:HR"), ("Channel.IName", "Itop", "Ibottom"),
    ("Channel.VName", "Vtop", "Vbottom"), ("Channel.Mode", "V", "COMMON"), ("Channel.Func", "VAR1", "CONST"),
    ("Measurement.Primary.Locus", "Double"), ("Measurement.Primary.Start", "0"), ("Measurement.Primary.Stop", "1"),
    ("Measurement.Primary.Step", "0.02"), ("Measurement.Primary.Compliance", "0.0005")]


def keyword_export(title="IV", scale=1.0, second=1, current=CURRENT, points=VOLTAGE.size):
    """Return the lines of one result in the export with a keyword on each line."""
    size = points // second
    return [
        f"SetupTitle, {title}", "PrimitiveTest, I/V Sweep", "TestParameter, Context.MainFrame, B1500A",
        *(f"TestParameter, {', '.join(cells)}" for cells in PARAMETERS),
        "MetaData, TestRecord.RecordTime, 12/04/2022 08:42:23", f"AnalysisSetup, Analysis.Setup.Title, {title}",
        f"Dimension1, {size}, {size}", f"Dimension2, {second}, {second}", "DataName, Vtop, Itop, Ibottom",
        *(f"DataValue, {v!r}, {scale * i!r}, {-scale * i!r}"
          for v, i in zip(VOLTAGE[:points].tolist(), current[:points].tolist(), strict=True))]


def written(path, lines, encoding="utf-8"):
    path.write_text("\r\n".join(["", *lines, ""]), encoding=encoding, newline="")
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_an_export_with_keywords(tmp_path, encoding):
    found = analyse_files([written(tmp_path / "iv.csv", keyword_export(), encoding)])
    assert found.understood[0].startswith("iv.csv: an export of EasyEXPERT, this file is read as sweep, 2 half-sweeps")
    assert "voltage = 'Vtop' [V], current = 'Itop' [A]" in found.understood[0]   # the swept channel
    assert thresholds(found) == pytest.approx([ON, ON])


def test_the_compliance_of_the_swept_channel_flags_the_readings(tmp_path):
    path = written(tmp_path / "iv.csv", keyword_export(current=np.clip(CURRENT, 0, 5e-4)))
    (table,) = EasyExpert().read(path).tables
    assert table.compliance == 5e-4
    flags = {flag for row in analyse_files([path]).rows for flag in row["flags"]}
    assert "compliance" in flags


def test_an_export_with_a_plain_table(tmp_path):
    lines = [
        "Setup title,IV", 'Classic test name,"I/V Sweep"', "Test date,2025/03/03", "Device ID,A3", "Count,2",
        *(",".join(cells) for cells in PARAMETERS), "AutoAnalysis.Marker.Data.StartCondition,", "Vtop,Itop,grad,",
        *(f"{v!r},{i!r},0," for v, i in zip(VOLTAGE.tolist(), CURRENT.tolist(), strict=True))]
    path = tmp_path / "iv.csv"
    path.write_text("\n".join(lines) + "\n")
    assert EasyExpert().recognises(path, path.read_bytes()[:4096]) is Match.PROGRAM
    assert thresholds(analyse_files([path])) == pytest.approx([ON, ON])


def test_results_of_one_test_are_cycles_and_of_two_tests_are_not(tmp_path):
    same = written(tmp_path / "same.csv", keyword_export(points=101) + keyword_export(scale=0.5, points=101))
    found = analyse_files([same])
    assert any("2 results of 'IV' with the same settings are read as the cycles" in line for line in found.lines)
    cycles = [row["conditions"]["cycle"] for row in found.rows if row["quantity"] == "threshold_voltage"]
    assert cycles == [1, 2]
    assert len(thresholds(analyse_files([same], table="2: IV"))) == 1
    two = written(tmp_path / "two.csv", keyword_export("forming") + keyword_export("IV"))
    assert len(analyse_files([two]).understood) == 2


def test_a_secondary_sweep_gives_traces(tmp_path):
    found = analyse_files([written(tmp_path / "iv.csv", keyword_export(second=2))])
    assert any("2 traces of the secondary sweep" in line for line in found.lines)
    assert thresholds(found) == pytest.approx([ON, ON])


def test_an_application_test_names_the_columns_as_its_author_did(tmp_path):
    lines = [
        "SetupTitle, Cell", "ApplicationTest, Resistive Memory", "TestParameter, Vread, 0.1", "Dimension1, 202, 202",
        "Dimension2, 1, 1", "DataName, Vte, Ite, R, Ireset",
        *(f"DataValue, {v!r}, {i!r}, 1000, 0" for v, i in zip(VOLTAGE.tolist(), CURRENT.tolist(), strict=True))]
    found = analyse_files([written(tmp_path / "iv.csv", lines)])
    assert "voltage = 'Vte' [no unit is given, V is assumed], current = 'Ite' [no" in found.understood[0]


def test_broken_exports_are_a_line(tmp_path):
    with pytest.raises(UnreadableFile, match="no readings"):
        analyse_files([written(tmp_path / "a.csv", keyword_export()[:18])])
    lines = keyword_export()
    lines[25] = "DataValue, 0.1, ??, 0"
    with pytest.raises(UnreadableFile, match=r"'\?\?' in column 'Itop' is not a number"):
        analyse_files([written(tmp_path / "b.csv", lines)])


def test_a_last_line_that_lacks_only_its_end_is_read(tmp_path):
    def ending(lines, end):
        path = tmp_path / "iv.csv"
        path.write_text("\n".join(lines) + end, newline="")
        (table,) = (found := EasyExpert().read(path)).tables
        return table.rows, table.columns[-1].values[-1], [*found.remarks, *table.remarks]

    lines = keyword_export()
    lines[-1] = "DataValue, 0.1, 0.2, 3.8E-06"
    assert ending(lines, "") == ending(lines, "\n") == (VOLTAGE.size, 3.8e-6, [])
    for cut in (2, 4):   # "3.8E-" is no number, and "3.8E-0" and "3.8" would be wrong ones
        rows, value, said = ending([*lines[:-1], lines[-1][:-cut]], "")
        assert rows == VOLTAGE.size and np.isnan(value) and "Digits may be missing" in said[0] and len(said) == 1
    rows, value, said = ending([*lines[:-1], "DataValue, 0.1, 0.2,"], "")
    assert rows == VOLTAGE.size and np.isnan(value) and "ends before the last number" in said[0]
    rows, _, said = ending([*lines[:-1], "DataValue, 0.1, 0.2"], "")   # a cell is missing
    assert rows == VOLTAGE.size - 1 and "is left out" in said[0] and "but holds" in said[1]
    rows, _, said = ending(lines[:-1], "")   # fewer rows than announced
    assert rows == VOLTAGE.size - 2 and "is left out" in said[0] and "but holds" in said[1]
    bare = [line for line in lines if not line.startswith("Dimension")]   # nothing is announced
    assert ending(bare, "")[0] == VOLTAGE.size - 1


# --------------------------------------------------------------------------------------------------- ArC

CURVE_TRACER = [("voltage", "<f4"), ("current", "<f4"), ("read_voltage", "<f4")]
RETENTION = [("read_voltage", "<f4"), ("current", "<f4"), ("tstamp_s", "<u8"), ("tstamp_us", "<u8")]
HISTORY = [("current", "<f4"), ("voltage", "<f4"), ("pulse_width", "<f4"), ("read_voltage", "<f4"), ("op_type", "<u4")]


def store(path, experiments):
    """Write a store in the layout that the docstring of arc2control's H5DataStore gives."""
    with h5py.File(path, "w") as file:
        file.attrs.update(H5DS_VERSION_MAJOR=0, H5DS_VERSION_MINOR=2, words=32, bits=32)
        for group in ("crossbar", "crosspoints", "synthetics"):
            file.create_group(group)
        for name, rows in experiments.items():
            point, _, tag = name.partition("/")
            where = f"crosspoints/{point}/" + (tag if tag == "timeseries" else f"experiments/{tag}")
            data = file.create_dataset(where, data=rows, maxshape=(None,), chunks=True)
            data.attrs.update(NROWS=0, TITLE=tag, CLASS="TABLE")
    return path


def curve(read_voltage):
    rows = np.zeros(VOLTAGE.size, dtype=CURVE_TRACER)
    rows["voltage"], rows["current"], rows["read_voltage"] = VOLTAGE, CURRENT, read_voltage
    return rows


def test_a_store_of_arc_two(tmp_path):
    path = store(tmp_path / "a.h5", {
        "W01B02/CT_1700000000000000000": curve(VOLTAGE), "W01B02/timeseries": np.zeros(1000, dtype=HISTORY),
        "W03B04/CT_1700000000000000001": curve(0.2)})
    found = analyse_files([path])
    assert found.understood[0].startswith("a.h5:W01B02/CT_1700000000000000000: a store of ArC TWO, this file is ")
    assert thresholds(found) == pytest.approx([ON, ON], abs=1e-6)
    (problem,) = found.problems   # after each voltage, the second device was read at 0.2 V
    assert "table 'W03B04/CT_1700000000000000001': the current was read at 0.2 V after each voltage" in problem
    with pytest.raises(ConfigurationError, match="this table is the history of a crosspoint"):
        analyse_files([path], table="W01B02/timeseries")


def test_the_retention_of_arc_two_has_a_time(tmp_path):
    from tsbench.importers.arc.arc_two import ArcTwo

    rows = np.zeros(5, dtype=RETENTION)
    rows["tstamp_s"], rows["tstamp_us"] = 1_700_000_000 + np.arange(5), [900_000, 0, 0, 0, 500_000]
    rows["read_voltage"], rows["current"] = 0.2, 1e-6
    (table,) = ArcTwo().read(store(tmp_path / "a.h5", {"W01B02/RET_1": rows})).tables
    columns = {column.role: column for column in table.columns if column.role}
    assert columns["time"].values == pytest.approx([0.0, 0.1, 1.1, 2.1, 3.6])
    assert columns["voltage"].values == pytest.approx(0.2)


def session(path, opener=open):
    """Write a session as ArC ONE's saveSession does."""
    with opener(path, "wt", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["my session"])
        writer.writerow(["Mon Jan  1 10:00:00 2024"])
        writer.writerow(["Wordline", "Bitline", "Resistance", "Amplitude (V)", "Pulse width (s)", "Tag", "ReadTag",
                         "ReadVoltage"])
        writer.writerow([2, 3, 12000.0, 0.5, 0, "S R2 V=0.5", "", 0.5])
        for k, (volts, amps) in enumerate(zip(VOLTAGE, CURRENT, strict=True)):
            tag = "CT_s" if k == 0 else "CT_e" if k == VOLTAGE.size - 1 else f"CT_i_{1 + k // 101}"
            writer.writerow([2, 3, volts / amps if amps else "inf", volts, 0.002, tag, "R2 V=0.5", volts])
    return path


@pytest.mark.parametrize(("name", "opener"), [("s.csv", open), ("s.csv.gz", gzip.open)])
def test_a_session_of_arc_one(tmp_path, name, opener):
    found = analyse_files([session(tmp_path / name, opener)])
    assert "a session of ArC ONE" in found.understood[0]
    assert "current = 'current from resistance' [A]" in found.understood[0]
    assert thresholds(found) == pytest.approx([ON, ON])
    assert any("has no time of a reading: 1 of S" in line for line in found.lines)
    path = tmp_path / name
    if name.endswith("gz"):
        path.write_bytes(path.read_bytes()[:-300])
        with pytest.raises(UnreadableFile, match="damaged"):
            analyse_files([path])

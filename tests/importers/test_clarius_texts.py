"""Text files with a run of Clarius and its settings, in the layout of the sheets of its workbooks."""

import numpy as np
import pytest

from tests.fixtures.foreign_sweep import ON, sweep
from tsbench.extraction import analyse_files
from tsbench.importers.foreign import Match
from tsbench.importers.workbooks.clarius_text import ClariusText

VOLTAGE, CURRENT = sweep(1)
CURRENT = np.clip(CURRENT, 0, 5e-4)


def settings(compliance="0.0005"):
    return [
        ["=" * 34], ["Run4"], ["=" * 34], [], ["Test Name", "SET#1@1"], ["Mode", "Sweeping"],
        ["Last Executed", "08/27/2026 17:08:47"], ["Clarius+ Version", "V1.13"], [], ["Device Terminal", "B", "A"],
        ["Instrument", "SMU2", "SMU1"], ["Name", "BV", "AV"], ["Operation Mode", "Common", "Voltage Linear Sweep"],
        ["Start/Bias", "N/A", "0"], ["Stop", "N/A", "1"], ["Step", "N/A", "0.02"], ["Compliance", "0.105", compliance],
        ["Measure Voltage", "N/A", "Programmed"], ["Dual Sweep", "N/A", "Enabled"], [], ["Formulas"], ["I = ABS(AI)"]]


def readings(number=repr):
    return [["Time", "AI", "AV", "I"], *[
        [number(0.1 * k), number(float(i)), number(float(v)), number(abs(float(i)))]
        for k, (v, i) in enumerate(zip(VOLTAGE, CURRENT, strict=True))]]


def written(path, rows, delimiter=",", encoding="utf-8", end="\r\n"):
    path.write_text("".join(delimiter.join(row) + end for row in rows), encoding=encoding, newline="")
    return path


@pytest.mark.parametrize("first", ["readings", "settings"])
@pytest.mark.parametrize(("delimiter", "encoding", "end"), [
    (",", "utf-8", "\r\n"), ("\t", "utf-16", "\n"), (";", "utf-8-sig", "\r")])
def test_a_run_and_its_settings(tmp_path, first, delimiter, encoding, end):
    parts = [readings(), settings()] if first == "readings" else [settings(), readings()]
    path = written(tmp_path / "set.csv", [*parts[0], [], *parts[1]], delimiter, encoding, end)
    assert ClariusText().recognises(path, path.read_bytes()[: 1 << 16]) is Match.PROGRAM
    found = analyse_files([path])
    assert found.understood[0].startswith("set.csv: an export of Keithley Clarius, this file is read as sweep")
    assert "current = 'AI' [A], voltage = 'AV' [V]" in found.understood[0]   # not the calculated I
    assert [row["value"] for row in found.rows if row["quantity"] == "threshold_voltage"] == pytest.approx([ON])
    limited = int(np.count_nonzero(CURRENT >= 0.98 * 5e-4))
    assert any(f"{limited} of 101 readings are in compliance (500 uA)" in line for line in found.lines)
    assert any("the voltage of Run4 is the programmed one" in line for line in found.lines)


def test_a_decimal_comma_between_semicolons(tmp_path):
    rows = [*readings(lambda value: f"{value:.9g}".replace(".", ",")), [], *settings("0,0005")]
    rows = [[cell.replace("0.105", "0,105").replace("0.02", "0,02").replace("V1.13", "V1") for cell in row]
            for row in rows]
    found = analyse_files([written(tmp_path / "set.csv", rows, ";")])
    assert [row["value"] for row in found.rows if row["quantity"] == "threshold_voltage"] == pytest.approx([ON])
    assert any("in compliance (500 uA)" in line for line in found.lines)


@pytest.mark.parametrize(("compliance", "said"), [
    ("500 uA", "in compliance (500 uA)"), ("5E-4", "in compliance (500 uA)"),
    ("as before", "the compliance 'as before' of Run4 is not understood")])
def test_the_compliance_with_a_unit_or_in_words(tmp_path, compliance, said):
    found = analyse_files([written(tmp_path / "set.csv", [*readings(), *settings(compliance)])])
    assert any(said in line for line in found.lines)


def test_readings_alone_are_a_text_table_without_units(tmp_path):
    path = written(tmp_path / "run.csv", readings())
    assert ClariusText().recognises(path, path.read_bytes()) is Match.NO
    found = analyse_files([path])
    assert "' [no unit is given, A is assumed]" in found.understood[0]

"""Workbooks that openpyxl writes, and workbooks in the layout of Clarius."""

import datetime

import numpy as np
import openpyxl
import pytest

from tests.fixtures.foreign_sweep import sweep
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import analyse_files
from tsbench.importers.cycles import joined_cycles
from tsbench.importers.foreign import ForeignColumn, ForeignTable, Match
from tsbench.importers.workbooks.workbooks import Workbooks


def workbook(path, **sheets):
    """Write a workbook: name of a sheet -> rows of cells."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
            for cell in sheet[sheet.max_row]:
                if isinstance(cell.value, str) and cell.value.startswith("=="):
                    cell.data_type = "s"   # a line of "=" is no formula
    book.save(path)
    return path


def rows_of(*columns):
    return [list(map(float, row)) for row in zip(*columns, strict=True)]


def thresholds(analysis):
    return [row["value"] for row in analysis.rows if row["quantity"] == "threshold_voltage"]


def test_a_sheet_with_names_units_and_settings_above(tmp_path):
    voltage, current = sweep()
    path = workbook(tmp_path / "iv.xlsx", Data=[
        ["Sample", "A3"], ["Date", datetime.datetime(2026, 1, 2, 3, 4)], ["Compliance", 0.001], [],
        ["Voltage", "Current", "Remark"], ["mV", r"\g(m)A", None],
        *[[v, i, "first" if k == 0 else None] for k, (v, i) in enumerate(rows_of(1e3 * voltage, 1e6 * current))]])
    assert Workbooks().recognises(path, path.read_bytes()[:100]) is Match.FORMAT
    found = analyse_files([path])
    assert "voltage = 'Voltage' [mV], current = 'Current' [μA]" in found.understood[0]
    assert thresholds(found) == pytest.approx([0.59, 0.59])
    (table,) = Workbooks().read(path).tables
    assert table.settings["Sample"] == "A3" and table.settings["Compliance"] == "0.001"


def test_tables_side_by_side_and_several_sheets(tmp_path):
    voltage, current = sweep()
    both = [["V (V)", "I (A)", None, "V (V)", "I (A)"],
            *[[v, i, None, v, j] for v, i, j in rows_of(voltage, current, 0.5 * current)]]
    path = workbook(tmp_path / "iv.xlsx", First=both, Notes=[["hello"]], Second=[row[:2] for row in both])
    names = [table.name for table in Workbooks().read(path).tables]
    assert names == ["First, columns A to B", "First, columns D to E", "Second"]
    assert len(analyse_files([path]).understood) == 3
    assert len(analyse_files([path], table="Second").understood) == 1
    with pytest.raises(ConfigurationError, match=r"no table 'Secnd'\. Did you mean 'Second'"):
        analyse_files([path], table="Secnd")


def test_one_sheet_of_several_that_is_no_measurement_is_a_problem_of_its_own(tmp_path):
    voltage, current = sweep()
    path = workbook(
        tmp_path / "iv.xlsx", IV=[["V", "I"], *rows_of(voltage, current)],
        Yield=[["Chip", "Working"], [1.0, 20.0], [2.0, 30.0]])
    found = analyse_files([path])
    assert len(found.understood) == 1
    (problem,) = found.problems
    assert "iv.xlsx, table 'Yield': the columns of voltage and current" in problem


def test_text_in_a_column_leaves_the_row_out(tmp_path):
    voltage, current = sweep()
    rows = rows_of(voltage, current)
    rows[7][1] = "#N/A"
    rows[9][1] = 9.91e37
    found = analyse_files([workbook(tmp_path / "iv.xlsx", IV=[["V [V]", "I [A]"], *rows])])
    assert any("row 8 is left out" in line and "1 more row is left out" in line for line in found.lines)


def test_damaged_and_protected_workbooks_are_a_line(tmp_path):
    path = workbook(tmp_path / "iv.xlsx", IV=[["V", "I"], *rows_of(*sweep())])
    content = path.read_bytes()
    for cut in (30, 300, len(content) // 2, len(content) - 40):
        path.write_bytes(content[:cut])
        with pytest.raises(UnreadableFile, match="damaged"):
            analyse_files([path])
        with pytest.raises(UnreadableFile, match="damaged"):
            Workbooks().read(path)
    path.write_bytes(content)
    empty = workbook(tmp_path / "empty.xlsx", Sheet=[["only", "words"]])
    with pytest.raises(UnreadableFile, match="no table of numbers"):
        analyse_files([empty])


def test_without_the_library_the_message_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "python_calamine", None)
    path = workbook(tmp_path / "iv.xlsx", IV=[["V", "I"], *rows_of(*sweep())])
    with pytest.raises(ConfigurationError, match=r"python-calamine.*pip install \"tsbench\[import\]\""):
        analyse_files([path])


# ------------------------------------------------------------------------------------------------ Clarius


def section(run, cycle=None, stop="1", terminals=("Common", "Voltage Linear Sweep")):
    """Return the rows of "Settings" for one run, as Clarius+ V1.14 writes them."""
    title = [["=" * 34], [run], ["=" * 34]]
    if cycle is not None:
        title += [["=" * 34], [f"Cycle {cycle}"], ["=" * 34]]
    return [
        *title, [None], ["Test Name", "SET#1@1"], ["Mode", "Sweeping"], ["Clarius+ Version", "V1.14.0"], [None],
        ["Device Terminal", "B", "A"], ["Instrument", "SMU2", "SMU1"], ["Name", "BV", "AV"],
        ["Operation Mode", *terminals], ["Start/Bias", "N/A", "0"], ["Stop", "N/A", stop], ["Step", "N/A", "0.02"],
        ["Compliance", "0.105", "0.0005"], ["Measure Voltage", "N/A", "Programmed"], ["Dual Sweep", "N/A", "Enabled"],
        [None], ["Formulas"], ["I = ABS(AI)"], ["VSET = ABS(AT(AV, MAXPOS(I)))"], ["     "]]


def data(current_scale=1.0):
    voltage, current = sweep(1)
    time = 0.1 * np.arange(voltage.size)
    current = np.clip(-current_scale * current, -5e-4, 0.0)
    return [["Time", "AI", "AV", "I", "VSET"], *[
        [t, i, -v, abs(i), 0.6 if k == 0 else None]
        for k, (t, i, v) in enumerate(rows_of(time, current, voltage))]]


def test_a_run_of_clarius(tmp_path):
    path = workbook(tmp_path / "set.xlsx", Run4=data(), Calc=[], Settings=section("Run4"))
    found = analyse_files([path])
    assert found.understood[0].startswith("set.xlsx: a workbook of Keithley Clarius, this file is read as sweep")
    assert "current = 'AI' [A], voltage = 'AV' [V]" in found.understood[0]   # not the calculated I
    assert thresholds(found) == pytest.approx([-0.59])
    assert any("the voltage of Run4 is the programmed one" in line for line in found.lines)
    limited = sum(abs(row[1]) >= 0.98 * 5e-4 for row in data()[1:])
    assert limited > 40 and any(f"{limited} of 101 readings are in compliance (500 uA)" in line for line in found.lines)
    (table,) = Workbooks().read(path).tables
    assert table.compliance == 5e-4 and table.settings["Test Name"] == "SET#1@1"


def test_the_cycles_of_a_test_are_one_sweep_in_the_order_of_measurement(tmp_path):
    """Clarius puts the last run first, then Calc and Settings, then the others."""
    path = workbook(
        tmp_path / "set.xlsx", Run12=data(0.3), Calc=[], Settings=[
            *section("Run12", 3), *section("Run11", 2), *section("Run10", 1), *section("Run9", 1, stop="2")],
        Run11=data(0.2), Run10=data(0.1), Run9=data())
    first, second = Workbooks().read(path).tables
    assert (first.name, second.name) == ("Run9", "Run10 to Run12")   # Run9 stops elsewhere: another test
    cycle = second.columns[-1]
    assert (cycle.name, cycle.role, np.unique(cycle.values).tolist()) == ("cycle", "cycle", [1.0, 2.0, 3.0])
    highest = [np.abs(second.columns[1].values[cycle.values == n]).max() for n in (1, 2, 3)]
    assert highest == pytest.approx([1e-4, 2e-4, 3e-4])
    found = analyse_files([path], table="Run10 to Run12")
    assert len(thresholds(found)) == 3
    assert len(thresholds(analyse_files([path], table="Run11"))) == 1


def test_runs_without_settings_are_cycles_if_their_voltages_are_the_same(tmp_path):
    """Clarius writes only the names of the runs where the settings were not kept."""
    rules = [["=" * 34], ["Run2"], ["=" * 34], ["=" * 34], ["Run1"], ["=" * 34]]
    path = workbook(tmp_path / "set.xlsx", Run2=data(), Calc=[], Settings=rules, Run1=data(0.5))
    (table,) = Workbooks().read(path).tables
    assert table.name == "Run1 to Run2"
    assert len(thresholds(analyse_files([path]))) == 2


def test_sheets_that_a_person_named_are_no_cycles(tmp_path):
    """Each holds another transistor, though the test and its settings are the same."""
    names = ["W=1um L=2um", "W=1um L=5um", "Run7", "Run8"]
    path = workbook(tmp_path / "set.xlsx", **{name: data(0.1 * k + 0.1) for k, name in enumerate(names)},
                    Settings=[row for name in names for row in section(name)])
    assert [table.name for table in Workbooks().read(path).tables] == [*names[:2], "Run7 to Run8"]


def test_the_steps_of_a_family_have_units(tmp_path):
    rows = [[f"Drain{q}({n})" for n in (1, 2) for q in "IV"], *[[1e-6 * k, 0.01 * k] * 2 for k in range(50)]]
    path = workbook(tmp_path / "family.xlsx", Data=rows, Settings=section("Data"))
    with pytest.raises(ConfigurationError, match=r"2 steps .*'voltage=2\.\.4:2,current=1\.\.3:2'"):
        analyse_files([path])
    first, second = analyse_files([path], "voltage=2..4:2").understood
    assert "voltage = 'DrainV(1)' [V], current = 'DrainI(1)' [A]" in first
    assert "voltage = 'DrainV(2)' [V], current = 'DrainI(2)' [A]" in second


def test_two_swept_terminals_are_a_question(tmp_path):
    rows = [["Time", "AI", "AV", "BI", "BV"], *[[0.1 * k, 1e-6 * k, 0.01 * k, -1e-6 * k, 0.02 * k] for k in range(50)]]
    settings = section("Run1", terminals=("Voltage Linear Sweep", "Voltage Linear Sweep"))
    path = workbook(tmp_path / "two.xlsx", Run1=rows, Settings=settings)
    with pytest.raises(ConfigurationError, match="terminals A, B each have a voltage and a current"):
        analyse_files([path])
    assert analyse_files([path], "voltage=AV,current=AI").rows
    assert "voltage = 'BV' [V], current = 'BI' [A]" in analyse_files([path], "voltage=BV").understood[0]


def test_one_column_that_is_named_replaces_that_of_the_settings(tmp_path):
    """The user names a terminal that is not the swept one: the current is that of the same terminal."""
    rows = [["Time", "AI", "AV", "BI", "BV"], *[[0.1 * k, 1e-6 * k, 0.01 * k, -1e-6 * k, 0.02 * k] for k in range(50)]]
    path = workbook(tmp_path / "one.xlsx", Run1=rows, Settings=section("Run1"))
    assert "current = 'AI' [A]" in analyse_files([path]).understood[0]
    assert "voltage = 'BV' [V], current = 'BI' [A]" in analyse_files([path], "voltage=BV").understood[0]
    with pytest.raises(ConfigurationError, match=r"column 3 \('AV'\) for two roles, voltage and current"):
        analyse_files([path], "voltage=AV,current=AV [A]")


def test_the_summary_of_many_cycles_has_no_readings(tmp_path):
    path = workbook(
        tmp_path / "ratio.xlsx", Sheet=[["Cycle", "SET#1", "SET#1"], ["Index", "ILRS", "IHRS"], ["1", 1e-4, 1e-6],
                                        ["2", 1e-4, 1e-6]],
        Settings=[["Subsite Name", "reram"], ["Cycle Mode", "Cycle Mode"], ["Total Cycles", "2"]])
    with pytest.raises(UnreadableFile, match="summary of Clarius over many cycles"):
        analyse_files([path])


def rows_of_a_sweep():
    voltage, current, *_ = sweep()
    return [["V (V)", "I (A)"], *([float(a), float(b)] for a, b in zip(voltage, current, strict=True))]


@pytest.mark.parametrize(("cells", "says"), [
    (["1,6", "2,5e-3"], "'1,6' is no number"), ([1.6, "2,5e-3"], "convert the texts to numbers"),
    ([1.6, "OVLD"], "write inf")])
@pytest.mark.parametrize("end", [False, True])
def test_a_text_among_the_readings_is_said_and_no_row_is_lost(tmp_path, cells, says, end):
    rows = rows_of_a_sweep()
    place = len(rows) * 2 // 3
    rows[place:] = [cells] * (len(rows) - place) if end else [cells, *rows[place + 1 :]]
    with pytest.raises(ConfigurationError, match=says) as told:
        analyse_files([workbook(tmp_path / "a.xlsx", Sheet=rows)])
    assert f"{place + 1}: '" in str(told.value)
    lines = analyse_files([tmp_path / "a.xlsx"], "voltage=V (V),current=I (A)").lines
    assert any(says in line and f"{place + 1}: '" in line for line in lines)


def test_a_question_about_one_cycle_is_one_about_all_of_them():
    column = ForeignColumn("V", "V", np.zeros(3))
    one, other = (ForeignTable(name, (column,), question=asked) for name, asked in (("Run1", ""), ("Run2", "why?")))
    assert joined_cycles([one, other], "Run1 to Run2", "joined").question == "why?"


def test_a_summary_below_the_readings_is_left_out_in_words(tmp_path):
    rows = rows_of_a_sweep()
    analysis = analyse_files([workbook(tmp_path / "a.xlsx", Sheet=[*rows, ["mean", 1.25e-3]])])
    assert any(f"row {len(rows) + 1} ('mean, 0.00125') is not read" in line for line in analysis.lines)
    assert analysis.rows


def test_readings_beyond_the_range_in_a_workbook_are_infinite(tmp_path):
    rows = [["V (V)", "I (A)"], *([0.02 * k, 1e-9 * k if k < 50 else "inf"] for k in range(101)),
            *([0.02 * k, "inf" if k > 20 else 1e-9 * k] for k in range(99, -1, -1))]
    found = {row["quantity"]: row for row in analyse_files([workbook(tmp_path / "a.xlsx", Sheet=rows)]).rows}
    assert found["threshold_voltage"]["low"] == pytest.approx(0.98)
    assert "overflow" in found["threshold_voltage"]["flags"]


def test_sheets_that_are_not_read_are_named_beside_others(tmp_path):
    comma = [["V (V)", "I (A)"], *(["1,5", "2,5e-3"] for _ in range(20))]
    alone = [["V (V)", "I (A)"], *([0.1 * k, None] for k in range(20))]
    path = workbook(tmp_path / "a.xlsx", Sweep=rows_of_a_sweep(), Komma=comma, Formula=alone)
    lines = analyse_files([path]).lines
    assert any("sheet 'Komma' holds texts with a decimal comma" in line for line in lines)
    assert any("sheet 'Formula' is not read" in line for line in lines)
    with pytest.raises(UnreadableFile, match="formula whose value is not stored"):
        analyse_files([workbook(tmp_path / "b.xlsx", Formula=alone)])

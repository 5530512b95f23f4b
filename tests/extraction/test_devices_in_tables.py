"""Several devices or temperatures below one another in one table, and headers that come again."""

import numpy as np
import openpyxl
import pytest

from tests.fixtures.foreign_sweep import ON, sweep
from tsbench.cli import main
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import analyse_files

VOLTAGE, CURRENT = sweep(1)


def rows(volts=VOLTAGE, before=""):
    return "".join(f"{before}{v:.6g},{i:.6g}\n" for v, i in zip(volts, CURRENT, strict=True))


def written(path, header, *parts):
    path.write_text(f"{header}\n" + "".join(parts))
    return path


def thresholds(found):
    return {row["run"].partition(":")[2]: row["value"] for row in found.rows if row["quantity"] == "threshold_voltage"}


@pytest.mark.parametrize("name", ["device", "Sample", "Die", "Device ID", "chip"])
def test_each_device_is_a_table(tmp_path, name):
    path = written(tmp_path / "a.csv", f"{name},V (V),I (A)", rows(before="D1,"), rows(0.5 * VOLTAGE, "D2,"))
    found = analyse_files([path])
    assert thresholds(found) == pytest.approx({"D1": ON, "D2": 0.5 * ON})
    assert sum(f"the rows are separated by the column {name}" in line for line in found.lines) == 1
    assert not any("not used" in line for line in found.lines)
    assert thresholds(analyse_files([path], table="D2")) == pytest.approx({"D2": 0.5 * ON})


def test_rows_of_two_devices_in_turn(tmp_path):
    one, two = rows(before="1,").splitlines(True), rows(0.5 * VOLTAGE, "2,").splitlines(True)
    path = written(tmp_path / "a.csv", "device,V (V),I (A)", *[line for pair in zip(one, two, strict=True)
                                                               for line in pair])
    assert thresholds(analyse_files([path])) == pytest.approx({"1": ON, "2": 0.5 * ON})


def test_each_temperature_is_a_table_and_with_devices_each_pair(tmp_path):
    path = written(
        tmp_path / "a.csv", "T (K),V (V),I (A)", rows(before="300,"), rows(0.8 * VOLTAGE, "320,"))
    assert thresholds(analyse_files([path])) == pytest.approx({"300": ON, "320": 0.8 * ON})
    both = written(
        tmp_path / "b.csv", "device,cycle,T,V (V),I (A)",
        *[rows(k * VOLTAGE, f"D{k},{cycle},300,") for k in (1, 2) for cycle in (1, 2)], rows(before="D1,1,310,"))
    found = analyse_files([both])
    assert sorted(thresholds(found)) == ["D1, 300", "D1, 310", "D2, 300"]
    cycles = [row["conditions"]["cycle"] for row in found.rows if row["quantity"] == "threshold_voltage"]
    assert cycles == [1, 2, 1, 2, 1]


def test_a_temperature_that_was_read_separates_nothing(tmp_path):
    kelvin = 300 + np.round(np.random.default_rng(1).normal(0, 0.1, VOLTAGE.size), 2)
    path = tmp_path / "a.csv"
    path.write_text("Temperature (K),V (V),I (A)\n" + "".join(
        f"{k:.2f},{line}" for k, line in zip(kelvin, rows().splitlines(True), strict=True)))
    found = analyse_files([path])
    assert list(thresholds(found).values()) == pytest.approx([ON])
    assert any("column 'Temperature (K)' changes within the table" in line for line in found.lines)


def test_other_columns_are_named_once(tmp_path):
    path = written(tmp_path / "a.csv", "Index,V (V),I (A),Note", *[
        f"{k},{line.strip()},ok\n" for k, line in enumerate(rows().splitlines())])
    said = [line for line in analyse_files([path]).lines if "not used" in line]
    assert len(said) == 1 and "2 other columns are not used: Index, Note" in said[0]


def test_devices_in_a_workbook_and_in_results_of_pymeasure(tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Sample", "V (V)", "I (A)"])
    for name, factor in (("A3", 1.0), ("B7", 0.5)):
        for volts, amps in zip(factor * VOLTAGE, CURRENT, strict=True):
            book.active.append([name, float(volts), float(amps)])
    book.save(tmp_path / "a.xlsx")
    assert thresholds(analyse_files([tmp_path / "a.xlsx"])) == pytest.approx({"A3": ON, "B7": 0.5 * ON})
    path = written(tmp_path / "b.csv", "#Procedure: <lab.Sweep>\n#Parameters:\n#Data:\nDUT,Voltage (V),Current (A)",
                   rows(before="A3,"), rows(0.5 * VOLTAGE, "B7,"))
    assert thresholds(analyse_files([path])) == pytest.approx({"A3": ON, "B7": 0.5 * ON})


@pytest.mark.parametrize(("first", "second"), [("# V (V),I (A)", "# V (mV),I (A)"), ("V (mV),I (A)", "# V (V),I (A)"),
                                               ("V [V],I [A]", "#V [V],I [uA]")])
def test_a_header_that_comes_again_with_another_unit_is_a_question(tmp_path, first, second):
    path = written(tmp_path / "a.csv", first, rows(), second + "\n", rows())
    with pytest.raises(ConfigurationError, match="line 103 repeats the header with the unit"):
        analyse_files([path])
    same = written(tmp_path / "b.csv", first, rows(), "# " + first.lstrip("# ") + "\n", rows())
    assert len([row for row in analyse_files([same]).rows if row["quantity"] == "threshold_voltage"]) == 2


def test_a_header_among_the_rows_is_said_to_be_one(tmp_path):
    path = written(tmp_path / "a.csv", "V (V),I (A)", rows(), "V (V),I (A)\n", rows())
    with pytest.raises(UnreadableFile, match="line 103 repeats the header, so the file holds several tables"):
        analyse_files([path])
    path = written(tmp_path / "b.csv", "#Procedure: <lab.Sweep>\n#Parameters:\n#Data:\nVoltage (V),Current (A)", rows(),
                   "#Procedure: <lab.Sweep>\n#Data:\nVoltage (V),Current (A)\n", rows())
    with pytest.raises(UnreadableFile, match="line 108 repeats the header, so the file holds the results of several"):
        analyse_files([path])


def parquet(path, volts):
    """Write a table of devices, one below the other, each with another highest voltage."""
    import pyarrow
    import pyarrow.parquet

    size = VOLTAGE.size
    pyarrow.parquet.write_table(pyarrow.table({
        "site": [f"S{k}" for k in range(len(volts)) for _ in range(size)],
        "Voltage [V]": np.concatenate([highest * VOLTAGE for highest in volts]),
        "Current [A]": np.tile(CURRENT, len(volts))}), path)
    return path


def test_one_device_of_a_file_of_another_program_is_chosen(tmp_path):
    path = parquet(tmp_path / "a.parquet", [1.0, 0.5, 2.0])
    assert thresholds(analyse_files([path], table="S1")) == pytest.approx({"S1": 0.5 * ON})
    with pytest.raises(ConfigurationError, match="S7"):
        analyse_files([path], table="S7")


def test_equal_questions_about_many_devices_are_one_line_and_say_what_to_do_if_the_unit_is_right(tmp_path):
    with pytest.raises(ConfigurationError, match=r"If the voltage is right, give \[V\]. The same holds for 7 more "
                                                 r"tables of this file, from 'S1' to 'S7'$") as raised:
        analyse_files([parquet(tmp_path / "a.parquet", [700.0 + k for k in range(8)])])
    assert str(raised.value).count("cannot be right") == 1
    found = analyse_files([parquet(tmp_path / "b.parquet", [1.0, *[700.0 + k for k in range(7)]])])
    assert len(found.problems) == 1 and "6 more tables" in found.problems[0] and set(thresholds(found)) == {"S0"}
    few = analyse_files([parquet(tmp_path / "c.parquet", [1.0, 700.0, 701.0])])
    assert len(few.problems) == 2
    good = parquet(tmp_path / "d.parquet", [1.0])
    all_of_one = analyse_files([parquet(tmp_path / "e.parquet", [700.0, 701.0, 702.0]), good])
    assert [sum(f"'S{k}'" in line for line in all_of_one.problems) for k in range(3)] == [1, 1, 1]


def test_no_question_is_lost_where_nothing_can_be_analysed(tmp_path, capsys):
    names = [str(parquet(tmp_path / f"{name}.parquet", [700.0, 701.0])) for name in ("a", "b")]
    with pytest.raises(ConfigurationError, match="'S1'") as raised:
        analyse_files(names)
    assert [f"{file}.parquet" in line and f"'S{k}'" in line for line, (file, k) in zip(
        raised.value.__notes__, [("a", 0), ("a", 1), ("b", 0)], strict=True)] == [True] * 3
    assert main(["analyse", *names]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 4 and all(line.startswith("tsbench: ") for line in said)

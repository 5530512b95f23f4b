"""Cells that are no numbers, and units in cells beside the numbers: the message says what to do."""

import pytest

from tsbench.analysis.tables.table import parse_table
from tsbench.errors import ConfigurationError, UnreadableFile


def read(text, columns=None):
    return parse_table(text.splitlines(keepends=True), columns, source="t.csv")


@pytest.mark.parametrize(("cell", "said"), [
    ("1.0D-03", "exponent has a D"), ("0.02 V", "A unit stands in the cell"), ("20mV", "A unit stands in the cell"),
    ("1.5p", "Letters stand behind"), ("OVER", "leave the cell blank"), ("---", "leave the cell blank"),
    ("*", "leave the cell blank"), ("hello", "$")])
def test_a_cell_that_is_no_number(cell, said):
    with pytest.raises(UnreadableFile, match=f"line 3: '.*' in column 'V' is not a number.*{said}"):
        read(f"V,I\n0.1,1e-9\n{cell},1e-9\n0.2,1e-9\n")


def test_rows_that_are_all_odd_are_no_row_of_units():
    rows = "".join(f"0.{k} V,{k} uA\n" for k in range(1, 9))
    with pytest.raises(UnreadableFile, match=r"'0.1 V' in column 'V', below the header, is not a number\. A unit"):
        read("V,I\n" + rows)
    rows = "".join(f"0.{k}D+00 {k}.0D-06\n" for k in range(1, 9))
    with pytest.raises(UnreadableFile, match=r"below the header, is not a number\. The exponent has a D"):
        read("V I\n" + rows)


def test_a_title_with_a_comma_is_not_the_header():
    with pytest.raises(ConfigurationError, match=r"'Voltage' below it is the name of a column\. If the first"):
        read("voltages in mV, currents in mA\nVoltage,Current\n1,2\n2,3\n")


ROWS = "".join(f"{k},Amp DC,{k}e-6,{{}} DC,0.{k},11/30/2026\n" for k in range(1, 9))
HEADER = "Index,Unit,Reading,Source Unit,Source,Time\n"


def test_units_in_cells_are_part_of_the_question_and_of_the_check():
    with pytest.raises(ConfigurationError, match=r"--columns 'current=Reading \[Amp DC\],voltage=Source \[Volt DC\]'"):
        read(HEADER + ROWS.format(*["Volt"] * 8))
    columns = {"voltage": "Source", "current": "Reading"}
    assert read(HEADER + ROWS.format(*["Volt"] * 8), columns).columns["voltage"][0] == pytest.approx(0.1)
    with pytest.raises(ConfigurationError, match="column 'Source Unit' says 'mV', but no unit is given"):
        read(HEADER + ROWS.format(*["mV"] * 8).replace("mV DC", "mV"), columns)


def test_each_column_of_units_belongs_to_its_own_readings():
    """The buffer of a 2450: the current with its unit, and further right the voltage with its own."""
    header = "Index,Reading,Unit,Terminal,Value,Unit,Digits\n"
    rows = "".join(f"{k},{k}e-12,Amp DC,Rear,0.{k},Volt DC,5.5\n" for k in range(1, 9))
    with pytest.raises(ConfigurationError, match=r"'current=Reading \[Amp DC\],voltage=Value \[Volt DC\]'$"):
        read(header + rows)
    table = read(header + rows, {"current": "Reading [Amp DC]", "voltage": "Value [Volt DC]"})
    assert table.columns["voltage"][0] == pytest.approx(0.1)
    assert table.columns["current"][0] == pytest.approx(1e-12, abs=1e-15)
    first = "Index,Unit,Reading,Unit,Value\n" + "".join(f"{k},Amp,{k}e-12,Volt,0.{k}\n" for k in range(1, 9))
    with pytest.raises(ConfigurationError, match=r"'current=Reading \[Amp\],voltage=Value \[Volt\]'$"):
        read(first)
    twice = "Reading,Unit,Reading,Unit\n" + "".join(f"{k}e-12,Amp,0.{k},Volt\n" for k in range(1, 9))
    with pytest.raises(ConfigurationError, match=r"'current=1 \[Amp\],voltage=3 \[Volt\]'$"):
        read(twice)


def test_one_column_for_two_roles_is_refused():
    with pytest.raises(ConfigurationError, match=r"column 1 \('V'\) for two roles, voltage and current\. Give each"):
        read("V,I\n1,2\n2,3\n", {"voltage": "V [V]", "current": "1 [A]"})

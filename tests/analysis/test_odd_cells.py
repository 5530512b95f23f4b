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

"""Decimal commas and thousands separators where a comma separates the cells: refused, never read as other numbers."""

import numpy as np
import pytest

from tsbench.errors import UnreadableFile
from tsbench.extraction import read_tables

TIME = (np.arange(200) - 20) * 1e-6
VOLTAGE = np.where((TIME > 0) & (TIME < 1e-4), 1.2, 0.1)
HEADERS = {
    "PicoScope": "Time,Channel A,Channel B\n(s),(V),(A)\n\n",
    "Rigol": "Time(s),CH1(V),CH2(A)\n",
    "Rigol, two rows": "X,CH1,CH2\nSecond,Volt,Ampere\n",
    "Tektronix": "Model,MSO58\nSample Interval,1e-06,1e-06\nRecord Length,200,200\nVertical Units,V,A\nTIME,CH1,CH2\n",
    "Keysight": "x-axis,1,2\nsecond,Volt,Ampere\n",
    "Rohde & Schwarz": "in s,C1 in V,C2 in A\n",
    "Siglent": "Record Length,Analog:200\nSample Interval,Analog:1.0E-06\nVertical Units,CH1:V,CH3:A\nVertical Scale,"
               "CH1:1.00,CH3:0.5\nHorizontal Units,s\nModel Number,SDS1104X-E\nSource,CH1,CH3\nSecond,Value,Value\n",
    "Digilent": "#Digilent WaveForms Oscilloscope Acquisition\n#Samples: 200\n\nTime (s),Channel 1 (V),Channel 2 (A)\n"}
ROWS = [[f"{t:.7g}", f"{v:.7g}", f"{1e-3 * v:.7g}"] for t, v in zip(TIME, VOLTAGE, strict=True)]


def written(path, header, rows, delimiter=",", encoding="utf-8"):
    path.write_text(header + "".join(delimiter.join(row) + "\n" for row in rows), encoding=encoding)
    return path


def comma(rows, cell="{}"):
    return [[cell.format(one.replace(".", ",")) for one in row] for row in rows]


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_commas_are_refused_where_they_are_ambiguous(tmp_path, header):
    path = tmp_path / "a.csv"
    (table,) = read_tables(written(path, header, ROWS))
    assert table["current"] == pytest.approx(1e-3 * VOLTAGE) and table["voltage"] == pytest.approx(VOLTAGE)
    with pytest.raises(UnreadableFile, match=r"has 5 cells, but the header has 3\. A comma cannot be the decimal sign"):
        read_tables(written(path, header, comma(ROWS)))
    with pytest.raises(UnreadableFile, match=r"has a decimal comma|no column of numbers"):
        read_tables(written(path, header, comma(ROWS, '"{}"')))
    (table,) = read_tables(written(path, header, [[*row, ""] for row in ROWS]))   # a comma at the end of each row
    assert table["current"] == pytest.approx(1e-3 * VOLTAGE)


@pytest.mark.parametrize("cell", ['"1,200.5"', "1,200.5"])
@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
def test_a_thousands_separator_in_the_middle_of_a_record_is_refused(tmp_path, header, cell):
    rows = [row if k != 150 else [*row[:2], cell] for k, row in enumerate(ROWS)]
    with pytest.raises(UnreadableFile, match=r"line \d+ (is not a row of numbers \('1,200.5'|has 4 cells)"):
        read_tables(written(tmp_path / "a.csv", header, rows))


def test_an_encoding_of_two_bytes_is_looked_at_too(tmp_path):
    header = HEADERS["Rigol"]
    path = written(tmp_path / "a.csv", header, ROWS, encoding="utf-16")
    assert read_tables(path)[0]["voltage"] == pytest.approx(VOLTAGE)
    with pytest.raises(UnreadableFile, match="has 5 cells, but the header has 3"):
        read_tables(written(path, header, comma(ROWS), encoding="utf-16"))


def test_a_channel_that_begins_with_no_number_is_named(tmp_path):
    rows = [[*ROWS[0][:2], "OVER"], *ROWS[1:]]
    (table,) = read_tables(written(tmp_path / "a.csv", HEADERS["Keysight"], rows))
    assert any("not read, because the first sample is not a number: 2" in line for line in table.remarks)

"""Text files of oscilloscopes: each layout as its maker's program writes it, with the numbers that stand in it."""

from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from tests.fixtures import scope_files
from tests.fixtures.scope_texts import LAYOUTS
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.importers.foreign import ForeignFile
from tsbench.importers.registry import importer_of

_MSO = ("Model,MSO4034\nHorizontal Units,s\nSample Interval,{step}\nRecord Length,{number}\nVertical Units,V\n"
        "TIME,CH1\n")


def read(path: Path, table: str | None = None, maker: str = "") -> ForeignFile:
    importer = importer_of(path)
    assert importer is not None
    assert importer.name == maker or not maker
    return importer.read(path, table)


def written(folder: Path, text: str, name: str = "scope.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path




@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(tmp_path: Path, layout: str) -> None:
    known = LAYOUTS[layout]
    time, *others = read(written(tmp_path, known.text), maker=known.importer).tables[0].columns
    assert time.role == "time"
    assert [(column.name, column.unit) for column in others] == known.channels
    np.testing.assert_allclose(time.values, known.times, rtol=1e-12, atol=1e-15)
    for column, expected in zip(others, known.values, strict=True):
        np.testing.assert_allclose(column.values, expected, rtol=1e-12)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_rows_of_windows_and_of_utf_16_are_the_same(tmp_path: Path, layout: str) -> None:
    known = LAYOUTS[layout]
    contents = (known.text.replace("\n", "\r\n").encode(), known.text.encode("utf-16"), known.text.encode("utf-8-sig"))
    for number, content in enumerate(contents):
        path = tmp_path / f"{number}.csv"
        path.write_bytes(content)
        table = read(path, maker=known.importer).tables[0]
        assert len(table.columns) == len(known.channels) + 1
        np.testing.assert_allclose(table.columns[1].values, known.values[0], rtol=1e-12)


def test_several_channels_of_a_tds2000_stand_side_by_side(tmp_path: Path) -> None:
    def block(source: str, unit: str, row: str, value: int) -> str:
        return {"0": f"Record Length,3,,{value}e-4,{value}.5,", "1": f"Sample Interval,1e-4,,{value}e-4,{value}.5,",
                "2": f"Source,{source},,{value}e-4,{value}.5,", "3": f"Vertical Units,{unit},,,,"}[row]

    rows = [block("CH1", "V", row, k) + block("CH2", "A", row, k) for k, row in enumerate("012")]
    table = read(written(tmp_path, "\n".join(rows) + "\n")).tables[0]
    assert [column.name for column in table.columns] == ["time", "CH1", "CH2"]
    np.testing.assert_allclose(table.columns[2].values, [0.5, 1.5, 2.5])


def test_infinities_of_picoscope_are_clipped_samples(tmp_path: Path) -> None:
    path = written(tmp_path, "Time,Channel A\n(ms),(V)\n\n0.0,1.0\n0.1,∞\n0.2,4.99\n0.3,-∞\n0.4,-2\n")
    table = read(path, maker="picoscope").tables[0]
    column = table.columns[1]
    assert column.values.tolist() == [1.0, 4.99, 4.99, -2.0, -2.0]
    assert (column.clip_low, column.clip_high) == (-2.0, 4.99)
    assert table.remarks == ("2 samples of Channel A are marked as beyond the range of the input",)


def test_matlab_file_of_picoscope(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"A": np.array([0.5, np.inf, 0.7], dtype=np.float32), "B": np.arange(3.0), "Tstart": -1e-3,
                   "Tinterval": 1e-3, "Length": 3, "Version": "6.14"}, format="4")
    table = read(path, maker="picoscope").tables[0]
    assert [(c.name, c.unit, c.role) for c in table.columns] == [("time", "s", "time"), ("A", "V", ""), ("B", "V", "")]
    np.testing.assert_allclose(table.columns[0].values, [-1e-3, 0, 1e-3], atol=1e-15)
    assert table.columns[1].clip_high == pytest.approx(0.7) and table.columns[1].clip_low is None


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_lecroy_text(tmp_path: Path, mark: str) -> None:
    path = scope_files.lecroy_text(tmp_path / "a.csv", [np.array([0.1, 0.2, 0.3])], 1e-9, mark)
    table = read(path, maker="lecroy").tables[0]
    np.testing.assert_allclose(table.columns[1].values, [0.1, 0.2, 0.3])
    assert (table.columns[1].name, table.columns[1].unit) == ("Ampl", "")


def test_segments_of_lecroy_text(tmp_path: Path) -> None:
    path = scope_files.lecroy_text(tmp_path / "a.csv", [np.array([0.1, 0.2]), np.array([0.3, 0.4])], 1e-9)
    np.testing.assert_allclose(read(path, "segment 2").tables[0].columns[1].values, [0.3, 0.4])
    np.testing.assert_allclose(read(path, "1").tables[0].columns[0].values, [0, 1e-9, 1e-3, 1e-3 + 1e-9], atol=1e-15)
    with pytest.raises(ConfigurationError, match="3 tables"):
        read(path)


def test_segments_of_infiniivision(tmp_path: Path) -> None:
    text = "2,,\nx-axis,1,\nsecond,Volt,\n0,1,\n1e-6,2,\n5e-3,3,\n5.001e-3,4,\n"
    path = written(tmp_path, text)
    assert read(path, "segment 2", "keysight").tables[0].columns[1].values.tolist() == [3, 4]
    np.testing.assert_allclose(read(path, "all segments").tables[0].columns[0].values, [0, 1e-6, 5e-3, 5.001e-3])


def test_times_with_too_few_digits_become_even(tmp_path: Path) -> None:
    true = -1e-3 + 1e-9 * np.arange(5000)
    rows = "".join(f"{t:.4e},{k}\n" for k, t in enumerate(true))
    table = read(written(tmp_path, "x-axis,1\nsecond,Volt\n" + rows)).tables[0]
    times = table.columns[0].values
    assert np.all(np.diff(times) > 0)
    assert np.max(np.abs(times - true)) < 1e-7  # the last printed digit is 1e-7 s
    assert np.diff(times).mean() == pytest.approx(1e-9, rel=2e-2)
    assert "the printed times have too few digits" in table.remarks[0]


def test_times_that_do_not_rise_are_left_as_they_are(tmp_path: Path) -> None:
    for rows, times in (("0,1\n0,2\n0,3\n", [0, 0, 0]), ("0,1\n-1,2\n-2,3\n", [0, -1, -2])):
        table = read(written(tmp_path, "x-axis,1\nsecond,Volt\n" + rows)).tables[0]
        assert table.columns[0].values.tolist() == times and table.remarks == ()


def test_a_stated_interval_is_used_for_rounded_times(tmp_path: Path) -> None:
    rows = "".join(f"{-1e-3 + 4e-9 * k:.4e},{k}\n" for k in range(1000))
    times = read(written(tmp_path, _MSO.format(step="4e-09", number=1000) + rows)).tables[0].columns[0].values
    np.testing.assert_allclose(np.diff(times), 4e-9, rtol=1e-6)


@pytest.mark.parametrize(("text", "message"), [
    (_MSO.format(step="4e-06", number=3) + "0,1\n4e-9,2\n8e-9,3\n",
     r"states a sample interval of 4e-06, but the times differ by 4e-09 on average\. One of the two is wrong"),
    (_MSO.format(step="4e-9", number=1000) + "0,1\n4e-9,2\n8e-9,3\n",
     r"the file is incomplete \(it declares 1000 samples, but holds 3\)\. Copy it"),
    ("x-axis,1\nsecond,Volt\n0,1\n1,two\n2,3\n", r"line 4 is not a row of numbers \('two' is not a number\)"),
    ("x-axis,1\nsecond,Volt\n0,1\n1\n2,3\n", r"line 4 is not a row of numbers \(it has 1 cells, but 2 are needed\)"),
    ("x-axis,1\nsecond,Volt\n0,1_000\n1,2\n", "no column of numbers follows the header"),
    ("X,CH1,Start,Increment,\nSequence,Volt,-3e-7,0\n0,1,\n1,2,\n", "no sample interval above 0"),
    ("Record Length,Analog:14000\nSample Interval,1e-7\nSource,CH1\nSecond,Volt\n0,1\n1e-7,2\n2e-7,3\n",
     r"it declares 14000 samples, but holds 3"),
])
def test_what_is_wrong_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UnreadableFile, match=message) as error:
        read(written(tmp_path, text))
    assert "\n" not in str(error.value)


def test_a_last_line_that_is_cut_off_is_left_out(tmp_path: Path) -> None:
    table = read(written(tmp_path, "x-axis,1\nsecond,Volt\n0.00,1.25\n0.01,1.50\n0.02,1.75\n0.03")).tables[0]
    assert table.rows == 3 and table.remarks == ("the last line is incomplete and is left out",)
    table = read(written(tmp_path, "x-axis,1\nsecond,Volt\n0.00,1.2500\n0.01,1.5000\n0.02,1.7500\n0.03,1")).tables[0]
    assert table.rows == 3 and table.remarks == ("the last line is shorter than the others and is left out",)


def test_other_text_tables_are_left_to_others(tmp_path: Path) -> None:
    for text in ("voltage [V],current [A]\n0,1\n1,2\n", "Time (s),V\n0,1\n", "TIME,CH1\n0,1\n", "X,Y\n0,1\n1,2\n"):
        importer = importer_of(written(tmp_path, text))
        assert importer is None, (text, importer)


def test_infinities_do_not_slow_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tsbench.importers.number_rows._one_by_one", None)  # the loop in Python is not used
    rows = "".join(f"{k / 10},{'∞' if k % 5 == 0 else k}\n" for k in range(100))
    table = read(written(tmp_path, "Time,Channel A\n(ms),(V)\n\n" + rows)).tables[0]
    assert table.columns[1].clip_high == 99.0 and np.count_nonzero(table.columns[1].values == 99.0) == 21


def test_a_layout_that_others_use_too_is_not_called_a_file_of_rigol(tmp_path: Path) -> None:
    path = written(tmp_path, "Time (s),CH1 (V),CH2 (V)\n0,1,2\n1,2,3\n2,3,4\n")
    assert read(path).program == "a table as Rigol writes it"

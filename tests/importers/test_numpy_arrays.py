"""Files that NumPy itself writes."""

import numpy as np
import pytest

from tests.fixtures.foreign_sweep import sweep
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import analyse_files
from tsbench.importers.numpy_arrays.numpy_arrays import NumpyArrays


def test_an_archive_of_named_arrays(tmp_path):
    voltage, current = sweep()
    path = tmp_path / "iv.npz"
    np.savez(path, voltage=voltage, current=current, sample="A3", temperature=300.0, image=np.zeros((3, 4, 5)))
    found = analyse_files([path])
    assert "iv.npz: a NumPy archive, this file is read as sweep" in found.understood[0]
    thresholds = [row for row in found.rows if row["quantity"] == "threshold_voltage"]
    assert [row["low"] < 0.6 < row["high"] or row["high"] == pytest.approx(0.6) for row in thresholds] == [True, True]
    assert any("'image' (array of shape 3x4x5)" in line for line in found.lines)


def test_one_array_with_fields(tmp_path):
    voltage, current = sweep()
    path = tmp_path / "iv.npy"
    np.save(path, np.array(list(zip(1e3 * voltage, current, strict=True)), dtype=[("V_mV", "f8"), ("I", "f4")]))
    found = analyse_files([path])
    assert "voltage = 'V_mV' [mV], current = 'I' [no unit is given, A is assumed]" in found.understood[0]


def test_one_array_without_names_asks(tmp_path):
    path = tmp_path / "iv.npy"
    np.save(path, np.column_stack(sweep()))
    with pytest.raises(ConfigurationError, match="--columns voltage=NAME,current=NAME"):
        analyse_files([path])
    found = analyse_files([path], "voltage=1 [V],current=2 [A]")
    assert "sweep, 2 half-sweeps" in found.understood[0]


def test_python_objects_are_refused_with_the_way_round(tmp_path):
    path = tmp_path / "iv.npz"
    np.savez(path, run=np.array([{"voltage": 1}], dtype=object))
    with pytest.raises(UnreadableFile, match=r"iv\.npz: the file holds Python objects .*numpy\.savez"):
        analyse_files([path])


def test_a_damaged_archive_is_a_line(tmp_path):
    path = tmp_path / "iv.npz"
    np.savez(path, voltage=sweep()[0], current=sweep()[1])
    content = path.read_bytes()
    for cut in (40, 200, len(content) // 2, len(content) - 30):
        path.write_bytes(content[:cut])
        with pytest.raises(UnreadableFile, match="damaged"):
            analyse_files([path])
        with pytest.raises(UnreadableFile, match="damaged"):
            NumpyArrays().read(path)


def test_arrays_of_several_lengths_are_several_tables(tmp_path):
    voltage, current = sweep()
    path = tmp_path / "iv.npz"
    np.savez(path, V=voltage, I=current, time=np.arange(500.0), voltage=np.sin(np.arange(500.0)))
    found = analyse_files([path])
    assert [line.split(":")[1] for line in found.understood] == ["V (202 rows)", "time (500 rows)"]
    only = analyse_files([path], table="1")
    assert len(only.understood) == 1
    with pytest.raises(ConfigurationError, match="no table 'x'"):
        analyse_files([path], table="x")

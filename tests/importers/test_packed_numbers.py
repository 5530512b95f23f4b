"""Numbers of HDF5 and netCDF-4 files that are stored packed, and those that stand for missing ones."""

import h5py
import numpy as np
import pytest
import xarray

from tests.fixtures.foreign_sweep import OFF, ON, sweep
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import analyse_files, read_tables

VOLTAGE, CURRENT = sweep()


def dataset(current=CURRENT, **units):
    return xarray.Dataset({
        "current": ("index", current, {"units": "A", **units}), "voltage": ("index", VOLTAGE, {"units": "V"})})


def values(analysis, quantity):
    return [row["value"] for row in analysis.rows if row["quantity"] == quantity]


@pytest.mark.parametrize("packing", [
    {"dtype": "int16", "scale_factor": 0.01, "_FillValue": -32768},
    {"dtype": "int16", "scale_factor": 0.02, "add_offset": 0.5, "_FillValue": -999},
    {"dtype": "uint16", "scale_factor": 0.001, "add_offset": -1.0, "_FillValue": 65535},
    {"dtype": "float32", "scale_factor": 100.0}])
def test_xarray_packs_numbers(tmp_path, packing):
    path = tmp_path / "iv.nc"
    dataset().to_netcdf(path, encoding={"voltage": packing})
    found = analyse_files([path])
    assert values(found, "threshold_voltage") == pytest.approx([ON, ON], abs=1e-6)
    assert values(found, "hold_voltage") == pytest.approx([OFF, OFF], abs=1e-6)


@pytest.mark.parametrize("mark", [-1.0, -999.0])
def test_a_number_that_stands_for_a_missing_one_leaves_the_row_out(tmp_path, mark):
    path = tmp_path / "iv.nc"
    current = CURRENT.copy()
    current[10:13] = np.nan
    dataset(current).to_netcdf(path, encoding={"current": {"_FillValue": mark}})
    found = analyse_files([path])
    assert any("row 11 is left out (current is blank" in line and "2 more rows" in line for line in found.lines)
    (table,) = read_tables(path)
    assert table["current"] == pytest.approx(np.delete(CURRENT, [10, 11, 12]))


def written(path, attributes, voltage=VOLTAGE):
    with h5py.File(path, "w") as file:
        file["voltage"], file["current"] = voltage, CURRENT
        file["voltage"].attrs.update(attributes)
    return path


def test_the_attributes_of_packing_count_in_plain_hdf5_files_too(tmp_path):
    packed = np.round(VOLTAGE * 100).astype("i2")
    path = written(tmp_path / "a.h5", {"scale_factor": 0.01, "units": "V"}, packed)
    found = analyse_files([path])
    assert values(found, "threshold_voltage") == pytest.approx([ON, ON])
    assert any("scale_factor and add_offset are applied to 'voltage'" in line for line in found.lines)
    unsigned = written(
        tmp_path / "b.h5", {"_Unsigned": "true", "scale_factor": 1e-3, "add_offset": -40.0},
        np.round(1e3 * (VOLTAGE + 40)).astype("u2").view("i2"))
    (table,) = read_tables(unsigned)
    assert table["voltage"] == pytest.approx(VOLTAGE)
    valid = written(tmp_path / "c.h5", {"valid_range": [0.0, 0.9]})
    assert read_tables(valid)[0]["voltage"].max() == pytest.approx(0.9)
    with pytest.raises(UnreadableFile, match=r"scale_factor of /voltage is 0, which is no number to unpack with"):
        analyse_files([written(tmp_path / "d.h5", {"scale_factor": 0})])


def test_a_gain_that_may_have_been_applied_is_a_question(tmp_path):
    path = written(tmp_path / "a.h5", {"gain": 100.0, "units": "V"})
    with pytest.raises(ConfigurationError, match="'voltage' has the attribute gain = 100, and it is not known"):
        analyse_files([path])
    assert values(analyse_files([path], "voltage=voltage [V],current=current [A]"), "threshold_voltage") \
        == pytest.approx([ON, ON])

"""A unit that stands elsewhere than at the column is a question in every format, as it is in text tables."""

import h5py
import numpy as np
import openpyxl
import pandas
import pytest
import scipy.io

from tests.fixtures.foreign_sweep import ON, sweep
from tsbench.errors import ConfigurationError
from tsbench.extraction import analyse_files
from tsbench.importers.foreign import ForeignColumn
from tsbench.quantities import parse_quantity

VOLTAGE, CURRENT = sweep()
VOLTAGE = 100 * VOLTAGE   # a device of 59 mV, in mV


def hdf5(path, root=(), **attributes):
    with h5py.File(path, "w") as file:
        file["voltage"], file["current"] = VOLTAGE, CURRENT
        file.attrs.update(dict(root))
        file["voltage"].attrs.update(attributes)
        file.create_group("meta").attrs["comment"] = "measured by hand"
    return path


def book(path, before=(), after=(), notes=()):
    made = openpyxl.Workbook()
    sheet = made.active
    for row in [*before, ["Voltage", "Current"], *zip(VOLTAGE.tolist(), CURRENT.tolist(), strict=True), *after]:
        sheet.append(row)
    if notes:
        other = made.create_sheet("Notes")
        for row in notes:
            other.append(row)
    made.save(path)
    return path


def asked(path, where):
    """Check that the file is a question, and that its answer gives the threshold."""
    with pytest.raises(ConfigurationError, match=f"{where}.* says 'mV', but no unit is given for column"):
        analyse_files([path])


@pytest.mark.parametrize("attributes", [{"unit_string": "mV"}, {"y_unit": "mV"}, {"comment": "voltage in mV"}])
def test_an_attribute_of_a_data_set(tmp_path, attributes):
    asked(hdf5(tmp_path / "a.h5", **attributes), "attribute '.*' of 'voltage'")


@pytest.mark.parametrize("key", ["Units", "UNIT", "Unit"])
def test_an_attribute_in_capitals_is_the_unit(tmp_path, key):
    found = analyse_files([hdf5(tmp_path / "a.h5", **{key: np.bytes_("mV")})])
    assert "voltage = 'voltage' [mV]" in found.understood[0]


def test_an_attribute_or_a_text_elsewhere_in_the_file(tmp_path):
    asked(hdf5(tmp_path / "a.h5", {"units": "mV, A"}), "attribute 'units' of the file")
    path = hdf5(tmp_path / "b.h5")
    with h5py.File(path, "a") as file:
        file["meta/units"] = ["mV", "A"]
    asked(path, "data set 'meta/units'")
    path = hdf5(tmp_path / "c.h5")
    with h5py.File(path, "a") as file:
        file["meta"].attrs["units"] = "mV"
    asked(path, "attribute 'units' of group '/meta'")


def test_variables_of_matlab_and_numpy(tmp_path):
    path = tmp_path / "a.mat"
    for variables in ({"V": VOLTAGE, "I": CURRENT, "V_unit": "mV"}, {"iv": {"V": VOLTAGE, "I": CURRENT, "units": "mV"}},
                      {"V": VOLTAGE, "I": CURRENT, "meta": {"unit": "mV"}},
                      {"V": VOLTAGE, "I": CURRENT, "units": np.array(["mV", "A"], dtype=object)}):
        scipy.io.savemat(path, variables)
        asked(path, "(variable|setting) ")
    path = tmp_path / "a.npz"
    np.savez(path, V=VOLTAGE, I=CURRENT, units=np.array(["A", "mV"]))
    asked(path, "setting 'units'")
    np.savez(path, V=VOLTAGE, I=CURRENT, V_unit=b"mV")
    asked(path, "setting 'V_unit'")


def test_titles_and_notes_of_a_workbook(tmp_path):
    asked(book(tmp_path / "a.xlsx", [["voltages in mV, currents in A"]]), "row 1 of sheet")
    asked(book(tmp_path / "b.xlsx", [["Units", "mV, A"], []]), "row 1 of sheet")
    asked(book(tmp_path / "c.xlsx", after=[["units: mV and A"]]), "row 204 of sheet")
    asked(book(tmp_path / "d.xlsx", notes=[["Measured by"], ["voltage in mV"]]), "row 2 of sheet 'Notes'")
    path = book(tmp_path / "e.xlsx", [["voltages in mV, currents in A"]])
    found = analyse_files([path], "voltage=Voltage [mV],current=Current [A]")
    assert [row["value"] for row in found.rows if row["quantity"] == "threshold_voltage"] \
        == pytest.approx([0.1 * ON, 0.1 * ON])


def test_a_column_of_units_beside_the_readings(tmp_path):
    path = tmp_path / "a.parquet"
    pandas.DataFrame({"V": VOLTAGE, "unit": "mV", "I": CURRENT}).to_parquet(path)
    asked(path, "column 'unit'")
    frame = pandas.DataFrame({"V": VOLTAGE, "I": CURRENT})
    frame.attrs["units"] = "mV"
    frame.to_parquet(path)
    asked(path, "metadata 'pandas' of the file")


def test_parameters_of_pymeasure(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f"{v:.6e},{i:.6e}\n" for v, i in zip(VOLTAGE, CURRENT, strict=True))
    head = "#Procedure: <lab.Sweep>\n#Parameters:\n#\tVoltage unit: {}\n#\tCompliance: 5 mA\n#Data:\nVoltage,Current\n"
    path.write_text(head.format("mV") + rows)
    asked(path, "setting 'Voltage unit'")
    path.write_text(head.format("V") + rows)
    found = analyse_files([path])   # a unit behind a number is a setting
    assert any("setting 'Compliance' mentions mA" in line for line in found.lines)


def test_a_setting_with_a_number_refuses_nothing(tmp_path):
    found = analyse_files([book(tmp_path / "a.xlsx", [["Compliance", "100 uA"], []])])
    assert any("row 1 of sheet 'Sheet' mentions uA" in line for line in found.lines)


def test_the_example_for_channels_of_voltage_has_the_unit_of_the_channel(tmp_path):
    path = tmp_path / "a.csv"
    time = np.arange(2000) * 0.1
    rows = "".join(f"{t:.1f},{v:.4f},{i:.4f}\n" for t, v, i in zip(time, 1e3 * time, 20 * time, strict=True))
    path.write_text("Time,Channel A,Channel B\n(us),(mV),(mV)\n\n" + rows)
    with pytest.raises(ConfigurationError, match=r"current=Channel B \[mV/50Ohm\]"):
        analyse_files([path])
    from tsbench.analysis.tables.column_units import unit_factor

    assert unit_factor("mV/50Ohm", "A") == pytest.approx(parse_quantity("20 uA", "A"), rel=1e-9)
    assert ForeignColumn("Channel B", "(mV)", time).unit == "(mV)"

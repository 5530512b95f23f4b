"""Files that the programs of a lab write themselves: PyMeasure, QCoDeS, xarray, SciPy, pandas."""

import contextlib
import gzip
import logging
import pickle
import sqlite3
import zlib
from typing import ClassVar

import h5py
import numpy as np
import pandas
import pytest
import scipy.io

from tests.fixtures.foreign_sweep import OFF, ON, sweep
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import analyse_files

VOLTAGE, CURRENT = sweep()


def check(analysis, number=2):
    """Check the thresholds and the hold voltages of the sweep, and return the line that says what was understood."""
    for quantity, volts in (("threshold_voltage", ON), ("hold_voltage", OFF)):
        rows = [row for row in analysis.rows if row["quantity"] == quantity]
        assert [row["value"] for row in rows] == pytest.approx([volts] * number, abs=1e-6)
    return analysis.understood[0]


def test_results_of_pymeasure(tmp_path):
    from pymeasure.experiment import FloatParameter, Procedure, Results

    class Sweep(Procedure):
        compliance = FloatParameter("Compliance Current", units="mA", default=5)
        DATA_COLUMNS: ClassVar = ["Voltage (mV)", "Current (A)", "Remark"]

    path = tmp_path / "iv.csv"
    results = Results(Sweep(), str(path))
    with path.open("a") as file:
        for volts, amps in zip(VOLTAGE, CURRENT, strict=True):
            line = results.formatter.format({"Voltage (mV)": 1e3 * volts, "Current (A)": amps, "Remark": "ok"})
            file.write(f"{line}\n")
    logging.getLogger("pymeasure").handlers.clear()
    understood = check(analyse_files([path]))
    assert "results of PyMeasure" in understood and "voltage = 'Voltage (mV)' [mV]" in understood
    with path.open("a") as file:
        file.write("1.5,")
    with pytest.raises(UnreadableFile, match="line 208 has 2 cells, but the header has 3"):
        analyse_files([path])


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    """A database that QCoDeS writes, with three data sets, and their exports to netCDF."""
    from qcodes.dataset import Measurement, initialised_database_at, load_or_create_experiment

    path = tmp_path_factory.mktemp("qcodes") / "a.db"
    with initialised_database_at(str(path)):
        experiment = load_or_create_experiment("vo2", "A3")
        one = Measurement(exp=experiment, name="iv")
        one.register_custom_parameter("smua_volt", unit="V")
        one.register_custom_parameter("smua_curr", unit="uA", setpoints=("smua_volt",))
        one.register_custom_parameter("res", unit="Ohm", setpoints=("smua_volt",))
        with one.run(write_in_background=False) as saver:
            for volts, amps in zip(VOLTAGE, CURRENT, strict=True):
                saver.add_result(("smua_volt", volts), ("smua_curr", 1e6 * amps), ("res", 1.0))
        saver.dataset.export("netcdf", path=str(path.parent), prefix="one")
        array = Measurement(exp=experiment, name="arrays")
        array.register_custom_parameter("v", unit="V", paramtype="array")
        array.register_custom_parameter("i", unit="A", setpoints=("v",), paramtype="array")
        with array.run() as saver:
            saver.add_result(("v", VOLTAGE), ("i", CURRENT))
        grid = Measurement(exp=experiment, name="grid")
        grid.register_custom_parameter("temp", unit="K")
        grid.register_custom_parameter("v", unit="V")
        grid.register_custom_parameter("i", unit="A", setpoints=("temp", "v"))
        with grid.run() as saver:
            for kelvin in (300.0, 310.0):
                for volts in np.linspace(0.0, 1.0, 30):
                    saver.add_result(("temp", kelvin), ("v", volts), ("i", kelvin * volts))
        saver.dataset.export("netcdf", path=str(path.parent), prefix="grid")
        saver.dataset.conn.close()
    return path


def test_a_database_of_qcodes_asks_which_data_set_is_meant(database):
    with pytest.raises(ConfigurationError, match=r"a\.db has 3 tables: 1 \(iv of .*: smua_curr, res\), 2 \(arrays"):
        analyse_files([database])
    understood = check(analyse_files([database], table="1"))
    assert "data set 1 of a QCoDeS database" in understood and "current = 'smua_curr' [uA]" in understood
    check(analyse_files([database], table="2"))
    with pytest.raises(ConfigurationError, match="no table '9'"):
        analyse_files([database], table="9")


def test_the_first_versions_of_the_database_describe_runs_in_other_tables(database, tmp_path):
    path = tmp_path / "old.db"
    path.write_bytes(database.read_bytes())
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.execute("UPDATE runs SET run_description = NULL")
        old.commit()
    check(analyse_files([path], table="1"))
    with contextlib.closing(sqlite3.connect(path)) as old:
        old.execute("ALTER TABLE runs DROP COLUMN run_description")
        old.commit()
    assert "current = 'smua_curr' [uA]" in check(analyse_files([path], table="1"))


def test_a_cut_off_database_is_a_line(database, tmp_path):
    path = tmp_path / "cut.db"
    content = database.read_bytes()
    for size in (3000, len(content) // 2):
        path.write_bytes(content[:size])
        with pytest.raises(UnreadableFile, match="damaged"):
            analyse_files([path], table="1")


def test_exports_of_qcodes_to_netcdf(database):
    (one,) = database.parent.glob("one*.nc")
    assert "a netCDF file of QCoDeS ('iv')" in check(analyse_files([one]))
    from tsbench.importers.qcodes.netcdf import NetCdf

    (grid,) = database.parent.glob("grid*.nc")
    (table,) = NetCdf().read(grid).tables
    columns = {column.name: column for column in table.columns}
    assert sorted(columns) == ["i", "temp", "v"] and table.rows == 60
    assert columns["i"].values == pytest.approx(columns["temp"].values * columns["v"].values)
    assert (columns["temp"].unit, columns["v"].unit) == ("K", "V")


@pytest.mark.parametrize("version", ["4", "5", "compressed"])
def test_matlab_files_of_scipy(tmp_path, version):
    path = tmp_path / "iv.mat"
    scipy.io.savemat(
        path, {"V_mV": 1e3 * VOLTAGE, "current": CURRENT, "sample": "A3"}, format="4" if version == "4" else "5",
        do_compression=version == "compressed")
    assert "voltage = 'V_mV' [mV], current = 'current' [no unit" in check(analyse_files([path]))
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnreadableFile, match="damaged"):
        analyse_files([path])


def test_structures_of_matlab_are_tables(tmp_path):
    path = tmp_path / "iv.mat"
    runs = np.zeros(2, dtype=[("V", object), ("I", object)])
    for k in range(2):
        runs[k] = (VOLTAGE, (k + 1) * CURRENT)
    scipy.io.savemat(path, {"runs": runs, "settings": {"compliance": 1e-3}})
    found = analyse_files([path])
    assert [line.split(":")[1] for line in found.understood] == ["runs(1)", "runs(2)"]


def test_a_matlab_file_of_version_7_3(tmp_path):
    """MATLAB's own layout: an HDF5 file behind 512 bytes of text, arrays transposed, the class in an attribute."""
    path = tmp_path / "iv.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in (("voltage", VOLTAGE), ("current", CURRENT)):
            data = file.create_dataset(f"run/{name}", data=values.reshape(-1, 1).T, compression="gzip")
            data.attrs["MATLAB_class"] = np.bytes_("double")
        file["run"].attrs["MATLAB_class"] = np.bytes_("struct")
        text = file.create_dataset("note", data=np.array([[ord(c)] for c in "A3"], dtype="u2"))
        text.attrs["MATLAB_class"] = np.bytes_("char")
        table = file.create_dataset("T", data=np.zeros((1, 6), dtype="u4"))
        table.attrs["MATLAB_class"], table.attrs["MATLAB_object_decode"] = np.bytes_("table"), 3
    content = bytearray(path.read_bytes())
    content[:128] = b"MATLAB 7.3 MAT-file, Platform: PCWIN64".ljust(124) + b"\x00\x02IM"
    path.write_bytes(content)
    found = analyse_files([path])
    assert "a MATLAB file" in check(found)
    assert any("only MATLAB knows the layout of its objects: T." in line for line in found.lines)


@pytest.mark.parametrize("suffix", ["parquet", "feather"])
def test_frames_of_pandas(tmp_path, suffix):
    frame = pandas.DataFrame({"V [V]": VOLTAGE, "I [mA]": 1e3 * CURRENT, "note": "x"})
    path = tmp_path / f"iv.{suffix}"
    getattr(frame, f"to_{suffix}")(path)
    assert "current = 'I [mA]' [mA]" in check(analyse_files([path]))
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableFile, match="damaged"):
        analyse_files([path])


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_refused_for_what_it_is(tmp_path, protocol):
    path = tmp_path / "iv.pkl"
    path.write_bytes(pickle.dumps({"V": VOLTAGE}, protocol=protocol))
    with pytest.raises(UnreadableFile, match=r"iv\.pkl is a Python pickle\. A pickle runs .*read_pickle\('iv\.pkl'\)"):
        analyse_files([path])
    if protocol >= 2:
        other = path.rename(tmp_path / "iv.dat")
        with pytest.raises(UnreadableFile, match="is a Python pickle"):
            analyse_files([other])


@pytest.mark.parametrize("suffix", [".gz", ".bz2", ".xz", ".zip", ".tar", ".tar.gz"])
def test_a_compressed_pickle_is_refused_for_what_it_is_under_any_name(tmp_path, suffix):
    path = tmp_path / f"iv.pkl{suffix}"
    pandas.DataFrame({"V": VOLTAGE, "I": CURRENT}).to_pickle(path)
    with pytest.raises(UnreadableFile, match=rf"\(compressed\)\. A pickle runs .*read_pickle\('iv\.pkl{suffix}'\)"):
        analyse_files([path])
    other = path.rename(tmp_path / "iv.dat")
    with pytest.raises(UnreadableFile, match=r"read_pickle\('iv\.dat', compression='\w+'\)\.to_csv\('iv\.csv'\)"):
        analyse_files([other])


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("content", ["frame", "dictionary", "lists"])
def test_a_pickle_of_any_protocol_is_known_without_its_name(tmp_path, protocol, content):
    frame = pandas.DataFrame({"V": VOLTAGE, "I": CURRENT})
    made = {"frame": frame, "dictionary": {"V": VOLTAGE}, "lists": [VOLTAGE.tolist()]}[content]
    path = tmp_path / "iv.dat"
    path.write_bytes(pickle.dumps(made, protocol=protocol))
    with pytest.raises(UnreadableFile, match=r"iv\.dat is a Python pickle"):
        analyse_files([path])
    path.write_bytes(zlib.compress(path.read_bytes()))
    with pytest.raises(UnreadableFile, match=r"is a compressed Python pickle.*joblib"):
        analyse_files([path])


def test_other_compressed_files_and_texts_are_no_pickles(tmp_path):
    path = tmp_path / "iv.csv.gz"
    path.write_bytes(gzip.compress(b"V,I\n0,1\n"))
    with pytest.raises(UnreadableFile, match=r"a compressed file \(gzip\), not a text table\. Unpack it"):
        analyse_files([path])
    text = tmp_path / "c.dat"
    np.savetxt(text, np.column_stack([VOLTAGE, CURRENT]), header="current\nvoltage V, current I\nV I", comments="c")
    with pytest.raises(ConfigurationError):
        analyse_files([text])   # a table with an odd header is a question about its columns


def test_files_that_are_not_read_are_called_by_their_names(tmp_path):
    import xarray

    path = tmp_path / "a.nc"
    xarray.Dataset({"i": ("v", CURRENT)}).to_netcdf(path, format="NETCDF3_64BIT", engine="scipy")
    with pytest.raises(UnreadableFile, match=r"classic format \(netCDF-3\).*format='NETCDF4'"):
        analyse_files([path])
    path = tmp_path / "a.lvm"
    path.write_text("LabVIEW Measurement\t\nSeparator\tTab\n***End_of_Header***\t\nX_Value\tVoltage\n0,0\t1,0\n")
    with pytest.raises(UnreadableFile, match=r"measurement file of LabVIEW.*X_Value"):
        analyse_files([path])

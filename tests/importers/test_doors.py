"""What scripts and notebooks call, the list of formats on the page, and plain HDF5 files."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

import tsbench
from tests.fixtures.foreign_sweep import ON, sweep
from tsbench.errors import ConfigurationError, UnreadableFile
from tsbench.extraction import analyse_files
from tsbench.importers.registry import IMPORTERS

VOLTAGE, CURRENT = sweep()
PAGE = (Path(__file__).parents[2] / "docs" / "imports.md").read_text("utf-8")


def test_the_columns_of_a_file_in_a_notebook(tmp_path):
    path = tmp_path / "iv.npz"
    np.savez(path, V_mV=1e3 * VOLTAGE, current=CURRENT)
    (table,) = tsbench.read_tables(path)
    assert table["voltage"] == pytest.approx(VOLTAGE) and table["current"] == pytest.approx(CURRENT)
    assert table.understood.startswith("voltage = 'V_mV' [mV], current = 'current' [no unit")
    with pytest.raises(ConfigurationError, match="no column for 'time'"):
        table["time"]
    (other,) = tsbench.read_tables(str(path), "voltage=V_mV [uV],current=current [A]")
    assert other["voltage"] == pytest.approx(1e-3 * VOLTAGE)
    text = tmp_path / "iv.csv"
    np.savetxt(text, np.column_stack([VOLTAGE, CURRENT]), delimiter=",", header="V,I")
    assert tsbench.read_tables(text)[0]["current"] == pytest.approx(CURRENT)


def test_a_range_of_columns_is_read_one_by_one(tmp_path):
    path = tmp_path / "iv.npz"
    np.savez(path, V=VOLTAGE, I=np.vstack([CURRENT, 2 * CURRENT, 3 * CURRENT]))
    with pytest.raises(ConfigurationError, match=(
            r"'I 1' and 'I 2' and 'I 3' may each be the current.*with a range of numbers: current=2\.\.4$")):
        tsbench.read_tables(path)
    tables = tsbench.read_tables(path, "voltage=V [V],current=2..4 [A]")
    assert [table.name for table in tables] == ["column 2", "column 3", "column 4"]
    assert tables[2]["current"] == pytest.approx(3 * CURRENT)
    assert len(analyse_files([path], "voltage=V [V],current=2..4 [A]").understood) == 3
    text = tmp_path / "iv.csv"
    np.savetxt(text, np.column_stack([VOLTAGE, CURRENT, VOLTAGE, 2 * CURRENT]), delimiter=",", header="V,I,V,I")
    pairs = tsbench.read_tables(text, "voltage=1..3:2 [V],current=2..4:2 [A]")
    assert pairs[1]["current"] == pytest.approx(2 * CURRENT)
    for wrong in ("voltage=1..2,current=2..4", "voltage=1,current=4..2", "voltage=1,current=2..9999"):
        with pytest.raises(ConfigurationError, match="range"):
            tsbench.read_tables(text, wrong)


def test_each_importer_is_on_the_page():
    """The records of oscilloscopes have a page of their own."""
    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.M))
    mine = [one for one in IMPORTERS.things().values() if not one.reads.startswith("records of ")]
    assert listed == {importer.name for importer in mine}
    for importer in mine:
        suffixes = set(re.findall(r"\.\w+", " ".join(re.findall(rf"^\| `{importer.name}` \|.*", PAGE, re.M))))
        assert set(importer.suffixes) <= suffixes, importer.name


def test_groups_of_an_hdf5_file_are_tables(tmp_path):
    path = tmp_path / "lab.h5"
    with h5py.File(path, "w") as file:
        for k in (1, 2):
            for name, unit, values in (("drive", "mV", 1e3 * VOLTAGE), ("sense", "A", k * CURRENT)):
                file.create_dataset(f"run{k}/{name}", data=values).attrs["units"] = unit
            file[f"run{k}"].attrs["sample"] = "A3"
    found = analyse_files([path])
    assert [line.split(":")[1] for line in found.understood] == ["run1", "run2"]
    assert "voltage = 'drive' [mV], current = 'sense' [A]" in found.understood[0]
    values = [row["value"] for row in found.rows if row["quantity"] == "threshold_voltage"]
    assert values == pytest.approx([ON] * 4)


def test_records_of_an_hdf5_file(tmp_path):
    path = tmp_path / "lab.hdf5"
    with h5py.File(path, "w") as file:
        file["iv"] = np.array(list(zip(VOLTAGE, CURRENT, strict=True)), dtype=[("V", "f8"), ("I", "f8")])
    assert "an HDF5 file" in analyse_files([path]).understood[0]
    with h5py.File(path, "w") as file:
        file["one"] = np.arange(5)
        file["two"] = np.arange(6)
    with pytest.raises(UnreadableFile, match="no data sets that form a table"):
        analyse_files([path])


def test_the_importer_of_the_page_on_plugins_reads_its_file(tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "plugins.md").read_text("utf-8")
    found = re.search(r"```python\n(import numpy as np\nfrom tsbench.importers.*?)```", page, re.S)
    assert found is not None
    names: dict[str, object] = {}
    exec(found[1], names)
    importers = {**IMPORTERS.things(), "lab": names["IMPORTER"]}
    monkeypatch.setattr(IMPORTERS, "things", lambda: importers)
    path = tmp_path / "iv.lab"
    path.write_bytes(b"LAB1" + np.column_stack([VOLTAGE, CURRENT]).astype("<f8").tobytes())
    (table,) = tsbench.read_tables(path)
    assert table["current"] == pytest.approx(CURRENT)

"""Stores that the program of ArC TWO writes: its own code (arc2control 0.2.0) writes the files of these tests.

Only its module ``h5utils`` is used, which needs NumPy and h5py. The package itself imports PyQt6 and the driver of the
instrument, so it is installed by ``pip install --no-deps arc2control==0.2.0`` (the Makefile does), and the module is
loaded from its file. ArC ONE has no such module: its program, ``arc1-pyqt``, saves a session from within its window.
"""

import importlib.metadata
import importlib.util
import sys

import numpy as np
import pytest

from tests.fixtures.foreign_sweep import OFF, ON, sweep
from tsbench.errors import ConfigurationError
from tsbench.extraction import analyse_files, read_tables
from tsbench.importers.arc.arc_two import ArcTwo

VOLTAGE, CURRENT = sweep()
#: as the modules of arc2control 0.2.0 declare them (curvetracer, retention, autoformer)
CURVE = [("voltage", "<f4"), ("current", "<f4"), ("read_voltage", "<f4")]
RETENTION = [("read_voltage", "<f4"), ("current", "<f4"), ("tstamp_s", "<u8"), ("tstamp_us", "<u8")]
FORMING = [*CURVE, ("pulse_width", "<f4")]


@pytest.fixture(scope="module")
def h5utils():
    """The module of arc2control that writes stores."""
    try:
        installed = importlib.metadata.distribution("arc2control")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("arc2control is not installed: pip install --no-deps arc2control==0.2.0")
    path = installed.locate_file("arc2control/h5utils.py")
    spec = importlib.util.spec_from_file_location("arc2control_h5utils", str(path))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module   # enum looks for its module
    spec.loader.exec_module(module)
    return module


def filled(store, tag, dtype, word=1, bit=2, group=None, **columns):
    """Write a table as the modules do, when their measurement has ended."""
    size = len(next(iter(columns.values())))
    table = store.make_wb_table(word, bit, tag, (size,), dtype, grp=group)
    for name, values in columns.items():
        table[:, name] = values
    return table


@pytest.fixture
def store(h5utils, tmp_path):
    path = tmp_path / "chip.h5"
    opened = h5utils.H5DataStore(str(path), name="chip", mode=h5utils.H5Mode.WRITE)
    yield opened, path
    opened._h5.close()


def finished(store):
    opened, path = store
    opened.close()
    return path


def test_a_curve_that_was_read_at_each_voltage(store):
    table = filled(store[0], "CT", CURVE, voltage=VOLTAGE, current=CURRENT, read_voltage=VOLTAGE)
    table.attrs["pw"], table.attrs["vstep"], table.attrs["read_after"] = 1e-6, 0.02, "ReadAfter.Pulse"
    path = finished(store)
    found = analyse_files([path])
    assert "a store of ArC TWO, this file is read as sweep" in found.understood[0]
    assert "voltage = 'voltage' [V], current = 'current' [A]" in found.understood[0]
    for quantity, volts in (("threshold_voltage", ON), ("hold_voltage", OFF)):
        assert [row["value"] for row in found.rows if row["quantity"] == quantity] \
            == pytest.approx([volts, volts], abs=1e-6)
    (read,) = read_tables(path)
    assert read["voltage"] == pytest.approx(VOLTAGE, abs=1e-7)
    assert read["current"] == pytest.approx(CURRENT, rel=1e-6)
    (one,) = ArcTwo().read(path).tables
    assert one.settings["pw"] == "1e-06"


def test_a_curve_that_was_read_after_each_pulse_is_a_question(store):
    filled(store[0], "CT", CURVE, voltage=VOLTAGE, current=0.2 * CURRENT, read_voltage=np.full(VOLTAGE.size, 0.2))
    with pytest.raises(ConfigurationError, match=r"the current was read at 0\.2 V after each voltage"):
        analyse_files([finished(store)])


def test_the_forming_of_a_device_is_a_question_too(store):
    filled(store[0], "FORM", FORMING, voltage=VOLTAGE, current=CURRENT, read_voltage=np.full(VOLTAGE.size, 0.1),
           pulse_width=np.full(VOLTAGE.size, 1e-5))
    with pytest.raises(ConfigurationError, match=r"the current was read at 0\.1 V"):
        analyse_files([finished(store)])


def test_the_retention_has_times_voltage_and_current_in_si_units(store):
    stamps = 1_700_000_000_250_000 + 500_000 * np.arange(40)
    filled(store[0], "RET", RETENTION, read_voltage=np.full(40, 0.2), current=1e-6 * np.exp(-np.arange(40) / 10),
           tstamp_s=stamps // 1_000_000, tstamp_us=stamps % 1_000_000)
    (read,) = read_tables(finished(store))
    assert read["time"] == pytest.approx(0.5 * np.arange(40))
    assert read["voltage"] == pytest.approx(np.full(40, 0.2))
    assert read["current"] == pytest.approx(1e-6 * np.exp(-np.arange(40) / 10), rel=1e-6)


def test_rows_that_were_reserved_for_a_retention_are_left_out(store):
    table = store[0].make_wb_table(1, 2, "RET", (1000,), RETENTION)
    for k in range(30):
        table[k] = (0.2, 1e-6, 1_700_000_000 + k, 0)
    (read,) = read_tables(finished(store))
    assert read["time"] == pytest.approx(np.arange(30.0))


def test_the_history_of_reads_and_pulses(h5utils, store):
    for volts, amps in zip(VOLTAGE[:20], CURRENT[:20], strict=True):
        store[0].update_status(3, 4, amps, volts, 1e-6, 0.2, h5utils.OpType.READ)
    path = finished(store)
    (table,) = ArcTwo().read(path).tables
    columns = {column.name: column for column in table.columns}
    assert table.rows == 20   # of 1,000 that are reserved
    assert columns["current"].values == pytest.approx(CURRENT[:20], rel=1e-6)
    units = [columns[name].unit for name in ("current", "voltage", "pulse_width", "read_voltage")]
    assert units == ["A", "V", "s", "V"]
    with pytest.raises(ConfigurationError, match="this table is the history of a crosspoint"):
        analyse_files([path])


def test_experiments_in_a_group_and_on_two_crosspoints(store):
    group = store[0].make_wb_group(1, 2, "series")
    for _ in range(2):
        filled(store[0], "CT", CURVE, group=group, voltage=VOLTAGE, current=CURRENT, read_voltage=VOLTAGE)
    filled(store[0], "CT", CURVE, 3, 4, voltage=2 * VOLTAGE, current=CURRENT, read_voltage=2 * VOLTAGE)
    found = analyse_files([finished(store)])
    values = [row["value"] for row in found.rows if row["quantity"] == "threshold_voltage"]
    assert values == pytest.approx([ON] * 4 + [2 * ON] * 2, abs=1e-6)
    assert sum("W01B02/series" in line for line in found.understood) == 2

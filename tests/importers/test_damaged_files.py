"""Damaged files of every format of the lab's programs are refused in one line, or read, and raise nothing else."""

import random
import sqlite3

import h5py
import numpy as np
import openpyxl
import pandas
import pytest
import scipy.io

from tests.fixtures.foreign_sweep import sweep
from tsbench.errors import TsbenchError
from tsbench.extraction.table_files import read_tables

VOLTAGE, CURRENT = sweep(1)
FRAME = pandas.DataFrame({"V [V]": VOLTAGE, "I [A]": CURRENT})
_CHANGES = 24


def npz(path):
    np.savez_compressed(path, V=VOLTAGE, I=CURRENT)


def npy(path):
    np.save(path, np.array(list(zip(VOLTAGE, CURRENT, strict=True)), dtype=[("V", "f8"), ("I", "f8")]))


def mat(path):
    scipy.io.savemat(path, {"run": {"V": VOLTAGE, "I": CURRENT}}, do_compression=True)


def nc(path):
    FRAME.rename(columns={"V [V]": "V", "I [A]": "I"}).to_xarray().to_netcdf(path, engine="h5netcdf")


def h5(path):
    with h5py.File(path, "w") as file:
        for group in ("crossbar", "crosspoints", "synthetics"):
            file.create_group(group)
        rows = np.zeros(VOLTAGE.size, dtype=[("voltage", "f4"), ("current", "f4"), ("read_voltage", "f4")])
        file.create_dataset("crosspoints/W01B02/experiments/CT_1", data=rows, chunks=True)


def xlsx(path):
    book = openpyxl.Workbook()
    for row in [["V", "I"], *zip(VOLTAGE.tolist(), CURRENT.tolist(), strict=True)]:
        book.active.append(row)
    book.save(path)


def db(path):
    database = sqlite3.connect(path)
    database.executescript(
        "CREATE TABLE experiments (exp_id INTEGER); CREATE TABLE layouts (layout_id INTEGER);"
        "CREATE TABLE runs (run_id INTEGER, name TEXT, result_table_name TEXT, run_timestamp REAL, "
        "run_description TEXT);"
        "CREATE TABLE results (id INTEGER PRIMARY KEY, v REAL, i REAL);")
    database.execute(
        "INSERT INTO runs VALUES (1, 'iv', 'results', 0, ?)",
        ('{"interdependencies": {"paramspecs": [{"name": "v", "unit": "V"}, '
         '{"name": "i", "unit": "A", "depends_on": ["v"]}]}}',))
    database.executemany("INSERT INTO results (v, i) VALUES (?, ?)", zip(VOLTAGE, CURRENT, strict=True))
    database.commit()
    database.close()


@pytest.mark.parametrize("write", [npz, npy, mat, nc, h5, xlsx, db, FRAME.to_parquet, FRAME.to_feather])
def test_a_damaged_file_is_refused_or_read(tmp_path, write):
    suffix = write.__name__.removeprefix("to_")
    whole = tmp_path / f"whole.{suffix}"
    write(whole)
    assert read_tables(whole).tables[0].table.columns["voltage"].size == VOLTAGE.size
    content = whole.read_bytes()
    path = tmp_path / f"damaged.{suffix}"
    for seed in range(_CHANGES):
        chance = random.Random(seed)
        changed = bytearray(content[: chance.randrange(len(content))] if seed % 3 == 0 else content)
        end = min(len(changed), 4096) if seed % 3 == 1 else len(changed)
        for _ in range(0 if seed % 3 == 0 else chance.randrange(1, 8)):
            changed[chance.randrange(end)] = chance.randrange(256)
        path.write_bytes(changed)
        try:
            read_tables(path)
        except TsbenchError as error:
            assert "\n" not in str(error) and path.name in str(error)

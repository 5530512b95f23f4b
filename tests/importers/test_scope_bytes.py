"""Damaged records of oscilloscopes: one line or numbers, in bounded memory, whatever bytes a file has."""

import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.io import savemat

from tests.fixtures import scope_files
from tests.fixtures.scope_texts import LAYOUTS
from tsbench.errors import TsbenchError
from tsbench.importers.registry import importer_of

WORDS = np.arange(40, dtype=np.int16)
#: [bytes] of memory that reading a file of less than 100 kB may take: the table, and what reading it needs beside
MOST_MEMORY = 40_000_000
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _picoscope(path: Path) -> None:
    savemat(path, {"A": np.arange(40.0), "Tstart": -1e-3, "Tinterval": 1e-3, "Length": 40}, format="4")


_WRITERS: dict[str, Callable[[Path], object]] = {
    "a.trc": lambda path: scope_files.lecroy_trc(path, WORDS),
    "segments.trc": lambda path: scope_files.lecroy_trc(path, WORDS.reshape(2, 20), starts=(0.0, 1.0)),
    "old.trc": lambda path: scope_files.lecroy_old_trc(path, WORDS),
    "a.isf": lambda path: scope_files.isf(path, WORDS),
    "a.wfm": lambda path: scope_files.tek_wfm(path, WORDS),
    "frames.wfm": lambda path: scope_files.tek_wfm(path, WORDS.reshape(2, 20), starts=(0.0, 1.0)),
    "keysight.bin": lambda path: scope_files.float_container(path, [("1", np.arange(40.0))], tags=(0.0, 1.0)),
    "rigol.bin": lambda path: scope_files.float_container(path, [("CH1", np.arange(40.0))], "RG03"),
    "rigol.wfm": lambda path: scope_files.rigol_wfm(path, np.arange(40, dtype=np.uint8)),
    "siglent.bin": lambda path: scope_files.siglent_bin(path, [np.arange(40, dtype=np.uint8)]),
    "siglent1.bin": lambda path: scope_files.siglent_bin(path, [np.arange(40, dtype=np.uint8)], 1),
    "rohde.bin": lambda path: scope_files.rohde_export(path, np.arange(40, dtype=np.int8)),
    "pico.mat": _picoscope,
    "lecroy.csv": lambda path: scope_files.lecroy_text(path, [np.arange(20.0), np.arange(20.0)], 1e-9),
    **{f"{number}.csv": (lambda path, known=known: path.write_text(known.text)) for number, known in
       enumerate(LAYOUTS.values())},
}


def _read(path: Path) -> None:
    """Read a file as ``tsbench analyse`` does; every error is one line, every table has columns of one length."""
    for table in (None, "1"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                importer = importer_of(path)
                file = None if importer is None else importer.read(path, table)
        except TsbenchError as error:
            assert "\n" not in str(error)
            assert path.stem.partition(".")[0] in str(error)
            continue
        for one in () if file is None else file.tables:
            assert len({column.values.size for column in one.columns}) <= 1
            assert all(column.values.dtype == np.float64 for column in one.columns)


@pytest.mark.thin(8)
@pytest.mark.parametrize("name", _WRITERS)
@FEW
@given(data=st.data())
def test_changed_and_cut_off_files(tmp_path: Path, name: str, data: st.DataObject) -> None:
    path = tmp_path / name
    _WRITERS[name](path)
    content = bytearray(path.read_bytes())
    places = st.integers(0, min(len(content), 1200) - 1)
    for at, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
        content[at] = value
    length = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    path.write_bytes(bytes(content[:length]))
    _read(path)


@pytest.mark.thin(2)
@pytest.mark.parametrize("beginning", [
    b"WAVEDESC", b"\x0f\x0f:WFM#003", b"AG10", b"AG03", b"RG03", b"RG01", b":WFMPRE:YMULT 1;:CURVE #",
    b"x-axis,1\nsecond,Volt\n", b"X,CH1,Start,Increment,\nSequence,Volt,0,1e-9\n", b"\x04\x00\x00\x00",
    b"\x01\x00\x00\x00", b"Record Length,1,,0,0\n", b""])
@FEW
@given(rest=st.binary(max_size=2000))
def test_any_bytes_behind_the_mark_of_a_maker(tmp_path: Path, beginning: bytes, rest: bytes) -> None:
    for suffix in (".bin", ".wfm", ".csv"):
        path = tmp_path / f"any{suffix}"
        path.write_bytes(beginning + rest)
        _read(path)


@pytest.mark.thin(4)
@pytest.mark.parametrize("name", ["a.trc", "a.isf", "a.wfm", "keysight.bin", "rigol.bin", "rigol.wfm", "siglent.bin"])
def test_a_large_number_of_samples_that_is_not_there_takes_no_memory(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    _WRITERS[name](path)
    whole = path.read_bytes()
    tracemalloc.start()
    try:
        for at in range(0, min(len(whole), 0x300), 4):  # each place may be a number of samples
            path.write_bytes(whole[:at] + b"\xff\xff\xff\x7f" + whole[at + 4 :])
            _read(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY

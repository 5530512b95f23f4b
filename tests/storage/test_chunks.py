"""The chunks that several threads pack are those of the HDF5 library."""

import dataclasses
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.storage.test_storage_run_file import header, waveform
from tsbench.storage import validate
from tsbench.storage.nexus import chunks
from tsbench.storage.nexus import items as nx
from tsbench.storage.recorder import RunRecorder


def stored(path: Path, parts: list[np.ndarray], packed: bool = True) -> h5py.Dataset:
    """Write arrays as rows of one dataset, and open it again."""
    rows, width = sum(len(part) for part in parts), parts[0].shape[1]
    with h5py.File(path, "w") as file:
        chunks.write_codes(nx.empty(file, "codes", (rows, width), parts[0].dtype, "", packed=packed), parts)
    return h5py.File(path, "r")["codes"]


def noise(rows: int, width: int, kind: str = "<i2") -> np.ndarray:
    return np.random.default_rng(width).integers(-100, 100, (rows, width)).astype(kind)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("kind", ["|i1", "<i2", "<i4", "<f8"])
@pytest.mark.parametrize("shapes", [[(1, 1)], [(3, 7), (1, 7), (0, 7)], [(1, 65537)], [(2, 70_000)], [(40, 4096)] * 3])
def test_the_library_reads_what_the_threads_write(
    tmp_path: Path, shapes: list[tuple[int, int]], kind: str, packed: bool
) -> None:
    parts = [noise(*shape, kind) for shape in shapes]
    dataset = stored(tmp_path / "a.h5", parts, packed)
    assert np.array_equal(dataset[...], np.concatenate(parts))   # it checks every checksum
    assert chunks.differing_row(dataset, parts) is None
    chunks._read_chunks(dataset, values := np.empty(dataset.shape, dataset.dtype))
    assert np.array_equal(values, dataset[...])


def test_zlib_takes_the_place_of_a_missing_isal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_fast", zlib)
    parts = [noise(1, 200_000)]
    dataset = stored(tmp_path / "a.h5", parts)
    assert np.array_equal(dataset[...], parts[0]) and chunks.differing_row(dataset, parts) is None


@pytest.mark.parametrize("length", [0, 1, 2, 3, 65535 * 2, 2**18 + 1])
@pytest.mark.parametrize("value", [0, 255, None])
def test_the_checksum_is_that_of_the_library(tmp_path: Path, length: int, value: int | None) -> None:
    data = np.random.default_rng(1).integers(0, 256, max(length, 1), dtype=np.uint8)[:length]
    if value is not None:
        data[:] = value
    if not length:
        assert chunks.fletcher32(b"") == 0
        return
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("a", data=data, chunks=data.shape, fletcher32=True)
        content = dataset.id.read_direct_chunk((0,))[1]
    assert int.from_bytes(bytes(content[-4:]), "little") == chunks.fletcher32(data.tobytes())


def test_a_difference_is_found_wherever_it_is(tmp_path: Path) -> None:
    parts = [noise(1, 300_000), noise(2, 300_000)]
    dataset = stored(tmp_path / "a.h5", parts)
    for part, row, column in ((0, 0, 0), (0, 0, 150_000), (1, 0, 200_000), (1, 1, 299_999)):
        other = [one.copy() for one in parts]
        other[part][row, column] += 1
        assert chunks.differing_row(dataset, other) == part + row
    assert chunks.differing_row(dataset, parts[:1]) == 0
    assert chunks.differing_row(dataset, [part.astype("<i4") for part in parts]) == 0


def test_a_large_record_is_read_in_threads_and_what_is_odd_by_the_library(tmp_path: Path) -> None:
    codes = noise(1, 3_000_000)
    dataset = stored(tmp_path / "a.h5", [codes])
    assert np.array_equal(chunks.read_codes(dataset), codes)
    with h5py.File(tmp_path / "b.h5", "w") as file:   # another program left one chunk unfiltered, one not written
        other = nx.empty(file, "codes", codes.shape, codes.dtype, "")
        other.id.write_direct_chunk((0, 0), codes[0, :65536].tobytes(), filter_mask=7)
        assert np.array_equal(chunks.read_codes(other)[0, :65536], codes[0, :65536])
        assert not chunks.read_codes(other)[0, 65536:].any()


def test_a_damaged_chunk_is_an_error_of_the_library(tmp_path: Path) -> None:
    codes = noise(1, 3_000_000)
    dataset = stored(tmp_path / "a.h5", [codes])
    place = dataset.id.get_chunk_info(20).byte_offset
    dataset.file.close()
    with (tmp_path / "a.h5").open("r+b") as file:
        file.seek(place + 100)
        byte = file.read(1)
        file.seek(place + 100)
        file.write(bytes([byte[0] ^ 1]))
    with h5py.File(tmp_path / "a.h5") as file, pytest.raises(OSError, match="read"):
        chunks.read_codes(file["codes"])


def test_a_chunk_that_unpacks_to_more_than_it_may_is_left_to_the_library(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(50_000_000), 9)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        dataset = file.create_dataset("codes", (1, 3_000_000), "<i2", chunks=(1, 65536), compression="gzip")
        dataset.id.write_direct_chunk((0, 0), bomb)
        with pytest.raises(chunks._Other):
            chunks._read_chunks(dataset, np.empty(dataset.shape, "<i2"))


def test_a_run_without_compression_has_its_checksums(tmp_path: Path) -> None:
    wave = dataclasses.replace(waveform(), codes=noise(2, 70_000))
    with RunRecorder(tmp_path, header(planned_points=0), compression="none") as recorder:
        recorder.waveform(wave)
        path = recorder.finish("success")
    assert validate(path) == []
    with h5py.File(path) as file:
        signal = file["entry/waveforms/block_000/signal"]
        assert (signal.compression, signal.shuffle, signal.fletcher32) == (None, False, True)

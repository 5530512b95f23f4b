"""Waveform codes <-> the stored chunks of an HDF5 dataset, several chunks at once.

The HDF5 library runs its filters in one thread. Here the filters run in several threads, and finished chunks go to the
file by ``write_direct_chunk``. The chunks are those that the library itself would write (shuffle, deflate, Fletcher's
checksum), so every HDF5 reader reads them. ISA-L (package ``isal``) deflates five to eight times as
fast as zlib to the same size; zlib does where it is not installed.
"""

import contextlib
import os
import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

try:
    from isal import isal_zlib as _fast
except ImportError:  # no wheel for this machine
    import zlib as _fast  # type: ignore[no-redef]

Codes = npt.NDArray[Any]
_T = TypeVar("_T")
_R = TypeVar("_R")

_LEVEL = 1
_BATCH = 8  #: chunks that a thread takes at once
_LARGE = 2**22  #: [bytes] from here on threads are worth while
_FLETCHER = 65535
_WEIGHTS = np.arange(2**16, 0, -1, dtype=np.int64)  #: how often each word of a piece is in the sum of sums
_TRAILER = struct.Struct("<I")


def write_codes(dataset: Any, parts: Sequence[Codes]) -> None:
    """Write the rows of ``parts``, one below the other, to an empty chunked dataset.

    Parameters
    ----------
    dataset : h5py.Dataset
        Two dimensions, chunked; its filters are any of shuffle, deflate and fletcher32.
    parts : sequence of arrays
        Of the type and width of the dataset, little-endian; together as long as it.
    """
    filters = _filters(dataset)

    def encoded(chunks: Sequence[tuple[tuple[int, int], Codes]]) -> list[tuple[tuple[int, int], bytes]]:
        return [(place, _encode(chunk, filters)) for place, chunk in chunks]

    for batch in _in_threads(encoded, _batches(_chunks(parts, dataset.chunks))):
        for place, content in batch:
            dataset.id.write_direct_chunk(place, content)


def differing_row(dataset: Any, parts: Sequence[Codes]) -> int | None:
    """Compare a stored dataset with what was to be written; return a row of the first chunk that differs, else None.

    The HDF5 library itself reads the first and the last chunk as well.

    Raises
    ------
    OSError, zlib.error or another error of the library that unpacks
        The stored chunks cannot be read.
    """
    rows = sum(len(part) for part in parts)
    if dataset.shape != (rows, parts[0].shape[1]) or dataset.dtype != parts[0].dtype:
        return 0
    if not dataset.size:
        return None
    width = dataset.chunks[1]
    if not np.array_equal(dataset[:1, :width], next(part for part in parts if len(part))[:1, :width]):
        return 0
    if not np.array_equal(dataset[rows - 1 :, -width:], next(part for part in parts[::-1] if len(part))[-1:, -width:]):
        return rows - 1
    filters = _filters(dataset)

    def compared(chunks: Sequence[tuple[tuple[int, int], Codes, bytes]]) -> list[int]:
        return [place[0] for place, chunk, content in chunks if not _holds(content, chunk, filters)]

    stored = ((place, chunk, bytes(dataset.id.read_direct_chunk(place)[1]))
              for place, chunk in _chunks(parts, dataset.chunks))
    for wrong in _in_threads(compared, _batches(stored)):
        if wrong:
            return wrong[0]
    return None


def read_codes(dataset: Any) -> Codes:
    """Return all values of a stored dataset of two dimensions.

    Of a large one, the chunks are unpacked in threads. Whatever is not as ``write_codes`` writes it (another filter, a
    missing or partly filtered chunk, a wrong checksum) is left to the HDF5 library, which reads it or says what is
    wrong.

    Raises
    ------
    OSError
        As h5py.
    """
    if dataset.ndim == 2 and dataset.chunks and dataset.nbytes >= _LARGE and not dataset.fillvalue:
        values: Codes = np.empty(dataset.shape, dtype=dataset.dtype)
        with contextlib.suppress(_Other):
            _read_chunks(dataset, values)
            return values
    values = dataset[...]
    return values


class _Other(Exception):
    """A chunk is not as this program writes it."""


def _read_chunks(dataset: Any, values: Codes) -> None:
    filters, (height, width) = _filters(dataset), dataset.chunks
    kind, size = dataset.dtype, height * width * dataset.dtype.itemsize

    def stored() -> Iterator[tuple[tuple[int, int], bytes]]:
        for top in range(0, dataset.shape[0], height):
            for left in range(0, dataset.shape[1], width):
                try:
                    mask, content = dataset.id.read_direct_chunk((top, left))
                except (OSError, RuntimeError, ValueError):
                    raise _Other from None
                if mask:
                    raise _Other
                yield (top, left), bytes(content)

    def unpacked(chunks: Sequence[tuple[tuple[int, int], bytes]]) -> None:
        for (top, left), content in chunks:
            chunk = _decode(content, filters, kind, size).reshape(height, width)
            target = values[top : top + height, left : left + width]
            target[...] = chunk[: target.shape[0], : target.shape[1]]

    for _ in _in_threads(unpacked, _batches(stored())):
        pass


def _decode(content: bytes, filters: tuple[bool, bool, bool], kind: Any, size: int) -> Codes:
    """Return the values of a stored chunk of ``size`` bytes; never unpacks more than that."""
    shuffle, deflate, checksum = filters
    if checksum:
        content, trailer = content[: -_TRAILER.size], content[-_TRAILER.size :]
        if trailer != _TRAILER.pack(fletcher32(content)):
            raise _Other
    if deflate:
        stream = _fast.decompressobj()
        try:
            content = stream.decompress(content, size + 1)
        except Exception:  # noqa: BLE001  each library has an error of its own
            raise _Other from None
    if len(content) != size:
        raise _Other
    if shuffle:
        content = np.frombuffer(content, dtype=np.uint8).reshape(kind.itemsize, -1).T.tobytes()
    return np.frombuffer(content, dtype=kind)


def fletcher32(data: bytes | memoryview) -> int:
    """Return the checksum of HDF5's filter fletcher32 (``H5_checksum_fletcher32``: big-endian words of 16 bits).

    Written here because a sum over words is two lines of NumPy; the one library with it (numcodecs) is a large one.
    """
    even = len(data) // 2 * 2
    words = np.frombuffer(data, dtype=">u2", count=even // 2).astype(np.int64)
    if len(data) > even:  # the last odd byte is the high half of a word
        words = np.append(words, data[-1] << 8)
    low = high = 0
    for start in range(0, len(words), len(_WEIGHTS)):
        piece = words[start : start + len(_WEIGHTS)]
        high += len(piece) * low + int(np.dot(piece, _WEIGHTS[-len(piece) :]))
        low += int(piece.sum())
    return _ones(high) << 16 | _ones(low)


def _ones(total: int) -> int:
    """Return a sum folded to 16 bits as HDF5 folds it: 65535 stands for a multiple of itself, 0 for nothing."""
    return (total - 1) % _FLETCHER + 1 if total else 0


def _filters(dataset: Any) -> tuple[bool, bool, bool]:
    return bool(dataset.shuffle), dataset.compression == "gzip", bool(dataset.fletcher32)


def _encode(chunk: Codes, filters: tuple[bool, bool, bool]) -> bytes:
    shuffle, deflate, checksum = filters
    content: bytes = _shuffled(chunk) if shuffle else chunk.tobytes()
    if deflate:
        content = _fast.compress(content, _LEVEL)
    return content + _TRAILER.pack(fletcher32(content)) if checksum else content


def _holds(content: bytes, chunk: Codes, filters: tuple[bool, bool, bool]) -> bool:
    """Whether a stored chunk unpacks to ``chunk``."""
    shuffle, deflate, checksum = filters
    if checksum:
        content, trailer = content[: -_TRAILER.size], content[-_TRAILER.size :]
        if trailer != _TRAILER.pack(fletcher32(content)):
            return False
    if deflate:
        content = _fast.decompress(content)
    return content == (_shuffled(chunk) if shuffle else chunk.tobytes())


def _shuffled(chunk: Codes) -> bytes:
    """Return the first byte of all values, then their second one, and so on."""
    return chunk.reshape(-1, 1).view(np.uint8).T.tobytes()


def _chunks(parts: Sequence[Codes], shape: tuple[int, int]) -> Iterator[tuple[tuple[int, int], Codes]]:
    """Yield each chunk with its place; chunks at the border are filled up with zeros, as HDF5 stores them."""
    height, width = shape
    for top, band in _bands(parts, height):
        for left in range(0, band.shape[1], width):
            chunk = band[:, left : left + width]
            if chunk.shape != shape:
                whole = np.zeros(shape, dtype=band.dtype)
                whole[: chunk.shape[0], : chunk.shape[1]] = chunk
                chunk = whole
            yield (top, left), np.ascontiguousarray(chunk)


def _bands(parts: Sequence[Codes], height: int) -> Iterator[tuple[int, Codes]]:
    """Yield ``height`` rows at a time, of as many parts as they reach over; the last may be fewer."""
    top, held, waiting = 0, 0, []
    for part in parts:
        first = 0
        while first < len(part):
            taken = part[first : first + height - held]
            first += len(taken)
            waiting.append(taken)
            held += len(taken)
            if held == height:
                yield top, waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
                top, held, waiting = top + height, 0, []
    if waiting:
        yield top, np.concatenate(waiting)


def _batches(items: Iterator[_T]) -> Iterator[list[_T]]:
    batch: list[_T] = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _in_threads(work: Callable[[list[_T]], _R], batches: Iterator[list[_T]]) -> Iterator[_R]:
    """Yield ``work`` of each batch in their order; few batches wait at a time, so memory stays small."""
    first = next(batches, None)
    if first is None:
        return
    if len(first) < _BATCH:  # the only one
        yield work(first)
        return
    workers = min(8, os.cpu_count() or 1)
    waiting: deque[Future[_R]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="chunks") as pool:
        waiting.append(pool.submit(work, first))
        for batch in batches:
            waiting.append(pool.submit(work, batch))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

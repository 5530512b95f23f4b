"""A scope record of a run file, read part by part: for records that do not fit in the memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.records import FloatArray, Run
from tsbench.samples import step_of_codes
from tsbench.storage.nexus.hdf5_guard import LARGEST_FILE, open_guarded, reason, unpacked
from tsbench.storage.nexus.reader import read_open_file

_ENOUGH = 1_000_000  #: codes that tell their step


@dataclass(frozen=True)
class StoredSamples:
    """One channel of one acquisition in an open run file."""

    channel: str
    unit: str
    dt: float  #: [s] between samples
    start: float  #: [s] of the first sample after the trigger
    size: int
    number: int  #: of the acquisition in the run
    segment: int  #: of the acquisition
    block: str  #: of the run file: records of one block have channel, range, rate and length in common
    time: float  #: [s] on the bench's clock at the first trigger
    _codes: Any
    _row: int
    scale: float
    offset: float
    _preview: Any

    @cached_property
    def resolution(self) -> float:
        """The step of the samples [unit] (:func:`tsbench.samples.resolution`), by the first million of them.

        The codes are read when it is asked for the first time.
        """
        return abs(self.scale) * step_of_codes(self.codes(0, min(self.size, _ENOUGH)))

    def preview(self) -> tuple[FloatArray, FloatArray]:
        """Return times after the trigger [s] and values [unit] of a min/max envelope of at most 4000 points.

        It shows one acquisition of those that have channel, range and rate in common, the one in their middle.
        """
        return self._preview["time"][...], self._preview["signal"][...].astype(np.float64)

    def codes(self, first: int, last: int) -> npt.NDArray[Any]:
        """Return raw codes, shape (last - first,)."""
        read: npt.NDArray[Any] = self._codes[self._row, first:last]
        return read

    def part(self, first: int, last: int) -> FloatArray:
        """Return samples [unit], shape (last - first,)."""
        values: FloatArray = self.codes(first, last).astype(np.float64)
        values *= self.scale
        values += self.offset
        return values


@contextmanager
def stored_samples(path: Path | str, largest: int = LARGEST_FILE) -> Iterator[list[StoredSamples]]:
    """Open a run file and list its scope records, without reading their samples.

    The digest of the file is not compared, because that would read all samples first (``tsbench validate`` does it).

    Parameters
    ----------
    path : of the file
    largest : [bytes] that the datasets may declare together

    Raises
    ------
    UnreadableFile
        Truncated, damaged, or no run file.
    """
    with open_guarded(Path(path), largest) as file:
        yield samples_of(Path(path), file)


@contextmanager
def open_run(path: Path | str) -> Iterator[tuple[Run, list[StoredSamples]]]:
    """Open a run file of any length and yield its run, whose waveforms have no codes, and its scope records.

    Memory does not grow with the records. A file may hold 250 times its own size, which measured codes never reach.
    The digest of the file is not compared.

    Raises
    ------
    UnreadableFile
        Truncated, damaged, or no run file.
    """
    path = Path(path)
    with open_guarded(path, unpacked(path)) as file:
        yield read_open_file(path, file, no_codes), samples_of(path, file)


def no_codes(signal: Any) -> npt.NDArray[Any]:
    """Return codes of as many segments as a dataset has, without a sample."""
    return np.zeros((signal.shape[0], 0), dtype=signal.dtype)


def samples_of(path: Path, file: Any) -> list[StoredSamples]:
    """Return the scope records of an open run file in their order; UnreadableFile names ``path``."""
    if "tsbench_schema" not in file.attrs or "entry/waveforms" not in file:
        raise UnreadableFile(f"{path}: this HDF5 file is not a run file of tsbench")
    try:
        parent = file["entry/waveforms"]
        return sorted(
            (one for name, block in parent.items() if name.startswith("block_")
             for one in _of_block(block, parent.get(name.replace("block_", "preview_")))), key=lambda one: one.number)
    except Exception as error:  # noqa: BLE001  a damaged file raises whatever it likes
        raise UnreadableFile(f"{path}: the file is damaged ({reason(error)}). Use another copy") from None


def _of_block(block: Any, preview: Any) -> Iterator[StoredSamples]:
    signal, acquisitions = block["signal"], block["acquisitions"]
    row = 0
    for place, number in enumerate(acquisitions["order"][...].tolist()):
        for segment in range(int(acquisitions["segments"][place])):
            yield StoredSamples(
                channel=str(block.attrs["channel"]), unit=str(signal.attrs["units"]), dt=float(block["dt"][()]),
                start=float(acquisitions["t0"][place]), size=int(signal.shape[1]), number=int(number), segment=segment,
                block=str(block.name).rpartition("/")[2],
                time=float(acquisitions["time"][place]), _codes=signal, _row=row + segment,
                scale=float(signal.attrs["scale_factor"]), offset=float(signal.attrs["add_offset"]),
                _preview=preview)
        row += int(acquisitions["segments"][place])

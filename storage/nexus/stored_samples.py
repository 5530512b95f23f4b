"""A scope record of a run file, read part by part: for records that do not fit in the memory."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.records import FloatArray
from tsbench.storage.nexus.hdf5_guard import LARGEST_FILE, open_guarded


@dataclass(frozen=True)
class StoredSamples:
    """One channel of one acquisition in an open run file."""

    channel: str
    unit: str
    dt: float  #: [s] between samples
    start: float  #: [s] of the first sample after the trigger
    size: int
    number: int  #: of the acquisition in the run
    time: float  #: [s] on the bench's clock at the first trigger
    _codes: Any
    _row: int
    _scale: float
    _offset: float
    _preview: Any

    @property
    def resolution(self) -> float:
        """Return one code [unit]."""
        return abs(self._scale)

    def preview(self) -> tuple[FloatArray, FloatArray]:
        """Return times after the trigger [s] and values [unit] of a min/max envelope of at most 4000 points.

        It shows one acquisition of those that have channel, range and rate in common, the one in their middle.
        """
        return self._preview["time"][...], self._preview["signal"][...].astype(np.float64)

    def part(self, first: int, last: int) -> FloatArray:
        """Return samples [unit], shape (last - first,)."""
        values: FloatArray = self._codes[self._row, first:last].astype(np.float64)
        values *= self._scale
        values += self._offset
        return values


@contextmanager
def stored_samples(path: Path | str, largest: int = LARGEST_FILE) -> Iterator[list[StoredSamples]]:
    """Open a run file and list its scope records, without reading their samples.

    The digest of the file is not compared, because that would read all samples first (``tsbench validate`` does it).

    Raises
    ------
    UnreadableFile
        Truncated, damaged, or no run file.
    """
    with open_guarded(Path(path), largest) as file:
        if "tsbench_schema" not in file.attrs or "entry/waveforms" not in file:
            raise UnreadableFile(f"{path}: this HDF5 file is not a run file of tsbench")
        parent = file["entry/waveforms"]
        yield sorted(
            (one for name, block in parent.items() if name.startswith("block_")
             for one in _of_block(block, parent.get(name.replace("block_", "preview_")))), key=lambda one: one.number)


def _of_block(block: Any, preview: Any) -> Iterator[StoredSamples]:
    signal, acquisitions = block["signal"], block["acquisitions"]
    row = 0
    for place, number in enumerate(acquisitions["order"][...].tolist()):
        for segment in range(int(acquisitions["segments"][place])):
            yield StoredSamples(
                channel=str(block.attrs["channel"]), unit=str(signal.attrs["units"]), dt=float(block["dt"][()]),
                start=float(acquisitions["t0"][place]), size=int(signal.shape[1]), number=int(number),
                time=float(acquisitions["time"][place]), _codes=signal, _row=row + segment,
                _scale=float(signal.attrs["scale_factor"]), _offset=float(signal.attrs["add_offset"]),
                _preview=preview)
        row += int(acquisitions["segments"][place])

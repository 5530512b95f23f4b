"""Which reader a file of a LeCroy oscilloscope needs."""

from pathlib import Path

from tsbench.importers.channel_files import with_others
from tsbench.importers.foreign import ForeignFile, Match
from tsbench.importers.lecroy import binary, text


class LeCroy:
    """Binary records and text files of LeCroy oscilloscopes."""

    name = "lecroy"
    reads = "records of LeCroy oscilloscopes (.trc, .csv, .txt)"
    suffixes = (".trc",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for a block WAVEDESC, and for the first line of LeCroy's text files."""
        return Match.PROGRAM if binary.has_descriptor(head) or text.is_text(head) else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read a file; see :class:`tsbench.importers.foreign.Importer`."""
        return with_others(path, _read(path, table), lambda other: _read(other, table))


def _read(path: Path, table: str | None) -> ForeignFile:
    with path.open("rb") as file:
        head = file.read(binary.SEARCHED + len(binary.MARK))
    return binary.read(path, table) if binary.has_descriptor(head) else text.read(path, table)

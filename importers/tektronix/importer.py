"""Which reader a file of a Tektronix oscilloscope needs."""

from pathlib import Path

from tsbench.importers.channel_files import with_others
from tsbench.importers.foreign import ForeignFile, Match
from tsbench.importers.tektronix import isf, text, wfm


class Tektronix:
    """CSV files, .isf and .wfm of Tektronix oscilloscopes."""

    name = "tektronix"
    reads = "records of Tektronix oscilloscopes (.csv, .isf, .wfm)"
    suffixes = (".isf", ".wfm")

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for a preamble with a curve, for a reference waveform, and for the header lines."""
        known = wfm.is_wfm(head) or isf.is_isf(head) or text.record_of(head) is not None
        return Match.PROGRAM if known else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read a file; see :class:`tsbench.importers.foreign.Importer`."""
        return with_others(path, _read(path, table), lambda other: _read(other, table))


def _read(path: Path, table: str | None) -> ForeignFile:
    with path.open("rb") as file:
        head = file.read(1 << 14)
    if wfm.is_wfm(head):
        return wfm.read(path, table)
    return isf.read(path, table) if isf.is_isf(head) else text.read(path, table)

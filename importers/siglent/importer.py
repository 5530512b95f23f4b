"""Which reader a file of a Siglent oscilloscope needs."""

from pathlib import Path

from tsbench.importers.foreign import ForeignFile, Match
from tsbench.importers.siglent import binary, text


class Siglent:
    """CSV files and binary records of Siglent oscilloscopes."""

    name = "siglent"
    reads = "records of Siglent oscilloscopes (.csv, .bin)"
    suffixes = (".bin",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for the header lines, FORMAT for a header without a mark of the maker."""
        if text.record_of(head) is not None:
            return Match.PROGRAM
        return Match.FORMAT if path.suffix.lower() == ".bin" and binary.is_binary(head) else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read a file; see :class:`tsbench.importers.foreign.Importer`."""
        with path.open("rb") as file:
            head = file.read(1 << 14)
        return text.read(path, table) if text.record_of(head) is not None else binary.read(path, table)

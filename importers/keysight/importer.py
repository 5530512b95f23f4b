"""Which reader a file of a Keysight oscilloscope needs."""

from pathlib import Path

from tsbench.importers import float_records
from tsbench.importers.foreign import ForeignFile, Match
from tsbench.importers.keysight import infiniium, infiniivision


class Keysight:
    """Binary records and CSV files of InfiniiVision and Infiniium oscilloscopes."""

    name = "keysight"
    reads = "records of Keysight and Agilent oscilloscopes (.csv, .bin)"
    suffixes = (".bin",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for the container "AG", and for the header lines of the two families."""
        known = (float_records.is_container(head, b"AG") or infiniivision.is_table(head) or infiniium.is_table(head))
        return Match.PROGRAM if known else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read a file; see :class:`tsbench.importers.foreign.Importer`."""
        with path.open("rb") as file:
            head = file.read(1 << 16)
        if float_records.is_container(head, b"AG"):
            return float_records.read(path, table, "Keysight")
        return infiniivision.read(path, table) if infiniivision.is_table(head) else infiniium.read(path, table)

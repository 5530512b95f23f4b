"""Which reader a file of a Rigol oscilloscope needs."""

from pathlib import Path

from tsbench.importers import float_records
from tsbench.importers.foreign import ForeignFile, Match
from tsbench.importers.rigol import memory, text


class Rigol:
    """CSV files and binary records of Rigol oscilloscopes."""

    name = "rigol"
    reads = "records of Rigol oscilloscopes (.csv, .bin, .wfm)"
    suffixes = (".bin", ".wfm")

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for the container "RG", for a .wfm file of Rigol, and for the header lines of the families."""
        known = (float_records.is_container(head, b"RG") or memory.is_memory(path, head)
                 or text.record_of(head) is not None)
        return Match.PROGRAM if known else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read a file; see :class:`tsbench.importers.foreign.Importer`."""
        with path.open("rb") as file:
            head = file.read(64)
        if float_records.is_container(head, b"RG"):
            return float_records.read(path, table, "Rigol")
        return memory.read(path, table) if memory.is_memory(path, head) else text.read(path, table)

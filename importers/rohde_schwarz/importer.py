"""Which reader a file of a Rohde & Schwarz oscilloscope needs."""

from pathlib import Path

from tsbench.importers.foreign import ForeignFile, Match
from tsbench.importers.rohde_schwarz import binary, text


class RohdeSchwarz:
    """CSV files and binary exports of R&S oscilloscopes."""

    name = "rohde_schwarz"
    reads = "records of Rohde & Schwarz oscilloscopes (.csv, .bin with .Wfm.bin)"
    suffixes = (".bin",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for the settings of an export, for its samples by their name, and for the header row."""
        settings = binary.is_settings(head) or binary.is_settings_lines(head)
        samples = path.name.lower().endswith((".wfm.bin", ".wfm.csv"))
        return Match.PROGRAM if settings or samples or text.record_of(head) is not None else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read a file; see :class:`tsbench.importers.foreign.Importer`."""
        with path.open("rb") as file:
            head = file.read(1 << 14)
        return text.read(path, table) if text.record_of(head) is not None else binary.read(path, table)

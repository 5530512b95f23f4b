"""The importer of Digilent WaveForms and Saleae Logic."""

from pathlib import Path

from tsbench.importers.foreign import ForeignFile, Match
from tsbench.importers.usb_scopes import text


class UsbScopes:
    """CSV files of Digilent WaveForms and of Saleae Logic 2."""

    name = "usb_scopes"
    reads = "records of Digilent WaveForms and Saleae Logic (.csv)"
    suffixes = (".csv",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for the header lines of the two programs."""
        return Match.PROGRAM if text.record_of(head) is not None else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read a file; see :class:`tsbench.importers.foreign.Importer`."""
        return text.read(path, table)

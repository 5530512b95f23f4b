"""Which reader a file of PicoScope needs."""

from pathlib import Path

from tsbench.errors import UnreadableFile
from tsbench.importers.foreign import ForeignFile, Match
from tsbench.importers.picoscope import matlab, text

_CLOSED = (".psdata", ".pssettings")


class PicoScope:
    """Text and MATLAB files of PicoScope 6 and 7; its own format is closed."""

    name = "picoscope"
    reads = "records of PicoScope (.csv, .txt, .mat)"
    suffixes = (".mat", ".psdata")

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM for the two header rows, a MATLAB file with PicoScope's variables, and its own format."""
        known = path.suffix.lower() in _CLOSED or text.record_of(head) is not None or matlab.is_matlab(path, head)
        return Match.PROGRAM if known else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read a file; see :class:`tsbench.importers.foreign.Importer`."""
        if path.suffix.lower() in _CLOSED:
            raise UnreadableFile(f"{path.name}: only PicoScope can read its format {path.suffix}. Open the file in "
                                 "PicoScope and save it as .mat (all samples) or .csv")
        if path.suffix.lower() == ".mat":
            return matlab.read(path, table)
        return text.read(path, table)

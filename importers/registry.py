"""The importers that are installed: ours by their folders, those of other packages by their entry points."""

from collections.abc import Mapping
from pathlib import Path

from tsbench.errors import ConfigurationError
from tsbench.importers.foreign import HEAD, Importer, Match
from tsbench.plugins import Folders, Registry

#: ours: each folder of this package that declares IMPORTERS
FOLDERS = Folders("tsbench.importers", "IMPORTERS")


def _offered(declared: object) -> Mapping[str, Importer]:
    """Return a declared importer by its name; ConfigurationError where it cannot be used."""
    if isinstance(declared, type) or not isinstance(declared, Importer):
        raise ConfigurationError(
            f"the entry point must name an object with name, reads, suffixes, recognises and read, but it names "
            f"{declared!r:.60}")
    return {declared.name: declared}


IMPORTERS: Registry[Importer] = Registry("tsbench.importers", "importer", _offered, many=True)


def importer_of(path: Path) -> Importer | None:
    """Return the importer that fits a file best, None if the file fits none.

    Raises
    ------
    OSError
        The file cannot be opened.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    best, found = Match.NO, None
    for importer in IMPORTERS.things().values():
        match = importer.recognises(path, head)
        if match > best:
            best, found = match, importer
    return found


def foreign_suffixes() -> frozenset[str]:
    """Return the suffixes of the files that the importers read, lower case with the dot."""
    return frozenset(suffix for importer in IMPORTERS.things().values() for suffix in importer.suffixes)

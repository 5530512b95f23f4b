"""Files that a command line names: patterns that the shell did not expand, and folders."""

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from tsbench.errors import ConfigurationError
from tsbench.importers.registry import foreign_suffixes
from tsbench.storage.campaign_files import missing_in_folder

#: what is a run file, the journal of one, or the file of another program that may be one
RUN_SUFFIXES = frozenset({".nxs", ".tsj", ".h5", ".hdf5"})
#: what is taken for a text table in a folder, beside the files of importers; elsewhere any name is
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".dat"})


def named_files(given: Iterable[Path | str], suffixes: Sequence[str] | frozenset[str] | None = None) -> list[Path]:
    """Return the files that are meant, each once, in the order given.

    A file counts once, by whatever path it is named: ``t.csv``, ``x/../t.csv`` and a link to it are one file.

    Parameters
    ----------
    given : files; patterns such as ``runs/*.nxs`` (Windows' shells do not expand them; ``**`` stands for folders within
        folders); folders, of which the files right in them are taken, those in deeper folders are not
    suffixes : of the files of a folder that are taken; None: run files, journals without a run file, tables,
        and files of other programs that an importer reads

    Raises
    ------
    ConfigurationError
        A pattern that fits no file, a folder with nothing in it to read.
    """
    files: dict[Path, None] = {}
    for name in given:
        path = Path(name)
        if path.is_dir():
            files.update(dict.fromkeys(_in_folder(path, suffixes)))
        elif not path.exists() and glob.has_magic(str(name)):
            found = sorted(Path(match) for match in glob.glob(str(name), recursive=True))  # noqa: PTH207 - absolute patterns too
            if not found:
                raise ConfigurationError(f"no file matches '{name}'")
            files.update(dict.fromkeys(match for match in found if match.is_file()))
        else:
            files[path] = None
    once: dict[object, Path] = {}
    for path in files:
        once.setdefault(_identity(path), path)
    return list(once.values())


def _identity(path: Path) -> object:
    """Return what two paths of one file have in common; the path itself where there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return path
    return (found.st_dev, found.st_ino) if found.st_ino else path.resolve()


def names_of(files: Sequence[Path], *, suffix: bool = True) -> dict[Path, str]:
    """Return a name for each file: its own, after as many folders above it as tell it from the others.

    Laboratories store ``D1/iv.csv`` beside ``D2/iv.csv``: the folder tells the devices apart.

    Parameters
    ----------
    files : each once
    suffix : whether the names end with the suffixes of the files; without, only those keep theirs that need it
    """
    places = {path: Path(os.path.abspath(path)) for path in files}  # noqa: PTH100 - a link keeps the name it has
    parts = {path: (*place.parts[:-1], place.name if suffix else place.stem) for path, place in places.items()}
    depth = dict.fromkeys(files, 1)
    while True:
        names = {path: "/".join(parts[path][-depth[path]:]) for path in files}
        alike: dict[str, list[Path]] = {}
        for path, name in names.items():
            alike.setdefault(name, []).append(path)
        deeper = [path for several in alike.values() if len({parts[path] for path in several}) > 1
                  for path in several if depth[path] < len(parts[path])]
        if not deeper:
            break
        for path in deeper:
            depth[path] += 1
    return {path: name if len(alike[name]) == 1 else f"{name}{places[path].suffix}" for path, name in names.items()}


def _is_second_part(path: Path) -> bool:
    """Return whether a file holds the samples of a record whose settings are beside it, as ``run.Wfm.bin`` does."""
    stem = path.name[: -len(path.suffix)]
    return stem.lower().endswith(".wfm") and path.with_name(stem[:-4] + path.suffix).exists()


def _in_folder(folder: Path, suffixes: Sequence[str] | frozenset[str] | None) -> list[Path]:
    wanted = RUN_SUFFIXES | TABLE_SUFFIXES | foreign_suffixes() if suffixes is None else frozenset(suffixes)
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in wanted)
    # a journal beside its run file is the same measurement
    finished = {path.stem for path in files if path.suffix.lower() == ".nxs"}
    files = [path for path in files if path.suffix.lower() != ".tsj" or path.stem not in finished]
    files = [path for path in files if not path.name.startswith(".") and not _is_second_part(path)]
    if not files:
        if missing := missing_in_folder(folder, below=False):
            raise ConfigurationError(f"{folder}: there is nothing to read. {'. '.join(missing)}")
        raise ConfigurationError(
            f"{folder}: this folder has no run file or table ({', '.join(sorted(wanted))}). For files in its "
            f"subfolders, give a pattern such as {(folder / '**' / '*.nxs').as_posix()}"
        )
    return files

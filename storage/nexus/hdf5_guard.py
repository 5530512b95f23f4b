"""Checks of an HDF5 file before it is read, because foreign files can be malicious."""

import os
import re
from pathlib import Path
from typing import Any

os.environ.setdefault("HDF5_PLUGIN_PATH", "::")  # no filter plug-ins from the environment: ours need none
import h5py

from tsbench.errors import UnreadableFile
from tsbench.storage.nexus.schema import FILTERS

_TRUNCATED = re.compile(r"truncated file: eof = (\d+), .*stored_eof = (\d+)")

LARGEST_FILE = 16 * 2**30  #: [bytes] declared by all datasets together
SMALL_FILE = 256 * 2**20  #: [bytes] that a file of any size may hold when it is unpacked
UNPACKED = 250  #: times its size that it may hold: noise keeps measured codes below 10
LARGEST_CHUNK = 64 * 2**20
LARGEST_ITEM = 2**20  #: [bytes] of one value: a text of fixed length, a record
LARGEST_TEXTS = 128 * 2**20  #: [bytes] of all that is no plain data: texts of any length, attributes, structure
MOST_ITEMS = 200_000


def unpacked(path: Path) -> int:
    """Return what a file may hold when it is unpacked [bytes]; a small one that becomes large is made to harm."""
    try:
        return max(SMALL_FILE, UNPACKED * path.stat().st_size)
    except OSError as error:
        raise UnreadableFile(f"{path}: the file cannot be read ({error.strerror or error})") from None


def open_guarded(path: Path, largest: int = LARGEST_FILE) -> Any:
    """Open an HDF5 file for reading and refuse what could read, run or fill elsewhere.

    Parameters
    ----------
    path : Path
    largest : int
        What the datasets may declare together [bytes].

    Raises
    ------
    UnreadableFile
        No HDF5 file; external links, external storage, virtual datasets or soft links in it; a filter that is
        not part of HDF5; more than ``largest`` declared; texts or attributes beyond all that a run has.
    """
    try:
        if not path.is_file():
            what = "this is a directory, not a file" if path.is_dir() else "this file does not exist"
            raise UnreadableFile(f"{path}: {what}")
        if not h5py.is_hdf5(path):
            raise UnreadableFile(f"{path}: this is not an HDF5 file, or its beginning is missing")
        file = h5py.File(path, "r")
    except (OSError, RuntimeError) as error:
        raise UnreadableFile(f"{path}: {reason(error)}") from None
    try:
        _inspect(file, path, largest)
    except UnreadableFile:
        file.close()
        raise
    except Exception as error:  # noqa: BLE001  a damaged file raises whatever it likes
        file.close()
        raise UnreadableFile(f"{path}: the file is damaged ({reason(error)}). Use another copy") from None
    return file


def reason(error: BaseException) -> str:
    """Return HDF5's own words on one line, without its stack."""
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    if cut := _TRUNCATED.search(text):
        return f"the file is cut off at byte {cut[1]} of {cut[2]}"
    return text if len(text) < 200 else f"{text[:200]}…"


def _inspect(file: Any, path: Path, largest: int) -> None:
    total, items, stored, seen = 0, 0, 0, set()
    waiting = [file["/"]]
    while waiting:
        group = waiting.pop()
        for name in group:
            items += 1
            where = f"{path}: {group.name.rstrip('/')}/{name}"
            if items > MOST_ITEMS:
                raise UnreadableFile(f"{path}: the file has more than {MOST_ITEMS} items, too many to be opened")
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                raise UnreadableFile(f"{where} is a link to another file. Such files are not opened")
            if isinstance(link, h5py.SoftLink):
                raise UnreadableFile(f"{where} is a soft link. Such files are not opened")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:
                continue  # a second hard link to the same item, or a cycle
            seen.add(address)
            if isinstance(item, h5py.Group):
                waiting.append(item)
            elif isinstance(item, h5py.Dataset):
                total += _inspect_dataset(item, where)
                stored += item.id.get_storage_size()
                if total > largest:
                    raise UnreadableFile(
                        f"{where}: with this item, the file would contain {total / 1e9:.2g} GB of data, but its size "
                        f"is only {path.stat().st_size / 1e6:.1f} MB. tsbench reads at most {largest / 1e9:.2g} GB "
                        "from a file"
                    )
    # a text of any length counts with the few bytes that say where it lies
    if (texts := path.stat().st_size - stored) > LARGEST_TEXTS + path.stat().st_size // 50:
        raise UnreadableFile(f"{path}: {texts / 1e6:.0f} MB of text and attributes are too much to be opened")


def _inspect_dataset(dataset: Any, where: str) -> int:
    if dataset.is_virtual:
        raise UnreadableFile(f"{where} is a virtual dataset. Such files are not opened")
    properties = dataset.id.get_create_plist()
    if properties.get_external_count():
        raise UnreadableFile(f"{where} has its data in another file. Such files are not opened")
    for position in range(properties.get_nfilters()):
        number = properties.get_filter(position)[0]
        if number not in FILTERS:
            raise UnreadableFile(f"{where} needs the HDF5 filter {number}. Such files are not opened")
    size = int(dataset.dtype.itemsize)
    if size > LARGEST_ITEM:
        raise UnreadableFile(f"{where} has values of {size / 1e6:.0f} MB each, but at most {LARGEST_ITEM / 1e6:.0f} "
                             "MB are allowed")
    if dataset.chunks is not None:
        chunk = size
        for length in dataset.chunks:
            chunk *= int(length)
        if chunk > LARGEST_CHUNK:
            raise UnreadableFile(f"{where} has chunks of {chunk / 1e6:.0f} MB, but at most {LARGEST_CHUNK / 1e6:.0f} "
                                 "MB are allowed")
    if dataset.shape is None:
        return 0
    for length in dataset.shape:
        size *= int(length)
    return size

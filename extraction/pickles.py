"""Python pickles, compressed or not: they are told by their first bytes, and never loaded, because they run code.

The protocols: https://docs.python.org/3/library/pickle.html#data-stream-format and the comments of ``pickletools``.
Protocols 0 and 1 have no mark, so the first instructions count that pickles of frames, arrays, dictionaries and lists
begin with.
"""

import bz2
import lzma
import re
import tarfile
import zipfile
import zlib
from pathlib import Path

_SUFFIXES = frozenset({".pkl", ".pickle", ".joblib", ".p", ".df"})
_COMPRESSED = {".gz": "gzip", ".bz2": "bz2", ".xz": "xz", ".zip": "zip", ".tar": "tar", ".zst": "zstd", ".tgz": "tar"}
#: from protocol 2 on, a pickle begins with its protocol, and from 4 on a frame follows
_MARKED = re.compile(rb"\x80[\x02\x03][\x00-\x7f]|\x80[\x04\x05](?:\x95.{8}|[\x00-\x8c\x8f-\x94])", re.DOTALL)
#: "c<module>\n<name>\n" and what keeps it, or an empty dictionary or list that is kept
_UNMARKED = re.compile(
    rb"c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n(?:p\d+\n|q.|\(|\))|\([dl]p\d+\n|[}\]]q\x00[(XVc\]}KGa-z.]", re.DOTALL)
_HEAD = 1 << 20  #: [bytes] of a compressed file: a block of bzip2 is unpacked as a whole
_INNER = 1 << 13  #: [bytes] that are unpacked
_MOST_MEMORY = 1 << 27  #: [bytes] that unpacking may take


def is_pickle(path: Path, head: bytes) -> bool:
    """Return whether a file is a pickle, also where it is compressed or packed alone in an archive.

    Parameters
    ----------
    path : of the file
    head : its first bytes
    """
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if any(suffix in (".pkl", ".pickle", ".joblib") for suffix in suffixes) and (
            suffixes[-1] in _SUFFIXES or suffixes[-1] in _COMPRESSED):
        return True
    return _begins_as_pickle(head) or _begins_as_pickle(_unpacked(path, head))


def way_round(path: Path) -> str:
    """Return why a pickle is refused, and how its author gets its numbers into a file without code."""
    stem = path.name
    while Path(stem).suffix.lower() in _SUFFIXES | _COMPRESSED.keys() | {".dat", ".bin", ".txt"}:
        stem = Path(stem).stem
    with path.open("rb") as file:
        method = _method(file.read(512))
    inferred = _COMPRESSED.get(path.suffix.lower())
    how = f", compression={method!r}" if method and method != inferred else ""
    if method == "zlib":
        return (f"{path.name} is a compressed Python pickle. A pickle runs code when it is loaded, so tsbench does not "
                f"load pickles. If you trust its author, load it with joblib.load({path.name!r}) in Python, and write "
                "its numbers to a CSV file")
    return (f"{path.name} is a Python pickle{' (compressed)' if method else ''}. A pickle runs code when it is loaded, "
            "so tsbench does not load pickles. If you trust its author, write the numbers to a CSV file in Python: "
            f"import pandas; pandas.read_pickle({path.name!r}{how}).to_csv({stem + '.csv'!r})")


def _begins_as_pickle(head: bytes) -> bool:
    return bool(_MARKED.match(head) or _UNMARKED.match(head))


def _method(head: bytes) -> str:
    """Return how a file is packed, "" where it is not, in the words of pandas."""
    marks = ((b"\x1f\x8b", "gzip"), (b"BZh", "bz2"), (b"\xfd7zXZ", "xz"), (b"PK\x03\x04", "zip"),
             (b"\x28\xb5\x2f\xfd", "zstd"))
    found = next((method for mark, method in marks if head.startswith(mark)), "")
    if head[:2] in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        found = "zlib"
    return "tar" if head[257:262] == b"ustar" else found


def _unpacked(path: Path, head: bytes) -> bytes:
    """Return the first bytes of what is packed in a file; b"" where nothing is, or it is damaged."""
    method = _method(head)
    try:
        if method == "zip":
            with zipfile.ZipFile(path) as archive:
                names = [name for name in archive.namelist() if not name.endswith("/")]
                if len(names) != 1:
                    return b""
                with archive.open(names[0]) as member:
                    return member.read(_INNER)
        if method == "tar":
            with tarfile.open(path, "r:") as packed:
                first = packed.next()
                inside = packed.extractfile(first) if first is not None and first.isfile() else None
                return inside.read(_INNER) if inside is not None else b""
        with path.open("rb") as file:
            raw = file.read(_HEAD)
        if method in ("gzip", "zlib"):
            inner = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(raw, _INNER)
        elif method == "bz2":
            inner = bz2.BZ2Decompressor().decompress(raw, _INNER)
        elif method == "xz":
            inner = lzma.LZMADecompressor(memlimit=_MOST_MEMORY).decompress(raw, _INNER)
        else:
            return b""
    except (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError,
            NotImplementedError, RuntimeError, MemoryError):
        return b""
    return inner[512:] if inner[257:262] == b"ustar" else inner

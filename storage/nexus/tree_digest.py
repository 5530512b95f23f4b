"""A digest of everything that a reader of HDF5 sees in a file, with any program.

Groups, names, links, types, shapes, values and attributes go into it; what only says how the file is laid out
(chunks, compression, order of creation, place on the disk) does not, so ``h5repack`` and another version of HDF5
leave it as it is. Read in blocks: a long waveform is never in memory as a whole.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import h5py
import numpy as np

_KINDS = {h5py.h5g.GroupID: h5py.Group, h5py.h5d.DatasetID: h5py.Dataset}  #: of the objects in a file
BLOCK = 64 * 65536  #: values that are read at once: whole chunks of a run file


def tree_digest(file: Any, leave_out: str, written: Mapping[str, Iterable[Any]] | None = None) -> str:
    """Return the SHA-256 of an open HDF5 file's content, in hexadecimal.

    Parameters
    ----------
    file : h5py.File
        Checked by ``hdf5_guard`` before: links that lead out of the file are neither expected nor followed.
    leave_out : str
        The attribute of the root that holds the digest itself.
    written : mapping
        Path of a dataset -> the arrays just written to it, in the order of its values. They are not read back.

    Raises
    ------
    OSError
        A checksum in the file differs, or it cannot be read.
    """
    return _Tree(file, leave_out, written or {}).digest()


class _Tree:
    """Two passes: the first gives every object its first path (in order of names), the second digests its content.

    A run file has some hundred objects, so this uses h5py's low-level calls: the others open each object several times.
    """

    def __init__(self, file: Any, leave_out: str, written: Mapping[str, Iterable[Any]]) -> None:
        self._file = file
        self._written = written
        self._leave_out = leave_out
        self._sum = hashlib.sha256()
        self._paths: dict[int, str] = {}
        #: path, kind of link, object or target, address, and whether the object has attributes
        self._links: list[tuple[str, str, Any, int, bool]] = []
        self._note("/", file["/"])

    def digest(self) -> str:
        seen: set[int] = set()
        for path, kind, item, address, described in self._links:
            self._add("link", path, kind)
            if kind != "hard":
                self._add(item)
                continue
            self._add(self._paths.get(address, "?"))
            if address not in seen:
                seen.add(address)
                self._object(path, item, described)
        return self._sum.hexdigest()

    def _note(self, path: str, item: Any) -> None:
        """Note a link and all below it; a stack, since names of others may nest deeper than Python does."""
        waiting: list[tuple[str, str, Any]] = [(path, "hard", item)]
        while waiting:
            path, kind, item = waiting.pop()
            info = h5py.h5o.get_info(item.id) if kind == "hard" else None
            address = 0 if info is None else int(info.addr)
            self._links.append((path, kind, item, address, info is not None and info.num_attrs > 0))
            if kind != "hard" or address in self._paths:
                continue
            self._paths[address] = path
            if isinstance(item, h5py.Group):
                waiting += reversed([self._link(item, path, name) for name in sorted(item)])

    @staticmethod
    def _link(group: Any, path: str, name: str) -> tuple[str, str, Any]:
        where, encoded = f"{path.rstrip('/')}/{name}", name.encode("utf-8", "surrogateescape")
        if group.id.links.get_info(encoded).type == h5py.h5l.TYPE_HARD:
            found = h5py.h5o.open(group.id, encoded)
            kind = _KINDS.get(type(found))
            return where, "hard", group[name] if kind is None else kind(found)
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.SoftLink):
            return where, "soft", link.path
        if isinstance(link, h5py.ExternalLink):
            return where, "external", f"{link.filename}\0{link.path}"
        return where, "hard", group[name]

    def _object(self, path: str, item: Any, described: bool) -> None:
        self._add(type(item).__name__)
        for name in sorted(item.attrs) if described else ():
            if path == "/" and name == self._leave_out:
                continue
            attribute = h5py.h5a.open(item.id, name.encode("utf-8", "surrogateescape"))
            kind, shape = attribute.dtype, attribute.shape
            self._add("attribute", name, _type_words(kind), _shape_words(shape))
            value = _plainly_read(attribute.read, kind, shape)
            self._values(item.attrs[name] if value is None else value)
        if isinstance(item, h5py.Dataset):
            self._dataset(path, item)
        elif isinstance(item, h5py.Datatype):
            self._add(_type_words(item.dtype))

    def _dataset(self, path: str, item: Any) -> None:
        kind, space = item.id.dtype, item.id.get_space()
        shape = None if space.get_simple_extent_type() == h5py.h5s.NULL else space.shape
        self._add("dataset", _type_words(kind), _shape_words(shape))
        if shape is None:
            self._add("")
            return
        limits = (None if most == h5py.h5s.UNLIMITED else most for most in space.get_simple_extent_dims(True))
        self._add(str(tuple(limits)))
        if path not in self._written and 0 < np.prod(shape, dtype=np.int64) <= BLOCK:
            value = _plainly_read(
                lambda array, kind: item.id.read(h5py.h5s.ALL, h5py.h5s.ALL, array, kind), kind, shape)
            if value is not None:
                self._values(value)
                return
        for block in self._written.get(path, ()) or blocks(item):
            self._values(block)

    def _values(self, value: Any) -> None:
        """Add values of any type: plain arrays as their bytes, texts, references and what is nested one by one."""
        if isinstance(value, h5py.Empty):
            return
        if isinstance(value, bytes):
            self._add_bytes(value)
        elif isinstance(value, str):
            self._add_bytes(value.encode("utf-8", "surrogateescape"))
        elif isinstance(value, h5py.Reference | h5py.RegionReference):
            address = _address(h5py.h5r.dereference(value, self._file.id)) if value else 0
            self._add("to", self._paths.get(address, "?") if value else "nowhere")
        elif not (array := np.ascontiguousarray(value)).dtype.hasobject:
            plain = array.dtype.kind in "iuf"
            self._sum.update(array.reshape(-1).view(np.uint8).data if plain else array.tobytes())  # no copy of codes
        elif array.dtype.names:
            for name in array.dtype.names:
                self._values(array[name])
        else:
            for item in array.ravel():
                self._add(str(np.size(item)))
                self._values(item)

    def _add(self, *words: str) -> None:
        for word in words:
            self._add_bytes(word.encode("utf-8", "surrogateescape"))

    def _add_bytes(self, content: bytes) -> None:
        self._sum.update(len(content).to_bytes(8, "little"))  # no two sequences of texts add up alike
        self._sum.update(content)


def _address(identifier: Any) -> int:
    return int(h5py.h5o.get_info(identifier).addr)


def _plainly_read(read: Callable[[Any, Any], None], kind: Any, shape: Any) -> Any:
    """Return plain numbers, or one text as bytes, by one call; None where the value is something else.

    Parameters
    ----------
    read : callable
        Reads into an array, with the type in memory.
    kind, shape : of the value
    """
    if shape is None:
        return None
    if kind.kind in "iuf" and kind.metadata is None:
        numbers = np.empty(shape, dtype=kind)
        read(numbers, h5py.h5t.py_create(kind))
        return numbers
    text = h5py.check_string_dtype(kind)
    if text is not None and text.length is None and shape == ():
        words = np.empty((), dtype=kind)
        read(words, h5py.h5t.py_create(kind))
        return words[()]
    return None


def _type_words(dtype: Any) -> str:
    """Describe a type in words that do not depend on the version of HDF5, h5py or NumPy."""
    if dtype.kind in "iuf" and dtype.metadata is None and dtype.subdtype is None:
        return str(dtype.str)
    if (text := h5py.check_string_dtype(dtype)) is not None:
        return f"text {text.encoding} {text.length or 'variable'}"
    if (members := h5py.check_enum_dtype(dtype)) is not None:
        return f"enum {np.dtype(dtype).str} {sorted(members.items())}"
    if (base := h5py.check_vlen_dtype(dtype)) is not None:
        return f"sequence of {_type_words(np.dtype(base))}"
    if (reference := h5py.check_ref_dtype(dtype)) is not None:
        return f"reference {reference.__name__}"
    if dtype.names:
        return "fields " + "; ".join(f"{name}: {_type_words(dtype[name])}" for name in dtype.names)
    if dtype.subdtype is not None:
        return f"array {dtype.subdtype[1]} of {_type_words(dtype.subdtype[0])}"
    return "bool" if dtype.kind == "b" else str(dtype.str)


def _shape_words(shape: Any) -> str:
    return "empty" if shape is None else str(tuple(map(int, shape)))


def blocks(dataset: Any) -> Iterator[Any]:
    """Yield the values of a dataset in their order, block by block."""
    if dataset.shape is None:
        return
    if dataset.ndim == 0 or dataset.size <= BLOCK:
        if dataset.ndim == 0 or dataset.size:
            yield dataset[()]
        return
    yield from _rows(dataset, ())


def _rows(dataset: Any, before: tuple[int, ...]) -> Iterator[Any]:
    rest = dataset.shape[len(before) :]
    width = int(np.prod(rest[1:], dtype=np.int64))
    if width > BLOCK:
        for row in range(rest[0]):
            yield from _rows(dataset, (*before, row))
        return
    rows = max(1, BLOCK // max(width, 1))
    if dataset.chunks is not None and rows > (chunk := dataset.chunks[len(before)]):
        rows -= rows % chunk  # no chunk is read twice
    for start in range(0, rest[0], rows):
        yield dataset[(*before, slice(start, start + rows))]

"""What a catalogue needs of a run file: its header, its outcome and its results, read without anything else of it.

By the low level of h5py, because a catalogue reads thousands of files and h5py's objects cost five times the reading.
"""

from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.records import Flag, Result, Run
from tsbench.storage import codec, record_data
from tsbench.storage.nexus.hdf5_guard import reason
from tsbench.storage.nexus.items import TEXT
from tsbench.storage.nexus.schema import FILTERS, RESULTS, SCHEMA

_LARGEST = 16 * 2**20  #: [bytes] of one dataset; the text of a header has some kB
_AS_OBJECTS = h5py.h5t.py_create(TEXT)
_MOST_RESULTS = 10_000  #: groups of results, one for each quantity


def summary(path: Path) -> Run:
    """Return a run without points, waveforms and events.

    Raises
    ------
    UnreadableFile
        One line: the file and what is wrong with it.
    """
    try:
        with h5py.File(path, "r") as file:
            schema = str(file.attrs.get("tsbench_schema", ""))
            if schema.split(".", maxsplit=1)[0] != SCHEMA.split(".", maxsplit=1)[0]:
                raise UnreadableFile("this HDF5 file is not a run file of tsbench" if not schema else
                                     f"the file has schema {schema}, but this version of tsbench reads only {SCHEMA}")
            entry = _group(file.id, "entry")
            run = _group(entry, "run")
            header = record_data.header_from(codec.from_json(_text(run, "header")))
            if run.links.exists(RESULTS.encode()):
                results = tuple(map(record_data.result_from, codec.from_json(_text(run, RESULTS))))
            else:  # before schema 1.2
                found = entry.links.exists(b"extraction_001")
                results = _results(_group(entry, "extraction_001")) if found else ()
            return Run(
                header, np.zeros((0, len(header.columns))), np.zeros(0, np.uint32), (), (), _text(run, "status"),
                _text(run, "reason"), _text(entry, "end_time"), results)
    except UnreadableFile as error:
        raise UnreadableFile(f"{path}: {error}") from None
    except FileNotFoundError:
        raise UnreadableFile(f"{path}: this file does not exist") from None
    except Exception as error:  # noqa: BLE001  a damaged file raises whatever it likes
        raise UnreadableFile(f"{path}: the file is damaged ({reason(error)}). Use another copy") from None


def _group(parent: Any, name: str) -> Any:
    _require_inside(parent, name)
    return h5py.h5g.open(parent, name.encode())


def _require_inside(parent: Any, name: str) -> None:
    """Refuse a link that leads elsewhere, as ``hdf5_guard`` does."""
    if parent.links.get_info(name.encode()).type != h5py.h5l.TYPE_HARD:
        raise UnreadableFile(f"{name} is a link. Such files are not opened")


def _dataset(parent: Any, name: str) -> Any:
    _require_inside(parent, name)
    dataset = h5py.h5d.open(parent, name.encode())
    properties = dataset.get_create_plist()
    size = dataset.get_space().get_simple_extent_npoints() * dataset.get_type().get_size()
    if size > _LARGEST:
        raise UnreadableFile(f"{name} has {size / 1e6:.0f} MB, too much for a catalogue")
    if properties.get_external_count() or properties.get_layout() == h5py.h5d.VIRTUAL:
        raise UnreadableFile(f"{name} has its data in another file. Such files are not opened")
    for place in range(properties.get_nfilters()):
        if properties.get_filter(place)[0] not in FILTERS:
            raise UnreadableFile(f"{name} needs a filter that is not part of HDF5. Such files are not opened")
    return dataset


def _text(parent: Any, name: str) -> str:
    return _texts(parent, name)[0]


def _texts(parent: Any, name: str) -> list[str]:
    dataset = _dataset(parent, name)
    values = np.empty(dataset.shape, dtype=TEXT)
    dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, values, mtype=_AS_OBJECTS)
    return [bytes(value).decode() for value in values.ravel()]


def _numbers(parent: Any, name: str) -> list[Any]:
    dataset = _dataset(parent, name)
    values = np.empty(dataset.shape, dtype=dataset.dtype)
    dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
    numbers: list[Any] = values.tolist()
    return numbers


def _attribute(parent: Any, name: str) -> str:
    attribute = h5py.h5a.open(parent, name.encode())
    if attribute.get_storage_size() > _LARGEST:
        raise UnreadableFile(f"the attribute {name} is too long")
    value = np.empty(attribute.shape, dtype=TEXT)
    attribute.read(value, mtype=_AS_OBJECTS)
    content = value.item()
    return content.decode() if isinstance(content, bytes) else str(content)


def _results(extraction: Any) -> tuple[Result, ...]:
    rows: dict[int, Result] = {}
    names = [name.decode() for name in extraction if name.startswith(b"results_")]
    if len(names) > _MOST_RESULTS:
        raise UnreadableFile(f"the file has {len(names)} kinds of results, too many for a catalogue")
    for name in names:
        part = _group(extraction, name)
        words = _group(part, "words")
        quantity, unit = _attribute(part, "quantity"), _attribute(h5py.h5d.open(part, b"value"), "units")
        for row, value, low, high, flags, conditions, method in zip(
            _numbers(part, "row"), *(map(_or_none, _numbers(part, key)) for key in ("value", "low", "high")),
            _numbers(part, "flags"), _texts(words, "conditions"), _texts(words, "method"), strict=True,
        ):
            rows[row] = Result(quantity, unit, value, low, high, method, codec.from_json(conditions), Flag(int(flags)))
    return tuple(rows[row] for row in sorted(rows))


def _or_none(value: float) -> float | None:
    return None if value != value else value  # noqa: PLR0124  NaN

"""Reads Parquet and Feather files by the library pyarrow.

A unit may stand in the metadata of a field, under the key ``unit`` or ``units``.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.importers.arrays import require_size
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, Match, library

_PARQUET, _FEATHER, _OLD_FEATHER = b"PAR1", b"ARROW1", b"FEA1"
_SCHEMA = "ARROW:schema"
_LONGEST = 2000  #: characters of metadata that are searched
_INDEX = "__index_level_"  #: columns that pandas adds for its index


class Arrow:
    """The importer of Parquet and Feather files."""

    name = "arrow"
    reads = "Parquet and Feather files (.parquet, .feather, .arrow)"
    suffixes = (".parquet", ".feather", ".arrow")

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return FORMAT by the first bytes."""
        return Match.FORMAT if head.startswith((_PARQUET, _FEATHER, _OLD_FEATHER)) else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read the columns of numbers; see :class:`tsbench.importers.foreign.Importer`."""
        with library("pyarrow", path.name):
            import pyarrow
            from pyarrow import feather, parquet

        with path.open("rb") as file:
            is_parquet = file.read(4) == _PARQUET
        try:
            if is_parquet:
                described = parquet.ParquetFile(path)
                require_size(8 * described.metadata.num_rows * described.metadata.num_columns, path.name)
                read = described.read()
            else:
                read = feather.read_table(path, memory_map=True)
        except (pyarrow.ArrowException, OSError, ValueError) as error:
            words = " ".join(str(error).split())[:120]
            raise UnreadableFile(f"{path.name}: the file is damaged ({words}). Use another copy") from None
        columns, others = [], []
        labels: dict[str, list[str]] = {}
        notes = tuple(_notes("the file", read.schema.metadata))
        for k, field in enumerate(read.schema):
            if pyarrow.types.is_integer(field.type) or pyarrow.types.is_floating(field.type):
                if not field.name.startswith(_INDEX):
                    values = read.column(k).to_numpy(zero_copy_only=False) if read.num_rows else np.empty(0)
                    columns.append(ForeignColumn(field.name, _unit(field), np.asarray(values, dtype=np.float64)))
            else:
                if pyarrow.types.is_string(field.type) or pyarrow.types.is_large_string(field.type) \
                        or pyarrow.types.is_dictionary(field.type):
                    labels[field.name] = ["" if text is None else str(text) for text in read.column(k).to_pylist()]
                others.append(f"'{field.name}' ({field.type})")
        said = (f"not used as columns: {', '.join(others[:8])}",) if others else ()
        return ForeignFile(
            "a Parquet file" if is_parquet else "a Feather file", (ForeignTable(
                "", tuple(columns), notes=notes, labels=labels),), said)


def _unit(field: Any) -> str:
    metadata = {key.lower(): value for key, value in (field.metadata or {}).items()}
    return next((metadata[key].decode("utf-8", "replace") for key in (b"unit", b"units") if key in metadata), "")


def _notes(called: str, metadata: Mapping[bytes, bytes] | None) -> Iterator[tuple[str, str]]:
    """Yield the metadata of a file for the search for units; of what pandas writes, the attributes of the frame."""
    for key, value in (metadata or {}).items():
        name, text = key.decode("utf-8", "replace"), value.decode("utf-8", "replace")
        if name == "pandas":
            text = _attributes(text)
        if name != _SCHEMA and text:
            yield f"metadata '{name[:40]}' of {called}", f"{name}: {text[:_LONGEST]}"


def _attributes(text: str) -> str:
    try:
        described = json.loads(text)
        attributes = described.get("attributes", {})
        return ", ".join(f"{name}: {value}" for name, value in attributes.items())
    except (ValueError, AttributeError):
        return ""

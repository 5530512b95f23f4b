"""Tables as CSV: UTF-8, commas, one header line with units in brackets, every number exact, nothing where none is."""

import csv
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from tsbench.storage.exports.tables import ExportTable


def write_csv(table: ExportTable, path: Path) -> None:
    """Write one table; OSError as the disk raises it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([field.heading for field in table.fields])
        for piece in table.pieces:
            columns = [_texts(values, field.kind) for field, values in zip(table.fields, piece, strict=True)]
            if any(field.kind == "text" for field in table.fields):
                writer.writerows(zip(*columns, strict=True))
            else:  # numbers need no quotes: four times as fast
                file.write("".join(map("%s\n".__mod__, map(",".join, zip(*columns, strict=True)))))


def _texts(values: Iterable[Any], kind: str) -> list[str]:
    if kind == "text":
        return [_harmless(str(value)) for value in values]
    plain = values.tolist() if isinstance(values, np.ndarray) else values
    return ["" if value is None or value != value else _number(value) for value in plain]  # noqa: PLR0124  NaN


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else ("inf" if value > 0 else "-inf")


def _harmless(text: str) -> str:
    """Return a text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "@", "\t", "\r"} or (text[:1] == "-" and len(text) > 1) else text



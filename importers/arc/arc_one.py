"""Reads the sessions of the ArC ONE control panel: the curve tracer's runs, one table for each device and run.

Format: ``saveSession`` in arc1pyqt/main.py of https://github.com/arc-instruments/arc1_pyqt: the name of the session, a
date, a header, and one row for each reading (resistance, amplitude, pulse width, tags, read voltage). The curve tracer
reads the resistance at the amplitude itself and marks its runs with the tags CT_s, CT_i_<cycle> and CT_e. The file has
no time of a reading.
"""

import csv
import gzip
import io
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np

from tsbench.errors import UnreadableFile
from tsbench.importers.foreign import ForeignColumn, ForeignFile, ForeignTable, Match
from tsbench.importers.number_rows import head_lines

_HEADER = ["Wordline", "Bitline", "Resistance", "Amplitude (V)", "Pulse width (s)", "Tag", "ReadTag", "ReadVoltage"]
_GZIP = b"\x1f\x8b"
_CYCLE = re.compile(r"CT\d?_i_(\d+)")
#: resistances [Ohm] beyond which the instrument read no current
_OPEN = 1e12


class ArcOne:
    """The importer of ArC ONE's sessions."""

    name = "arc1"
    reads = "sessions of ArC ONE (.csv, .csv.gz)"
    suffixes = (".csv",)

    def recognises(self, path: Path, head: bytes) -> Match:
        """Return PROGRAM if one of the first lines is the header of a session."""
        if head.startswith(_GZIP):
            try:
                with gzip.open(path) as file:
                    head = file.read(4096)
            except (OSError, EOFError):
                return Match.NO
        return Match.PROGRAM if any(line.split(",")[:4] == _HEADER[:4] for line in head_lines(head)[:4]) else Match.NO

    def read(self, path: Path, table: str | None = None) -> ForeignFile:
        """Read the runs of the curve tracer; see :class:`tsbench.importers.foreign.Importer`."""
        runs: dict[str, list[tuple[float, float, int]]] = {}
        others: Counter[str] = Counter()
        latest: dict[str, str] = {}
        with _text(path) as text:
            for number, row in _rows(text, path.name):
                kind, device = re.split(r"[_ ]", row[5])[0], f"W{row[0]}B{row[1]}"
                if not re.fullmatch(r"CT\d?", kind):
                    others[kind] += 1
                    continue
                if row[5].endswith("_s") or device not in latest:
                    latest[device] = f"{device} run {sum(name.startswith(f'{device} ') for name in runs) + 1}"
                cycle = int(found[1]) if (found := _CYCLE.fullmatch(row[5])) else 0
                runs.setdefault(latest[device], []).append((*_reading(row, number, path.name), cycle))
        said = (
            f"rows of other modules are not read, because a session of ArC ONE has no time of a reading: "
            f"{', '.join(f'{count} of {kind}' for kind, count in others.items())}",) if others else ()
        if not runs:
            more = f", but {said[0]}" if said else ""
            raise UnreadableFile(f"{path.name}: the session of ArC ONE has no run of the curve tracer{more}")
        several = len(runs) > 1
        tables = tuple(_table(name if several else "", readings) for name, readings in runs.items())
        return ForeignFile("a session of ArC ONE", tables, said)


def _text(path: Path) -> TextIO:
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP
    return io.TextIOWrapper(gzip.open(path), "utf-8", errors="replace", newline="") if zipped else path.open(
        encoding="utf-8", errors="replace", newline="")


def _rows(text: TextIO, source: str) -> Iterator[tuple[int, list[str]]]:
    """Yield number and cells of each reading.

    Raises
    ------
    UnreadableFile
        A row has too few cells, or the archive is cut off.
    """
    headed = False
    try:
        for number, row in enumerate(csv.reader(text), start=1):
            if row[:4] == _HEADER[:4]:
                headed = True
            elif headed and row:
                if len(row) < 8:
                    raise UnreadableFile(f"{source}: line {number} has {len(row)} cells, but a reading has 8. Use "
                                         "another copy of the session")
                yield number, row
    except (EOFError, OSError) as error:
        raise UnreadableFile(f"{source}: the archive is damaged ({error}). Use another copy") from None


def _reading(row: list[str], number: int, source: str) -> tuple[float, float]:
    """Return voltage [V] and current [A] of a reading: ArC ONE stores their ratio; NaN where no current was read."""
    try:
        resistance, voltage = float(row[2]), float(row[7] or row[3])
    except ValueError:
        raise UnreadableFile(f"{source}: line {number}: resistance '{row[2][:20]}' or voltage '{row[7][:20]}' is not a "
                             "number. Use another copy of the session") from None
    return voltage, voltage / resistance if 0.0 < abs(resistance) < _OPEN else float("nan")


def _table(name: str, readings: list[tuple[float, float, int]]) -> ForeignTable:
    voltage, current, _ = (np.array(column) for column in zip(*readings, strict=True))
    return ForeignTable(
        name, (ForeignColumn("ReadVoltage", "V", voltage, role="voltage"),
               ForeignColumn("current from resistance", "A", current, role="current")),
        remarks=("the current is the read voltage over the stored resistance",))

"""A run file as tables: points, results, events, acquisitions and samples, in pieces that fit in the memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tsbench.records import Flag, Run
from tsbench.storage import codec
from tsbench.storage.nexus.stored_samples import StoredSamples

PIECE = 2**18  #: samples that are held at once


@dataclass(frozen=True)
class Field:
    """A column of a table. ``kind``: "number", "count" or "text"."""

    name: str
    kind: str
    unit: str = ""

    @property
    def heading(self) -> str:
        """Return the name with its unit in brackets."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


@dataclass(frozen=True)
class ExportTable:
    """Columns, and rows in pieces: each piece holds one sequence for each column, None for a value that is missing."""

    name: str
    fields: tuple[Field, ...]
    pieces: Iterator[Sequence[Sequence[Any]]]


def tables(run: Run, samples: Sequence[StoredSamples]) -> Iterator[ExportTable]:
    """Yield the tables of a run; take the pieces of one before the next.

    Parameters
    ----------
    run : Run
        Its waveforms may be without codes.
    samples : sequence of StoredSamples
        Its scope records, [] where none is wanted.
    """
    measured = [Field(_free(column.name), "number", column.unit) for column in run.header.columns]
    yield ExportTable("points", (*measured, _FLAGS), _points(run))
    yield ExportTable("results", _RESULT, iter([_columns(_result_rows(run), _RESULT)]))
    yield ExportTable("events", _EVENT, iter([_columns(_event_rows(run), _EVENT)]))
    if samples:
        yield ExportTable("acquisitions", _ACQUISITION, iter([_columns(_acquisition_rows(run), _ACQUISITION)]))
        for number, members in enumerate(_alike(samples)):
            one = members[0]
            fields = (Field("acquisition", "count"), Field("segment", "count"),
                      Field("time_after_trigger", "number", "s"), Field(_free(one.channel), "number", one.unit))
            yield ExportTable(f"waveforms_{number:03d}", fields, _samples(members))


def flag_words(flags: int) -> str:
    """Return the names of set flags, separated by spaces; "" where none is set."""
    return " ".join(Flag(flags).names())


_FLAGS = Field("flags", "text")
_RESULT = (
    Field("quantity", "text"), Field("value", "number"), Field("low", "number"), Field("high", "number"),
    Field("unit", "text"), Field("conditions", "text"), Field("method", "text"), _FLAGS,
    Field("random_uncertainty", "number"), Field("systematic_uncertainty", "number"))
_EVENT = (Field("time", "number", "s"), Field("kind", "text"), Field("message", "text"), Field("data", "text"))
_ACQUISITION = (
    Field("acquisition", "count"), Field("channel", "text"), Field("unit", "text"), Field("segments", "count"),
    Field("time", "number", "s"), Field("segment_times_s", "text"), Field("scale", "number"), Field("offset", "number"),
    Field("t0", "number", "s"), Field("dt", "number", "s"), Field("clip_low", "count"), Field("clip_high", "count"),
    Field("bandwidth", "number", "Hz"), Field("accuracy_gain", "number"), Field("accuracy_offset", "number"),
    Field("conditions", "text"), _FLAGS)


def _free(name: str) -> str:
    """Return the name of a column that no column of the table itself has."""
    return f"{name}_column" if name in {"flags", "acquisition", "segment", "time_after_trigger"} else name


def _points(run: Run) -> Iterator[list[Any]]:
    for start in range(0, max(len(run.points), 1), PIECE):
        rows, flags = run.points[start : start + PIECE], run.point_flags[start : start + PIECE]
        yield [*(np.ascontiguousarray(column) for column in rows.T), [flag_words(int(flag)) for flag in flags]]


def _samples(members: Sequence[StoredSamples]) -> Iterator[list[Any]]:
    for one in members:
        for first in range(0, one.size, PIECE):
            last = min(first + PIECE, one.size)
            count = last - first
            yield [np.full(count, one.number), np.full(count, one.segment),
                   one.start + one.dt * np.arange(first, last), one.part(first, last)]


def _alike(samples: Sequence[StoredSamples]) -> list[list[StoredSamples]]:
    """Return the records by channel and unit, each in the order of their acquisition."""
    found: dict[tuple[str, str], list[StoredSamples]] = {}
    for one in samples:
        found.setdefault((one.channel, one.unit), []).append(one)
    return list(found.values())


def _result_rows(run: Run) -> list[tuple[Any, ...]]:
    return [
        (r.quantity, r.value, r.low, r.high, r.unit, codec.to_json(r.conditions), r.method, flag_words(int(r.flags)),
         r.random_uncertainty, r.systematic_uncertainty)
        for r in run.results]


def _event_rows(run: Run) -> list[tuple[Any, ...]]:
    return [(event.time, event.kind, event.message, codec.to_json(event.data)) for event in run.events]


def _acquisition_rows(run: Run) -> list[tuple[Any, ...]]:
    return [
        (number, w.channel, w.unit, len(w.segment_times), w.time, codec.to_json(w.segment_times), w.scale, w.offset,
         w.t0, w.dt, w.clip_low, w.clip_high, w.bandwidth, w.accuracy_gain, w.accuracy_offset,
         codec.to_json(w.conditions), flag_words(int(w.flags)))
        for number, w in enumerate(run.waveforms)]


def _columns(rows: Sequence[Sequence[Any]], fields: Sequence[Field]) -> list[list[Any]]:
    return [[row[place] for row in rows] for place in range(len(fields))]

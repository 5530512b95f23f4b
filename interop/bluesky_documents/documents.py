"""A run as event documents: start, descriptors, event pages, stop. No library is needed for it.

The documents follow the schemas of ``event_model`` 1.24 (https://blueskyproject.io/event-model). The same run always
gives the same unique identifiers: version-5 UUIDs of its identifier.
"""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from tsbench.records import Flag, FloatArray, Run, RunHeader, Waveform
from tsbench.storage import codec
from tsbench.storage.nexus.schema import CLOCK_AT_START

PAGE = 1000  #: rows of one event page
_SAMPLES = 2_000_000  #: of one event page of waveforms
_OF_RUNS = uuid.uuid5(uuid.NAMESPACE_URL, "https://blueskyproject.io/event-model tsbench run")
_EXIT = {"success": "success", "abort": "abort"}  #: other runs: "fail"

Document = tuple[str, dict[str, Any]]


def documents(run: Run, waveforms: bool = True) -> Iterator[Document]:
    """Yield the documents of a run in their order, each with its name.

    Parameters
    ----------
    run : Run
    waveforms : bool
        Whether the samples of oscilloscopes are among them.

    Yields
    ------
    tuple of str and dict
        "start", "descriptor", "event_page" or "stop". The streams are "primary" (the points), "waveforms_000" and so on
        (records with the same channel and length), and "results". A reading that is not there is NaN, and so is a
        value or a bound of a result that is not known: documents have no empty number. The flags say why.
    """
    made = _Streams(run)
    yield "start", made.start()
    yield from made.points()
    if waveforms:
        yield from made.waveforms()
    yield from made.results()
    yield "stop", made.stop()


class _Streams:
    def __init__(self, run: Run) -> None:
        self._run = run
        self._space = uuid.uuid5(_OF_RUNS, run.header.run_id)
        self._begin = epoch(run.header.start_time)
        self._numbers: dict[str, int] = {}  #: stream -> events

    def _uid(self, *parts: object) -> str:
        return str(uuid.uuid5(self._space, "/".join(map(str, parts))))

    def start(self) -> dict[str, Any]:
        """Return the start document: who measured what, how and with which instruments."""
        header = self._run.header
        facts = {
            "uid": self._uid("start"), "time": self._begin, "plan_name": header.protocol,
            "plan_type": "tsbench protocol",
            "plan_args": {name: one.get("value") for name, one in codec.plain(header.parameters).items()},
            "parameters": codec.plain(header.parameters), "sample": codec.plain(header.device),
            "owner": header.user, "project": header.campaign_id, "run_id": header.run_id,
            "simulated": header.simulated, "detectors": list(header.instruments),
            "instruments": {name: _identity(facts) for name, facts in header.instruments.items()},
            "fixture": codec.plain(header.fixture), "tsbench_version": str(header.provenance.get("version", "")),
            "hints": {"dimensions": [[["time"], "primary"]]},
        }
        return {name: _with_good_keys(value) for name, value in facts.items()}

    def points(self) -> Iterator[Document]:
        """Yield the descriptor and the pages of the point table."""
        run, names = self._run, [key_of(column.name) for column in self._run.header.columns]
        keys = {key_of(column.name): _number(column.unit, f"{run.header.protocol}: {column.help}")
                for column in run.header.columns}
        shown = [name for name in ("voltage", "current", "device_voltage") if name in names]
        yield self._descriptor("primary", {**keys, "flags": _text("flags of the reading")}, shown)
        times = absolute(run.header, run.column("time")) if "time" in names else np.full(len(run.points), self._begin)
        flags = [" ".join(Flag(int(one)).names()) for one in run.point_flags]
        for first in range(0, len(run.points), PAGE):
            part = slice(first, first + PAGE)
            columns = dict(zip(names, run.points[part].T.tolist(), strict=True))
            yield self._page("primary", {**columns, "flags": flags[part]}, times[part].tolist())

    def waveforms(self) -> Iterator[Document]:
        """Yield the records of oscilloscopes: one event for each segment."""
        alike: dict[tuple[str, str, int, str], list[Waveform]] = defaultdict(list)
        for one in self._run.waveforms:
            alike[one.channel, one.unit, one.codes.shape[1], ",".join(sorted(one.conditions))].append(one)
        for number, ((name, unit, length, _), members) in enumerate(alike.items()):
            channel = key_of(name)
            stream = f"waveforms_{number:03d}"
            conditions = sorted(members[0].conditions)
            yield self._descriptor(stream, {
                channel: {**_number(unit, f"scope record of {channel}"), "dtype": "array", "shape": [length]},
                "first_sample": _number("s", "time of the first sample after the trigger"),
                "sample_interval": _number("s", "time between two samples"),
                **{f"condition_{key_of(name)}": _number("", f"condition {name} of the record") for name in conditions},
                "flags": _text("flags of the record")}, [channel])
            yield from self._records(stream, channel, conditions, members)

    def _records(
        self, stream: str, channel: str, conditions: Sequence[str], members: Sequence[Waveform],
    ) -> Iterator[Document]:
        for one in members:
            step = max(_SAMPLES // max(one.codes.shape[1], 1), 1)
            moments = absolute(self._run.header, one.time + np.asarray(one.segment_times, dtype=np.float64))
            for first in range(0, len(one.codes), step):
                values = (one.codes[first : first + step].astype(np.float64) * one.scale + one.offset).tolist()
                many = len(values)
                yield self._page(stream, {
                    channel: values, "first_sample": many * [one.t0], "sample_interval": many * [one.dt],
                    **{f"condition_{key_of(name)}": many * [float(one.conditions[name])] for name in conditions},
                    "flags": many * [" ".join(one.flags.names())]}, moments[first : first + step].tolist())

    def results(self) -> Iterator[Document]:
        """Yield the extracted values: one event for each."""
        rows = self._run.results
        if not rows:
            return
        keys = {name: _text(what) for name, what in (
            ("quantity", "extracted quantity"), ("unit", "unit of the value"), ("method", "method of extraction"),
            ("flags", "flags of the result"), ("conditions", "conditions of the result, as JSON"))}
        numbers = {name: _number("", what) for name, what in (
            ("value", "extracted value"), ("low", "lower end of its 95 % interval"),
            ("high", "upper end of its 95 % interval"))}
        yield self._descriptor("results", {**keys, **numbers}, ["value"])
        data: dict[str, list[Any]] = {
            "quantity": [one.quantity for one in rows], "unit": [one.unit for one in rows],
            "method": [one.method for one in rows], "flags": [" ".join(one.flags.names()) for one in rows],
            "conditions": [codec.to_json(one.conditions) for one in rows]}
        for name in numbers:
            data[name] = [float("nan") if getattr(one, name) is None else getattr(one, name) for one in rows]
        yield self._page("results", data, len(rows) * [self._end()])

    def stop(self) -> dict[str, Any]:
        """Return the stop document."""
        status = self._run.status
        return {
            "uid": self._uid("stop"), "run_start": self._uid("start"), "time": self._end(),
            "exit_status": _EXIT.get(status, "fail"), "reason": self._run.reason, "num_events": dict(self._numbers)}

    def _end(self) -> float:
        return epoch(self._run.end_time) if self._run.end_time else self._begin

    def _descriptor(self, stream: str, keys: Mapping[str, Any], hints: Sequence[str]) -> Document:
        self._numbers[stream] = 0
        return "descriptor", {
            "uid": self._uid("descriptor", stream), "run_start": self._uid("start"), "time": self._begin,
            "name": stream,
            "data_keys": {name: {**key, "object_name": "tsbench"} for name, key in keys.items()},
            "object_keys": {"tsbench": list(keys)}, "hints": {"tsbench": {"fields": list(hints)}}, "configuration": {}}

    def _page(self, stream: str, data: Mapping[str, list[Any]], times: list[float]) -> Document:
        first = self._numbers[stream]
        self._numbers[stream] = first + len(times)
        numbers = range(first + 1, first + 1 + len(times))
        return "event_page", {
            "descriptor": self._uid("descriptor", stream), "uid": [self._uid(stream, number) for number in numbers],
            "seq_num": list(numbers), "time": times, "data": dict(data), "timestamps": {name: times for name in data},
            "filled": {}}


def epoch(moment: str) -> float:
    """Return the seconds since 1970 (UTC) of a time in ISO 8601."""
    return datetime.datetime.fromisoformat(moment).timestamp()


def absolute(header: RunHeader, times: FloatArray) -> FloatArray:
    """Return times on the bench's clock [s] as seconds since 1970 (UTC)."""
    return epoch(header.start_time) - float(header.provenance.get(CLOCK_AT_START, 0.0)) + times


def key_of(name: str) -> str:
    """Return a name as a key of a document, which must contain neither a dot nor a slash."""
    return name.replace(".", "_").replace("/", "_")


def _with_good_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key_of(str(name)): _with_good_keys(item) for name, item in value.items()}
    return [_with_good_keys(item) for item in value] if isinstance(value, list) else value


def _identity(facts: Mapping[str, Any]) -> dict[str, Any]:
    names = ("manufacturer", "model", "serial", "firmware", "driver", "roles", "settings")
    return {name: codec.plain(facts[name]) for name in names if name in facts}


def _number(unit: str, source: str) -> dict[str, Any]:
    return {"dtype": "number", "shape": [], "source": source, "units": unit}


def _text(source: str) -> dict[str, Any]:
    return {"dtype": "string", "shape": [], "source": source}

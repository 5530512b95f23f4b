"""Records <-> plain data, checked when read, and the digest of a run."""

import dataclasses
import hashlib
import math
import struct
import zlib
from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from tsbench.errors import UnreadableFile
from tsbench.records import DeviceDescription, Flag, Point, Result, Run, RunEvent, RunHeader, Sensing, Waveform
from tsbench.storage import codec
from tsbench.validation import first_problem

_HEADER = TypeAdapter(RunHeader)
_INSTRUMENTS = TypeAdapter(dict[str, dict[str, Any]])
_NUMBER = (int, float)
#: fields of ``Sensing`` that files of earlier versions do not have
_LATER_SENSING = {
    "current_sensor", "current_tolerance", "current_impedance", "maximum_current", "amplifier", "current_node", "skew",
    "skew_uncertainty", "capacitance", "capacitance_uncertainty"}
_LATER_DEVICE = {"least_resistance"}  #: the same of ``DeviceDescription``
_UNKNOWN_FLAGS = ~int(sum(Flag))
_WAVEFORM_TYPES: dict[str, Any] = {
    **dict.fromkeys(("channel", "unit"), str),
    **dict.fromkeys(("scale", "offset", "t0", "dt", "time", "accuracy_gain", "accuracy_offset"), _NUMBER),
    **dict.fromkeys(("clip_low", "clip_high", "bandwidth"), (*_NUMBER, type(None))),
    **dict.fromkeys(("codes", "segment_times"), np.ndarray),
    "conditions": dict,
    "flags": int,
}
_EVENT_TYPES: dict[str, Any] = {"kind": str, "message": str, "time": _NUMBER, "data": dict}
_RESULT_TYPES: dict[str, Any] = {
    **dict.fromkeys(("quantity", "unit", "method"), str),
    **dict.fromkeys(("value", "low", "high"), (*_NUMBER, type(None))),
    "conditions": dict,
    "flags": int,
}
#: fields of ``Result`` that files of earlier versions do not have; where there is no number, nothing is written
LATER_RESULT = ("random_uncertainty", "systematic_uncertainty")


def _typed(what: str, data: Any, types: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of ``types`` from ``data``; UnreadableFile where one is missing or wrong."""
    if not isinstance(data, Mapping):
        raise UnreadableFile(f"the stored {what} has no named fields")
    for name, kind in types.items():
        if name not in data or not isinstance(data[name], kind):
            raise UnreadableFile(f"the stored {what} has no valid value of '{name}'")
    return {name: data[name] for name in types}


def require_storable(item: Point | Waveform | RunEvent) -> None:
    """Refuse what a reader of the run would take for damage; a protocol may be another author's.

    Raises
    ------
    TypeError
        It is something else, or one of its fields is; one line names the field and its value.
    ValueError
        The arrays of a waveform do not fit each other, or flags are not those of ``records.Flag``.
    """
    if isinstance(item, Point):
        what = "a point"
        for number, value in enumerate(item.values, start=1):
            if type(value) is not float and not isinstance(value, Real):  # the first is quick
                raise TypeError(
                    f"{what}: value {number} = {value!r:.60} is of type {type(value).__name__}, not a number")
    elif isinstance(item, Waveform):
        what = f"waveform of {item.channel!r:.60}"
        _require_fields(what, item, _WAVEFORM_TYPES)
        segments = np.shape(item.segment_times)
        if item.codes.ndim != 2 or item.codes.shape[:1] != segments:
            raise ValueError(f"{what}: 'codes' has the shape {item.codes.shape}, and 'segment_times' has the shape "
                             f"{segments}. The shapes must be (segments, samples) and (segments,)")
    elif isinstance(item, RunEvent):
        _require_fields(f"event {item.kind!r:.60}", item, _EVENT_TYPES)
        return
    else:
        raise TypeError("a recorder stores points, waveforms and events, but this item is of type "
                        f"{type(item).__name__}")
    if not isinstance(item.flags, Flag) or int(item.flags) & _UNKNOWN_FLAGS:
        raise ValueError(f"{what}: flags = {item.flags!r:.60} is not a tsbench.records.Flag")


def _require_fields(what: str, item: Any, types: Mapping[str, Any]) -> None:
    for name, kind in types.items():
        value = getattr(item, name)
        wanted = Mapping if kind is dict else kind
        if name != "segment_times" and not isinstance(value.item() if isinstance(value, np.generic) else value, wanted):
            raise TypeError(f"{what}: {name} = {value!r:.60} is of type {type(value).__name__}, which cannot be stored")


def require_readable(header: RunHeader) -> None:
    """Refuse a header that could not be read back, by TypeError in one line: then no run begins under it."""
    try:
        _HEADER.validate_python(codec.plain(header))
    except ValidationError as error:
        raise TypeError(f"run {header.run_id} cannot be stored: {first_problem(error)}") from None


def header_from(data: Any) -> RunHeader:
    """Rebuild a run's header; UnreadableFile names what is missing or of another type."""
    try:
        return _HEADER.validate_python(data)
    except ValidationError as error:
        raise UnreadableFile(f"the stored description of the run is not valid ({first_problem(error)})") from None


def instruments_from(data: Any) -> dict[str, dict[str, Any]]:
    """Return the description of the instruments, by name."""
    try:
        return _INSTRUMENTS.validate_python(data)
    except ValidationError:
        raise UnreadableFile("the stored description of the instruments is not valid") from None


def outcome_from(data: Any) -> dict[str, Any]:
    """Return status, reason and end time, and the results where there are any."""
    outcome = _typed("outcome", data, {"status": str, "reason": str, "end_time": str})
    return {**outcome, "results": [result_from(row) for row in data.get("results") or ()]}


def point_from(data: Any, columns: int) -> tuple[int, tuple[float, ...]]:
    """Return flags and values of a point of so many columns."""
    if not isinstance(data, list) or len(data) != columns + 1:
        raise UnreadableFile("a stored point does not have one value for each column of the run")
    flags, *values = data
    if not isinstance(flags, int) or not 0 <= flags < 2**32 or not all(type(v) is float for v in values):
        raise UnreadableFile("a stored point has flags or values that are not valid numbers")
    return flags, tuple(values)


def waveform_data(waveform: Waveform) -> dict[str, Any]:
    """Return a waveform as plain data but for its two arrays."""
    data = {field.name: getattr(waveform, field.name) for field in dataclasses.fields(waveform)}
    codes, segments = data.pop("codes"), data.pop("segment_times")
    data["flags"] = int(waveform.flags)
    return {
        **codec.plain(data),
        "codes": np.asarray(codes),
        "segment_times": np.asarray(segments, dtype=np.float64),
    }


def waveform_from(data: Any) -> Waveform:
    """Rebuild a waveform from ``waveform_data``."""
    fields = _typed("waveform", data, _WAVEFORM_TYPES)
    codes, segments = fields["codes"], fields["segment_times"]
    if codes.ndim != 2 or segments.shape != codes.shape[:1] or segments.dtype != np.float64:
        raise UnreadableFile("samples and trigger times of a stored waveform have different numbers of segments")
    return Waveform(**{**fields, "flags": Flag(fields["flags"])})


def event_from(data: Any) -> RunEvent:
    """Rebuild an event from its plain data."""
    return RunEvent(**_typed("event", data, _EVENT_TYPES))


def result_from(data: Any) -> Result:
    """Rebuild a result from its plain data."""
    later = {name: (*_NUMBER, type(None)) for name in LATER_RESULT if isinstance(data, Mapping) and name in data}
    fields = _typed("result", data, {**_RESULT_TYPES, **later})
    return Result(**{**fields, "flags": Flag(fields["flags"])})


def result_data(result: Result) -> dict[str, Any]:
    """Return a result as plain data, as :func:`result_from` reads it."""
    data: dict[str, Any] = codec.plain(result)
    return {name: value for name, value in data.items() if value is not None or name not in LATER_RESULT}


def without_nan(result: Result) -> Result:
    """A missing number is None, in the journal and in the file (where NaN stands for it)."""

    def clean(number: float | None) -> float | None:
        return None if number is None or math.isnan(number) else number

    return dataclasses.replace(
        result, value=clean(result.value), low=clean(result.low), high=clean(result.high),
        random_uncertainty=clean(result.random_uncertainty),
        systematic_uncertainty=clean(result.systematic_uncertainty))


# --------------------------------------------------------------------------------------------- a whole run


def run_data(run: Run) -> dict[str, Any]:
    """Return a run as plain data and arrays, for another process."""
    return {
        "header": codec.plain(run.header),
        "points": run.points,
        "point_flags": run.point_flags,
        "waveforms": [waveform_data(waveform) for waveform in run.waveforms],
        "events": [codec.plain(event) for event in run.events],
        "status": run.status,
        "reason": run.reason,
        "end_time": run.end_time,
        "results": [result_data(result) for result in run.results],
    }


def run_from(data: Mapping[str, Any]) -> Run:
    """Rebuild a run from ``run_data``."""
    try:
        return Run(
            header=header_from(data["header"]),
            points=data["points"],
            point_flags=data["point_flags"],
            waveforms=tuple(waveform_from(item) for item in data["waveforms"]),
            events=tuple(event_from(item) for item in data["events"]),
            status=data["status"],
            reason=data["reason"],
            end_time=data["end_time"],
            results=tuple(result_from(item) for item in data["results"]),
        )
    except KeyError as error:
        raise UnreadableFile(f"the run is incomplete, because {error} is missing") from None


def point_crc(point: Point) -> int:
    """Return a CRC-32 of a point's values and flags, by which an acknowledged point is known again."""
    return zlib.crc32(struct.pack(f"<{len(point.values)}dI", *point.values, int(point.flags)))


def _header_text(header: RunHeader) -> str:
    """Return a header as JSON text; what later versions added counts only where it is not the default.

    So the digest of a file that an earlier version wrote stays as it was.
    """
    data = codec.plain(header)
    for part, kind, added in ((data["fixture"]["sensing"], Sensing, _LATER_SENSING),
                              (data["device"], DeviceDescription, _LATER_DEVICE)):
        for field in dataclasses.fields(kind):
            if field.name in added and part[field.name] == field.default:
                del part[field.name]
    for later in ("control", "probes", "low_side_resistance"):
        if not data["fixture"][later]:
            del data["fixture"][later]
    return codec.plain_to_json(data)


def run_digest(run: Run) -> str:
    """Return the SHA-256 of everything a run holds, independent of the file it lies in.

    Stored in the run file, it tells a silently changed byte anywhere in data or description.
    """
    digest = hashlib.sha256()

    def add(text: str) -> None:
        digest.update(text.encode())
        digest.update(b"\0")

    def add_array(array: npt.NDArray[Any]) -> None:
        kind, shape, content = codec.array_view(array)
        add(f"{kind}{list(shape)}")
        digest.update(content)

    add(_header_text(run.header))
    add_array(run.points)
    add_array(run.point_flags)
    for waveform in run.waveforms:
        data = waveform_data(waveform)
        codes, segments = data.pop("codes"), data.pop("segment_times")
        add(codec.plain_to_json(data))
        add_array(codes)
        add_array(segments)
    add(codec.to_json([run.events, run.status, run.reason, run.end_time, [result_data(one) for one in run.results]]))
    return digest.hexdigest()

"""Records <-> plain data: JSON text for the run file, MessagePack for the journal. No pickle, no code.

Arrays travel as their bytes with type and shape; nothing of a record is lost or rounded either way.
"""

import dataclasses
import enum
import hashlib
import json
import math
import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

import msgpack
import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile
from tsbench.records import (
    Column,
    DeviceDescription,
    DeviceLimits,
    Fixture,
    Flag,
    Point,
    Result,
    Run,
    RunEvent,
    RunHeader,
    Sensing,
    Waveform,
)

ARRAY, RAW_BLOCK = 1, 2  #: MessagePack extension codes
CODE_TYPES = ("|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<f4", "<f8")  #: what an array may hold
_FLOAT_KEY = "$float"  #: JSON has no infinity: {"$float": "inf"}

#: bytes, offset and CRC of a block in the raw file -> its bytes
BlockReader = Callable[[int, int, int], bytes]


# ----------------------------------------------------------------------------------------------- plain data


def plain(value: Any) -> Any:
    """Return ``value`` as dicts, lists, text, numbers, booleans and None only."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, enum.Enum) and not isinstance(value, int):
        return plain(value.value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {_storable(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    return _storable(str(value))


def _storable(text: str) -> str:
    """Return text that UTF-8 and HDF5 (which ends a text at the first NUL) give back unchanged."""
    text = text.replace("\0", "\N{SYMBOL FOR NULL}")
    return str(text) if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def to_json(value: Any) -> str:
    """Return canonical JSON text: sorted keys, no spaces, every float exact, also the infinite ones."""
    return json.dumps(
        _finite(plain(value)), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def from_json(text: str) -> Any:
    """Read what ``to_json`` wrote; UnreadableFile where it is something else."""
    try:
        return json.loads(text, object_hook=_float_back)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"not JSON: {error}") from None


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return {_FLOAT_KEY: repr(value)}
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value


def _float_back(value: dict[str, Any]) -> Any:
    return float(value[_FLOAT_KEY]) if value.keys() == {_FLOAT_KEY} else value


def sha256(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


# ----------------------------------------------------------------------------------------------- MessagePack


def array_bytes(array: npt.NDArray[Any]) -> tuple[str, tuple[int, ...], bytes]:
    """Return type, shape and little-endian bytes of an array."""
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    kind = little.dtype.str.replace("=", "<")
    if kind not in CODE_TYPES:
        raise TypeError(f"cannot store an array of {array.dtype}; there are {', '.join(CODE_TYPES)}")
    return kind, array.shape, little.tobytes()


def pack(value: Any) -> bytes:
    """Return ``value`` (plain data and arrays) as MessagePack."""
    packed: bytes = msgpack.packb(value, default=_pack_array)
    return packed


def _pack_array(value: Any) -> msgpack.ExtType:
    if isinstance(value, np.ndarray):
        return msgpack.ExtType(ARRAY, msgpack.packb(array_bytes(value)))
    raise TypeError(f"cannot store a {type(value).__name__}")


def raw_reference(kind: str, shape: tuple[int, ...], offset: int, size: int, crc: int) -> msgpack.ExtType:
    """Return what the journal holds of an array whose bytes are in the raw file."""
    return msgpack.ExtType(RAW_BLOCK, msgpack.packb((kind, shape, offset, size, crc)))


def unpack(data: bytes, blocks: BlockReader | None = None) -> Any:
    """Read MessagePack written by ``pack``; UnreadableFile where it is something else."""

    def extension(code: int, body: bytes) -> Any:
        if code == ARRAY:
            kind, shape, content = msgpack.unpackb(body, max_ext_len=0)
            return _array(kind, shape, content)
        if code == RAW_BLOCK and blocks is not None:
            kind, shape, offset, size, crc = msgpack.unpackb(body, max_ext_len=0)
            return _array(kind, shape, blocks(offset, size, crc))
        raise ValueError(f"unknown extension {code}")

    try:
        return msgpack.unpackb(data, ext_hook=extension, strict_map_key=True)
    except (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException) as error:
        raise UnreadableFile(f"damaged record: {error}") from None


def _array(kind: str, shape: list[int], content: bytes) -> npt.NDArray[Any]:
    if kind not in CODE_TYPES:
        raise ValueError(f"array of {kind!r}")
    return np.frombuffer(content, dtype=np.dtype(kind)).reshape(shape)


# --------------------------------------------------------------------------------------- records <-> plain


def header_from(data: Mapping[str, Any]) -> RunHeader:
    """Rebuild a run's header; UnreadableFile names what is missing."""
    try:
        known = {field.name for field in dataclasses.fields(RunHeader)}
        values = {name: item for name, item in data.items() if name in known}
        device, fixture = dict(data["device"]), dict(data["fixture"])
        device["limits"] = DeviceLimits(**device["limits"])
        fixture["sensing"] = Sensing(**fixture["sensing"])
        values["device"] = DeviceDescription(**device)
        values["fixture"] = Fixture(**fixture)
        values["columns"] = tuple(Column(**column) for column in data["columns"])
        return RunHeader(**values)
    except (KeyError, TypeError) as error:
        raise UnreadableFile(f"the run's header is incomplete: {error}") from None


def waveform_data(waveform: Waveform) -> dict[str, Any]:
    """Return a waveform as plain data but for its two arrays."""
    data = {field.name: getattr(waveform, field.name) for field in dataclasses.fields(waveform)}
    codes, segments = data.pop("codes"), data.pop("segment_times")
    data["flags"] = int(waveform.flags)
    return {
        **plain(data),
        "codes": np.asarray(codes),
        "segment_times": np.asarray(segments, dtype=np.float64),
    }


def waveform_from(data: Mapping[str, Any]) -> Waveform:
    """Rebuild a waveform from ``waveform_data``."""
    try:
        return Waveform(**{**data, "flags": Flag(data["flags"])})
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableFile(f"damaged waveform: {error}") from None


def event_from(data: Mapping[str, Any]) -> RunEvent:
    """Rebuild an event from its plain data."""
    try:
        return RunEvent(**data)
    except TypeError as error:
        raise UnreadableFile(f"damaged event: {error}") from None


def result_from(data: Mapping[str, Any]) -> Result:
    """Rebuild a result from its plain data."""
    try:
        return Result(**{**data, "flags": Flag(data.get("flags", 0))})
    except (TypeError, ValueError) as error:
        raise UnreadableFile(f"damaged result: {error}") from None


# --------------------------------------------------------------------------------------------- a whole run


def run_data(run: Run) -> dict[str, Any]:
    """Return a run as plain data and arrays, for another process."""
    return {
        "header": plain(run.header),
        "points": run.points,
        "point_flags": run.point_flags,
        "waveforms": [waveform_data(waveform) for waveform in run.waveforms],
        "events": [plain(event) for event in run.events],
        "status": run.status,
        "reason": run.reason,
        "end_time": run.end_time,
        "results": [plain(result) for result in run.results],
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
        raise UnreadableFile(f"the run is incomplete: {error}") from None


def point_crc(point: Point) -> int:
    """Return a CRC-32 of a point's values and flags, by which an acknowledged point is known again."""
    return zlib.crc32(struct.pack(f"<{len(point.values)}dI", *point.values, int(point.flags)))


def run_digest(run: Run) -> str:
    """Return the SHA-256 of everything a run holds, independent of the file it lies in.

    Stored in the run file, it tells a silently changed byte anywhere in data or description.
    """
    digest = hashlib.sha256()

    def add(text: str) -> None:
        digest.update(text.encode())
        digest.update(b"\0")

    def add_array(array: npt.NDArray[Any]) -> None:
        kind, shape, content = array_bytes(array)
        add(f"{kind}{list(shape)}")
        digest.update(content)

    add(to_json(run.header))
    add_array(run.points)
    add_array(run.point_flags)
    for waveform in run.waveforms:
        data = waveform_data(waveform)
        codes, segments = data.pop("codes"), data.pop("segment_times")
        add(to_json(data))
        add_array(codes)
        add_array(segments)
    add(to_json([run.events, run.status, run.reason, run.end_time, run.results]))
    return digest.hexdigest()

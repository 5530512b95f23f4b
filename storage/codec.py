"""Records <-> plain data: JSON text for the run file, MessagePack for the journal. No pickle, no code.

Arrays travel as their bytes with type and shape; nothing of a record is lost or rounded either way.
"""

import dataclasses
import enum
import hashlib
import json
import math
from collections.abc import Callable, Mapping
from typing import Any

import msgpack
import numpy as np
import numpy.typing as npt

from tsbench.errors import UnreadableFile

ARRAY, RAW_BLOCK = 1, 2  #: MessagePack extension codes
CODE_TYPES = ("|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<f4", "<f8")  #: what an array may hold
_FLOAT_KEY = "$float"  #: JSON has no infinity: {"$float": "inf"}

#: bytes, offset and CRC of a block in the raw file -> its bytes
BlockReader = Callable[[int, int, int], bytes | memoryview]


# ----------------------------------------------------------------------------------------------- plain data


def plain(value: Any) -> Any:
    """Return ``value`` as dicts, lists, text, numbers, booleans and None only."""
    data: Any
    if value is None or isinstance(value, bool):
        data = value
    elif isinstance(value, str):
        data = _storable(value)
    elif isinstance(value, enum.Enum) and not isinstance(value, int):
        data = plain(value.value)
    elif isinstance(value, int | np.integer):
        data = int(value)
    elif isinstance(value, float | np.floating):
        data = float(value)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        data = {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    elif isinstance(value, Mapping):
        data = {_storable(str(key)): plain(item) for key, item in value.items()}
    elif isinstance(value, np.bool_):
        data = bool(value)
    elif isinstance(value, np.ndarray):
        data = plain(value.tolist())
    elif isinstance(value, list | tuple | set | frozenset):
        data = [plain(item) for item in value]
    else:
        data = _storable(str(value))  # a path, or what has no plain form
    return data


def _storable(text: str) -> str:
    """Return text that UTF-8 and HDF5 (which ends a text at the first NUL) give back unchanged."""
    text = text.replace("\0", "\N{SYMBOL FOR NULL}")
    return str(text) if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def to_json(value: Any) -> str:
    """Return canonical JSON text: sorted keys, no spaces, every float exact, also the infinite ones."""
    return plain_to_json(plain(value))


def plain_to_json(data: Any) -> str:
    """Return ``to_json`` of what is plain data already."""
    return json.dumps(_finite(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def from_json(text: str) -> Any:
    """Read what ``to_json`` wrote; UnreadableFile where it is something else."""
    try:
        return json.loads(text, object_hook=_float_back)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(f"a text in the file is not valid JSON ({error})") from None


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


def little_endian(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an array as it is stored, contiguous and little-endian; TypeError where it may hold no such values."""
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
    if little.dtype.str not in CODE_TYPES:
        raise TypeError(f"arrays of {array.dtype} cannot be stored. The allowed types are {', '.join(CODE_TYPES)}")
    return little.reshape(array.shape)


def array_view(array: npt.NDArray[Any]) -> tuple[str, tuple[int, ...], memoryview]:
    """Return type, shape and little-endian bytes of an array, without a copy where it has them already."""
    little = little_endian(array)
    return little.dtype.str, array.shape, little.reshape(-1).view(np.uint8).data


def array_bytes(array: npt.NDArray[Any]) -> tuple[str, tuple[int, ...], bytes]:
    """Return type, shape and little-endian bytes of an array."""
    kind, shape, view = array_view(array)
    return kind, shape, bytes(view)


def pack(value: Any) -> bytes:
    """Return ``value`` (plain data and arrays) as MessagePack."""
    packed: bytes = msgpack.packb(value, default=_pack_array)
    return packed


def packer() -> Callable[[Any], bytes]:
    """Return a ``pack`` for one thread that keeps its buffer: five times as fast for small values."""
    pack: Callable[[Any], bytes] = msgpack.Packer(default=_pack_array).pack
    return pack


def _pack_array(value: Any) -> msgpack.ExtType:
    if isinstance(value, np.ndarray):
        return msgpack.ExtType(ARRAY, msgpack.packb(array_bytes(value)))
    raise TypeError(f"values of type {type(value).__name__} cannot be stored")


def raw_reference(kind: str, shape: tuple[int, ...], offset: int, size: int, crc: int) -> msgpack.ExtType:
    """Return what the journal holds of an array whose bytes are in the raw file.

    Parameters
    ----------
    kind : type of the numbers, one of ``CODE_TYPES``
    shape : of the array
    offset, size : [bytes] where its bytes begin in the raw file, and how many there are
    crc : CRC-32 of these bytes
    """
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
        raise ValueError(f"it has the unknown MessagePack extension {code}")

    try:
        return msgpack.unpackb(data, ext_hook=extension, strict_map_key=True)
    except (ValueError, TypeError, RecursionError, msgpack.exceptions.UnpackException) as error:
        raise UnreadableFile(str(error) or type(error).__name__) from None


def _array(kind: str, shape: list[int], content: bytes | memoryview) -> npt.NDArray[Any]:
    if kind not in CODE_TYPES:
        raise ValueError(f"it has an array of the unknown type {kind!r}")
    return np.frombuffer(content, dtype=np.dtype(kind)).reshape(shape)

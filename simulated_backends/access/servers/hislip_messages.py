"""The messages of HiSLIP (IVI-6.1, section 2 and tables 3 to 14): sixteen bytes of header, then the payload."""

import enum
import struct
from collections.abc import Iterator
from dataclasses import dataclass

HEADER = struct.Struct(">2sBBIQ")
PROLOGUE = b"HS"
LARGEST = 1 << 20  #: [bytes] the longest message that is accepted
PROTOCOL_VERSION = 0x0100
VENDOR = int.from_bytes(b"TS", "big")


class Kind(enum.IntEnum):
    """Message types."""

    INITIALIZE = 0
    INITIALIZE_RESPONSE = 1
    FATAL_ERROR = 2
    ERROR = 3
    ASYNC_LOCK = 4
    ASYNC_LOCK_RESPONSE = 5
    DATA = 6
    DATA_END = 7
    DEVICE_CLEAR_COMPLETE = 8
    DEVICE_CLEAR_ACKNOWLEDGE = 9
    ASYNC_REMOTE_LOCAL_CONTROL = 10
    ASYNC_REMOTE_LOCAL_RESPONSE = 11
    TRIGGER = 12
    INTERRUPTED = 13
    ASYNC_INTERRUPTED = 14
    ASYNC_MAX_MESSAGE_SIZE = 15
    ASYNC_MAX_MESSAGE_SIZE_RESPONSE = 16
    ASYNC_INITIALIZE = 17
    ASYNC_INITIALIZE_RESPONSE = 18
    ASYNC_DEVICE_CLEAR = 19
    ASYNC_SERVICE_REQUEST = 20
    ASYNC_STATUS_QUERY = 21
    ASYNC_STATUS_RESPONSE = 22
    ASYNC_DEVICE_CLEAR_ACKNOWLEDGE = 23
    ASYNC_LOCK_INFO = 24
    ASYNC_LOCK_INFO_RESPONSE = 25


class Fatal(enum.IntEnum):
    """Codes of FatalError; the connection ends."""

    UNIDENTIFIED = 0
    POOR_HEADER = 1
    CHANNEL_MISSING = 2
    BAD_INITIALIZATION = 3
    TOO_MANY_CLIENTS = 4


class Wrong(enum.IntEnum):
    """Codes of Error; the connection goes on."""

    UNIDENTIFIED = 0
    MESSAGE_TYPE = 1
    CONTROL_CODE = 2
    VENDOR_MESSAGE = 3
    TOO_LARGE = 4


@dataclass(frozen=True)
class Packet:
    """One message; ``payload`` is None if it was longer than ``LARGEST`` and has been thrown away."""

    kind: int
    control: int = 0
    parameter: int = 0
    payload: bytes | None = b""

    def pack(self) -> bytes:
        """Return the bytes on the wire."""
        payload = self.payload or b""
        return HEADER.pack(PROLOGUE, self.kind, self.control, self.parameter, len(payload)) + payload


class PoorHeaderError(Exception):
    """What came is not HiSLIP: the stream cannot be followed any more."""


class PacketReader:
    """Cuts a stream into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._skip = 0

    def feed(self, data: bytes) -> Iterator[Packet]:
        """Yield every message that is complete now.

        Raises
        ------
        PoorHeaderError
            Once everything before it has been yielded.
        """
        if self._skip:
            thrown = min(self._skip, len(data))
            self._skip -= thrown
            data = data[thrown:]
        self._buffer += data
        position = 0
        try:
            while len(self._buffer) - position >= HEADER.size:
                prologue, kind, control, parameter, length = HEADER.unpack_from(self._buffer, position)
                if prologue != PROLOGUE:
                    raise PoorHeaderError
                start = position + HEADER.size
                if length > LARGEST:
                    there = min(length, len(self._buffer) - start)
                    self._skip = length - there
                    position = start + there
                    yield Packet(kind, control, parameter, None)
                    continue
                if len(self._buffer) - start < length:
                    return
                position = start + length
                yield Packet(kind, control, parameter, bytes(self._buffer[start:position]))
        finally:
            del self._buffer[:position]

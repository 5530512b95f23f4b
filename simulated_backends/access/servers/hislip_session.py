"""One HiSLIP session: what its two channels mean for the instrument."""

import time
from dataclasses import dataclass
from typing import Protocol

from tsbench.simulated_backends.access.servers.clients import MOST_WAITING, Client, Message
from tsbench.simulated_backends.access.servers.connections import ENOUGH
from tsbench.simulated_backends.access.servers.hislip_messages import (
    HEADER,
    LARGEST,
    Kind,
    Packet,
    Wrong,
)
from tsbench.simulated_backends.access.servers.served_instrument import ServedInstrument

_SMALLEST = 256  #: [bytes] below that a client's maximum makes no sense
_LOCK_FAILED, _LOCK_DONE, _LOCK_SHARED_RELEASED, _LOCK_ERROR = range(4)
_REMOTE_CODES = range(7)


class ChannelInterface(Protocol):
    """What a session needs of a channel."""

    @property
    def unsent(self) -> int:
        """Return how many bytes the other side has not taken yet."""

    def send(self, data: bytes) -> None:
        """Send bytes."""

    def forget_unsent(self) -> None:
        """Drop messages of which no byte has been sent."""

    def error(self, code: Wrong, text: str) -> None:
        """Send an Error message."""

    def close(self) -> None:
        """Close."""

    def cut(self) -> None:
        """Lose the connection."""


@dataclass
class _LockRequest:
    key: bytes
    deadline: float  #: wall clock [s]


class HislipSession(Client):
    """A client of one instrument.

    Messages take their turn in ``Client.queue``; what comes on the asynchronous channel is done at once.
    """

    hears_requests = True

    def __init__(self, number: int, served: ServedInstrument, channel: ChannelInterface) -> None:
        super().__init__()
        self.number = number
        self._served = served
        self._data = channel
        self._side: ChannelInterface | None = None
        self._input = bytearray()
        self._unread = False  #: a whole reply was sent and the client has not said that it has read it
        self._clearing = False  #: from AsyncDeviceClear to DeviceClearComplete
        self._largest = LARGEST
        self._wish: _LockRequest | None = None
        served.join(self)

    @property
    def complete(self) -> bool:
        """Whether both channels are there."""
        return self._side is not None

    def attach(self, channel: ChannelInterface) -> None:
        """The asynchronous channel has come."""
        self._side = channel

    def end(self) -> None:
        """A channel has ended: the other one ends, and the client has gone."""
        self._served.leave(self)
        self._data.close()
        if self._side is not None:
            self._side.close()

    # --------------------------------------------------------------------------------- what the served asks

    def deliver(self, reply: bytes, message: Message, only: int | None = None) -> None:
        """Send a reply in as many messages as the client's maximum asks for."""
        if self._clearing:
            return
        if self.queue:
            self._interrupt(self.queue[0].identifier)  # it has gone on: IEEE 488.2 throws the reply away
            return
        size = self._largest - HEADER.size
        for start in range(0, len(reply), size):
            kind = Kind.DATA if start + size < len(reply) else Kind.DATA_END
            packet = Packet(kind, 0, message.identifier, reply[start : start + size]).pack()
            if only is not None and only < start + size:
                self._data.send(packet[: HEADER.size + only - start])  # its header has promised more
                return
            self._data.send(packet)
        self._unread = True

    @property
    def congested(self) -> bool:
        """Whether it has not taken enough of what it was sent."""
        return self._data.unsent > ENOUGH

    @property
    def crowded(self) -> bool:
        """Whether nothing more should be read from it for the moment."""
        return len(self.queue) > MOST_WAITING

    def cut(self) -> None:
        """Lose the connection."""
        if self._side is not None:
            self._side.cut()
        self._data.cut()

    def service_requested(self, status: int) -> None:
        """Tell the client at once."""
        if self._side is not None:
            self._side.send(Packet(Kind.ASYNC_SERVICE_REQUEST, status).pack())

    def _interrupt(self, identifier: int) -> None:
        self._unread = False
        self._served.instrument.post_error(-410)
        self._data.send(Packet(Kind.INTERRUPTED, 0, identifier).pack())
        if self._side is not None:
            self._side.send(Packet(Kind.ASYNC_INTERRUPTED, 0, identifier).pack())

    # ---------------------------------------------------------------------------------- synchronous channel

    def synchronous(self, packet: Packet) -> bool:
        """Take a message of the synchronous channel; False if it has no place there."""
        if packet.kind == Kind.DEVICE_CLEAR_COMPLETE:
            self._clearing = False
            self._data.send(Packet(Kind.DEVICE_CLEAR_ACKNOWLEDGE).pack())
            return True
        if packet.kind not in {Kind.DATA, Kind.DATA_END, Kind.TRIGGER}:
            return False
        if self._clearing:
            return True  # sent before the client knew
        if packet.control & 1:
            self._unread = False
        elif self._unread:
            self._interrupt(packet.parameter)
        if packet.kind == Kind.TRIGGER:
            self.queue.append(Message(b"", packet.parameter, trigger=True))
        else:
            self._take_data(packet)
        return True

    def _take_data(self, packet: Packet) -> None:
        end = packet.kind == Kind.DATA_END
        payload = packet.payload or b""
        self._input += payload
        if len(self._input) > self._served.instrument.input_buffer_size:
            self._input.clear()
            self._served.overflow()
            return
        framing = self._served.instrument.framing
        if not end and framing.message_end not in payload:
            return
        messages, rest = framing.messages(bytes(self._input), end)
        self._input[:] = rest
        self.queue.extend(Message(m, packet.parameter) for m in messages if m.strip(b" \t\r\0"))

    # --------------------------------------------------------------------------------- asynchronous channel

    def asynchronous(self, packet: Packet) -> bool:
        """Take a message of the asynchronous channel; False if it has no place there."""
        if packet.kind == Kind.ASYNC_STATUS_QUERY:
            if packet.control & 1:
                self._unread = False
            self._answer(Kind.ASYNC_STATUS_RESPONSE, self._served.serial_poll(self, self._unread))
        elif packet.kind == Kind.ASYNC_DEVICE_CLEAR:
            self._clearing, self._unread = True, False
            self._input.clear()
            self._data.forget_unsent()  # a reply now would stand where the client expects the acknowledgement
            self._served.device_clear(self)
            self._answer(Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE)
        elif packet.kind == Kind.ASYNC_MAX_MESSAGE_SIZE:
            asked = int.from_bytes((packet.payload or b"")[:8], "big")
            self._largest = min(max(asked, _SMALLEST), LARGEST)
            self._answer(Kind.ASYNC_MAX_MESSAGE_SIZE_RESPONSE, payload=LARGEST.to_bytes(8, "big"))
        elif packet.kind == Kind.ASYNC_LOCK:
            self._lock(packet)
        elif packet.kind == Kind.ASYNC_LOCK_INFO:
            lock = self._served.lock
            self._answer(Kind.ASYNC_LOCK_INFO_RESPONSE, int(lock.exclusive is not None), lock.holders)
        elif packet.kind == Kind.ASYNC_REMOTE_LOCAL_CONTROL:
            if packet.control in _REMOTE_CODES:
                self._answer(Kind.ASYNC_REMOTE_LOCAL_RESPONSE)  # there is no front panel to lock
            elif self._side is not None:
                self._side.error(Wrong.CONTROL_CODE, f"remote/local control code {packet.control} is not defined")
        else:
            return False
        return True

    def _answer(self, kind: Kind, control: int = 0, parameter: int = 0, payload: bytes = b"") -> None:
        if self._side is not None:
            self._side.send(Packet(kind, control, parameter, payload).pack())

    def _lock(self, packet: Packet) -> None:
        key = packet.payload or b""
        lock = self._served.lock
        if packet.control == 1:
            if self._wish is not None or lock.holds(self, key) or (key and lock.exclusive is self):
                self._answer(Kind.ASYNC_LOCK_RESPONSE, _LOCK_ERROR)
                return
            self._wish = _LockRequest(key, time.monotonic() + packet.parameter * 1e-3)
            self.settle_locks()
        elif packet.control == 0:
            self.releasing = True
            self.settle_locks()
        elif self._side is not None:
            self._side.error(Wrong.CONTROL_CODE, f"lock control code {packet.control} is not defined")

    def settle_locks(self) -> None:
        """Answer a lock request that can be granted or whose time is over; release when all is executed."""
        if self.releasing and not self.queue and not self._served.executing(self):
            self.releasing = False
            code = {"exclusive": _LOCK_DONE, "shared": _LOCK_SHARED_RELEASED, "": _LOCK_ERROR}
            self._answer(Kind.ASYNC_LOCK_RESPONSE, code[self._served.lock.release(self)])
        if self._wish is not None:
            if self._served.lock.take(self, self._wish.key):
                self._answer(Kind.ASYNC_LOCK_RESPONSE, _LOCK_DONE)
                self._wish = None
            elif time.monotonic() >= self._wish.deadline:
                self._answer(Kind.ASYNC_LOCK_RESPONSE, _LOCK_FAILED)
                self._wish = None

    @property
    def lock_patience(self) -> float | None:
        """Return how many seconds the lock request may still wait; None if there is none."""
        return max(self._wish.deadline - time.monotonic(), 0.0) if self._wish is not None else None

"""One HiSLIP session without a network: numbers of the standard, replies in parts, status, clear, locks."""

from types import SimpleNamespace
from typing import Any

import pytest

from tsbench.simulated_backends.access.locks import InstrumentLock
from tsbench.simulated_backends.access.servers import hislip_session as module
from tsbench.simulated_backends.access.servers.clients import Message
from tsbench.simulated_backends.access.servers.hislip import HislipPort
from tsbench.simulated_backends.access.servers.hislip_messages import (
    LARGEST,
    PROTOCOL_VERSION,
    Fatal,
    Kind,
    Packet,
    PacketReader,
    Wrong,
)
from tsbench.simulated_backends.access.servers.hislip_session import HislipSession
from tsbench.simulated_backends.scpi.message import MessageDevice
from tsbench.simulated_backends.scpi.syntax import SCPI_FRAMING

#: IVI-6.1, table 4
MESSAGE_TYPES = """
    Initialize 0, InitializeResponse 1, FatalError 2, Error 3, AsyncLock 4, AsyncLockResponse 5, Data 6, DataEnd 7,
    DeviceClearComplete 8, DeviceClearAcknowledge 9, AsyncRemoteLocalControl 10, AsyncRemoteLocalResponse 11,
    Trigger 12, Interrupted 13, AsyncInterrupted 14, AsyncMaxMessageSize 15, AsyncMaxMessageSizeResponse 16,
    AsyncInitialize 17, AsyncInitializeResponse 18, AsyncDeviceClear 19, AsyncServiceRequest 20, AsyncStatusQuery 21,
    AsyncStatusResponse 22, AsyncDeviceClearAcknowledge 23, AsyncLockInfo 24, AsyncLockInfoResponse 25
"""


class Channel:
    """A connection that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[Packet] = []
        self.raw: list[bytes] = []
        self.unsent = 0
        self.ended: list[str] = []

    def send(self, data: bytes) -> None:
        self.raw.append(data)
        self.sent += PacketReader().feed(data)

    def error(self, code: Wrong, text: str) -> None:
        self.sent.append(Packet(Kind.ERROR, code, 0, text.encode()))

    def forget_unsent(self) -> None:
        self.ended.append("forgotten")

    def close(self) -> None:
        self.ended.append("closed")

    def cut(self) -> None:
        self.ended.append("cut")

    def taken(self) -> list[tuple[int, int, int, bytes | None]]:
        found = [(packet.kind, packet.control, packet.parameter, packet.payload) for packet in self.sent]
        self.sent.clear()
        return found


class Served:
    """The instrument as a session sees it."""

    def __init__(self) -> None:
        self.lock = InstrumentLock()
        self.posted: list[int] = []
        self.instrument = SimpleNamespace(post_error=self.posted.append, input_buffer_size=1000, framing=SCPI_FRAMING)
        self.busy = False
        self.polled: list[bool] = []
        self.cleared = self.left = 0

    def join(self, client: Any) -> None:
        self.client = client

    def leave(self, client: Any) -> None:
        self.left += 1

    def overflow(self) -> None:
        self.posted.append(-363)

    def executing(self, client: Any) -> bool:
        return self.busy

    def serial_poll(self, client: Any, unread: bool) -> int:
        self.polled.append(unread)
        return 0x45

    def device_clear(self, client: Any) -> None:
        self.cleared += 1


@pytest.fixture
def bench() -> Any:
    """A session with both channels, and what it sits on."""
    served, data, side = Served(), Channel(), Channel()
    session = HislipSession(7, served, data)  # type: ignore[arg-type]
    session.attach(side)
    return SimpleNamespace(session=session, served=served, data=data, side=side)


def test_numbers_of_the_standard() -> None:
    numbers = dict(pair.split() for pair in MESSAGE_TYPES.replace("\n", " ").split(","))
    assert {kind.name.title().replace("_", ""): str(kind.value) for kind in Kind} == numbers
    assert [code.value for code in (Fatal.UNIDENTIFIED, Fatal.POOR_HEADER, Fatal.CHANNEL_MISSING,
                                    Fatal.BAD_INITIALIZATION, Fatal.TOO_MANY_CLIENTS)] == [0, 1, 2, 3, 4]
    assert [code.value for code in (Wrong.UNIDENTIFIED, Wrong.MESSAGE_TYPE, Wrong.CONTROL_CODE, Wrong.VENDOR_MESSAGE,
                                    Wrong.TOO_LARGE)] == [0, 1, 2, 3, 4]
    assert PROTOCOL_VERSION == 0x0100   # major 1, minor 0
    assert Packet(7, 1, 0xFFFFFF00, b"*IDN?").pack() == (
        b"HS\x07\x01\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x05*IDN?")
    assert Packet(9).pack() == b"HS\x09" + bytes(13)


def test_a_message_of_a_megabyte_is_taken_and_none_longer() -> None:
    assert LARGEST == 1024 * 1024
    reader = PacketReader()
    whole = Packet(7, payload=bytes(LARGEST)).pack()
    (packet,) = reader.feed(whole)
    assert packet.payload is not None and len(packet.payload) == LARGEST
    longer = Packet(7, payload=bytes(LARGEST + 1)).pack() + Packet(12).pack()
    first, second = reader.feed(longer)
    assert first.payload is None and (second.kind, second.payload) == (12, b"")
    cut = [list(reader.feed(part)) for part in (longer[:100], longer[100:LARGEST], longer[LARGEST:])]
    assert [[packet.kind for packet in part] for part in cut] == [[7], [], [12]]


# ------------------------------------------------------------------------------------------------- replies


def test_a_reply_is_one_message_or_as_many_as_its_size_needs(bench: Any) -> None:
    bench.session.deliver(b"12345", Message(b"*IDN?", 0x42))
    assert bench.data.taken() == [(Kind.DATA_END, 0, 0x42, b"12345")]
    bench.session.asynchronous(Packet(Kind.ASYNC_MAX_MESSAGE_SIZE, payload=(300).to_bytes(8, "big")))
    assert bench.side.taken() == [(Kind.ASYNC_MAX_MESSAGE_SIZE_RESPONSE, 0, 0, LARGEST.to_bytes(8, "big"))]
    reply = bytes(range(250)) * 3   # 16 bytes of 300 are the header: 284 a message
    bench.session.deliver(reply, Message(b"", 2))
    kinds = [(packet.kind, len(packet.payload or b"")) for packet in bench.data.sent]
    assert kinds == [(Kind.DATA, 284), (Kind.DATA, 284), (Kind.DATA_END, 182)]
    assert b"".join(packet.payload or b"" for packet in bench.data.sent) == reply
    bench.data.taken()
    bench.session.deliver(bytes(568), Message(b"", 2))   # just two
    assert [kind for kind, *_ in bench.data.taken()] == [Kind.DATA, Kind.DATA_END]


@pytest.mark.parametrize(("asked", "size"), [(10, 256), (255, 256), (256, 256), (1 << 21, LARGEST), (1 << 20, LARGEST)])
def test_a_maximum_that_makes_no_sense_is_the_nearest_that_does(bench: Any, asked: int, size: int) -> None:
    bench.session.asynchronous(Packet(Kind.ASYNC_MAX_MESSAGE_SIZE, payload=asked.to_bytes(8, "big")))
    bench.session.deliver(bytes(size - 16), Message(b""))
    bench.session.deliver(bytes(size - 15), Message(b""))
    assert [kind for kind, *_ in bench.data.taken()] == [Kind.DATA_END, Kind.DATA, Kind.DATA_END]


@pytest.mark.parametrize(("only", "sent"), [
    (0, [16]), (100, [116]), (284, [300, 16]), (285, [300, 17]), (600, [300, 300])])
def test_a_reply_that_breaks_off_has_promised_more(bench: Any, only: int, sent: list[int]) -> None:
    bench.session.asynchronous(Packet(Kind.ASYNC_MAX_MESSAGE_SIZE, payload=(300).to_bytes(8, "big")))
    bench.session.deliver(bytes(568), Message(b""), only)
    assert [len(data) for data in bench.data.raw] == sent


def test_a_reply_that_the_client_no_longer_waits_for_interrupts(bench: Any) -> None:
    bench.session.synchronous(Packet(Kind.DATA_END, 0, 8, b"*IDN?"))
    bench.session.queue.clear()
    bench.session.deliver(b"reply", Message(b"*IDN?", 8))
    bench.data.taken()
    bench.session.synchronous(Packet(Kind.DATA_END, 0, 10, b"*RST"))   # it has not said that it has read the reply
    assert bench.data.taken() == [(Kind.INTERRUPTED, 0, 10, b"")]
    assert bench.side.taken() == [(Kind.ASYNC_INTERRUPTED, 0, 10, b"")]
    assert bench.served.posted == [-410]
    bench.session.deliver(b"late", Message(b"*IDN?", 8))   # *RST waits: the reply is thrown away
    assert bench.data.taken() == [(Kind.INTERRUPTED, 0, 10, b"")] and bench.served.posted == [-410, -410]


def test_a_client_that_says_that_it_has_read_the_reply_interrupts_nothing(bench: Any) -> None:
    bench.session.deliver(b"reply", Message(b"*IDN?", 8))
    bench.session.synchronous(Packet(Kind.DATA_END, 1, 10, b"*RST"))   # RMT delivered
    assert bench.served.posted == [] and [kind for kind, *_ in bench.data.taken()] == [Kind.DATA_END]
    assert [(message.content, message.identifier) for message in bench.session.queue] == [(b"*RST", 10)]


# ------------------------------------------------------------------------------------------------ messages


def test_messages_come_in_parts_and_triggers_take_their_turn(bench: Any) -> None:
    session = bench.session
    assert session.synchronous(Packet(Kind.DATA, 0, 2, b":SOUR:"))
    assert not session.queue
    session.synchronous(Packet(Kind.DATA_END, 0, 4, b"VOLT 1\n \n*OPC?"))
    session.synchronous(Packet(Kind.TRIGGER, 0, 6))
    session.synchronous(Packet(Kind.DATA, 0, 8, b"*CLS\n*W"))
    assert [(message.content, message.identifier, message.trigger) for message in session.queue] == [
        (b":SOUR:VOLT 1", 4, False), (b"*OPC?", 4, False), (b"", 6, True), (b"*CLS", 8, False)]
    assert [message.size for message in session.queue] == [13, 6, 0, 5]   # with the newline that ended it
    assert [MessageDevice.may_answer(session, message.content) for message in session.queue] == [
        False, True, False, False]
    assert not session.synchronous(Packet(Kind.ASYNC_LOCK)) and not session.asynchronous(Packet(Kind.DATA))


def test_a_message_longer_than_the_input_buffer_is_lost(bench: Any) -> None:
    bench.session.synchronous(Packet(Kind.DATA_END, 0, 2, bytes(1000)))   # of zeros: blank
    assert bench.served.posted == []
    bench.session.synchronous(Packet(Kind.DATA, 0, 2, b"x" * 600))
    bench.session.synchronous(Packet(Kind.DATA, 0, 2, b"x" * 401))
    bench.session.synchronous(Packet(Kind.DATA_END, 0, 2, b"*CLS"))
    assert bench.served.posted == [-363] and [message.content for message in bench.session.queue] == [b"*CLS"]


def test_a_client_that_sends_or_leaves_too_much_is_not_read_from(bench: Any) -> None:
    for _ in range(1000):
        bench.session.queue.append(Message(b"*CLS"))
    assert not bench.session.crowded
    bench.session.queue.append(Message(b"*CLS"))
    assert bench.session.crowded
    bench.data.unsent = 4 * 1024 * 1024
    assert not bench.session.congested
    bench.data.unsent += 1
    assert bench.session.congested


def test_a_device_clear_forgets_and_is_acknowledged_on_both_channels(bench: Any) -> None:
    session = bench.session
    session.synchronous(Packet(Kind.DATA, 0, 2, b"*RS"))
    session.deliver(b"reply", Message(b""))
    bench.data.taken()
    assert session.asynchronous(Packet(Kind.ASYNC_DEVICE_CLEAR))
    assert bench.side.taken() == [(Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE, 0, 0, b"")]
    assert bench.served.cleared == 1 and bench.data.ended == ["forgotten"]
    assert session.synchronous(Packet(Kind.DATA_END, 0, 4, b"*IDN?")) and not session.queue   # sent before it knew
    session.deliver(b"reply", Message(b""))
    assert bench.data.taken() == []
    session.synchronous(Packet(Kind.DEVICE_CLEAR_COMPLETE))
    assert bench.data.taken() == [(Kind.DEVICE_CLEAR_ACKNOWLEDGE, 0, 0, b"")]
    session.synchronous(Packet(Kind.DATA_END, 0, 6, b"*CLS"))
    assert [message.content for message in session.queue] == [b"*CLS"] and bench.served.posted == []


def test_a_status_query_tells_of_a_reply_until_it_is_read(bench: Any) -> None:
    bench.session.deliver(b"reply", Message(b""))
    for control in (0, 0, 1, 0):
        bench.session.asynchronous(Packet(Kind.ASYNC_STATUS_QUERY, control))
    assert bench.served.polled == [True, True, False, False]
    assert bench.side.taken() == [(Kind.ASYNC_STATUS_RESPONSE, 0x45, 0, b"")] * 4
    bench.session.service_requested(0x41)
    assert bench.side.taken() == [(Kind.ASYNC_SERVICE_REQUEST, 0x41, 0, b"")]


def test_remote_control_codes(bench: Any) -> None:
    for control in range(7):
        bench.session.asynchronous(Packet(Kind.ASYNC_REMOTE_LOCAL_CONTROL, control))
    assert bench.side.taken() == [(Kind.ASYNC_REMOTE_LOCAL_RESPONSE, 0, 0, b"")] * 7
    bench.session.asynchronous(Packet(Kind.ASYNC_REMOTE_LOCAL_CONTROL, 7))
    assert [packet[:2] for packet in bench.side.taken()] == [(Kind.ERROR, Wrong.CONTROL_CODE)]


# --------------------------------------------------------------------------------------------------- locks


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Any:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: clock.now)
    yield clock
    monkeypatch.undo()


def lock(bench: Any, control: int, milliseconds: int = 0, key: bytes = b"") -> list[int]:
    """Ask for or give back a lock; return the codes of the responses that came at once."""
    bench.session.asynchronous(Packet(Kind.ASYNC_LOCK, control, milliseconds, key))
    return [control for kind, control, *_ in bench.side.taken() if kind == Kind.ASYNC_LOCK_RESPONSE]


def test_locks_are_taken_counted_and_given_back(bench: Any, wall: Any) -> None:
    """Responses: 0 failed, 1 success (or exclusive released), 2 shared released, 3 error."""
    assert lock(bench, 0) == [3]   # it has none
    assert lock(bench, 1, key=b"team") == [1] and lock(bench, 1, key=b"team") == [3]   # it has it already
    assert lock(bench, 1) == [1] and lock(bench, 1) == [3] and lock(bench, 1, key=b"team") == [3]
    bench.session.asynchronous(Packet(Kind.ASYNC_LOCK_INFO))
    assert bench.side.taken() == [(Kind.ASYNC_LOCK_INFO_RESPONSE, 1, 1, b"")]
    assert lock(bench, 0) == [1] and lock(bench, 0) == [2] and lock(bench, 0) == [3]
    bench.session.asynchronous(Packet(Kind.ASYNC_LOCK_INFO))
    assert bench.side.taken() == [(Kind.ASYNC_LOCK_INFO_RESPONSE, 0, 0, b"")]
    bench.session.asynchronous(Packet(Kind.ASYNC_LOCK, 2))
    assert [packet[:2] for packet in bench.side.taken()] == [(Kind.ERROR, Wrong.CONTROL_CODE)]


def test_a_lock_waits_as_long_as_it_says(bench: Any, wall: Any) -> None:
    bench.served.lock.take("another")
    assert lock(bench, 1) == [0]   # at once or not at all
    assert lock(bench, 1, 2500) == [] and bench.session.lock_patience == pytest.approx(2.5)
    assert lock(bench, 1, 2500) == [3]   # one request at a time
    wall.now += 2.4
    bench.session.settle_locks()
    assert bench.side.taken() == [] and bench.session.lock_patience == pytest.approx(0.1)
    wall.now += 0.2
    assert bench.session.lock_patience == 0.0
    bench.session.settle_locks()
    assert [packet[:2] for packet in bench.side.taken()] == [(Kind.ASYNC_LOCK_RESPONSE, 0)]
    assert bench.session.lock_patience is None
    assert lock(bench, 1, 1000) == []
    bench.served.lock.release("another")
    bench.session.settle_locks()
    assert [packet[:2] for packet in bench.side.taken()] == [(Kind.ASYNC_LOCK_RESPONSE, 1)]


def test_a_lock_is_given_back_when_what_was_sent_is_executed(bench: Any, wall: Any) -> None:
    assert lock(bench, 1) == [1]
    bench.session.queue.append(Message(b"*RST"))
    assert lock(bench, 0) == [] and bench.session.releasing
    bench.session.queue.clear()
    bench.served.busy = True
    bench.session.settle_locks()
    assert bench.side.taken() == []
    bench.served.busy = False
    bench.session.settle_locks()
    assert [packet[:2] for packet in bench.side.taken()] == [(Kind.ASYNC_LOCK_RESPONSE, 1)]
    assert not bench.session.releasing


def test_a_session_ends_with_both_channels(bench: Any) -> None:
    bench.session.end()
    assert bench.served.left == 1 and bench.data.ended == bench.side.ended == ["closed"]
    bench.session.cut()
    assert bench.data.ended[-1] == bench.side.ended[-1] == "cut"
    alone = HislipSession(8, Served(), Channel())  # type: ignore[arg-type]
    assert not alone.complete and bench.session.complete
    alone.service_requested(64)   # nobody to tell
    alone.end()


def test_sixty_sessions_of_an_instrument_have_numbers_of_their_own(wall: Any) -> None:
    port = HislipPort(None, Served())  # type: ignore[arg-type]
    sessions = []
    for _ in range(60):
        assert not port.full
        sessions.append(port.begin(Channel()))  # type: ignore[arg-type]
    assert port.full and [session.number for session in sessions] == list(range(1, 61))
    assert port.session(60) is sessions[-1] and port.session(61) is None and port.next_tick is None
    port.end(sessions[0])
    port.end(sessions[0])   # its other channel
    assert not port.full and port.begin(Channel()).number == 61  # type: ignore[arg-type]
    port.served.lock.take("another")
    for session, milliseconds in ((sessions[1], 3000), (sessions[2], 2000)):
        session.attach(Channel())
        session.asynchronous(Packet(Kind.ASYNC_LOCK, 1, milliseconds))
    assert port.next_tick == pytest.approx(2.0)
    wall.now += 2.5
    port.tick()
    assert port.next_tick == pytest.approx(0.5)

"""HiSLIP by the message (IVI-6.1), and by pyvisa-py: clear, status query, trigger, locks, interruption, refusals."""

import contextlib
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE, wait_until
from tests.fixtures.tsp_meter import WORLD
from tsbench.errors import NoReply
from tsbench.instruments.links.transport import Transport
from tsbench.instruments.links.visa_library import open_manager

HEADER = struct.Struct(">2sBBIQ")
(INITIALIZE, INITIALIZED, FATAL, ERROR, LOCK, LOCKED, DATA, END, CLEARED, CLEAR_ACKNOWLEDGED, REMOTE, REMOTE_DONE,
 TRIGGER, INTERRUPTED, ASYNC_INTERRUPTED, SIZE, SIZE_DONE, ASYNC_INITIALIZE, ASYNC_INITIALIZED, CLEAR, SERVICE, STATUS,
 STATUS_DONE, CLEARING, LOCK_INFO, LOCK_INFO_DONE) = range(26)
FIRST = 0xFFFFFF00


class Channel:
    """One connection: sends and reads whole messages."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._stream = link.makefile("rb")

    def send(self, kind: int, control: int = 0, parameter: int = 0, payload: bytes = b"") -> None:
        self.link.sendall(HEADER.pack(b"HS", kind, control, parameter, len(payload)) + payload)

    def read(self) -> tuple[int, int, int, bytes]:
        header = self._stream.read(HEADER.size)
        if len(header) < HEADER.size:
            raise EOFError
        prologue, kind, control, parameter, length = HEADER.unpack(header)
        assert prologue == b"HS"
        return kind, control, parameter, self._stream.read(length)

    def close(self) -> None:
        self._stream.close()
        self.link.close()


class Session:
    """A client that follows the standard, so that a server that does not is found out."""

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self.data = Channel(connect())
        self.data.send(INITIALIZE, 0, 0x0100 << 16 | 0x7878, b"hislip0")
        kind, overlap, parameter, _ = self.data.read()
        assert (kind, overlap, parameter >> 16) == (INITIALIZED, 0, 0x0100)
        self.side = Channel(connect())
        self.side.send(ASYNC_INITIALIZE, 0, parameter & 0xFFFF)
        assert self.side.read()[0] == ASYNC_INITIALIZED
        self.identifier = FIRST
        self.delivered = 0

    def send(self, message: bytes, kind: int = END) -> int:
        sent = self.identifier
        self.data.send(kind, self.delivered, sent, message)
        self.delivered, self.identifier = 0, (sent + 2) & 0xFFFFFFFF
        return sent

    def reply(self, identifier: int) -> bytes:
        parts = b""
        while True:
            kind, control, parameter, payload = self.data.read()
            assert (control, parameter) == (0, identifier)
            parts += payload
            if kind == END:
                self.delivered = 1
                return parts
            assert kind == DATA

    def ask(self, message: bytes) -> bytes:
        return self.reply(self.send(message))

    def status(self) -> int:
        self.side.send(STATUS, self.delivered, self.identifier)
        self.delivered = 0
        kind, status, _, _ = self.side.read()
        assert kind == STATUS_DONE
        return status

    def clear(self) -> None:
        self.side.send(CLEAR)
        assert self.side.read()[0] == CLEARING
        self.data.send(CLEARED)
        while self.data.read()[0] != CLEAR_ACKNOWLEDGED:
            pass
        self.identifier, self.delivered = FIRST, 0

    def lock(self, key: bytes = b"", timeout: float = 0.0) -> int:
        self.side.send(LOCK, 1, round(timeout * 1000), key)
        kind, control, _, _ = self.side.read()
        assert kind == LOCKED
        return control

    def unlock(self) -> int:
        self.side.send(LOCK, 0, self.identifier - 2)
        kind, control, _, _ = self.side.read()
        assert kind == LOCKED
        return control

    def close(self) -> None:
        self.data.close()
        self.side.close()


@pytest.fixture
def served(serve: Any) -> Any:
    return serve()


@pytest.fixture
def session(served: Any, request: pytest.FixtureRequest) -> Callable[..., Session]:
    def begin(instrument: str = "source_meter") -> Session:
        made = Session(lambda: served.connect(instrument, "hislip"))
        request.addfinalizer(made.close)
        return made

    return begin


@pytest.fixture
def channel(served: Any, request: pytest.FixtureRequest) -> Callable[[], Channel]:
    def connect() -> Channel:
        made = Channel(served.connect("source_meter", "hislip"))
        request.addfinalizer(made.close)
        return made

    return connect


def test_messages_replies_and_their_identifiers(session: Callable[..., Session]) -> None:
    meter = session()
    assert meter.ask(b"*IDN?").startswith(b"KEITHLEY")
    meter.send(b"*ES", DATA)
    meter.send(b"E 9\n*E", DATA)
    meter.send(b"SE 7;*ESE?\n")
    assert meter.reply(meter.identifier - 2) == b"7\n"
    assert meter.ask(b"*ESE?;*SRE?\n") == b"7;0\n"
    assert meter.ask(b":SYST:ERR?").startswith(b"0,")


def test_a_reply_comes_in_messages_no_longer_than_the_client_asks_for(session: Callable[..., Session]) -> None:
    scope = session("scope")
    scope.send(b"*RST;:TIM:SCAL 1E-6;:WAV:FORM BYTE;:WAV:POIN 1000;:DIG CHAN1")
    whole = scope.ask(b":WAV:DATA?")
    scope.side.send(SIZE, payload=(500).to_bytes(8, "big"))
    kind, _, _, payload = scope.side.read()
    assert (kind, int.from_bytes(payload, "big")) == (SIZE_DONE, 1 << 20)
    identifier = scope.send(b":WAV:DATA?")
    lengths, parts = [], b""
    kind = DATA
    while kind == DATA:
        kind, _, parameter, payload = scope.data.read()
        assert parameter == identifier
        lengths.append(len(payload) + HEADER.size)
        parts += payload
    assert parts == whole
    assert max(lengths) == 500


def test_each_print_of_a_script_is_a_message_of_its_own(serve: Any, tmp_path: Path) -> None:
    """pyvisa-py 0.8 reads only the first of them: it reads no further behind DataEnd before it has sent again."""
    path = tmp_path / "tsp.world.toml"
    path.write_text(WORLD.format(
        imperfections="true", model="keithley_2602b", options="", netlist="R1 na 0 10k", terminals='"smu.a" = "na"'))
    served = serve(path)
    meter = Session(lambda: served.connect("smu", "hislip"))
    sent = meter.send(b"for i = 1, 3 do print(i) end\n")
    assert [meter.reply(sent) for _ in range(3)] == [b"1.00000e+00\n", b"2.00000e+00\n", b"3.00000e+00\n"]
    assert meter.ask(b"print(errorqueue.count)\n") == b"0.00000e+00\n"
    meter.close()
    served.close()


def test_status_query_tells_of_a_reply_until_it_is_read(session: Callable[..., Session]) -> None:
    meter = session()
    assert meter.status() & 0x10 == 0
    identifier = meter.send(b"*IDN?")
    wait_until(lambda: meter.status() & 0x10, "the reply")
    assert meter.status() & 0x10
    meter.reply(identifier)
    assert meter.status() & 0x10 == 0
    meter.send(b"nonsense")
    assert meter.ask(b"*STB?;*ESE 32") != b""
    assert meter.status() & 0x24 == 0x24


def test_service_request_and_serial_poll(session: Callable[..., Session]) -> None:
    meter, other = session(), session()
    meter.send(b"*CLS;*ESE 1;*SRE 32;*OPC")
    for one in (meter, other):
        kind, status, _, _ = one.side.read()
        assert (kind, status & 0x60) == (SERVICE, 0x60)
    assert meter.status() & 0x60 == 0x60  # the poll withdraws the request, not its cause
    assert meter.status() & 0x60 == 0x20
    assert meter.ask(b"*ESR?") == b"1\n"
    meter.send(b"*SRE 16")
    identifier = meter.send(b"*IDN?")
    assert meter.side.read()[0] == SERVICE
    assert meter.status() & 0x50 == 0x50
    assert meter.reply(identifier)


@pytest.mark.parametrize("fast", [True, False])
def test_service_request_of_an_operation_that_ends_while_nobody_asks(
    serve: Any, request: pytest.FixtureRequest, fast: bool
) -> None:
    served = serve(fast=fast)
    meter = Session(lambda: served.connect("source_meter", "hislip"))
    request.addfinalizer(meter.close)
    meter.send(b"*CLS;*ESE 1;*SRE 32;:SENS:CURR:NPLC 1;:TRIG:LOAD 'SimpleLoop', 3")
    begun = time.monotonic()
    meter.send(b":INIT;*OPC")
    kind, status, _, _ = meter.side.read()
    assert (kind, status & 0x60) == (SERVICE, 0x60)
    assert fast or time.monotonic() - begun > 0.05  # three readings
    assert meter.ask(b":SYST:ERR?").startswith(b"0,")


def test_sending_before_reading_interrupts(session: Callable[..., Session]) -> None:
    meter = session()
    first = meter.send(b"*IDN?")
    while not meter.status() & 0x10:
        pass
    second = meter.send(b"*ESE?")
    kinds = {}
    for _ in range(3):
        kind, _, parameter, _ = meter.data.read()
        kinds[kind, parameter] = None
    assert list(kinds) == [(END, first), (INTERRUPTED, second), (END, second)]
    kind, _, parameter, _ = meter.side.read()
    assert (kind, parameter) == (ASYNC_INTERRUPTED, second)
    meter.delivered = 1
    assert meter.ask(b":SYST:ERR?").startswith(b"-410")


def test_device_clear_forgets_what_was_asked(session: Callable[..., Session]) -> None:
    scope = session("scope")
    scope.send(b"*RST;:TRIG:SWE NORM;:TRIG:EDGE:SOUR EXT;:DIG CHAN1")
    scope.send(b"*OPC?")  # nothing will ever trigger
    scope.send(b"*IDN?")
    scope.send(b":TIM:SC", DATA)
    scope.clear()
    assert scope.ask(b"*ESE 6;*ESE?") == b"+6\n"
    assert scope.ask(b":SYST:ERR?").startswith(b"+0")


@pytest.fixture
def held(served: Any, monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """The source meter's first reply is handed over as soon as it may be: (it is ready, it may go)."""
    ready, go_on = threading.Event(), threading.Event()
    exchange = served.world.instruments["source_meter"].exchange
    talk = exchange.talk

    def slowly(*arguments: Any) -> Any:
        ready.set()
        go_on.wait(PATIENCE)
        return talk(*arguments)

    monkeypatch.setattr(exchange, "talk", slowly)
    return ready, go_on


def has_come(served: Any, channel: Channel) -> None:
    """Wait until something of this client can be read at the server's end, whose thread is held."""
    (link,) = (key.fileobj for key in list(served.server._connections._selector.get_map().values())
               if isinstance(key.fileobj, socket.socket) and peer(key.fileobj) == channel.link.getsockname())
    assert select.select([link], [], [], PATIENCE)[0]


def peer(link: socket.socket) -> Any:
    try:
        return link.getpeername()
    except OSError:  # it listens
        return None


def test_a_reply_that_is_ready_when_a_device_clear_comes_is_not_sent(
    served: Any, session: Callable[..., Session], held: tuple[threading.Event, threading.Event]
) -> None:
    meter, (ready, go_on) = session(), held
    meter.send(b"*OPT?")
    assert ready.wait(PATIENCE)
    meter.side.send(CLEAR)
    has_come(served, meter.side)  # before the reply is sent
    go_on.set()
    assert meter.side.read()[0] == CLEARING
    meter.data.send(CLEARED)
    assert meter.data.read()[0] == CLEAR_ACKNOWLEDGED
    meter.identifier = FIRST
    assert meter.ask(b"*ESE 5;*ESE?") == b"5\n"


def test_a_reply_that_comes_before_the_clear_is_heard_does_no_harm(
    served: Any, held: tuple[threading.Event, threading.Event]
) -> None:
    """pyvisa-py expects an acknowledgement where that reply stands."""
    manager = open_manager("@py")
    transport = Transport(manager, served.addresses["source_meter"].hislip, "source_meter", timeout=PATIENCE)
    ready, go_on = held
    with transport.timeout_at_most(0.5), pytest.raises(NoReply):
        transport.query("*OPT?")
    assert ready.wait(PATIENCE)
    go_on.set()
    time.sleep(0.2)  # the reply comes
    transport.resynchronise()
    assert transport.query("*ESE 3;*ESE?") == "3"
    transport.close()
    manager.close()


def test_device_clear_of_another_client_ends_an_endless_wait_and_no_other(
    served: Any, session: Callable[..., Session]
) -> None:
    stuck, other = session("scope"), session("scope")
    stuck.send(b"*RST;:TRIG:SWE NORM;:TRIG:EDGE:SOUR EXT;:DIG CHAN1;*OPC?")
    while not served.world.instruments["scope"].exchange.waits_for_operations:
        time.sleep(0.01)
    other.clear()
    assert other.ask(b"*IDN?").startswith(b"KEYSIGHT")
    identifier = stuck.send(b"*IDN?")
    assert stuck.reply(identifier).startswith(b"KEYSIGHT")
    meter, second = session(), session()
    identifier = meter.send(b":SENS:CURR:NPLC 10;:READ?")
    second.clear()
    assert abs(float(meter.reply(identifier))) < 1e-3


def test_trigger_message(session: Callable[..., Session]) -> None:
    generator = session("generator")
    for message in (b"*RST", b":OUTP1:LOAD INF", b":BURS:STAT ON", b":BURS:NCYC 2", b":TRIG1:SOUR BUS", b":OUTP1 ON"):
        generator.send(message)
    assert generator.ask(b":SYST:ERR?").startswith(b"+0")
    generator.send(b"", TRIGGER)
    assert generator.ask(b":SYST:ERR?").startswith(b"+0")
    generator.send(b":TRIG1:SOUR IMM")
    generator.send(b"", TRIGGER)
    assert generator.ask(b":SYST:ERR?").startswith(b"-211")  # nothing waits for it
    assert generator.ask(b":OUTP1 OFF;:OUTP1?") == b"0\n"


def test_exclusive_lock_keeps_others_out(served: Any, session: Callable[..., Session]) -> None:
    mine, other = session(), session()
    assert mine.lock() == 1
    assert mine.lock() == 3  # it has it already
    assert other.lock() == 0
    identifier = other.send(b"*ESE 4;*ESE?")
    plain = served.connect("source_meter")
    plain.sendall(b"*ESE 8;*ESE?\n")
    assert mine.ask(b"*ESE 2;*ESE?") == b"2\n"
    assert mine.ask(b"*ESE?") == b"2\n"
    mine.side.send(LOCK_INFO)
    assert mine.side.read()[:3] == (LOCK_INFO_DONE, 1, 1)
    assert mine.unlock() == 1
    assert other.reply(identifier) == b"4\n"
    assert plain.recv(100) == b"8\n"
    assert mine.unlock() == 3
    plain.close()


@pytest.mark.parametrize("message", [b":OUTP ON;*RST", b"*RST", b":READ?"])
def test_a_lock_is_given_back_as_soon_as_what_was_sent_is_executed(
    session: Callable[..., Session], message: bytes
) -> None:
    """Also behind a command that takes time and has no reply."""
    mine, other = session(), session()
    assert mine.lock() == 1
    mine.send(message)
    assert mine.unlock() == 1
    assert other.lock() == 1


def test_shared_lock_and_locks_of_clients_that_go(session: Callable[..., Session]) -> None:
    first, second, third = session(), session(), session()
    assert first.lock(b"us") == 1
    assert second.lock(b"us") == 1
    assert third.lock(b"them") == 0
    assert second.lock() == 1  # exclusive on top
    assert second.unlock() == 1
    assert first.unlock() == 2
    third.side.send(LOCK, 1, 3000, b"them")
    second.close()
    assert third.side.read()[:2] == (LOCKED, 1)  # granted when the holder went
    assert third.ask(b"*ESE?") == b"0\n"


def test_remote_local_is_answered(session: Callable[..., Session]) -> None:
    meter = session()
    for code in range(7):
        meter.side.send(REMOTE, code, FIRST)
        assert meter.side.read()[0] == REMOTE_DONE
    meter.side.send(REMOTE, 9, FIRST)
    assert meter.side.read()[:2] == (ERROR, 2)


def test_what_is_not_understood_is_refused_and_the_session_goes_on(session: Callable[..., Session]) -> None:
    meter = session()
    meter.data.send(77)
    assert meter.data.read()[:2] == (ERROR, 1)
    meter.data.send(200, payload=b"vendor")
    assert meter.data.read()[:2] == (ERROR, 3)
    meter.data.send(STATUS)  # belongs on the other channel
    assert meter.data.read()[:2] == (ERROR, 1)
    meter.data.link.sendall(HEADER.pack(b"HS", END, 0, FIRST, 3_000_000) + bytes(3_000_000))
    assert meter.data.read()[:2] == (ERROR, 4)
    assert meter.ask(b"*IDN?").startswith(b"KEITHLEY")


def test_what_cannot_be_followed_ends_the_connection(served: Any, channel: Callable[[], Channel]) -> None:
    garbage = channel()
    garbage.link.sendall(b"*IDN?\n" * 10)
    assert garbage.read()[:2] == (FATAL, 1)
    with pytest.raises((EOFError, ConnectionError)):
        garbage.read()
    for begin, code in (
        (lambda c: c.send(END, payload=b"*IDN?"), 3),
        (lambda c: c.send(INITIALIZE, 0, 0x0100 << 16, b"hislip7"), 3),
        (lambda c: c.send(ASYNC_INITIALIZE, 0, 4711), 3),
    ):
        stranger = channel()
        begin(stranger)
        assert stranger.read()[:3] == (FATAL, code, 0)
    long = channel()
    long.send(INITIALIZE, 0, 0x0100 << 16, b"a" * 45)
    assert f"'{'a' * 40}'".encode() in long.read()[3]
    hasty = channel()
    hasty.send(INITIALIZE, 0, 0x0100 << 16, b"")
    assert hasty.read()[0] == INITIALIZED
    hasty.send(END, 0, FIRST, b"*IDN?")
    assert hasty.read()[:2] == (FATAL, 2)


def test_a_session_ends_with_either_of_its_channels(session: Callable[..., Session]) -> None:
    meter = session()
    meter.side.close()
    with pytest.raises((EOFError, ConnectionError)):
        meter.data.read()


def test_pyvisa_py(served: Any) -> None:
    import pyvisa

    manager = pyvisa.ResourceManager("@py")
    meter: Any = manager.open_resource(served.addresses["source_meter"].hislip, timeout=PATIENCE * 1000)
    meter.write_termination = "\n"
    assert meter.query("*IDN?").startswith("KEITHLEY")
    assert meter.read_stb() & 0x10 == 0
    meter.write("*IDN?")
    while not meter.read_stb() & 0x10:
        pass
    with contextlib.suppress(RuntimeError):  # pyvisa-py 0.8.1 cannot clear while a reply has not been read
        meter.clear()
    assert meter.query("*ESE 3;*ESE?") == "3\n"
    meter.write("nonsense")
    assert meter.query(":SYST:ERR?").startswith("-113")
    long_message = "*ESE 1;" + " " * 1_500_000 + "*ESE?"  # more than one HiSLIP message
    assert meter.query(long_message) == "1\n"
    scope: Any = manager.open_resource(served.addresses["scope"].hislip, timeout=500)
    scope.write("*RST;:TRIG:SWE NORM;:TRIG:EDGE:SOUR EXT;:DIG CHAN1")
    with pytest.raises(pyvisa.VisaIOError, match="TMO"):
        scope.query("*OPC?")
    scope.timeout = PATIENCE * 1000
    scope.clear()
    assert scope.query("*ESE 3;*ESE?") == "+3\n"
    manager.close()

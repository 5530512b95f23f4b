"""HiSLIP, synchronised mode (IVI-6.1, version 1.0): the server's side of one instrument.

A session has a synchronous channel for data and triggers, and an asynchronous one for device clear, status
query, locks and service requests. A reply carries the identifier of the message that asked for it, so that a
client recognises one it no longer waits for. A client that sends before it has read a reply gets
Interrupted on both channels, and the instrument has error -410, as in IEEE 488.2.
"""

import itertools
import socket
from collections.abc import Callable

from tsbench.simulated_backends.access.servers.connections import ClientConnection, Connections
from tsbench.simulated_backends.access.servers.hislip_messages import (
    LARGEST,
    PROTOCOL_VERSION,
    VENDOR,
    Fatal,
    Kind,
    Packet,
    PacketReader,
    PoorHeaderError,
    Wrong,
)
from tsbench.simulated_backends.access.servers.hislip_session import HislipSession
from tsbench.simulated_backends.access.servers.served_instrument import ServedInstrument

SUB_ADDRESS = b"hislip0"
MOST_SESSIONS = 60  #: of one instrument


class HislipPort:
    """The sessions of one instrument."""

    def __init__(self, connections: Connections, served: ServedInstrument) -> None:
        self._connections = connections
        self.served = served
        self._sessions: dict[int, HislipSession] = {}
        self._numbers = itertools.cycle(range(1, 0x10000))

    def accept(self, link: socket.socket) -> None:
        """A client has connected; its first message says which channel this is."""
        HislipChannel(self._connections, link, self)

    def begin(self, channel: "HislipChannel") -> HislipSession:
        """Begin a session with its synchronous channel."""
        number = next(n for n in self._numbers if n not in self._sessions)
        session = HislipSession(number, self.served, channel)
        self._sessions[number] = session
        return session

    def session(self, number: int) -> HislipSession | None:
        """Return a session that has begun."""
        return self._sessions.get(number)

    @property
    def full(self) -> bool:
        return len(self._sessions) >= MOST_SESSIONS

    def end(self, session: HislipSession) -> None:
        """One of its channels has ended, so the session has."""
        if self._sessions.pop(session.number, None) is not None:
            session.end()

    def tick(self) -> None:
        """Answer lock requests whose time is over or whose turn has come."""
        for session in list(self._sessions.values()):
            session.settle_locks()

    @property
    def next_tick(self) -> float | None:
        """Return how many seconds of wall clock there are until a lock request's time is over."""
        due = [session.lock_patience for session in self._sessions.values() if session.lock_patience is not None]
        return min(due, default=None)


class HislipChannel(ClientConnection):
    """One TCP connection of a session."""

    def __init__(self, connections: Connections, link: socket.socket, port: HislipPort) -> None:
        super().__init__(connections, link)
        self._port = port
        self._reader = PacketReader()
        self._session: HislipSession | None = None
        self._handle: Callable[[Packet], bool] | None = None

    def received(self, data: bytes) -> None:
        """Deal with every complete message."""
        try:
            for packet in self._reader.feed(data):
                self._take(packet)
                if not self.open:
                    return
        except PoorHeaderError:
            self.fatal(Fatal.POOR_HEADER, "the data are not a HiSLIP message")

    def _take(self, packet: Packet) -> None:
        if packet.payload is None:
            self.error(Wrong.TOO_LARGE, f"the message is too long. At most {LARGEST} bytes are allowed")
        elif self._handle is None:
            self._initialize(packet)
        elif packet.kind >= 128:
            self.error(Wrong.VENDOR_MESSAGE, f"unknown vendor message {packet.kind}")
        elif packet.kind in {Kind.FATAL_ERROR, Kind.ERROR}:
            if packet.kind == Kind.FATAL_ERROR:
                self.close()
        elif self._session is None or not self._session.complete:
            self.fatal(Fatal.CHANNEL_MISSING, "the asynchronous channel has not been opened")
        elif not self._handle(packet):
            self.error(Wrong.MESSAGE_TYPE, f"message type {packet.kind} is not allowed on this channel")

    def _initialize(self, packet: Packet) -> None:
        if packet.kind == Kind.INITIALIZE:
            if packet.payload and packet.payload.lower() != SUB_ADDRESS:
                shown = packet.payload[:40].decode("ascii", "replace")
                self.fatal(Fatal.BAD_INITIALIZATION, f"there is no sub-address '{shown}'. Use hislip0")
                return
            if self._port.full:
                self.fatal(Fatal.TOO_MANY_CLIENTS, f"there are already {MOST_SESSIONS} clients, and no more are "
                                                   "allowed")
                return
            session = self._port.begin(self)
            self._session, self._handle = session, session.synchronous
            self.send(Packet(Kind.INITIALIZE_RESPONSE, 0, PROTOCOL_VERSION << 16 | session.number).pack())
        elif packet.kind == Kind.ASYNC_INITIALIZE:
            found = self._port.session(packet.parameter & 0xFFFF)
            if found is None or found.complete:
                self.fatal(Fatal.BAD_INITIALIZATION, "no session waits for this asynchronous channel")
                return
            found.attach(self)
            self._session, self._handle = found, found.asynchronous
            self.send(Packet(Kind.ASYNC_INITIALIZE_RESPONSE, 0, VENDOR).pack())
        else:
            self.fatal(Fatal.BAD_INITIALIZATION, "a connection must begin with Initialize or AsyncInitialize")

    @property
    def crowded(self) -> bool:
        """Whether nothing more should be read for the moment; the asynchronous channel is always heard."""
        session = self._session
        return session is not None and self._handle == session.synchronous and session.crowded

    def error(self, code: Wrong, text: str) -> None:
        """Tell the client of a message that was not understood; it is as if it had not been sent."""
        self.send(Packet(Kind.ERROR, code, 0, text.encode()).pack())

    def fatal(self, code: Fatal, text: str) -> None:
        """Tell the client why this is the end."""
        self.send(Packet(Kind.FATAL_ERROR, code, 0, text.encode()).pack())
        self.close()

    def closed(self) -> None:
        """The connection has ended, and with it the session."""
        if self._session is not None:
            self._port.end(self._session)

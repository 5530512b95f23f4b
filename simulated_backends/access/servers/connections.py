"""Connections on loopback, served by one thread: listening, reading, writing, waking up."""

import contextlib
import os
import selectors
import socket
import struct
from collections import deque
from collections.abc import Callable
from typing import Any

from tsbench.errors import ConfigurationError

HOST = "127.0.0.1"  #: only this machine reaches a simulated bench
CHUNK = 1 << 20  #: [bytes] of one read
ENOUGH = 4 << 20  #: [bytes] a client may leave unread before nothing more is done for it
#: clients that send command after command without TCP_NODELAY (pyvisa-py's sockets) wait for an acknowledgement
#: each time, which the kernel would delay by 40 ms
QUICK_ACKNOWLEDGE: int | None = getattr(socket, "TCP_QUICKACK", None)
MOST_CONNECTIONS = 200  #: Windows can wait for 512 sockets at once


class ClientConnection:
    """One TCP connection. Subclasses say what ``received`` and ``closed`` do."""

    def __init__(self, connections: "Connections", link: socket.socket) -> None:
        self.connections = connections
        self._link: socket.socket | None = link
        self._outgoing: deque[memoryview] = deque()
        self._unsent = 0
        self._partly_sent = False  #: the first of ``_outgoing`` is a rest
        self._closing = False
        connections.adopt(link, self._ready)

    def received(self, data: bytes) -> None:
        """Take bytes."""
        raise NotImplementedError

    def closed(self) -> None:
        """The connection has ended, from whichever side."""

    @property
    def crowded(self) -> bool:
        """Whether nothing more should be read for the moment."""
        return False

    def resume(self) -> bool:
        """Read again, unless it is still crowded; return whether it does (or has ended)."""
        if self._link is not None and self.crowded:
            return False
        self._listen()
        return True

    def _listen(self) -> None:
        if self._link is not None:
            crowded = self.crowded
            if crowded:
                self.connections.crowded.add(self)
            self.connections.listen_for(self._link, self._ready, not crowded, bool(self._outgoing))

    @property
    def open(self) -> bool:
        return self._link is not None and not self._closing

    @property
    def unsent(self) -> int:
        """Return how many bytes the other side has not taken yet."""
        return self._unsent

    def send(self, data: bytes) -> None:
        """Have ``data`` sent with the next flush of all connections."""
        if self.open and data:
            self._outgoing.append(memoryview(data))
            self._unsent += len(data)
            self.connections.dirty.add(self)

    def forget_unsent(self) -> None:
        """Drop what was given to ``send`` and has not begun to be sent: each call's bytes go whole or not at all."""
        while len(self._outgoing) > self._partly_sent:
            self._unsent -= len(self._outgoing.pop())

    def flush(self) -> None:
        """Send what can be sent without waiting."""
        link = self._link
        if link is None:
            return
        try:
            while self._outgoing:
                sent = link.send(self._outgoing[0])
                self._unsent -= sent
                if sent < len(self._outgoing[0]):
                    self._outgoing[0] = self._outgoing[0][sent:]
                    self._partly_sent = True
                    break
                self._outgoing.popleft()
                self._partly_sent = False
        except BlockingIOError:
            pass
        except OSError:
            self._end()
            return
        if self._closing and not self._outgoing:
            self._end()
            return
        self._listen()

    def close(self) -> None:
        """Close as soon as everything is sent; nothing more is read."""
        if self._link is None:
            return
        self._closing = True
        if self._outgoing:
            self.connections.dirty.add(self)
        else:
            self._end()

    def cut(self) -> None:
        """Lose the connection at once, after what the other side can still take."""
        self.flush()
        if self._link is not None:
            with contextlib.suppress(OSError):
                self._link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _linger())
            self._end()

    def _ready(self, mask: int) -> None:
        if mask & selectors.EVENT_WRITE:
            self.flush()
        if mask & selectors.EVENT_READ and self._link is not None:
            try:
                data = self._link.recv(CHUNK)
                if QUICK_ACKNOWLEDGE is not None:  # it lasts until the kernel thinks better of it
                    self._link.setsockopt(socket.IPPROTO_TCP, QUICK_ACKNOWLEDGE, 1)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._end()
            elif not self._closing:
                self.received(data)
                if self.crowded:
                    self._listen()

    def _end(self) -> None:
        link, self._link = self._link, None
        if link is None:
            return
        self._outgoing.clear()
        self._unsent = 0
        self.connections.drop(link)
        self.connections.dirty.discard(self)
        self.closed()


def _linger() -> bytes:
    return struct.pack("hh" if os.name == "nt" else "ii", 1, 0)


class Connections:
    """All sockets of a served bench."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._listeners: list[socket.socket] = []
        self._count = 0
        self.dirty: set[ClientConnection] = set()  #: have something to send
        self._events: list[tuple[selectors.SelectorKey, int]] = []
        self.crowded: set[ClientConnection] = set()  #: are not read from at the moment
        self._bell, self._ear = socket.socketpair()
        for end in (self._bell, self._ear):
            end.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ, self._heard)
        self._alone = selectors.DefaultSelector()
        self._alone.register(self._ear, selectors.EVENT_READ)

    def listen(self, port: int, accept: Callable[[socket.socket], Any]) -> int:
        """Listen on loopback; return the port (0 asks for any free one).

        Raises
        ------
        ConfigurationError
            The port is in use, or not allowed.
        """
        try:
            listener = socket.create_server((HOST, port))
        except OSError as error:
            raise ConfigurationError(
                f"cannot listen on {HOST} port {port} ({error.strerror or error}). Choose another --port, or leave "
                "--port out to use free ports"
            ) from None
        except OverflowError:
            raise ConfigurationError(f"port {port} does not exist. The highest port is 65535") from None
        listener.setblocking(False)
        self._listeners.append(listener)

        def ready(_: int) -> None:
            try:
                link, _address = listener.accept()
            except OSError:
                return
            if self._count >= MOST_CONNECTIONS:
                link.close()
                return
            link.setblocking(False)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            accept(link)

        self._selector.register(listener, selectors.EVENT_READ, ready)
        return int(listener.getsockname()[1])

    def adopt(self, link: socket.socket, ready: Callable[[int], None]) -> None:
        """Have ``ready`` called when ``link`` can be read (or written, see ``listen_for``)."""
        self._selector.register(link, selectors.EVENT_READ, ready)
        self._count += 1

    def listen_for(
        self, link: socket.socket, ready: Callable[[int], None], reading: bool, writing: bool
    ) -> None:
        """Say what ``link`` waits for."""
        wanted = selectors.EVENT_READ * reading | selectors.EVENT_WRITE * writing
        key = self._selector.get_map().get(link)
        if key is None and wanted:
            self._selector.register(link, wanted, ready)
        elif key is not None and not wanted:
            self._selector.unregister(link)
        elif key is not None and key.events != wanted:
            self._selector.modify(link, wanted, ready)

    def drop(self, link: socket.socket) -> None:
        """Close a connection's socket."""
        if link in self._selector.get_map():
            self._selector.unregister(link)
        self._count -= 1
        link.close()

    def flush(self) -> None:
        """Send everything that was given to ``Connection.send``."""
        while self.dirty:
            self.dirty.pop().flush()

    def wait(self, timeout: float | None) -> None:
        """Wait until something comes in, ``timeout`` s at most (None: for as long as it takes)."""
        if self.crowded:
            self.crowded -= {connection for connection in self.crowded if connection.resume()}
        self._events = self._selector.select(timeout)

    def dispatch(self) -> None:
        """Deal with what ``wait`` has found."""
        events, self._events = self._events, []
        for key, mask in events:
            key.data(mask)  # a connection that was closed by one before it knows that itself

    def nap(self, seconds: float) -> None:
        """Do nothing, unless woken."""
        if self._alone.select(seconds):
            self._heard(0)

    @property
    def wake_descriptor(self) -> int:
        """Return what ``signal.set_wakeup_fd`` takes."""
        return self._bell.fileno()

    def wake(self) -> None:
        """End a ``poll`` or ``nap`` (from any thread, or a signal handler)."""
        with contextlib.suppress(OSError):
            self._bell.send(b"!")

    def _heard(self, _: int) -> None:
        with contextlib.suppress(OSError):
            self._ear.recv(4096)

    def close(self) -> None:
        """Close everything that is still registered."""
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._bell.close()
        self._selector.close()
        self._alone.close()

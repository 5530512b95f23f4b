"""Connections of a served bench on loopback, turn by turn and without a thread: limits, what is sent, how they end."""

import socket
from collections.abc import Iterator

import pytest

from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.access.servers import connections as module
from tsbench.simulated_backends.access.servers.connections import ClientConnection, Connections


class Kept(ClientConnection):
    """Keeps what it receives."""

    def __init__(self, connections: Connections, link: socket.socket) -> None:
        self.got = bytearray()
        self.full = self.over = False
        super().__init__(connections, link)

    def received(self, data: bytes) -> None:
        self.got += data

    @property
    def crowded(self) -> bool:
        return self.full

    def closed(self) -> None:
        self.over = True


class Bench:
    """Connections with one port."""

    def __init__(self) -> None:
        self.connections = Connections()
        self.accepted: list[Kept] = []
        self.port = self.connections.listen(0, lambda link: self.accepted.append(Kept(self.connections, link)))
        self.clients: list[socket.socket] = []

    def turn(self, seconds: float = 1.0) -> None:
        self.connections.flush()
        self.connections.wait(seconds)
        self.connections.dispatch()

    def client(self) -> socket.socket:
        link = socket.create_connection(("127.0.0.1", self.port), timeout=10.0)
        self.clients.append(link)
        self.turn()
        return link

    def close(self) -> None:
        self.connections.close()
        for link in self.clients:
            link.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def test_two_hundred_connections_and_none_more(bench: Bench) -> None:
    bench.connections._count = 199
    bench.client()
    refused = bench.client()
    assert len(bench.accepted) == 1 and refused.recv(10) == b""
    bench.accepted[0].cut()
    bench.client()
    assert len(bench.accepted) == 2   # there is room again


def test_what_is_sent_goes_with_the_next_flush_and_in_order(bench: Bench) -> None:
    client = bench.client()
    (one,) = bench.accepted
    one.send(b"ab")
    one.send(b"")
    one.send(b"c")
    assert one.unsent == 3 and one in bench.connections.dirty
    bench.connections.flush()
    assert client.recv(10) == b"abc" and one.unsent == 0 and not bench.connections.dirty
    client.sendall(b"xyz")
    bench.turn()
    assert one.got == b"xyz"


def test_what_has_not_begun_to_be_sent_can_be_forgotten(bench: Bench) -> None:
    bench.client()
    (one,) = bench.accepted
    one.send(b"ab")
    one.forget_unsent()
    assert one.unsent == 0
    one.send(b"begun")
    one._partly_sent = True
    one.send(b"next")
    one.forget_unsent()
    assert one.unsent == 5   # a message that has begun goes whole


def test_a_connection_closes_when_all_is_sent_and_reads_no_more(bench: Bench) -> None:
    client = bench.client()
    (one,) = bench.accepted
    one.send(b"last")
    one.close()
    assert not one.open and not one.over
    one.send(b"not this")
    bench.turn(0.0)
    assert client.recv(100) == b"last" and client.recv(100) == b"" and one.over
    one.close()   # again
    client = bench.client()
    two = bench.accepted[1]
    two.close()   # nothing to send: at once
    assert two.over and client.recv(1) == b""


def test_a_cut_is_a_reset(bench: Bench) -> None:
    client = bench.client()
    (one,) = bench.accepted
    one.send(b"half")
    one.cut()
    assert one.over and one.unsent == 0
    with pytest.raises(ConnectionResetError):
        while client.recv(2):
            pass


def test_a_client_that_goes_is_noticed(bench: Bench) -> None:
    client = bench.client()
    (one,) = bench.accepted
    client.close()
    bench.turn()
    assert one.over and bench.connections._count == 0


def test_a_crowded_connection_is_read_again_when_there_is_room(bench: Bench) -> None:
    client = bench.client()
    (one,) = bench.accepted
    one.full = True
    client.sendall(b"1")
    bench.turn()
    assert one.got == b"1" and one in bench.connections.crowded   # read once: then it was crowded
    client.sendall(b"2")
    bench.turn(0.05)
    assert one.got == b"1"
    one.full = False
    bench.turn()
    assert one.got == b"12" and not bench.connections.crowded


def test_a_bell_ends_a_wait_and_a_nap(bench: Bench) -> None:
    for rest in (bench.turn, bench.connections.nap):
        bench.connections.wake()
        rest(10.0)   # not for so long
    assert bench.connections.wake_descriptor == bench.connections._bell.fileno()


def test_ports_that_cannot_be_listened_on(bench: Bench) -> None:
    other = Connections()
    try:
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1 port {bench.port} "):
            other.listen(bench.port, lambda link: None)
        with pytest.raises(ConfigurationError, match=r"port 65536 does not exist\. The highest port is 65535"):
            other.listen(65536, lambda link: None)
    finally:
        other.close()
    assert module.HOST == "127.0.0.1"   # this machine alone

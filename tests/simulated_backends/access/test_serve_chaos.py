"""A stream of HiSLIP cut anywhere is read the same; clients that do anything harm no other."""

import os
import random
import socket
import struct
import threading
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fixtures.patience import PATIENCE
from tsbench.simulated_backends.access.servers.connections import ClientConnection, Connections
from tsbench.simulated_backends.access.servers.hislip_messages import (
    HEADER,
    LARGEST,
    Packet,
    PacketReader,
    PoorHeaderError,
)

PACKETS = st.builds(
    Packet, st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**32 - 1), st.binary(max_size=40)
)


@given(st.lists(PACKETS, max_size=8), st.lists(st.integers(1, 60), max_size=30))
def test_packets_come_whole_however_the_stream_is_cut(packets: list[Packet], cuts: list[int]) -> None:
    stream = b"".join(packet.pack() for packet in packets)
    reader, found = PacketReader(), []
    for size in [*cuts, len(stream)]:
        found += list(reader.feed(stream[:size]))
        stream = stream[size:]
    assert found == packets


@given(st.integers(1, 5000), st.integers(1, 4096))
def test_a_message_that_is_too_long_is_thrown_away_without_being_kept(excess: int, size: int) -> None:
    length = LARGEST + excess
    reader, found = PacketReader(), []
    after = Packet(7, 0, 5, b"next").pack()
    head = HEADER.pack(b"HS", 6, 0, 1, length)
    found += list(reader.feed(head + bytes(size)))
    found += list(reader.feed(bytes(length - size) + after))
    assert [(packet.kind, packet.payload) for packet in found] == [(6, None), (7, b"next")]


class Stream(ClientConnection):
    """One end of a pair of sockets of which little fits into the kernel."""

    def __init__(self, connections: Connections) -> None:
        mine, self.other = socket.socketpair()
        mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        for end in (mine, self.other):
            end.setblocking(False)
        super().__init__(connections, mine)

    def received(self, data: bytes) -> None:
        raise AssertionError(data)

    def take(self, size: int) -> bytes:
        try:
            return self.other.recv(size)
        except BlockingIOError:
            return b""


ACTS = st.one_of(
    st.tuples(st.just("send"), st.integers(1, 30_000)), st.tuples(st.just("take"), st.integers(1, 20_000)),
    st.tuples(st.sampled_from(("flush", "turn", "forget")), st.just(0)),
)


@given(st.lists(ACTS, max_size=40))
@example([("send", 9000), ("flush", 0), *[("take", 20_000), ("turn", 0)] * 6, ("send", 100), ("forget", 0)])
@example([("send", 9000), ("send", 100), ("flush", 0), ("forget", 0), ("send", 50)])
def test_what_is_sent_arrives_in_order_and_whole_however_little_fits(acts: list[tuple[str, int]]) -> None:
    """Whatever was forgotten was forgotten as a whole, and only before its first byte was on its way."""
    connections = Connections()
    stream = Stream(connections)
    number, waiting, arrived = 0, list[bytes](), b""

    def turn(timeout: float = 0.0) -> None:
        connections.wait(timeout)
        connections.dispatch()

    try:
        for act, size in acts:
            if act == "send":
                number += 1
                waiting.append(struct.pack(">II", number, size) + bytes([number % 256]) * size)
                stream.send(waiting[-1])
            elif act == "take":
                arrived += stream.take(size)
            elif act == "turn":
                turn()
            elif act == "flush":
                connections.flush()
            else:
                sent, end = sum(map(len, waiting)) - stream.unsent, 0
                stream.forget_unsent()
                for kept, message in enumerate(waiting):
                    if end >= sent:
                        del waiting[kept:]
                        break
                    end += len(message)
        connections.flush()
        expected = b"".join(waiting)
        while len(arrived) < len(expected):
            before = len(arrived)
            while more := stream.take(1 << 20):
                arrived += more
            if stream.unsent:
                turn(PATIENCE)  # what was read has made room
            assert len(arrived) > before, f"{before} of {len(expected)} bytes, {stream.unsent} unsent"
        assert arrived == expected
        assert stream.unsent == 0
        assert stream.take(1) == b""
    finally:
        stream.close()
        stream.other.close()
        connections.close()


@given(st.binary(min_size=16, max_size=60))
def test_what_is_not_hislip_is_noticed(data: bytes) -> None:
    if data[:2] == b"HS":
        return
    with pytest.raises(PoorHeaderError):
        list(PacketReader().feed(data))


def _misbehave(served: Any, seed: int, acts: int, problems: list[BaseException]) -> None:
    """Connect, send something half-way sensible, cut it anywhere, vanish or stay silent."""
    chance = random.Random(seed)
    header = struct.Struct(">2sBBIQ")
    texts = (b"*IDN?\n", b":WAV:DATA?\n", b"*RST\n", b":DATA:ARB:DAC x,#3100", bytes(range(256)), b":DIG CHAN1;*OPC?\n",
             b":TRIG:SWE NORM\n", b"*WAI\n", b":READ?\n", b"*TRG\n",
             header.pack(b"HS", 0, 0, 0x01007878, 7) + b"hislip0", header.pack(b"HS", 17, 0, 1, 0),
             header.pack(b"HS", 19, 0, 0, 0), header.pack(b"HS", 7, 0, 0xFFFFFF00, 6) + b"*IDN?\n")
    try:
        for _ in range(acts):
            instrument, kind = chance.choice(("generator", "scope")), chance.choice(("socket", "hislip"))
            with served.connect(instrument, kind) as link:
                data = b"".join(chance.choices(texts, k=chance.randint(1, 6)))
                link.sendall(data[: chance.randint(1, len(data))])
                if chance.random() < 0.3:
                    time.sleep(0.01)
                if chance.random() < 0.5:  # vanish without a word
                    at_once = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
                    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    except ConnectionError:
        return
    except BaseException as problem:  # noqa: BLE001  told by the test
        problems.append(problem)


def test_clients_that_do_anything_harm_no_other(serve: Any) -> None:
    served = serve()
    problems: list[BaseException] = []
    threads = [threading.Thread(target=_misbehave, args=(served, seed, 10, problems)) for seed in range(3)]
    for thread in threads:
        thread.start()
    asked = 0
    with served.connect("source_meter") as link, link.makefile("rb") as stream:
        while asked < 20 or any(thread.is_alive() for thread in threads):
            asked += 1
            link.sendall(b"*ESE %d;*ESE?\n" % (asked % 256))
            assert stream.readline() == b"%d\n" % (asked % 256)
    for thread in threads:
        thread.join(PATIENCE)
    assert problems == []
    for instrument in ("generator", "scope"):
        with served.connect(instrument) as link, link.makefile("rb") as stream:
            link.sendall(b"*CLS;*IDN?\n")
            assert b"SIM" in stream.readline()

"""Raw SCPI sockets: messages and blocks in pieces, old replies, garbage, clients that vanish."""

import socket
import struct
import time
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE


class Wire:
    """A raw client: sends what it is told, reads lines."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._stream = link.makefile("rb")

    def send(self, data: bytes) -> None:
        self.link.sendall(data)

    def line(self) -> bytes:
        return self._stream.readline()

    def ask(self, message: bytes) -> bytes:
        self.send(message + b"\n")
        return self.line().rstrip(b"\n")

    def close(self) -> None:
        self._stream.close()
        self.link.close()


@pytest.fixture
def served(serve: Any) -> Any:
    return serve()


@pytest.fixture
def wire(served: Any, request: pytest.FixtureRequest) -> Any:
    def connect(instrument: str = "source_meter") -> Wire:
        made = Wire(served.connect(instrument))
        request.addfinalizer(made.close)
        return made

    return connect


def test_messages_in_pieces_and_many_in_one(wire: Any) -> None:
    meter = wire()
    for letter in b"*ID":
        meter.send(bytes([letter]))
    meter.send(b"N?\r\n*ESE 17\n\n \n*ESE?\n*ESE 5;*ESE?\n")
    assert meter.line().startswith(b"KEITHLEY INSTRUMENTS,MODEL 2450,SIM")
    assert [meter.line(), meter.line()] == [b"17\n", b"5\n"]


def test_block_with_newlines_in_pieces(wire: Any) -> None:
    """An arbitrary waveform whose bytes hold newlines, semicolons and quotes is one message."""
    generator = wire("generator")
    samples = struct.pack(">64h", *([0x0A0A, 0x3B3B, 0x2C2C, 0x2220] * 16))
    message = b":DATA:ARB:DAC probe,#3128" + samples + b"\n:DATA:VOL:CAT?\n"
    generator.ask(b"*RST;*CLS;:FORM:BORD NORM;*OPC?")
    for start in range(0, len(message), 7):
        generator.send(message[start : start + 7])
    assert b"PROBE" in generator.line().upper()
    assert generator.ask(b":DATA:ATTR:POIN? probe") == b"+64"
    assert generator.ask(b":SYST:ERR?").startswith(b"+0")


def test_an_old_reply_is_read_by_the_next_query(wire: Any) -> None:
    """As with real instruments: nothing throws away what nobody has read."""
    meter = wire()
    meter.send(b"*IDN?\n")
    assert meter.ask(b"*ESE?").startswith(b"KEITHLEY")
    assert meter.line() == b"0\n"
    assert meter.ask(b":SYST:ERR?").startswith(b"0,")  # and no -410: there is no END that could interrupt


def test_a_client_that_vanishes_in_a_block_leaves_nothing_behind(served: Any, wire: Any) -> None:
    leaving = served.connect("generator")
    leaving.sendall(b":FREQ 1234\n:DATA:ARB:DAC lost,#41000abcdefgh\n*RST\n")
    leaving.close()
    generator = wire("generator")
    for _ in range(50):
        if generator.ask(b":FREQ?") == b"+1.23400000000000E+03":
            break
    assert float(generator.ask(b":FREQ?")) == 1234.0
    assert b"LOST" not in generator.ask(b":DATA:VOL:CAT?").upper()
    assert generator.ask(b":SYST:ERR?").startswith(b"+0")


def test_commands_of_a_client_that_has_gone_are_executed(served: Any, wire: Any) -> None:
    leaving = served.connect("source_meter")
    leaving.sendall(b":SOUR:VOLT:ILIM 1E-3\n:SOUR:VOLT 0.5\n:OUTP ON\n:READ?\n:SOUR:VOLT 0.25\n")
    leaving.close()
    meter = wire()
    levels = [float(meter.ask(b":SOUR:VOLT?")) for _ in range(50)]
    assert levels[-1] == 0.25
    assert meter.ask(b":OUTP?") == b"1"
    assert meter.ask(b":OUTP OFF;*OPC?") == b"1"


def test_what_a_program_sent_before_it_connected_again_comes_first(served: Any) -> None:
    for level in range(1, 30):
        with served.connect("generator") as link:
            link.sendall(b":FREQ 1E6\n:FREQ 2E6\n" * 5)
        with served.connect("generator") as link, link.makefile("rb") as stream:
            link.sendall(b":FREQ %d;*OPC?\n:FREQ?\n" % (100 + level))
            assert stream.readline().strip() == b"1"
            assert float(stream.readline()) == 100 + level


def test_clear_of_a_socket_transport_connects_again(served: Any) -> None:
    """No old answer is read afterwards; and it ends, although the other side has gone."""
    from tsbench.errors import CommunicationError
    from tsbench.instruments.links.transport import Transport
    from tsbench.instruments.links.visa_library import open_manager

    manager = open_manager("@py")
    transport = Transport(manager, served.addresses["source_meter"].socket, "source_meter", timeout=PATIENCE)
    transport.write("*IDN?")
    transport.clear()
    assert transport.query("*ESE 3;*ESE?") == "3"
    served.close()
    with pytest.raises(CommunicationError):
        transport.clear()
        transport.query("*IDN?")
    transport.close()
    manager.close()


def test_an_exchange_that_waits_for_ever_ends_with_its_client(served: Any, wire: Any) -> None:
    leaving = served.connect("scope")
    leaving.sendall(b"*RST\n:TRIG:SWE NORM\n:TRIG:EDGE:SOUR EXT\n:DIG CHAN1\n*OPC?\n")
    scope = wire("scope")
    scope.link.settimeout(0.3)
    with pytest.raises(TimeoutError):
        for _ in range(200):   # until the messages of the other one have arrived
            scope.ask(b"*IDN?")
            time.sleep(0.02)
    leaving.close()
    scope = wire("scope")
    assert scope.ask(b"*IDN?").startswith(b"KEYSIGHT")


@pytest.mark.parametrize("garbage", [
    bytes(range(256)) + b"\n", b"#", b"#9999999999", b"\xff" * 5000 + b"\n", b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n",
    b"'" * 999 + b"\n", b"(" * 999 + b"\n", b"HS\x00\x00\x00\x00\x00\x00" + bytes(8), b"?\n" * 300, b";" * 3000 + b"\n",
])
def test_garbage_harms_only_its_sender(served: Any, wire: Any, garbage: bytes) -> None:
    meter = wire()
    assert meter.ask(b"*ESE 3;*ESE?") == b"3"
    for instrument in ("source_meter", "generator", "scope"):
        sender = served.connect(instrument)
        sender.sendall(garbage)
        sender.close()
    assert meter.ask(b"*ESE?") == b"3"
    assert meter.ask(b"*CLS;*IDN?").startswith(b"KEITHLEY")


def test_a_message_longer_than_the_input_buffer_is_refused(served: Any, wire: Any) -> None:
    instrument = served.world.instruments["source_meter"]
    instrument.input_buffer_size = 100_000
    meter = wire()
    meter.send(b"A" * 300_000 + b"\n")
    errors = [meter.ask(b":SYST:ERR?") for _ in range(4)]
    assert any(error.startswith(b"-363") for error in errors)


def test_a_client_that_does_not_read_stops_only_itself(
    served: Any, wire: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tsbench.simulated_backends.access.servers.scpi_socket.ENOUGH", 10_000)
    lazy = wire()
    lazy.link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
    lazy.send(b"*IDN?\n" * 20_000)
    meter = wire()
    for value in range(50):
        assert meter.ask(b"*ESE %d;*ESE?" % value) == b"%d" % value
    assert [lazy.line()[:8] for _ in range(20_000)] == [b"KEITHLEY"] * 20_000

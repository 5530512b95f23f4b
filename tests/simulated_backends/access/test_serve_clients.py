"""Several clients at once, time beside the wall clock, lost connections."""

import contextlib
import select
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.patience import PATIENCE, wait_until
from tsbench.simulated_backends.access.locks import InstrumentLock
from tsbench.simulated_backends.access.servers import pace
from tsbench.simulated_backends.access.servers.pace import FastPace, WallPace
from tsbench.simulated_backends.world.faults import Fault


class Wire:
    """A socket client of one instrument."""

    def __init__(self, link: socket.socket) -> None:
        self.link = link
        self._stream = link.makefile("rb")

    def send(self, *messages: str) -> None:
        self.link.sendall("".join(f"{message}\n" for message in messages).encode())

    def line(self) -> str:
        return self._stream.readline().decode().strip()

    def ask(self, message: str) -> str:
        self.send(message)
        return self.line()

    def close(self) -> None:
        self._stream.close()
        self.link.close()


Connect = Callable[[Any, str], Wire]


@pytest.fixture
def connect(request: pytest.FixtureRequest) -> Connect:
    def open_wire(served: Any, instrument: str) -> Wire:
        made = Wire(served.connect(instrument, timeout=PATIENCE))
        request.addfinalizer(made.close)
        return made

    return open_wire


@pytest.mark.parametrize("fast", [True, False])
def test_no_reply_is_lost_or_crossed(serve: Any, connect: Connect, fast: bool) -> None:
    """Four clients, two of them on one instrument; each reply must belong to its own question."""
    served = serve(fast=fast)
    wrong: list[str] = []
    rounds = 150 if fast else 60

    def talk(wire: Wire, setting: str, base: int) -> None:
        for number in range(base, base + rounds):
            reply = wire.ask(f"{setting} {number};{setting}?")
            if float(reply) != number:
                wrong.append(f"{setting} {number}: {reply}")

    wires = [(connect(served, name), setting, base) for name, setting, base in (
        ("generator", ":FREQ", 1000), ("generator", ":SOUR2:FREQ", 5000), ("generator", ":SOUR1:BURS:NCYC", 10),
        ("scope", "*ESE", 1),
    )]
    threads = [threading.Thread(target=talk, args=arguments) for arguments in wires]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert wrong == []


def test_a_long_reading_keeps_nobody_waiting(serve: Any, connect: Connect) -> None:
    """At the wall clock's pace: readings of 100 s on one instrument, questions to another meanwhile."""
    served = serve(fast=False)
    meter, generator = connect(served, "source_meter"), connect(served, "generator")
    meter.ask(":SENS:CURR:NPLC 10;:SENS:CURR:RANG 1E-3;*OPC?")
    begun = time.monotonic()
    meter.send(":READ?")
    assert abs(float(meter.ask("*OPC?"))) < 1e-3  # the reading comes first
    assert meter.line() == "1"
    assert time.monotonic() - begun > 0.19
    meter.send(":SENS:COUN 500;:READ?")
    for _ in range(10):
        assert generator.ask("*ESE?") == "0"
    assert not select.select([meter.link], [], [], 0.0)[0]   # all were answered before it was


def test_idle_time_passes_with_the_wall_clock(serve: Any, connect: Connect) -> None:
    served = serve(fast=False)
    clock = served.world.bench.clock
    meter = connect(served, "source_meter")

    def passed() -> tuple[float, float]:
        """Return bench time and wall time since ``begun``: the clock stood where the wall was, or behind."""
        bench = clock.now - before
        return bench, time.monotonic() - begun

    begun = time.monotonic()
    meter.ask("*ESE?")
    before = clock.now
    time.sleep(0.4)
    meter.ask("*ESE?")
    bench, wall = passed()
    assert bench <= wall + 0.05
    # time in which a busy computer did not serve the bench does not count for it: what has passed is a bit less
    wait_until(lambda: (meter.ask("*ESE?"), passed()[0] > 0.35)[1], "0.35 s on the bench's clock")
    resting = clock.now
    wait_until(lambda: clock.now - resting > 0.4, "time to pass without a message, in steps of half a second")
    for _ in range(300):
        meter.ask("*ESE?")  # 0.2 ms of bench time each: never ahead of the wall clock
    bench, wall = passed()
    assert bench <= wall + 0.05


def test_fast_time_stands_still_while_nobody_waits(serve: Any, connect: Connect) -> None:
    served = serve()
    meter = connect(served, "source_meter")
    meter.ask("*ESE?")
    before = served.world.bench.clock.now
    time.sleep(0.3)
    assert served.world.bench.clock.now == before
    meter.ask(":SENS:CURR:NPLC 10;:SENS:COUN 20;:SENS:CURR:RANG 1E-3;:READ?")
    assert served.world.bench.clock.now - before > 4.0  # 20 readings of 0.2 s


def test_pace_of_those_who_wait_in_vain() -> None:
    wall = [100.0]
    fast, paced = FastPace(lambda: wall[0]), WallPace(lambda: wall[0])
    assert fast.horizon(5.0, 1.0) > 5.0
    assert fast.horizon(70.0, pace.PATIENCE + 1) == 70.0
    wall[0] += 0.5
    assert fast.horizon(70.0, pace.PATIENCE + 1) == pytest.approx(70.5)
    assert fast.horizon(80.0, 0.0) > 80.0
    assert (paced.reached(0.0), paced.hold(0.7)) == (0.5, pytest.approx(0.2))
    paced.forgive(0.1)
    assert paced.reached(0.1) == pytest.approx(0.1)
    paced.forgive(5.0)
    assert paced.reached(0.1) == pytest.approx(0.1)


def test_locks() -> None:
    lock = InstrumentLock()
    a, b, c = object(), object(), object()
    assert lock.take(a, b"")
    assert not lock.take(b, b"")
    assert not lock.take(b, b"key")
    assert (lock.admits(a), lock.admits(b), lock.holders) == (True, False, 1)
    assert (lock.release(b), lock.release(a), lock.release(a)) == ("", "exclusive", "")
    assert lock.take(a, b"key")
    assert lock.take(b, b"key")
    assert not lock.take(c, b"other")
    assert not lock.take(c, b"")
    assert lock.take(b, b"")
    assert (lock.admits(a), lock.admits(b), lock.admits(c), lock.holders) == (False, True, False, 2)
    lock.forget(b)
    assert lock.admits(a)
    lock.forget(a)
    assert lock.admits(c)


@pytest.mark.parametrize("after", [False, True])
def test_a_lost_connection_is_felt_at_once(serve: Any, connect: Connect, after: bool) -> None:
    """The fault plan counts the messages of a served bench as it does in process: write and read are two."""
    served = serve()
    served.world.faults.add(Fault(message=2, instrument="generator", after=after))
    generator, meter = connect(served, "generator"), connect(served, "source_meter")
    assert generator.ask("*ESE?") == "0"
    with pytest.raises((ConnectionError, AssertionError)):
        assert generator.ask(":FREQ 4321;*OPC?") != ""
    assert meter.ask("*ESE?") == "0"
    frequency = float(connect(served, "generator").ask(":FREQ?"))
    assert (frequency == 4321.0) == after


def test_replies_that_are_cut_short_changed_lost_or_late(serve: Any, connect: Connect) -> None:
    served = serve()
    faults = served.world.faults
    meter = connect(served, "source_meter")
    name = meter.ask("*IDN?")
    faults.add(Fault(kind="garbled", how="digits", message=2))
    assert meter.ask(":SYST:VERS?") == "8000.9"  # 1999.0
    faults.add(Fault(kind="timeout", message=faults.total + 1))
    meter.link.settimeout(0.3)
    with pytest.raises(TimeoutError):
        meter.ask("*IDN?")
    meter = connect(served, "source_meter")
    assert meter.ask("*ESE 9;*ESE?") == "9"  # a reply that is lost stays lost
    faults.add(Fault(kind="late", seconds=0.5, message=faults.total + 1))
    meter.send("*IDN?")
    meter.send(":SENS:CURR:NPLC 10;:SENS:COUN 5;:READ?")
    assert meter.ask("*ESE?") == name
    assert (abs(float(meter.line())) < 1e-3, meter.line()) == (True, "9")
    faults.add(Fault(message=faults.total + 1, bytes=7))
    last = connect(served, "source_meter")
    last.send("*IDN?")
    assert last.link.recv(100).decode() == name[:7]
    with pytest.raises(ConnectionError):
        last.link.recv(100)
    faults.add(Fault(kind="power_cycle", instrument="generator", message=0))
    with pytest.raises((ConnectionError, AssertionError)):
        assert connect(served, "generator").ask(":FREQ 777;*OPC?") != ""
    assert float(connect(served, "generator").ask(":FREQ?")) == 1000.0


def test_a_hislip_reply_that_breaks_off_has_promised_more(serve: Any) -> None:
    import struct

    served = serve()
    served.world.faults.add(Fault(message=1, bytes=7))
    header = struct.Struct(">2sBBIQ")
    with served.connect("source_meter", "hislip") as data, served.connect("source_meter", "hislip") as side:
        data.sendall(header.pack(b"HS", 0, 0, 0x0100 << 16, 0))
        session = header.unpack(data.recv(16))[3] & 0xFFFF
        side.sendall(header.pack(b"HS", 17, 0, session, 0))
        assert len(side.recv(16)) == 16
        data.sendall(header.pack(b"HS", 7, 0, 0xFFFFFF00, 5) + b"*IDN?")
        received = b""
        with contextlib.suppress(ConnectionError):
            while part := data.recv(1000):
                received += part
    assert header.unpack(received[:16])[4] > 40
    assert received[16:] == b"KEITHLE"


def test_a_simulation_that_fails_costs_its_client_the_connection(
    serve: Any, connect: Connect, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from tsbench.errors import InstrumentError

    served = serve()
    meter, generator = connect(served, "source_meter"), connect(served, "generator")
    assert meter.ask("*ESE?") == "0"

    def fail(seconds: float) -> None:
        raise InstrumentError("no convergence")

    with monkeypatch.context() as patched:
        exchange = served.world.instruments["source_meter"].exchange
        patched.setattr(exchange, "group_trigger", fail)
        patched.setattr(exchange, "recv", lambda *_: fail(0.0))
        with pytest.raises((ConnectionError, AssertionError)):
            assert meter.ask("*ESE?") != ""
    assert generator.ask("*ESE?") == "0"
    assert connect(served, "source_meter").ask("*ESE?") == "0"
    assert "source_meter: no convergence" in capfd.readouterr().err


def test_a_port_in_use_is_refused(serve: Any, resistor_bench: Path) -> None:
    from tsbench.errors import ConfigurationError
    from tsbench.simulated_backends.access.servers.server import BenchServer

    served = serve()
    with pytest.raises(ConfigurationError, match="Choose another --port"):
        BenchServer(served.world, FastPace(), served.port("source_meter"))
    with pytest.raises(ConfigurationError, match="65535"):
        BenchServer(served.world, FastPace(), 65534)

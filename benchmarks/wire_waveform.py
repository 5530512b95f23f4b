"""A waveform of a million 16-bit points: in process against pyvisa-py on a loopback socket, in one run.

The socket is the fastest that there can be: a process that has the very block ready and sends it at once. In process,
the record is read for the first time, when it is computed, and again. For information: the time of setting up,
acquiring and reading together, which shows whether a faster first read has only moved work into the acquisition; the
same oscilloscope by the socket of ``tsbench serve``, with pyvisa and with the connection that the drivers of tsbench
use; and pyvisa alone, with a library that has all parts of the block ready: no library can be faster than that.
"""

import itertools
import json
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyvisa
from pyvisa.constants import StatusCode

from benchmarks.report import INFORMATION, Line, report
from tsbench.instruments.links.transport import Transport

WORLD = Path(__file__).resolve().parent.parent / "examples" / "resistor.world.toml"
POINTS = 1_000_000
ROUNDS, REPEATS = 25, 4
_SETUP = (":CHAN1:RANG 4", ":TIM:RANG 200e-6", ":WAV:FORM WORD;BYT LSBF;POIN MAX;POIN:MODE RAW")
MORE = StatusCode.success_max_count_read
_SERVER = """
import socket, sys
block = sys.stdin.buffer.read()
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(1)
print(server.getsockname()[1], flush=True)
connection, _ = server.accept()
for line in connection.makefile("rb"):
    connection.sendall(block)
"""


def _seconds(act: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def _read(scope: Any) -> Any:
    return scope.query_binary_values(":WAV:DATA?", "H", container=np.array)


def _acquire(scope: Any, number: int) -> None:
    """Acquire a record; another one for each number."""
    for message in (f":CHAN1:OFFS {number / 20:g}", *_SETUP, ":DIG CHAN1"):
        scope.write(message)
    scope.query("*OPC?")


class Times(NamedTuple):
    """Shortest times [s]."""

    first: float  #: read of a record
    again: float  #: another read of it
    whole: float  #: acquisition and first read


def measured(scope: Any, read: Callable[[Any], Any]) -> tuple[Times, npt.NDArray[np.uint16]]:
    """Return how long it takes to read records, each of them some times, and the values of the last one."""
    first, again, whole = [], [], []
    seen = 0
    for number in range(ROUNDS):   # no record is kept while another one is read: the socket's are not either
        before, acquired = seen, _seconds(lambda n=number: _acquire(scope, n))
        first.append(_seconds(lambda: read(scope)))
        whole.append(acquired + first[-1])
        seen = zlib.crc32(read(scope))
        again += [_seconds(lambda: read(scope)) for _ in range(REPEATS)]
        assert seen != before, "the record before this one was read"
        assert seen == zlib.crc32(read(scope)), "a record is not the same when it is read again"
    values = read(scope)
    assert len(values) == POINTS
    return Times(min(first), min(again), min(whole)), values


def _read_by_driver(scope: Transport) -> npt.NDArray[np.uint16]:
    """Read a block as the drivers of tsbench do."""
    scope.write(":WAV:DATA?")
    head = scope.read_bytes(10)
    values = np.frombuffer(scope.read_bytes(int(head[2:])), "<u2")
    scope.read_bytes(1)
    return values


def both(manager: Any, address: str) -> tuple[Times, Times, bytes]:
    """Return the times with pyvisa and with a driver's connection, and the block."""
    try:
        scope: Any = manager.open_resource(address, timeout=20_000)
        if address.endswith("SOCKET"):   # elsewhere END ends a reply
            scope.write_termination = scope.read_termination = "\n"
        by_pyvisa, values = measured(scope, _read)
        scope.close()
        by_driver, _ = measured(Transport(manager, address, "scope", timeout=20.0), _read_by_driver)
        payload = values.astype("<u2").tobytes()
        return by_pyvisa, by_driver, b"#8%08d" % len(payload) + payload + b"\n"
    finally:
        manager.close()


def in_process(world: Path) -> tuple[Times, Times, bytes]:
    """Return the times in process."""
    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    return both(manager, next(name for name in manager.list_resources() if "0x1764" in name))


def by_socket(block: bytes) -> float:
    """Return the shortest time [s] in which pyvisa-py reads a block from a loopback socket."""
    server = subprocess.Popen([sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    manager = pyvisa.ResourceManager("@py")
    try:
        assert server.stdin is not None and server.stdout is not None
        server.stdin.write(block)
        server.stdin.close()
        port = int(server.stdout.readline())
        session: Any = manager.open_resource(f"TCPIP::127.0.0.1::{port}::SOCKET", timeout=20_000)
        session.write_termination = session.read_termination = "\n"

        assert len(_read(session)) == POINTS
        return min(_seconds(lambda: _read(session)) for _ in range(ROUNDS * REPEATS))
    finally:
        manager.close()
        server.kill()


def served(world: Path) -> tuple[Times, Times]:
    """Return the times by the socket of the served oscilloscope, with pyvisa-py."""
    command = [sys.executable, "-m", "tsbench", "serve", str(world), "--fast", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert server.stdout is not None
        address = next(row["socket"] for row in json.loads(server.stdout.readline()) if row["name"] == "scope")
        return both(pyvisa.ResourceManager("@py"), address)[:2]
    finally:
        server.terminate()
        server.wait()


def pyvisa_alone(world: Path, block: bytes) -> float:
    """Return the shortest time [s] that pyvisa itself needs, with a library that hands out parts that are cut."""
    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    try:
        scope: Any = manager.open_resource(next(n for n in manager.list_resources() if "0x1764" in n))
        library: Any = manager.visalib
        ends = range(scope.chunk_size, len(block) + scope.chunk_size, scope.chunk_size)
        parts = itertools.cycle([
            (block[end - scope.chunk_size:end], MORE if end < len(block) else StatusCode.success) for end in ends])
        library.write = lambda session, data: (len(data), StatusCode.success)
        library.read = lambda session, count: next(parts)
        try:
            return min(_seconds(lambda: _read(scope)) for _ in range(ROUNDS * REPEATS))
        finally:
            del library.write, library.read
    finally:
        manager.close()


def main() -> int:
    """Measure and report."""
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / WORLD.name
        world.write_text(WORLD.read_text("utf-8"), "utf-8")
        here, driver_here, block = in_process(world)
        wire = by_socket(block)
        there, driver_there = served(world)
        alone = pyvisa_alone(world, block)

    def compared(what: str, here: float, there: float) -> Line:
        return Line(what, f"{1e3 * here:.2f} ms / {1e3 * there:.2f} ms = 1 / {there / here:.1f}", INFORMATION, True)

    return report("wire_waveform", "a waveform of a million 16-bit points", [
        Line("pyvisa-py on a loopback socket", f"{1e3 * wire:.2f} ms", INFORMATION, True),
        Line("in process, read again", f"{1e3 * here.again:.2f} ms, {wire / here.again:.1f} times as fast",
             ">= 10 times", wire >= 10 * here.again),
        Line("in process, first read", f"{1e3 * here.first:.2f} ms, {wire / here.first:.2f} times as fast",
             ">= 2 times", wire >= 2 * here.first),
        Line("in process, set up, acquired and read", f"{1e3 * here.whole:.2f} ms", INFORMATION, True),
        Line("pyvisa alone, its library has all parts ready",
             f"{1e3 * alone:.2f} ms, {wire / alone:.1f} times as fast", INFORMATION, True),
        compared("read again: in process / by the socket of tsbench serve", here.again, there.again),
        compared("first read: in process / by the socket of tsbench serve", here.first, there.first),
        compared("read again by a driver: in process / by the socket", driver_here.again, driver_there.again),
        compared("first read by a driver: in process / by the socket", driver_here.first, driver_there.first),
    ])


if __name__ == "__main__":
    sys.exit(main())

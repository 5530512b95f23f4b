"""A waveform of a million 16-bit points: in process against pyvisa-py on a loopback socket, in one run.

The socket is the fastest that there can be: a process that has the very block ready and sends it at once. In process,
the record is read for the first time, when it is computed, and again. The time of setting up, acquiring and reading
together is there for information: it shows whether a faster first read has only moved work into the acquisition.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyvisa

from benchmarks.report import Line, report

WORLD = Path(__file__).resolve().parent.parent / "examples" / "resistor.world.toml"
POINTS = 1_000_000
ROUNDS, REPEATS = 25, 4
_SETUP = (":CHAN1:RANG 4", ":TIM:RANG 200e-6", ":WAV:FORM WORD;BYT LSBF;POIN MAX;POIN:MODE RAW")
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


def in_process(world: Path) -> tuple[float, float, float, bytes]:
    """Return the shortest time [s] of a first read, of another one, and of acquiring and a first read; the block."""
    manager = pyvisa.ResourceManager(f"{world}@tsbench")
    try:
        address = next(name for name in manager.list_resources() if "0x1764" in name)
        scope: Any = manager.open_resource(address, timeout=20_000)
        first, again, whole = [], [], []

        def read() -> Any:
            return scope.query_binary_values(":WAV:DATA?", "H", container=np.array)

        def acquire() -> None:
            for message in (*_SETUP, ":DIG CHAN1"):
                scope.write(message)
            scope.query("*OPC?")

        values = np.empty(0)
        for number in range(ROUNDS):
            scope.write(f":CHAN1:OFFS {number / 20:g}")   # another record in each round
            before, acquired = values, _seconds(acquire)
            first.append(_seconds(read))
            whole.append(acquired + first[-1])
            values = read()
            again += [_seconds(read) for _ in range(REPEATS)]
            assert not np.array_equal(values, before), "the record before this one was read"
            assert np.array_equal(values, read()), "a record is not the same when it is read again"
        assert len(values) == POINTS
        payload = values.astype("<u2").tobytes()
        return min(first), min(again), min(whole), b"#8%08d" % len(payload) + payload + b"\n"
    finally:
        manager.close()


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

        def read() -> Any:
            return session.query_binary_values(":WAV:DATA?", "H", container=np.array)

        assert len(read()) == POINTS
        return min(_seconds(read) for _ in range(ROUNDS * REPEATS))
    finally:
        manager.close()
        server.kill()


def main() -> int:
    """Measure and report."""
    with tempfile.TemporaryDirectory() as folder:
        world = Path(folder) / WORLD.name
        world.write_text(WORLD.read_text("utf-8"), "utf-8")
        first, again, whole, block = in_process(world)
    wire = by_socket(block)
    return report("wire_waveform", "a waveform of a million 16-bit points", [
        Line("pyvisa-py on a loopback socket", f"{1e3 * wire:.2f} ms", "", True),
        Line("in process, read again", f"{1e3 * again:.2f} ms, {wire / again:.1f} times as fast", ">= 10 times",
             wire >= 10 * again),
        Line("in process, first read", f"{1e3 * first:.2f} ms, {wire / first:.2f} times as fast", ">= 2 times",
             wire >= 2 * first),
        Line("in process, set up, acquired and read", f"{1e3 * whole:.2f} ms", "", True),
    ])


if __name__ == "__main__":
    sys.exit(main())

"""One instrument of a served bench falls silent behind its socket: the part of ``benchmarks.silent`` in wall time.

The bench is served by another process; between it and one of the instruments stands a relay that, at a word, forwards
nothing more. Source meter and both generator outputs are on then.
"""

import contextlib
import json
import math
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from tsbench.instruments import SourceSettings
from tsbench.simulated_backends.witness.log import read_sessions
from tsbench.station.bench.bench import Bench

#: by the model code of the addresses in the example
MODELS = {"0x2450": "source_meter", "0x5A01": "generator", "0x1764": "scope"}
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"


class Relay:
    """Forwards bytes between clients and a port of this machine until it is switched to silent."""

    def __init__(self, port: int) -> None:
        self.silent = threading.Event()
        self._to = port
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(("127.0.0.1", self._to))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pump, args=ends, daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while content := source.recv(65536):
                if not self.silent.is_set():
                    target.sendall(content)


def off_after(silent: str, folder: Path) -> tuple[dict[str, float], float]:
    """Silence one instrument with three outputs on, make safe.

    Returns
    -------
    dict, float
        Output of another instrument that was on -> when [s] it went off, by the witness (inf: never); and when all was
        done.
    """
    shutil.copy(EXAMPLES / "resistor.world.toml", folder)
    with served(folder / "resistor.world.toml") as addresses:
        relay = Relay(int(addresses[silent].split("::")[2]))
        text = (EXAMPLES / "resistor.bench.toml").read_text("utf-8").replace("resistor.world.toml@tsbench", "@py")
        text = text.replace('pulser = "generator.1"', 'bias = "generator.2"\npulser = "generator.1"')
        for line in [line for line in text.splitlines() if line.startswith("resource")]:
            name = MODELS[line.split("::")[2]]
            port = str(relay.port) if name == silent else addresses[name].split("::")[2]
            text = text.replace(line, f'resource = "TCPIP0::127.0.0.1::{port}::SOCKET"')
        bench_file = folder / "resistor.bench.toml"
        bench_file.write_text(text, "utf-8")
        bench = Bench.open(bench_file)
        try:
            meter = bench.source_meter()
            meter.configure_source(SourceSettings("voltage", compliance_current=1e-3, range=2.0))
            meter.set_level(1.0)
            meter.set_output(True)
            for role in ("pulser", "bias"):
                bench.pulse_generator(role).configure_level(0.5)
                bench.pulse_generator(role).set_output(True)
            relay.silent.set()
            began, since = time.time(), time.monotonic()
            bench.make_safe()
            return _off(folder / "resistor.witness.jsonl", silent, began), time.monotonic() - since
        finally:
            with mock.patch.object(bench, "make_safe", list):  # it has been done, and the silent one stays silent
                bench.close()


def _off(witness: Path, silent: str, began: float) -> dict[str, float]:
    """Return when [s] after ``began`` (wall time) each output of the others that was on then went off."""
    (log,) = read_sessions(witness)
    on: dict[str, float] = {}
    for record in log.of_kind("output"):
        output = f"{record['instrument']}.{record['channel']}".strip(".")
        if record["instrument"] == silent:
            continue
        if record["wall"] <= began:
            on.pop(output, None)
        if record["on"]:
            on[output] = math.inf
        elif output in on:
            on[output] = record["wall"] - began
    return on


@contextlib.contextmanager
def served(world: Path) -> Iterator[dict[str, str]]:
    """Serve a world from another process; yields the socket address of each instrument."""
    command = [sys.executable, "-m", "tsbench", "serve", str(world), "--json"]
    # the cases in process leave their own witness and fault behind
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TSBENCH_")}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        assert process.stdout is not None
        yield {row["name"]: row["socket"] for row in json.loads(process.stdout.readline())}
    finally:
        process.terminate()
        process.wait()

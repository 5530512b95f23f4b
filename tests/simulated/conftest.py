"""Copies of the example benches, each with its own witness file, for tests that measure on them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tsbench.protocols import protocol_named
from tsbench.records import Run, RunEvent

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@dataclass
class Measured:
    """What a run left: its outcome, its file as read back, the events told, and what the witness wrote."""

    outcome: Any
    run: Run
    events: list[RunEvent]
    witness: list[dict[str, Any]]
    left_on: list[str]  #: outputs that the witness, not a driver, saw left on

    def values(self, quantity: str) -> list[Any]:
        return [result for result in self.outcome.results if result.quantity == quantity]

    def warnings(self) -> list[str]:
        return [event.message for event in self.events if event.kind == "warning"]


Measure = Callable[..., Measured]


@pytest.fixture
def measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Return a function that runs a protocol on a copy of an example bench.

    ``replace`` are pairs of text to change in the world file: another device, another wire.
    """
    from tsbench.runner import run_protocol
    from tsbench.simulated_backends.witness_log import outputs_left_on
    from tsbench.storage import read_run

    def run(
        bench: str, protocol: str, parameters: dict[str, Any] | None = None, *,
        replace: tuple[tuple[str, str], ...] = (), device: str = "D1", **options: Any,
    ) -> Measured:
        folder = tmp_path / f"{bench}_{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for kind in ("bench", "world"):
            shutil.copy(EXAMPLES / f"{bench}.{kind}.toml", folder)
        world = folder / f"{bench}.world.toml"
        text = world.read_text("utf-8")
        for old, new in replace:
            assert old in text, f"{old} is not in {world.name}"
            text = text.replace(old, new)
        world.write_text(text, "utf-8")
        witness = folder / "witness.jsonl"
        monkeypatch.setenv("TSBENCH_WITNESS", str(witness))
        events: list[RunEvent] = []
        outcome = run_protocol(
            folder / f"{bench}.bench.toml", device, protocol_named(protocol).parse(parameters or {}), folder / "runs",
            events=events.append, **options)
        lines = witness.read_text("utf-8").splitlines() if witness.exists() else []
        assert outcome.path is not None
        return Measured(outcome, read_run(outcome.path), events, [json.loads(line) for line in lines],
                        outputs_left_on(witness))

    return run


class Table:
    """A generator and a scope on 10 kOhm, spoken to without VISA: channel 1 on channel 1, sync on EXT."""

    def __init__(self, imperfections: bool = True, seed: int = 1, generator: str = "keysight_33622a",
                 netlist: str = "R1 a 0 10k\nR2 b 0 50\n") -> None:
        from tsbench.netlist import Netlist, parse_netlist
        from tsbench.simulated_backends.bench_services import BenchServices
        from tsbench.simulated_backends.circuit.build import build_circuit
        from tsbench.simulated_backends.virtual_instruments.instrument import Placement
        from tsbench.simulated_backends.virtual_instruments.models import model_class

        self.bench = BenchServices(seed, imperfections, {"scope.external": "generator.sync"})
        nodes = {"1": "a", "2": "b"}
        self.generator: Any = model_class(generator)(self.bench, Placement("generator", "SIM1", nodes))
        scope = model_class("keysight_dsox3054t")
        self.scope: Any = scope(self.bench, Placement("scope", "SIM2", nodes))
        elements = list(parse_netlist(netlist, ["a", "b"]).elements)
        for instrument in (self.generator, self.scope):
            elements += instrument.attachment().elements
        self.bench.install(build_circuit(Netlist(tuple(elements))))
        for instrument in (self.generator, self.scope):
            instrument.connect()

    def send(self, instrument: Any, *messages: str | bytes) -> None:
        for message in messages:
            self.bench.begin_message()
            self.bench.clock.wait(1e-4)
            instrument.recv(message if isinstance(message, bytes) else message.encode(), True)
            for _ in range(10):   # a relay takes its time; a waiting digitize is left waiting
                if not instrument.will_answer:
                    break
                self.bench.clock.wait(0.5e-3)

    def ask_bytes(self, instrument: Any, message: str, timeout: float = 2.0) -> bytes:
        self.send(instrument, message)
        limit = self.bench.clock.now + timeout
        while not instrument.output_ready and instrument.will_answer and self.bench.clock.now < limit:
            self.bench.clock.busy()
        return bytes(instrument.talk(10**9)[0][:-1])

    def ask(self, instrument: Any, message: str, timeout: float = 2.0) -> str:
        return self.ask_bytes(instrument, message, timeout).decode("latin-1")

    def number(self, instrument: Any, message: str) -> float:
        return float(self.ask(instrument, message))

    def errors(self, instrument: Any) -> list[int]:
        """Empty an error queue; the codes."""
        codes = []
        for _ in range(40):
            code = int(self.ask(instrument, "SYST:ERR?").split(",")[0])
            if code == 0:
                break
            codes.append(code)
        return codes

    def voltages(self, node: str, seconds: float, points: int = 20_001) -> tuple[Any, Any]:
        """Let time pass and return times from now [s] and the node voltage [V], without any instrument."""
        import numpy as np

        from tsbench.simulated_backends.circuit.engine import Repetition
        from tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t_front_end import History, Repeated

        class Recorder:
            def __init__(self) -> None:
                self.history = History()

            def observe(self, segment: Any) -> None:
                if isinstance(segment, Repetition):
                    segment = Repeated(segment.period, segment.start, segment.length, segment.count)
                self.history.traces.append(segment)

        recorder, start = Recorder(), self.bench.clock.now
        self.bench.sync()
        self.bench.recorders.add(recorder)
        self.bench.lagging_circuit.add_observer(recorder)
        self.bench.clock.wait(seconds)
        self.bench.sync()
        self.bench.lagging_circuit.remove_observer(recorder)
        self.bench.recorders.discard(recorder)
        times = np.linspace(0.0, seconds, points)
        return times, recorder.history.voltage(node, start + times)

    def arm(self) -> None:
        """``:SING``, and wait until the scope says that it is armed."""
        self.send(self.scope, ":SING")
        for _ in range(1000):
            if int(self.ask(self.scope, ":AER?")):
                return
        raise AssertionError("never armed")

    def finish(self, hops: int = 1000) -> bool:
        """Poll the run bit; whether the acquisition came to its end."""
        return any(not int(self.ask(self.scope, ":OPER:COND?")) & 8 for _ in range(hops))

    def waveform(self, channel: int = 1, points: int | str = "MAX") -> tuple[Any, Any, Any]:
        """Return times [s], volts and codes of the finished acquisition (16-bit)."""
        import numpy as np

        from tsbench.simulated_backends.virtual_instruments.scpi_syntax import block_payload

        self.send(self.scope, f":WAV:SOUR CHAN{channel}", ":WAV:FORM WORD", ":WAV:POIN:MODE RAW",
                  f":WAV:POIN {points}")
        preamble = [float(part) for part in self.ask(self.scope, ":WAV:PRE?").split(",")]
        payload = block_payload(self.ask_bytes(self.scope, ":WAV:DATA?"))
        assert payload is not None
        codes = np.frombuffer(payload, ">u2").astype(int)
        times = preamble[5] + (np.arange(len(codes)) - preamble[6]) * preamble[4]
        return times, (codes - preamble[9]) * preamble[7] + preamble[8], codes


@pytest.fixture
def table() -> type[Table]:
    """Return the class: ``table(imperfections=False)`` is a bench with a generator and a scope."""
    return Table


class Served:
    """A world served from a thread of this process: addresses, and the world itself to look into."""

    def __init__(self, world_file: Path, fast: bool = True) -> None:
        import threading

        from tsbench.simulated_backends.servers.pace import FastPace, WallPace
        from tsbench.simulated_backends.servers.server import BenchServer, prepare
        from tsbench.simulated_backends.world import open_world

        self.world = open_world(world_file)
        prepare(self.world)
        self.server = BenchServer(self.world, FastPace() if fast else WallPace())
        self.addresses = {address.name: address for address in self.server.addresses}
        self.failure: BaseException | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.server.run()
        except BaseException as failure:  # noqa: BLE001  told by close()
            self.failure = failure

    def port(self, instrument: str, kind: str = "socket") -> int:
        address = getattr(self.addresses[instrument], kind)
        return int(address.split("::")[2].rpartition(",")[2] or 0)

    def connect(self, instrument: str, kind: str = "socket", timeout: float = 5.0) -> Any:
        """Return a plain socket to an instrument."""
        import socket

        return socket.create_connection(("127.0.0.1", self.port(instrument, kind)), timeout=timeout)

    def close(self) -> None:
        from tsbench.simulated_backends.world import close_world

        if self._closed:
            return
        self._closed = True
        self.server.stop()
        self._thread.join(10)
        assert not self._thread.is_alive()
        self.server.close()
        close_world(self.world)
        if self.failure is not None:
            raise self.failure


@pytest.fixture
def serve(tmp_path: Path, resistor_bench: Path) -> Iterator[Callable[..., Served]]:
    """Return a function that serves the resistor bench (or another world file), fast unless told otherwise."""
    opened: list[Served] = []

    def start(world_file: Path | None = None, fast: bool = True) -> Served:
        opened.append(Served(world_file or resistor_bench.with_name("resistor.world.toml"), fast))
        return opened[-1]

    yield start
    for served in opened:
        served.close()


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The benchmark's way to disturb a run; whatever it sets in the environment is undone."""
    for name in ("TSBENCH_WITNESS", "TSBENCH_FAULTS"):
        monkeypatch.setenv(name, "")
    import benchmarks.faults

    return benchmarks.faults


@pytest.fixture(scope="session")
def run_tests() -> "Callable[..., subprocess.CompletedProcess[str]]":
    """Return a function that runs the tests of a folder in a pytest of its own."""

    def run_tests(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "--strict-markers", *arguments]
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PYTEST_", "COV_"))}
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)

    return run_tests

"""The benches on which other authors' drivers run: made from the registry of virtual instruments.

Each terminal of an instrument has a 10 kOhm resistor with 20 pF of cable to ground. An instrument under test may have
a partner on the same nodes: a generator has an oscilloscope, an oscilloscope has a generator. A new virtual instrument
needs no change here.
"""

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from benchmarks.acceptance.noting import WAITING, Notebook
from tsbench.errors import ConfigurationError
from tsbench.simulated_backends.access.servers.pace import FastPace
from tsbench.simulated_backends.access.servers.server import BenchServer
from tsbench.simulated_backends.circuit.engine import Repetition
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.oscilloscope.history import InputHistory, Repeated
from tsbench.simulated_backends.virtual_instruments.registry import VIRTUAL_INSTRUMENTS, instrument_class
from tsbench.simulated_backends.world.world import World, close_world, open_world, open_worlds

R = TypeVar("R")

RESISTANCE = 10e3  #: [Ohm] at each terminal
TRANSPORTS = ("in process", "socket", "hislip")
TESTED = "tested"  #: name of the instrument under test in each world
PARTNER = "partner"  #: name of the instrument beside it
#: [s] of wall clock, of the sessions that the benchmark opens itself
TIMEOUT = 30.0


def registered() -> tuple[str, ...]:
    """Return the names of our own virtual instruments, sorted."""
    offers = VIRTUAL_INSTRUMENTS.offers()
    return tuple(sorted(name for name, offer in offers.items() if offer.distribution.startswith("tsbench ")))


def resource(number: int) -> str:
    """Return the VISA address of the instrument with this number in a world."""
    return f"USB0::0x0699::0x{number:04X}::SIM{number:05d}::INSTR"


@functools.cache
def terminals_of(model: str) -> tuple[str, ...]:
    """Return the terminals that an instrument has as it is delivered: a mainframe may have empty slots."""
    found, kind = [], instrument_class(model)
    for terminal in kind.terminals:
        with suppress(ConfigurationError):
            kind(BenchServices(1, True, {}), Placement("probe", "SIM", {terminal: "n0"}))
            found.append(terminal)
    return tuple(found)


def world_text(model: str, partner: str | None = None, address: str = "", options: str = "", more: str = "") -> str:
    """Return the world file of a bench with ``model``, and with ``partner`` on the same nodes.

    Parameters
    ----------
    model, partner : virtual instruments
    address : VISA address of ``model``; empty: one of USB
    options : the entry ``options`` of ``model``; empty: none
    more : more tables
    """
    placed = {TESTED: model} | ({PARTNER: partner} if partner else {})
    lines = ["seed = 1"]
    netlist, terminals = [], []
    for number, (name, its_model) in enumerate(placed.items()):
        lines += [f"[instruments.{name}]", f'model = "{its_model}"',
                  f'resource = "{(not number and address) or resource(number + 1)}"']
        if options and not number:
            lines.append(f"options = {options}")
        for position, terminal in enumerate(terminals_of(its_model)):
            node = f"n{position}"
            terminals.append(f'"{name}{"." if terminal else ""}{terminal}" = "{node}"')
            if (load := f"R_{node} {node} 0 {RESISTANCE:g}") not in netlist:
                netlist += [load, f"C_{node} {node} 0 20p"]
    lines += ["[fixture]", 'netlist = """', *(netlist or ["XDUT n0 0 device", "C_n0 n0 0 20p"]), '"""']
    lines += ["[fixture.terminals]", *terminals]
    if not netlist:   # what has no terminal may move or heat devices
        lines += ["[devices.R1]", 'model = "resistor"', f'parameters = {{ r = "{RESISTANCE:g}" }}',
                  "[wafers.W1]", 'model = "resistor"', "seed = 1"]
    if partner:
        lines += ["[wires]", *(f'"{one}.external" = "{other}.sync"' for one, other in _wires(model, partner))]
    return "\n".join([*lines, more]) + "\n"


def _wires(model: str, partner: str) -> Iterator[tuple[str, str]]:
    """Yield the jack EXT of the oscilloscope and the generator whose sync goes to it."""
    if instrument_class(model).outputs and not instrument_class(partner).outputs:
        yield PARTNER, TESTED
    elif instrument_class(partner).outputs and not instrument_class(model).outputs:
        yield TESTED, PARTNER


class _Recorder:
    """Keeps the circuit's course while it is registered."""

    def __init__(self) -> None:
        self.history = InputHistory()

    def observe(self, segment: Any) -> None:
        """Take a piece of the course."""
        if isinstance(segment, Repetition):
            segment = Repeated(segment.period, segment.start, segment.length, segment.count)
        self.history.traces.append(segment)


class OpenBench:
    """A bench that is switched on: addresses for the driver, plain sessions and true waveforms for the assertions.

    Parameters
    ----------
    world : World
    library : pyvisa's library string: ``"...@tsbench"`` or ``"@py"``
    addresses : instrument -> VISA address
    transport : one of :data:`TRANSPORTS`
    """

    def __init__(self, world: World, library: str, addresses: dict[str, str], transport: str) -> None:
        import pyvisa

        self.world, self.library, self.transport = world, library, transport
        self.addresses = addresses
        self.resource = addresses[TESTED]  #: of the instrument under test
        self.notebook = Notebook(world.instruments[TESTED])   #: what the instrument under test notes
        self._manager = pyvisa.ResourceManager(library)
        self._sessions: dict[str, Any] = {}

    @property
    def is_socket(self) -> bool:
        """Whether the driver must be given termination characters: a raw socket has no END."""
        return self.transport == "socket"

    def options(self) -> dict[str, str]:
        """Return the keyword arguments that pyvisa needs for a raw socket, and nothing for the others."""
        return {"read_termination": "\n", "write_termination": "\n"} if self.is_socket else {}

    def session(self, name: str = PARTNER) -> Any:
        """Return a plain session to an instrument (terminated with newlines)."""
        if name not in self._sessions:
            session = self._manager.open_resource(self.addresses[name], timeout=TIMEOUT * 1e3)
            framing = self.world.instruments[name].framing
            session.read_termination = "\n"  # type: ignore[attr-defined]  # at an address that is no socket
            session.write_termination = framing.message_end.decode("latin-1")  # type: ignore[attr-defined]
            self._sessions[name] = session
        return self._sessions[name]

    def send(self, *messages: str, name: str = PARTNER) -> None:
        """Send messages to the partner (or ``name``), and wait until it has carried them out."""
        session = self.session(name)
        for message in messages:
            session.write(message)
        session.query("*OPC?")

    def ask(self, message: str, name: str = TESTED) -> str:
        """Ask the instrument under test (or ``name``) by a session of its own."""
        return str(self.session(name).query(message)).strip()

    def carried_out(self) -> None:
        """Wait until the instrument under test has carried out what it was sent by a wire, if it ever does."""
        if self.transport == "in process":
            return
        self.notebook.waiting = True
        with suppress(Exception):
            for _ in range(2):   # the first may overtake what has come by another connection
                self.session(TESTED).query(WAITING)
        self.notebook.waiting = False

    def errors(self, name: str = TESTED) -> list[int]:
        """Empty the error queue (SCPI); return the codes."""
        codes: list[int] = []
        while len(codes) < 50 and (code := int(self.ask(":SYST:ERR?", name).split(",")[0])):
            codes.append(code)
        return codes

    def held(self, action: Callable[[], R]) -> R:
        """Do something with the world itself, while no message is carried out."""
        with self.world.bench.lock:
            self.world.bench.begin_message()
            return action()

    def waveform(self, seconds: float, points: int = 20_001, node: str = "n0") -> tuple[
        npt.NDArray[np.float64], npt.NDArray[np.float64]
    ]:
        """Let time pass; return times from now [s] and the true voltage at a node [V], each shape (points,)."""
        bench = self.world.bench

        def record() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
            recorder, start = _Recorder(), bench.clock.now
            bench.sync()
            bench.recorders.add(recorder)
            bench.lagging_circuit.add_observer(recorder)
            bench.clock.wait(seconds)
            bench.sync()
            bench.lagging_circuit.remove_observer(recorder)
            bench.recorders.discard(recorder)
            times = np.linspace(0.0, seconds, points)
            return times, recorder.history.voltage(node, start + times)

        return self.held(record)

    def voltage(self, node: str = "n0") -> float:
        """Return the true voltage at a node now [V]."""

        def look() -> float:
            self.world.bench.sync()
            return float(self.world.bench.circuit.voltage(node))

        return self.held(look)

    def outputs_on(self) -> list[str]:
        """Return the outputs of the instrument under test whose relay is closed."""
        states = self.held(self.world.instruments[TESTED].output_states)
        return [channel for channel, on in states.items() if on]

    def close(self) -> None:
        """Close the sessions of the benchmark."""
        with suppress(Exception):
            self._manager.close()


@contextmanager
def bench_of(
    folder: Path, model: str, transport: str, partner: str | None = None, address: str = "", options: str = "",
    more: str = "",
) -> Iterator[OpenBench]:
    """Switch a bench on for a while.

    Parameters
    ----------
    folder : where the world file goes
    model : virtual instrument under test
    transport : one of :data:`TRANSPORTS`
    partner : virtual instrument on the same nodes
    address, options, more : see :func:`world_text`
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{model}_{transport.replace(' ', '_')}.world.toml"
    path.write_text(world_text(model, partner, address, options, more), "utf-8")
    if transport == "in process":
        names = (TESTED, PARTNER)
        world = open_world(path)
        addresses = {name: (not number and address) or resource(number + 1) for number, name in enumerate(names)}
        bench = OpenBench(world, f"{path}@tsbench", addresses, transport)
        try:
            yield bench
        finally:
            bench.close()
            if world in open_worlds():   # a driver may have closed the last resource manager
                close_world(world)
        return
    world = open_world(path)
    server = BenchServer(world, FastPace())
    thread = threading.Thread(target=server.run)
    thread.start()
    addresses = {address.name: getattr(address, transport) for address in server.addresses}
    bench = OpenBench(world, "@py", addresses, transport)
    try:
        yield bench
    finally:
        bench.close()
        server.stop()
        thread.join(TIMEOUT)
        server.close()
        close_world(world)


def opens(model: str, transport: str, folder: Path, questions: Sequence[str] = ("*IDN?",)) -> list[str]:
    """Return a virtual instrument's replies, on a bench of its own by one transport."""
    with bench_of(folder, model, transport) as bench:
        return [bench.ask(question) for question in questions]

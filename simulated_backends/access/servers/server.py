"""The loop of a served bench: one thread owns the timeline, every client queues on it.

Each turn sends what has become due, begins and ends exchanges, lets time pass for those who wait, then deals
with what has come in. Nothing in a turn takes long: time passes in small steps, so that a client that waits
for a long operation does not block the others. With the wall clock as pace nothing is sent before its
bench time has come; idle time passes at the next message, at the latest every half second (sooner while something
goes on by itself, so that a service request comes in time).
"""

import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from types import FrameType

from tsbench.errors import ConfigurationError
from tsbench.netlist import parse_netlist
from tsbench.simulated_backends.access.servers.connections import HOST, Connections
from tsbench.simulated_backends.access.servers.hislip import SUB_ADDRESS, HislipPort
from tsbench.simulated_backends.access.servers.pace import Pace
from tsbench.simulated_backends.access.servers.scpi_socket import ScpiSocket
from tsbench.simulated_backends.access.servers.served_instrument import ServedInstrument
from tsbench.simulated_backends.circuit.build import build_circuit
from tsbench.simulated_backends.world.world import World

SLACK = 1e-3  #: [s] the bench may be ahead of the wall clock
SLICE = 5e-3  #: [s] of wall clock, the longest turn that waits for nothing but computing
IDLE_TICK = 0.5  #: [s] of wall clock
LIVELY_TICK = 0.02  #: [s] the same, while something on the bench goes on by itself
IDLE_STEP = 0.02  #: [s] of bench time, integrated at once while no client asks
IDLE_SHARE = 0.5  #: how much of idle time may be computed
LONGEST_DEBT = 1.0  #: [s] of wall clock that a message waits for idle time that has not been computed yet
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


def prepare(world: World) -> None:
    """Compile the code that the circuit of ``world`` may need, unless this machine has it already.

    No client should wait for it later: the code of its own that a circuit gets in the middle of a long measurement
    takes the compiler many seconds on a busy computer, more than any client's timeout.
    """
    build_circuit(parse_netlist("R1 a 0 1k\nC1 a 0 1p\n", ["a"])).advance(1e-6)
    world.load_all_code()


@dataclass(frozen=True)
class Address:
    """Where an instrument is reached: VISA resource names."""

    name: str
    model: str
    socket: str
    hislip: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class BenchServer:
    """Serves a world's instruments. ``addresses`` is known at once, clients are served while ``run`` runs.

    Parameters
    ----------
    world : World
        The caller opens and closes it.
    pace : Pace
        How time goes: ``WallPace()`` or ``FastPace()``.
    port : int
        The first of two ports for each instrument, socket then HiSLIP; 0: any free ones.

    Raises
    ------
    ConfigurationError
        A port is in use.
    """

    def __init__(self, world: World, pace: Pace, port: int = 0) -> None:
        self.world = world
        self._clock = world.bench.clock
        self._pace = pace
        self._connections = Connections()
        self._served: list[ServedInstrument] = []
        self._hislip: list[HislipPort] = []
        self._stopping = False
        self._idle_paid = time.monotonic()
        self._debt_since: float | None = None
        self.addresses: list[Address] = []
        try:
            for name in world.instruments:
                self._place(name, port)
                port = port + 2 if port else 0
        except ConfigurationError:
            self._connections.close()
            raise
        world.on_lost(self._lose)

    def _place(self, name: str, port: int) -> None:
        instrument = self.world.instruments[name]
        served = ServedInstrument(self.world, instrument, self._pace)
        hislip = HislipPort(self._connections, served)
        first = self._connections.listen(port, lambda link: ScpiSocket(self._connections, link, served))
        second = self._connections.listen(port + 1 if port else 0, hislip.accept)
        self._served.append(served)
        self._hislip.append(hislip)
        self.addresses.append(
            Address(
                name,
                self.world.file.instruments[name].model,
                f"TCPIP0::{HOST}::{first}::SOCKET",
                f"TCPIP0::{HOST}::{SUB_ADDRESS.decode()},{second}::INSTR",
            )
        )

    def _lose(self, instrument: str | None) -> None:
        for served in self._served:
            if instrument is None or served.instrument.name == instrument:
                served.cut_all()

    # --------------------------------------------------------------------------------------------- life

    def run(self) -> None:
        """Serve until ``stop``."""
        while not self._stopping:
            hold = self._pace.hold(self._clock.now)
            if hold > SLACK:
                self._connections.nap(hold)
                continue
            self._connections.flush()
            with self.world.bench.lock:
                timeout = self._turn()
            if self._connections.dirty:
                timeout = 0.0
            self._connections.wait(timeout)
            with self.world.bench.lock:  # what comes on an asynchronous channel is done at once
                self._connections.dispatch()

    def stop(self) -> None:
        """End ``run`` (from any thread or a signal handler)."""
        self._stopping = True
        self._connections.wake()

    def close(self) -> None:
        """Close every connection and port; the world stays as it is."""
        self._connections.close()

    @contextlib.contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Let Ctrl-C, SIGTERM, and on Windows Ctrl-Break, end ``run`` (main thread only)."""

        def end(_number: int, _frame: FrameType | None) -> None:
            self.stop()

        before = {}
        wake = signal.set_wakeup_fd(self._connections.wake_descriptor, warn_on_full_buffer=False)
        try:
            for name in SIGNALS:
                number = getattr(signal, name, None)
                if number is not None and not (name == "SIGHUP" and signal.getsignal(number) == signal.SIG_IGN):
                    before[number] = signal.signal(number, end)
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(wake)

    # -------------------------------------------------------------------------------------------- a turn

    def _turn(self) -> float | None:
        """Do what can be done; return how long there is nothing to do (None: until something comes)."""
        asked = any(served.wanted or served.may_begin() for served in self._served)
        if self._pace.idle_time_counts and not self._caught_up(asked):
            return 0.0
        acted = False
        begun = time.monotonic()
        while any([served.step() for served in self._served]):
            acted = True
            if time.monotonic() - begun > SLICE:
                break
        for served, hislip in zip(self._served, self._hislip, strict=True):
            served.notice_service_request()
            hislip.tick()
        if acted:
            return 0.0
        if any(served.wanted for served in self._served):
            return self._pass_time()
        waits = [hislip.next_tick for hislip in self._hislip]
        if self._pace.idle_time_counts:
            waits.append(self._tick)
        return min((wait for wait in waits if wait is not None), default=None)

    @property
    def _tick(self) -> float:
        return IDLE_TICK if self._clock.next_event() is None else LIVELY_TICK

    def _pass_time(self) -> float:
        """Let time pass for those who wait; return how long to wait for the wall clock."""
        waited = max(served.waited for served in self._served if served.wanted)
        horizon = self._pace.horizon(self._clock.now, waited)
        if self._advance(horizon, SLICE):
            return 0.0
        event = self._clock.next_event()
        ahead = IDLE_TICK if event is None else event - self._clock.now
        return min(max(ahead, SLACK), 5 * SLACK)

    def _advance(self, until: float, budget: float) -> bool:
        """Let time pass until then, until an exchange has ended, or for ``budget`` s of wall clock.

        Returns
        -------
        bool
            Whether any time has passed.
        """
        start, begun = self._clock.now, time.monotonic()
        while self._clock.now < until and not any(served.finished for served in self._served):
            self._clock.hop(until)
            if time.monotonic() - begun > budget:
                break
        return self._clock.now > start

    def _caught_up(self, asked: bool) -> bool:
        """Let idle time pass; False: there is more of it, and the client that asks has to wait a little longer."""
        wall = time.monotonic()
        target = self._pace.reached(self._clock.now)
        if not asked:
            tick = self._tick
            if wall - self._idle_paid >= tick:
                self._idle_paid = wall
                self._pay_idle_time(target, tick * IDLE_SHARE)
            return True
        self._idle_paid = wall
        self._advance(target, 10 * SLICE)
        if self._clock.now >= target or any(served.finished for served in self._served):
            self._debt_since = None
            return True
        if self._debt_since is None:
            self._debt_since = wall
        if wall - self._debt_since < LONGEST_DEBT:
            return False
        self._pace.forgive(self._clock.now)  # what cannot be computed in time has not passed
        self._debt_since = None
        return True

    def _pay_idle_time(self, target: float, budget: float) -> None:
        begun = time.monotonic()
        while self._clock.now < target and time.monotonic() - begun < budget:
            self.world.bench.begin_message()
            self._clock.advance_to(min(target, self._clock.now + IDLE_STEP))
            self.world.bench.sync()

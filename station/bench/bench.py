"""The bench: from ``bench.toml`` to open, identified, guarded instruments by role; safe however it ends."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from tsbench.errors import CommunicationError, ConfigurationError, TsbenchError, nearest
from tsbench.instruments import (
    Clock,
    Oscilloscope,
    OutputState,
    Positioner,
    PulseGenerator,
    ScopeChannel,
    SourceMeter,
)
from tsbench.instruments.guard.limits import DeviceGuard, OutputsOn
from tsbench.instruments.guard.limits import Path as WirePath
from tsbench.instruments.links.liveness import Liveness
from tsbench.records import DeviceDescription, DeviceLimits, Fixture
from tsbench.station.bench.all_at_once import make_all_safe, open_all
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.connection import Connection, Discovered, discover, outlives_process, quietly
from tsbench.station.bench.operator import OperatorPrompt, WallClock
from tsbench.station.bench.ownership import Ownership, this_process
from tsbench.station.bench.steady_clock import SteadyClock
from tsbench.station.bench.wiring import Wiring

__all__ = ["Bench", "Discovered", "check", "discover", "instruments"]


class Bench:
    """Open instruments by role, guarded; a :class:`~tsbench.instruments.Station`. Use it with ``with``."""

    def __init__(self, file: BenchFile, device: DeviceDescription) -> None:
        self.file = file
        self.device = device
        self.problems: list[str] = []  #: what went wrong while making safe, one line each
        self._managers: dict[str, Any] = {}
        self._ownership: Ownership | None = None
        self._connections: dict[str, Connection] = {}
        self._guards: dict[str, Any] = {}
        self._outputs = OutputsOn()
        self._notes: list[str] = []  #: what had to be put right and nobody has been told of
        self.clock: Clock = WallClock()
        self.positioner: Positioner = OperatorPrompt(tuple(file.table.devices), file.table.connected)
        self._wiring = Wiring(file, self._driver_of)
        self.fixture = Fixture(file.table.fixture.netlist, dict(file.table.fixture.terminals), file.sensing())

    @classmethod
    def open(cls, path: str | Path, device: str | None = None) -> "Bench":
        """Open every instrument of a bench file, reset it (outputs off) and connect ``device``.

        Parameters
        ----------
        path : str or Path
            The bench file.
        device : str, optional
            Identifier in ``[devices]``. None: no device is connected; the limits common to all devices hold.

        Raises
        ------
        ConfigurationError
            The file is wrong, an instrument is missing, the device is not on the bench.
        WrongInstrument
            Another model answers than the file says.
        CommunicationError
            An instrument does not answer.
        InstrumentInUse
            Another process owns an instrument; nothing was sent to any.
        """
        file = BenchFile.load(path)
        nobody = DeviceDescription("", limits=DeviceLimits(**file.table.device.limits.model_dump()))
        bench = cls(file, file.device(device) if device is not None else nobody)
        try:
            bench._open()
            if device is not None and bench.positioner.connected() != device:
                bench.positioner.connect(device)
        except BaseException:
            bench.close()
            raise
        return bench

    def planning_for(self, device: str) -> "Bench":
        """Return this bench as it would be with another device: for plans; nothing is sent, nothing moves.

        Raises
        ------
        ConfigurationError
            The device is not on the bench.
        """
        view = Bench(self.file, self.file.device(device))
        view._connections = self._connections
        view.clock, view.positioner, view.fixture = self.clock, self.positioner, self.fixture
        return view

    # ------------------------------------------------------------------------------------------ opening

    def _open(self) -> None:
        from tsbench.instruments.links.transport import open_manager

        tables = self.file.table.instruments
        try:
            for name in tables:
                library = self.file.library(name)
                if library not in self._managers:
                    self._managers[library] = open_manager(library)
            self._ownership = self._own()
            self._adopt_services()
            open_all(self.file, self._managers, self._connections, self.clock.wait, self._ownership)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.file.path}: {error}") from error
        self.fixture = self._wiring.fixture()
        for role, terminal in self.file.table.roles.items():
            self._guard(terminal, role)

    def _own(self) -> Ownership:
        """Become the owner of every instrument that other processes can reach."""
        from tsbench.instruments.links.transport import full_name

        resources = {}
        for name, table in self.file.table.instruments.items():
            manager = self._managers[self.file.library(name)]
            if outlives_process(manager):
                resources[name] = full_name(manager, table.resource)
        return Ownership(resources, this_process(self.path))

    def _adopt_services(self) -> None:
        """Take clock and positioner from the VISA library where it brings them."""
        for manager in self._managers.values():
            clock = getattr(manager.visalib, "clock", None)
            if isinstance(clock, Clock):
                self.clock = SteadyClock(clock, self._notes.append)
            positioner = getattr(manager.visalib, "positioner", None)
            if isinstance(positioner, Positioner):
                self.positioner = positioner

    # -------------------------------------------------------------------------------------------- guards

    def _driver_of(self, terminal: str) -> Any:
        name, _, channel = terminal.partition(".")
        return self._connections[name].terminal(channel)

    def _guard(self, terminal: str, role: str) -> Any:
        """Return the one guard of a terminal, making it at first use; a scope is guarded as a whole."""
        from tsbench.instruments.guard import guard

        kind = self._wiring.kind(terminal)
        if kind == "oscilloscope":
            terminal = terminal.partition(".")[0]
        if terminal not in self._guards:
            driver = self._driver_of(terminal)
            connection = self._connections[terminal.partition(".")[0]]
            subject = f"{role} ({connection.driver.title}, {connection.table.resource})"
            device = DeviceGuard(self.device.limits, self.device.identifier or "this bench's devices")
            path = WirePath() if kind == "oscilloscope" else self._wiring.path(terminal)
            post = guard.Post(subject, path, device, terminal, self._outputs)
            self._guards[terminal] = guard.GUARDS[kind](driver, post)
        return self._guards[terminal]

    # ------------------------------------------------------------------------------------------- station

    def has(self, role: str) -> bool:
        """Whether the bench file gives this role to an instrument."""
        return role in self.file.table.roles

    def _role(self, role: str, kind: str) -> Any:
        roles = self.file.table.roles
        if role not in roles:
            raise ConfigurationError(
                f"{self.file.path}: no instrument has the role '{role}'{nearest(role, roles)}"
            )
        found = self._wiring.kind(roles[role])
        if found != kind:
            raise ConfigurationError(
                f"{self.file.path}: role '{role}' is a {found} ('{roles[role]}'), not a {kind}"
            )
        return self._guard(roles[role], role)

    def source_meter(self, role: str = "drive") -> SourceMeter:
        """Return the source meter with this role, guarded."""
        found: SourceMeter = self._role(role, "source meter")
        return found

    def pulse_generator(self, role: str = "pulser") -> PulseGenerator:
        """Return the generator output with this role, guarded."""
        found: PulseGenerator = self._role(role, "pulse generator")
        return found

    def oscilloscope(self, role: str = "scope") -> Oscilloscope:
        """Return the scope with this role."""
        found: Oscilloscope = self._role(role, "oscilloscope")
        return found

    def scope_channel(self, terminal: str) -> ScopeChannel:
        """Return scope and channel of a terminal such as ``"scope.1"`` (instrument or role, number)."""
        name, _, channel = terminal.partition(".")
        tables, roles = self.file.table.instruments, self.file.table.roles
        instrument = name if name in tables else roles.get(name, "").partition(".")[0]
        if not channel.isdigit() or not instrument or self._wiring.kind(instrument) != "oscilloscope":
            raise ConfigurationError(
                f"{self.file.path}: '{terminal}' is no scope channel; write for example 'scope.1'"
            )
        return ScopeChannel(self._guard(instrument, name), int(channel))

    @property
    def simulated(self) -> bool:
        """Whether every instrument identifies itself as simulated."""
        drivers = [connection.known for connection in self._connections.values()]
        return bool(drivers) and all(driver is not None and driver.identity.simulated for driver in drivers)

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return name -> identity, address, roles, set-up, accuracy, as the run header keeps them."""
        return {name: found.describe(self.file.roles_of(name)) for name, found in self._connections.items()}

    # ----------------------------------------------------------------------------------------- its owner

    @property
    def path(self) -> Path:
        """Return the bench file."""
        return self.file.path.absolute()

    def announce(self, run: str = "", address: Path | None = None) -> None:
        """Let other processes know which run this one has the instruments for; without one, that it is over.

        Parameters
        ----------
        run : str
        address : Path
            The file that says where the run can be followed and stopped.
        """
        if self._ownership is not None:
            self._ownership.tell(run, address)

    def facts(self) -> dict[str, Any]:
        """Return what makes a run repeatable: the bench file's text, the device's place, what the VISA library is."""
        device = self.file.table.devices.get(self.device.identifier)
        found = {name: getattr(device, name, None) for name in ("temperature", "die")}
        text = self.file.text
        libraries = {name: getattr(manager.visalib, "facts", None) for name, manager in self._managers.items()}
        return {
            "bench_file": {
                "name": self.file.path.name, "text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()},
            **{name: value for name, value in found.items() if value is not None},
            **({"simulation": known} if (known := {k: dict(v) for k, v in libraries.items() if v}) else {}),
        }

    # ------------------------------------------------------------------------------------------ watching

    @property
    def outlives_process(self) -> bool:
        """Whether an output stays on when this process dies (not where the VISA library says otherwise)."""
        return any(outlives_process(manager) for manager in self._managers.values())

    def watchdog_order(self) -> dict[str, Any]:
        """Return what another process needs to reach the instruments that outlive this one, and how long it is
        patient; plain data.
        """
        locks = {} if self._ownership is None else self._ownership.keys
        return {
            **self.file.table.watchdog.model_dump(),
            "bench": str(self.path),
            "instruments": {
                name: {
                    "library": self.file.library(name), "table": self.file.table.instruments[name].model_dump(),
                    "lock": lock,
                }
                for name, lock in locks.items()
            },
        }

    def report_to(self, liveness: Liveness) -> None:
        """Tell ``liveness`` of every message and every wait from now on."""
        for connection in self._connections.values():
            connection.transport.liveness = liveness
        if isinstance(self.clock, WallClock):
            self.clock.liveness = liveness

    # -------------------------------------------------------------------------------------------- safety

    def make_safe(self) -> list[OutputState]:
        """Clear every instrument, switch every output off and read it back; raises nothing.

        Returns
        -------
        list of OutputState
            An output that could not be read back counts as enabled; ``problems`` says why, one line each.
        """
        return self._make_safe(reopen=False)

    def reopen_and_make_safe(self) -> list[OutputState]:
        """Open all connections again, then make safe; raises nothing."""
        return self._make_safe(reopen=True)

    def _make_safe(self, reopen: bool) -> list[OutputState]:
        states = make_all_safe(list(self._connections.values()), self._managers, reopen)
        self._outputs.clear()
        self.problems = [found.problem for found in self._connections.values() if found.problem]
        return states

    def restarted(self) -> list[str]:
        """Return the instruments, as messages call them, that were switched off and on since they were reset.

        Raises
        ------
        CommunicationError
            One does not answer.
        """
        return [found.driver.label for found in self._connections.values() if found.lost_power()]

    def take_notes(self) -> list[str]:
        """Return what had to be put right since asked last (questions asked again), one line each."""
        notes = list(self._notes)
        self._notes.clear()
        for connection in self._connections.values():
            notes += connection.repeats
            connection.repeats.clear()
        return notes

    def close(self) -> None:
        """Make safe, then close every connection and library."""
        if self._connections:
            self.make_safe()
        for connection in self._connections.values():
            quietly(connection.transport.close)
        for manager in self._managers.values():
            quietly(manager.close)
        self._connections, self._managers, self._guards = {}, {}, {}
        if self._ownership is not None:
            self._ownership.release()

    def __enter__(self) -> "Bench":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None,
    ) -> None:
        self.close()
        if error is None and self.problems:  # an output that may be on is never passed over in silence
            raise CommunicationError("; ".join(self.problems))


def instruments(path: str | Path) -> list[dict[str, Any]]:
    """Open the bench and return what is on it, as ``tsbench instruments --bench FILE --json`` prints."""
    with Bench.open(path) as bench:
        return [
            {
                "name": name,
                "role": ", ".join(found["roles"]),
                "driver": found["driver"],
                "model": found["model"],
                "resource": found["resource"],
                "visa_library": found["visa_library"],
                "simulated": found["simulated"],
            }
            for name, found in bench.describe().items()
        ]


def check(path: str | Path, device: str | None = None) -> Mapping[str, Any]:
    """Connect, identify, reset, read outputs back; what ``tsbench check`` reports.

    Raises
    ------
    TsbenchError
        As :meth:`Bench.open`.
    """
    with Bench.open(path, device) as bench:
        states = bench.make_safe()
        if bench.problems:
            raise TsbenchError("; ".join(bench.problems))
        return {
            "bench": bench.file.name, "instruments": bench.describe(),
            "outputs": {state.output: state.enabled for state in states},
            "path_resistance": dict(bench.fixture.path_resistance),
            "parallel_capacitance": bench.fixture.parallel_capacitance,
        }

"""The instruments of a bench, connected: opened, watched, made safe however it ends."""

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, InstrumentError
from tsbench.instruments import Clock, OutputState, Positioner, Routing
from tsbench.instruments.driver import SOURCES
from tsbench.instruments.guard.told_outputs import ToldOutputs
from tsbench.instruments.links.liveness import UNWATCHED, Liveness
from tsbench.instruments.registry import entry
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.connection import Connection, outlives_process, quietly
from tsbench.station.bench.crosspoints import ClosedCrosspoints
from tsbench.station.bench.driver_waits import DriverWaits
from tsbench.station.bench.opening import make_all_safe, open_all
from tsbench.station.bench.operator import Ask, OperatorPrompt, StandInOperator, WallClock
from tsbench.station.bench.ownership import Ownership, require_different, this_process
from tsbench.station.bench.positioners import positioner_of
from tsbench.station.bench.steady_clock import SteadyClock
from tsbench.station.bench.terminal_names import require_role_kind
from tsbench.station.protection.protecting import Standby

_LOG = logging.getLogger(__name__)


class ConnectedInstruments:
    """All instruments of a bench file by name, without roles and guards.

    :class:`~tsbench.station.bench.bench.Bench` holds them.

    Parameters
    ----------
    file : BenchFile
    ask : callable, optional
        Asks the operator a question and returns the answer; None: the terminal of this process does.
    """

    def __init__(self, file: BenchFile, ask: Ask | None = None) -> None:
        self.file = file
        self.ask = ask
        self.problems: list[str] = []  #: what went wrong while making safe, one line each
        self.managers: dict[str, Any] = {}  #: by VISA library
        self.ownership: Ownership | None = None
        self.connections: dict[str, Connection] = {}
        self.outputs = ToldOutputs(self._watch_over, self._hurry, min(
            (table.timeout_while_on for table in file.table.instruments.values()), default=0.0))
        self._standby, self._heats = Standby(self), False
        self._liveness: Liveness = UNWATCHED
        self._notes: list[str] = []  #: what had to be put right and is not reported yet
        self.clock: Clock = WallClock()
        self.waits = DriverWaits(lambda: self.clock)
        #: takes the charge off the cables; True: also where it is not known whether there is one
        self.discharge: Callable[[bool], None] = lambda unknown: None
        self.positioner: Positioner = OperatorPrompt(
            tuple(file.table.devices), file.table.connected, ask, self._before_a_person_moves)
        self.hand_switch: Routing | None = None  #: that a VISA library brings: the twin of an operator
        self._crosspoints: dict[str, ClosedCrosspoints] = {}

    # -------------------------------------------------------------------------------------------- opening

    def open(self, look: bool = False) -> None:
        """Open, identify and reset every instrument (outputs off); ``look`` notes before which outputs are on."""
        from tsbench.instruments.links.visa_library import open_manager

        tables = self.file.table.instruments
        _LOG.info("opening %s: %s", self.file.path, ", ".join(tables))
        try:
            for name in tables:
                library = self.file.library(name)
                if library not in self.managers:
                    self.managers[library] = open_manager(library)
            self.ownership = self._own()
            self._adopt_services()
            open_all(self.file, self.managers, self.connections, self.waits.wait, self.ownership, look)
            self._take_terminals()
            self.outputs.reset(output for _, found in self._sources() for output in found.driver.output_names)
            self._take_positioner()
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.file.path}: {error}") from error

    def before_reset(self) -> dict[str, list[str]]:
        """Return the outputs that were on before the reset (``found_on``), and those of which that is not known."""
        return {key: [output for one in self.connections.values() for output in getattr(one, key)]
                for key in ("found_on", "unknown_before_reset")}

    def _own(self) -> Ownership:
        """Become the owner of every instrument that other processes can reach; no two names are one instrument."""
        from tsbench.instruments.links.visa_library import full_name

        resources, inside = {}, {}
        for name, table in self.file.table.instruments.items():
            library = self.file.library(name)
            manager = self.managers[library]
            if outlives_process(manager):
                resources[name] = full_name(manager, table.resource)
            else:
                inside[name] = (library, full_name(manager, table.resource))
        require_different(inside)
        return Ownership(resources, this_process(self.file.path.absolute()))

    def _adopt_services(self) -> None:
        """Take clock and positioner from the VISA library where it brings them."""
        for manager in self.managers.values():
            clock = getattr(manager.visalib, "clock", None)
            if isinstance(clock, Clock):
                self.clock = SteadyClock(clock, self._notes.append)
            positioner = getattr(manager.visalib, "positioner", None)
            if isinstance(positioner, Positioner):
                self.positioner = StandInOperator(positioner, self._before_a_person_moves)
            switch = getattr(manager.visalib, "hand_switch", None)
            if isinstance(switch, Routing):
                self.hand_switch = switch

    def _take_terminals(self) -> None:
        """Find out which terminal the name of an instrument alone means, and refuse those that are not there."""
        drivers = {name: found.driver for name, found in self.connections.items()}
        firsts = {name: next(iter(driver.output_names), "").partition(".")[2] for name, driver in drivers.items()}
        self.file.take_outputs({name: first for name, first in firsts.items() if first})
        for role, terminal in self.file.table.roles.items():
            require_role_kind(role, terminal, self.file.table)
        for where, terminal in self.file.named_terminals():
            name, _, channel = terminal.partition(".")
            driver: Any = drivers[name]
            if "oscilloscope" not in entry(self.file.table.instruments[name].driver).kinds_of(channel):
                driver.terminal(channel)   # raises where it is not there
            elif channel and int(channel) > driver.capabilities.channels:
                raise ConfigurationError(
                    f"{where}: {driver.label} has no channel {channel}. Its channels are 1 to "
                    f"{driver.capabilities.channels}")

    def _take_positioner(self) -> None:
        """Take the positioner that the bench file names; it goes before one that a VISA library brings."""
        table = self.file.table.positioner
        if table is not None and table.kind == "operator":
            self.positioner = OperatorPrompt(
                tuple(self.file.table.devices), self.file.table.connected, self.ask, self._before_a_person_moves)
        elif table is not None:
            driver: Any = self.driver_of(table.instrument)
            self.positioner = positioner_of(
                table, self.crosspoints_of(table.instrument) if table.kind == "matrix" else driver,
                self.require_outputs_off, lambda: self.discharge(True))

    def crosspoints_of(self, instrument: str) -> ClosedCrosspoints:
        """Return the crosspoints of a switch matrix, the same for all parts of the bench that close some of them."""
        if instrument not in self._crosspoints:
            self._crosspoints[instrument] = ClosedCrosspoints(self.driver_of(instrument))
        return self._crosspoints[instrument]

    def _before_a_person_moves(self, what: str) -> None:
        """Require all outputs off, and take the charge off the cables: the device of before is still connected."""
        self.require_outputs_off(what)
        self.discharge(True)

    def require_outputs_off(self, what: str) -> None:
        """Read back every output of the sources; InstrumentError if one is on, for ``what`` must not change then.

        A gate may be on: it does not reach the device.
        """
        gates = self.file.gates()
        on = [
            state.output for _, connection in self._sources()
            for state in connection.driver.output_states() if state.enabled and state.output not in gates]
        if on:
            raise InstrumentError(
                f"{what} must not change while an output is on. Switch {' and '.join(on)} off first")

    def _sources(self) -> list[tuple[str, Connection]]:
        """Return the instruments that source, by name."""
        return [(name, found) for name, found in self.connections.items()
                if any(kind in SOURCES for kind in entry(self.file.table.instruments[name].driver).kinds)]

    def close(self) -> None:
        """Make safe, then close every connection and library."""
        if self.connections:
            self.make_safe()
        self._standby.end()
        for connection in self.connections.values():
            connection.transport.to_local()
            quietly(connection.transport.close)
        for manager in self.managers.values():
            quietly(manager.close)
        self.connections, self.managers = {}, {}
        if self.ownership is not None:
            self.ownership.release()

    # --------------------------------------------------------------------------------------- what is here

    @property
    def simulated(self) -> bool:
        """Whether every instrument identifies itself as simulated."""
        drivers = [connection.identified_driver for connection in self.connections.values()]
        return bool(drivers) and all(driver is not None and driver.identity.simulated for driver in drivers)

    def describe(self) -> dict[str, dict[str, Any]]:
        """Return name -> identity, address, roles, set-up, accuracy, as the run header keeps them."""
        return {name: found.describe(self.file.channels_of(name)) for name, found in self.connections.items()}

    def driver_of(self, terminal: str) -> Any:
        """Return the driver of a terminal such as ``"generator.1"``."""
        name, _, channel = terminal.partition(".")
        return self.connections[name].terminal(channel)

    # ------------------------------------------------------------------------------------------- watching

    def announce(self, run: str = "", address: Path | None = None) -> None:
        """Let other processes know which run this one has the instruments for; without one, that it is over.

        Parameters
        ----------
        run : str
        address : Path
            The file that says where the run can be followed and stopped.
        """
        if self.ownership is not None:
            self.ownership.tell(run, address)

    @property
    def outlives_process(self) -> bool:
        """Whether an output stays on when this process dies (not where the VISA library says otherwise)."""
        return any(outlives_process(manager) for manager in self.managers.values())

    def watchdog_order(self) -> dict[str, Any]:
        """Return what another process needs to reach the instruments that outlive this one, and how long it is
        patient; plain data.
        """
        locks = {} if self.ownership is None else self.ownership.keys
        return {
            **self.file.table.watchdog.model_dump(),
            "bench": str(self.file.path.absolute()),
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
        self._liveness = liveness
        for connection in self.connections.values():
            connection.transport.liveness = liveness
        if isinstance(self.clock, WallClock):
            self.clock.liveness = liveness
        if liveness is not UNWATCHED:
            self._standby.end()
        elif self._heats:
            self._watch_over()

    def heat(self, on: bool) -> None:
        """See that no heater stays on when this process dies: call it before one goes on, and when it is off."""
        self._heats = on
        if on:
            self._watch_over()

    def _watch_over(self) -> None:
        """See that no output goes on that stays on when this process dies."""
        self._standby.begin(self._liveness)

    def _hurry(self) -> None:
        """Wait less for a reply while an output is on, the instrument's own or another's: it stays on meanwhile.

        Only a reading has its own time. A prober may move, and take its time, while the only outputs are those of
        gates, which do not reach the device.
        """
        on = set(self.outputs.terminals)
        beside_gates = on - self.file.gates()
        read, longest = self.outputs.being_read
        for name, found in self.connections.items():
            at_most = max(found.table.timeout_while_on, longest if read.partition(".")[0] == name else 0.0)
            hurried = beside_gates if found.kind == "prober" else on
            found.transport.patience.hurry(at_most if hurried else math.inf)

    def restarted(self) -> list[str]:
        """Return the instruments, as messages call them, that were switched off and on since they were reset.

        Raises
        ------
        CommunicationError
            One does not answer.
        """
        return [found.label for found in self.connections.values() if found.lost_power()]

    def take_notes(self) -> list[str]:
        """Return what had to be put right since asked last (repeated queries), one line each."""
        notes = list(self._notes)
        self._notes.clear()
        for connection in self.connections.values():
            notes += connection.notes
            connection.notes.clear()
        return notes

    # --------------------------------------------------------------------------------------------- safety

    def make_safe(self, reopen: bool = False) -> list[OutputState]:
        """Clear every instrument, switch every output off and read it back; raises nothing.

        Parameters
        ----------
        reopen : bool
            Whether to open all connections again before.

        Returns
        -------
        list of OutputState
            An output that could not be read back counts as enabled; ``problems`` says why, one line each.
        """
        self.outputs.clear()  # from here on, make_all_safe sets how long each reply may take
        states = make_all_safe(list(self.connections.values()), self.managers, reopen)
        self.outputs.read_back(states)
        self.problems[:] = [found.problem for found in self.connections.values() if found.problem]
        _LOG.info("outputs read back: %s", ", ".join(f"{s.output} {'ON' if s.enabled else 'off'}" for s in states))
        for problem in self.problems:
            _LOG.error("%s", problem)
        return states

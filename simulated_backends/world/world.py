"""A simulated bench made from ``world.toml``: instruments on one circuit, devices, timeline, witness, faults.

Lifetime: ``open_world(path)`` returns the world of a path while it is open (the pyvisa library opens it with
its first resource manager and closes it with the last); opening it again after that is a new bench, just
switched on, with device and instrument states of the beginning. The witness file goes on, with a new
``start`` record.
"""

import contextlib
import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tsbench.errors import ConfigurationError, TsbenchError, nearest
from tsbench.netlist import GROUND, Netlist, check_connections, parse_netlist, require_no_title
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.life.history import DeviceHistory, State
from tsbench.simulated_backends.services.idle_time import IdleTime
from tsbench.simulated_backends.services.services import BenchServices, WorldClock
from tsbench.simulated_backends.virtual_instruments.current_amplifier.amplifier import TransimpedanceAmplifier
from tsbench.simulated_backends.virtual_instruments.instrument import Attachment, Placement, VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.registry import instrument_class
from tsbench.simulated_backends.witness.witness import Witness
from tsbench.simulated_backends.world.acting_faults import BenchFaults
from tsbench.simulated_backends.world.chuck import Warming, chuck_of
from tsbench.simulated_backends.world.circuit_plan import CircuitPlan
from tsbench.simulated_backends.world.devices import devices_of
from tsbench.simulated_backends.world.faults import ON_THE_WAY, Fault, FaultPlan, faults_from_environment
from tsbench.simulated_backends.world.hand_switch import hand_switch_of
from tsbench.simulated_backends.world.needles import WaferNeedles
from tsbench.simulated_backends.world.places import places_of
from tsbench.simulated_backends.world.positioner import SimulatedPositioner
from tsbench.simulated_backends.world.world_file import WorldFile, WorldInstrument, load_world_file

WITNESS_ENVIRONMENT = "TSBENCH_WITNESS"
#: [s] after the last message, so that what an instrument has begun (a relay that opens) is done
LAST_ACTS = 0.005
#: [s] of bench time in which the messages that instruments have received must have acted
LONGEST_ACTS = 100.0


class World:
    """Everything behind ``@tsbench``. Tests may look into it; what measures must not."""

    def __init__(self, file: WorldFile, path: Path) -> None:
        self.file = file
        self.path = path
        self.bench = BenchServices(file.seed, file.imperfections, file.wires, file.steps_per_message,
                                   file.calibration_errors)
        if file.idle_time:
            self.bench.idle_time = IdleTime(self.bench.clock)
        planned = (*file.faults, *faults_from_environment())
        self.clock = WorldClock(self.bench)
        self._lost_listeners: list[Callable[[str | None], None]] = []
        self.bench.chuck = chuck_of(file, path, self.bench.clock)
        self.instruments: dict[str, VirtualInstrument] = {}
        self.resources: dict[str, str] = {}  #: resource name, as in the file -> instrument
        for name, table in file.instruments.items():
            self._place_instrument(name, table)
        self._check_terminals()
        self.amplifiers = [TransimpedanceAmplifier(name, **dict(table)) for name, table in file.amplifiers.items()]
        fixture = self._fixture_netlist()
        self.devices = devices_of(file, path)
        self.places = places_of(fixture, file, self.devices, path)
        self._install_circuit(fixture)
        #: of the wiring, set by a hand; None: there is none
        self.hand_switch = hand_switch_of(file.switch, fixture, self.bench, path)
        if self.hand_switch is not None:
            self.hand_switch.put(file.switch.first if file.switch is not None else None)
        self.positioner = SimulatedPositioner(
            self.bench, self.place, self.places.waiting(self.devices), file.positioner.travel_time, self._connected,
            lost_contacts=file.positioner.lost_contacts, seed=file.seed)
        self.bench.needles = WaferNeedles(file, self.positioner) if self.place is not None else None
        self._start_witness()
        if self.bench.chuck is not None:
            self.bench.chuck.on_change = Warming(
                self.bench, self.places, self.positioner, self.devices, self.witness).follow
        self.places.put_in(self.bench, self.devices, self.witness.connected)
        for name, instrument in self.instruments.items():
            with self._setting_up(name):
                instrument.connect()
        self._check_wires()
        if self.moved_by_instrument:
            self.positioner.lift()
        elif self.positioner.devices():
            self.positioner.place(self.positioner.devices()[0])
        acting = BenchFaults(self.instruments, self.positioner, self.clock, self.lose_sessions)
        acting.check(planned, path, has_device=self.place is not None)
        self.faults = FaultPlan(planned, acting.act, self._tell_fault, lambda: self.bench.clock.now)
        for fault in planned:
            if fault.time is not None and fault.kind not in ON_THE_WAY:
                self.bench.clock.schedule(fault.time, functools.partial(self.faults.happen, fault))

    @property
    def place(self) -> str | None:
        """Return the name of the element where the positioner puts devices; None: there is none."""
        return self.places.movable

    @property
    def moved_by_instrument(self) -> bool:
        """Return whether an instrument, such as a prober, brings the devices to the needles."""
        return any(instrument.moves_devices for instrument in self.instruments.values())

    # ------------------------------------------------------------------------------------ construction

    def _place_instrument(self, name: str, table: WorldInstrument) -> None:
        try:
            model = instrument_class(table.model)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.path}: instruments.{name}.model: {error}") from None
        terminals = {
            terminal.partition(".")[2]: node.lower()
            for terminal, node in self.file.fixture.terminals.items()
            if terminal.partition(".")[0] == name
        }
        for channel in terminals:
            if channel not in model.terminals:
                known = [f"{name}.{t}" if t else name for t in model.terminals]
                written = f"{name}.{channel}" if channel else name
                raise ConfigurationError(
                    f"{self.path}: fixture.terminals: {table.model} has no terminal '{written}'"
                    f"{nearest(written, known)}"
                )
        serial = table.serial or _serial_of(table.resource) or f"SIM-{name.upper()}"
        with self._setting_up(name):
            instrument = model(self.bench, Placement(name, serial, terminals, table.options, table.resource))
        if table.bus_latency is not None:
            instrument.bus_latency = table.bus_latency  # type: ignore[misc]
        if table.serial_port is not None:
            instrument.serial_port = table.serial_port.over(model.serial_port)  # type: ignore[misc]
        self.instruments[name] = instrument
        self.resources[table.resource] = name

    @contextlib.contextmanager
    def _setting_up(self, name: str) -> Iterator[None]:
        """Name the instrument in whatever its class raises while it is set up: it may be another author's."""
        try:
            yield
        except TsbenchError as error:
            where = "" if str(error).startswith(f"instruments.{name}.") else f"instruments.{name}: "
            raise ConfigurationError(f"{self.path}: {where}{error}") from error
        except Exception as error:
            raise ConfigurationError(
                f"{self.path}: instruments.{name}: {self.file.instruments[name].model} cannot be set up: "
                f"{type(error).__name__}: {' '.join(str(error).split())}") from error

    def _check_terminals(self) -> None:
        for terminal in self.file.fixture.terminals:
            name = terminal.partition(".")[0]
            if name not in self.instruments:
                raise ConfigurationError(
                    f"{self.path}: fixture.terminals: there is no instrument '{name}'{nearest(name, self.instruments)}"
                )

    def _check_wires(self) -> None:
        for fed, source in self.file.wires.items():
            for jack, direction, known in ((fed, "input", self.bench.input_jacks),
                                           (source, "output", self.bench.output_jacks)):
                if jack not in known:
                    raise ConfigurationError(
                        f"{self.path}: wires: no instrument has the {direction} jack '{jack}'{nearest(jack, known)}")

    def _fixture_netlist(self) -> Netlist:
        nodes = [node.lower() for node in self.file.fixture.terminals.values()]
        ends = [node.lower() for one in self.amplifiers for node in (one.input, one.output)]
        try:
            netlist = parse_netlist(self.file.fixture.netlist, [*nodes, *ends])
            require_no_title(netlist)
            check_connections(netlist, [*nodes, *ends])
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.path}: fixture.netlist: {error}") from None
        shared = {node for node in nodes if nodes.count(node) > 1}   # two instruments are connected to each other there
        for terminal, node in self.file.fixture.terminals.items():
            if node.lower() not in {*netlist.nodes, *shared, *ends, GROUND}:
                raise ConfigurationError(
                    f"{self.path}: fixture.terminals: '{terminal}' is at node '{node}', but the "
                    f"netlist has no such node{nearest(node.lower(), netlist.nodes)}"
                )
        known = {*netlist.nodes, *nodes}
        for one in self.amplifiers:
            if (end := next((node for node in (one.input, one.output) if node.lower() not in known), "")):
                raise ConfigurationError(
                    f"{self.path}: amplifiers.{one.name}: node '{end}' is neither in the netlist nor in the terminals"
                    f"{nearest(end.lower(), known)}")
        if netlist.temperature is not None:
            raise ConfigurationError(
                f"{self.path}: fixture.netlist: a world file must not have a temperature card (.temp, .options "
                f"temp=). Write [chuck] temperature = {netlist.temperature:g}")
        return netlist

    def _install_circuit(self, fixture: Netlist) -> None:
        self.bench.node_noise.update({one.output.lower(): one.output_noise() for one in self.amplifiers})
        attachments = []
        for name, instrument in self.instruments.items():
            with self._setting_up(name):
                attachments.append(attachment := instrument.attachment())
                if not isinstance(attachment, Attachment):
                    raise TypeError(f"attachment() returned {attachment!r:.60}, not an Attachment")
        self._plan = CircuitPlan(fixture, attachments, self.amplifiers, self.file.rtol, self.file.seed)
        try:
            circuit = self._plan.build(self.places.models(self.devices))
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.path}: {error}") from None
        circuit.load_code()   # no message waits for the compiler
        circuit.changes.on_change = self._device_changed
        self.bench.install(circuit)

    def load_all_code(self) -> None:
        """Compile, or load from disk, all that a long measurement on any of the devices needs."""
        others = (device.model for device in self.places.waiting(self.devices).values())
        self._plan.load_all_code(self.places.models(self.devices), self.place, others)

    def _device_changed(self, key: str, history: DeviceHistory, before: State, time: float) -> None:
        place = next(place for place in self.places.nodes if place.lower() == key)
        device = self.places.staying.get(place) or self.positioner.connected()
        assert device is not None
        self.witness.now(place, history.model)
        if history.state != before:
            self.witness.changed(place, device, history.model, history.state, history.cycles, time)

    # ---------------------------------------------------------------------------------------- witness

    def _start_witness(self) -> None:
        self.witness = Witness(self.witness_path(), self.places.nodes)
        self.witness.start(
            str(self.path),
            self.file.seed,
            {n: d.model for n, d in self.devices.items()},
            {name: table.model for name, table in self.file.instruments.items()},
        )
        for observer in self.witness.observers():
            self.bench.lagging_circuit.add_observer(observer)
        self.bench.tell_witness(self.witness)

    def _connected(self, device: str, model: DeviceModel, time: float) -> None:
        self.witness.connected(self.place or "", device, model, time)

    def witness_path(self) -> Path | None:
        """Return where the witness writes: ``TSBENCH_WITNESS``, else ``[witness] file`` beside the world
        file.
        """
        override = os.environ.get(WITNESS_ENVIRONMENT)
        if override:
            return Path(override)
        return self.path.parent / self.file.witness.file if self.file.witness else None

    def _tell_fault(self, fault: Fault, instrument: str, message: int) -> None:
        self.bench.sync()
        self.witness.fault({**fault.facts(), "hit": instrument, "number": message}, self.bench.clock.now)

    # ------------------------------------------------------------------------------------------- life

    def instrument_at(self, resource: str) -> VirtualInstrument | None:
        """Return the instrument at a resource name, written as in the file."""
        name = self.resources.get(resource)
        return self.instruments[name] if name is not None else None

    def on_lost(self, listener: Callable[[str | None], None]) -> None:
        """Tell ``listener`` when connections are lost (of one instrument, or None: of all)."""
        self._lost_listeners.append(listener)

    def lose_sessions(self, instrument: str | None) -> None:
        """Lose all connections to ``instrument`` (None: to everything)."""
        for listener in self._lost_listeners:
            listener(instrument)

    def settle(self) -> None:
        """Let the messages that the instruments have received act, as metal does after a program's last write.

        A message that waits for what is not planned (a trigger that does not come) is left where it is, and so is
        one that has not acted after ``LONGEST_ACTS``.
        """
        with self.bench.lock:
            clock = self.bench.clock
            latest = clock.now + LONGEST_ACTS
            while self._acting() and clock.next_event() is not None and clock.now < latest:
                clock.hop(latest)
            if self.witness.outputs_on():   # a device clear ends a command, but its relay opens all the same
                self.bench.begin_message()
                clock.wait(LAST_ACTS)
                self.bench.sync()

    def _acting(self) -> bool:
        return any(instrument.exchange.will_answer for instrument in self.instruments.values())

    def close(self) -> None:
        """Switch the bench off."""
        with self.bench.lock:
            self.bench.begin_message()
            try:
                self.bench.clock.wait(LAST_ACTS)
                self.bench.sync()
                for instrument in self.instruments.values():
                    instrument.disconnect()
            finally:
                self.witness.end(self.bench.clock.now)


def _serial_of(resource: str) -> str | None:
    parts = resource.split("::")
    return parts[3] if parts[0].upper().startswith("USB") and len(parts) > 4 else None


_open: dict[Path, World] = {}
#: outputs that were on when their world was closed, for who wants to know (the pytest plugin, which empties it)
left_on: list[str] = []


def open_worlds() -> list[World]:
    """Return the worlds that are open in this process."""
    return list(_open.values())


def open_world(path: str | Path) -> World:
    """Return the open world of ``path``, opening it if need be."""
    resolved = Path(path).resolve()
    world = _open.get(resolved)
    if world is None:
        world = World(load_world_file(resolved), resolved)
        _open[resolved] = world
    return world


def close_world(world: World) -> None:
    """Close a world; the next ``open_world`` of its path is a new one."""
    if _open.get(world.path) is world:
        del _open[world.path]
    try:
        world.settle()
    finally:
        left_on.extend(world.witness.outputs_on())
        world.close()


def world_of(library: Any) -> World:
    """Return the world behind an opened pyvisa library (``resource_manager.visalib``), for tests."""
    world: World = library.world
    return world

"""The guards of a bench: one for each terminal that has a role, between the protocol and the driver."""

import dataclasses
import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments import ScopeChannel
from tsbench.instruments.guard.guarded_source import GuardedSource, discharge, discharges_capacitors
from tsbench.instruments.guard.limits import DeviceGuard, GuardContext, SensorGuard, WirePath
from tsbench.records import DeviceDescription, DeviceLimits, PassiveProbe, Sensing
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.connected_instruments import ConnectedInstruments
from tsbench.station.bench.routing import Routes
from tsbench.station.bench.surroundings import FixtureControls
from tsbench.station.bench.terminal_names import advice_for_scripts, channel_of_instrument, with_article
from tsbench.station.bench.wiring import Wiring


def limits_beside(file: BenchFile, connected: str | None) -> DeviceLimits:
    """Return the limits of the device that is connected; where it is not known, the strictest of all devices."""
    if connected in file.table.devices:
        return file.device(str(connected)).limits
    limits = DeviceLimits(**file.table.device.limits.model_dump())
    for device in file.table.devices:
        limits = limits.with_stricter(file.device(device).limits)
    return limits


def sensor_guard(sensing: Sensing) -> SensorGuard:
    """Return the guard of the current sensor of a fixture."""
    kind = "the amplifier at" if sensing.amplifier is not None else "the 50 Ohm input of"
    return SensorGuard(math.inf if sensing.maximum_current is None else sensing.maximum_current,
                       f"{kind} '{sensing.current}'")


class Guards:
    """Guarded instruments by terminal and by role.

    Parameters
    ----------
    file : BenchFile
    instruments : ConnectedInstruments
    wiring : Wiring
    device : DeviceDescription
        Its limits hold.
    unreachable : callable
        Returns why the output of a role must not go on; "" where it may.
    control : callable
        Returns what sets values of the fixture, or None if nothing does. The guard tells it each change of a gate
        voltage by a script.
    """

    def __init__(
        self, file: BenchFile, instruments: ConnectedInstruments, wiring: Wiring, device: DeviceDescription,
        unreachable: Callable[[str], str] = lambda role: "",
        control: Callable[[], FixtureControls | None] = lambda: None,
    ) -> None:
        self._file = file
        self._instruments = instruments
        self._wiring = wiring
        self._device = device
        self._accepted: frozenset[str] = frozenset()
        self._unreachable, self._control = unreachable, control
        self._made: dict[tuple[str, str], Any] = {}
        self.before: Guards | None = None  #: of the bench of which this one is a view, for plans

    def clear(self) -> None:
        """Forget all guards: their instruments are closed."""
        self._made.clear()

    def make_all(self) -> None:
        """Make the guard of every terminal that has a role."""
        from tsbench.instruments.guard.kinds import GUARDS

        for role, terminal in self._file.table.roles.items():
            for kind in self._wiring.kinds(terminal):
                if kind in GUARDS:
                    self._of_terminal(terminal, role, kind)

    def rewire(self) -> None:
        """Take up another wiring of the fixture: every guard that was made looks at its limits by it from now on."""
        for (terminal, kind), guard in self._made.items():
            if kind != "oscilloscope":
                guard.context = dataclasses.replace(
                    guard.context, path=self._wiring.worst_path(terminal), exposed=self._wiring.exposed(terminal),
                    contacts=self._wiring.contacts(terminal))

    def made_safe(self) -> None:
        """Note that all instruments were made safe."""
        for guard in self._made.values():
            if isinstance(guard, GuardedSource):
                guard.made_safe = True

    def discharge(self, unknown: bool, routes: Routes | None) -> None:
        """Take the charge off the cables of all sources: another device comes to them next.

        The device before may still be connected. So the charge in front of relays and transistors goes first, and only
        then do these close and conduct.

        Parameters
        ----------
        unknown : also where it is not known whether there is one, because the bench was only just opened
        routes : to the device; None: the bench has no routes
        """
        sources = self._sources()
        if not any(one.charged or (unknown and one.charged is None) for one in sources):
            return
        netlist = self._file.netlist
        capacitance = max(sum(one.value for one in netlist.of_kind("C")) if netlist is not None else 0.0,
                          self._wiring.fixture().parallel_capacitance)
        paths = [self._wiring.path(one.context.terminal) for one in sources]
        resistance = max((one.thevenin_resistance for one in paths if math.isfinite(one.resistance)), default=0.0)
        act = functools.partial(discharge, sources, self._instruments.clock.wait, capacitance, resistance)
        try:
            if routes is not None and routes.open_matrix() is not None:
                act(reaches=False)   # what is in front of the relays would flow through the device
            control = self._control()
            if control is not None and (gates := control.gates_off()):
                act = functools.partial(act, conducting=functools.partial(control.conducting, gates))
            act() if routes is None else routes.in_each(act)
        except BaseException:
            for one in sources:   # also where a relay has failed between two of them
                one.charged = True
            raise

    def _sources(self) -> list[GuardedSource]:
        return [one for one in self._made.values() if isinstance(one, GuardedSource) and one.context.moves is None]

    @property
    def forgets_levels(self) -> bool:
        """Whether a capacitor in series loses its charge before another device is connected, by :meth:`discharge`."""
        return discharges_capacitors((self.before or self)._sources())

    def path(self, terminal: str) -> WirePath:
        """Return the path from a terminal to the device, with the levels that a capacitor in series may hold."""
        path, made = self._wiring.worst_path(terminal), (self.before or self)._made
        seen = [guard.path for (place, _), guard in made.items()
                if place == terminal and isinstance(guard, GuardedSource)]
        if not path.coupled or not seen:
            return path
        ends = [end for one in seen for end in one.held]
        return dataclasses.replace(path, held=(min(ends), max(ends)), left=max(one.left for one in seen))

    def follow(self, device: DeviceDescription, accepted: frozenset[str] = frozenset()) -> None:
        """Compare with the limits of another device from now on; those that are ``accepted`` are for one run."""
        self._device, self._accepted = device, accepted
        for (terminal, _), guard in self._made.items():
            guard.context = dataclasses.replace(guard.context, device=self._limits(terminal))

    def _not_connected(self, terminal: str) -> str:
        """Return why the output of a terminal must not go on: no role of it is connected now; "" where one is."""
        reasons = [self._unreachable(role) for role, place in self._file.table.roles.items() if place == terminal]
        return "" if "" in reasons else next(iter(reasons), "")

    def _gate_moves(self, quantity: str, levels: tuple[float, ...]) -> None:
        """Let the limits follow a gate that may have one of some levels [V] next; InstrumentError: not now."""
        if (control := self._control()) is not None:
            control.gate_moves(quantity, levels)

    def _gate_at(self, terminal: str) -> str:
        """Return the quantity that is set by the gate at a terminal; "" where no gate is there."""
        control, roles = self._file.table.fixture.control, self._file.table.roles
        return next((name for name, one in control.items() if one.gate and roles[one.gate] == terminal), "")

    def _limits(self, terminal: str) -> DeviceGuard:
        """Return the limits that hold at a terminal: those of the device, or of the gate at which it is."""
        if quantity := self._gate_at(terminal):
            control = self._file.table.fixture.control[quantity]   # type: ignore
            return DeviceGuard(
                DeviceLimits(max_voltage=control.largest_gate_voltage, max_current=control.gate_limit),
                f"the gate of '{control.element}'", "the gate", f"[fixture.control.{quantity}]",
                {"max_voltage": "gate_max_voltage", "max_current": "gate_limit"})
        return DeviceGuard(
            self._device.limits, self._device.identifier or "this bench's devices", accepted=self._accepted)

    def of_role(self, role: str, kind: str) -> Any:
        """Return the guard of the terminal that has a role.

        Raises
        ------
        ConfigurationError
            No terminal has the role, or it belongs to an instrument of another kind.
        """
        roles = self._file.table.roles
        if role not in roles:
            raise ConfigurationError(
                f"{self._file.path}: no instrument has the role '{role}'{nearest(role, roles)}"
            )
        found = self._wiring.kinds(roles[role])
        if kind not in found:
            raise ConfigurationError(
                f"{self._file.path}: role '{role}' must be {with_article(kind)}, but '{roles[role]}' is "
                f"{' and '.join(map(with_article, found))}. {_advice(role, kind, found)}"
            )
        return self._of_terminal(roles[role], role, kind)

    def scope_channel(self, terminal: str) -> ScopeChannel:
        """Return the guarded scope and the channel of a terminal such as ``"scope.1"`` (instrument or role, number).

        Raises
        ------
        ConfigurationError
            The terminal is not the channel of an oscilloscope.
        """
        name, _, channel = terminal.partition(".")
        instrument = self._file.instrument_of(terminal)
        if not channel.isdigit() or not instrument or (
                "oscilloscope" not in self._wiring.kinds(instrument)):
            raise ConfigurationError(
                f"{self._file.path}: '{terminal}' is not the channel of an oscilloscope. Write for example 'scope.1'"
            )
        guard = self._of_terminal(instrument, name, "oscilloscope")
        return ScopeChannel(guard, int(channel), guard.context.probes.get(int(channel)))

    def _probes(self, instrument: str) -> dict[int, PassiveProbe]:
        """Return the passive probes of a scope, by channel."""
        places = {terminal.partition(".")[::2]: probe for terminal, probe in self._wiring.probes().items()}
        return {int(channel): probe for (name, channel), probe in places.items() if name == instrument}

    def _high_impedance(self, instrument: str) -> frozenset[int]:
        """Return the channels of a scope that the fixture has as inputs of 1 MOhm."""
        sensing, table = self._wiring.sensing(), self._file.table
        into_50 = None if sensing.current is None or sensing.current_impedance != "50" else channel_of_instrument(
            table, sensing.current)
        found = (terminal.partition(".") for terminal in table.fixture.terminals if terminal != into_50)
        return frozenset(int(channel) for name, _, channel in found if name == instrument and channel.isdigit())

    def _of_terminal(self, terminal: str, role: str, kind: str) -> Any:
        """Return the one guard of a terminal as one kind, making it at first use; a scope is guarded as a whole."""
        from tsbench.instruments.guard.kinds import GUARDS

        if kind == "oscilloscope":
            terminal = terminal.partition(".")[0]
        if (terminal, kind) not in self._made:
            driver = self._instruments.driver_of(terminal)
            connection = self._instruments.connections[terminal.partition(".")[0]]
            subject = f"{role} ({connection.driver.title}, {connection.table.resource})"
            path = WirePath() if kind == "oscilloscope" else self._wiring.worst_path(terminal)
            sensor = sensor_guard(self._wiring.sensing())
            gate = self._gate_at(terminal)
            context = GuardContext(
                subject, path, self._limits(terminal), terminal, self._instruments.outputs, self._file.rating, sensor,
                self._wiring.exposed(terminal), functools.partial(self._not_connected, terminal),
                self._probes(terminal) if kind == "oscilloscope" else {},
                self._high_impedance(terminal) if kind == "oscilloscope" else frozenset(),
                self._wiring.contacts(terminal),
                functools.partial(self._gate_moves, gate) if gate else None)
            self._made[terminal, kind] = GUARDS[kind](driver, context)
        return self._made[terminal, kind]


def _advice(role: str, kind: str, found: Sequence[str]) -> str:
    """Return what to do where a role has an instrument of another kind than a protocol needs."""
    script = f". {advice_for_scripts(role)}" if "pulse measure unit" in found else ""
    return f"Give the role '{role}' to {with_article(kind)}{script}"

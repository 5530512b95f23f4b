"""What the bench sets at the fixture before instruments measure, while all outputs are off."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tsbench.errors import ConfigurationError
from tsbench.instruments import ScopeChannel, Vertical
from tsbench.instruments.driver import SOURCES
from tsbench.instruments.fixture import DEVICE, has_place, share_without_device
from tsbench.instruments.guard.contacts import contact_refusal, load_refusal
from tsbench.instruments.guard.exposed_terminals import refusal_of
from tsbench.instruments.interfaces import ContactLimits
from tsbench.netlist import GROUND
from tsbench.quantities import format_quantity, short_quantity
from tsbench.records import Fixture, Sensing
from tsbench.station.bench.positioners import RequireOff
from tsbench.station.bench.ringing import ringing
from tsbench.station.bench.routing import Routes
from tsbench.station.bench.surroundings import FixtureControls
from tsbench.station.bench.wiring import Wiring


@dataclass(frozen=True)
class Preparation:
    """Brings the fixture into the state in which the instruments of some roles measure.

    Parameters
    ----------
    routes : returns the routes to the device; None: the bench file has none
    sensing : returns how the scope sees the device
    control : returns what sets values of the fixture; None: nothing does
    scope_channel : returns the guarded scope of a terminal
    require_off : raises unless all outputs are off
    wiring : how the instruments reach the device and each other
    """

    routes: Callable[[], Routes | None]
    sensing: Callable[[], Sensing]
    control: Callable[[], FixtureControls | None]
    scope_channel: Callable[[str], ScopeChannel]
    require_off: RequireOff
    wiring: Wiring

    def refusal(self, roles: Sequence[str]) -> str:
        """Return why instruments of these roles cannot measure together; "" where they can."""
        routes = self.routes()
        return "" if routes is None else routes.refusal(roles)

    def overload(self, roles: Sequence[str], voltage: float, current: float) -> str:
        """Return what would not withstand what sources of these roles drive; "" where everything does.

        This compares other instruments that the sources reach, and the contacts of switch matrices.

        Parameters
        ----------
        roles : of the protocol
        voltage : [V] the largest at the device
        current : [A] the largest through a shorted device
        """
        places, wiring = self.wiring.file.table.roles, self.wiring
        for terminal in dict.fromkeys(places[role] for role in roles):
            if not set(wiring.kinds(terminal)) & set(SOURCES):
                continue
            gain = wiring.worst_path(terminal).gain   # by which plans count, so behind a capacitor too
            emf = min(voltage / gain if gain > 0 else math.inf, wiring.largest_emf(terminal))
            contacts = wiring.contacts(terminal)
            reason = (
                refusal_of(wiring.exposed(terminal), emf, current) or contact_refusal(contacts, emf, current)
                or load_refusal([one for one in contacts if one.in_series], emf, current)
                or next(filter(None, (load_refusal([one], emf, self._largest_current(terminal, one, current))
                                      for one in contacts if not one.in_series)), ""))
            if reason:
                return reason
        return ""

    def _largest_current(self, terminal: str, load: ContactLimits, current: float) -> float:
        """Return the largest current [A] of a source in a load beside the device, by the plan's ``current`` [A].

        The current through a shorted device is that of the level or the compliance, whichever is less. So either the
        compliance is at most ``current``, or the level is at most what drives it through the path.
        """
        resistance = self.wiring.worst_path(terminal).resistance
        by_level = current * resistance * load.admittance if math.isfinite(resistance) else math.inf
        return min(self.wiring.largest_current(terminal), max(current, by_level))

    def leaks(self, roles: Sequence[str], voltage: float, current: float) -> list[str]:
        """Return a warning for each role whose currents contain that of a leak beside the device.

        The leak is the leakage that ``tsbench check --fixture`` measured, less the inputs of the scope, whose current
        is subtracted from every reading. It matters where its current exceeds the accuracy of the source meter.

        Parameters
        ----------
        roles : of the protocol
        voltage, current : [V], [A] the largest at the device
        """
        table, fixture = self.wiring.file.table, self.wiring.fixture()
        found = []
        for role in roles:
            inputs = fixture.conductance_when_open(role)
            leak = abs(table.fixture.measured.leakage.get(role, inputs) - inputs)
            rows = getattr(self.wiring.driver_of(table.roles[role]).capabilities, "current_accuracy", ())
            row = next((one for one in rows if one.full_scale >= current), rows[-1] if rows else None)
            if row is None:
                continue
            known = row.gain * current + row.offset
            found += [
                f"the input of {name} takes up to {format_quantity(taken, 'A', 3)} at "
                f"{format_quantity(voltage, 'V', 3)}. It is at the node '{node}' and not at the driven node of the "
                "device, so tsbench counts its current as that of the device. The source meter alone may be off by "
                f"{format_quantity(known, 'A', 3)}. Connect it to the driven node, or remove it"
                for name, node, taken in self._inputs_elsewhere(role, fixture, voltage, current) if taken > known]
            if leak * voltage <= known:
                continue
            found.append(
                f"the fixture leaks: beside the device there are {format_quantity(1.0 / leak, 'Ohm', 3)} "
                f"([fixture.measured] leakage of '{role}'), which take up to "
                f"{format_quantity(leak * voltage, 'A', 3)} at {format_quantity(voltage, 'V', 3)}. "
                "tsbench does not subtract this from the currents of the run. The source meter alone may be off by "
                f"{format_quantity(known, 'A', 3)}. Remove the leak and measure the fixture again")
        return found

    def _inputs_elsewhere(
        self, role: str, fixture: Fixture, voltage: float, current: float,
    ) -> Iterator[tuple[str, str, float]]:
        """Yield terminal, node and largest current [A] of each scope input that is not at the device's driven node.

        ``role``: of the source. ``voltage``, ``current``: [V], [A] the largest at the device.
        """
        netlist, own = self.wiring.file.netlist, fixture.terminals.get(self.wiring.file.table.roles[role])
        if netlist is None or own is None or not has_place(netlist):
            return
        def share(node: str) -> float:
            return share_without_device(netlist, own, fixture.source_resistance[role], node)

        ends = [node for node in netlist.find(DEVICE).nodes if node != GROUND]
        driven = max(ends, key=share)   # the netlist may name the low side first
        for name, node in fixture.terminals.items():
            conductance = self.wiring.input_conductance(name)
            if not conductance or node.lower() == driven:
                continue
            volts = voltage * share(node)
            if node.lower() in ends:   # at the low side, the current of the device makes the voltage
                volts += current * fixture.low_side_resistance
            yield name, node, conductance * volts

    def ringing_refusals(
        self, roles: Sequence[str], voltage: float, most: float, edge: float, base: float,
    ) -> Iterator[str]:
        """Yield why a coil lets the voltage at the device go beyond its limit at an edge of a pulse.

        Parameters
        ----------
        roles : of the protocol
        voltage, most : [V] the largest at the device by the levels, and the largest that is allowed
        edge : [s] the shortest, from 10 to 90 %
        base : [V] from which the pulses begin
        """
        netlist, fixture, table = self.wiring.file.netlist, self.wiring.fixture(), self.wiring.file.table
        for role in roles:
            terminal = table.roles[role]
            node = fixture.terminals.get(terminal)
            if netlist is None or node is None or "source meter" in self.wiring.kinds(terminal) or not (
                    set(self.wiring.kinds(terminal)) & set(SOURCES)):
                continue
            path = self.wiring.worst_path(terminal)
            resistance = max(path.thevenin_resistance - fixture.low_side_resistance, fixture.source_resistance[role])
            for one in ringing(netlist, node, resistance, table.fixture.bias_tee):
                reach = voltage + one.beyond(edge) * (voltage + abs(base))
                if one.beyond(edge) > 0.0 and reach > most:
                    yield (
                        f"device: {one.coil.name} ({short_quantity(one.coil.value, 'H')}) rings with the capacitance "
                        f"across the device ({short_quantity(one.farads, 'F')}) at each edge. The voltage may reach "
                        f"{format_quantity(reach, 'V', 3)} for a moment, but max_voltage is "
                        f"{format_quantity(most, 'V', 3)}. Lower the amplitude, use edges much longer than "
                        f"{short_quantity(1.0 / one.frequency, 's')}, or a resistor in place of the coil")

    def unreachable(self, role: str) -> str:
        """Return why the output of a role must not go on now; "" where it may."""
        routes = self.routes()
        return "" if routes is None else routes.unreachable(role)

    def route(self, roles: Sequence[str]) -> None:
        """Select the route of these roles. The operator may be asked, and may decline.

        Raises
        ------
        ConfigurationError
            The operator declined or cannot be asked, or no route connects the roles.
        InstrumentError
            An output is on, or a relay does not move.
        """
        if (routes := self.routes()) is not None:
            routes.prepare(roles)

    def pending(self, given: Mapping[str, float] | None) -> dict[str, float]:
        """Return the values of the fixture [Ohm or F] that must be set before a run, by quantity.

        Parameters
        ----------
        given : those of the run; the other ones are those of the netlist. None: what a script has set stays

        Raises
        ------
        ConfigurationError
            The bench file has no ``[fixture.control]`` for one of them.
        LimitError
            The box, or the table of the gate, does not have the value.
        """
        if (control := self.control()) is not None:
            return control.pending(given)
        if given:
            raise ConfigurationError(
                f"{self.wiring.file.path}: nothing can set {' and '.join(given)}. Add [fixture.control.{min(given)}] "
                "to the bench file, or change the value in the netlist")
        return {}

    def arrange(self, values: Mapping[str, float]) -> None:
        """Set values of the fixture [Ohm or F] by quantity, while all outputs are off."""
        if values and (control := self.control()) is not None:
            control.arrange(values)

    def prepare(self, roles: Sequence[str]) -> None:
        """Select the route of these roles, set the input of the oscilloscope that senses the current, and the gates.

        No source may find this input open. Gates were switched off with the other outputs after the last run.

        Raises
        ------
        InstrumentError
            An output is on, or an instrument does not take the setting.
        """
        self.route(roles)
        sensing = self.sensing()
        if sensing.current is not None and sensing.current_impedance == "50":
            self.require_off(f"the relay of the input '{sensing.current}'")
            place = self.scope_channel(sensing.current)
            widest = place.scope.capabilities.widest_range("50")
            place.scope.configure_channel(place.channel, Vertical(widest, impedance="50"))
        if (control := self.control()) is not None:
            control.renew()

"""How the instruments of a bench file reach the device: the path of each terminal, the fixture as a run keeps it."""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.instruments.driver import SOURCES
from tsbench.instruments.fixture import (
    DEVICE,
    admittance_of,
    has_place,
    low_side_resistance,
    parallel_capacitance,
    path_of,
    reach_of,
    with_short,
    with_value,
    worst_path_of,
)
from tsbench.instruments.guard.exposed_terminals import ExposedTerminal
from tsbench.instruments.guard.limits import WirePath, worst_case_of_voltage
from tsbench.instruments.interfaces import ContactLimits
from tsbench.instruments.registry import entry
from tsbench.netlist import GROUND, Netlist
from tsbench.quantities import short_quantity
from tsbench.records import Fixture, PassiveProbe, Sensing
from tsbench.station.bench.bench_file import BenchFile
from tsbench.station.bench.bench_tables import ControlTable
from tsbench.station.bench.crosspoints import RatesItsContacts
from tsbench.station.bench.gate import GateCurve
from tsbench.station.bench.terminal_names import channel_of_instrument

#: how far a measured resistance may be from that of the netlist: share, and [Ohm] of needles and contacts
_ALIKE, _CONTACT = 0.2, 100.0
_LONGER = 1.01  #: a path that a capacitor makes shorter than this is the path through it
_ALONE = 1e-2  #: relative: less beside the current of the device is that of scope inputs and leaks
SCOPE_INPUT = 1e6  #: [Ohm] of a scope's input as the drivers set it


@dataclass(frozen=True)
class Wiring:
    """A bench file's terminals, and the drivers behind them once they are connected.

    Parameters
    ----------
    file : BenchFile
    driver_of : callable
        Returns the driver of a terminal such as ``"generator.1"``.
    """

    file: BenchFile
    driver_of: Callable[[str], Any]

    def kinds(self, terminal: str) -> tuple[str, ...]:
        """Return what kinds of instrument a terminal can be, as its driver declares it."""
        name, _, channel = terminal.partition(".")
        return entry(self.file.table.instruments[name].driver).kinds_of(channel)

    def path(self, terminal: str) -> WirePath:
        """Return the path from a terminal to the device.

        Its resistance is the one that was measured. Where none was, it follows from the netlist, and without a
        netlist it is the source resistance alone.
        """
        if terminal in self.file.gates():
            return WirePath(resistance=math.inf)   # no current reaches the device, and the gate has limits of its own
        source = self._source_resistance(terminal)
        node = self.file.table.fixture.terminals.get(terminal)
        netlist = self._netlist_of(terminal)
        path = (WirePath(resistance=source) if netlist is None or node is None else path_of(netlist, node, source))
        measured, roles = self.file.table.fixture.measured.path_resistance, self.file.table.roles
        found = [measured[role] for role, place in roles.items() if place == terminal and role in measured]
        if not found or not math.isfinite(path.resistance):
            return path
        self._require_alike(terminal, found[0], path.resistance)
        return replace(path, resistance=found[0])

    def worst_path(self, terminal: str) -> WirePath:
        """Return the path with which limits are compared: :func:`.worst_path_of`, or what was measured if that is less.

        A contact that was bad when the path was measured may be good again.
        """
        path, node = self.path(terminal), self.file.table.fixture.terminals.get(terminal)
        netlist = self._netlist_of(terminal)
        if terminal in self.file.gates() or netlist is None or node is None:
            return path
        others = [place for other, place in self.file.table.fixture.terminals.items()
                  if other != terminal and set(self.kinds(other)) & set(SOURCES)]
        source = self._source_resistance(terminal)
        worst = worst_path_of(_with_gates_off(netlist, self.file.table.fixture.control.values()), node, source, others,
                              slow="source meter" in self.kinds(terminal))
        by_tee = self._by_bias_tee(node, source, netlist)
        return WirePath(min(path.resistance, worst.resistance), max(path.gain, worst.gain),
                        worst.coupled or by_tee, 1.0 if by_tee else worst.share)

    def _by_bias_tee(self, node: str, source: float, netlist: Netlist) -> bool:
        """Whether a source at a node reaches the device only through the bias tee, which is a short in ``netlist``."""
        without = self.file.netlist
        return without is not None and without is not netlist and (
            path_of(without, node, source).resistance > _LONGER * path_of(netlist, node, source).resistance)

    def _require_alike(self, terminal: str, measured: float, stated: float) -> None:
        """Refuse a measured resistance [Ohm] that belongs to another netlist: limits are compared by it."""
        if abs(measured - stated) > _ALIKE * stated + _CONTACT:
            raise ConfigurationError(
                f"{self.file.path}: [fixture.measured] says {short_quantity(measured, 'Ohm')} between {terminal} and "
                f"the device, but the netlist says {short_quantity(stated, 'Ohm')}. If the netlist is right, delete "
                "this path_resistance, and measure it again by 'tsbench check --fixture'")

    def exposed(self, terminal: str) -> tuple[ExposedTerminal, ...]:
        """Return the other terminals that a source reaches, with what they withstand and what it brings to them.

        Without a netlist, every source and the channel ``voltage_high`` count as connected to the device.
        """
        if not set(self.kinds(terminal)) & set(SOURCES):
            return ()
        netlist, places = self._netlist_of(terminal), self.file.table.fixture.terminals
        source, own = self._source_resistance(terminal), places.get(terminal, self._driven_node())
        slow = "source meter" in self.kinds(terminal)
        found = []
        for other, node in self._neighbours(terminal).items():
            if (most := self._withstands(other)) is None:
                continue
            if netlist is None:
                found.append(ExposedTerminal(other, node, most))
            elif own and {own.lower(), node.lower()} <= set(netlist.nodes):
                gain, transimpedance = reach_of(netlist, own, source, node, slow)
                found.append(ExposedTerminal(other, node, most, gain, transimpedance))
        return tuple(found)

    def largest_emf(self, terminal: str) -> float:
        """Return the largest EMF [V] that a source can make."""
        caps = self.driver_of(terminal).capabilities
        ranges = [getattr(caps, name) for name in ("source_voltage", "level_into_open") if hasattr(caps, name)]
        ranges += getattr(caps, "voltage_ranges", ())[-1:]
        return max((max(abs(one.low), abs(one.high)) for one in ranges), default=math.inf)

    def largest_current(self, terminal: str) -> float:
        """Return the largest current [A] that a source can drive; inf where it does not tell."""
        sourced = getattr(self.driver_of(terminal).capabilities, "source_current", None)
        return math.inf if sourced is None else max(abs(sourced.low), abs(sourced.high))

    def reach(self) -> tuple[float, float]:
        """Return the most that the sources with a role can bring to the device: [V], and [A] of all together.

        Infinite where a source does not tell it.
        """
        gates, voltage, current = self.file.gates(), 0.0, 0.0
        for terminal in dict.fromkeys(self.file.table.roles.values()):
            if terminal in gates or not set(self.kinds(terminal)) & set(SOURCES):
                continue
            emf = self.largest_emf(terminal)
            worst = worst_case_of_voltage(emf, self.worst_path(terminal), self.largest_current(terminal))
            voltage, current = max(voltage, worst.voltage), current + worst.current
        return voltage, current

    def fixture(self) -> Fixture:
        """Return the fixture with what follows from the netlist.

        These are the resistances [Ohm], and the capacitance [F] and conductance [S] across the device.
        """
        table = self.file.table
        roles = {role: t for role, t in table.roles.items() if set(self.kinds(t)) & set(SOURCES)}
        paths = {role: self.path(t) for role, t in roles.items() if t in table.fixture.terminals}
        return Fixture(
            netlist=table.fixture.netlist,
            terminals=dict(table.fixture.terminals),
            sensing=self.sensing(),
            path_resistance={
                role: path.resistance for role, path in paths.items() if math.isfinite(path.resistance)
            },
            source_resistance={role: self._source_resistance(terminal) for role, terminal in roles.items()},
            parallel_capacitance=self._capacitance(),
            parallel_conductance=self._scope_inputs_at_device(),
            low_side_resistance=_low_side(self.file.netlist, (path.resistance for path in paths.values())),
            probes=self.probes(),
        )

    def probes(self) -> dict[str, PassiveProbe]:
        """Return the passive probe at each channel of a scope that has one; a channel has the name of its instrument.

        Raises
        ------
        ConfigurationError
            The oscilloscope has no such attenuation.
        """
        found = {}
        for channel, table in self.file.table.fixture.probes.items():
            terminal = channel_of_instrument(self.file.table, channel)
            driver = self.driver_of(terminal.partition(".")[0])
            known = driver.capabilities.attenuations
            if known and table.attenuation not in known:
                raise ConfigurationError(
                    f"{self.file.path}: [fixture.probes] '{channel}' has the attenuation {table.attenuation:g}, which "
                    f"the {driver.identity.model} does not have. It has {', '.join(f'{one:g}' for one in known)}")
            resistance = table.resistance or table.attenuation * SCOPE_INPUT
            found[terminal] = PassiveProbe(table.attenuation, resistance, table.accuracy)
        return found

    def input_conductance(self, terminal: str) -> float:
        """Return the conductance [S] to ground of a scope's input, or of the probe at it; 0 of what is no scope."""
        if "oscilloscope" not in self.kinds(terminal):
            return 0.0
        probe = self.probes().get(terminal)
        return 1.0 / (SCOPE_INPUT if probe is None else probe.resistance)

    def sensing(self) -> Sensing:
        """Return how scope channels see the device, with what was measured of them on this oscilloscope.

        Raises
        ------
        ConfigurationError
            The current must go into an input of 50 Ohm, and the oscilloscope has none.
        """
        sensing, measured = self._sensor(), self.file.table.fixture.measured
        if not measured.oscilloscope or self.other_oscilloscope():
            return sensing
        return replace(
            sensing, skew=measured.channel_skew, skew_uncertainty=measured.channel_skew_uncertainty or 0.0,
            capacitance=measured.sense_capacitance,
            capacitance_uncertainty=measured.sense_capacitance_uncertainty or 0.0)

    def other_oscilloscope(self) -> str:
        """Return the model and serial number of the oscilloscope if its skew was measured on another one, else ""."""
        measured, current = self.file.table.fixture.measured, self.file.sensing().current
        if not measured.oscilloscope or current is None:
            return ""
        identity = self.driver_of(self.file.instrument_of(current)).identity
        found = f"{identity.model} {identity.serial}"
        return "" if found.split() == measured.oscilloscope.split() else found

    def _sensor(self) -> Sensing:
        sensing = self.file.sensing()
        if sensing.current is None or sensing.current_impedance != "50":
            return sensing
        scope = self.driver_of(self.file.instrument_of(sensing.current))
        low_impedance = scope.capabilities.low_impedance
        if low_impedance is None:
            raise ConfigurationError(
                f"{self.file.path}: [fixture.sensing] needs an input of 50 Ohm at '{sensing.current}', but the "
                f"{scope.identity.model} has only inputs of 1 MOhm. Use a resistor (current_sensor = \"shunt\") or "
                "another oscilloscope")
        if sensing.current_sensor != "scope_input":
            return sensing
        return replace(
            sensing, current_resistance=low_impedance.resistance,
            current_tolerance=max(sensing.current_tolerance, low_impedance.tolerance),
            maximum_current=low_impedance.rating / low_impedance.resistance)

    def contacts(self, terminal: str) -> tuple[ContactLimits, ...]:
        """Return the ratings of matrix cards and resistors that are set, between a source and the devices.

        Nothing for gates and for what is no source.

        All crosspoints count that the positioner may close, and those of routing states with a role of this terminal.
        Asks each matrix for its cards.

        Raises
        ------
        InstrumentError
            A matrix does not answer.
        """
        table = self.file.table
        positioner, routing, roles = table.positioner, table.fixture.routing, table.roles
        if terminal in self.file.gates() or not set(self.kinds(terminal)) & set(SOURCES):
            return ()
        crosspoints: dict[str, list[str]] = {}
        if positioner is not None and positioner.kind == "matrix":
            crosspoints[positioner.instrument] = [str(name) for names in positioner.devices.values() for name in names]
        if routing is not None and routing.kind == "matrix":
            crosspoints.setdefault(routing.instrument, []).extend(
                name for state in routing.states.values() for name in state.crosspoints
                if any(roles.get(role) == terminal for role in state.roles))
        drivers = {instrument: self.driver_of(instrument) for instrument in crosspoints}
        cards = [limits for instrument, driver in drivers.items() if isinstance(driver, RatesItsContacts)
                 for limits in driver.contact_limits(crosspoints[instrument])]
        return (*cards, *self._rated_load(terminal))

    def _rated_load(self, terminal: str) -> Iterator[ContactLimits]:
        """Yield the largest current of the load resistance that can be set, if the current of a source flows in it."""
        netlist, node = self._netlist_of(terminal), self.file.table.fixture.terminals.get(terminal)
        control = self.file.table.fixture.control.get("load_resistance")
        if control is None or control.gate or netlist is None or node is None:
            return
        box = self.driver_of(control.instrument) if control.instrument else None
        rating = control.rating or getattr(box, "rating", None)
        value = netlist.find(control.element).value
        admittance = admittance_of(netlist, node, self._source_resistance(terminal), control.element,
                                   slow="source meter" in self.kinds(terminal))
        if rating is None or not admittance:
            return
        device = self.worst_path(terminal).resistance
        in_series = math.isfinite(device) and abs(admittance * device - 1.0) < _ALONE
        what = f"the decade box '{control.instrument}'" if box is not None else f"the resistor {control.element}"
        yield ContactLimits(
            f"{what} at {short_quantity(value, 'Ohm')}", math.inf, math.sqrt(rating / value),
            "set a larger resistance, or write the power that it withstands (now rating = "
            f"{short_quantity(rating, 'W')}) into [fixture.control.load_resistance] of the bench file",
            admittance, in_series)

    def _netlist_of(self, terminal: str) -> Netlist | None:
        """Return the netlist as a source finds it: a bias tee is a short for pulses, and open for a source meter."""
        netlist, tee = self.file.netlist, self.file.table.fixture.bias_tee
        return with_short(netlist, tee) if (
            netlist is not None and tee and "source meter" not in self.kinds(terminal)) else netlist

    def _driven_node(self) -> str:
        netlist = self.file.netlist
        if netlist is None or not has_place(netlist):
            return ""
        return next((node for node in netlist.find(DEVICE).nodes if node != GROUND), "")

    def _neighbours(self, terminal: str) -> dict[str, str]:
        """Return the other terminals that may be connected together with a source, and their nodes."""
        table, gates = self.file.table, self.file.gates()
        found = dict(table.fixture.terminals)
        if self.file.netlist is None:
            channel = table.fixture.sensing.voltage_high
            inputs = [] if channel is None else [channel_of_instrument(self.file.table, channel)]
            sources = [one for one in table.roles.values() if set(self.kinds(one)) & set(SOURCES)]
            found = {one: found.get(one, "of the device") for one in [*sources, *inputs]
                     if one not in gates and terminal not in gates}
        return {one: node for one, node in found.items() if one != terminal and self._together(terminal, one)}

    def _together(self, terminal: str, other: str) -> bool:
        """Whether a state of the routing connects two terminals at once."""
        routing, roles = self.file.table.fixture.routing, self.file.table.roles
        if routing is None or routing.kind == "output_off":
            return True
        switched = {role for state in routing.states.values() for role in state.roles}
        mine, others = ({role for role, place in roles.items() if place in (one, one.partition(".")[0])} & switched
                        for one in (terminal, other))
        return not mine or not others or any(
            mine & set(state.roles) and others & set(state.roles) for state in routing.states.values())

    def _withstands(self, terminal: str) -> float | None:
        """Return the voltage [V] that a terminal withstands from outside; None where nothing is known of it."""
        stated = self.file.table.fixture.withstands
        if terminal in stated:
            return stated[terminal]
        kinds, instrument = self.kinds(terminal), terminal.partition(".")[0]
        if "oscilloscope" in kinds:
            return float(self.driver_of(instrument).capabilities.input_rating)
        if "pulse generator" in kinds:
            return float(self.driver_of(terminal).capabilities.output_rating)
        return self.largest_emf(terminal) if set(kinds) & set(SOURCES) else None

    def _capacitance(self) -> float:
        measured = self.file.table.fixture.measured.parallel_capacitance
        if measured is not None:
            return measured
        return parallel_capacitance(self.file.netlist) if self.file.netlist else 0.0

    def _source_resistance(self, terminal: str) -> float:
        return float(getattr(self.driver_of(terminal).capabilities, "output_resistance", 0.0))

    def _scope_inputs_at_device(self) -> float:
        """Return the conductance [S] of the scope inputs that are wired to the driven node of the device's place."""
        netlist, terminals = self.file.netlist, self.file.table.fixture.terminals
        if netlist is None or not has_place(netlist):
            return 0.0
        driven = next((node for node in netlist.find(DEVICE).nodes if node != GROUND), None)
        return sum(self.input_conductance(t) for t, node in terminals.items() if node.lower() == driven)


def _low_side(netlist: Netlist | None, paths: Iterable[float]) -> float:
    """Return the resistance behind the device [Ohm], a part of each of the ``paths`` [Ohm], which may be measured."""
    return min([low_side_resistance(netlist) if netlist is not None else 0.0, *paths])


def _with_gates_off(netlist: Netlist, controls: Iterable[ControlTable]) -> Netlist:
    """Return a netlist with the resistance of transistors at 0 V, where that is less: a gate may go off."""
    for control in controls:
        if control.gate:
            value = min(netlist.find(control.element).value, GateCurve(control).least_resistance_at(0.0))
            netlist = with_value(netlist, control.element, value)
    return netlist

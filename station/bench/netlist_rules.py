"""What the netlist of a bench file must not contain, and must not contradict."""

import math
from collections.abc import Iterator, Mapping

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.fixture import DEVICE, has_place, parallel_capacitance, path_of, transresistances, with_short
from tsbench.instruments.registry import entry
from tsbench.netlist import GROUND, Netlist
from tsbench.quantities import short_quantity
from tsbench.records import Sensing
from tsbench.station.bench.bench_tables import BenchTable
from tsbench.station.bench.terminal_names import channel_of_instrument

_SAME = 0.05  #: relative: a resistor that was measured beside its nominal value
#: [Hz] beyond which, and [H] below which a coil is that of leads (chosen)
_FASTEST_RESONANCE, _SMALLEST_COIL = 10e6, 100e-9
_OF_CURRENT = "max_current", "max_power", "max_charge", "max_energy"  #: limits that need the current of the device
_LEAST, _OPEN = 1e-2, 1e8  #: [Ohm] below and beyond which a current flows past a resistor, or nowhere


def require_no_source(netlist: Netlist) -> None:
    """Raise ConfigurationError where the netlist has a source: what it drives would not count in the limits."""
    for element in netlist.elements:
        if element.kind in "VI":
            kind = "voltage" if element.kind == "V" else "current"
            raise ConfigurationError(
                f"netlist line {element.line}: {element.name} is a {kind} source. tsbench would not count it in the "
                "limits. The sources of a bench are instruments: remove it, and write the instrument into "
                "[instruments], [roles] and [fixture.terminals]")


def require_sensing(table: BenchTable, netlist: Netlist, sense_node: str) -> None:
    """Raise ConfigurationError where scope channels cannot see in the netlist what ``[fixture.sensing]`` says.

    Parameters
    ----------
    table : BenchTable
    netlist : that of the fixture, without the resistance of other sensors than a shunt
    sense_node : where the current enters its sensor; "": the file does not tell
    """
    sensing, terminals = table.fixture.sensing, table.fixture.terminals
    if sensing.current_sensor == "shunt" and sensing.current_resistance is not None and sense_node:
        tolerance = max(_SAME, sensing.current_tolerance)
        _require_shunt(netlist, sense_node, sensing.current_resistance, tolerance)
        if has_place(netlist) and sense_node.lower() in netlist.nodes:
            tee = table.fixture.bias_tee
            _require_current(netlist if not tee else with_short(netlist, tee), sense_node, sensing.current_resistance,
                             tolerance)
    if sensing.voltage_high is None:
        return
    high = terminals.get(channel_of_instrument(table, sensing.voltage_high), "")
    for key, channel in (("voltage_low", sensing.voltage_low), ("current", sensing.current)):
        low = "" if channel is None else terminals.get(channel_of_instrument(table, channel), "")
        if high and high.lower() == low.lower():
            raise ConfigurationError(
                f"sensing.voltage_high is '{sensing.voltage_high}' and sensing.{key} is '{channel}', and both are at "
                f"node '{high}'. The device must be between the two. Correct [fixture.sensing] or [fixture.terminals]")


def _require_current(netlist: Netlist, node: str, resistance: float, tolerance: float) -> None:
    """Raise ConfigurationError where the current of the device makes another voltage at a node than at the shunt."""
    found = transresistances(netlist, node)
    if any(abs(one - resistance) <= tolerance * resistance for one in found):
        return
    stated = f"sensing.current_resistance is {short_quantity(resistance, 'Ohm')}, but in the netlist"
    remedy = "Correct [fixture.sensing], [fixture.terminals] or the netlist"
    seen = [one for one in found if _LEAST < one < _OPEN]
    if seen:
        raise ConfigurationError(
            f"{stated} the current of the device flows through {short_quantity(seen[-1], 'Ohm')} at node '{node}', "
            f"where the channel of sensing.current is. {remedy}")
    raise ConfigurationError(
        f"{stated} the current of the device flows through no resistor between node '{node}' and ground. The channel "
        f"of sensing.current is at this node. {remedy}")


def _require_shunt(netlist: Netlist, node: str, resistance: float, tolerance: float) -> None:
    """Raise ConfigurationError where the netlist has another resistor at the place of the shunt.

    Parameters
    ----------
    netlist : Netlist
    node : of the channel that senses the current
    resistance : [Ohm] as ``current_resistance`` tells it
    tolerance : relative
    """
    found = [one for one in netlist.of_kind("R") if set(one.nodes) == {node.lower(), GROUND}]
    if len(found) == 1 and abs(found[0].value - resistance) > tolerance * resistance:
        raise ConfigurationError(
            f"sensing.current_resistance is {short_quantity(resistance, 'Ohm')}, but the resistor {found[0].name} of "
            f"the netlist between node '{node}' and ground has {short_quantity(found[0].value, 'Ohm')}. Correct one of "
            "the two")


def gate_problems(table: BenchTable, netlist: Netlist | None) -> Iterator[str]:
    """Yield why a gate is none: its terminal has another role as well, or reaches the device."""
    roles: Mapping[str, str] = table.roles
    for quantity, control in table.fixture.control.items():
        if not control.gate:
            continue
        where, terminal = f"fixture.control.{quantity}.gate", roles[control.gate]
        if others := [role for role, place in roles.items() if place == terminal and role != control.gate]:
            yield (f"{where}: the terminal '{terminal}' of the role '{control.gate}' also has the role '{others[0]}'. "
                   "A gate needs an output of its own")
        node = table.fixture.terminals.get(terminal)
        if netlist is not None and node is not None and node.lower() in netlist.nodes and has_place(netlist) and (
                path_of(netlist, node, 0.0).gain > 0):
            yield (f"{where}: the terminal '{terminal}' is at node '{node}', which reaches the device in the netlist. "
                   "A gate must not reach the device. Correct [fixture.terminals] or the netlist")


def place_problems(table: BenchTable, netlist: Netlist | None) -> Iterator[str]:
    """Yield why limits of the device cannot be compared: the netlist does not have the device.

    Without its place, no current through it is known, so that a limit of it would hold nowhere.
    """
    if netlist is None or has_place(netlist):
        return
    tables = {"[device.limits]": table.device.limits,
              **{f"[devices.{name}.limits]": one.limits for name, one in table.devices.items()}}
    for where, limits in tables.items():
        stated = [name for name in _OF_CURRENT if getattr(limits, name) is not None]
        if stated:
            yield (f"{where} states {' and '.join(stated)}, but the netlist has no element {DEVICE}. So tsbench does "
                   "not know where the device is, and would compare no current with "
                   f"{'it' if len(stated) == 1 else 'them'}. {_likely_place(table, netlist)}")


def _likely_place(table: BenchTable, netlist: Netlist) -> str:
    """Return which element may be the device, and what to write."""
    sensing, terminals = table.fixture.sensing, table.fixture.terminals
    high, *low = (
        terminals.get(channel_of_instrument(table, channel), "").lower() if channel is not None else ""
        for channel in (sensing.voltage_high, sensing.voltage_low, sensing.current))
    ends = {one for one in low if one and one != high} or {GROUND}
    likely = [one for one in netlist.of_kind("X") if len(one.nodes) == 2] or [
        one for one in netlist.of_kind("R") if high in one.nodes and ends & set(one.nodes)]
    if len(likely) == 1:
        one = likely[0]
        return f"If {one.name} is the device, write '{DEVICE} {' '.join(one.nodes)} device' in its place"
    names = f". {' or '.join(one.name for one in likely)} may be it" if likely else ""
    return f"Write '{DEVICE} NODE NODE device' with the two nodes of the device{names}"


def control_problems(table: BenchTable, netlist: Netlist | None, sense_node: str) -> Iterator[str]:
    """Yield why a quantity of ``[fixture.control]`` cannot be set without changing another one.

    Parameters
    ----------
    table : BenchTable
    netlist : that of the fixture
    sense_node : where the current enters its sensor
    """
    boxes: dict[str, str] = {}
    for quantity, control in table.fixture.control.items():
        where = f"fixture.control.{quantity}"
        if control.instrument and (other := boxes.setdefault(control.instrument, quantity)) != quantity:
            yield (f"{where}.instrument: '{control.instrument}' sets {other} already. A decade box sets one quantity")
        if control.rating is not None and (quantity != "load_resistance" or control.gate):
            yield f"{where}.rating: only a resistor has a rating in W, and no gate. Remove it"
        if quantity != "load_resistance" or netlist is None or table.fixture.sensing.current_resistance is None:
            continue
        if set(netlist.find(control.element).nodes) == {sense_node.lower(), GROUND}:
            yield (f"{where}.element: '{control.element}' is the shunt that senses the current, so another value would "
                   "make every current wrong. Name the load")


def coil_warnings(netlist: Netlist, tee: str) -> Iterator[str]:
    """Yield what the limits cannot tell of a coil: that of a bias tee, or one that resonates at the device.

    Parameters
    ----------
    netlist : of the fixture
    tee : name of the capacitor of its bias tee, "" where it has none
    """
    farads = netlist.find(tee).value if tee else parallel_capacitance(netlist)
    for coil in netlist.of_kind("L") if farads > 0.0 else ():
        resonance = 1.0 / (2.0 * math.pi * math.sqrt(coil.value * farads))
        if resonance < _FASTEST_RESONANCE and coil.value >= _SMALLEST_COIL:
            other = netlist.find(tee).name if tee else "the capacitance across the device"
            remedy = (f"Use pulses much shorter than {short_quantity(1.0 / (2.0 * math.pi * resonance), 's')}" if tee
                      else f"Use edges longer than {short_quantity(1.0 / resonance, 's')}")
            yield (
                f"fixture: {coil.name} ({short_quantity(coil.value, 'H')}) resonates with {other} "
                f"({short_quantity(farads, 'F')}) at {short_quantity(resonance, 'Hz')}, and keeps its current for a "
                "moment when an output goes off. Then more than max_voltage may be at the device, and the limits do "
                f"not compare this. {remedy}, or a resistor in place of the coil")


def probe_problems(table: BenchTable, sensing: Sensing) -> Iterator[str]:
    """Yield why a passive probe cannot be at a channel: there is one already, or the input must have 50 Ohm.

    Parameters
    ----------
    table : BenchTable
    sensing : how scope channels see the device
    """
    found: dict[str, str] = {}
    current = sensing.current if sensing.current_impedance == "50" else None
    for channel in table.fixture.probes:
        if (other := found.setdefault(channel_of_instrument(table, channel), channel)) != channel:
            yield f"fixture.probes: '{other}' and '{channel}' are the same channel. Remove one of the two"
        if current is not None and channel_of_instrument(table, current) == channel_of_instrument(table, channel):
            yield (f"fixture.probes: '{channel}' has the input of 50 Ohm that senses the current, and a passive probe "
                   "needs the input of 1 MOhm. Remove the probe, or sense the current otherwise")


def unused_problems(table: BenchTable) -> Iterator[str]:
    """Yield which keys would have no effect, because what they name is not used."""
    fixture, measured = table.fixture, table.fixture.measured
    for key in ("path_resistance", "current_offset", "leakage"):
        for role in getattr(measured, key):
            if role not in table.roles:
                yield f"fixture.measured.{key}: no instrument has the role '{role}'{nearest(role, table.roles)}"
    for terminal in fixture.withstands:
        one_sort = not entry(table.instruments[terminal.partition(".")[0]].driver).terminals   # its name is known
        if fixture.netlist.strip() and one_sort and terminal not in fixture.terminals:
            yield (f"fixture.withstands: '{terminal}' has no node in fixture.terminals, so nothing is compared with "
                   "this value. Add its node")

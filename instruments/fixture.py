"""Quantities of the wiring that analysis and guard need: path resistance, gain, capacitance at the device.

The netlist of a bench file is solved at DC: capacitors open, inductors shorted, the place of the device
(``XDUT``) open or shorted, other instruments' outputs open, scope inputs left out.
"""

import dataclasses
import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from tsbench.errors import ConfigurationError, nearest
from tsbench.instruments.dc_circuit import LEAK, SHORT, DcCircuit
from tsbench.instruments.guard.limits import WirePath
from tsbench.netlist import GROUND, Element, Netlist

DEVICE = "XDUT"
_COUPLES = 100e-12  #: [F] a capacitor of this size is no stray capacitance: it lets edges pass (chosen)
_BRIEF = 100e-9  #: [s] a capacitor that is charged faster does not count: cables at 50 Ohm (chosen)
_BRIEF_OF_SLOW = 10e-6  #: [s] the same for source meters, whose levels need as long to change (chosen)
_OTHERWISE = 1e-3  #: relative change of a path that counts
_HELD, _FLOATS = 1e-3, 1e9  #: [Ohm] of a node that is held at ground, and of one on which nothing is
_OPEN = 1e12  #: [Ohm] beyond which there is no path
_LEAST = 1e-9  #: of a gain, or [S], below which there is no connection


def has_place(netlist: Netlist) -> bool:
    """Whether the netlist has a place for the device."""
    return any(element.kind == "X" and element.name.upper() == DEVICE for element in netlist.elements)


def with_resistor_to_ground(netlist: Netlist, name: str, node: str, resistance: float) -> Netlist:
    """Return a netlist with one more resistor [Ohm], between a node and ground.

    Raises
    ------
    ConfigurationError
        No such node, or the node is ground.
    """
    if node.lower() not in netlist.nodes:
        raise ConfigurationError(f"node '{node}' is not in the netlist{nearest(node, netlist.nodes)}")
    resistor = Element("R", name, (node.lower(), GROUND), value=resistance)
    return dataclasses.replace(netlist, elements=(*netlist.elements, resistor))


def with_short(netlist: Netlist, name: str) -> Netlist:
    """Return a netlist with a capacitor as a short: what a fast pulse finds."""
    found = netlist.find(name)
    return dataclasses.replace(netlist, elements=tuple(
        dataclasses.replace(one, kind="R", value=SHORT) if one.name == found.name else one
        for one in netlist.elements))


def with_value(netlist: Netlist, element: str, value: float) -> Netlist:
    """Return a netlist with another value [Ohm or F] of one element."""
    name = netlist.find(element).name
    return dataclasses.replace(netlist, elements=tuple(
        dataclasses.replace(one, value=value) if one.name == name else one for one in netlist.elements))


def worst_path_of(
    netlist: Netlist, node: str, source_resistance: float, others: Collection[str], slow: bool = False,
) -> WirePath:
    """Return the path of the most that an instrument brings to the device: with the limits, this one counts.

    The device may lie between two sources. A large capacitor lets edges pass, to the device or from it to ground.
    Transistors and diodes may be shorts. Where nothing leads to the device, its other end may be at ground although the
    netlist does not have it.

    Parameters
    ----------
    netlist, node, source_resistance : of the fixture, of the instrument, and of its output [Ohm]
    others : nodes of other sources. Each may be open, or hold its node. The least resistance and the largest gain count
    slow : whether it is a source meter: a capacitor that is charged within the time of its edges does not count

    Raises
    ------
    ConfigurationError
        No such node.
    """
    paths = [path_of(netlist, node, source_resistance)]
    if not has_place(netlist):
        return paths[0]
    for other in others:
        if other.lower() in netlist.nodes and other.lower() not in (node.lower(), GROUND):
            held = with_resistor_to_ground(netlist, "R_other_source", other, SHORT)
            paths.append(path_of(held, node, source_resistance))
    for moment in _conducting(netlist, node, source_resistance, slow):
        edge = path_of(moment.netlist, node, source_resistance)
        if edge.resistance < (1 - _OTHERWISE) * paths[0].resistance or edge.gain > (1 + _OTHERWISE) * paths[0].gain:
            kept = _kept(netlist, moment, node, source_resistance)
            paths.append(dataclasses.replace(edge, coupled=kept > 0.0, share=kept))
    if all(math.isinf(path.resistance) for path in paths):
        found = (dataclasses.replace(path_of(one, node, source_resistance), coupled=coupled)
                 for one, coupled in _with_what_may_conduct(netlist))
        paths += [path for path in found if math.isfinite(path.resistance)][:1]
    # what the capacitors keep is a voltage at the device so far, and becomes an EMF
    shares, gain = [path.share for path in paths if path.coupled], max(path.gain for path in paths)
    share = max(shares, default=gain) / gain if gain > _LEAST else 1.0
    return WirePath(min(path.resistance for path in paths), gain, bool(shares), float(f"{share:.9g}"))


@dataclasses.dataclass(frozen=True)
class _Moment:
    """What may conduct for a moment."""

    netlist: Netlist  #: with shorts of it
    others: Sequence[tuple[str, ...]]  #: the ends of transistors and diodes that conduct
    shares: Mapping[tuple[str, ...], float]  #: ends of each capacitor that does -> its largest voltage before / EMF

    @property
    def charged(self) -> bool:
        """Return whether a capacitor that may have a charge is one of them."""
        return any(self.shares.values())


def _conducting(netlist: Netlist, node: str, source_resistance: float, slow: bool = False) -> Iterator[_Moment]:
    """Yield what may conduct for a moment.

    These are transistors and diodes, and large capacitors that do not lie across the device: one or two, and all that
    are not at ground.
    """
    place = netlist.find(DEVICE).nodes
    circuit = DcCircuit(netlist, node.lower(), source_resistance)
    others = _ends_of_other_devices(netlist)
    states = [DcCircuit(_shorting(netlist, [*shorted, *conducting]), node.lower(), source_resistance)
              for shorted in ([], [place]) for conducting in ([], others)]
    found = [one.nodes for one in netlist.of_kind("C")
             if one.value >= _COUPLES and set(one.nodes) != set(place) and one.value * abs(
                 circuit.voltage(one.nodes, injected=one.nodes)) >= (_BRIEF_OF_SLOW if slow else _BRIEF)]
    shares = {nodes: max(abs(state.voltage(nodes, emf=1.0)) for state in states) for nodes in found}
    between = [nodes for nodes in found if GROUND not in nodes]
    groups = [[], *([one] for one in found), *map(list, itertools.combinations(found, 2)), between]
    for capacitors, conducting in itertools.product(groups, ([], others) if others else ([],)):
        if capacitors or conducting:
            yield _Moment(_shorting(netlist, [*capacitors, *conducting]), conducting,
                          {nodes: shares[nodes] for nodes in capacitors})


def _kept(netlist: Netlist, moment: _Moment, node: str, source_resistance: float) -> float:
    """Return what capacitors keep: voltage at the open device / EMF of before, because of their charge alone.

    At most 1. It may be more where a capacitor is at ground: then the device sees the capacitor itself, and no level
    beside it.
    """
    place, kept = netlist.find(DEVICE).nodes, 0.0
    for nodes, share in moment.shares.items():
        shorted = _shorting(netlist, [*(other for other in moment.shares if other != nodes), *moment.others])
        seen = DcCircuit(shorted, node.lower(), source_resistance).voltage_of_charge(place, nodes)
        kept += share * min(abs(seen), 1.0)
    return min(kept, 1.0)


def _ends_of_other_devices(netlist: Netlist) -> list[tuple[str, ...]]:
    """Return each pair of nodes of each transistor, diode or other device that is not the one under test."""
    return [pair for one in netlist.of_kind("X") if one.name.upper() != DEVICE
            for pair in itertools.combinations(one.nodes, 2)]


def _shorting(netlist: Netlist, pairs: Iterable[tuple[str, ...]]) -> Netlist:
    """Return the netlist with shorts between pairs of nodes."""
    shorts = tuple(Element("R", f"R_short_{k}", pair, value=SHORT)
                   for k, pair in enumerate(pairs) if pair[0] != pair[1])
    return dataclasses.replace(netlist, elements=(*netlist.elements, *shorts))


def _with_what_may_conduct(netlist: Netlist) -> Iterator[tuple[Netlist, bool]]:
    """Yield the netlist with shorts, and whether a capacitor is one of them.

    Large capacitors become shorts, other devices, and what is between one end of the device and ground.
    """
    capacitors = [one.nodes for one in netlist.of_kind("C") if one.value >= _COUPLES]
    devices = _ends_of_other_devices(netlist)
    ends = [end for end in netlist.find(DEVICE).nodes if end != GROUND]
    conducting: list[Sequence[tuple[str, ...]]] = [
        [], *([pair] for pair in capacitors), devices, [*capacitors, *devices]]
    returns: list[Sequence[tuple[str, ...]]] = [[], *([(end, GROUND)] for end in ends)]
    for held, shorted in itertools.product(returns, conducting):
        yield _shorting(netlist, [*shorted, *held]), any(pair in shorted for pair in capacitors)


def path_of(netlist: Netlist, node: str, source_resistance: float) -> WirePath:
    """Return the path to the device from an instrument at ``node`` that drives through ``source_resistance``.

    Infinite resistance and no gain where the netlist says that the instrument does not reach the device.

    Raises
    ------
    ConfigurationError
        No such node.
    """
    if not has_place(netlist):
        return WirePath(resistance=math.inf)
    if node.lower() not in netlist.nodes:
        raise ConfigurationError(f"fixture: node '{node}' is not in the netlist{nearest(node, netlist.nodes)}")
    device = netlist.find(DEVICE)
    circuit = DcCircuit(netlist, node.lower(), source_resistance)
    gain = abs(circuit.voltage(device.nodes, emf=1.0))
    resistance = abs(circuit.voltage(device.nodes, injected=device.nodes))
    if gain < _LEAST or resistance > _OPEN:
        return WirePath(resistance=math.inf, gain=0.0)
    gain = float(f"{gain:.9g}")
    return WirePath(resistance=float(f"{resistance / gain:.9g}"), gain=gain)


def share_without_device(netlist: Netlist, node: str, source_resistance: float, other: str) -> float:
    """Return the voltage at the node ``other`` / EMF of an instrument at ``node``, with an open place of the device.

    ``source_resistance``: of the instrument [Ohm]. 0 of ground.
    """
    if other.lower() == GROUND:
        return 0.0
    circuit = DcCircuit(netlist, node.lower(), source_resistance)
    return abs(circuit.voltage((other.lower(), GROUND), emf=1.0))


def reach_of(
    netlist: Netlist, node: str, source_resistance: float, other: str, slow: bool = False,
) -> tuple[float, float]:
    """Return what an instrument at ``node`` brings to the node ``other``, at worst over all states of the device.

    Large capacitors let edges pass. ``slow``: whether it is a source meter; see :func:`worst_path_of`.

    Returns
    -------
    (float, float)
        Voltage at ``other`` / EMF behind ``source_resistance`` [Ohm], and voltage at ``other`` / current of the
        instrument [Ohm]. The second is infinite where the instrument drives nothing but open ends.
    """
    node, other = node.lower(), other.lower()
    states = [(netlist, node, other)]
    if has_place(netlist):
        states += [(moment.netlist, node, other)
                   for moment in _conducting(netlist, node, source_resistance, slow) if moment.charged]
    if has_place(netlist):
        high, low = netlist.find(DEVICE).nodes
        kept, joined = (low, high) if low == GROUND else (high, low)

        def name(place: str) -> str:
            return kept if place == joined else place

        for wiring, here, there in list(states):
            elements = (dataclasses.replace(one, nodes=tuple(map(name, one.nodes))) for one in wiring.elements)
            states.append((dataclasses.replace(wiring, elements=tuple(elements)), name(here), name(there)))
    gain = transimpedance = 0.0
    for wiring, here, there in states:
        if GROUND in (here, there):
            continue
        gain = max(gain, abs(DcCircuit(wiring, here, source_resistance).voltage((there, GROUND), emf=1.0)))
        probe = DcCircuit(wiring, here, 1.0)   # through 1 Ohm, whose voltage tells the current
        voltage, current = (probe.voltage((place, GROUND), emf=1.0) for place in (there, here))
        current = 1.0 - current
        if abs(voltage) > _LEAST:
            transimpedance = max(transimpedance, abs(voltage) / current if current > _LEAST else math.inf)
    return (gain, transimpedance) if gain > _LEAST else (0.0, 0.0)


def admittance_of(netlist: Netlist, node: str, source_resistance: float, name: str, slow: bool = False) -> float:
    """Return the largest current through a resistor / EMF [S] of a source at ``node``; 0 where none flows through it.

    The device may be open or shorted. ``source_resistance``: of the output [Ohm]. ``slow``: see :func:`worst_path_of`.
    """
    resistor = netlist.find(name)
    cases = [netlist, *(one.netlist for one in _conducting(netlist, node, source_resistance, slow))]
    if all(math.isinf(path_of(one, node, source_resistance).resistance) for one in cases):
        cases += [one for one, _ in _with_what_may_conduct(netlist)]
    cases += [_shorting(one, [netlist.find(DEVICE).nodes]) for one in cases]
    most = max(abs(DcCircuit(one, node.lower(), source_resistance).voltage(resistor.nodes, emf=1.0))
               for one in cases)
    return most / resistor.value if most > _LEAST else 0.0


def transresistances(netlist: Netlist, node: str) -> tuple[float, ...]:
    """Return the voltage at a node [V] for 1 A through the device: for each end of its place where it may leave.

    Very large where nothing leads from this end to ground. The other end is held at ground.
    """
    high, low = netlist.find(DEVICE).nodes
    found = []
    for end, other in ((high, low), (low, high)):
        if end != GROUND:
            held = netlist if other == GROUND else with_resistor_to_ground(netlist, "Rheld", other, _HELD)
            circuit = DcCircuit(held, end, _FLOATS)
            found.append(abs(circuit.voltage((node.lower(), GROUND), injected=(end, GROUND))))
    return tuple(found)


def low_side_resistance(netlist: Netlist) -> float:
    """Return the resistance [Ohm] between the second node of the device and ground, such as that of a shunt.

    0 where nothing leads to ground, or without a place of the device.
    """
    if not has_place(netlist):
        return 0.0
    high, low = netlist.find(DEVICE).nodes
    if GROUND in (high, low):
        return 0.0
    held = with_resistor_to_ground(netlist, "Rheld", high, _HELD)
    found = abs(DcCircuit(held, low, _FLOATS).voltage((low, GROUND), injected=(low, GROUND)))
    return found if found < _FLOATS / 2 else 0.0


def parallel_capacitance(netlist: Netlist) -> float:
    """Return the capacitance across the device [F]: what lies at its nodes, to each other and to ground.

    A capacitor from the driven side to ground counts in full, as ground and the low side are joined by a
    shunt that is small beside the device; one on the low side is shorted by that shunt and does not count.
    """
    return sum(one.value for one in _across(netlist))


def _across(netlist: Netlist) -> list[Element]:
    """Return the capacitors at the nodes of the device, to each other and to ground."""
    if not has_place(netlist):
        return []
    high, low = netlist.find(DEVICE).nodes
    if high == GROUND:
        high, low = low, high
    return [one for one in netlist.of_kind("C") if high in one.nodes and set(one.nodes) <= {high, low, GROUND}]


def capacitors_elsewhere(
    netlist: Netlist, node: str, source_resistance: float, coupled: bool,
) -> list[tuple[Element, float, float]]:
    """Return each capacitor that is not across the device, with its voltage / EMF: device open, and device shorted.

    ``node``, ``source_resistance`` [Ohm]: of the source. ``coupled``: it is behind a capacitor in series, which is left
    out. The others have the voltage of the device then, and none if the device is shorted.
    """
    if coupled:
        node, source_resistance = next(one for one in netlist.find(DEVICE).nodes if one != GROUND), 0.0
    shorted = _shorting(netlist, [netlist.find(DEVICE).nodes])
    opened, closed = (DcCircuit(one, node.lower(), source_resistance) for one in (netlist, shorted))
    across = _across(netlist)
    return [(one, abs(opened.voltage(one.nodes, emf=1.0)), 0.0 if coupled else abs(closed.voltage(one.nodes, emf=1.0)))
            for one in netlist.of_kind("C") if one not in across and (GROUND in one.nodes or not coupled)]


def charged_resistance(netlist: Netlist, sources: Mapping[str, float]) -> float:
    """Return the resistance [Ohm] behind which the device finds the voltage of sources and charged capacitors.

    When a device switches, the capacitors hold their voltage for a moment: each acts as a source without resistance.
    So the device sees what lies between it, the capacitors and the sources. 0: a capacitor or a source lies across the
    device itself. Infinite: nothing reaches it.

    Parameters
    ----------
    netlist : of the fixture
    sources : node of each source that is on -> its own output resistance [Ohm]

    Raises
    ------
    ConfigurationError
        No such node.
    """
    if not has_place(netlist):
        return max(min(sources.values(), default=math.inf), 0.0)
    for node in sources:
        if node.lower() not in netlist.nodes:
            raise ConfigurationError(f"fixture: node '{node}' is not in the netlist{nearest(node, netlist.nodes)}")
    shorted = tuple(dataclasses.replace(one, kind="R", value=SHORT) if one.kind == "C" else one
                    for one in netlist.elements)
    held = dataclasses.replace(netlist, elements=(*shorted, *(
        Element("R", f"source_{number}", (node.lower(), GROUND), value=max(resistance, SHORT))
        for number, (node, resistance) in enumerate(sources.items()))))
    nodes = netlist.find(DEVICE).nodes
    driven = next(iter(netlist.nodes))
    resistance = abs(DcCircuit(held, driven, 1.0 / LEAK).voltage(nodes, injected=nodes))
    if resistance > _OPEN:
        return math.inf
    return float(f"{resistance:.9g}")


def node_capacitance(netlist: Netlist, node: str) -> float:
    """Return the capacitance between a node and ground [F], as far as the netlist has any."""
    ends = {node.lower(), GROUND}
    return sum(capacitor.value for capacitor in netlist.of_kind("C") if set(capacitor.nodes) == ends)

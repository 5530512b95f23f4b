"""Checks that every node of a netlist has a defined voltage, and that no line of a fixture is taken for a title."""

from collections.abc import Iterable

from tsbench.errors import ConfigurationError
from tsbench.netlist.elements import GROUND, Element, Netlist


def check_connections(netlist: Netlist, terminals: Iterable[str] = ()) -> None:
    """Refuse nodes that hang in the air.

    Raises
    ------
    ConfigurationError
        A node has fewer than two connections, is only sensed, or has no DC path to ground (capacitors, current
        sources and sensing are none). ``terminals`` count as connected to ground: an instrument will be there.
    """
    terminal_nodes = {t.lower() for t in terminals}
    touched: dict[str, list[Element]] = {}
    for element in netlist.elements:
        for node in dict.fromkeys((*element.nodes, *element.controls)):
            touched.setdefault(node, []).append(element)
    if GROUND not in touched and not terminal_nodes & set(touched):
        raise ConfigurationError("the netlist has no ground. Give one node the name 0")
    for node, elements in touched.items():
        if node == GROUND or node in terminal_nodes:
            continue
        if all(node not in e.nodes for e in elements):
            names = ", ".join(e.name for e in elements)
            raise ConfigurationError(
                f"netlist line {elements[0].line}: node '{node}' is floating. Only control inputs ({names}) "
                f"are connected to it. Connect a source or a resistor to it")
        if len(elements) < 2:
            only = elements[0]
            raise ConfigurationError(
                f"netlist line {only.line}: node '{node}' is floating. Only {only.name} is connected to it. "
                f"Connect a second element to it")
    grounded = {GROUND} | terminal_nodes
    conducting = [e for e in netlist.elements if e.kind in "RLVX"]
    grew = True
    while grew:
        grew = False
        for element in conducting:
            if not grounded.isdisjoint(element.nodes) and not grounded.issuperset(element.nodes):
                grounded.update(element.nodes)
                grew = True
    for node, elements in touched.items():
        if node not in grounded:
            names = ", ".join(e.name for e in elements)
            raise ConfigurationError(
                f"netlist line {elements[0].line}: node '{node}' is floating. It has no DC path to ground "
                f"(connected to it: {names}). Add a large resistor to ground")


def require_no_title(netlist: Netlist) -> None:
    """Raise ConfigurationError where the first line is none that tsbench knows: SPICE takes it for a title."""
    if netlist.title:
        raise ConfigurationError(
            f"netlist line 1: '{netlist.title:.60}' is no element that tsbench knows, and a netlist in a bench file or "
            "world file has no title. Correct the line, or write * in front of it")

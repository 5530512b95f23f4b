"""What the crosspoints and the states of a bench file must not contradict: found before an instrument is opened."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tsbench.instruments.driver import CrosspointNames
from tsbench.instruments.registry import entry
from tsbench.station.bench.bench_tables import BenchTable, RoutingTable


@dataclass(frozen=True)
class _Place:
    """The crosspoints that one key of the bench file closes."""

    key: str
    matrix: str  #: instrument
    points: tuple[str, ...]  #: in capitals


def crosspoint_problems(table: BenchTable) -> Iterator[str]:
    """Yield what is wrong with the crosspoints of states and devices, one line each."""
    states, devices = _states(table), _devices(table)
    for place in (*states, *devices):
        yield from _wrong_names(place, entry(table.instruments[place.matrix].driver).crosspoints)
    yield from _states_that_close_another(states, table.fixture.routing)
    yield from _devices_that_close_another(devices)
    for state, device in itertools.product(states, devices):
        if state.matrix == device.matrix and (both := set(state.points) & set(device.points)):
            yield (f"{device.key}: the crosspoint {min(both)} is in {state.key} too, so the route would open or close "
                   "it for the device. Use another crosspoint in one of the two")
    for matrix in dict.fromkeys(place.matrix for place in devices):
        if (names := entry(table.instruments[matrix].driver).crosspoints) is not None:
            yield from _shorts([place for place in devices if place.matrix == matrix], names)


def role_problems(table: BenchTable) -> Iterator[str]:
    """Yield which role is in no state of the routing, although its terminal is switched as another role."""
    routing = table.fixture.routing
    states: Mapping[str, Sequence[str]] = {} if routing is None else {
        name: state.roles for name, state in routing.states.items()}
    routed = {role for roles in states.values() for role in roles}
    for role, terminal in table.roles.items():
        others = [one for one in table.roles if one in routed and table.roles[one] == terminal]
        if role not in routed and others:
            found = [name for name, roles in states.items() if others[0] in roles]
            yield (f"fixture.routing.states: role '{role}' is in no state, but its terminal '{terminal}' also has the "
                   f"role '{others[0]}', which reaches the device only in {' and '.join(map(repr, found))}. Add "
                   f"'{role}' to the roles of each state in which it measures")


def _states(table: BenchTable) -> list[_Place]:
    routing = table.fixture.routing
    return [] if routing is None or routing.kind != "matrix" else [
        _Place(f"fixture.routing.states.{name}", routing.instrument, _capitals(state.crosspoints))
        for name, state in routing.states.items()]


def _devices(table: BenchTable) -> list[_Place]:
    positioner = table.positioner
    return [] if positioner is None or positioner.kind != "matrix" else [
        _Place(f"positioner.devices.{name}", positioner.instrument, _capitals(points))
        for name, points in positioner.devices.items()]


def _capitals(points: Sequence[object]) -> tuple[str, ...]:
    return tuple(str(point).strip().upper() for point in points)


def _wrong_names(place: _Place, names: CrosspointNames | None) -> Iterator[str]:
    for number, point in enumerate(place.points):
        if names is not None and names.lines(point) is None:
            yield (f"{place.key}: the switch matrix '{place.matrix}' has no crosspoint '{point}'. A crosspoint is "
                   f"{names.words}")
        elif point in place.points[:number]:
            yield f"{place.key}: the crosspoint {point} is there twice. Remove one, or correct it"


def _states_that_close_another(states: Sequence[_Place], routing: RoutingTable | None) -> Iterator[str]:
    """Yield the states that close all crosspoints of another one, without connecting its roles."""
    roles = {} if routing is None else {
        f"fixture.routing.states.{name}": set(state.roles) for name, state in routing.states.items()}
    for place, other in itertools.permutations(states, 2):
        if not set(place.points) >= set(other.points):
            continue
        if more := sorted(roles[other.key] - roles[place.key]):
            yield (f"{place.key}: its crosspoints include all of {other.key}, so they also connect the role "
                   f"'{more[0]}', which is not among its roles. Correct the crosspoints, or add the role")
        elif set(place.points) == set(other.points):
            yield (f"{place.key}: it has the same crosspoints as {other.key}, so tsbench cannot tell the two apart. "
                   "Make one state of them")


def _devices_that_close_another(devices: Sequence[_Place]) -> Iterator[str]:
    for place, other in itertools.permutations(devices, 2):
        if place.matrix == other.matrix and set(place.points) > set(other.points):
            yield (f"{place.key}: its crosspoints include all of {other.key} ({', '.join(other.points)}), so both "
                   "devices would be connected at once. Correct the crosspoints of one of the two")


def _shorts(devices: Sequence[_Place], names: CrosspointNames) -> Iterator[str]:
    """Yield where the crosspoints of one device join two rows, or two columns, that those of another device keep apart.

    What is connected to the lines is not in the bench file. So a short can be found only where two devices contradict.
    A row with several columns is none: it grounds lines that are not selected. Where most devices join several rows (or
    columns), these are the lines of the devices, and joining them is no short either.
    """
    groups = {place.key: _joined(place, names) for place in devices}
    for kind in (0, 1):   # rows, columns
        own = {found[kind] for place in devices for point in place.points if (found := names.lines(point))}
        of_kind = {key: [group & own for group in found] for key, found in groups.items()}
        usual = sum(any(len(group) > 1 for group in found) for found in of_kind.values())
        if 2 * usual > len(devices):
            continue
        for place, other in itertools.permutations(devices, 2):
            for mine in of_kind[place.key]:
                touched = [sorted(group & mine) for group in of_kind[other.key] if group & mine]
                if len(touched) > 1:
                    yield (f"{place.key}: its crosspoints {', '.join(place.points)} connect {touched[0][0]} with "
                           f"{touched[1][0]}, but those of {other.key} ({', '.join(other.points)}) keep the two apart. "
                           "This would short two terminals. Correct the crosspoints of one of the two")


def _joined(place: _Place, names: CrosspointNames) -> list[set[str]]:
    """Return the groups of rows and columns that crosspoints connect with each other."""
    groups: list[set[str]] = []
    for point in place.points:
        lines = set(names.lines(point) or ())
        for group in [one for one in groups if one & lines]:
            groups.remove(group)
            lines |= group
        groups.append(lines)
    return groups

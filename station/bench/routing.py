"""Which of several sources reaches the device: by relays, by the operator, or because the others are off.

A *state* connects the instruments of some roles. The bench file names the states. A run selects the state of its roles
while all outputs are off.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tsbench.errors import ConfigurationError, InstrumentError, LimitError, nearest
from tsbench.instruments import OutputOffSelectable, Routing
from tsbench.station.bench.bench_tables import RouteTable, RoutingTable
from tsbench.station.bench.connected_instruments import ConnectedInstruments
from tsbench.station.bench.crosspoints import ClosedCrosspoints
from tsbench.station.bench.operator import OperatorRouting
from tsbench.station.bench.positioners import RequireOff

HIGH_IMPEDANCE: Final = "high_impedance"


class MatrixRouting:
    """A :class:`~tsbench.instruments.Routing` by the relays of a switch matrix.

    Parameters
    ----------
    matrix : the crosspoints that it shares with others
    states : state -> the crosspoints that are closed in it
    """

    def __init__(self, matrix: ClosedCrosspoints, states: Mapping[str, Sequence[str]]) -> None:
        self._matrix, self._states = matrix, states
        matrix.claim("routing", [point for points in states.values() for point in points])

    def states(self) -> Sequence[str]:
        """Return the names of the states."""
        return list(self._states)

    def state(self) -> str | None:
        """Read the crosspoints back; None where they are those of no state."""
        closed = self._matrix.closed("routing")
        every = {point for points in self._states.values() for point in points}
        return next((name for name, points in self._states.items() if set(points) == closed & every), None)

    def select(self, state: str) -> None:
        """Close the crosspoints of a state, open those of the others, and read them back."""
        _require_known(state, self._states)
        self._matrix.close_only("routing", self._states[state])
        if self.state() != state:
            closed = ", ".join(sorted(self._matrix.closed("routing"))) or "none"
            raise InstrumentError(
                f"the switch matrix does not have the crosspoints of state '{state}' after it was selected: closed are "
                f"{closed}. Check the relays")

    def open_all(self) -> None:
        """Open the crosspoints of all states."""
        self._matrix.close_only("routing", ())


class OutputOffRouting:
    """A :class:`~tsbench.instruments.Routing` without a relay: all sources are wired to the device, and one is on.

    The terminals of the others must isolate while their outputs are off.

    Parameters
    ----------
    states : state -> the terminals that are used in it
    driver_of : returns the driver of a terminal

    Raises
    ------
    ConfigurationError
        It is not known that a terminal isolates, and its driver cannot let it.
    """

    def __init__(self, states: Mapping[str, Sequence[str]], driver_of: Callable[[str], object]) -> None:
        self._states, self._driver_of = states, driver_of
        self._state: str | None = None
        for terminal in sorted({terminal for terminals in states.values() for terminal in terminals}):
            driver = driver_of(terminal)
            isolates = getattr(getattr(driver, "capabilities", None), "off_isolates", False)
            if not isolates and not isinstance(driver, OutputOffSelectable):
                raise ConfigurationError(
                    f"[fixture.routing]: tsbench does not know that '{terminal}' isolates while its output is off, and "
                    "cannot set it. Use a relay (kind = \"matrix\" or \"operator\")")

    def states(self) -> Sequence[str]:
        """Return the names of the states."""
        return list(self._states)

    def state(self) -> str | None:
        """Return the state that is selected; None: none yet."""
        return self._state

    def select(self, state: str) -> None:
        """Let the outputs that are not used isolate while they are off, and read that back."""
        _require_known(state, self._states)
        self._state = None
        idle = {terminal for terminals in self._states.values() for terminal in terminals} - {*self._states[state]}
        for terminal in sorted(idle):
            self._isolate(terminal)
        self._state = state

    def _isolate(self, terminal: str) -> None:
        driver = self._driver_of(terminal)
        if not isinstance(driver, OutputOffSelectable):
            return
        if (found := driver.set_output_off(HIGH_IMPEDANCE)) != HIGH_IMPEDANCE:
            raise InstrumentError(
                f"the output-off state of '{terminal}' is {found} after {HIGH_IMPEDANCE} was set. Check the instrument")


@dataclass(frozen=True)
class Routes:
    """Chooses the state for the roles of a run.

    Parameters
    ----------
    routing : what sets the states
    tables : state -> ``[fixture.routing.states.STATE]``
    require_off : raises unless all outputs are off
    """

    routing: Routing
    tables: Mapping[str, RouteTable]
    require_off: RequireOff

    def state_for(self, roles: Sequence[str]) -> str | None:
        """Return the state that connects all of these roles that are routed at all; None: no role is.

        Raises
        ------
        ConfigurationError
            No state connects all of them.
        """
        routed = {role for table in self.tables.values() for role in table.roles}
        if not (wanted := routed & {*roles}):
            return None
        fitting = [name for name, table in self.tables.items() if wanted <= {*table.roles}]
        if not fitting:
            raise ConfigurationError(
                f"[fixture.routing] has no state that connects {' and '.join(sorted(wanted))} at the same time. Its "
                f"states are {', '.join(self.tables)}")
        now = self.routing.state()
        return now if now in fitting else fitting[0]

    def refusal(self, roles: Sequence[str]) -> str:
        """Return why instruments of these roles cannot measure together; "" where they can."""
        try:
            self.state_for(roles)
        except ConfigurationError as error:
            return str(error)
        return ""

    def prepare(self, roles: Sequence[str]) -> None:
        """Select the state for these roles, with all outputs off."""
        state = self.state_for(roles)
        if state is None or (state == self.routing.state() and not isinstance(self.routing, OutputOffRouting)):
            return
        self.require_off("the route to the device")
        self.routing.select(state)

    def open_matrix(self) -> MatrixRouting | None:
        """Return the switch matrix of the routes, if it has selected none; None: it has, or there is no matrix."""
        routing = self.routing
        return routing if isinstance(routing, MatrixRouting) and routing.state() is None else None

    def in_each(self, act: Callable[[], None]) -> None:
        """Do something with the route that is selected; if it is none, with each route of a matrix in turn.

        All outputs are off before and afterwards.
        """
        if (routing := self.open_matrix()) is None:
            act()
            return
        try:
            for state in routing.states():
                routing.select(state)
                act()
        finally:
            routing.open_all()

    def unreachable(self, role: str) -> str:
        """Return why the output of a role must not go on now; "" where it may."""
        mine = [name for name, table in self.tables.items() if role in table.roles]
        if not mine or (now := self.routing.state()) in mine:
            return ""
        found = ("no state of the routing is selected" if now is None
                 else f"the state '{now}' does not connect the role '{role}'")
        return f"{found}. Select the state '{mine[0]}' first, with Bench.routes.prepare(['{role}'])"


def _require_known(state: str, states: Mapping[str, object]) -> None:
    if state not in states:
        raise LimitError(f"[fixture.routing] has no state '{state}'{nearest(state, states)}")


def routes_of(
    table: RoutingTable, terminals: Mapping[str, str], instruments: ConnectedInstruments
) -> Routes:
    """Return the routes of a bench file's table; the instruments are open.

    Parameters
    ----------
    table : ``[fixture.routing]``
    terminals : role -> terminal
    instruments : those of the bench
    """
    routing: Routing
    states = table.states
    if table.kind == "matrix":
        routing = MatrixRouting(
            instruments.crosspoints_of(table.instrument),
            {name: [point.upper() for point in state.crosspoints] for name, state in states.items()})
    elif table.kind == "output_off":
        routing = OutputOffRouting(
            {name: [terminals[role] for role in state.roles] for name, state in states.items()}, instruments.driver_of)
    else:
        words = {name: f"connects {' and '.join(terminals[role] for role in state.roles)} to the device"
                 for name, state in states.items()}
        routing = instruments.hand_switch or OperatorRouting(words, table.state, instruments.ask)
    return Routes(routing, states, instruments.require_outputs_off)

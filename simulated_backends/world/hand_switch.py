"""A switch of the wiring that a hand sets: the simulated twin of an operator who changes cables."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tsbench.errors import ConfigurationError, nearest
from tsbench.netlist import Netlist
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import OPEN
from tsbench.simulated_backends.world.world_file import SwitchTable


class HandSwitch:
    """Closes the resistors of one position and opens those of the others.

    Satisfies the bench's ``Routing`` capability by structure.

    Parameters
    ----------
    bench : BenchServices
    positions : position -> the resistors of the circuit that are closed in it
    closed : resistor -> its resistance while it is closed [Ohm]
    """

    def __init__(
        self, bench: BenchServices, positions: Mapping[str, Sequence[str]], closed: Mapping[str, float],
    ) -> None:
        self._bench, self._positions, self._closed = bench, positions, closed
        self._state: str | None = None

    def states(self) -> Sequence[str]:
        """Return the names of the positions."""
        return list(self._positions)

    def state(self) -> str | None:
        """Return the position; None: nothing is connected."""
        return self._state

    def select(self, state: str) -> None:
        """Set a position, now; ConfigurationError where there is no such position."""
        if state not in self._positions:
            raise ConfigurationError(f"the switch has no position '{state}'{nearest(state, self._positions)}")
        with self._bench.lock:
            self._bench.sync()
            self._bench.moved("switch", f"position {state}")
            self.put(state)
            self._bench.relays("switch", [state])

    def put(self, state: str | None) -> None:
        """Set a position without a report; None: open all."""
        wanted = self._positions[state] if state is not None else ()
        for name, resistance in self._closed.items():
            self._bench.circuit.set_resistance(name, resistance if name in wanted else OPEN)
        self._bench.changed()
        self._state = state


def hand_switch_of(
    table: SwitchTable | None, netlist: Netlist, bench: BenchServices, path: Path
) -> HandSwitch | None:
    """Return the switch of a world file; ConfigurationError where a resistor or the first position does not exist."""
    if table is None:
        return None
    resistors = {one.name.lower(): one for one in netlist.of_kind("R")}
    positions: dict[str, list[str]] = {}
    for position, names in table.positions.items():
        for name in names:
            if name.lower() not in resistors:
                raise ConfigurationError(f"{path}: switch.positions.{position}: the netlist has no resistor '{name}'"
                                         f"{nearest(name.lower(), resistors)}")
        positions[position] = [resistors[name.lower()].name for name in names]
    if table.first is not None and table.first not in positions:
        raise ConfigurationError(f"{path}: switch.first: there is no position '{table.first}'"
                                 f"{nearest(table.first, positions)}")
    closed = {name: resistors[name.lower()].value for names in positions.values() for name in names}
    return HandSwitch(bench, positions, closed)

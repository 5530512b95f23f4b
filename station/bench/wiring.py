"""How the instruments of a bench file reach the device: the path of each terminal, the fixture as a run keeps it."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tsbench.errors import ConfigurationError
from tsbench.instruments.driver import SOURCES
from tsbench.instruments.fixture import DEVICE, has_place, parallel_capacitance, path_of, with_short
from tsbench.instruments.guard.limits import WirePath
from tsbench.instruments.registry import entry
from tsbench.netlist import GROUND
from tsbench.records import Fixture, Sensing
from tsbench.station.bench.bench_file import BenchFile

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
            return WirePath(resistance=math.inf, gain=0.0)
        source = self._source_resistance(terminal)
        node = self.file.table.fixture.terminals.get(terminal)
        netlist, tee = self.file.netlist, self.file.table.fixture.bias_tee
        if netlist is not None and tee and "source meter" not in self.kinds(terminal):
            netlist = with_short(netlist, tee)
        path = (WirePath(resistance=source) if netlist is None or node is None else path_of(netlist, node, source))
        measured, roles = self.file.table.fixture.measured.path_resistance, self.file.table.roles
        found = [measured[role] for role, place in roles.items() if place == terminal and role in measured]
        return replace(path, resistance=found[0]) if found and math.isfinite(path.resistance) else path

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
            parallel_conductance=self._scope_inputs_at_device() / SCOPE_INPUT,
        )

    def sensing(self) -> Sensing:
        """Return how scope channels see the device.

        Raises
        ------
        ConfigurationError
            The current must go into an input of 50 Ohm, and the oscilloscope has none.
        """
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

    def _capacitance(self) -> float:
        measured = self.file.table.fixture.measured.parallel_capacitance
        if measured is not None:
            return measured
        return parallel_capacitance(self.file.netlist) if self.file.netlist else 0.0

    def _source_resistance(self, terminal: str) -> float:
        return float(getattr(self.driver_of(terminal).capabilities, "output_resistance", 0.0))

    def _scope_inputs_at_device(self) -> int:
        """Return how many scope inputs are wired to the driven node of the device's place."""
        netlist, terminals = self.file.netlist, self.file.table.fixture.terminals
        if netlist is None or not has_place(netlist):
            return 0
        driven = next((node for node in netlist.find(DEVICE).nodes if node != GROUND), None)
        return sum(node.lower() == driven and "oscilloscope" in self.kinds(t) for t, node in terminals.items())

"""Values that an observer can read from a circuit at its present time, and counts of what was computed."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.steady.steady_states import SteadyStates
from tsbench.simulated_backends.circuit.structure import CircuitStructure, Front, known_name
from tsbench.simulated_backends.circuit.system import Row


class CircuitReadings:
    """Reads a circuit at its present time, and counts what was computed; :class:`.circuit.Circuit` holds it.

    Parameters
    ----------
    structure, front, steady
        The parts of the circuit.
    """

    def __init__(self, structure: CircuitStructure, front: Front, steady: SteadyStates) -> None:
        self._structure, self._front, self._steady = structure, front, steady

    @property
    def refused_steps(self) -> int:
        """Return how many steps the error control has refused so far."""
        return int(self._front.control.refused)

    @property
    def evaluations(self) -> int:
        """Return how often the circuit has been evaluated so far: by steps, refused ones, and looks at stability."""
        looks = int(self._front.control.looks) + self._structure.looks
        return 6 * self._front.taken + 5 * self.refused_steps + looks

    def unknowns(self) -> FloatArray:
        """Return a copy of the unknowns now."""
        return np.array(self._steady.unknowns_now())

    def row(self, kind: Literal["voltage", "current"], name: str) -> Row:
        """Return the coefficients of a node voltage or element current in the unknowns and sources."""
        system = self._structure.system
        rows, what = (system.voltages, "node") if kind == "voltage" else (system.currents, "element")
        return rows[known_name(name, rows, what)]

    def voltage(self, node: str) -> float:
        """Return the voltage of ``node`` now [V]."""
        return self._now(self.row("voltage", node))

    def current(self, element: str) -> float:
        """Return the current into the first terminal of ``element`` now [A]; of a source meter: out of it."""
        return self._now(self.row("current", element))

    def device_state(self, device: str) -> Mapping[str, float]:
        """Return the states of ``device`` now, such as ``{"temperature": 296.0}``."""
        key = known_name(device, self._structure.models, "device")
        states = self._structure.states(key, self._steady.unknowns_now())
        return dict(zip(self._structure.models[key].states, states, strict=True))

    def _now(self, row: Row) -> float:
        front, steady = self._front, self._steady
        y = front.unknowns() if steady.cycle is None else steady.unknowns_now()
        return self._structure.compiled.value(row, front.time, y)

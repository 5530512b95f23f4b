"""Values that an observer can read from a circuit at its present time."""

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.changes import DeviceChanges
from tsbench.simulated_backends.circuit.kernel.compiled_circuit import CompiledCircuit
from tsbench.simulated_backends.circuit.steady.steady_states import SteadyStates
from tsbench.simulated_backends.circuit.structure import CircuitStructure, Front, known_name
from tsbench.simulated_backends.circuit.system import Row
from tsbench.simulated_backends.devices.model import DeviceModel


class CircuitReadings:
    """Answers questions; :class:`.circuit.Circuit` adds what changes a circuit.

    Parameters
    ----------
    structure, front, steady, changes
        The parts of the circuit.
    """

    def __init__(
        self, structure: CircuitStructure, front: Front, steady: SteadyStates, changes: DeviceChanges
    ) -> None:
        self.structure, self._front, self._steady, self._changes = structure, front, steady, changes
        self._notes: list[str] = []

    # ------------------------------------------------------------------------------------ what it is

    @property
    def nodes(self) -> Sequence[str]:
        """Return the names of all nodes but ground."""
        return self.structure.nodes

    @property
    def devices(self) -> Sequence[str]:
        """Return the device element names as written, such as "XDUT"."""
        return [e.name for e in self.structure.placed_devices]

    @property
    def has_histories(self) -> bool:
        """Return whether any device changes on its way."""
        return bool(self._changes.watches)

    @property
    def compiled(self) -> CompiledCircuit:
        """Return the numbers of the circuit as it is now."""
        return self.structure.compiled

    @property
    def rtol(self) -> float:
        """Return the relative tolerance of the integrator."""
        return self.structure.compiled.rtol

    @property
    def largest_step(self) -> float:
        """Return the largest step allowed [s]."""
        return self._front.largest_step

    @property
    def messages(self) -> Sequence[str]:
        """Return what had to be regularised, and operating points that are unstable."""
        return (*self.structure.system.messages, *self._notes)

    def model_of(self, device: str) -> DeviceModel:
        """Return the model that stands in the position of ``device``."""
        return self.structure.models[known_name(device, self.structure.models, "device")]

    # ------------------------------------------------------------------------------------ where it stands

    @property
    def steps(self) -> int:
        """Return the number of accepted steps so far."""
        return self._front.steps

    @property
    def refused_steps(self) -> int:
        """Return how many steps the error control has refused so far."""
        return int(self._front.control.refused)

    @property
    def evaluations(self) -> int:
        """Return how often the circuit has been evaluated so far: by steps, refused ones, and looks at stability."""
        looks = int(self._front.control.looks) + self.structure.looks
        return 6 * self._front.taken + 5 * self.refused_steps + looks

    @property
    def steady(self) -> bool:
        """Return whether the circuit repeats its last period until something is changed."""
        cycle = self._steady.cycle
        return cycle is not None and math.isinf(cycle.end)

    def unknowns(self) -> FloatArray:
        """Return a copy of the unknowns now."""
        return np.array(self._steady.unknowns_now())

    def row(self, kind: Literal["voltage", "current"], name: str) -> Row:
        """Return the coefficients of a node voltage or element current in the unknowns and sources."""
        system = self.structure.system
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
        key = known_name(device, self.structure.models, "device")
        states = self.structure.states(key, self._steady.unknowns_now())
        return dict(zip(self.structure.models[key].states, states, strict=True))

    def _now(self, row: Row) -> float:
        front, steady = self._front, self._steady
        y = front.unknowns() if steady.cycle is None else steady.unknowns_now()
        return self.structure.compiled.value(row, front.time, y)

"""An assembled circuit: matrices, and how every voltage and current depends on the unknowns."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from tsbench.records import FloatArray

IndexArray = npt.NDArray[np.intp]


@dataclass(frozen=True)
class StageElement:
    """A source meter's output: its servo voltage v_s behind ``output_resistance`` on ``node``."""

    name: str
    node: str
    output_resistance: float


@dataclass(frozen=True)
class Row:
    """A quantity as y·``y`` + u·``u`` + y'·``dy`` + u'·``du``."""

    y: FloatArray
    u: FloatArray
    dy: FloatArray
    du: FloatArray

    @cached_property
    def terms(self) -> tuple[tuple[IndexArray, FloatArray], ...]:
        """Return where each of the four is not zero, and what it is there."""
        return tuple((used := np.flatnonzero(a), a[used]) for a in (self.y, self.dy, self.u, self.du))

    def scaled(self, factor: float) -> "Row":
        """Return the quantity times ``factor``."""
        return Row(factor * self.y, factor * self.u, factor * self.dy, factor * self.du)

    def plus(self, other: "Row") -> "Row":
        """Return the sum of two quantities."""
        return Row(self.y + other.y, self.u + other.u, self.dy + other.dy, self.du + other.du)

    def rate(self) -> "Row":
        """Return the time derivative of a quantity that does not contain derivatives itself."""
        return Row(np.zeros_like(self.y), np.zeros_like(self.u), self.y, self.u)


@dataclass(frozen=True)
class System:
    """A circuit as matrices; the order of y is given by ``linear``, then device states, then device currents."""

    linear: tuple[str, ...]  #: what the linear states are, for messages
    stage_index: dict[str, int]
    inductor_index: dict[str, int]
    first_state: dict[str, int]  #: device -> index of its first state
    current_index: dict[str, int]  #: device -> index of its current
    size: int
    A: FloatArray
    B: FloatArray
    E: FloatArray
    voltages: dict[str, Row]  #: node -> its voltage
    currents: dict[str, Row]  #: element (lower case) -> current into its first terminal
    capacitive: FloatArray  #: (linear states from capacitances, nodes in ``nodes``): z = capacitive @ v(nodes)
    nodes: tuple[str, ...]
    messages: tuple[str, ...]
    resistances: FloatArray  #: [Ohm] of the resistors: each a source of noise
    #: what a current beside each resistor and device does to the rates of linear states, (linear, resistors + devices)
    noise_rates: FloatArray
    noise_voltages: dict[str, FloatArray]  #: and to the voltage of each node, (resistors + devices,)
    stage_nodes: tuple[str, ...]
    stage_resistances: tuple[float, ...]  #: [Ohm]

    @cached_property
    def unknowns(self) -> tuple[Row, ...]:
        """Return each unknown as a quantity."""
        sources = np.zeros(self.B.shape[1])
        return tuple(Row(one, sources, np.zeros(self.size), sources) for one in np.eye(self.size))

"""What of a circuit is the same whatever its values: the shape that specialised code is written for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.mechanism import Mechanism


@dataclass(frozen=True)
class PlacedDevice:
    """A device in the unknowns: its equations, the place of its first state, how many states, and its current's place.

    ``control_row`` is the row of L for its control voltage. It is -1 if the device has no control voltage.
    """

    mechanism: Mechanism
    first: int
    states: int
    current: int
    control_row: int


@dataclass(frozen=True)
class Topology:
    """Sizes of the blocks of unknowns of :mod:`.equations`, and which entries of L are not zero."""

    linear: int
    devices: tuple[PlacedDevice, ...]
    stages: tuple[int, ...]  #: place of each source meter's voltage in y
    occupied: tuple[tuple[int, ...], ...]  #: for each row of L, the columns that are not zero

    @property
    def differential(self) -> int:
        """Return how many unknowns have a derivative. They come first; the currents of the devices follow."""
        return self.linear + sum(d.states for d in self.devices)

    @property
    def size(self) -> int:
        """Return the number of unknowns."""
        return self.differential + len(self.devices)


def topology_of(
    linear: int, mechanisms: Sequence[Mechanism], first_states: Sequence[int], size: int, stages: Mapping[str, int],
    controls: Sequence[int], L: FloatArray,
) -> Topology:
    """Describe a circuit.

    Parameters
    ----------
    linear, size : int
        Number of linear states and of all unknowns.
    mechanisms, first_states : sequences
        Equations of each device, and the place of its first state.
    stages : mapping
        Place of each source meter's voltage.
    controls : sequence
        Row of L with the control voltage of each device, -1 where it has none.
    L : array
        See :func:`.equations.right_side`.
    """
    currents = size - len(mechanisms)
    ends = [*first_states[1:], currents][: len(mechanisms)]
    devices = tuple(
        PlacedDevice(mechanism, first, end - first, currents + k, control_row)
        for k, (mechanism, first, end, control_row) in enumerate(
            zip(mechanisms, first_states, ends, controls, strict=True)))
    occupied = tuple(tuple(int(c) for c in np.flatnonzero(row)) for row in L)
    return Topology(linear, devices, tuple(stages.values()), occupied)

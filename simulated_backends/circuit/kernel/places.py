"""Where things stand among the unknowns of :mod:`.equations`: one array of whole numbers, read by name.

A plain array: compiled code hands it on with every evaluation of the circuit, and a tuple of arrays would cost more.
"""

from collections.abc import Sequence

import numpy as np

from tsbench.simulated_backends.numerics.compilation import inlined
from tsbench.simulated_backends.numerics.linear import IntArray

# the numbers of linear states, devices and stages, and the first current; then two numbers of each device, after the
# last of them the end of its states; then a place for each stage; then a row, and a number of paths, for each device
_LINEAR_STATES, _DEVICE_COUNT, _STAGE_COUNT, _FIRST_CURRENT, _DEVICES = range(5)


def places_of(
    linear: int, kinds: Sequence[int], first_states: Sequence[int], first_current: int, stages: Sequence[int],
    control_rows: Sequence[int], paths: Sequence[int],
) -> IntArray:
    """Return the array.

    Parameters
    ----------
    linear : int
        Number of linear states.
    kinds, first_states : sequences
        Kind number of each device, and the place of its first state.
    first_current : int
        Place of the first device current, which is also the number of differential unknowns.
    stages : sequence
        Place of each source meter's voltage.
    control_rows : sequence
        Row of L with the control voltage of each device, -1 where it has none.
    paths : sequence
        How many random paths move each device.
    """
    pairs = [number for pair in zip(kinds, first_states, strict=True) for number in pair]
    numbers = [linear, len(kinds), len(stages), first_current, *pairs, 0, first_current, *stages, *control_rows,
               *paths]
    return np.array(numbers, dtype=np.int64)


@inlined
def linear_states(places: IntArray) -> int:
    """Return the number of linear states, which come first."""
    return int(places[_LINEAR_STATES])


@inlined
def device_count(places: IntArray) -> int:
    """Return the number of devices."""
    return int(places[_DEVICE_COUNT])


@inlined
def stage_count(places: IntArray) -> int:
    """Return the number of source meters' output stages."""
    return int(places[_STAGE_COUNT])


@inlined
def first_current(places: IntArray) -> int:
    """Return the place of the first device current: the unknowns from here on are algebraic."""
    return int(places[_FIRST_CURRENT])


@inlined
def differential_count(places: IntArray) -> int:
    """Return the number m of differential unknowns: those with a derivative, which come before the device currents."""
    return int(places[_FIRST_CURRENT])


@inlined
def device_kind(places: IntArray, k: int) -> int:
    """Return the kind number of device ``k``."""
    return int(places[_DEVICES + 2 * k])


@inlined
def first_state(places: IntArray, k: int) -> int:
    """Return the place of the first state of device ``k``."""
    return int(places[_DEVICES + 2 * k + 1])


@inlined
def states_end(places: IntArray, k: int) -> int:
    """Return the place behind the last state of device ``k``."""
    return int(places[_DEVICES + 2 * k + 3])


@inlined
def stage_place(places: IntArray, k: int) -> int:
    """Return the place of the voltage of source meter ``k``."""
    return int(places[_DEVICES + 2 * places[_DEVICE_COUNT] + 2 + k])


@inlined
def control_row_of(places: IntArray, k: int) -> int:
    """Return the row of L with the control voltage of device ``k``, -1 where it has none."""
    return int(places[_DEVICES + 2 * places[_DEVICE_COUNT] + 2 + places[_STAGE_COUNT] + k])


@inlined
def path_count(places: IntArray, k: int) -> int:
    """Return how many random paths move device ``k``."""
    return int(places[_DEVICES + 3 * places[_DEVICE_COUNT] + 2 + places[_STAGE_COUNT] + k])

"""How the noise of stochastic devices reaches the integrator: as straight pieces of their Brownian paths.

Between two instants of the dyadic grid a path is replaced by a straight line, so the integrator sees an ordinary
differential equation and keeps its order, its stiffness and its error control; as the pieces get shorter the solution
converges to that of the stochastic equation in Stratonovich's sense (E. Wong and M. Zakai, 1965). How long a piece may
be follows from the states of the devices alone: long at rest, where the noise does nothing, short where a filament
forms. Each piece starts where the true path is at that instant, so whatever its length and wherever a source changed,
the circuit stays on the same path.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.circuit.kernel.named_record import new_record
from tsbench.simulated_backends.circuit.kernel.places import (
    device_count,
    device_kind,
    first_current,
    first_state,
    linear_states,
    path_count,
)
from tsbench.simulated_backends.devices.dispatch import noise_interval
from tsbench.simulated_backends.devices.mechanism import SEED, SLOPES
from tsbench.simulated_backends.numerics.brownian import DEPTHS, TICKS_PER_SECOND, UNIT_BITS, path_going_on, piece
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.numerics.linear import IntArray


class PathClock(Protocol):
    """Where on the paths the integrator is: a record that compiled code reads and writes."""

    start: float  #: of the present piece [s]
    end: float  #: of the present piece [s]
    tick: int  #: the same, in ticks since 0
    refinement: float  #: factor on the length of pieces
    on: bool  #: whether any device is stochastic


_CLOCK = np.dtype([("start", np.float64), ("end", np.float64), ("tick", np.int64), ("refinement", np.float64),
                   ("on", np.bool_)], align=True)


class DeviceNoise(NamedTuple):
    """What the integrator remembers of the devices' noise between calls."""

    clock: PathClock
    paths: FloatArray  #: values of all paths at the end of the piece
    cache: FloatArray  #: see :func:`.numerics.brownian.path_going_on`, one row per path: it only makes it quicker
    nodes: IntArray  #: the same


def device_noise(paths: Sequence[int], stochastic: bool, refinement: float) -> DeviceNoise:
    """Return what the integrator begins with.

    Parameters
    ----------
    paths : how many random paths move each device
    stochastic : whether any device is
    refinement : factor on the length of pieces
    """
    clock: Any = new_record(_CLOCK)
    clock.end, clock.refinement, clock.on = np.inf, refinement, stochastic
    count = sum(paths)
    return DeviceNoise(
        clock, np.zeros(count), np.zeros((count, 2 * DEPTHS)), np.full((count, 1 + DEPTHS), -1, dtype=np.int64))


@compiled
def next_piece(
    L: FloatArray, devices: FloatArray, places: IntArray, drive: FloatArray, y: FloatArray, noise: DeviceNoise,
    t: float, new: bool,
) -> float:
    """See whether the piece is over at ``t`` or has become too long, and if so write the slopes of the next one.

    Returns the end of the piece [s]. With ``new`` there is no piece to go on with. Other arguments as in
    :func:`.equations.right_side`.
    """
    clock, paths, cache, nodes = noise.clock, noise.paths, noise.cache, noise.nodes
    nl, nd, currents = linear_states(places), device_count(places), first_current(places)
    wanted = 1.0
    for k in range(nd):
        if path_count(places, k) > 0:
            v = drive[nl + k]
            for b in range(y.size):
                v += L[nl + k, b] * y[b]
            wanted = min(wanted, noise_interval(
                device_kind(places, k), devices, k, v, y[currents + k], y, first_state(places, k)))
    wanted *= clock.refinement
    if not new and t < clock.end and clock.end - clock.start <= 2.5 * wanted:
        return float(clock.end)
    unit, now, end = piece(t, wanted)
    known = not new and (unit << UNIT_BITS) + now == clock.tick   # the piece before ended here
    clock.tick = (unit << UNIT_BITS) + end
    clock.start, clock.end = t, ((unit << UNIT_BITS) + end) / TICKS_PER_SECOND
    place = 0
    for k in range(nd):
        seed = np.int64(devices[k, SEED])
        for c in range(path_count(places, k)):
            if now == 0:
                before = 0.0
            elif known:
                before = paths[place]
            else:
                before = path_going_on(seed, c, unit, now, cache, nodes, place)
            paths[place] = path_going_on(seed, c, unit, end, cache, nodes, place)
            devices[k, SLOPES + c] = (paths[place] - before) / (clock.end - t)
            place += 1
    return float(clock.end)

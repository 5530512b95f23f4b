"""How the noise of stochastic devices reaches the integrator: as straight pieces of their Brownian paths.

Between two instants of the dyadic grid a path is replaced by a straight line, so the integrator sees an ordinary
differential equation and keeps its order, its stiffness and its error control; as the pieces get shorter the solution
converges to that of the stochastic equation in Stratonovich's sense (E. Wong and M. Zakai, 1965). How long a piece may
be follows from the states of the devices alone: long at rest, where the noise does nothing, short where a filament
forms. Each piece starts where the true path is at that instant, so whatever its length and wherever a source changed,
the circuit stays on the same path.
"""

from collections.abc import Sequence

from numpy import float64, full, int64, zeros

from tsbench.simulated_backends.circuit.engine import FloatArray
from tsbench.simulated_backends.circuit.kernel.equations import Arrays
from tsbench.simulated_backends.circuit.kernel.places import (
    device_count,
    first_current,
    first_state,
    kind_of,
    linear_states,
    path_count,
)
from tsbench.simulated_backends.devices.dispatch import noise_interval
from tsbench.simulated_backends.devices.mechanism import SEED, SLOPES
from tsbench.simulated_backends.numerics.brownian import DEPTHS, TICKS_PER_SECOND, UNIT_BITS, path_going_on, piece
from tsbench.simulated_backends.numerics.compilation import compiled, inlined
from tsbench.simulated_backends.numerics.linear import IntArray


def noise_space(paths: Sequence[int], stochastic: bool, refinement: float) -> Arrays:
    """Return what the integrator remembers of the noise between calls.

    (clock, paths, tick, cache, nodes): clock is [start of the piece, its end [s], factor on the length of pieces, 1 if
    any device is stochastic], paths the values of all paths at the end of the piece, tick that end in ticks since 0;
    cache and nodes as in :func:`.brownian.path_going_on`, one row per path: they only make it quicker.

    Parameters
    ----------
    paths : how many random paths move each device
    stochastic : whether any device is
    refinement : factor on the length of pieces
    """
    clock = zeros(4, dtype=float64)
    clock[1] = float("inf")
    clock[2], clock[3] = refinement, float(stochastic)
    count = sum(paths)
    return (
        clock, zeros(count, dtype=float64), zeros(1, dtype=int64), zeros((count, 2 * DEPTHS), dtype=float64),
        full((count, 1 + DEPTHS), -1, dtype=int64))


@inlined
def is_noisy(noise: Arrays) -> bool:
    """Return whether any device is stochastic."""
    return bool(noise[0][3] != 0.0)


@inlined
def piece_end_of(noise: Arrays) -> float:
    """Return the end of the present piece [s]."""
    return float(noise[0][1])


@compiled
def next_piece(
    L: FloatArray, devices: FloatArray, index: IntArray, drive: FloatArray, y: FloatArray, noise: Arrays, t: float,
    new: bool,
) -> float:
    """See whether the piece is over at ``t`` or has become too long, and if so write the slopes of the next one.

    Returns the end of the piece [s]. With ``new`` there is no piece to go on with. Other arguments as in
    :func:`.equations.right_side`.
    """
    clock, paths, tick, cache, nodes = noise
    nl, nd, currents = linear_states(index), device_count(index), first_current(index)
    wanted = 1.0
    for k in range(nd):
        if path_count(index, k) > 0:
            v = drive[nl + k]
            for b in range(y.size):
                v += L[nl + k, b] * y[b]
            wanted = min(wanted, noise_interval(
                kind_of(index, k), devices, k, v, y[currents + k], y, first_state(index, k)))
    wanted *= clock[2]
    if not new and t < clock[1] and clock[1] - clock[0] <= 2.5 * wanted:
        return float(clock[1])
    unit, now, end = piece(t, wanted)
    known = not new and (unit << UNIT_BITS) + now == tick[0]   # the piece before ended here
    clock[0], clock[1] = t, ((unit << UNIT_BITS) + end) / TICKS_PER_SECOND
    tick[0] = (unit << UNIT_BITS) + end
    place = 0
    for k in range(nd):
        seed = int64(devices[k, SEED])
        for c in range(path_count(index, k)):
            if now == 0:
                before = 0.0
            elif known:
                before = paths[place]
            else:
                before = path_going_on(seed, c, unit, now, cache, nodes, place)
            paths[place] = path_going_on(seed, c, unit, end, cache, nodes, place)
            devices[k, SLOPES + c] = (paths[place] - before) / (clock[1] - t)
            place += 1
    return float(clock[1])

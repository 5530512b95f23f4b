"""Brownian paths that are functions of (seed, channel, time): asked for at any instants, in any order, always the same.

Time is cut into units of 1/32 s; the increments over units are independent normal numbers, and inside a unit the path
is refined by halving: the midpoint of an interval of length h, given its ends, is normal about their mean with variance
h/4 (P. Lévy's construction). Each number comes from a counter-based generator, a hash of (seed, channel, unit, node of
the binary tree), so nothing is drawn in an order and nothing is remembered. The finest interval is a tick of 2^-34 s.
"""

import math

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.numerics.compilation import compiled
from tsbench.simulated_backends.numerics.linear import IntArray

TICKS_PER_SECOND = 2.0**34
UNIT_BITS = 29
UNIT_TICKS = 1 << UNIT_BITS  #: a unit of 1/32 s
_MASK = UNIT_TICKS - 1

#: channels of normal numbers that are no device's: draws where stability is lost, noise of steps on a ramp
DEPARTURES, THERMAL_STEPS = 1 << 20, (1 << 20) + 1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_A, _B, _C = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB), np.uint64(0xD6E8FEB86659FD93)
_30, _27, _31, _11, _32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(32)


@compiled
def mix(x: np.uint64) -> np.uint64:
    """Return a 64-bit hash (the finaliser of SplitMix64: G. L. Steele et al., OOPSLA 2014)."""
    x = (x ^ (x >> _30)) * _A
    x = (x ^ (x >> _27)) * _B
    return x ^ (x >> _31)


@compiled
def normal_number(seed: int, channel: int, unit: int, node: int) -> float:
    """Return the standard normal number (Box-Muller) of one place of one path."""
    key = mix(np.uint64(seed) + _GOLDEN * np.uint64(channel + 1))
    key = mix(key ^ (np.uint64(unit) * _C))
    key = mix(key + _GOLDEN * np.uint64(node))
    first = (float((key >> _11) & np.uint64(0x1FFFFFFFFFFFFF)) + 0.5) * 2.0**-53
    other = mix(key + _GOLDEN)
    angle = float(other >> _11) * (2.0 * math.pi * 2.0**-53)
    return math.sqrt(-2.0 * math.log(first)) * math.cos(angle)


@compiled
def path_in_unit(seed: int, channel: int, unit: int, ticks: int) -> float:
    """Return W [sqrt(s)] at ``ticks`` (0 to UNIT_TICKS) after the start of ``unit``, relative to that start."""
    if ticks <= 0:
        return 0.0
    size, length = UNIT_TICKS, UNIT_TICKS / TICKS_PER_SECOND
    increment = math.sqrt(length) * normal_number(seed, channel, unit, 0)
    before, node = 0.0, 1
    while 0 < ticks < size:
        half = 0.5 * increment + 0.5 * math.sqrt(length) * normal_number(seed, channel, unit, node)
        size //= 2
        length *= 0.5
        node *= 2
        if ticks >= size:
            before += half
            increment -= half
            ticks -= size
            node += 1
        else:
            increment = half
    return before + increment if ticks > 0 else before


DEPTHS = UNIT_BITS + 1  #: of the tree; :func:`path_going_on` remembers one interval at each
UNIT, ROOT = 0, 1  #: places in a row of its nodes: the unit, and the node at depth 0; deeper ones follow
INCREMENT, START = 0, 1  #: places in each pair of its cache: increment of the interval, value at its start


@compiled
def path_going_on(
    seed: int, channel: int, unit: int, ticks: int, cache: FloatArray, nodes: IntArray, place: int
) -> float:
    """Return what :func:`path_in_unit` returns, bit for bit, from the intervals of the last call as far as they go.

    ``nodes[place]`` (1 + DEPTHS) is [unit, node at each depth], ``cache[place]`` (2 DEPTHS) [increment, value at the
    start] at each depth. A unit of -1 remembers nothing.
    """
    if ticks <= 0:
        return 0.0
    if nodes[place, UNIT] != unit:
        for depth in range(1, 1 + DEPTHS):
            nodes[place, depth] = -1
        nodes[place, UNIT], nodes[place, ROOT] = unit, 1
        cache[place, INCREMENT] = math.sqrt(UNIT_TICKS / TICKS_PER_SECOND) * normal_number(seed, channel, unit, 0)
        cache[place, START] = 0.0
    if ticks >= UNIT_TICKS:
        return float(cache[place, INCREMENT])
    depth = 0
    while depth < UNIT_BITS and nodes[place, ROOT + depth + 1] == (
            1 << (depth + 1)) + (ticks >> (UNIT_BITS - depth - 1)):
        depth += 1
    increment, before = cache[place, 2 * depth + INCREMENT], cache[place, 2 * depth + START]
    node, left = (1 << depth) + (ticks >> (UNIT_BITS - depth)), UNIT_BITS - depth
    rest = ticks & ((1 << left) - 1)
    length = UNIT_TICKS / TICKS_PER_SECOND / (1 << depth)
    while rest > 0:
        half = 0.5 * increment + 0.5 * math.sqrt(length) * normal_number(seed, channel, unit, node)
        left -= 1
        depth += 1
        length *= 0.5
        node *= 2
        if rest >= (1 << left):
            before += half
            increment -= half
            rest -= 1 << left
            node += 1
        else:
            increment = half
        nodes[place, ROOT + depth] = node
        cache[place, 2 * depth + INCREMENT], cache[place, 2 * depth + START] = increment, before
    return float(before)


@compiled
def piece(t: float, wanted: float) -> tuple[int, int, int]:
    """Return (unit, tick in it now, tick in it at the end) of the interval to go on with from ``t`` [s].

    It ends on the dyadic grid and is not longer than 1.25 times ``wanted`` [s] or a unit (but not shorter than 1 ns).
    """
    now = math.floor(t * TICKS_PER_SECOND)
    unit, tick = now >> UNIT_BITS, now & _MASK
    size = UNIT_TICKS
    while size > 16 and size > wanted * TICKS_PER_SECOND:
        size //= 2
    end = (tick // size + 1) * size
    if end - tick < size // 4 and end < UNIT_TICKS:
        end += size
    return unit, tick, end

"""The edges of an oscillation window by bisection: which bias to look at next, and what is known of each edge.

A first pass goes up from the lowest bias in equal steps and ends above the window. If it sees no oscillation, the gaps
are halved twice: a window narrower than a quarter of a step may be missed. Then each edge is bisected between the last
quiet and the first oscillating bias. Both ends of a bracket are looked at twice, so that one spurious record is no
edge; where two looks disagree, a third decides, and the edge is not sharp.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

_HALVINGS = 2
_LOOKS = 2  #: at each end of a bracket


@dataclass(frozen=True)
class WindowLook:
    """One record: the magnitude of the bias [V], and whether the device oscillated."""

    bias: float
    oscillates: bool


@dataclass(frozen=True)
class Edge:
    """An edge of the window between two biases [V]; None: the window goes on to the end of the range."""

    low: float | None
    high: float | None
    sharp: bool = True  #: False: records at the same or at interleaved biases disagree

    def width(self) -> float:
        """Return the width of the bracket [V], 0 where one end is not known."""
        return 0.0 if self.low is None or self.high is None else self.high - self.low


def window_edges(looks: Sequence[WindowLook]) -> tuple[Edge, Edge] | None:
    """Return onset and end of the window; None where no record oscillates.

    Of several looks at one bias, most count; where as many oscillate as do not, the bias says nothing.
    """
    states = _states(looks)
    oscillating = sorted(bias for bias, state in states.items() if state > 0)
    quiet = sorted(bias for bias, state in states.items() if state < 0)
    if not oscillating:
        return None
    doubtful = {look.bias for look in looks if look.oscillates is not (states[look.bias] > 0)}
    inside = oscillating[len(oscillating) // 2]
    onset = _edge([-bias for bias in oscillating if bias <= inside], [-bias for bias in quiet if bias <= inside],
                  {-bias for bias in doubtful})
    end = _edge([bias for bias in oscillating if bias >= inside], [bias for bias in quiet if bias >= inside], doubtful)
    low, high = onset.low, onset.high
    return Edge(None if high is None else -high, None if low is None else -low, onset.sharp), end


def _states(looks: Sequence[WindowLook]) -> dict[float, int]:
    """Return for each bias how many looks oscillate, less those that do not."""
    states: dict[float, int] = {}
    for look in looks:
        states[look.bias] = states.get(look.bias, 0) + (1 if look.oscillates else -1)
    return states


def _edge(oscillating: Sequence[float], quiet: Sequence[float], doubtful: Set[float]) -> Edge:
    """Return the upper edge of a window, of the biases from its inside up."""
    last = max(oscillating)
    if not quiet:
        return Edge(last, None)
    first_quiet = min(quiet)
    if first_quiet > last:
        return Edge(last, first_quiet, sharp=not any(last <= bias <= first_quiet for bias in doubtful))
    surely = [bias for bias in oscillating if bias < first_quiet]
    beyond = [bias for bias in quiet if bias > last]
    return Edge(max(surely) if surely else first_quiet, min(beyond) if beyond else None, sharp=False)


def next_bias(looks: Sequence[WindowLook], lowest: float, highest: float, points: int, width: float) -> float | None:
    """Return the bias [V] to look at next; None once all is known.

    Parameters
    ----------
    looks : so far
    lowest, highest : the range [V], magnitudes
    points : biases of the first pass
    width : of the bracket of each edge that is narrow enough [V]
    """
    seen = {look.bias for look in looks}
    edges = window_edges(looks)
    if edges is None or edges[1].high is None:
        for bias in np.linspace(lowest, highest, points):
            if float(bias) not in seen and (edges is None or bias > max(seen)):
                return float(bias)
    if edges is None:
        return _middle_of_widest_gap(sorted(seen), (highest - lowest) / (points - 1) / 2**_HALVINGS)
    states = _states(looks)
    for edge in edges:
        if edge.low is None or edge.high is None:
            continue
        between = [bias for bias, state in states.items() if edge.low < bias < edge.high and state != 0]
        if between:  # an oscillating bias beyond a quiet one: the edge is not sharp, and a bisection finds none
            continue
        if edge.width() > width:
            return 0.5 * (edge.low + edge.high)
        for end in (edge.low, edge.high):
            if sum(look.bias == end for look in looks) < _LOOKS:
                return end
    return None


def _middle_of_widest_gap(seen: Sequence[float], enough: float) -> float | None:
    gaps = np.diff(seen)
    if not gaps.size or gaps.max() <= enough * (1 + 1e-9):
        return None
    widest = int(np.argmax(gaps >= gaps.max() * (1 - 1e-9)))  # the lowest of equal ones
    return float(0.5 * (seen[widest] + seen[widest + 1]))

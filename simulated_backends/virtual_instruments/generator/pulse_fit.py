"""How a function generator makes pulse width and edges fit into the period."""

from dataclasses import dataclass

_EDGE_SHARE = 0.625  #: half of a 0-100 % ramp per 10-90 % edge: what an edge takes of the width at 50 %


@dataclass(frozen=True)
class PulseTimes:
    """Times of a pulse [s]: width at 50 %, edges 10-90 %."""

    width: float
    lead: float
    trail: float


def fitted(times: PulseTimes, period: float, shortest_width: float, shortest_edge: float) -> PulseTimes:
    """Return the times that fit into ``period`` [s] as the hardware makes them: width first, then edges."""
    width, lead, trail = times.width, times.lead, times.trail
    edges = _EDGE_SHARE * (lead + trail)
    room = max(period - max(shortest_width, min(edges, period / 2)), shortest_width)
    if width > room * (1 + 1e-9):
        width = room
    longest = max(min(width, period - width) / (2 * _EDGE_SHARE), shortest_edge)
    if lead + trail > 2 * longest * (1 + 1e-9):
        lead, trail = min(lead, longest), min(trail, longest)
    return PulseTimes(width, lead, trail)

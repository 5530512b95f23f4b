"""Where each device stands on the map: dies by column and row, several devices of a die beside each other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tsbench.station.sample import SampleDevice

_GAP = 0.08  #: of a die, on each of its sides
_SHAPE = 1.6  #: width by height of the rows of devices that have no place


@dataclass(frozen=True)
class Spot:
    """The square of a device, in units of a die; y grows downwards."""

    name: str
    x: float  #: of its left side
    y: float  #: of its upper side
    side: float

    @property
    def middle(self) -> tuple[float, float]:
        """Return the coordinates of its middle."""
        return self.x + self.side / 2, self.y + self.side / 2

    def holds(self, x: float, y: float) -> bool:
        """Whether a point is in the square."""
        return self.x <= x < self.x + self.side and self.y <= y < self.y + self.side


@dataclass(frozen=True)
class DevicePlaces:
    """The squares of all devices, and the dies that have several of them."""

    spots: tuple[Spot, ...]
    dies: tuple[tuple[int, int], ...]  #: column and row, of devices that have a place
    box: tuple[float, float, float, float]  #: left, top, width and height of everything


def places_of(devices: Sequence[SampleDevice]) -> DevicePlaces:
    """Return where each device stands. The rows of a wafer grow upwards, as those of the prober."""
    placed = [one for one in devices if len(one.place) >= 2]
    others = [one for one in devices if len(one.place) < 2]
    dies: dict[tuple[int, int], list[SampleDevice]] = {}
    for one in placed:
        dies.setdefault((one.place[0], one.place[1]), []).append(one)
    share = math.ceil(math.sqrt(max((len(mine) for mine in dies.values()), default=1)))
    side = (1 - 2 * _GAP) / share
    spots = {}
    for (column, row), mine in dies.items():
        for number, one in enumerate(sorted(mine, key=lambda one: (one.place, one.name))):
            down, right = divmod(number, share)
            spots[one.name] = Spot(one.name, column + _GAP + right * side, -row + _GAP + down * side, 0.94 * side)
    bottom = max((-row + 1 for _, row in dies), default=0) + (1 if dies else 0)
    left = min((column for column, _ in dies), default=0)
    across = max(math.ceil(math.sqrt(_SHAPE * len(others))), max((column for column, _ in dies), default=0) - left + 1)
    for number, one in enumerate(others):
        down, right = divmod(number, across)
        spots[one.name] = Spot(one.name, left + right + _GAP, bottom + down + _GAP, 1 - 2 * _GAP)
    ordered = tuple(spots[one.name] for one in devices)
    return DevicePlaces(ordered, tuple(dies), _box(ordered, tuple(dies)))


def _box(spots: Sequence[Spot], dies: Sequence[tuple[int, int]]) -> tuple[float, float, float, float]:
    if not spots:
        return 0.0, 0.0, 1.0, 1.0
    left = min(*(spot.x - _GAP for spot in spots), *(column for column, _ in dies), math.inf)
    top = min(*(spot.y - _GAP for spot in spots), *(-row for _, row in dies), math.inf)
    right = max(*(spot.x + spot.side + _GAP for spot in spots), *(column + 1 for column, _ in dies), -math.inf)
    bottom = max(*(spot.y + spot.side + _GAP for spot in spots), *(-row + 1 for _, row in dies), -math.inf)
    return left, top, right - left, bottom - top


def neighbour(spots: Sequence[Spot], name: str, right: int, down: int) -> str:
    """Return the device that is next to one in a direction; the same where there is none.

    Parameters
    ----------
    spots : of all devices
    name : of the device to go from; unknown: the first device is returned
    right, down : -1, 0 or 1
    """
    here = next((spot for spot in spots if spot.name == name), None)
    if here is None:
        return spots[0].name if spots else name
    best, nearest = name, math.inf
    for spot in spots:
        dx, dy = spot.middle[0] - here.middle[0], spot.middle[1] - here.middle[1]
        ahead, aside = dx * right + dy * down, abs(dx * down) + abs(dy * right)
        if ahead > 0.3 * here.side and (cost := ahead + 3 * aside) < nearest:
            best, nearest = spot.name, cost
    return best

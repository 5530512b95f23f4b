"""Levels of the sweeps of the 2400 family: staircase (linear, logarithmic) and list."""

from dataclasses import dataclass, field

import numpy as np

from tsbench.simulated_backends.scpi.errors import ScpiError

MOST_POINTS = 2500
MOST_PER_MESSAGE = 100


@dataclass
class Staircase:
    """Start, stop and number of points of one function; the step follows from them."""

    start: float = 0.0  #: [V or A]
    stop: float = 0.0  #: [V or A]

    @property
    def center(self) -> float:
        return (self.start + self.stop) / 2

    @property
    def span(self) -> float:
        return self.stop - self.start

    def take(self, center: float, span: float) -> None:
        """Set centre and span."""
        self.start, self.stop = center - span / 2, center + span / 2

    def step(self, points: int) -> float:
        """Return the step between two of ``points`` levels."""
        return self.span / (points - 1)

    def points_of_step(self, step: float) -> int:
        """Return how many levels a step makes; ScpiError where it leads away from the stop, or makes too many."""
        if step == 0 or self.span / step < 0:
            raise ScpiError(-221)
        points = int(self.span / step + 1e-9) + 1
        if not 2 <= points <= MOST_POINTS:
            raise ScpiError(-222)
        return points

    def levels(self, points: int, logarithmic: bool, down: bool) -> list[float]:
        """Return the levels; ScpiError where a logarithmic staircase would reach zero."""
        if not logarithmic:
            found: list[float] = np.linspace(self.start, self.stop, points).tolist()
        elif self.start * self.stop <= 0:
            raise ScpiError(-221)
        else:
            found = np.geomspace(self.start, self.stop, points).tolist()
        return found[::-1] if down else found


@dataclass
class SweepSettings:
    """What the sweeps of an instrument do, by function ("VOLT", "CURR")."""

    modes: dict[str, str] = field(default_factory=lambda: {"VOLT": "FIX", "CURR": "FIX"})  #: FIX, SWE or LIST
    staircases: dict[str, Staircase] = field(default_factory=lambda: {"VOLT": Staircase(), "CURR": Staircase()})
    lists: dict[str, list[float]] = field(default_factory=lambda: {"VOLT": [0.0], "CURR": [0.0]})
    first_of_list: dict[str, int] = field(default_factory=lambda: {"VOLT": 1, "CURR": 1})
    points: int = MOST_POINTS
    logarithmic: bool = False
    down: bool = False
    ranging: str = "BEST"
    ends_in_compliance: str = "NEV"  #: NEV, EARL or LATE

    def levels(self, function: str) -> list[float] | None:
        """Return the levels of the active sweep of a function; None: it keeps its level."""
        mode = self.modes[function]
        if mode == "SWE":
            return self.staircases[function].levels(self.points, self.logarithmic, self.down)
        if mode == "LIST":
            return self.lists[function][self.first_of_list[function] - 1:]
        return None

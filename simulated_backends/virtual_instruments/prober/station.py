"""A prober: the chuck moves the dies of a wafer map under fixed needles, and up to them.

A chuck that is in contact goes down to its separation height before it moves sideways. Every movement takes its time,
and the witness hears of it: while an output is on, it is a fault of the user.
"""

import math
from collections.abc import Mapping, Sequence

from tsbench.errors import ConfigurationError, nearest
from tsbench.simulated_backends.scpi.executing import Handler
from tsbench.simulated_backends.services.needles import Needles
from tsbench.simulated_backends.services.services import BenchServices

Z_TIME = 0.2  #: [s] between two heights
CONTACT, SEPARATION, ALIGN = "contact", "separation", "align"
#: [um] below the contact height
HEIGHTS: Mapping[str, float] = {CONTACT: 0.0, SEPARATION: -250.0, ALIGN: -500.0}
DIE_SIZE = (1000.0, 1000.0)  #: [um]
SUBSITE_PITCH = 100.0  #: [um] between two devices of a die
ON_SUBSITE = 1.0  #: [um]: a needle that is no further from a device touches it


class ProberStation:
    """Where the chuck is.

    Parameters
    ----------
    bench : BenchServices
    name : str
        Of the instrument.
    wafer : str
        Name of the wafer on the chuck; "": the only one of the world.
    """

    def __init__(self, bench: BenchServices, name: str, wafer: str) -> None:
        self._bench, self._name, self._wafer = bench, name, wafer
        self.height = SEPARATION
        self.column = self.row = self.subsite = 0
        self._between: tuple[float, float] | None = None   # [um]: it stands at no device
        self._map: Mapping[tuple[int, int], Sequence[str]] | None = None

    @property
    def needles(self) -> Needles:
        """Return the needles of this bench."""
        needles = self._bench.needles
        if needles is None:
            raise ConfigurationError("this bench has no place for the needles of a prober. Add an X element to the "
                                     "netlist of the world file, or remove the prober")
        return needles

    @property
    def dies(self) -> Mapping[tuple[int, int], Sequence[str]]:
        """Return (column, row) -> the devices of each die, in the order of the route."""
        if self._map is None:
            wafers = self.needles.wafers()
            if self._wafer and self._wafer not in wafers:
                raise ConfigurationError(
                    f"options.wafer: there is no wafer '{self._wafer}'{nearest(self._wafer, wafers)}")
            if not self._wafer and len(wafers) != 1:
                raise ConfigurationError(
                    f"the world has {len(wafers)} wafers. Write options = {{ wafer = \"NAME\" }} to say which one is "
                    "on the chuck")
            found = wafers[self._wafer or next(iter(wafers))]
            self._map = {die: found[die] for die in sorted(found, key=lambda die: (die[1], die[0]))}
        return self._map

    @property
    def route(self) -> list[tuple[int, int]]:
        """Return the dies in the order of the route."""
        return list(self.dies)

    @property
    def position(self) -> tuple[float, float]:
        """Return where the chuck is from the home die [um]."""
        if self._between is not None:
            return self._between
        return self.column * DIE_SIZE[0] + self.subsite * SUBSITE_PITCH, self.row * DIE_SIZE[1]

    def index(self) -> int:
        """Return the position of the die in the route; -1: it is no die of the map."""
        return self.route.index((self.column, self.row)) if (self.column, self.row) in self.dies else -1

    def has(self, column: int, row: int, subsite: int = 0) -> bool:
        """Return whether the map has this die and subsite."""
        return 0 <= subsite < len(self.dies.get((column, row), ()))

    def go_to_height(self, height: str) -> Handler:
        """Move the chuck up or down."""
        if height == self.height:
            return
        self._bench.moved(self._name, f"chuck to {height}")
        if self.height == CONTACT:
            self.needles.lift()
        yield Z_TIME
        self.height = height
        if height == CONTACT and self._between is None and self.has(self.column, self.row, self.subsite):
            self.needles.touch(self.dies[self.column, self.row][self.subsite])

    def step(self, column: int, row: int, subsite: int, back: bool = True) -> Handler:
        """Move to a die and a subsite; from contact down first, and with ``back`` up again."""
        contact = self.height == CONTACT
        if contact:
            yield from self.go_to_height(SEPARATION)
        if (column, row, subsite) != (self.column, self.row, self.subsite) or self._between is not None:
            self._bench.moved(self._name, f"chuck to die {column} {row}, subsite {subsite}")
            yield self.needles.travel_time
            self.column, self.row, self.subsite, self._between = column, row, subsite, None
        if contact and back:
            yield from self.go_to_height(CONTACT)

    def move(self, x: float, y: float, back: bool = True) -> Handler:
        """Move to a place [um from the home die]. In contact there, the needles touch the device of this place, if any.

        From contact the chuck goes down first, and with ``back`` up again.
        """
        # the subsites are right of their die
        column, row = math.floor((x + ON_SUBSITE) / DIE_SIZE[0]), round(y / DIE_SIZE[1])
        subsite = round((x - column * DIE_SIZE[0]) / SUBSITE_PITCH)
        near = math.hypot(x - column * DIE_SIZE[0] - subsite * SUBSITE_PITCH, y - row * DIE_SIZE[1]) <= ON_SUBSITE
        if near and self.has(column, row, subsite):
            yield from self.step(column, row, subsite, back)
            return
        contact = self.height == CONTACT
        if contact:
            yield from self.go_to_height(SEPARATION)
        if (x, y) != self.position:
            self._bench.moved(self._name, f"chuck to {x:g} um, {y:g} um")
            yield self.needles.travel_time
            self.column, self.row, self.subsite = column, row, 0
            self._between = x, y
        if contact and back:
            yield from self.go_to_height(CONTACT)

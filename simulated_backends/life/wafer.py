"""A wafer of devices, drawn from one seed: neighbours resemble each other, and some devices fail.

A parameter with nominal value p and relative spread sigma (log-normal) becomes, for device d of die D at distance r
from the centre (r = 1 at the edge)::

    p exp(sigma (sqrt(c) z_D + sqrt(1 - c) z_d)) (1 + gradient r^2)

where z_D is common to a die and z_d the device's own, both standard normal and correlated between parameters as the
wafer says. c is the share of the variance that devices of a die have in common. Some devices are shorts or opens
instead. All values are the user's or the catalogue's; where the catalogue marks them A they are assumed.
"""

import functools
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from tsbench.errors import ConfigurationError, nearest
from tsbench.records import FloatArray
from tsbench.simulated_backends.devices.catalogue import CatalogueEntry, catalogue, possible
from tsbench.simulated_backends.devices.model import DeviceModel
from tsbench.simulated_backends.devices.resistor.equations import Resistor
from tsbench.simulated_backends.life.correlation import mixing_matrix

SHORT, OPEN = 30.0, 1e12  #: [Ohm] of a device that is shorted or open [assumed]

State = Literal["good", "short", "open"]


@dataclass(frozen=True)
class Specimen:
    """One device of a wafer."""

    name: str  #: "WAFER_x<column>y<row>_<number>", columns and rows counted from the centre
    model: DeviceModel
    state: State
    radius: float  #: distance of its die from the centre, 1 at the edge of the wafer


@dataclass(frozen=True)
class Wafer:
    """How the devices of one wafer are distributed.

    Raises
    ------
    ConfigurationError
        A model or parameter is unknown, a share is not between 0 and 1, or correlations contradict each other.
    """

    name: str
    model: str  #: of the catalogue
    seed: int
    columns: int = 9  #: dies across the wafer
    rows: int = 9
    devices_per_die: int = 4
    spread: Mapping[str, float] = field(default_factory=dict)  #: relative; default: the catalogue's variability
    gradient: Mapping[str, float] = field(default_factory=dict)  #: relative change from centre to edge
    correlation: Mapping[tuple[str, str], float] = field(default_factory=dict)  #: between two parameters
    common: float = 0.5  #: share of the variance that devices of one die have in common
    shorts: float = 0.0  #: share of devices
    opens: float = 0.0

    def __post_init__(self) -> None:
        entry = self.entry
        known = {parameter.name for parameter in entry.parameters}
        for name in (*self.spread, *self.gradient, *(name for pair in self.correlation for name in pair)):
            if name not in known:
                raise ConfigurationError(
                    f"wafer {self.name}: {self.model} has no parameter '{name}'{nearest(name, known)}")
        for what, share in (("common", self.common), ("shorts", self.shorts), ("opens", self.opens)):
            if not 0.0 <= share <= 1.0:
                raise ConfigurationError(f"wafer {self.name}: {what} = {share:g} is a share and must be between 0 and "
                                         "1")
        if self.shorts + self.opens > 1.0:
            raise ConfigurationError(f"wafer {self.name}: shorts = {self.shorts:g} and opens = {self.opens:g} "
                                     "together exceed 1")
        for name, change in self.gradient.items():
            if not change > -1.0:
                raise ConfigurationError(
                    f"wafer {self.name}: gradient.{name} = {change:g} makes this parameter negative at the edge of "
                    "the wafer. Use a value above -1")
        if min(self.columns, self.rows, self.devices_per_die) < 1:
            raise ConfigurationError(f"wafer {self.name}: columns, rows and devices_per_die must be at least 1")
        self._mixing()

    @property
    def entry(self) -> CatalogueEntry:
        """Return the model's catalogue entry."""
        entries = catalogue()
        if self.model.lower() not in entries:
            raise ConfigurationError(
                f"wafer {self.name}: the catalogue has no device '{self.model}'{nearest(self.model.lower(), entries)}")
        return entries[self.model.lower()]

    def _spreads(self) -> dict[str, float]:
        return dict(sorted({**self.entry.variability, **self.spread}.items()))

    def _mixing(self) -> FloatArray:
        """Return the matrix that turns independent normal numbers into correlated ones, shape (parameters, same)."""
        return mixing_matrix(list(self._spreads()), self.correlation, f"wafer {self.name}")

    def dies(self) -> Iterator[tuple[int, int, float]]:
        """Yield (column, row, distance from the centre) of each die on the round wafer, from the centre's numbers."""
        half_x, half_y = self.columns / 2, self.rows / 2
        for y in range(self.rows):
            for x in range(self.columns):
                across, along = x + 0.5 - half_x, y + 0.5 - half_y
                radius = float(np.hypot(across / half_x, along / half_y))
                if radius <= 1.0:
                    yield x - self.columns // 2, y - self.rows // 2, radius

    def specimens(self) -> Iterator[Specimen]:
        """Yield every device; each is the same whichever others are asked for."""
        spreads, mixing = self._spreads(), self._mixing()
        for x, y, radius in self.dies():
            of_die = mixing @ self._stream("die", x, y).standard_normal(len(spreads))
            for number in range(1, self.devices_per_die + 1):
                stream = self._stream("device", x, y, number)
                name, fate = f"{self.name}_x{x}y{y}_{number}", stream.random()
                state: State = "short" if fate < self.shorts else "open" if fate < self.shorts + self.opens else "good"
                model: DeviceModel = Resistor(r=SHORT if state == "short" else OPEN)
                if state == "good":
                    draw = functools.partial(self._drawn, spreads, mixing, of_die, radius, stream)
                    model = possible(draw).seeded(self.seed, name)
                yield Specimen(name, model, state, radius)

    def _drawn(
        self, spreads: Mapping[str, float], mixing: FloatArray, of_die: FloatArray, radius: float,
        stream: np.random.Generator,
    ) -> DeviceModel:
        nominal = {parameter.name: parameter.value for parameter in self.entry.parameters}
        own = mixing @ stream.standard_normal(len(spreads))
        z = np.sqrt(self.common) * of_die + np.sqrt(1.0 - self.common) * own
        drawn = {p: nominal[p] * float(np.exp(s * z[k])) for k, (p, s) in enumerate(spreads.items())}
        for p, change in self.gradient.items():
            drawn[p] = drawn.get(p, nominal[p]) * (1.0 + change * radius**2)
        return self.entry.model().with_parameters(drawn)

    def _stream(self, *keys: str | int) -> np.random.Generator:
        digest = hashlib.sha256(repr((self.seed, self.name, *keys)).encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:16], "big"))

"""What every protocol of pulses is: a generator sends them, a scope records them, between them the device rests."""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_validator

from tsbench.errors import ConfigurationError
from tsbench.instruments import PlanItem, Range, Station
from tsbench.protocols.acquiring.device_view import device_view
from tsbench.protocols.protocol import Protocol
from tsbench.protocols.pulses.layout import EDGE_SHARE
from tsbench.protocols.pulses.series import PulseSeries
from tsbench.protocols.worst_case import behind_resistance, limit_refusals, range_refusal, worst_case
from tsbench.records import Recorder, Step

#: [s] arming, transfer and set-up of one scope acquisition
OVERHEAD = 0.1
#: why a bench without a scope at the device is refused
NO_SCOPE = "[fixture.sensing] names no scope channel at the device"


class PulseProtocol(Protocol):
    """Base of the protocols of pulses: their checks, their worst case, and a run series by series."""

    roles: ClassVar[tuple[str, ...]] = ("pulser", "scope")
    acquisition: ClassVar[type[PulseSeries[Any]]]  #: what takes the records

    if TYPE_CHECKING:  # each declares them where they stand in its own form, in types of ``protocols.fields``
        amplitude: tuple[float, ...]
        base: float
        width: float
        repeats: int
        rest: float
        rise_time: float
        fall_time: float
        trigger: str
        external_level: float

    @model_validator(mode="after")
    def _is_pulse(self) -> "PulseProtocol":
        if any(amplitude == 0 for amplitude in self.amplitude):
            raise ValueError("amplitude: 0 V makes no pulse; give an amplitude other than 0 V")
        if self.width < self.edges:
            raise ValueError(f"width {self.width:g} s is shorter than its edges ({self.edges:g} s)")
        return self

    @property
    @abstractmethod
    def total(self) -> int:
        """Number of rows of a whole run."""

    @property
    def edges(self) -> float:
        """How much of the width at 50 % the two edges take [s]."""
        return (self.rise_time + self.fall_time) / 2 / EDGE_SHARE

    @property
    def levels(self) -> tuple[float, ...]:
        """Every level of the generator [V]: the base, then the top of each amplitude."""
        return (self.base, *(self.base + amplitude for amplitude in self.amplitude))

    def judged(
        self, station: Station, times: Sequence[tuple[str, float, Range]] = ()
    ) -> tuple[tuple[PlanItem, ...], list[str]]:
        """Return the worst case at the device, and what device and generator refuse.

        Parameters
        ----------
        station : Station
        times : (name, value [s], range that the generator has), beside width and edges
        """
        capabilities = station.pulse_generator("pulser").capabilities
        resistance = station.fixture.path_resistance.get("pulser", capabilities.output_resistance)
        farthest = max(abs(level) for level in self.levels)
        current, power = behind_resistance(farthest, resistance)
        items = worst_case(farthest, current, station.fixture, self.width, power)
        refusals = limit_refusals(items, station.device, self.name, "lower amplitude, base or width")
        tops = self.levels[1:]
        for name, value, allowed in (
            ("base", self.base, capabilities.level_into_open),
            ("base + amplitude", max(tops), capabilities.level_into_open),
            ("base + amplitude", min(tops), capabilities.level_into_open),
            ("width", self.width, capabilities.pulse_width),
            *times,
            ("rise_time", self.rise_time, capabilities.edge_time),
            ("fall_time", self.fall_time, capabilities.edge_time),
        ):
            refusals += range_refusal(name, value, allowed, "pulser")
        return items, refusals

    def run(self, station: Station, recorder: Recorder) -> Iterator[Step]:
        """Send the pulses of each amplitude and record them; the generator rests at base between and ends off."""
        view = device_view(station)
        if view is None:
            raise ConfigurationError(f"{self.name}: {NO_SCOPE}")
        yield from self.acquisition(self, station, recorder, view).run()

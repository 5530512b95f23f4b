"""What a protocol sees of the bench as a whole (instruments by role, clock, device, fixture) and what it plans."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from tsbench.instruments.guard.limits import WirePath
from tsbench.instruments.interfaces import (
    FixtureControl,
    Oscilloscope,
    PulseGenerator,
    PulseMeasure,
    Range,
    SourceMeter,
)
from tsbench.records import DeviceDescription, Fixture, FloatArray, PassiveProbe


@runtime_checkable
class Clock(Protocol):
    """Wall time on a real bench, simulated time on a simulated bench."""

    def now(self) -> float:
        """Seconds since an arbitrary start."""

    def wait(self, seconds: float) -> None:
        """Wait [s]; on a simulated bench, its time goes on."""


@runtime_checkable
class Positioner(Protocol):
    """Which device is connected: an operator prompt, a switch matrix, a prober."""

    def devices(self) -> Sequence[str]:
        """Return the names of the devices that can be connected."""

    def connected(self) -> str | None:
        """Return the name of the device that is connected; None: none, or it is not known."""

    def connect(self, device: str, again: bool = False) -> None:
        """Connect ``device``; ConfigurationError if it is not there.

        ``again``: also a device that is connected is separated and connected anew, because its contact is in doubt.
        """


@runtime_checkable
class Chuck(Protocol):
    """The temperature of the chuck: set, and waited for."""

    @property
    def bounds(self) -> Range:
        """Return the temperatures [K] that can be set."""

    def temperature(self) -> float:
        """Return the temperature now [K]."""

    def approach(self, temperature: float) -> Iterator[float]:
        """Control to a temperature [K], and yield the temperature at each look until it is stable.

        Raises
        ------
        InstrumentError
            It is not stable in time.
        """


@dataclass(frozen=True)
class ScopeChannel:
    """A scope and the channel number that a role means."""

    scope: Oscilloscope
    channel: int
    probe: PassiveProbe | None = None  #: at the channel; None: a cable


class Station(Protocol):
    """What a protocol sees of the bench: guarded instruments by role, clock, device, fixture."""

    clock: Clock
    positioner: Positioner
    device: DeviceDescription
    fixture: Fixture

    @property
    def fixture_control(self) -> FixtureControl | None:
        """Return what sets values of the fixture while all outputs are off; None: nothing does."""

    @property
    def temperature(self) -> Chuck | None:
        """Return the temperature of the chuck; None: the bench has no controller."""

    def planning_for(self, device: str, values: Mapping[str, float] | None = None) -> "Station":
        """Return this bench with another device ("": with its own), and other values of the fixture [Ohm or F].

        For plans: nothing is sent, nothing moves.
        """

    def has(self, role: str) -> bool:
        """Whether an instrument has the role."""

    def source_meter(self, role: str = "drive") -> SourceMeter:
        """Return the source meter of a role; ConfigurationError where there is none."""

    def pulse_generator(self, role: str = "pulser") -> PulseGenerator:
        """Return the generator output of a role; ConfigurationError where there is none."""

    def pulse_measure(self, role: str = "pulser") -> PulseMeasure:
        """Return the pulse measure unit of a role; ConfigurationError where there is none."""

    def oscilloscope(self, role: str = "scope") -> Oscilloscope:
        """Return the oscilloscope of a role; ConfigurationError where there is none."""

    def scope_channel(self, terminal: str) -> ScopeChannel:
        """Return the scope channel of a terminal as the fixture's ``Sensing`` names it ("scope.1")."""

    def wire_path(self, role: str) -> WirePath:
        """Return the wiring between the instrument of ``role`` and the device, as the guard takes it.

        It has the levels that a capacitor in series may hold of runs before: see :func:`.farthest_emf`.
        """


@dataclass(frozen=True)
class PlanItem:
    """Worst case of a plan at the device."""

    quantity: str
    value: float
    unit: str
    note: str = ""  #: what the value does not contain


@dataclass(frozen=True)
class Plan:
    """What a protocol means to do, before anything is sent."""

    steps: int  #: that ``run`` yields: the end of the progress bar
    points: int  #: rows of the point table that ``run`` records
    duration: float  #: [s]
    bytes: int  #: size of the run file
    worst_case: tuple[PlanItem, ...] = ()  #: voltage, current and power at the device
    refusals: tuple[str, ...] = ()  #: reasons against the run, one line each; with one of them, nothing is sent
    warnings: tuple[str, ...] = ()  #: remarks for the user, one line each; the run begins in spite of them
    #: for the window: "time" [s] and "level" [V or A], of the same length
    preview: Mapping[str, FloatArray] = field(default_factory=dict)

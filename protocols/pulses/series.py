"""One run of pulses in progress: series by series, each from a generator at base; subclasses take the records."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import replace
from typing import Generic, TypeVar

from tsbench.instruments import Pulse, Station
from tsbench.protocols.acquiring.device_view import Window, required_view
from tsbench.protocols.acquiring.waiting import steps_for
from tsbench.protocols.pulses.layout import pulse_trigger, set_ranges
from tsbench.protocols.pulses.parameters import PulseParameters
from tsbench.protocols.pulses.shot import Shooter, Shot, lift_level_limits
from tsbench.protocols.pulses.trigger import PulseTrigger
from tsbench.records import Recorder, RunEvent, Step

Settings = TypeVar("Settings", bound=PulseParameters)


class PulseSeries(ABC, Generic[Settings]):
    """One run in progress.

    Parameters
    ----------
    settings : PulseParameters
    station : Station
    recorder : Recorder

    Raises
    ------
    ConfigurationError
        No scope sees the device.
    """

    def __init__(self, settings: Settings, station: Station, recorder: Recorder) -> None:
        self._settings = settings
        self._station = station
        self._recorder = recorder
        self._view = required_view(station)
        self._generator = station.pulse_generator("pulser")
        self._shooter = Shooter(station, self._generator, self._view, self._say, PulseTrigger(self._view))
        self._total = settings.total
        self._done = 0  #: rows
        self._last_end: float | None = None  #: [s] on the bench's clock: when the pulse before was over

    @abstractmethod
    def first_pulse(self, amplitude: float) -> Pulse:
        """Return the pulse with which the series of one ``amplitude`` [V] begins."""

    def _first(self, amplitude: float) -> Pulse:
        """Return the first pulse with a period that the generator has: a pulse that goes alone has the shortest one."""
        pulse, least = self.first_pulse(amplitude), self._generator.capabilities.pulse_period.low
        return replace(pulse, period=max(pulse.period, least))

    @abstractmethod
    def series(self, amplitude: float) -> Iterator[Step]:
        """Record all pulses of one ``amplitude`` [V]."""

    def run(self) -> Iterator[Step]:
        """Record all series; the generator ends off."""
        settings, generator = self._settings, self._generator
        generator.set_output(False)
        generator.configure_load(float("inf"))
        lift_level_limits(generator, settings.levels)
        self._shooter.load(self._first(settings.amplitude[0]))  # first: limits must hold what is set
        generator.configure_level_limits(min(settings.levels), max(settings.levels))
        yield from self.every_series()
        generator.set_output(False)
        yield self.step("output off", resting=True)

    def every_series(self) -> Iterator[Step]:
        """Record the series of each amplitude."""
        for amplitude in self._settings.amplitude:
            yield from self.series(amplitude)

    def step(self, message: str, resting: bool = False) -> Step:
        """Return how far the run has come; ``resting``: no pulse is on its way, the generator is at base."""
        return Step(self._done, self._total, message, idle=resting and self._settings.base == 0.0)

    def _set_up(self, amplitude: float, burst: int) -> dict[str, Window]:
        """Idle at base, ready for ``burst`` pulses of ``amplitude`` [V]; return the scope's windows [V]."""
        self._shooter.load(self._first(amplitude))
        self._shooter.set_burst(burst)
        self._generator.set_output(True)
        resistance = max(self._station.fixture.path_resistance.get("pulser", 0.0), 1.0)
        windows = set_ranges(self._settings, amplitude, self._view, resistance)
        trigger = pulse_trigger(self._settings, amplitude, self._view)
        self._shooter.trigger.aim(trigger, self._settings.base, windows)
        return windows

    def _let_rest(self) -> Iterator[Step]:
        """Wait until the device has rested since the pulse before, or from now on where there was none."""
        clock = self._station.clock
        ended = clock.now() if self._last_end is None else self._last_end
        yield from steps_for(
            clock, ended + self._settings.rest, lambda: self.step("the device rests", resting=True))

    def _rested(self, shot: Shot) -> float:
        """Return how long the device had rested before ``shot`` [s], 0 for the first."""
        return 0.0 if self._last_end is None else max(shot.time - self._last_end, 0.0)

    def _say(self, kind: str, message: str) -> None:
        self._recorder.event(RunEvent(kind, message, self._station.clock.now()))

"""Cycles of a write pulse and a read pulse: their waveform, their records, and one burst of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from tsbench.instruments import ArbitraryWaveform, Pulse, PulseGeneratorCapabilities, Timebase
from tsbench.protocols.acquiring.device_view import Window, marked, narrowed
from tsbench.protocols.pulses.delivery import SHORTEST_CLOCKED_GAP, edge_per_pulse
from tsbench.protocols.pulses.parameters import EDGE_SHARE, PulseParameters
from tsbench.protocols.pulses.series import PulseSeries
from tsbench.protocols.pulses.shot import Shot
from tsbench.quantities import Seconds, Volts, format_quantity
from tsbench.records import Flag, FloatArray, Point, Step

IntArray = npt.NDArray[Any]

#: of the sample interval: an edge has at least this many samples of the waveform
_PER_EDGE = 4
#: [V] a read of less than this cannot be told from zero
_LEAST_READ = 1e-3


class WriteReadParameters(PulseParameters):
    """Base of the parameters of cycles of a write and a read pulse. The generator is at 0 V between them."""

    width: Seconds = Field(default=2e-6, gt=0, description="width of a write pulse at 50 %")
    gap: Seconds = Field(default=5e-6, gt=0, description="time from the end of the write pulse to the read pulse")
    read_amplitude: Volts = Field(default=0.3, description="height of the read pulse, below the threshold voltage")
    read_width: Seconds = Field(default=2e-6, gt=0, description="width of the read pulse at 50 %")
    period: Seconds = Field(default=20e-6, gt=0, description="time from cycle to cycle")
    rise_time: Seconds = Field(default=50e-9, gt=0, description="rise time, 10 to 90 %")
    fall_time: Seconds = Field(default=50e-9, gt=0, description="fall time, 90 to 10 %")
    samples: int = Field(default=1000, ge=200, le=1_000_000, description="number of samples in the record of a cycle")

    @model_validator(mode="after")
    def _cycle_fits(self) -> Self:
        if abs(self.read_amplitude) < _LEAST_READ:
            raise ValueError(f"read_amplitude must be at least {_LEAST_READ:g} V. Give a larger read level")
        if self.read_width < self.edges:
            raise ValueError("read_width is shorter than the edges of the pulse. Raise 'read_width'")
        if self.span > 0.98 * self.period:
            raise ValueError(f"a cycle with its record takes {self.span:g} s, but period = {self.period:g} s. Raise "
                             "'period', or lower 'width', 'gap' or 'read_width'")
        if self.span / self.samples > min(self.width, self.read_width) / 10:
            raise ValueError("fewer than 10 samples would be in a pulse. Raise 'samples' or lower 'gap'")
        return self

    @property
    def base(self) -> float:
        """Level between the pulses [V]."""
        return 0.0

    @property
    def lead(self) -> float:
        """Time before the write pulse in each record [s]."""
        return max(0.2 * self.width, 5 * self.rise_time)

    @property
    def span(self) -> float:
        """Length of each record [s]."""
        return 2 * self.lead + self.width + self.gap + self.read_width + 2 * self.fall_time

    def pulse(self, amplitude: float) -> Pulse:
        """Return the write pulse of one ``amplitude`` [V]."""
        return Pulse(0.0, amplitude, self.width, self.period, self.rise_time, self.fall_time)

    def corners(self, amplitude: float) -> tuple[FloatArray, FloatArray]:
        """Return times [s] after the beginning of a write pulse (50 %) and levels [V] of one cycle.

        Parameters
        ----------
        amplitude : [V] of the write pulse, signed
        """
        rise, fall = self.rise_time / EDGE_SHARE, self.fall_time / EDGE_SHARE
        again = self.width + self.gap
        times = [-rise / 2, rise / 2, self.width - fall / 2, self.width + fall / 2, again - rise / 2, again + rise / 2,
                 again + self.read_width - fall / 2, again + self.read_width + fall / 2]
        read = np.copysign(self.read_amplitude, amplitude)
        return np.array(times), np.array([0.0, amplitude, amplitude, 0.0, 0.0, read, read, 0.0])


@dataclass(frozen=True)
class CyclePlayback:
    """How cycles leave the generator: ``rate`` [Hz] of the waveform; ``clocked``: one trigger a cycle."""

    rate: float
    clocked: bool
    refusal: str = ""


def playback(
    settings: WriteReadParameters, capabilities: PulseGeneratorCapabilities, at_once: int = 1,
) -> CyclePlayback:
    """Choose sample rate and means: a burst of whole periods where the memory holds one, else one trigger a cycle.

    Parameters
    ----------
    settings : the cycles
    capabilities : of the generator
    at_once : cycles that the scope records in one acquisition, each after an edge of its own
    """
    means = edge_per_pulse(
        settings.trigger, settings.period, settings.span, at_once, "Raise 'period' to {}, or use batch = 1")
    edge, room = min(settings.rise_time, settings.fall_time), capabilities.arbitrary_points.high
    highest, lowest = min(capabilities.sample_rate.high, _PER_EDGE / edge), capabilities.sample_rate.low
    for length, clocked in ((settings.period, False), (settings.span, True)):
        rate = min(highest, room / length * (1 - 1e-9))
        if means.one_by_one and not clocked:
            continue
        if rate * edge >= 1 and rate >= lowest and (not clocked or settings.period >= SHORTEST_CLOCKED_GAP):
            return CyclePlayback(rate, clocked, means.refusal)
    return CyclePlayback(highest, False, (
        f"pulser: a cycle of {settings.period:g} s with edges of {edge:g} s needs {settings.period / edge:.3g} "
        f"waveform points, but the generator holds {room:.3g}. Use slower edges, a shorter period, or a period of at "
        f"least {SHORTEST_CLOCKED_GAP:g} s"))


def cycle_waveform(settings: WriteReadParameters, amplitude: float, how: CyclePlayback) -> ArbitraryWaveform:
    """Return one cycle as an arbitrary waveform [V] that begins and ends at 0 V.

    Parameters
    ----------
    settings : of the run
    amplitude : [V] of the write pulse, signed
    how : the cycles are played
    """
    times, levels = settings.corners(amplitude)
    length = settings.span if how.clocked else settings.period
    lead = settings.rise_time / EDGE_SHARE
    at = np.arange(max(round(length * how.rate), 32)) / how.rate
    return ArbitraryWaveform(np.interp(at, times + lead, levels), how.rate, "linear")


Cycles = TypeVar("Cycles", bound=WriteReadParameters)


class CycleSeries(PulseSeries[Cycles]):
    """Cycles of a write and a read pulse in progress; a subclass says in what order."""

    def first_pulse(self, amplitude: float) -> Pulse:
        """Return the write pulse of one ``amplitude`` [V]."""
        return self._settings.pulse(amplitude)

    def load(self, amplitude: float) -> dict[str, Window]:
        """Bring the cycle of one ``amplitude`` [V] into the generator; return the widest windows of the scope [V]."""
        windows = self._set_up(amplitude, burst=1)
        self._how = playback(self._settings, self._generator.capabilities)
        self._shooter.load(cycle_waveform(self._settings, amplitude, self._how))
        self._shooter.set_burst(1)
        self._generator.set_output(True)   # an upload may have opened it
        return windows

    def tighten(self, shot: Shot, windows: dict[str, Window]) -> None:
        """Set the scope's ranges by what a shot showed; they only ever get tighter."""
        if shot.taken:
            self._view.configure({name: narrowed(shot.waveforms[name], window) for name, window in windows.items()})

    def burst(self, amplitude: float, cycles: int, shot: Shot) -> Iterator[Step]:
        """Send and record ``cycles`` cycles; every one becomes a row, also one that the scope missed.

        Parameters
        ----------
        amplitude : [V] of the write pulses, signed
        cycles : how many
        shot : gets the waveforms and which cycles were recorded
        """
        settings = self._settings
        position = settings.span / 2 - settings.lead
        self._view.scope.configure_timebase(
            Timebase(settings.span, position, segments=cycles, points=settings.samples))
        self._shooter.set_burst(1 if self._how.clocked else cycles)
        starts = settings.period * np.arange(cycles, dtype=np.float64)
        conditions = {"amplitude": amplitude, "pulse_width": settings.width, "first": float(self._done)}
        yield from self._shooter.fire(
            starts, settings.span, conditions, shot, self.step, clocked=self._how.clocked, busy=settings.span)
        missed = cycles - len(shot.taken)
        if missed:
            self._say("warning", f"the scope missed {missed} of {cycles} cycles of {format_quantity(amplitude, 'V')}. "
                                 f"They are flagged and not counted. {self._shooter.trigger.advice}")
        for waveform in shot.waveforms.values():
            self._recorder.waveform(marked(waveform, Flag.TRIGGER_MISSED if missed else Flag.NONE))
        for number, start in enumerate(starts):
            seen = number in shot.taken
            self._recorder.point(Point(
                (float(self._done), shot.time + (shot.taken[number] if seen else float(start)), amplitude,
                 settings.width), Flag.NONE if seen else Flag.TRIGGER_MISSED))
            self._done += 1
        yield self.step(f"{format_quantity(amplitude, 'V')}: cycle {self._done}", resting=True)



def rows_of(flags: IntArray, first: int, segments: int) -> IntArray:
    """Return the row of each segment of a record: those from ``first`` on that the scope did not miss, in order.

    Parameters
    ----------
    flags : of all rows of the run, shape (n,)
    first : row of the first cycle of the record
    segments : of the record
    """
    seen = np.flatnonzero((np.asarray(flags)[first:] & int(Flag.TRIGGER_MISSED)) == 0)
    return np.asarray(first + seen[:segments], dtype=np.int64)

"""How the phase of a waveform goes on: steadily, swept, by a list of frequencies, or modulated.

Times are counted from the start of the course [s, of the generator's own time base], phases in cycles.
"""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tsbench.records import FloatArray
from tsbench.simulated_backends.virtual_instruments.generator.unit_waves import Wave

_NONE = np.zeros(0)


class Course(Protocol):
    """The phase over time."""

    @property
    def highest(self) -> float:
        """Return the highest frequency [Hz]."""
        ...

    def phase(self, times: FloatArray) -> FloatArray:
        """Return the phase [cycles] at times [s] of the course, shape (n,)."""
        ...

    def bends(self, first: float, last: float) -> FloatArray:
        """Return the times in (first, last) [s] at which the frequency jumps."""
        ...

    def repeats_after(self) -> float:
        """Return the time [s] after which whole cycles have passed and all begins anew; infinite: never."""
        ...


@dataclass(frozen=True)
class Steady:
    """One frequency."""

    frequency: float  #: [Hz]
    origin: float = 0.0  #: [cycles] at time 0

    @property
    def highest(self) -> float:
        """Return the highest frequency [Hz]."""
        return self.frequency

    def phase(self, times: FloatArray) -> FloatArray:
        """Return the phase [cycles]."""
        return self.origin + self.frequency * times

    def bends(self, first: float, last: float) -> FloatArray:
        """Return no times."""
        return _NONE

    def repeats_after(self) -> float:
        """Return the period."""
        return 1.0 / self.frequency


@dataclass(frozen=True)
class FrequencyModulated:
    """A frequency that a wave moves up and down (FM, FSK)."""

    frequency: float  #: [Hz]
    deviation: float  #: [Hz] at the value 1 of the wave
    wave: Wave
    rate: float  #: [Hz] of the wave
    origin: float = 0.0

    @property
    def highest(self) -> float:
        """Return the highest frequency [Hz]."""
        return self.frequency + abs(self.deviation)

    def phase(self, times: FloatArray) -> FloatArray:
        """Return the phase [cycles]."""
        moved = self.deviation * self.wave.area(times * self.rate) / self.rate
        return self.origin + self.frequency * times + moved

    def bends(self, first: float, last: float) -> FloatArray:
        """Return the vertices of the wave."""
        return _vertex_times(self.wave, self.rate, first, last)

    def repeats_after(self) -> float:
        """Return some periods of the wave."""
        once = float(self.phase(np.array([1.0 / self.rate]))[0] - self.phase(np.zeros(1))[0])
        return whole_multiple(once) / self.rate


@dataclass(frozen=True)
class PhaseModulated:
    """A phase that a wave moves to and fro (PM, BPSK)."""

    frequency: float  #: [Hz]
    deviation: float  #: [cycles] at the value 1 of the wave
    wave: Wave
    rate: float  #: [Hz] of the wave
    origin: float = 0.0

    @property
    def highest(self) -> float:
        """Return the highest frequency [Hz] of a wave without jumps: a sine has the steepest slope."""
        return self.frequency + abs(self.deviation) * 2 * math.pi * self.rate

    def phase(self, times: FloatArray) -> FloatArray:
        """Return the phase [cycles]."""
        return self.origin + self.frequency * times + self.deviation * self.wave.at(times * self.rate)

    def bends(self, first: float, last: float) -> FloatArray:
        """Return the vertices of the wave."""
        return _vertex_times(self.wave, self.rate, first, last)

    def repeats_after(self) -> float:
        """Return some periods of the wave."""
        return whole_multiple(self.frequency / self.rate) / self.rate


@dataclass(frozen=True)
class Swept:
    """A frequency that goes from start to stop, stays, and returns in a straight line; then again, or back to start."""

    start: float  #: [Hz]
    stop: float  #: [Hz]
    time: float  #: [s] from start to stop
    hold: float = 0.0  #: [s] at the stop frequency
    back: float = 0.0  #: [s] of the way back
    logarithmic: bool = False
    once: bool = False  #: the start frequency from the end on
    origin: float = 0.0

    @property
    def highest(self) -> float:
        """Return the highest frequency [Hz]."""
        return max(self.start, self.stop)

    @property
    def period(self) -> float:
        """Return the time [s] of a whole sweep."""
        return self.time + self.hold + self.back

    def _rising(self, times: FloatArray) -> FloatArray:
        ratio = math.log(self.stop / self.start)
        if self.logarithmic and abs(ratio) > 1e-12:
            return np.asarray(self.start * self.time / ratio * np.expm1(ratio * times / self.time))
        return self.start * times + (self.stop - self.start) / (2 * self.time) * times**2

    def _within(self, times: FloatArray) -> FloatArray:
        up = self._rising(np.minimum(times, self.time))
        held = np.clip(times - self.time, 0.0, self.hold)
        gone = np.clip(times - self.time - self.hold, 0.0, self.back)
        slope = (self.start - self.stop) / (2 * self.back) if self.back else 0.0
        return np.asarray(up + self.stop * (held + gone) + slope * gone**2)

    def phase(self, times: FloatArray) -> FloatArray:
        """Return the phase [cycles]."""
        whole = np.zeros_like(times) if self.once else np.floor(times / self.period)
        inside = np.maximum(times - whole * self.period, 0.0)
        total = self._within(np.array([self.period]))[0]
        later = np.maximum(inside - self.period, 0.0)
        earlier = np.minimum(times, 0.0)   # before it begins, if anybody asks
        phases = whole * total + self._within(np.minimum(inside, self.period))
        return np.asarray(self.origin + phases + self.start * (later + earlier))

    def bends(self, first: float, last: float) -> FloatArray:
        """Return the ends of each part."""
        marks = np.array([self.time, self.time + self.hold, self.period])
        if not self.once:
            sweeps = np.arange(math.floor(first / self.period), math.floor(last / self.period) + 1)
            marks = np.unique((sweeps[:, None] * self.period + marks[None, :]).ravel())
        return np.asarray(marks[(marks > first) & (marks < last)])

    def repeats_after(self) -> float:
        """Return some whole sweeps."""
        if self.once:
            return math.inf
        return whole_multiple(float(self._within(np.array([self.period]))[0])) * self.period

    def time_of(self, frequency: float) -> float:
        """Return the time [s] at which the sweep comes to a frequency [Hz] between start and stop."""
        if self.logarithmic:
            return self.time * math.log(frequency / self.start) / math.log(self.stop / self.start)
        return self.time * (frequency - self.start) / (self.stop - self.start)


@dataclass(frozen=True)
class Stepped:
    """Frequencies one after the other, each for the same time; then again from the first."""

    frequencies: FloatArray  #: [Hz]
    dwell: float  #: [s]
    origin: float = 0.0

    @property
    def highest(self) -> float:
        """Return the highest frequency [Hz]."""
        return float(self.frequencies.max())

    def phase(self, times: FloatArray) -> FloatArray:
        """Return the phase [cycles]."""
        count = len(self.frequencies)
        sums = np.append(0.0, np.cumsum(self.frequencies * self.dwell))
        whole = np.floor(times / (count * self.dwell))
        inside = times - whole * count * self.dwell
        return np.asarray(self.origin + whole * sums[-1] + np.interp(inside, np.arange(count + 1) * self.dwell, sums))

    def bends(self, first: float, last: float) -> FloatArray:
        """Return the steps."""
        steps = np.arange(math.floor(first / self.dwell) + 1, math.ceil(last / self.dwell)) * self.dwell
        return np.asarray(steps[(steps > first) & (steps < last)])

    def repeats_after(self) -> float:
        """Return some whole lists."""
        once = float(np.sum(self.frequencies) * self.dwell)
        return whole_multiple(once) * self.dwell * len(self.frequencies)


def _vertex_times(wave: Wave, rate: float, first: float, last: float) -> FloatArray:
    times = wave.vertices(first * rate, last * rate).phases / rate
    return np.asarray(times[(times > first) & (times < last)])


def whole_multiple(value: float, most: int = 1000) -> float:
    """Return the least whole number that makes a multiple of ``value`` whole; infinite: above ``most``."""
    for number in range(1, most + 1):
        product = number * value
        if abs(product - round(product)) <= 1e-6 and (round(product) or not value):
            return float(number)
    return math.inf

"""Waveform patterns, events and sequences of the WGFMU library: plain data, without an instrument.

Source: B1530A User's Guide, chapter 4 (bounds and meaning of the functions).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from tsbench.records import FloatArray

STEP = 10e-9  #: [s] of all times
LONGEST_VECTOR = 10995.11627775  #: [s]
LONGEST_INTERVAL = 1.34217728  #: [s] between two samples
LONGEST_AVERAGE = 20e-3  #: [s]
HIGHEST = 10.0  #: [V]
SAME_TIME = 1e-12  #: [s] between two points of a step
MOST_POINTS = 2_000_000  #: of all vectors, or samples, of a sequence in the simulation

OUT_OF_RANGE, ILLEGAL_STRING, CONTEXT, NOT_SUPPORTED, COMMUNICATION, FIRMWARE = -1, -2, -3, -4, -5, -6
CHANNEL_NOT_FOUND, PATTERN_NOT_FOUND, ALREADY_EXISTS = -9, -10, -12
LIBRARY_ERROR = -7
NOT_RUNNING, NOT_READY, OUT_OF_DATE = -13, -14, -15
AVERAGED = 12000  #: data of an event: means; 12001: raw samples, which are not modelled


class VendorError(Exception):
    """A function of the library fails with a status code."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        super().__init__(text)


def rounded(seconds: float) -> float:
    """Return a time on the grid of 10 ns."""
    return round(seconds / STEP) * STEP


def require(value: float, low: float, high: float, what: str) -> None:
    """Refuse a value beyond its bounds: status -1."""
    if not low <= value <= high:
        raise VendorError(OUT_OF_RANGE, f"{what} {value:g} is not between {low:g} and {high:g}")


@dataclass(frozen=True)
class MeasureEvent:
    """Samples in a pattern."""

    name: str
    time: float  #: [s]
    points: int
    interval: float  #: [s]
    average: float  #: [s]

    def starts(self) -> FloatArray:
        """Return when the apertures begin [s]."""
        return np.asarray(self.time + self.interval * np.arange(self.points), dtype=np.float64)


@dataclass
class Pattern:
    """Points that straight lines connect, and events."""

    name: str
    times: list[float]
    volts: list[float]
    events: list[MeasureEvent] = field(default_factory=list)

    @property
    def length(self) -> float:
        """Return how long it lasts [s]."""
        return self.times[-1]

    def add(self, step: float, volts: float) -> None:
        """Append a point ``step`` [s] behind the last."""
        require(step, STEP * 0.999, LONGEST_VECTOR, "time")
        require(volts, -HIGHEST, HIGHEST, "voltage")
        self.times.append(self.times[-1] + rounded(step))
        self.volts.append(volts)

    def put(self, time: float, volts: float) -> None:
        """Set the point at a time [s], or insert one."""
        require(time, 0.0, LONGEST_VECTOR, "time")
        require(volts, -HIGHEST, HIGHEST, "voltage")
        moment = rounded(time)
        place = int(np.searchsorted(self.times, moment - STEP / 2))
        if place < len(self.times) and abs(self.times[place] - moment) < STEP / 2:
            self.volts[place] = volts
        else:
            self.times.insert(place, moment)
            self.volts.insert(place, volts)

    def at(self, time: float) -> float:
        """Return the voltage at a time."""
        return float(np.interp(time, self.times, self.volts))

    def set_event(self, event: MeasureEvent) -> None:
        """Add an event, in the place of one of the same name; it must lie within the pattern."""
        end = event.time + event.interval * (event.points - 1) + event.average
        if end > self.length + STEP / 2:
            raise VendorError(
                OUT_OF_RANGE, f"event {event.name} ends at {end:g} s, pattern {self.name} at {self.length:g} s")
        self.events = sorted([*(one for one in self.events if one.name != event.name), event], key=lambda one: one.time)

    def joined(self, name: str, other: "Pattern") -> "Pattern":
        """Return this pattern and then the other, without the first point of the other."""
        offset = self.length
        return Pattern(name, [*self.times, *(offset + time for time in other.times[1:])],
                       [*self.volts, *other.volts[1:]])

    def summed(self, name: str, other: "Pattern") -> "Pattern":
        """Return the sum of both; beyond its end, the shorter one keeps its last voltage."""
        times = sorted({*self.times, *other.times})
        return Pattern(name, times, [self.at(time) + other.at(time) for time in times])

    def scaled(self, name: str, time: float, volts: float) -> "Pattern":
        """Return this pattern with its times and voltages multiplied."""
        if time <= 0:
            raise VendorError(OUT_OF_RANGE, f"factor of the time {time:g} is not positive")
        return Pattern(name, [rounded(one * time) for one in self.times], [one * volts for one in self.volts])

    def shifted(self, name: str, time: float, volts: float) -> "Pattern":
        """Return this pattern, later by ``time`` [s] and higher by ``volts`` [V]."""
        require(time, 0.0, LONGEST_VECTOR, "offset of the time")
        later = rounded(time)
        first = [] if later == 0.0 else [0.0]
        return Pattern(name, [*first, *(one + later for one in self.times)],
                       [*[self.volts[0] + volts for _ in first], *(one + volts for one in self.volts)])


@dataclass
class PatternSequence:
    """Patterns one behind the other, each some times."""

    parts: list[tuple[Pattern, int]] = field(default_factory=list)

    def repetitions(self) -> Iterator[tuple[float, Pattern]]:
        """Yield each pattern with the time [s] at which it begins."""
        begin = 0.0
        for pattern, loops in self.parts:
            for _ in range(loops):
                yield begin, pattern
                begin += pattern.length

    @property
    def length(self) -> float:
        """Return how long it lasts [s]."""
        return sum(pattern.length * loops for pattern, loops in self.parts)

    def require_size(self) -> None:
        """Refuse what the simulation cannot hold."""
        points = sum(len(pattern.times) * loops for pattern, loops in self.parts)
        samples = sum(sum(event.points for event in pattern.events) * loops for pattern, loops in self.parts)
        if max(points, samples) > MOST_POINTS:
            raise VendorError(
                NOT_SUPPORTED, f"the simulation plays at most {MOST_POINTS} points and samples, not "
                f"{max(points, samples)}")

    def waveform(self) -> tuple[FloatArray, FloatArray]:
        """Return times [s] and voltages [V] of all points."""
        times: list[float] = []
        volts: list[float] = []
        for begin, pattern in self.repetitions():
            shift = begin + (SAME_TIME if times and volts[-1] != pattern.volts[0] else 0.0)
            skip = 1 if times and volts[-1] == pattern.volts[0] else 0
            times += [(shift if place == 0 else begin) + time for place, time in enumerate(pattern.times)][skip:]
            volts += pattern.volts[skip:]
        return np.array(times), np.array(volts)

    def samples(self) -> tuple[FloatArray, FloatArray]:
        """Return start [s] and aperture [s] of every sample."""
        starts: list[FloatArray] = [np.zeros(0)]
        averages: list[FloatArray] = [np.zeros(0)]
        for begin, pattern in self.repetitions():
            for event in pattern.events:
                starts.append(begin + event.starts())
                averages.append(np.full(event.points, event.average))
        return np.concatenate(starts), np.concatenate(averages)


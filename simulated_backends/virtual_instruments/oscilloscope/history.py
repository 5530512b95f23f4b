"""What an oscilloscope remembers of the circuit: consecutive trajectories of its nodes."""

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tsbench.records import FloatArray


@dataclass(frozen=True)
class Samples:
    """``count`` instants from ``start`` [s], ``interval`` [s] apart."""

    start: float
    interval: float
    count: int

    def times(self, first: int = 0, end: int | None = None) -> FloatArray:
        """Return the instants of the samples ``first`` to before ``end`` [s]; of all by default."""
        numbers = np.arange(float(first), float(self.count if end is None else end))
        numbers *= self.interval   # in place: a record may have millions of samples
        numbers += self.start
        return numbers

    def from_time(self, time: float) -> int:
        """Return the number of the first sample not before ``time`` [s]; ``count`` where there is none."""
        place = (time - self.start) / self.interval
        return min(max(math.ceil(place), 0), self.count) if abs(place) < math.inf else self.count if place > 0 else 0


class InputTrace(Protocol):
    """What the history keeps of a trajectory."""

    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def times(self) -> FloatArray: ...
    def voltage(self, node: str, times: FloatArray) -> FloatArray: ...


@dataclass(frozen=True)
class Shifted:
    """A copy of a trajectory ``delay`` [s] later: one period of a repetition."""

    original: InputTrace
    delay: float

    @property
    def start(self) -> float:
        """Return the circuit time of its start [s]."""
        return self.original.start + self.delay

    @property
    def end(self) -> float:
        """Return the circuit time of its end [s]."""
        return self.original.end + self.delay

    @property
    def times(self) -> FloatArray:
        """Return the accepted step times [s]."""
        return np.asarray(self.original.times + self.delay)

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        """Return the node voltage [V]."""
        return self.original.voltage(node, times - self.delay)


@dataclass(frozen=True)
class Repeated:
    """``count`` copies of a trajectory, one after the other from ``start`` [s] on: a record of very many periods."""

    period: InputTrace
    start: float
    length: float  #: [s] of one
    count: int

    @property
    def end(self) -> float:
        """Return the circuit time of its end [s]."""
        return self.start + self.count * self.length

    @property
    def times(self) -> FloatArray:
        """Return the accepted step times [s] of the first and the last copy; those between are alike."""
        inner = self.period.times - self.period.start
        return np.concatenate([self.start + inner, self.end - self.length + inner])

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        """Return the node voltage [V]."""
        phase = np.mod(times - self.start, self.length)
        return self.period.voltage(node, np.minimum(self.period.start + phase, self.period.end))


def _start(trace: InputTrace) -> float:
    return trace.start


def _end(trace: InputTrace) -> float:
    return trace.end


class InputHistory:
    """Consecutive trajectories, oldest first."""

    def __init__(self, traces: Sequence[InputTrace] = ()) -> None:
        self.traces = list(traces)

    @property
    def start(self) -> float:
        """Return the circuit time from which it knows the nodes [s]."""
        return self.traces[0].start if self.traces else math.inf

    @property
    def end(self) -> float:
        """Return the circuit time up to which it knows them [s]."""
        return self.traces[-1].end if self.traces else -math.inf

    def forget(self, before: float) -> None:
        """Drop what ended before ``before`` [s]."""
        keep = bisect.bisect_left(self.traces, before, key=_end)
        if keep:
            del self.traces[:keep]

    def between(self, start: float, end: float) -> "InputHistory":
        """Return the part that covers [start, end] (whole trajectories)."""
        first = bisect.bisect_left(self.traces, start, key=_end)
        last = bisect.bisect_right(self.traces, end, key=_start)
        return InputHistory(self.traces[first:last])

    def steps(self, start: float, end: float) -> FloatArray:
        """Return the solver's step times within [start, end] [s]."""
        parts = []
        for trace in self.between(start, end).traces:
            times = trace.times
            parts.append(times[np.searchsorted(times, start):np.searchsorted(times, end, side="right")])
        return np.concatenate(parts) if parts else np.empty(0)

    def voltage(self, node: str, times: FloatArray) -> FloatArray:
        """Return the node voltage [V] at rising ``times`` [s]; beyond the ends the end values."""
        times = np.clip(times, self.start, self.end)
        result = np.empty(len(times))
        traces = self.between(float(times[0]), float(times[-1])).traces if len(times) else []
        starts = np.array([trace.start for trace in traces[1:]])
        cuts = [0, *np.searchsorted(times, starts, side="left"), len(times)]
        for trace, low, high in zip(traces, cuts[:-1], cuts[1:], strict=False):
            if high > low:
                result[low:high] = trace.voltage(node, np.clip(times[low:high], trace.start, trace.end))
        return result

"""Random telegraph and 1/f noise of a device: parameters that jump between values at random instants.

A telegraph process is low or high for exponentially distributed times; while it is high it multiplies its parameter by
1 + amplitude. Flicker noise is a sum of such processes whose corner frequencies are spread evenly over the decades
between two frequencies: there the power density of their sum falls as 1/f (A. L. McWhorter, 1957).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tsbench.errors import ConfigurationError

PER_DECADE = 3  #: telegraph processes of flicker noise: the density is then within 3 % of 1/f
FORGOTTEN = 40.0  #: mean times after which a process no longer depends on its past


@dataclass(frozen=True)
class Telegraph:
    """Random telegraph noise.

    Raises
    ------
    ConfigurationError
        A value is out of range; the message names it.
    """

    parameter: str
    amplitude: float  #: relative change of the parameter while high
    time_low: float  #: mean [s]
    time_high: float  #: mean [s]

    def __post_init__(self) -> None:
        if not (math.isfinite(self.amplitude) and self.amplitude > -1.0):
            raise ConfigurationError(f"telegraph noise: amplitude = {self.amplitude:g} must exceed -1")
        for name in ("time_low", "time_high"):
            if not (math.isfinite(getattr(self, name)) and getattr(self, name) > 0):
                raise ConfigurationError(f"telegraph noise: {name} = {getattr(self, name):g} s must be positive")


@dataclass(frozen=True)
class Flicker:
    """1/f noise between two frequencies.

    Raises
    ------
    ConfigurationError
        A value is out of range; the message names it.
    """

    parameter: str
    spread: float  #: relative standard deviation of the parameter
    lowest_frequency: float = 1.0  #: [Hz]
    highest_frequency: float = 1e3  #: [Hz]; the work grows with it

    def __post_init__(self) -> None:
        if not 0.0 <= self.spread < 0.3:
            raise ConfigurationError(f"flicker noise: spread = {self.spread:g} must be at least 0 and below 0.3")
        if not 0.0 < self.lowest_frequency <= self.highest_frequency < math.inf:
            raise ConfigurationError(
                f"flicker noise: lowest_frequency = {self.lowest_frequency:g} Hz must be positive and not above "
                f"highest_frequency = {self.highest_frequency:g} Hz")

    def parts(self) -> Sequence[tuple[float, float]]:
        """Return (amplitude, mean time of either state [s]) of each process: it adds plus or minus the amplitude."""
        decades = math.log10(self.highest_frequency / self.lowest_frequency)
        corners = np.geomspace(
            self.lowest_frequency, self.highest_frequency, 1 + max(1, math.ceil(PER_DECADE * decades)))
        # each is correlated as exp(-2 |t|/mean), so its corner is at 1/(pi mean)
        return [(self.spread / math.sqrt(corners.size), 1.0 / (math.pi * corner)) for corner in corners]


class TelegraphProcess:
    """One process that moves forward in time.

    Parameters
    ----------
    low, high : float
        In its two states the process multiplies its parameter by 1 plus these.
    time_low, time_high : float
        Mean times [s].
    stream : Generator
        Of this process alone.
    """

    def __init__(
        self, low: float, high: float, time_low: float, time_high: float, stream: np.random.Generator
    ) -> None:
        self.values = (low, high)
        self.times = (time_low, time_high)
        self._stream = stream
        self._start(0.0)

    @property
    def value(self) -> float:
        """Return the present value, low or high."""
        return self.values[self._high]

    def _start(self, time: float) -> None:
        low, high = self.times
        self._high = int(self._stream.random() < high / (low + high))
        self.next_change = time + self._wait()   #: [s]

    def _wait(self) -> float:
        return float(self._stream.exponential(self.times[self._high]))

    def advance(self, time: float) -> None:
        """Make all changes up to ``time`` [s]."""
        if time - self.next_change > FORGOTTEN * max(self.times):   # after so long a new process is just as good
            self._start(time)
        while self.next_change <= time:
            self._high = 1 - self._high
            self.next_change += self._wait()


def processes(noise: Telegraph | Flicker, stream: np.random.Generator) -> Sequence[TelegraphProcess]:
    """Return the processes of ``noise``, each with a stream of its own spawned from ``stream``."""
    if isinstance(noise, Telegraph):
        return [TelegraphProcess(0.0, noise.amplitude, noise.time_low, noise.time_high, stream)]
    parts = noise.parts()
    return [
        TelegraphProcess(-amplitude, amplitude, mean, mean, own)
        for (amplitude, mean), own in zip(parts, stream.spawn(len(parts)), strict=True)]

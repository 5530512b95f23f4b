"""What modulates a generator's output, and its sweeps, as set by the user: numbers without a unit of a command."""

from dataclasses import dataclass
from typing import Literal

from tsbench.records import FloatArray
from tsbench.simulated_backends.virtual_instruments.generator.unit_waves import Wave

#: amplitude (with carrier, without), frequency, phase, width, and a sum with the carrier
ModulationKind = Literal["AM", "DSSC", "FM", "PM", "PWM", "SUM"]


@dataclass(frozen=True)
class Modulation:
    """A wave that modulates a channel.

    Parameters
    ----------
    kind : frequency-shift keying is "FM" and phase-shift keying "PM" by a wave between 0 and 1
    amount : at the value 1 of the wave: depth (1: 100 %), deviation [Hz, degrees, s of width] or part of the amplitude
    wave : the modulating wave
    rate : cycles of the wave in a second
    """

    kind: ModulationKind
    amount: float
    wave: Wave
    rate: float


@dataclass(frozen=True)
class FrequencySweep:
    """A sweep of the frequency, or a list of frequencies.

    Parameters
    ----------
    start, stop : [Hz]
    time, hold, back : [s] from start to stop, at the stop, and back in a straight line
    logarithmic : equal times for equal ratios
    marker : frequency [Hz] at which the sync signal falls; None: in the middle of the sweep
    frequencies : [Hz], shape (n,); of a list. None: a sweep
    dwell : [s] at each frequency of a list
    position : of the frequency of a list that is played between triggers; None: it goes on by itself
    """

    start: float
    stop: float
    time: float
    hold: float = 0.0
    back: float = 0.0
    logarithmic: bool = False
    marker: float | None = None
    frequencies: FloatArray | None = None
    dwell: float = 1.0
    position: int | None = None

"""Pulse generator: pulses, levels and waveforms into a load."""

import math
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from tsbench.instruments.interfaces.common import Accuracy, InstrumentBase, Range

_ANY_AMPLITUDE = Range(0.0, math.inf, "V")


@dataclass(frozen=True)
class Pulse:
    """One pulse. Levels are volts into the load that ``PulseGenerator.configure_load`` set; the width is at 50 %."""

    base: float  #: [V]
    amplitude: float  #: [V] top level above base (negative: pulse downwards)
    width: float  #: [s] at 50 %
    period: float  #: [s]
    rise_time: float  #: [s] 10-90 %
    fall_time: float  #: [s]


@dataclass(frozen=True)
class ArbitraryWaveform:
    """Levels [V into the set load], shape (n,), played at ``sample_rate`` [Hz]; idles at ``levels[0]``."""

    levels: npt.NDArray[np.float64]
    sample_rate: float
    interpolation: Literal["step", "linear"] = "step"


@dataclass(frozen=True)
class PulseGeneratorCapabilities:
    """Limits of one output as data."""

    level_into_50_ohm: Range
    level_into_open: Range
    pulse_width: Range
    pulse_period: Range
    edge_time: Range
    burst_count: Range
    sample_rate: Range
    arbitrary_points: Range
    output_resistance: float  #: [Ohm]
    level_accuracy: Accuracy  #: of a constant level
    timebase_accuracy: float  #: relative
    pulse_accuracy: Accuracy | None = None  #: of the top of a pulse from 0 V; None: that of a constant level
    off_isolates: bool = True  #: whether a relay opens whenever the output is off
    #: [V] that the output withstands from outside. Not compared with a data sheet: 42 V peak are usual between the
    #: connectors of a generator and its chassis
    output_rating: float = 42.0
    #: between the lowest and the highest level into an open load: of a pulse; of a waveform only the high end holds
    amplitude_into_open: Range = _ANY_AMPLITUDE
    fast_edges_up_to: float = math.inf  #: [V] of this magnitude: to here, ``edge_time`` holds
    edge_of_large_pulses: float = 0.0  #: [s] shortest rise and fall time of larger pulses

    def shortest_edge(self, amplitude: float) -> float:
        """Return the shortest rise and fall time [s] of a pulse of ``amplitude`` [V] into an open load."""
        fast = abs(amplitude) <= self.fast_edges_up_to * (1 + 1e-9)
        return self.edge_time.low if fast else max(self.edge_time.low, self.edge_of_large_pulses)


@runtime_checkable
class PulseGenerator(InstrumentBase, Protocol):
    """One output channel of a generator. Levels are what the load of ``configure_load`` sees."""

    capabilities: PulseGeneratorCapabilities
    channel: int

    def configure_load(self, load_resistance: float) -> float:
        """Set the load [Ohm] for which levels are given (inf: open circuit), and return it as read back."""

    def configure_level_limits(self, low: float, high: float) -> tuple[float, float]:
        """Set the generator's own level limits [V]."""

    def configure_pulse(self, pulse: Pulse) -> Pulse:
        """Set up a pulse, and return it as the instrument has it."""

    def configure_level(self, level: float) -> float:
        """Set a constant level [V], and return it as read back."""

    def load_waveform(self, waveform: ArbitraryWaveform) -> None:
        """Send a waveform to the instrument and select it; it idles at its first level."""

    def configure_burst(self, count: int, source: Literal["bus", "external"] = "bus") -> int:
        """One trigger plays ``count`` pulses (or waveforms); returns the accepted count."""

    def set_output(self, enabled: bool) -> None:
        """Switch this output; off must also work while a burst runs."""

    def trigger(self) -> None:
        """Start the burst; returns without waiting for its end."""

    def burst_running(self) -> bool:
        """Whether a burst is running; never blocks longer than 100 ms."""

    def abort(self) -> None:
        """Stop a burst; nothing happens where none runs. The output stays on, at its base level."""

"""Pulse and sample in one box: a waveform of straight segments is forced, voltage and current are sampled beside it.

Examples are the 4225-PMU of a 4200A-SCS and the B1530A of a B1500A.
"""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tsbench.instruments.interfaces.common import Accuracy, InstrumentBase, Range
from tsbench.records import Flag, FloatArray


@dataclass(frozen=True)
class Segment:
    """One straight piece of a forced waveform: it ends at ``level`` after ``duration``."""

    level: float  #: [V] at its end
    duration: float  #: [s]
    sampled: bool = True  #: whether voltage and current are recorded meanwhile


@dataclass(frozen=True)
class SegmentTrain:
    """Segments, played ``repeats`` times from ``base`` on."""

    base: float  #: [V] before the first segment and after the last
    segments: tuple[Segment, ...]
    sample_interval: float  #: [s]
    repeats: int = 1


@dataclass(frozen=True)
class CurrentRange:
    """One range of the current, and how fast it is."""

    accuracy: Accuracy  #: [A]
    least_width: float  #: [s] of a pulse whose top can be measured
    settling_time: float  #: [s] to the accuracy
    least_aperture: float  #: [s] of one sample


@dataclass(frozen=True)
class PulseMeasureCapabilities:
    """Limits as data."""

    voltage_ranges: tuple[Range, ...]  #: [V] of forced levels, smallest first
    voltage_accuracy: tuple[Accuracy, ...]  #: by range
    current_ranges: tuple[CurrentRange, ...]  #: smallest first
    segment_duration: Range  #: [s]
    maximum_segments: int
    sample_interval: Range  #: [s]
    maximum_samples: int
    output_resistance: float  #: [Ohm] between the forced voltage and the terminal
    off_isolates: bool = False  #: whether a relay opens whenever the output is off


@dataclass(frozen=True)
class SegmentRecord:
    """What was sampled, shape (n,) each; NaN only where ``flags`` has OVERFLOW."""

    time: FloatArray  #: [s] from the start of the first segment
    voltage: FloatArray  #: [V] at the terminal
    current: FloatArray  #: [A] into the device
    repeat: FloatArray  #: 0-based number of the repetition
    flags: Flag = Flag.NONE  #: of the record as a whole


@runtime_checkable
class PulseMeasure(InstrumentBase, Protocol):
    """One terminal that forces a waveform and samples voltage and current."""

    capabilities: PulseMeasureCapabilities

    def configure_ranges(self, voltage: float, current: float) -> tuple[float, float]:
        """Choose the smallest ranges that hold ``voltage`` [V] and ``current`` [A]; returns their full scales."""

    def configure_train(self, train: SegmentTrain) -> SegmentTrain:
        """Load a train, and return it as the instrument plays it.

        Raises
        ------
        LimitError
            ``capabilities`` does not allow it, or a pulse is narrower than the current range can measure.
        """

    def set_output(self, enabled: bool) -> None:
        """Connect or disconnect the terminal; off must also work while a train plays."""

    def start(self) -> None:
        """Play the train; returns without waiting for its end."""

    def running(self) -> bool:
        """Whether it still plays; never blocks longer than 100 ms."""

    def fetch(self) -> SegmentRecord:
        """Read what was sampled."""

    def abort(self) -> None:
        """Stop a train; nothing happens where none plays. The output stays as it is, at the base level."""

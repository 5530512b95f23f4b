"""What every driver does, whatever it measures, and the data that all capabilities use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tsbench.records import Identity


@dataclass(frozen=True)
class Range:
    """Closed interval of a quantity that an instrument accepts."""

    low: float
    high: float
    unit: str


@dataclass(frozen=True)
class Accuracy:
    """One-year accuracy of a range: ± (gain * |reading| + offset), and the noise of a reading at 1 NPLC."""

    full_scale: float  #: [unit]
    gain: float  #: relative
    offset: float  #: [unit]
    noise: float = 0.0  #: [unit] rms at 1 NPLC


@dataclass(frozen=True)
class OutputState:
    """One output as read back from the instrument."""

    output: str  #: "source_meter", "generator.1"
    enabled: bool
    known: bool = True  #: False: the instrument does not report it and it was not set yet, so it counts as enabled


@runtime_checkable
class InstrumentBase(Protocol):
    """What every driver does, whatever it measures."""

    identity: Identity

    def safe_state(self) -> None:
        """Switch all outputs off with as few messages as possible, then sources to zero. Never raises LimitError."""

    def output_states(self) -> Sequence[OutputState]:
        """Read back every output from the instrument."""

    def clear(self) -> None:
        """Device clear: abandon pending messages and operations."""

    def check_errors(self) -> None:
        """Empty the instrument's error queue; InstrumentError with all entries if there are any."""

    def accepted_settings(self) -> Mapping[str, object]:
        """Return what the run file should hold of the set-up, SI units; no message is sent.

        Each value is the one that was read back when it was last set, or when another setting may have changed it.
        :meth:`safe_state` does not change these values, so that the run file holds the set-up of the measurement.
        """

    def close(self) -> None:
        """Close the connection. It changes no output."""

"""What the user has set on a function generator, as the shared code reads it. A model's command table provides it."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from tsbench.simulated_backends.virtual_instruments.generator.synthesis import Shape

T_co = TypeVar("T_co", covariant=True)


class ByChannel(Protocol[T_co]):
    """A setting that each channel (1, 2, ...) has for itself."""

    def __getitem__(self, channel: int, /) -> T_co: ...


class Derived:
    """A setting of each channel that follows from others.

    Parameters
    ----------
    read : callable
        (channel) -> value
    """

    def __init__(self, read: Callable[[int], Any]) -> None:
        self._read = read

    def __getitem__(self, channel: int, /) -> Any:
        return self._read(channel)


class GeneratorSettings(Protocol):
    """The settings as they are now: the shared code reads them each time, so that they act at once."""

    burst_on: ByChannel[bool]
    burst_mode: ByChannel[str]  #: "TRIG" or "GAT"
    gate_polarity: ByChannel[str]  #: "NORM" or "INV": whether a low level at the trigger input opens the gate
    burst_count: ByChannel[float]  #: cycles; INFINITE_LOAD: without end
    burst_period: ByChannel[float]  #: [s] from burst to burst of the internal trigger
    trigger_source: ByChannel[str]  #: "IMM" (internal, every burst period), "TIM" (timer), "EXT" or "BUS"
    trigger_slope: ByChannel[str]  #: "POS" or "NEG", of the external trigger
    trigger_delay: ByChannel[float]  #: [s]
    trigger_timer: ByChannel[float]  #: [s]
    trigger_output: bool  #: whether the trigger output gives a pulse with each burst

    @property
    def sync_channel(self) -> int:
        """Return the channel whose cycles the sync output shows."""
        ...

    def shape(self, channel: int) -> Shape:
        """Return everything that decides a channel's waveform now."""
        ...

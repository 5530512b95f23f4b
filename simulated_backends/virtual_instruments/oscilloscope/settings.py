"""What the user has set on an oscilloscope, as the shared code reads it. A model's command table provides it."""

from typing import Protocol

from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan


class OscilloscopeSettings(Protocol):
    """The settings as they are now: the shared code reads them when an acquisition begins."""

    sweep: str  #: "AUTO" or "NORM": whether it triggers by itself
    trigger_source: str  #: "EXT": the external input
    timebase_range: float  #: [s] of the screen

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        ...

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything that the next acquisition needs to know."""
        ...

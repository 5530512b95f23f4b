"""What the user has set on an oscilloscope, as the shared code reads it. A model's command table provides it."""

from typing import Protocol

from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition import AcquisitionPlan


class OscilloscopeSettings(Protocol):
    """The settings as they are now: the shared code reads them when an acquisition begins."""

    @property
    def sweep(self) -> str:
        """Return whether it triggers by itself: "AUTO" or "NORM"."""
    @property
    def trigger_source(self) -> str:
        """Return what it triggers on; "EXT": the external input."""
    @property
    def timebase_range(self) -> float:
        """Return the width of the screen [s]."""

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        ...

    def plan(self, channels: list[int], automatic: bool) -> AcquisitionPlan:
        """Return everything that the next acquisition needs to know."""
        ...

"""What the command tables of the 3000T X-Series share: inputs, run control, digitiser."""

from typing import TYPE_CHECKING, Any, ClassVar

from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.oscilloscope.acquisition_control import AcquisitionControl
from tsbench.simulated_backends.virtual_instruments.oscilloscope.data_sheet import (
    Sampling,
    ScopeDataSheet,
    choose_sampling,
)
from tsbench.simulated_backends.virtual_instruments.oscilloscope.digitiser import Digitiser
from tsbench.simulated_backends.virtual_instruments.oscilloscope.inputs import ScopeInputs


class ScopeState(VirtualInstrument):
    """Base of the command tables (settings, run, waveform, display), which are mixed into one class."""

    data_sheet: ClassVar[ScopeDataSheet]
    inputs: ScopeInputs
    control: AcquisitionControl
    digitiser: Digitiser

    if TYPE_CHECKING:  # settings that one table declares and others read
        acquire_mode: Any
        displayed: Any
        impedance: Any
        offset: Any
        probe: Any
        segment_count: Any
        timebase_range: Any
        vertical_range: Any

    def shown_channels(self) -> list[int]:
        """Return the channels that are on."""
        return [channel for channel in range(1, self.data_sheet.channels + 1) if self.displayed[channel]]

    @property
    def segments(self) -> int:
        """Return the number of segments an acquisition takes."""
        return int(self.segment_count) if self.acquire_mode == "SEGM" else 1

    def sampling(self) -> Sampling:
        """Return sample rate and points as set now; both channels of a pair share rate and memory."""
        on = set(self.shown_channels())
        paired = {1, 2} <= on or {3, 4} <= on
        return choose_sampling(self.data_sheet, self.timebase_range, paired, self.segments)

"""What the command tables of the InfiniiVision oscilloscopes share: the parts of a scope, and its trigger levels."""

from collections.abc import Callable
from typing import ClassVar

from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.data_sheet import InfiniiVisionSheet
from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope
from tsbench.simulated_backends.virtual_instruments.oscilloscope_table import OscilloscopeTable


class ScopeBase(VirtualOscilloscope):
    """The parts of a scope, as its command tables see them."""

    channel_header = "CHANnel"
    data_sheet: ClassVar[InfiniiVisionSheet]
    middle_of: Callable[[int], float | None]  #: channel -> middle of its waveform [V at the display]
    function_channels: Callable[[], list[int]]  #: those of the math waveforms that are on
    trigger_levels: dict[str, float]  #: [V at the display] by source


class ScopeTable(OscilloscopeTable[ScopeBase]):
    """Base of the command tables."""

    data_sheet: InfiniiVisionSheet

"""What the command tables of the Rigol oscilloscopes share."""

from typing import ClassVar

from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope
from tsbench.simulated_backends.virtual_instruments.oscilloscope_table import OscilloscopeTable
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.data_sheet import RigolSheet


class RigolBase(VirtualOscilloscope):
    """A Rigol oscilloscope, as its command tables see it."""

    data_sheet: ClassVar[RigolSheet]
    trigger_levels: dict[str, float]  #: [V at the display] by source


class RigolTable(OscilloscopeTable[RigolBase]):
    """Base of the command tables."""

    data_sheet: RigolSheet

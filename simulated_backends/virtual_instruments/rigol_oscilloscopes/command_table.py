"""What the command tables of the Rigol oscilloscopes share."""

from typing import ClassVar

from tsbench.simulated_backends.virtual_instruments.oscilloscope.converter_scope import ConverterScope
from tsbench.simulated_backends.virtual_instruments.oscilloscope_table import ConverterTable
from tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.data_sheet import RigolSheet


class RigolBase(ConverterScope):
    """A Rigol oscilloscope, as its command tables see it."""

    channel_header = "CHANnel"
    data_sheet: ClassVar[RigolSheet]
    trigger_levels: dict[str, float]  #: [V at the display] by source


class RigolTable(ConverterTable[RigolBase]):
    """Base of the command tables."""

    data_sheet: RigolSheet

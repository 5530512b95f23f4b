"""What the command tables of the Tektronix oscilloscopes share: the parts of a scope, and how replies look."""

from typing import ClassVar

from tsbench.simulated_backends.virtual_instruments.oscilloscope.virtual_oscilloscope import VirtualOscilloscope
from tsbench.simulated_backends.virtual_instruments.oscilloscope_table import OscilloscopeTable
from tsbench.simulated_backends.virtual_instruments.tektronix_mso.data_sheet import TektronixSheet


class TektronixBase(VirtualOscilloscope):
    """The parts of a scope, as its command tables see them."""

    channel_header = "CH"
    data_sheet: ClassVar[TektronixSheet]
    zero: ClassVar[str] = "0.0E+0"  #: how it writes 0
    headers: bool  #: whether replies begin with a header
    verbose: bool  #: whether words are long
    date: float  #: [s] since 1970 when the bench's clock was at 0


class TektronixTable(OscilloscopeTable[TektronixBase]):
    """Base of the command tables."""

    data_sheet: TektronixSheet

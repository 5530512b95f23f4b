"""Virtual interactive source meter: what its command tables share (settings, output, readings, sweeps, buffers)."""

from typing import ClassVar

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import Buffers
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.data_sheet import InteractiveDataSheet
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sweeps import TriggerModel
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings


class MeterBase(VirtualInstrument):
    """The parts of a source meter, as its command tables see them."""

    data_sheet: ClassVar[InteractiveDataSheet]  #: of the model
    settings: SourceMeterSettings
    output: SourceOutput
    measurer: Measurer
    trigger_model: TriggerModel
    buffers: Buffers


class MeterTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    meter : MeterBase
        Holds the table.
    """

    def __init__(self, meter: MeterBase) -> None:
        super().__init__(meter)
        self.data_sheet = meter.data_sheet
        self.settings = meter.settings
        self.output = meter.output
        self.measurer = meter.measurer
        self.trigger_model = meter.trigger_model
        self.buffers = meter.buffers

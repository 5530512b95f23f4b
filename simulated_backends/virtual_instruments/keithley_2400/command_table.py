"""Virtual 2400 family: what its command tables share."""

from tsbench.simulated_backends.scpi.tree import CommandTable
from tsbench.simulated_backends.virtual_instruments.keithley_2400.parts import Keithley2400Parts
from tsbench.simulated_backends.virtual_instruments.keithley_2400.trigger_model import LayeredTriggerModel


class Keithley2400Base(Keithley2400Parts):
    """The parts of a 2400, as its command tables see them."""

    trigger_model: LayeredTriggerModel


class SourceMeterTable(CommandTable):
    """Base of the command tables.

    Parameters
    ----------
    meter : Keithley2400Base
        Holds the table.
    """

    def __init__(self, meter: Keithley2400Base) -> None:
        super().__init__(meter)
        self.meter = meter
        self.reading_format = meter.reading_format
        self.data_sheet = meter.data_sheet
        self.settings = meter.settings
        self.functions = meter.functions
        self.output = meter.output
        self.sweep = meter.sweep
        self.calculations = meter.calculations
        self.buffer = meter.buffer
        self.trigger_model = meter.trigger_model

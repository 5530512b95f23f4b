"""Virtual interactive source meter: the state that its command tables share (output, readings, sweeps, buffers)."""

from typing import ClassVar

from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.buffers import Buffers
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.data_sheet import InteractiveDataSheet
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.sweeps import TriggerModel
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings


class MeterState(VirtualInstrument):
    """Base of the command tables (source, sense, traces, triggering), which are mixed into one class."""

    data_sheet: ClassVar[InteractiveDataSheet]  #: of the model
    settings: SourceMeterSettings
    output: SourceOutput
    measurer: Measurer
    trigger_model: TriggerModel
    buffers: Buffers
    lists: dict[str, list[float]]  #: levels of the list sweep, by function

"""What the command tables of the Keithley 2450 share: output, readings, sweeps, buffers."""

from typing import TYPE_CHECKING, Any, ClassVar

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_2450.buffers import ReadingBuffer
from tsbench.simulated_backends.virtual_instruments.keithley_2450.data_sheet import KEITHLEY_2450
from tsbench.simulated_backends.virtual_instruments.keithley_2450.sweeps import TriggerModel
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import SourceMeterDataSheet
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.readings import Measurer


class MeterState(VirtualInstrument):
    """Base of the command tables (source, sense, traces, triggering), which are mixed into one class."""

    data_sheet: ClassVar[SourceMeterDataSheet] = KEITHLEY_2450
    output: SourceOutput
    measurer: Measurer
    trigger_model: TriggerModel
    buffers: dict[str, ReadingBuffer]
    lists: dict[str, list[float]]  #: levels of the list sweep, by function
    line_frequency: float

    if TYPE_CHECKING:  # settings that one table declares and others read
        source_function: Any
        source_level: Any
        source_range: Any
        source_autorange: Any
        sense_function: Any
        sense_range: Any
        sense_autorange: Any
        count: Any

    def sense_changed(self, function: str = "") -> None:
        """Take over a new measuring function or range."""
        for quantity in ("CURR", "VOLT"):
            if self.sense_autorange[quantity]:
                self.setting_values.pop(("sense_range", (quantity,)), None)
        self.output.measuring_changed()

    def refuse_while_running(self) -> None:
        """Refuse what cannot be done while the trigger model runs."""
        if self.trigger_model.running:
            raise ScpiError(-221)

    def buffer(self, name: str) -> ReadingBuffer:
        """Return a buffer by name; ScpiError(-224) if there is none."""
        try:
            return self.buffers[name]
        except KeyError:
            raise ScpiError(-224) from None

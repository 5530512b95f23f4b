"""What the parts of the Keithley 2450 share: stage, measurer, buffers, and what each offers the others."""

from typing import TYPE_CHECKING, Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keithley_2450.analog import OutputStage
from tsbench.simulated_backends.virtual_instruments.keithley_2450.buffers import ReadingBuffer
from tsbench.simulated_backends.virtual_instruments.keithley_2450.ranges import RangeData

if TYPE_CHECKING:
    from tsbench.simulated_backends.virtual_instruments.keithley_2450.readings import Measurer
    from tsbench.simulated_backends.virtual_instruments.keithley_2450.sweeps import TriggerModel


class MeterState(VirtualInstrument):
    """Base of the parts (source, sense, readings, sweeps), which are mixed into one class."""

    stage: OutputStage
    measurer: "Measurer"
    trigger_model: "TriggerModel"
    buffers: dict[str, ReadingBuffer]
    lists: dict[str, list[float]]
    line_frequency: float
    settled_at: float  #: [s] bench time from which readings may start

    if TYPE_CHECKING:  # settings that one part declares and others read
        source_function: Any
        source_level: Any
        source_range: Any
        source_autorange: Any
        sense_function: Any
        sense_range: Any
        sense_autorange: Any

    def refresh(self) -> None:
        """Give the stage the set-points of the settings as they are."""
        raise NotImplementedError

    def source_row(self, function: str | None = None) -> RangeData:
        """Return the active source range (of the active function)."""
        raise NotImplementedError

    def sense_changed(self, function: str = "") -> None:
        """Take over a new measuring function or range."""
        raise NotImplementedError

    def switch_on(self) -> None:
        """Close the relay and drive the output to the level."""
        raise NotImplementedError

    def switch_off(self) -> Handler:
        """Output to zero at once, the relay follows."""
        raise NotImplementedError

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

"""What the command parts of a B1500A work on: slots, converters, output data, interlock."""

from dataclasses import dataclass

from tsbench.simulated_backends.flex.errors import FlexError
from tsbench.simulated_backends.flex.exchange import FlexExchange
from tsbench.simulated_backends.flex.status import FlexStatus
from tsbench.simulated_backends.virtual_instruments.instrument import VirtualInstrument
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.converters import Converters
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.data_output import DataOutput
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.data_sheet import INTERLOCK_VOLTAGE
from tsbench.simulated_backends.virtual_instruments.keysight_b1500a.slots import SlotMap


@dataclass
class Mainframe:
    """What the command parts work on."""

    instrument: VirtualInstrument
    slots: SlotMap
    converters: Converters
    data: DataOutput
    exchange: FlexExchange
    status: FlexStatus
    interlock_closed: bool
    interlock_voltage: float = INTERLOCK_VOLTAGE  #: [V]
    auto_calibration: bool = False  #: CM
    parallel: bool = False  #: PAD
    trigger_mode: int = 1  #: TM

    def require_interlock(self, *volts: float) -> None:
        """Refuse voltages above the allowed one while the interlock is open: error 202."""
        if not self.interlock_closed and max(map(abs, volts)) > self.interlock_voltage:
            self.status.interlock_opened = True
            raise FlexError(202)

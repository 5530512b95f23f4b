"""Virtual Keithley 2461 source meter. Its digitiser is not modelled."""

from tsbench.simulated_backends.scpi.tree import Subsystem
from tsbench.simulated_backends.services.services import BenchServices
from tsbench.simulated_backends.virtual_instruments.instrument import Placement
from tsbench.simulated_backends.virtual_instruments.keithley_2461.data_sheet import DC_CURRENT, KEITHLEY_2461
from tsbench.simulated_backends.virtual_instruments.keithley_2461.pulses import SourcePulseCommands
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.instrument import VirtualInteractiveSourceMeter


class VirtualKeithley2461(VirtualInteractiveSourceMeter):
    """105 V, 7 A and 100 W, and pulses of 10 A."""

    pulse_commands = Subsystem(SourcePulseCommands)

    data_sheet = KEITHLEY_2461
    manufacturer, model, firmware = KEITHLEY_2461.manufacturer, KEITHLEY_2461.name, KEITHLEY_2461.firmware

    def __init__(self, bench: BenchServices, placement: Placement) -> None:
        super().__init__(bench, placement)
        self.output.highest["CURR"] = DC_CURRENT

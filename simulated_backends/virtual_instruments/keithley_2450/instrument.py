"""Virtual Keithley 2450 source meter."""

from tsbench.simulated_backends.virtual_instruments.keithley_2450.data_sheet import KEITHLEY_2450
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.instrument import VirtualInteractiveSourceMeter


class VirtualKeithley2450(VirtualInteractiveSourceMeter):
    """210 V, 1.05 A and 20 W."""

    data_sheet = KEITHLEY_2450
    manufacturer, model, firmware = KEITHLEY_2450.manufacturer, KEITHLEY_2450.name, KEITHLEY_2450.firmware

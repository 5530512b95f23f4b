"""Virtual Keithley 2460 source meter.

The virtual sense terminals are connected to the force terminals. Four-wire sensing therefore changes only a bit of the
status of a reading. The interlock of the instrument, which allows more than 42 V, is always closed.
"""

from tsbench.simulated_backends.virtual_instruments.keithley_2460.data_sheet import KEITHLEY_2460
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.instrument import VirtualInteractiveSourceMeter


class VirtualKeithley2460(VirtualInteractiveSourceMeter):
    """105 V, 7 A and 100 W."""

    data_sheet = KEITHLEY_2460
    manufacturer, model, firmware = KEITHLEY_2460.manufacturer, KEITHLEY_2460.name, KEITHLEY_2460.firmware

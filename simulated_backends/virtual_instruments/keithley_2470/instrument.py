"""Virtual Keithley 2470 source meter.

Its interlock is closed, unless the option ``interlock = false`` of the world file opens it: then the output does not
switch on above 21 V (reference manual 2470-901-01 rev. A, p. 12-39).
"""

from tsbench.simulated_backends.virtual_instruments.keithley_2470.data_sheet import KEITHLEY_2470
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.instrument import VirtualInteractiveSourceMeter


class VirtualKeithley2470(VirtualInteractiveSourceMeter):
    """1100 V, 1.05 A and 20 W."""

    data_sheet = KEITHLEY_2470
    manufacturer, model, firmware = KEITHLEY_2470.manufacturer, KEITHLEY_2470.name, KEITHLEY_2470.firmware

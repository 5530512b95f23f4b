"""A plain resistor in the place of a device: the control experiment of every threshold measurement."""

from tsbench.simulated_backends.devices.resistor.equations import Resistor

DEVICE = Resistor

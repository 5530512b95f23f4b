"""A diode with a series resistance: a control experiment."""

from tsbench.simulated_backends.devices.diode.equations import Diode

DEVICE = Diode

"""A capacitor with its losses: a control experiment."""

from tsbench.simulated_backends.devices.capacitor.equations import Capacitor

DEVICE = Capacitor

"""Conduction that heat and field activate, with Joule heating: a selector with negative differential resistance."""

from tsbench.simulated_backends.devices.thermal_ndr.equations import ThermalNDR

DEVICE = ThermalNDR

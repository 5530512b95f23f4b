"""A filament that voltage alone makes and breaks in some 100 ns: set above a threshold, reset below a hold voltage."""

from tsbench.simulated_backends.devices.gated_filament.equations import GatedFilament

DEVICE = GatedFilament

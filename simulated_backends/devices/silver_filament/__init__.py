"""A silver filament in an oxide (diffusive memristor): compact, stochastic, one set of parameters for everything."""

from tsbench.simulated_backends.devices.silver_filament.equations import SilverFilament

DEVICE = SilverFilament

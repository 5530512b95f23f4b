"""Poole-Frenkel conduction in its one-dimensional form, an ohmic prefactor times e^x: the form of public netlists."""

from tsbench.simulated_backends.devices.poole_frenkel_1d.equations import OneDimensionalPooleFrenkel

DEVICE = OneDimensionalPooleFrenkel

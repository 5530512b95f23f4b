"""Poole-Frenkel conduction with Joule heating (NbO2), in its three-dimensional (Hartke) form."""

from tsbench.simulated_backends.devices.poole_frenkel.equations import PooleFrenkel

DEVICE = PooleFrenkel

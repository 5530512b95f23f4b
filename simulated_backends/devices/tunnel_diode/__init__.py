"""A germanium tunnel (backward) diode, the partner of the Ag/HfO2 switch in a published neuron; a circuit element."""

from tsbench.simulated_backends.devices.tunnel_diode.equations import TunnelDiode

DEVICE = TunnelDiode

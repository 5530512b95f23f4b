"""The virtual Keysight B1500A: mainframe, source meters, pulse generator."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

VIRTUAL_INSTRUMENTS = VirtualInstrumentDeclaration(
    "keysight_b1500a", "tsbench.simulated_backends.virtual_instruments.keysight_b1500a.instrument:VirtualB1500A")

"""The virtual Keysight B1500A: mainframe, source meters, pulse generator."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

VIRTUAL_INSTRUMENTS = VirtualInstrumentDeclaration(
    "keysight_b1500a", "tsbench.simulated_backends.virtual_instruments.keysight_b1500a.instrument:VirtualB1500A")
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "the capacitance unit measures nothing",
    "the binary data formats FMT 3, 4, 13 and 14",
    "parallel measurements",
    "the accuracy of a compliance of the opposite sign",
)

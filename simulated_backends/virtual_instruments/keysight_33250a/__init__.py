"""The virtual Keysight 33250A function generator. Its driver is in the folder of the same name."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration(
        "keysight_33250a",
        "tsbench.simulated_backends.virtual_instruments.keysight_33250a.instrument:VirtualKeysight33250A"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("modulation", "sweeps")

"""The virtual Keysight 33500B and 33600A. Their driver is in the folder ``instruments/keysight_33500``."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keysight_33600.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keysight_33622a", f"{_MODULE}:VirtualKeysight33622A"),
    VirtualInstrumentDeclaration("keysight_33522b", f"{_MODULE}:VirtualKeysight33522B"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("arbitrary waveforms for both channels in one block", "OUTPut:MODE", "settings of the LAN interface")

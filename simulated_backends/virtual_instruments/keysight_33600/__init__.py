"""The virtual Keysight 33500B and 33600A."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keysight_33600.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keysight_33622a", f"{_MODULE}:Keysight33622A"),
    VirtualInstrumentDeclaration("keysight_33522b", f"{_MODULE}:Keysight33522B"),
)

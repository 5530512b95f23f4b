"""The virtual Keysight InfiniiVision 3000T X-Series."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keysight_dsox3000t.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keysight_dsox3034t", f"{_MODULE}:VirtualKeysightDSOX3034T"),
    VirtualInstrumentDeclaration("keysight_dsox3054t", f"{_MODULE}:VirtualKeysightDSOX3054T"),
)

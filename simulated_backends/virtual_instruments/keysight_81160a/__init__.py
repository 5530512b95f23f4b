"""The virtual Keysight 81160A and 81150A pulse generators. Their driver is in the folder of the same name."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keysight_81160a.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keysight_81160a", f"{_MODULE}:VirtualKeysight81160A"),
    VirtualInstrumentDeclaration("keysight_81150a", f"{_MODULE}:VirtualKeysight81150A"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("modulation", "sweeps", "patterns")

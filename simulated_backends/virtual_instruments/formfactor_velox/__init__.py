"""The virtual FormFactor Velox: the prober software behind its VISA text commands."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration(
        "formfactor_velox", "tsbench.simulated_backends.virtual_instruments.formfactor_velox.instrument:VirtualVelox"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("commands beside those of moves, contact, the chuck and the wafer map",)

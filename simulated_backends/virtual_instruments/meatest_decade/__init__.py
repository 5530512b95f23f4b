"""The virtual Meatest decade boxes: M632 for resistance, M525 for capacitance."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.meatest_decade.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("meatest_m632", f"{_MODULE}:VirtualMeatestM632"),
    VirtualInstrumentDeclaration("meatest_m525", f"{_MODULE}:VirtualMeatestM525"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS: tuple[str, ...] = ()

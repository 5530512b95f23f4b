"""The virtual Keithley 2470."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keithley_2470.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keithley_2470", f"{_MODULE}:VirtualKeithley2470"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("as the 2450",)

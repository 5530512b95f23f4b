"""The virtual Keithley 2460."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keithley_2460.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keithley_2460", f"{_MODULE}:VirtualKeithley2460"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("as the 2450",)

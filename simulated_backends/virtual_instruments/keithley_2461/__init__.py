"""The virtual Keithley 2461."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keithley_2461.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keithley_2461", f"{_MODULE}:VirtualKeithley2461"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("as the 2450", "the digitiser")

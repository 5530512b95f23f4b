"""The virtual Keithley 2450."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keithley_2450.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keithley_2450", f"{_MODULE}:VirtualKeithley2450"),
)

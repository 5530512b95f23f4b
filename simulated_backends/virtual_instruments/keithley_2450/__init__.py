"""The virtual Keithley 2450."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keithley_2450.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keithley_2450", f"{_MODULE}:VirtualKeithley2450"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "limits of automatic ranges, line synchronisation, LAN and TSP-Link triggers, the clock (are accepted)",
    "the flash drive",
    "four wires: a bit of the status only",
)

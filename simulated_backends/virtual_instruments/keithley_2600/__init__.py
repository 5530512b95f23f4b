"""The virtual Keithley 2600B source meters."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keithley_2600.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keithley_2601b", f"{_MODULE}:VirtualKeithley2601B"),
    VirtualInstrumentDeclaration("keithley_2602b", f"{_MODULE}:VirtualKeithley2602B"),
    VirtualInstrumentDeclaration("keithley_2612b", f"{_MODULE}:VirtualKeithley2612B"),
    VirtualInstrumentDeclaration("keithley_2636b", f"{_MODULE}:VirtualKeithley2636B"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "settling modes, analog filter, sink mode and power limit (are accepted)",
    "four wires: a bit of the status only",
)

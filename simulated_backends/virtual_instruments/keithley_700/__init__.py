"""The virtual Keithley switching mainframes with TSP: 707B with matrix cards, 3706A with the matrix card 3730."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keithley_700.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keithley_707b", f"{_MODULE}:VirtualKeithley707B"),
    VirtualInstrumentDeclaration("keithley_3706a", f"{_MODULE}:VirtualKeithley3706A"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("scans, digital lines, the multimeter of the 3706A",)

"""The virtual Keithley 2400, 2401 and 2410: one command set (user's manual 2400S-900-01 rev. K), three data sheets."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keithley_2400.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("keithley_2400", f"{_MODULE}:VirtualKeithley2400"),
    VirtualInstrumentDeclaration("keithley_2401", f"{_MODULE}:VirtualKeithley2401"),
    VirtualInstrumentDeclaration("keithley_2410", f"{_MODULE}:VirtualKeithley2410"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "the pulse mode of the 2430, contact check, offset-compensated ohms (settings are kept)",
    "trigger inputs within a cycle",
    "four wires: a bit of the status only",
)

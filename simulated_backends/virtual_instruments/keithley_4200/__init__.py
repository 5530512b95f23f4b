"""The virtual Keithley 4200A-SCS."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration(
        "keithley_4200", "tsbench.simulated_backends.virtual_instruments.keithley_4200.instrument:Virtual4200"),
)

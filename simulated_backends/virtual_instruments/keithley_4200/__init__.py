"""The virtual Keithley 4200A-SCS."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration(
        "keithley_4200", "tsbench.simulated_backends.virtual_instruments.keithley_4200.instrument:Virtual4200"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "the command set of the 4145, VAR1', logarithmic sweeps, the exit on compliance",
    "the C-V unit and user libraries",
    "the switch of a 4225-RPM",
)

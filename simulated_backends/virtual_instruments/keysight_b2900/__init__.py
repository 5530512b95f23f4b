"""The virtual Keysight B2901A, B2902A, B2911A and B2912A: one command set, four data sheets."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keysight_b2900.instrument"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(f"keysight_b{model}a", f"{_MODULE}:VirtualB{model}A")
    for model in (2901, 2902, 2911, 2912)
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "four wires: a setting that changes nothing",
    "the subsystems CALCulate, HCOPy, LXI, MMEMory and PROGram, and statistics of a trace",
)

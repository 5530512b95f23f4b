"""The virtual Siglent SDG2000X function generators. Their driver is in the folder of the same name."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.siglent_sdg2000x.instrument"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(f"siglent_{model.lower()}", f"{_MODULE}:Virtual{model}")
    for model in ("SDG2122X", "SDG2082X", "SDG2042X"))
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "modulation",
    "sweeps",
    "pseudo-random binary sequences (WVTP,PRBS)",
    "harmonics, added channels and the frequency counter (say that they are off)",
    "the shapes of built-in waveforms of medicine, vehicles and modulations, and of some functions",
)

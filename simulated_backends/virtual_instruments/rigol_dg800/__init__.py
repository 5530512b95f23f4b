"""The virtual Rigol DG800 and DG900 function generators. Their driver is in the folder of the same name."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.rigol_dg800.models"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(f"rigol_{model.lower()}", f"{_MODULE}:Virtual{model}")
    for model in ("DG822", "DG832", "DG972", "DG992"))
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("modulation", "sweeps", "harmonics", "sequences", "files")

"""The virtual Tektronix AFG3000C and AFG31000 function generators. Their driver is in the folder of the same name."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.tektronix_afg.models"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(f"tektronix_{model.lower()}", f"{_MODULE}:Virtual{model}")
    for model in ("AFG31252", "AFG31102", "AFG3252C", "AFG3152C", "AFG3102C"))
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("modulation by the input", "files", "added noise")

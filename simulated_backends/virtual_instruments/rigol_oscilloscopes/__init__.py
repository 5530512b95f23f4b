"""The virtual Rigol DS1000Z and MSO5000 oscilloscopes."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes.instrument"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(f"rigol_{model.lower()}", f"{_MODULE}:VirtualRigol{model}")
    for model in ("DS1074Z", "DS1104Z", "MSO5104")
)

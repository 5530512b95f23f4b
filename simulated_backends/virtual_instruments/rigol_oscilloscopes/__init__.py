"""The virtual Rigol DS1000Z, MSO5000 and DS4000 oscilloscopes."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_FOLDER = "tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes"

VIRTUAL_INSTRUMENTS = (
    *(VirtualInstrumentDeclaration(f"rigol_{model.lower()}", f"{_FOLDER}.instrument:VirtualRigol{model}")
      for model in ("DS1074Z", "DS1104Z", "MSO5104")),
    VirtualInstrumentDeclaration("rigol_ds4024", f"{_FOLDER}.ds4000:VirtualRigolDS4024"),
)

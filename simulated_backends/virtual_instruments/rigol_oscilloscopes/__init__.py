"""The virtual Rigol DS1000Z, MSO5000 and DS4000 oscilloscopes."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_FOLDER = "tsbench.simulated_backends.virtual_instruments.rigol_oscilloscopes"

VIRTUAL_INSTRUMENTS = (
    *(VirtualInstrumentDeclaration(f"rigol_{model.lower()}", f"{_FOLDER}.instrument:VirtualRigol{model}")
      for model in ("DS1074Z", "DS1104Z", "MSO5104")),
    VirtualInstrumentDeclaration("rigol_ds4024", f"{_FOLDER}.ds4000:VirtualRigolDS4024"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "math and masks (say that they are off)",
    "recorded frames (the DS1000Z and the MSO5000 say that they are off)",
    "decoding, searches, the logic analyser, the generator, the voltmeter and the counter (the MSO5000 says that they "
    "are off)",
    "triggers beside edges and pulses",
)

"""The virtual Tektronix oscilloscopes: 4, 5 and 6 Series MSO; MSO5000, DPO5000 and DPO7000."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_FOLDER = "tsbench.simulated_backends.virtual_instruments.tektronix_mso"

VIRTUAL_INSTRUMENTS = (
    *(VirtualInstrumentDeclaration(f"tektronix_{model.lower()}", f"{_FOLDER}.mso:VirtualTektronix{model}")
      for model in ("MSO54", "MSO44", "MSO58", "MSO64")),
    *(VirtualInstrumentDeclaration(f"tektronix_{model.lower()}", f"{_FOLDER}.dpo:VirtualTektronix{model}")
      for model in ("MSO5104B", "DPO5104B", "DPO7254C")),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "samples that are not aligned with the trigger",
    "FastAcq",
    "math and reference waveforms",
    "digital channels",
    "bus triggers",
    "queries of a whole group (CH1?, ACQuire?, HORizontal?, TRIGger:A?, SET?)",
    "identity and clock (ID?, DATE?, TIME?), whether the front panel is locked (LOCk?), the number of acquisitions in "
    "a sequence so far (ACQuire:SEQuence:CURrent?), the domain of a waveform asked on its own (WFMOutpre:DOMain?)",
)

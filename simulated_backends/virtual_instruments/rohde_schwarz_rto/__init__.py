"""The virtual Rohde & Schwarz RTO and RTB oscilloscopes."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_FOLDER = "tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto"

VIRTUAL_INSTRUMENTS = (
    *(VirtualInstrumentDeclaration(f"rohde_schwarz_{model.lower()}", f"{_FOLDER}.instrument:VirtualRohdeSchwarz{model}")
      for model in ("RTO1014", "RTO2024")),
    VirtualInstrumentDeclaration("rohde_schwarz_rtb2004", f"{_FOLDER}.rtb:VirtualRohdeSchwarzRTB2004"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "RTB2004: segments and history",
    "math",
    "high definition",
    "CHANnel:TYPE, CHANnel:DATA:STYPe, ACQuire:SEGMented:AUToreplay, SENSe:ROSCillator",
    "triggers beside edges and widths",
    "RTB2004: measurements, the generator, digital channels",
)

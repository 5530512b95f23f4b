"""The virtual Rohde & Schwarz RTO oscilloscopes."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.rohde_schwarz_rto.instrument"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(f"rohde_schwarz_{model.lower()}", f"{_MODULE}:VirtualRohdeSchwarz{model}")
    for model in ("RTO1014", "RTO2024")
)

"""The virtual Keysight Infiniium S-Series and 9000 Series oscilloscopes."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keysight_infiniium.instrument"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(f"keysight_{model.lower()}", f"{_MODULE}:VirtualKeysight{model}")
    for model in ("DSOS104A", "DSO9254A")
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("math", "serial buses", "triggers beside edges and widths", "headers in replies")

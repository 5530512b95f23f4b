"""The virtual Keysight InfiniiVision X-Series: 1000X, 2000X, 3000A, 3000T, 4000X and 6000X."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.instrument"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(f"keysight_{model.lower()}", f"{_MODULE}:VirtualKeysight{model}")
    for model in ("DSOX1102G", "DSOX2024A", "DSOX3034T", "DSOX3054A", "DSOX3054T", "DSOX4104A", "MSOX4154A",
                  "DSOX6004A")
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("digital channels", "the generator", "serial buses")

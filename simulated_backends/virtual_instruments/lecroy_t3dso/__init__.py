"""The virtual Teledyne LeCroy T3DSO1000 and T3DSO2000, and their Siglent sisters of the SDS1000X-E series."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.lecroy_t3dso.instrument"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(name, f"{_MODULE}:Virtual{model}")
    for name, model in (
        ("lecroy_t3dso1204", "T3DSO1204"), ("lecroy_t3dso1104", "T3DSO1104"), ("lecroy_t3dso2204", "T3DSO2204"),
        ("siglent_sds1202xe", "SDS1202XE"), ("siglent_sds1204xe", "SDS1204XE"),
    )
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "the math waveform (its settings are kept)",
    "the filters of the trigger path",
    "triggers on runts, slopes, intervals and dropouts, which never come",
)

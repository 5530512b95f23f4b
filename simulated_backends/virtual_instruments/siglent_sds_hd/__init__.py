"""The virtual Siglent SDS1000X HD and SDS2000X HD, with 12 bits and SCPI commands."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.siglent_sds_hd.instrument"

VIRTUAL_INSTRUMENTS = tuple(
    VirtualInstrumentDeclaration(name, f"{_MODULE}:Virtual{model}")
    for name, model in (("siglent_sds2204xhd", "SDS2204XHD"), ("siglent_sds1104xhd", "SDS1104XHD"))
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = ("math waveforms", "triggers beside edges, which never come", "statistics of measurements")

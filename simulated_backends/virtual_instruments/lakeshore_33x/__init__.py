"""The virtual Lake Shore temperature controllers 335 and 336."""

from tsbench.simulated_backends.virtual_instruments.registry import VirtualInstrumentDeclaration

_MODULE = "tsbench.simulated_backends.virtual_instruments.lakeshore_33x.instrument"

VIRTUAL_INSTRUMENTS = (
    VirtualInstrumentDeclaration("lakeshore_335", f"{_MODULE}:VirtualLakeShore335"),
    VirtualInstrumentDeclaration("lakeshore_336", f"{_MODULE}:VirtualLakeShore336"),
)
#: what the instruments have and the virtual ones do not (docs/virtual_instruments.md)
LACKS = (
    "the points of standard curves, tuning, warm-up, the analog outputs",
    "the temperature of the thermocouple junction (TEMP?), the choice of the interface (INTSEL)",
    "percent of the current: HTR?, MOUT and the control law are in percent of the power, whatever HTRSET says",
)

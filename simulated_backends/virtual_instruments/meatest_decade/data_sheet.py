"""Numbers of the Meatest decade boxes.

Not compared with a data sheet: ranges, steps, accuracies, residual values and the settling time. The commands follow
the operation manuals of the sister models M631 (p. 29) and Powertek MC642 (p. 36).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.sources import NO_DATA_SHEET, Origin

#: by imperfection (``docs/imperfections.md``)
SOURCES: Mapping[str, Origin] = {"accuracy": NO_DATA_SHEET, "settling": NO_DATA_SHEET}


@dataclass(frozen=True)
class DecadeDataSheet:
    """One box. Values in Ohm or F."""

    model: str
    kind: str  #: of the circuit element: "R" or "C"
    low: float
    high: float
    step: float
    first: float  #: after *RST
    accuracy: float  #: relative, of a year
    firmware: str = "1.00"
    settling: float = 10e-3  #: [s] after a new value, with its relays


MEATEST_M632 = DecadeDataSheet("M632", "R", low=1.0, high=1.2e6, step=1e-3, first=100.0, accuracy=2e-4)
MEATEST_M525 = DecadeDataSheet("M525", "C", low=1e-9, high=100e-6, step=1e-12, first=1e-9, accuracy=5e-3)

"""Cards of the Keithley switching mainframes.

Not compared with a data sheet: the resistances of closed contacts and the settling times. The capacitance of contacts
is not modelled, and an open contact has 1 TOhm.
"""

from collections.abc import Mapping

from tsbench.simulated_backends.virtual_instruments.sources import NO_DATA_SHEET, Origin
from tsbench.simulated_backends.virtual_instruments.switch_matrix.relays import Card

#: by imperfection (``docs/imperfections.md``)
SOURCES: Mapping[str, Origin] = {"contact_resistance": NO_DATA_SHEET, "settling": NO_DATA_SHEET}
CARDS_707B: Mapping[str, Card] = {
    "7072": Card("7072", "8x12 Semiconductor Matrix Card", 8, 12, closed=1.0, settling=15e-3),
    "7174A": Card("7174A", "8x12 Low Current High Speed Matrix", 8, 12, closed=1.0, settling=2e-3),
}
CARDS_3706A: Mapping[str, Card] = {
    "3730": Card("3730", "6x16 High Density Matrix", 6, 16, closed=1.5, settling=4e-3),
}

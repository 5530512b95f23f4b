"""Ranges, operating boundaries and one-year accuracies of the Keithley 2470 (23 ± 5 °C, 1 NPLC).

Sources
-------
- The ranges and the limits of level and compliance are those of Tektronix's command help for the 2470
  (``smu.source.range``, ``smu.source.xlimit.level``) and of the reference manual 2470-901-01 rev. A (p. 12-78, 12-88).

Not compared with a data sheet
------------------------------
- The operating boundaries are 21 V at 1.05 A, 210 V at 105 mA and 1050 V at 21 mA. The instrument itself goes up to
  1100 V: the driver uses the overrange of 5 % that the family has.
- The accuracies are those of the 2450. The range of 1000 V has five times the offsets and the noise of the range of
  200 V.
"""

import dataclasses

from tsbench.instruments.interfaces import Accuracy, Range
from tsbench.instruments.keithley_2450 import data_sheet as of_2450
from tsbench.instruments.keithley_interactive.data_sheet import Boundary, DataSheet


def _thousand(row: Accuracy) -> Accuracy:
    """Return the range of 1000 V from that of 200 V."""
    return Accuracy(1000.0, row.gain, 5 * row.offset, 5 * row.noise)


CURRENT, SOURCE_CURRENT = of_2450.CURRENT, of_2450.SOURCE_CURRENT
VOLTAGE = (*of_2450.VOLTAGE[1:], _thousand(of_2450.VOLTAGE[-1]))
SOURCE_VOLTAGE = (*of_2450.SOURCE_VOLTAGE[1:], _thousand(of_2450.SOURCE_VOLTAGE[-1]))

DATA_SHEET = DataSheet(
    dataclasses.replace(
        of_2450.CAPABILITIES,
        source_voltage=Range(-1050.0, 1050.0, "V"),
        compliance_voltage=Range(0.2, 1050.0, "V"),
        voltage_accuracy=VOLTAGE,
        source_voltage_accuracy=SOURCE_VOLTAGE,
    ),
    boundaries={
        "voltage": (Boundary(21.0, 1.05), Boundary(210.0, 105e-3), Boundary(1050.0, 21e-3)),
        "current": (Boundary(10.5e-3, 1050.0), Boundary(105e-3, 210.0), Boundary(1.05, 21.0)),
    },
)

"""Ranges, operating boundaries and one-year accuracies of the Keithley 2470 (23 ± 5 °C, 1 NPLC).

Sources
-------
- The ranges and the limits of level and compliance are those of Tektronix's command help for the 2470
  (``smu.source.range``, ``smu.source.xlimit.level``) and of the reference manual 2470-901-01 rev. A (p. 12-78, 12-88).
- The accuracies and the noise are those of a copy of the data sheet's tables at a reseller (atltest.com.cn, product
  14087).

Not compared with a data sheet
------------------------------
- The operating boundaries are 21 V at 1.05 A, 210 V at 105 mA and 1050 V at 21 mA. The instrument itself goes up to
  1100 V: the driver uses the overrange of 5 % that the family has.
- The noise is that of the source below 10 Hz.
"""

import dataclasses

from tsbench.instruments.interfaces import Accuracy, Range
from tsbench.instruments.keithley_2450 import data_sheet as of_2450
from tsbench.instruments.keithley_interactive.data_sheet import Boundary, DataSheet

#: the same as those of the 2450, but for the two lowest and the highest currents, and the lowest voltage
CURRENT = (
    Accuracy(10e-9, 1.0e-3, 250e-12, 0.5e-12), Accuracy(100e-9, 0.60e-3, 300e-12, 0.5e-12),
    *of_2450.CURRENT[2:-1], Accuracy(1.0, 0.30e-3, 500e-6, 10e-6))
SOURCE_CURRENT = (
    Accuracy(10e-9, 1.0e-3, 200e-12, 0.5e-12), Accuracy(100e-9, 0.60e-3, 250e-12, 0.5e-12),
    *of_2450.SOURCE_CURRENT[2:-1], Accuracy(1.0, 0.67e-3, 900e-6, 10e-6))
VOLTAGE = (
    Accuracy(200e-3, 0.12e-3, 200e-6, 2e-6), *of_2450.VOLTAGE[2:], Accuracy(1000.0, 0.15e-3, 50e-3, 20e-3))
SOURCE_VOLTAGE = (
    Accuracy(200e-3, 0.15e-3, 200e-6, 2e-6), *of_2450.SOURCE_VOLTAGE[2:], Accuracy(1000.0, 0.20e-3, 100e-3, 20e-3))

DATA_SHEET = DataSheet(
    dataclasses.replace(
        of_2450.CAPABILITIES,
        source_voltage=Range(-1050.0, 1050.0, "V"),
        compliance_voltage=Range(0.2, 1050.0, "V"),
        current_accuracy=CURRENT,
        voltage_accuracy=VOLTAGE,
        source_voltage_accuracy=SOURCE_VOLTAGE,
        source_current_accuracy=SOURCE_CURRENT,
        least_of_range=0.106,   # manual, p. 12-78
    ),
    boundaries={
        "voltage": (Boundary(21.0, 1.05), Boundary(210.0, 105e-3), Boundary(1050.0, 21e-3)),
        "current": (Boundary(10.5e-3, 1050.0), Boundary(105e-3, 210.0), Boundary(1.05, 21.0)),
    },
)

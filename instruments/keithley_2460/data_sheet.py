"""Ranges, operating boundaries and one-year accuracies of the Keithley 2460 (23 ± 5 °C, 1 NPLC).

Sources
-------
- The ranges are those of Tektronix's command help for the 2460 (``smu.source.range``).
- The limits of level, compliance and measuring range are those of the 2461, which has the same DC ranges (reference
  manual 2461-901-01 rev. A, p. 6-93, 6-94 and 8-166).
- The range of 1 uA measures with an offset of 700 pA and a noise of 40 pA (SPEC-2460 rev. C).

Not yet compared with the printed data sheet
--------------------------------------------
- The operating boundaries are 7 A at 7 V, 5 A at 10 V, 4 A at 20 V and 1 A at 100 V. The overrange adds 5 %
  to each value.
- The accuracy of measured currents comes from a copy of the data sheet's table.
- The offset of a sourced current is 1.5 times that of a measured one, as for 100 mA in the manual of the 2461 (p.
  4-19).
- The accuracy of voltages is that of the 2450. The ranges of 7 V and 10 V have the values of its range of 20 V. The
  range of 100 V has half the offsets of its range of 200 V.
- The noise is that of the 2450. It is in proportion to the range where the 2450 does not have the range.
"""

import dataclasses

from tsbench.instruments.interfaces import Accuracy, Range, SourceMeterCapabilities
from tsbench.instruments.keithley_interactive.data_sheet import INTERLOCK_ABOVE, Boundary, DataSheet

#: measuring current: full scale [A], gain, offset [A], noise at 1 NPLC [A rms]
CURRENT = (
    Accuracy(1e-6, 0.25e-3, 700e-12, 40e-12),
    Accuracy(10e-6, 0.25e-3, 1e-9, 40e-12),
    Accuracy(100e-6, 0.20e-3, 10e-9, 400e-12),
    Accuracy(1e-3, 0.20e-3, 100e-9, 5e-9),
    Accuracy(10e-3, 0.20e-3, 1e-6, 40e-9),
    Accuracy(100e-3, 0.20e-3, 10e-6, 100e-9),
    Accuracy(1.0, 0.50e-3, 500e-6, 3e-6),
    Accuracy(4.0, 1.0e-3, 2.5e-3, 12e-6),
    Accuracy(5.0, 1.0e-3, 2.5e-3, 15e-6),
    Accuracy(7.0, 1.5e-3, 5e-3, 21e-6),
)
SOURCE_CURRENT = tuple(dataclasses.replace(row, offset=1.5 * row.offset) for row in CURRENT)
#: measuring voltage: full scale [V], gain, offset [V], noise [V rms]
VOLTAGE = (
    Accuracy(200e-3, 0.12e-3, 200e-6, 1e-6),
    Accuracy(2.0, 0.12e-3, 300e-6, 10e-6),
    Accuracy(7.0, 0.15e-3, 1e-3, 35e-6),
    Accuracy(10.0, 0.15e-3, 1e-3, 50e-6),
    Accuracy(20.0, 0.15e-3, 1e-3, 100e-6),
    Accuracy(100.0, 0.15e-3, 5e-3, 500e-6),
)
SOURCE_VOLTAGE = (
    Accuracy(200e-3, 0.15e-3, 200e-6, 1e-6),
    Accuracy(2.0, 0.20e-3, 300e-6, 10e-6),
    Accuracy(7.0, 0.15e-3, 2.4e-3, 35e-6),
    Accuracy(10.0, 0.15e-3, 2.4e-3, 50e-6),
    Accuracy(20.0, 0.15e-3, 2.4e-3, 100e-6),
    Accuracy(100.0, 0.15e-3, 12e-3, 500e-6),
)

DATA_SHEET = DataSheet(
    SourceMeterCapabilities(
        source_voltage=Range(-105.0, 105.0, "V"),
        source_current=Range(-7.35, 7.35, "A"),
        compliance_current=Range(1e-6, 7.35, "A"),
        compliance_voltage=Range(0.2, 105.0, "V"),
        nplc=Range(0.01, 10.0, ""),
        maximum_sweep_points=2500,
        minimum_dwell=50e-6,
        current_accuracy=CURRENT,
        voltage_accuracy=VOLTAGE,
        source_voltage_accuracy=SOURCE_VOLTAGE,
        source_current_accuracy=SOURCE_CURRENT,
        line_frequency=50.0,
        interlock_above=INTERLOCK_ABOVE,
        least_of_range=1e-3,
    ),
    boundaries={
        "voltage": (Boundary(7.35, 7.35), Boundary(10.5, 5.25), Boundary(21.0, 4.2), Boundary(105.0, 1.05)),
        "current": (Boundary(1.05, 105.0), Boundary(4.2, 21.0), Boundary(5.25, 10.5), Boundary(7.35, 7.35)),
    },
)

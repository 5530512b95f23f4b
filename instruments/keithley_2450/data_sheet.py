"""Ranges and one-year accuracies of the Keithley 2450 (data sheet SPEC-2450 rev. A: 23 ± 5 °C, 1 NPLC)."""

from tsbench.instruments.interfaces import Accuracy, Range, SourceMeterCapabilities
from tsbench.instruments.keithley_interactive.data_sheet import INTERLOCK_ABOVE, Boundary, DataSheet

#: measuring current: full scale [A], gain, offset [A], noise at 1 NPLC [A rms]
CURRENT = (
    Accuracy(10e-9, 1.0e-3, 50e-12, 0.5e-12),
    Accuracy(100e-9, 0.60e-3, 100e-12, 0.5e-12),
    Accuracy(1e-6, 0.25e-3, 300e-12, 5e-12),
    Accuracy(10e-6, 0.25e-3, 700e-12, 40e-12),
    Accuracy(100e-6, 0.20e-3, 6e-9, 400e-12),
    Accuracy(1e-3, 0.20e-3, 60e-9, 5e-9),
    Accuracy(10e-3, 0.20e-3, 600e-9, 40e-9),
    Accuracy(100e-3, 0.25e-3, 6e-6, 100e-9),
    Accuracy(1.0, 0.30e-3, 500e-6, 3e-6),
)
#: measuring voltage: full scale [V], gain, offset [V], noise [V rms]
VOLTAGE = (
    Accuracy(20e-3, 1.0e-3, 150e-6, 1e-6),
    Accuracy(200e-3, 0.12e-3, 200e-6, 1e-6),
    Accuracy(2.0, 0.12e-3, 300e-6, 10e-6),
    Accuracy(20.0, 0.15e-3, 1e-3, 100e-6),
    Accuracy(200.0, 0.15e-3, 10e-3, 1e-3),
)
SOURCE_VOLTAGE = (
    Accuracy(20e-3, 1.0e-3, 200e-6, 1e-6),
    Accuracy(200e-3, 0.15e-3, 200e-6, 1e-6),
    Accuracy(2.0, 0.20e-3, 300e-6, 10e-6),
    Accuracy(20.0, 0.15e-3, 2.4e-3, 100e-6),
    Accuracy(200.0, 0.15e-3, 24e-3, 1e-3),
)
SOURCE_CURRENT = (
    Accuracy(10e-9, 1.0e-3, 100e-12, 0.5e-12),
    Accuracy(100e-9, 0.60e-3, 150e-12, 0.5e-12),
    Accuracy(1e-6, 0.25e-3, 400e-12, 5e-12),
    Accuracy(10e-6, 0.25e-3, 1.5e-9, 40e-12),
    Accuracy(100e-6, 0.20e-3, 15e-9, 400e-12),
    Accuracy(1e-3, 0.20e-3, 150e-9, 5e-9),
    Accuracy(10e-3, 0.20e-3, 1.5e-6, 40e-9),
    Accuracy(100e-3, 0.25e-3, 15e-6, 100e-9),
    Accuracy(1.0, 0.67e-3, 900e-6, 3e-6),
)

CAPABILITIES = SourceMeterCapabilities(
    source_voltage=Range(-210.0, 210.0, "V"),
    source_current=Range(-1.05, 1.05, "A"),
    compliance_current=Range(1e-9, 1.05, "A"),
    compliance_voltage=Range(0.02, 210.0, "V"),
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
)

DATA_SHEET = DataSheet(
    CAPABILITIES,
    boundaries={
        "voltage": (Boundary(21.0, 1.05), Boundary(210.0, 105e-3)),
        "current": (Boundary(105e-3, 210.0), Boundary(1.05, 21.0)),
    },
)

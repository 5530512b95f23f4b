"""Ranges and one-year accuracies of the Keithley 2400, 2401 and 2410 (SPEC-2400 rev. H, SPEC-2410 rev. E: 23 ± 5 °C).

The noise is the peak-to-peak noise of the source from 0.1 Hz to 10 Hz, divided by 6, for levels and readings alike:
the data sheets state none for readings. The numbers of the 2401 are those of the 2400-LV: not compared with a data
sheet of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.interfaces import Accuracy, Range, SourceMeterCapabilities
from tsbench.instruments.languages.repeatable import COMMON

#: most values that one :SOUR:LIST message takes
LIST_CHUNK = 100
MOST_POINTS = 2500  #: of one sweep
#: bits of the status word of a reading (user's manual 2400S-900-01 rev. K, p. 18-50)
STATUS_OVERFLOWED, STATUS_COMPLIANCE, STATUS_PROTECTED, STATUS_RANGE_COMPLIANCE = 1, 1 << 3, 1 << 4, 1 << 16

#: queries that change nothing in the instrument
REPEATABLE = (
    *COMMON, ":SYSTem:{LFRequency|RSENse}?", ":OUTPut{[:STATe]|:SMODe}?", ":OUTPut:ENABle[:STATe]?",
    ":OUTPut:ENABle:TRIPped?", ":SOURce:FUNCtion[:MODE]?", ":SOURce:{VOLTage|CURRent}[:LEVel]?",
    ":SOURce:{VOLTage|CURRent}:RANGe?", ":SENSe:{VOLTage|CURRent}[:DC]:{RANGe[:UPPer]|NPLCycles|PROTection[:LEVel]}?",
    ":TRACe:{DATA|POINts:ACTual}?",
)


@dataclass(frozen=True)
class OperatingBoundary:
    """A step of the operating boundaries: up to this level, the compliance may be this high."""

    level: float  #: [V or A]
    compliance: float  #: [A or V]


@dataclass(frozen=True)
class Keithley2400Sheet:
    """What one model can do. The top of a range is its full scale times 1.05 (1000 V of the 2410: 1.1)."""

    capabilities: SourceMeterCapabilities
    boundaries: Mapping[str, tuple[OperatingBoundary, ...]]  #: by the sourced function, lowest level first


def _rows(*rows: tuple[float, float, float, float]) -> tuple[Accuracy, ...]:
    """Return ranges from full scale, gain [%], offset and peak-to-peak noise."""
    return tuple(Accuracy(full, gain / 100, offset, noise / 6) for full, gain, offset, noise in rows)


CURRENT_2400 = _rows(
    (1e-6, 0.029, 300e-12, 5e-12), (10e-6, 0.027, 700e-12, 50e-12), (100e-6, 0.025, 6e-9, 500e-12),
    (1e-3, 0.027, 60e-9, 5e-9), (10e-3, 0.035, 600e-9, 50e-9), (100e-3, 0.055, 6e-6, 500e-9),
    (1.0, 0.22, 570e-6, 5e-6))
SOURCE_CURRENT_2400 = _rows(
    (1e-6, 0.035, 600e-12, 5e-12), (10e-6, 0.033, 2e-9, 50e-12), (100e-6, 0.031, 20e-9, 500e-12),
    (1e-3, 0.034, 200e-9, 5e-9), (10e-3, 0.045, 2e-6, 50e-9), (100e-3, 0.066, 20e-6, 500e-9),
    (1.0, 0.27, 900e-6, 5e-6))
VOLTAGE_2400 = _rows(
    (0.2, 0.012, 300e-6, 5e-6), (2.0, 0.012, 300e-6, 50e-6), (20.0, 0.015, 1.5e-3, 500e-6),
    (200.0, 0.015, 10e-3, 5e-3))
SOURCE_VOLTAGE_2400 = _rows(
    (0.2, 0.02, 600e-6, 5e-6), (2.0, 0.02, 600e-6, 50e-6), (20.0, 0.02, 2.4e-3, 500e-6), (200.0, 0.02, 24e-3, 5e-3))
CURRENT_2410 = (
    *CURRENT_2400[:4],
    *_rows((20e-3, 0.035, 1.2e-6, 200e-9), (100e-3, 0.055, 6e-6, 1e-6), (1.0, 0.22, 570e-6, 100e-6)))
SOURCE_CURRENT_2410 = (
    *SOURCE_CURRENT_2400[:4],
    *_rows((20e-3, 0.045, 4e-6, 200e-9), (100e-3, 0.066, 20e-6, 1e-6), (1.0, 0.27, 900e-6, 100e-6)))
VOLTAGE_2410 = (*VOLTAGE_2400[:2], *_rows((20.0, 0.015, 1e-3, 5e-3), (1000.0, 0.015, 50e-3, 20e-3)))
SOURCE_VOLTAGE_2410 = (*SOURCE_VOLTAGE_2400[:2], *_rows((20.0, 0.02, 2.4e-3, 5e-3), (1000.0, 0.02, 100e-3, 20e-3)))


def _capabilities(
    volts: float, voltage: tuple[Accuracy, ...], source_voltage: tuple[Accuracy, ...], current: tuple[Accuracy, ...],
    source_current: tuple[Accuracy, ...], interlock_above: float | None = None,
) -> SourceMeterCapabilities:
    return SourceMeterCapabilities(
        source_voltage=Range(-volts, volts, "V"), source_current=Range(-1.05, 1.05, "A"),
        compliance_current=Range(1e-9, 1.05, "A"), compliance_voltage=Range(200e-6, volts, "V"),
        nplc=Range(0.01, 10.0, ""), maximum_sweep_points=MOST_POINTS, minimum_dwell=100e-6,
        current_accuracy=current, voltage_accuracy=voltage, source_voltage_accuracy=source_voltage,
        source_current_accuracy=source_current, line_frequency=50.0, four_wire=True, interlock_above=interlock_above)


KEITHLEY_2400 = Keithley2400Sheet(
    _capabilities(210.0, VOLTAGE_2400, SOURCE_VOLTAGE_2400, CURRENT_2400, SOURCE_CURRENT_2400),
    {"voltage": (OperatingBoundary(21.0, 1.05), OperatingBoundary(210.0, 0.105)),
     "current": (OperatingBoundary(0.105, 210.0), OperatingBoundary(1.05, 21.0))})
KEITHLEY_2401 = Keithley2400Sheet(
    _capabilities(21.0, VOLTAGE_2400[:3], SOURCE_VOLTAGE_2400[:3], CURRENT_2400, SOURCE_CURRENT_2400),
    {"voltage": (OperatingBoundary(21.0, 1.05),), "current": (OperatingBoundary(1.05, 21.0),)})
KEITHLEY_2410 = Keithley2400Sheet(
    _capabilities(1100.0, VOLTAGE_2410, SOURCE_VOLTAGE_2410, CURRENT_2410, SOURCE_CURRENT_2410, interlock_above=42.0),
    {"voltage": (OperatingBoundary(21.0, 1.05), OperatingBoundary(1100.0, 0.021)),
     "current": (OperatingBoundary(0.021, 1100.0), OperatingBoundary(1.05, 21.0))})

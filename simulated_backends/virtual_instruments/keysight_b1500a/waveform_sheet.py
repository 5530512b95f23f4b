"""Numbers of a B1530A (WGFMU) with its RSU.

Source: B1500A User's Guide edition 14, tables 4-17 (ranges), 4-22 (current: window, settling to +-0.6 %, noise) and
4-23 (voltage: settling, noise), p. 4-37 (jitter). Not compared with a data sheet: the accuracies, the output
resistance of the Fast IV mode, the overrange of readings, the number that stands for a reading beyond the range.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.sources import NO_DATA_SHEET, Origin

_GUIDE = "B1500A user's guide ed. 14"
#: by imperfection (``docs/imperfections.md``)
SOURCES: Mapping[str, Origin] = {
    "current_settling": Origin(f"{_GUIDE}, table 4-22"), "current_noise": Origin(f"{_GUIDE}, table 4-22"),
    "voltage_settling": Origin(f"{_GUIDE}, table 4-23"), "voltage_noise": Origin(f"{_GUIDE}, table 4-23"),
    "reading_accuracy": NO_DATA_SHEET, "level_accuracy": NO_DATA_SHEET,
    "jitter": Origin(f"{_GUIDE}, p. 4-37 (below 1 ns)"),
    "output_resistance": Origin(f"{_GUIDE}, table 4-17 (50 Ohm in PG mode)", "the Fast IV mode"),
}
SETTLED = math.log(1 / 0.006)  #: time constants of one pole until +-0.6 %
NOT_VALID = 9.9e37  #: of a sample beyond its range
OVERRANGE = 1.05
STEP = 10e-9  #: [s] of times in patterns and events
LEAST_SAMPLE = 5e-9  #: [s] of one sample without averaging
JITTER = 0.5e-9  #: [s] largest, of the start
FORCE_GAIN, FORCE_OFFSET = 1e-3, 3e-3  #: accuracy of a forced voltage: relative, [V]
CURRENT_GAIN, CURRENT_OFFSET = 1e-3, 2e-3  #: of a current reading: relative, parts of the range
VOLTAGE_GAIN, VOLTAGE_OFFSET = 1e-3, 1e-3
FAST_RESISTANCE, PULSE_RESISTANCE = 0.5, 50.0  #: [Ohm] behind the forced voltage in Fast IV and DC mode, in PG mode
#: [V] lowest and highest level of a force range, by its code
FORCE_RANGES: Mapping[int, tuple[float, float]] = {
    3000: (-10.0, 10.0), 3001: (-3.0, 3.0), 3002: (-5.0, 5.0), 3003: (-10.0, 0.0), 3004: (0.0, 10.0)}
PULSE_FORCE_RANGES = (3000, 3001, 3002)  #: those of the PG mode
PULSE_LIMIT = 5.0  #: [V] of the PG mode with the automatic range


@dataclass(frozen=True)
class MeasureRange:
    """One measuring range."""

    full_scale: float  #: [A or V]
    settling: float  #: [s] to +-0.6 %
    window: float  #: [s] recommended least, of which the noise is stated
    noise: float  #: [A or V] rms

    @property
    def time_constant(self) -> float:
        """Return the time constant of one pole with that settling [s]."""
        return self.settling / SETTLED


#: by the codes of WGFMU_setMeasureCurrentRange and WGFMU_setMeasureVoltageRange
CURRENT_RANGES: Mapping[int, MeasureRange] = {
    6001: MeasureRange(1e-6, 37e-6, 1.64e-6, 425e-12),
    6002: MeasureRange(10e-6, 5.8e-6, 1e-6, 2.5e-9),
    6003: MeasureRange(100e-6, 820e-9, 130e-9, 47e-9),
    6004: MeasureRange(1e-3, 200e-9, 40e-9, 280e-9),
    6005: MeasureRange(10e-3, 125e-9, 20e-9, 1.9e-6),
}
VOLTAGE_RANGES: Mapping[int, MeasureRange] = {
    5001: MeasureRange(5.0, 85e-9, 20e-9, 1.4e-3), 5002: MeasureRange(10.0, 110e-9, 20e-9, 1.4e-3)}
EDGE = 70e-9  #: [s] recommended rise time; the settling times are those behind such an edge

"""Ranges of the Keithley 2450: accuracy, noise, speed. Data sheet SPEC-2450 rev. A (1 year, 23 +- 5 degrees,
1 PLC).

Settling times of the current ranges are those of the 2601B (data sheet), whose output stage the 2450
resembles.
"""

import math
from dataclasses import dataclass

OVERRANGE = 1.05  #: readings and levels go to 105 % of a range
NOT_A_NUMBER = 9.91e37  #: SCPI-99, 7.2.1.5
OVERFLOW = 9.9e37  #: what a reading beyond that is answered as
#: from the settling time to 0.1 % to the time constant of one pole
_TIME_CONSTANTS = 6.9


@dataclass(frozen=True)
class RangeData:
    """One range of one quantity (V or A)."""

    full_scale: float
    measure_gain: float  #: relative accuracy of a reading
    measure_offset: float
    source_gain: float  #: relative accuracy of a level
    source_offset: float
    noise: float  #: rms of a reading at 1 PLC
    time_constant: float  #: [s] of the loop that regulates this quantity

    @property
    def top(self) -> float:
        """Return the highest level or reading of the range."""
        return self.full_scale * OVERRANGE


def _v(full: float, mg: float, mo: float, sg: float, so: float, noise: float, settling: float) -> RangeData:
    return RangeData(full, mg, mo, sg, so, noise, settling / _TIME_CONSTANTS)


VOLTAGE: tuple[RangeData, ...] = (
    _v(20e-3, 1.00e-3, 150e-6, 1.00e-3, 200e-6, 1e-6, 50e-6),
    _v(200e-3, 0.12e-3, 200e-6, 0.15e-3, 200e-6, 1e-6, 50e-6),
    _v(2.0, 0.12e-3, 300e-6, 0.20e-3, 300e-6, 10e-6, 50e-6),
    _v(20.0, 0.15e-3, 1e-3, 0.15e-3, 2.4e-3, 100e-6, 200e-6),
    _v(200.0, 0.15e-3, 10e-3, 0.15e-3, 24e-3, 1e-3, 500e-6),
)
CURRENT: tuple[RangeData, ...] = (
    _v(10e-9, 1.00e-3, 50e-12, 1.00e-3, 100e-12, 0.5e-12, 20e-3),
    _v(100e-9, 0.60e-3, 100e-12, 0.60e-3, 150e-12, 0.5e-12, 20e-3),
    _v(1e-6, 0.25e-3, 300e-12, 0.25e-3, 400e-12, 5e-12, 2e-3),
    _v(10e-6, 0.25e-3, 700e-12, 0.25e-3, 1.5e-9, 40e-12, 500e-6),
    _v(100e-6, 0.20e-3, 6e-9, 0.20e-3, 15e-9, 400e-12, 150e-6),
    _v(1e-3, 0.20e-3, 60e-9, 0.20e-3, 150e-9, 5e-9, 100e-6),
    _v(10e-3, 0.20e-3, 600e-9, 0.20e-3, 1.5e-6, 40e-9, 80e-6),
    _v(100e-3, 0.25e-3, 6e-6, 0.25e-3, 15e-6, 100e-9, 80e-6),
    _v(1.0, 0.30e-3, 500e-6, 0.67e-3, 900e-6, 3e-6, 80e-6),
)
RESISTANCE_RANGES: tuple[float, ...] = (20.0, 200.0, 2e3, 20e3, 200e3, 2e6, 20e6, 200e6)
TABLES: dict[str, tuple[RangeData, ...]] = {"VOLT": VOLTAGE, "CURR": CURRENT}

#: a limit must be more than this part of a fixed measuring range (reference manual 2450-901-01 rev. B, p. 2-100, 6-71)
LEAST_LIMIT = 1e-3
#: the highest range of one quantity leaves this much of the other (data sheet: 210 V at 105 mA, 21 V at 1.05 A)
LIMIT_IN_HIGHEST_RANGE: dict[str, float] = {"VOLT": 105e-3, "CURR": 21.0}
HIGHEST_LIMIT: dict[str, float] = {"VOLT": 1.05, "CURR": 210.0}

SLEW_RATE = 0.2e6  #: [V/s]
RANGE_CHANGE_OVERSHOOT = 0.25  #: [V] typical, when the voltage source changes its range
RANGE_CHANGE_TIME = 2e-3  #: [s] until a new range has settled
OVERHEAD = 250e-6  #: [s] of one reading beside its aperture
#: source delays the instrument chooses by itself, by index of the current range [s]
AUTO_DELAYS: tuple[float, ...] = (150e-3, 100e-3, 3e-3, 2e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3)


def range_for(quantity: str, value: float) -> RangeData:
    """Return the lowest range of "VOLT" or "CURR" that holds ``value`` (the highest if none does)."""
    table = TABLES[quantity]
    magnitude = abs(value)
    return next((row for row in table if magnitude <= row.top * (1 + 1e-9)), table[-1])


def highest_limit(function: str, source_range: RangeData) -> float:
    """Return the highest limit (A for a voltage source, V for a current source) beside a source range."""
    table = LIMIT_IN_HIGHEST_RANGE if source_range is TABLES[function][-1] else HIGHEST_LIMIT
    return table[function]


def fitting_limit(limit: float, highest: float, measuring: RangeData | None) -> float:
    """Return the limit that the instrument sets where ``limit`` does not suit its ranges.

    The manual says that it changes the limit "to an appropriate value": taken here as the nearest that is allowed.

    Parameters
    ----------
    limit : as it stands [A or V]
    highest : that the source range leaves [A or V]
    measuring : the fixed range in which the limited quantity is measured; None: no such range, or automatic
    """
    if measuring is not None and limit <= LEAST_LIMIT * measuring.full_scale:
        limit = LEAST_LIMIT * measuring.top
    return min(limit, highest)


def noise(row: RangeData, nplc: float) -> float:
    """Return the rms noise of a reading: white above 1 PLC and below, with a floor of 1/f noise."""
    return row.noise * math.sqrt(0.75 / nplc + 0.25)

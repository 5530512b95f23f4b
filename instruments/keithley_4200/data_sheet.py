"""Ranges, limits and accuracies of the source-measure units of a Keithley 4200A-SCS.

Sources: 4200A-SCS Reference Manual, 4200A-901-01 Rev. C, p. 2-19 (interlock), 3-6 (levels), 3-4 (a compliance is
above 11 % of a fixed measuring range), 9-21 (least compliance), 9-25 (4096 points of a list), 9-44 (integration times);
KXCI Remote Control Programming Rev. D (range codes). Not compared with a data sheet: accuracies and noise.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.instruments.interfaces import Accuracy, Range, SourceMeterCapabilities

OVERRANGE = 1.05
LEAST_OF_RANGE = 0.11
MOST_POINTS = 4096
LONGEST_DWELL = 6.553  #: [s] of DT
INTERLOCK_VOLTAGE = 20.0  #: [V]
VOLTAGE_CODES: Mapping[float, int] = {0.2: 4, 2.0: 5, 20.0: 1, 200.0: 2}
CURRENT_CODES: Mapping[float, int] = {
    1e-12: 11, 10e-12: 12, 100e-12: 13, 1e-9: 1, 10e-9: 2, 100e-9: 3, 1e-6: 4, 10e-6: 5, 100e-6: 6, 1e-3: 7,
    10e-3: 8, 100e-3: 9, 1.0: 10}
#: full scale [V]: measuring gain, offset [V]; offset of the source [V]
_VOLTS: Mapping[float, tuple[float, float, float]] = {
    0.2: (0.12e-3, 100e-6, 150e-6), 2.0: (0.12e-3, 150e-6, 300e-6), 20.0: (0.10e-3, 1e-3, 1.5e-3),
    200.0: (0.15e-3, 3e-3, 15e-3)}
_SOURCE_GAIN = 0.2e-3
#: full scale [A]: measuring gain, offset [A]; gain, offset of the source [A]
_AMPERES: Mapping[float, tuple[float, float, float, float]] = {
    1e-12: (10e-3, 10e-15, 10e-3, 40e-15), 10e-12: (5e-3, 15e-15, 5e-3, 50e-15),
    100e-12: (1e-3, 30e-15, 1e-3, 80e-15), 1e-9: (0.5e-3, 100e-15, 0.6e-3, 300e-15),
    10e-9: (0.5e-3, 1e-12, 0.6e-3, 3e-12), 100e-9: (0.5e-3, 30e-12, 0.6e-3, 30e-12),
    1e-6: (0.5e-3, 100e-12, 0.6e-3, 200e-12), 10e-6: (0.5e-3, 600e-12, 0.6e-3, 1.5e-9),
    100e-6: (0.33e-3, 3e-9, 0.38e-3, 15e-9), 1e-3: (0.35e-3, 30e-9, 0.40e-3, 150e-9),
    10e-3: (0.37e-3, 300e-9, 0.42e-3, 1.5e-6), 100e-3: (0.45e-3, 3e-6, 0.50e-3, 15e-6),
    1.0: (1e-3, 200e-6, 1e-3, 350e-6)}
_NOISE = 3e-6  #: of the full scale, at 1 NPLC
_OPTION = re.compile(r"(HP)?SMU(PA)?([1-8])")


@dataclass(frozen=True)
class SourceMeasureUnit:
    """One source-measure unit, as ``*OPT?`` names it."""

    number: int
    high_power: bool  #: a 4210-SMU or 4211-SMU
    preamplifier: bool

    @property
    def currents(self) -> tuple[float, ...]:
        """Return the current ranges [A], ascending."""
        low, high = (1e-12 if self.preamplifier else 100e-9), (1.0 if self.high_power else 0.1)
        return tuple(full for full in _AMPERES if low <= full <= high)

    @property
    def voltages(self) -> tuple[float, ...]:
        """Return the voltage ranges [V], ascending."""
        return tuple(_VOLTS)

    @property
    def source_voltages(self) -> tuple[float, ...]:
        """Return the voltage ranges that have a code of their own [V]: the low ones need a preamplifier."""
        return tuple(full for full in _VOLTS if self.preamplifier or full >= 20.0)

    @property
    def top_current(self) -> float:
        """Return the highest current [A]."""
        return self.currents[-1] * OVERRANGE

    @property
    def least_compliance(self) -> float:
        """Return the least compliance current [A]."""
        return 100e-12 if self.preamplifier else 100e-9

    def highest_compliance(self, function: str, level: float) -> float:
        """Return the highest compliance beside a level: [A] of a voltage source, [V] of a current source."""
        if function == "voltage":
            return self.top_current if abs(level) <= 21.0 * (1 + 1e-9) else self.top_current / 10
        return 210.0 if abs(level) <= self.top_current / 10 * (1 + 1e-9) else 21.0

    def range_for(self, function: str, value: float) -> float:
        """Return the lowest range that holds a value [V or A]; the highest if none does."""
        rows = self.voltages if function == "voltage" else self.currents
        return next((full for full in rows if abs(value) <= full * OVERRANGE * (1 + 1e-9)), rows[-1])


def units(reply: str) -> dict[int, SourceMeasureUnit]:
    """Return the source-measure units of a reply to ``*OPT?``: ``SMUPA1,HPSMU2,PMU1RPM1-2``."""
    found = {}
    for part in reply.split(","):
        match = _OPTION.fullmatch(part.strip())
        if match is not None:
            found[int(match[3])] = SourceMeasureUnit(int(match[3]), match[1] is not None, match[2] is not None)
    return found


def capabilities(unit: SourceMeasureUnit, line_frequency: float) -> SourceMeterCapabilities:
    """Return limits and accuracies of a unit."""
    return SourceMeterCapabilities(
        source_voltage=Range(-210.0, 210.0, "V"),
        source_current=Range(-unit.top_current, unit.top_current, "A"),
        compliance_current=Range(unit.least_compliance, unit.top_current, "A"),
        compliance_voltage=Range(0.02, 210.0, "V"), nplc=Range(0.01, 10.0, ""), maximum_sweep_points=MOST_POINTS,
        minimum_dwell=1e-3,
        current_accuracy=tuple(
            Accuracy(full, _AMPERES[full][0], _AMPERES[full][1], max(_NOISE * full, 0.2e-15))
            for full in unit.currents),
        voltage_accuracy=tuple(Accuracy(full, _VOLTS[full][0], _VOLTS[full][1], _NOISE * full) for full in _VOLTS),
        source_voltage_accuracy=tuple(Accuracy(full, _SOURCE_GAIN, _VOLTS[full][2]) for full in _VOLTS),
        source_current_accuracy=tuple(
            Accuracy(full, _AMPERES[full][2], _AMPERES[full][3]) for full in unit.currents),
        line_frequency=line_frequency, interlock_above=INTERLOCK_VOLTAGE, least_of_range=LEAST_OF_RANGE,
        overrange=OVERRANGE, boundaries={
            function: tuple((level, unit.highest_compliance(function, level)) for level in levels)
            for function, levels in (
                ("voltage", (21.0, 210.0)), ("current", (unit.top_current / 10, unit.top_current)))})

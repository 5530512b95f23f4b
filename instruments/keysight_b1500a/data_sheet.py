"""Ranges, limits and accuracies of the source meter modules of a Keysight B1500A.

Sources: B1500A User's Guide edition 10, p. 4-12 (B1510A: levels, and readings of the high-speed converter);
B1500A/B1505A Programming Guide edition 11, tables 4-2 to 4-9 (range codes, compliance beside levels, table 4-21).
Not compared with a data sheet: readings of the high-resolution converter, the ranges 0.5 V, 5 V, 10 pA and 100 pA, and
all noise.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tsbench.instruments.interfaces import Accuracy, PulseLimits, Range, SamplingLimits, SourceMeterCapabilities

#: highest reading of a current range, as a multiple of its full scale; a voltage range is its full scale
CURRENT_OVERRANGE = 1.15
LEVELS_PER_RANGE = 20000  #: a level has this many steps per range
MOST_POINTS = 2000  #: of one sweep: the program memory takes one line for each
INTERLOCK_VOLTAGE = 42.0  #: [V]
#: range codes (tables 4-4 and 4-5): positive for the lowest automatic range, negative for the fixed measuring range
VOLTAGE_CODES: Mapping[float, int] = {0.5: 5, 2.0: 11, 5.0: 50, 20.0: 12, 40.0: 13, 100.0: 14, 200.0: 15}
CURRENT_CODES: Mapping[float, int] = {
    10e-12: 9, 100e-12: 10, 1e-9: 11, 10e-9: 12, 100e-9: 13, 1e-6: 14, 10e-6: 15, 100e-6: 16, 1e-3: 17, 10e-3: 18,
    100e-3: 19, 1.0: 20}

#: full scale [V]: source offset [V]; high speed: gain, offset [V]; high resolution: gain, offset [V]
_VOLTS: Mapping[float, tuple[float, float, float, float, float]] = {
    0.5: (0.15e-3, 0.10e-3, 0.25e-3, 0.10e-3, 0.12e-3),
    2.0: (0.4e-3, 0.10e-3, 0.7e-3, 0.10e-3, 0.14e-3),
    5.0: (0.75e-3, 0.10e-3, 2.0e-3, 0.09e-3, 0.25e-3),
    20.0: (3e-3, 0.10e-3, 4e-3, 0.09e-3, 0.9e-3),
    40.0: (6e-3, 0.15e-3, 8e-3, 0.10e-3, 1e-3),
    100.0: (15e-3, 0.20e-3, 20e-3, 0.12e-3, 2.5e-3),
    200.0: (30e-3, 0.35e-3, 40e-3, 0.14e-3, 2.8e-3),
}
_VOLTAGE_SOURCE_GAIN = 0.18e-3
#: full scale [A]: source gain, offset [A]; high speed: gain, offset [A]; high resolution: gain, offset [A]
_AMPERES: Mapping[float, tuple[float, float, float, float, float, float]] = {
    10e-12: (1e-3, 50e-15, 2.5e-3, 50e-15, 1e-3, 30e-15),
    100e-12: (1e-3, 50e-15, 2.5e-3, 100e-15, 1e-3, 40e-15),
    1e-9: (1e-3, 300e-15, 2.5e-3, 300e-15, 1e-3, 200e-15),
    10e-9: (1e-3, 3e-12, 2.5e-3, 2e-12, 1e-3, 1e-12),
    100e-9: (0.5e-3, 30e-12, 1e-3, 20e-12, 0.5e-3, 20e-12),
    1e-6: (0.5e-3, 300e-12, 1e-3, 200e-12, 0.5e-3, 100e-12),
    10e-6: (0.5e-3, 3e-9, 0.5e-3, 2e-9, 0.4e-3, 2e-9),
    100e-6: (0.35e-3, 15e-9, 0.5e-3, 20e-9, 0.3e-3, 3e-9),
    1e-3: (0.4e-3, 150e-9, 0.4e-3, 200e-9, 0.3e-3, 60e-9),
    10e-3: (0.4e-3, 1.5e-6, 0.4e-3, 2e-6, 0.3e-3, 200e-9),
    100e-3: (0.45e-3, 15e-6, 1e-3, 20e-6, 0.4e-3, 6e-6),
    1.0: (4e-3, 300e-6, 5e-3, 300e-6, 4e-3, 150e-6),
}
_FAST_VOLTAGE_NOISE, _FINE_VOLTAGE_NOISE = 20e-6, 2e-6  #: of the full scale
_FAST_CURRENT_NOISE, _FINE_CURRENT_NOISE = 30e-6, 2e-6
_LEAST_FAST_NOISE, _LEAST_FINE_NOISE = 5e-15, 1e-15  #: [A] of the lowest ranges


@dataclass(frozen=True)
class Module:
    """One model of source meter module."""

    name: str  #: as in the reply to ``UNT?``
    voltages: tuple[float, ...]  #: [V] full scales, ascending
    currents: tuple[float, ...]  #: [A]
    #: (|V|, |A|): highest compliance current beside voltages up to the first, and highest current beside them
    corners: tuple[tuple[float, float], ...]

    def highest_compliance(self, function: str, level: float) -> float:
        """Return the highest compliance beside a level: [A] of a voltage source, [V] of a current source."""
        if function == "voltage":
            return next((amperes for volts, amperes in self.corners if abs(level) <= volts * (1 + 1e-9)), 0.0)
        return max((volts for volts, amperes in self.corners if abs(level) <= amperes * (1 + 1e-9)), default=0.0)

    def full_scales(self, function: str) -> tuple[float, ...]:
        """Return the ranges of a quantity, ascending [V or A]."""
        return self.voltages if function == "voltage" else self.currents

    def range_for(self, function: str, value: float) -> float:
        """Return the lowest range that holds a value [V or A]; the highest if none does."""
        over = 1.0 if function == "voltage" else CURRENT_OVERRANGE
        rows = self.full_scales(function)
        return next((full for full in rows if abs(value) <= full * over * (1 + 1e-9)), rows[-1])

    def code(self, function: str, full_scale: float) -> int:
        """Return the range code of a range."""
        return (VOLTAGE_CODES if function == "voltage" else CURRENT_CODES)[full_scale]


_LOW, _LOW_CORNERS = (0.5, 2.0, 5.0, 20.0, 40.0, 100.0), ((20.0, 0.1), (40.0, 0.05), (100.0, 0.02))
_ALL = tuple(CURRENT_CODES)
MODULES: Mapping[str, Module] = {module.name: module for module in (
    Module("B1517A", _LOW, _ALL[:11], _LOW_CORNERS),
    Module("B1511A", _LOW, _ALL[2:11], _LOW_CORNERS),
    Module("B1511B", _LOW, _ALL[2:11], _LOW_CORNERS),
    Module("B1510A", (2.0, 20.0, 40.0, 100.0, 200.0), _ALL[2:], ((20.0, 1.0), (40.0, 0.5), (100.0, 0.125),
                                                                 (200.0, 0.05))),
)}


def capabilities(module: Module, line_frequency: float, high_resolution: bool) -> SourceMeterCapabilities:
    """Return limits and accuracies of a module with one of its two converters.

    Parameters
    ----------
    module : Module
    line_frequency : [Hz]
    high_resolution : whether the high-resolution converter takes the readings
    """
    volts, amperes = module.voltages[-1], module.corners[0][1]
    first = 3 if high_resolution else 1
    noise = (_FINE_VOLTAGE_NOISE, _FINE_CURRENT_NOISE) if high_resolution else (
        _FAST_VOLTAGE_NOISE, _FAST_CURRENT_NOISE)
    least = _LEAST_FINE_NOISE if high_resolution else _LEAST_FAST_NOISE
    measured_volts = tuple(
        Accuracy(full, _VOLTS[full][first], _VOLTS[full][first + 1], noise[0] * full) for full in module.voltages)
    measured_amperes = tuple(
        Accuracy(full, _AMPERES[full][first + 1], _AMPERES[full][first + 2], max(noise[1] * full, least))
        for full in module.currents)
    line_cycle = 1.0 / line_frequency
    found = SourceMeterCapabilities(
        source_voltage=Range(-volts, volts, "V"), source_current=Range(-amperes, amperes, "A"),
        compliance_current=Range(module.currents[0] / 10, amperes, "A"), compliance_voltage=Range(0.01, volts, "V"),
        nplc=Range(1.0, 100.0, "") if high_resolution else Range(16e-6 / line_cycle, 100.0, ""),
        maximum_sweep_points=MOST_POINTS, minimum_dwell=1e-4,
        current_accuracy=measured_amperes, voltage_accuracy=measured_volts,
        source_voltage_accuracy=tuple(
            Accuracy(full, _VOLTAGE_SOURCE_GAIN, _VOLTS[full][0]) for full in module.voltages),
        source_current_accuracy=tuple(
            Accuracy(full, _AMPERES[full][0], _AMPERES[full][1]) for full in module.currents),
        line_frequency=line_frequency,
        pulses=PulseLimits(
            width=Range(0.5e-3, 2.0, "s"), period=Range(5e-3, 5.0, "s"), maximum_pulses=MOST_POINTS,
            nplc=Range(16e-6 / line_cycle, 20e-3 / line_cycle, "")),
        sampling=SamplingLimits(interval=Range(1e-4, 65.535, "s"), maximum_samples=100_001),
        off_isolates=True, interlock_above=INTERLOCK_VOLTAGE, boundaries={
            "voltage": module.corners, "current": tuple((top, beside) for beside, top in reversed(module.corners))})
    return found if not high_resolution else replace(found, pulses=None)

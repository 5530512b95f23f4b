"""Numbers of the modules of a B1500A.

Sources: B1500A User's Guide edition 10, p. 4-12 (B1510A, high-speed converter: accuracy of levels and readings),
edition 13, p. 4-19 (output resistance, compliance accuracy, pulse width); B1500A User's Guide edition 7, p. 7-52
(automatic range: up above 115 %, down at 10 %); B1500A/B1505A Programming Guide edition 11, tables 4-2 to 4-9 (codes
and limits of ranges). In the ranges of the B1510A, the levels of the B1517A and B1511B are taken to be as accurate as
its own.

Not compared with a data sheet: the accuracy of readings of the high-resolution converter, all accuracies of the ranges
0.5 V, 5 V, 10 pA and 100 pA, noise, settling times, slew rate, wait times, relay times, the time of a reading beside
its aperture, the number of samples of the automatic mode of the converters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    FastConverter,
    OffState,
    RangeData,
    SourceMeterDataSheet,
    SourceMeterSources,
)
from tsbench.simulated_backends.virtual_instruments.sources import Origin

MANUFACTURER, MODEL, FIRMWARE = "Agilent Technologies", "B1500A", "A.06.02.2023.0401"
SLOTS = range(1, 11)
#: from the settling time to 0.1 % to the time constant of one pole
_TIME_CONSTANTS = 6.9
SAMPLES_PER_LINE_CYCLE = 128  #: of the high-speed converter
SAMPLE_TIME = 16e-6  #: [s] of one sample of the high-speed converter (minimum pulse measurement time)
HIGH_RESOLUTION_STEP = 80e-6  #: [s] of integration for N = 1 of the high-resolution converter, manual mode
LEVELS_PER_RANGE = 20000  #: a level has this many steps per range
FIRST_COMPLIANCE = 100e-6  #: [A] after CN
FIRST_RANGE = 20.0  #: [V] after CN
INTERLOCK_VOLTAGE = 42.0  #: [V] above which the interlock must be closed


def _volts(full: float, mo: float, mg: float, so: float, fast_offset: float, fast_gain: float) -> RangeData:
    """Return a voltage range; offsets in mV, gains in %."""
    return RangeData(
        full, mg / 100, mo * 1e-3, 0.018 / 100, so * 1e-3, noise=2e-6 * full, time_constant=60e-6 / _TIME_CONSTANTS,
        overrange=1.0, read_overrange=1.1,
        fast=FastConverter(fast_gain / 100, fast_offset * 1e-3, noise=20e-6 * full, resolution=5e-5))


def _amperes(
    full: float, sg: float, so: float, mg: float, mo: float, fast_gain: float, fast_offset: float, settling: float,
    over: float = 1.15,
) -> RangeData:
    """Return a current range; gains in %."""
    return RangeData(
        full, mg / 100, mo, sg / 100, so, noise=max(2e-6 * full, 1e-15), time_constant=settling / _TIME_CONSTANTS,
        overrange=over, fast=FastConverter(fast_gain / 100, fast_offset, noise=max(30e-6 * full, 5e-15),
                                           resolution=5e-5))


_VOLTAGES = {
    0.5: _volts(0.5, 0.12, 0.01, 0.15, 0.25, 0.01),
    2.0: _volts(2.0, 0.14, 0.01, 0.4, 0.7, 0.01),
    5.0: _volts(5.0, 0.25, 0.009, 0.75, 2.0, 0.01),
    20.0: _volts(20.0, 0.9, 0.009, 3.0, 4.0, 0.01),
    40.0: _volts(40.0, 1.0, 0.01, 6.0, 8.0, 0.015),
    100.0: _volts(100.0, 2.5, 0.012, 15.0, 20.0, 0.02),
    200.0: _volts(200.0, 2.8, 0.014, 30.0, 40.0, 0.035),
}
_CURRENTS = (
    _amperes(10e-12, 0.1, 50e-15, 0.1, 30e-15, 0.25, 50e-15, 60e-3),
    _amperes(100e-12, 0.1, 50e-15, 0.1, 40e-15, 0.25, 100e-15, 30e-3),
    _amperes(1e-9, 0.1, 300e-15, 0.1, 200e-15, 0.25, 300e-15, 10e-3),
    _amperes(10e-9, 0.1, 3e-12, 0.1, 1e-12, 0.25, 2e-12, 3e-3),
    _amperes(100e-9, 0.05, 30e-12, 0.05, 20e-12, 0.1, 20e-12, 1e-3),
    _amperes(1e-6, 0.05, 300e-12, 0.05, 100e-12, 0.1, 200e-12, 250e-6),
    _amperes(10e-6, 0.05, 3e-9, 0.04, 2e-9, 0.05, 2e-9, 120e-6),
    _amperes(100e-6, 0.035, 15e-9, 0.03, 3e-9, 0.05, 20e-9, 80e-6),
    _amperes(1e-3, 0.04, 150e-9, 0.03, 60e-9, 0.04, 200e-9, 60e-6),
    _amperes(10e-3, 0.04, 1.5e-6, 0.03, 200e-9, 0.04, 2e-6, 60e-6),
    _amperes(100e-3, 0.045, 15e-6, 0.04, 6e-6, 0.1, 20e-6, 60e-6),
    _amperes(1.0, 0.4, 300e-6, 0.4, 150e-6, 0.5, 300e-6, 60e-6, over=1.0),
)
SOURCES = SourceMeterSources(
    reading_accuracy=Origin("B1500A user's guide ed. 10, p. 4-12 (B1510A, high-speed converter)",
                            "the high-resolution converter, and 0.5 V, 5 V, 10 pA and 100 pA"),
    level_accuracy=Origin("B1500A user's guide ed. 10, p. 4-12 (B1510A)", "0.5 V, 5 V, 10 pA and 100 pA"),
    overflow=Origin("B1500A user's guide ed. 7, p. 7-52 (115 %); programming guide ed. 11, tables 4-2 to 4-9"),
    automatic_range=Origin("B1500A user's guide ed. 7, p. 7-52 (10 %)"),
    output_resistance=Origin("B1500A user's guide ed. 13, p. 4-19 (0.2 Ohm, 0.3 Ohm)"),
)
#: range codes of voltages (tables 4-2 and 4-4) and of currents (tables 4-3 and 4-5)
VOLTAGE_CODES: Mapping[int, float] = {
    5: 0.5, 11: 2.0, 20: 2.0, 50: 5.0, 12: 20.0, 200: 20.0, 13: 40.0, 400: 40.0, 14: 100.0, 1000: 100.0, 15: 200.0,
    2000: 200.0}
CURRENT_CODES: Mapping[int, float] = {
    9: 10e-12, 10: 100e-12, 11: 1e-9, 12: 10e-9, 13: 100e-9, 14: 1e-6, 15: 10e-6, 16: 100e-6, 17: 1e-3, 18: 10e-3,
    19: 100e-3, 20: 1.0}


@dataclass(frozen=True)
class SourceModule:
    """One model of source meter module."""

    name: str  #: as in ``UNT?``
    sheet: SourceMeterDataSheet
    voltage_codes: Mapping[int, float]
    current_codes: Mapping[int, float]
    #: (|V|, |A|): the highest compliance current beside voltages up to the first, lowest voltage first
    power_corners: tuple[tuple[float, float], ...]
    most_power: float  #: [W] of a power compliance
    slots: int = 1  #: how many it takes; its number is the highest of them

    def limit_beside(self, function: str, level: float) -> float:
        """Return the highest compliance (A beside a voltage, V beside a current) beside a level."""
        if function == "VOLT":
            return next(amperes for volts, amperes in self.power_corners if abs(level) <= volts * (1 + 1e-9))
        return max(volts for volts, amperes in self.power_corners if abs(level) <= amperes * (1 + 1e-9))


def _sheet(name: str, volts: tuple[float, ...], currents: tuple[RangeData, ...], resistance: float,
           corners: tuple[tuple[float, float], ...]) -> SourceMeterDataSheet:
    voltages = tuple(_VOLTAGES[full] for full in volts)
    waits = {10e-12: 60e-3, 100e-12: 30e-3, 1e-9: 8e-3, 10e-9: 2e-3, 100e-9: 0.8e-3}
    return SourceMeterDataSheet(
        name=name, manufacturer=MANUFACTURER, firmware=FIRMWARE,
        ranges={"VOLT": voltages, "CURR": currents}, resistance_ranges=(),
        first_ranges={"VOLT": _VOLTAGES[20.0], "CURR": next(row for row in currents if row.full_scale == 1e-6)},
        highest_limit={
            "VOLT": (corners[0][1],) * len(voltages), "CURR": (corners[-1][0],) * len(currents)},
        least_limit=0.0,
        off_states={"NORM": OffState(relay_closed=False, limit_of_range=0.01)},
        auto_delays=tuple(waits.get(row.full_scale, 0.2e-3) for row in currents),
        output_resistance=resistance / 2, relay_resistance=resistance / 2, slew_rate=0.2e6, high_capacitance_factor=8.0,
        loop_swing=1.0, loop_swing_of_range=0.15, limit_band=0.005, relay_time=1e-3, switch_on_time=2e-3,
        range_change_time=1e-3, range_change_overshoot=0.0, overshoot_time=10e-6, reading_overhead=100e-6,
        resolution=1e-6, range_down=0.1, sources=SOURCES)


def _codes(codes: Mapping[int, float], rows: tuple[RangeData, ...]) -> dict[int, float]:
    there = {row.full_scale for row in rows}
    return {code: full for code, full in codes.items() if full in there}


def _module(name: str, volts: tuple[float, ...], currents: tuple[RangeData, ...], resistance: float,
            corners: tuple[tuple[float, float], ...], power: float, slots: int = 1) -> SourceModule:
    sheet = _sheet(name, volts, currents, resistance, corners)
    return SourceModule(
        name, sheet, _codes(VOLTAGE_CODES, sheet.ranges["VOLT"]), _codes(CURRENT_CODES, sheet.ranges["CURR"]),
        corners, power, slots)


_LOW = ((20.0, 0.1), (40.0, 0.05), (100.0, 0.02))
_HIGH = ((20.0, 1.0), (40.0, 0.5), (100.0, 0.125), (200.0, 0.05))
_TOP_LOW = _amperes(100e-3, 0.045, 15e-6, 0.04, 6e-6, 0.1, 20e-6, 60e-6, over=1.0)
SOURCE_MODULES: Mapping[str, SourceModule] = {
    module.name: module for module in (
        _module("B1517A", (0.5, 2.0, 5.0, 20.0, 40.0, 100.0), (*_CURRENTS[:10], _TOP_LOW), 0.3, _LOW, 2.0),
        _module("B1511B", (0.5, 2.0, 5.0, 20.0, 40.0, 100.0), (*_CURRENTS[2:10], _TOP_LOW), 0.3, _LOW, 2.0),
        _module("B1510A", (2.0, 20.0, 40.0, 100.0, 200.0), _CURRENTS[2:], 0.2, _HIGH, 20.0, slots=2),
    )
}
#: by range [A]: samples of one reading of the high-speed converter in its automatic mode with N = 1
FIRST_SAMPLES: Mapping[float, int] = {10e-12: 128, 100e-12: 64, 1e-9: 32, 10e-9: 16, 100e-9: 8, 1e-6: 4}

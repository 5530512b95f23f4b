"""Numbers of the source-measure units of a 4200A-SCS.

Sources: 4200A-SCS Reference Manual, 4200A-901-01 Rev. C, p. 2-19 (20 V without the interlock), p. 3-6 (105 mA at
21 V, 10.5 mA at 210 V; 4210-SMU 1.05 A and 105 mA), p. 3-4 and 3-12 (a fixed measuring range asks for a compliance
above 11 % of it, and limits by itself at 105 %; least compliances), p. 9-21 (least compliance that KXCI sets); KXCI
Remote Control Programming Rev. D, ``DV`` and ``DI`` (range codes).

Not compared with a data sheet: accuracies, noise, settling times, slew rate, output resistance, times of relays and
ranges, the delay that a delay factor of 1 stands for, what a filter factor does beyond a longer reading.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    OffState,
    RangeData,
    SourceMeterDataSheet,
    SourceMeterSources,
)
from tsbench.simulated_backends.virtual_instruments.sources import Origin

MANUFACTURER, MODEL, FIRMWARE = "KEITHLEY INSTRUMENTS", "KI4200A", "V1.14"
LEAST_OF_RANGE = 0.11  #: a compliance is more than this part of a fixed measuring range
INTERLOCK_VOLTAGE = 20.0  #: [V] above which the interlock must be closed
OVERFLOW_READING = 1e22
#: quantity -> [V] or [A] below which a reading is 0. Current: a preamplifier in its lowest range (from the maker's
#: brochures, no page noted). Voltage: no source; so small that it only makes 0 V without imperfections 0
RESOLUTION: Mapping[str, float] = {"CURR": 1e-17, "VOLT": 1e-17}
_TIME_CONSTANTS = 6.9  #: from the settling time to 0.1 % to the time constant of one pole


def _volts(full: float, mg: float, mo: float, so: float) -> RangeData:
    return RangeData(full, mg / 100, mo, 0.02 / 100, so, noise=3e-6 * full, time_constant=60e-6 / _TIME_CONSTANTS)


def _amperes(full: float, mg: float, mo: float, sg: float, so: float, settling: float) -> RangeData:
    return RangeData(
        full, mg / 100, mo, sg / 100, so, noise=max(3e-6 * full, 0.2e-15), time_constant=settling / _TIME_CONSTANTS)


_VOLTAGES = (
    _volts(0.2, 0.012, 100e-6, 150e-6), _volts(2.0, 0.012, 150e-6, 300e-6), _volts(20.0, 0.010, 1e-3, 1.5e-3),
    _volts(200.0, 0.015, 3e-3, 15e-3))
_CURRENTS = (
    _amperes(1e-12, 1.0, 10e-15, 1.0, 40e-15, 0.2),
    _amperes(10e-12, 0.5, 15e-15, 0.5, 50e-15, 0.1),
    _amperes(100e-12, 0.1, 30e-15, 0.1, 80e-15, 40e-3),
    _amperes(1e-9, 0.05, 100e-15, 0.06, 300e-15, 15e-3),
    _amperes(10e-9, 0.05, 1e-12, 0.06, 3e-12, 4e-3),
    _amperes(100e-9, 0.05, 30e-12, 0.06, 30e-12, 1.5e-3),
    _amperes(1e-6, 0.05, 100e-12, 0.06, 200e-12, 400e-6),
    _amperes(10e-6, 0.05, 600e-12, 0.06, 1.5e-9, 150e-6),
    _amperes(100e-6, 0.033, 3e-9, 0.038, 15e-9, 100e-6),
    _amperes(1e-3, 0.035, 30e-9, 0.040, 150e-9, 80e-6),
    _amperes(10e-3, 0.037, 300e-9, 0.042, 1.5e-6, 80e-6),
    _amperes(100e-3, 0.045, 3e-6, 0.050, 15e-6, 80e-6),
    _amperes(1.0, 0.1, 200e-6, 0.1, 350e-6, 80e-6),
)
SOURCES = SourceMeterSources(
    limiting_range=Origin("Reference manual 4200A-901-01 rev. C, p. 3-4, 3-12 (105 % of the range)"))
#: range codes of DV and DI; those of the preamplifier's ranges are in both tables
VOLTAGE_CODES: Mapping[int, float] = {1: 20.0, 2: 200.0, 3: 200.0, 4: 0.2, 5: 2.0}
CURRENT_CODES: Mapping[int, float] = {
    1: 1e-9, 2: 10e-9, 3: 100e-9, 4: 1e-6, 5: 10e-6, 6: 100e-6, 7: 1e-3, 8: 10e-3, 9: 100e-3, 10: 1.0, 11: 1e-12,
    12: 10e-12, 13: 100e-12}


@dataclass(frozen=True)
class SourceModel:
    """One model of source-measure unit, with or without a preamplifier 4200-PA."""

    name: str  #: as a world file writes it
    option: str  #: as ``*OPT?`` calls it, before its number
    sheet: SourceMeterDataSheet
    voltage_codes: Mapping[int, float]
    current_codes: Mapping[int, float]
    corners: tuple[tuple[float, float], ...]  #: (|V|, |A|): highest current beside voltages up to the first
    least_current_limit: float  #: [A] that KXCI sets in the place of less

    def limit_beside(self, function: str, level: float) -> float:
        """Return the highest compliance (A beside a voltage, V beside a current) beside a level; 0 if none is."""
        if function == "VOLT":
            return next((amperes for volts, amperes in self.corners if abs(level) <= volts * (1 + 1e-9)), 0.0)
        return max((volts for volts, amperes in self.corners if abs(level) <= amperes * (1 + 1e-9)), default=0.0)


def _model(name: str, option: str, currents: tuple[RangeData, ...], preamplifier: bool) -> SourceModel:
    top = currents[-1].top
    corners = ((21.0, top), (210.0, top / 10))
    sheet = SourceMeterDataSheet(
        name=name, manufacturer=MANUFACTURER, firmware=FIRMWARE,
        ranges={"VOLT": _VOLTAGES, "CURR": currents}, resistance_ranges=(),
        first_ranges={"VOLT": _VOLTAGES[2], "CURR": next(row for row in currents if row.full_scale == 1e-6)},
        highest_limit={
            "VOLT": tuple(top if row.full_scale <= 20.0 else top / 10 for row in _VOLTAGES),
            "CURR": tuple(21.0 if row is currents[-1] else 210.0 for row in currents)},
        least_limit=0.0, off_states={"NORM": OffState(relay_closed=False, limit_of_range=0.01)},
        auto_delays=(0.0,) * len(currents), output_resistance=0.05, relay_resistance=0.05, voltage_burden=100e-6,
        slew_rate=0.2e6, high_capacitance_factor=1.0, loop_swing=1.0, loop_swing_of_range=0.15, limit_band=0.005,
        relay_time=1e-3, switch_on_time=2e-3, range_change_time=2e-3, range_change_overshoot=0.0, overshoot_time=10e-6,
        reading_overhead=500e-6, resolution=1e-7, range_down=0.1, sources=SOURCES)
    there = {row.full_scale for row in currents}
    volts = {code: full for code, full in VOLTAGE_CODES.items() if preamplifier or full >= 20.0}
    return SourceModel(
        name, option, sheet, volts, {code: full for code, full in CURRENT_CODES.items() if full in there}, corners,
        100e-12 if preamplifier else 100e-9)


SOURCE_MODELS: Mapping[str, SourceModel] = {model.name: model for model in (
    _model("4200-SMU", "SMU", _CURRENTS[5:12], preamplifier=False),
    _model("4200-SMU+4200-PA", "SMUPA", _CURRENTS[:12], preamplifier=True),
    _model("4210-SMU", "HPSMU", _CURRENTS[5:], preamplifier=False),
    _model("4210-SMU+4200-PA", "HPSMUPA", _CURRENTS, preamplifier=True),
)}


def settling_delay(full_scale: float) -> float:
    """Return the delay before a reading that a delay factor of 1 stands for [s], in a current range [A]."""
    return next((seconds for highest, seconds in (
        (1e-11, 0.2), (1e-10, 80e-3), (1e-9, 30e-3), (1e-8, 8e-3), (1e-7, 3e-3), (1e-6, 1e-3))
        if full_scale <= highest * (1 + 1e-9)), 0.3e-3)

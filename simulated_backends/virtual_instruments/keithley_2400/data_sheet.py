"""Numbers of the Keithley 2400, 2401 and 2410 (data sheets SPEC-2400 rev. H and SPEC-2410 rev. E: 1 year, 23 ± 5 °C).

The noise of a level is the peak-to-peak noise from 0.1 Hz to 10 Hz of the data sheet, divided by 6. The noise of a
reading is taken as large. The least limits, the ranges that exclude one another, the first values and the automatic
delays are those of the user's manual 2400S-900-01 rev. K, section 18.

Not compared with a data sheet: the speed of the current loop in each range, the relay, the duration of a range change
and the time of a reading beside its aperture. The 2401 has the numbers of the 2400-LV.
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

_TIME_CONSTANTS = 6.9  #: from the settling time to 0.1 % to the time constant of one pole


@dataclass(frozen=True)
class Keithley2400DataSheet(SourceMeterDataSheet):
    """One model of the family."""

    least_of_range: float  #: a limit is at least this part of the present measuring range
    first_off_state: str
    rear_terminals: bool
    protections: tuple[float, ...]  #: [V] levels of the overvoltage protection
    test_currents: Mapping[float, float]  #: [A] of automatic ohms, by range [Ohm]


def _range(full: float, mg: float, mo: float, sg: float, so: float, peak_to_peak: float, settling: float) -> RangeData:
    return RangeData(
        full, mg, mo, sg, so, peak_to_peak / 6.0, settling / _TIME_CONSTANTS, read_overrange=1.055)


_LOW_VOLTAGE = (
    _range(0.2, 0.12e-3, 300e-6, 0.20e-3, 600e-6, 5e-6, 250e-6),
    _range(2.0, 0.12e-3, 300e-6, 0.20e-3, 600e-6, 50e-6, 250e-6),
)
VOLTAGE_2400 = (
    *_LOW_VOLTAGE,
    _range(20.0, 0.15e-3, 1.5e-3, 0.20e-3, 2.4e-3, 500e-6, 250e-6),
    _range(200.0, 0.15e-3, 10e-3, 0.20e-3, 24e-3, 5e-3, 500e-6),
)
VOLTAGE_2410 = (
    *_LOW_VOLTAGE,
    _range(20.0, 0.15e-3, 1e-3, 0.20e-3, 2.4e-3, 5e-3, 250e-6),
    RangeData(1000.0, 0.15e-3, 50e-3, 0.20e-3, 100e-3, 20e-3 / 6.0, 5e-3 / _TIME_CONSTANTS, overrange=1.1),
)
_LOW_CURRENT = (
    _range(1e-6, 0.29e-3, 300e-12, 0.35e-3, 600e-12, 5e-12, 5e-3),
    _range(10e-6, 0.27e-3, 700e-12, 0.33e-3, 2e-9, 50e-12, 1e-3),
    _range(100e-6, 0.25e-3, 6e-9, 0.31e-3, 20e-9, 500e-12, 250e-6),
    _range(1e-3, 0.27e-3, 60e-9, 0.34e-3, 200e-9, 5e-9, 100e-6),
)
CURRENT_2400 = (
    *_LOW_CURRENT,
    _range(10e-3, 0.35e-3, 600e-9, 0.45e-3, 2e-6, 50e-9, 80e-6),
    _range(100e-3, 0.55e-3, 6e-6, 0.66e-3, 20e-6, 500e-9, 80e-6),
    _range(1.0, 2.2e-3, 570e-6, 2.7e-3, 900e-6, 5e-6, 80e-6),
)
CURRENT_2410 = (
    *_LOW_CURRENT,
    _range(20e-3, 0.35e-3, 1.2e-6, 0.45e-3, 4e-6, 200e-9, 80e-6),
    _range(100e-3, 0.55e-3, 6e-6, 0.66e-3, 20e-6, 1e-6, 80e-6),
    _range(1.0, 2.2e-3, 570e-6, 2.7e-3, 900e-6, 100e-6, 80e-6),
)
_MANUAL = "User's manual 2400S-900-01 rev. K"
SOURCES = SourceMeterSources(
    reading_accuracy=Origin("SPEC-2400 rev. H, SPEC-2410 rev. E, measure specifications"),
    level_accuracy=Origin("SPEC-2400 rev. H, p. 1; SPEC-2410 rev. E, source specifications"),
    overflow=Origin(f"{_MANUAL}, p. 3-4, table 3-1 (105.5 %; 1.1 kV)"),
    reading_noise=Origin(
        "SPEC-2400 rev. H, p. 1 (noise of levels, peak to peak, divided by 6)", "the noise of readings"),
    settling=Origin(f"{_MANUAL}, p. 3-4 (a voltage recovers in 250 us)", "the settling of currents"),
    output_resistance=Origin(
        f"SPEC-2400 rev. H, p. 2 (accuracy with local sense; burden below 1 mV); {_MANUAL}, p. 3-4 (a load changes the "
        "voltage by less than 0.01 % + 1 mV)", "the voltage burden: 500 uV are less than each offset of a level"),
    least_limit=Origin(f"SPEC-2400 rev. H, p. 1 (0.1 % of the range); {_MANUAL}, section 18"),
    automatic_delay=Origin(f"{_MANUAL}, section 18"),
    off_state=Origin(f"{_MANUAL}, p. 13-9, 13-10 and 18-59"),
    switching_times=Origin(f"{_MANUAL}, p. 13-9 (15 ms from an open relay)", "the other times"),
)
_OFF_STATES = {
    "NORM": OffState(relay_closed=True, limit_of_range=0.005),
    "HIMP": OffState(relay_closed=False, limit_of_range=0.005),
    "ZERO": OffState(relay_closed=True, limit_of_range=0.005, keeps_limit=True),
    "GUAR": OffState(relay_closed=True, limit_of_range=0.005, function="CURR"),
}
_TEST_CURRENTS = {
    20.0: 100e-3, 200.0: 10e-3, 2e3: 1e-3, 20e3: 100e-6, 200e3: 10e-6, 2e6: 1e-6, 20e6: 1e-6, 200e6: 100e-9}


def _sheet(
    model: str, voltage: tuple[RangeData, ...], current: tuple[RangeData, ...],
    highest_limit: Mapping[str, tuple[float, ...]], first_off_state: str = "NORM", rear_terminals: bool = True,
    slew_rate: float = 0.5e6,
) -> Keithley2400DataSheet:
    top = voltage[-1].full_scale
    return Keithley2400DataSheet(
        name=f"MODEL {model}", manufacturer="KEITHLEY INSTRUMENTS INC.",
        firmware="C34 Sep 21 2016 15:30:00/A02  /K/L",
        ranges={"VOLT": voltage, "CURR": current}, resistance_ranges=tuple(_TEST_CURRENTS),
        first_ranges={"VOLT": voltage[2], "CURR": current[2]}, highest_limit=highest_limit,
        least_limit=0.0,   # a limit that does not suit is refused, never moved
        off_states=_OFF_STATES, auto_delays=(3e-3, 2e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3),
        output_resistance=0.01, relay_resistance=0.05, voltage_burden=500e-6,
        slew_rate=slew_rate, high_capacitance_factor=1.0,
        loop_swing=1.0, loop_swing_of_range=0.15, limit_band=0.005,
        relay_time=0.5e-3, switch_on_time=4e-3, range_change_time=3e-3, range_change_overshoot=0.25,
        overshoot_time=10e-6, reading_overhead=300e-6, resolution=1e-6, range_down=0.095,
        voltage_range_limits=True, open_relay_settling=15e-3, least_of_range=1e-3, first_off_state=first_off_state,
        rear_terminals=rear_terminals,
        protections=tuple(volts for volts in (20.0, 40.0, 60.0, 80.0, 100.0, 120.0, 160.0, 350.0, 400.0, 500.0)
                          if volts <= max(top, 20.0)),
        test_currents=_TEST_CURRENTS, sources=SOURCES,
    )


# 210 V at 105 mA, 21 V at 1.05 A
KEITHLEY_2400 = _sheet(
    "2400", VOLTAGE_2400, CURRENT_2400, {"VOLT": (1.05, 1.05, 1.05, 0.105), "CURR": (*(210.0,) * 6, 21.0)})
KEITHLEY_2401 = _sheet(
    "2401", VOLTAGE_2400[:3], CURRENT_2400, {"VOLT": (1.05,) * 3, "CURR": (21.0,) * 7}, rear_terminals=False)
# 1100 V at 21 mA, 21 V at 1.05 A
KEITHLEY_2410 = _sheet(
    "2410", VOLTAGE_2410, CURRENT_2410, {"VOLT": (1.05, 1.05, 1.05, 0.021), "CURR": (*(1100.0,) * 5, 21.0, 21.0)},
    first_off_state="GUAR")

"""Data sheet of the virtual Keithley 2460.

Sources
-------
- The ranges are those of Tektronix's command help for the 2460 (``smu.source.range``).
- The limits, the automatic delays from 100 uA on, the resistance ranges and what lies outside the regulation are those
  of the 2461, which has the same DC ranges (reference manual 2461-901-01 rev. A, p. 6-94, 2-131, 8-166 and 4-8).
- The levels of the overvoltage protection are those of Tektronix's command help (``smu.source.protect.level``).
- The test currents of resistance are those of the 2420 (user's manual of the 2400 series, table 4-1); 200 MOhm has
  that of the 2400.
- The range of 1 uA measures with an offset of 700 pA and a noise of 40 pA (SPEC-2460 rev. C).

Not yet compared with the printed data sheet
--------------------------------------------
- The operating boundaries are 7 A at 7 V, 5 A at 10 V, 4 A at 20 V and 1 A at 100 V. The overrange adds 5 %
  to each value.
- The accuracy of measured currents comes from a copy of the data sheet's table.
- The offset of a sourced current is 1.5 times that of a measured one, as for 100 mA in the manual of the 2461 (p.
  4-19).
- All other numbers are those of the 2450. Noise and the offsets of voltages are in proportion to the range where the
  2450 does not have the range. The ranges of 7 V and 10 V have the offsets of 20 V.
"""

from tsbench.simulated_backends.virtual_instruments.keithley_interactive.data_sheet import (
    AUTOMATIC_RANGE,
    OFF_STATE,
    SWITCHING_TIMES,
    InteractiveDataSheet,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    OffState,
    RangeData,
    SourceMeterSources,
)
from tsbench.simulated_backends.virtual_instruments.sources import Origin

#: of the 2461 too
SENSED_AT_THE_TERMINALS = Origin(
    "Reference manual 2461-901-01 rev. A, p. 4-3 (sensed at the terminals), p. 4-8 (a load changes the voltage by less "
    "than 0.01 % + 1 mV)", "the voltage burden, which is that of the 2450")
#: from the settling time to 0.1 % to the time constant of one pole
_TIME_CONSTANTS = 6.9


def _volts(full: float, mg: float, mo: float, sg: float, so: float, noise: float, settling: float) -> RangeData:
    return RangeData(full, mg, mo, sg, so, noise, settling / _TIME_CONSTANTS)


def _amperes(full: float, gain: float, offset: float, noise: float, settling: float) -> RangeData:
    return RangeData(full, gain, offset, gain, 1.5 * offset, noise, settling / _TIME_CONSTANTS)


VOLTAGE: tuple[RangeData, ...] = (
    _volts(200e-3, 0.12e-3, 200e-6, 0.15e-3, 200e-6, 1e-6, 50e-6),
    _volts(2.0, 0.12e-3, 300e-6, 0.20e-3, 300e-6, 10e-6, 50e-6),
    _volts(7.0, 0.15e-3, 1e-3, 0.15e-3, 2.4e-3, 35e-6, 200e-6),
    _volts(10.0, 0.15e-3, 1e-3, 0.15e-3, 2.4e-3, 50e-6, 200e-6),
    _volts(20.0, 0.15e-3, 1e-3, 0.15e-3, 2.4e-3, 100e-6, 200e-6),
    _volts(100.0, 0.15e-3, 5e-3, 0.15e-3, 12e-3, 500e-6, 500e-6),
)
CURRENT: tuple[RangeData, ...] = (
    _amperes(1e-6, 0.25e-3, 700e-12, 40e-12, 2e-3),
    _amperes(10e-6, 0.25e-3, 1e-9, 40e-12, 500e-6),
    _amperes(100e-6, 0.20e-3, 10e-9, 400e-12, 150e-6),
    _amperes(1e-3, 0.20e-3, 100e-9, 5e-9, 100e-6),
    _amperes(10e-3, 0.20e-3, 1e-6, 40e-9, 80e-6),
    _amperes(100e-3, 0.20e-3, 10e-6, 100e-9, 80e-6),
    _amperes(1.0, 0.50e-3, 500e-6, 3e-6, 80e-6),
    _amperes(4.0, 1.0e-3, 2.5e-3, 12e-6, 80e-6),
    _amperes(5.0, 1.0e-3, 2.5e-3, 15e-6, 80e-6),
    _amperes(7.0, 1.5e-3, 5e-3, 21e-6, 80e-6),
)

SOURCES = SourceMeterSources(
    reading_accuracy=Origin("SPEC-2460 rev. C (1 uA); a copy of its table (other currents)", "voltages"),
    reading_noise=Origin("SPEC-2460 rev. C (1 uA)", "the other ranges"),
    automatic_delay=Origin("Reference manual 2461-901-01 rev. A, p. 2-131 (from 100 uA on)", "1 uA and 10 uA"),
    output_resistance=SENSED_AT_THE_TERMINALS,
    least_limit=Origin("Reference manual 2461-901-01 rev. A, p. 6-94"),
    off_state=OFF_STATE, switching_times=SWITCHING_TIMES, automatic_range=AUTOMATIC_RANGE,
)

KEITHLEY_2460 = InteractiveDataSheet(
    name="MODEL 2460", manufacturer="KEITHLEY INSTRUMENTS", firmware="1.7.16a",
    ranges={"VOLT": VOLTAGE, "CURR": CURRENT},
    resistance_ranges=(2.0, 20.0, 200.0, 2e3, 20e3, 200e3, 2e6, 20e6, 200e6),
    first_ranges={"VOLT": VOLTAGE[-1], "CURR": CURRENT[2]},
    # 7 A at 7 V, 5 A at 10 V, 4 A at 20 V, 1 A at 100 V, and 5 % more of each
    highest_limit={
        "VOLT": (7.35, 7.35, 7.35, 5.25, 4.2, 1.05), "CURR": (*(105.0,) * 7, 21.0, 10.5, 7.35)},
    lowest_limit={"VOLT": 1e-6, "CURR": 0.2}, first_limit={"VOLT": 105e-6, "CURR": 7.35},
    protections=(2, 5, 10, 20, 40, 60, 80),
    test_currents=(1.0, 100e-3, 10e-3, 1e-3, 100e-6, 10e-6, 10e-6, 1e-6, 100e-9),
    least_limit=1e-3,
    off_states={
        "NORM": OffState(relay_closed=True, limit_of_range=0.1),
        "HIMP": OffState(relay_closed=False, limit_of_range=0.1),
        "ZERO": OffState(relay_closed=True, limit_of_range=1.0),
        "GUAR": OffState(relay_closed=True, limit_of_range=0.1, function="CURR"),
    },
    auto_delays=(3e-3, 2e-3, *(1e-3,) * 8),
    output_resistance=1e-3, relay_resistance=1e-3, voltage_burden=100e-6, slew_rate=0.2e6,
    high_capacitance_factor=20.0,
    loop_swing=1.0, loop_swing_of_range=0.15, limit_band=0.005,
    relay_time=0.5e-3, switch_on_time=2e-3, range_change_time=2e-3, range_change_overshoot=0.25, overshoot_time=10e-6,
    reading_overhead=250e-6, resolution=1e-6, range_down=0.1, open_relay_settling=15e-3, sources=SOURCES,
)

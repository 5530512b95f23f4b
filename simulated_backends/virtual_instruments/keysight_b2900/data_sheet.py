"""Numbers of the Keysight B2901A, B2902A, B2911A and B2912A (data sheet, p. 16 to 18; user's guide, p. 2-14, 2-20,
6-13; SCPI command reference ed. 2, p. 2-17, 4-79).

From these pages: ranges, accuracy and overrange of readings, settling times, noise of the voltage source (3 mV rms,
10 Hz to 20 MHz), overshoot at a change of range (250 mV), least pulse width (50 us), least trigger interval, what is on
while the output is off, and where the automatic range goes down.

The settling times of a current are printed for a short. The model has them at a load with 1 V at the full range, and
is faster at smaller loads.

Not compared with a data sheet: the accuracy of levels (taken as that of readings, which the user's guide has for 1 mA,
p. 2-25), the noise of readings (a tenth of the error at 0.1 PLC for the low ranges), the voltage ranges' settling, slew
rate, relay and range-change times. A compliance of 3 A needs a level of at most 6 V: here the 20 V range allows 1.515 A
at any level.
"""

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
class B2900DataSheet(SourceMeterDataSheet):
    """One model of the family."""

    channels: int
    least_interval: float  #: [s] between two triggers
    least_pulse_width: float  #: [s]
    least_limit_of: dict[str, float]  #: "CURR" [A] and "VOLT" [V]: the least compliance


def _volts(full: float, gain: float, offset: float, noise: float, settling: float) -> RangeData:
    return RangeData(full, gain, offset, gain, offset, noise, settling / _TIME_CONSTANTS, 1.05, 1.06)


def _amperes(
    full: float, gain: float, offset: float, noise: float, settling: float, read: float = 1.06, step: float = 0.0,
) -> RangeData:
    """Return a range of currents; ``step``: of readings [A]; 0: a millionth of the range."""
    top = 1.01 if full >= 1.5 else 1.05
    return RangeData(full, gain, offset, gain, offset, noise, settling / _TIME_CONSTANTS, top, read,
                     reading_step=step / full or 1e-6)


SOURCES = SourceMeterSources(
    reading_accuracy=Origin("B2900A data sheet, p. 16 to 18"),
    level_accuracy=Origin("B2900 user's guide ed. 2, p. 2-25 (1 mA: 0.02 % + 200 nA)", "the other ranges"),
    reading_resolution=Origin("B2900A data sheet, p. 16"),
    overflow=Origin("B2900A data sheet, p. 16 to 18"),
    settling=Origin("B2900A data sheet, p. 17; user's guide, p. 2-20 (currents)", "voltages"),
    output_resistance=Origin(
        "B2900A configuration and connection guide ed. 1, p. 3-17 (what is beyond the Force terminals is measured "
        "with the device)", "the voltage burden: 100 uV are less than each offset of a level"),
    range_change_overshoot=Origin("B2900A data sheet, p. 17; user's guide, p. 2-20 (250 mV)", "its duration"),
    automatic_range=Origin(
        "B2900 SCPI command reference ed. 2, p. 2-17 and 4-79 (below range * rate / 1000, with a rate of 90)"),
    off_state=Origin("B2900 user's guide ed. 2, p. 6-13, table 6-1"),
)

VOLTAGE = (
    _volts(0.2, 0.15e-3, 225e-6, 2e-6, 50e-6), _volts(2.0, 0.20e-3, 350e-6, 5e-6, 50e-6),
    _volts(20.0, 0.15e-3, 5e-3, 50e-6, 110e-6), _volts(200.0, 0.15e-3, 50e-3, 500e-6, 700e-6))
CURRENT = (
    _amperes(10e-9, 1.0e-3, 50e-12, 0.5e-12, 10e-3), _amperes(100e-9, 0.6e-3, 100e-12, 1e-12, 10e-3),
    _amperes(1e-6, 0.25e-3, 500e-12, 5e-12, 500e-6), _amperes(10e-6, 0.25e-3, 1.5e-9, 30e-12, 250e-6),
    _amperes(100e-6, 0.2e-3, 25e-9, 300e-12, 250e-6), _amperes(1e-3, 0.2e-3, 200e-9, 3e-9, 80e-6),
    _amperes(10e-3, 0.2e-3, 2.5e-6, 30e-9, 80e-6), _amperes(100e-3, 0.2e-3, 20e-6, 300e-9, 80e-6),
    _amperes(1.0, 0.3e-3, 1.5e-3, 10e-6, 80e-6), _amperes(1.5, 0.5e-3, 3.5e-3, 20e-6, 80e-6, 1.02, 1e-6),
    _amperes(3.0, 4e-3, 7e-3, 30e-6, 80e-6, 1.02, 10e-6))


def _sheet(model: str, channels: int, fine: bool) -> B2900DataSheet:
    current = CURRENT if fine else CURRENT[1:]
    return B2900DataSheet(
        name=f"{model}", manufacturer="Keysight Technologies", firmware="3.4.2011.5100",
        ranges={"VOLT": VOLTAGE, "CURR": current},
        resistance_ranges=(2.0, 20.0, 200.0, 2e3, 20e3, 200e3, 2e6, 20e6, 200e6),
        first_ranges={"VOLT": VOLTAGE[1], "CURR": CURRENT[4]},
        # 210 V at 105 mA, 21 V at 1.515 A, 6 V at 3.03 A
        highest_limit={"VOLT": (3.03, 3.03, 1.515, 0.105),
                       "CURR": (*(210.0,) * (len(current) - 3), 21.0, 21.0, 6.0)},
        least_limit=0.0,   # a limit that does not suit is refused, never moved
        off_states={
            "NORM": OffState(relay_closed=False, limit_of_range=0.0, limit=100e-6),
            "HIZ": OffState(relay_closed=False, limit_of_range=0.0, limit=100e-6),
            "ZERO": OffState(relay_closed=True, limit_of_range=0.0, limit=100e-6)},
        auto_delays=tuple(1.5 * row.time_constant * _TIME_CONSTANTS for row in current),
        output_resistance=0.01, relay_resistance=0.05, voltage_burden=100e-6,
        slew_rate=0.3e6, high_capacitance_factor=20.0,
        loop_swing=1.0, loop_swing_of_range=0.15, limit_band=0.005, relay_time=0.5e-3, switch_on_time=2e-3,
        range_change_time=1e-3, range_change_overshoot=0.25, overshoot_time=10e-6, reading_overhead=8e-6,
        resolution=0.5e-6, range_down=0.09,
        channels=channels, least_interval=10e-6 if fine else 20e-6, least_pulse_width=50e-6,
        least_limit_of={"CURR": current[0].full_scale * 0.01, "VOLT": 2e-3}, sources=SOURCES,
    )


B2901A, B2902A = _sheet("B2901A", 1, False), _sheet("B2902A", 2, False)
B2911A, B2912A = _sheet("B2911A", 1, True), _sheet("B2912A", 2, True)

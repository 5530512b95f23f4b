"""Data sheets of the virtual Keithley 2600B source meters.

Sources
-------
- The settling times of the 2601B and 2602B, the least limits (10 nA and 10 mV), and the least limit of 10 % beside a
  fixed range come from the data sheet of the 2601B (page 5) and from the reference manual 2600BS-901-01 (p. 7-224).
- The defaults of ranges and limits, and the bounds of limits (20 mV, 100 pA) come from the same manual (p. 9-230 and
  9-244 of rev. F).
- The accuracy of the 2601B and 2602B, the peak-to-peak noise of their sources from 0.1 Hz to 10 Hz, which divided by 6
  is the rms noise, and the steps of their readings come from their specifications (SPEC-2602B rev. B, page 2).
- A source reaches 101 % and a reading 102 % of its range (reference manual, rev. F, p. 2-44).

Not compared with a data sheet
------------------------------
- Of the 2612B and 2636B, the accuracy and noise of voltages, of the ranges below 1 uA, and of 1.5 A. From 1 uA to 1 A
  they have those of the 2602B.
- The settling times of the 2612B and 2636B.
- The slew rate, the time to switch on, the time of a change of range, and the automatic delays.
- The overshoot of a change of range, which is that of the 2450. A fixed range limits the current at 106 % of its full
  scale.
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

#: from the settling time to 0.1 % to the time constant of one pole
_TIME_CONSTANTS = 6.9
_PEAK_TO_PEAK = 6.0  #: of noise, in parts of its rms
_OVERRANGE, _READ_OVERRANGE = 1.01, 1.02


@dataclass(frozen=True)
class TspSourceMeterDataSheet(SourceMeterDataSheet):
    """One model of the family."""

    channels: tuple[str, ...] = ("a", "b")
    least_source_current: float = 100e-9  #: [A] the lowest range of the current source
    least_limits: Mapping[str, float] | None = None  #: by limited quantity [A or V]
    first_limits: Mapping[str, float] | None = None  #: by limited quantity [A or V], after a reset
    first_measure_delay: float = 0.0  #: [s]; -1 is automatic
    interlock: bool = False  #: whether the highest voltage range needs a closed interlock


def _range(
    full: float, measure: tuple[float, float], source: tuple[float, float], noise: float, settling: float,
    step: float | None = None,
) -> RangeData:
    """Return a range: gain and offset of readings and of levels, noise (peak to peak), settling time to 0.1 % [s].

    ``step``: of readings [V or A]; None: a millionth of the range.
    """
    return RangeData(
        full, *measure, *source, noise / _PEAK_TO_PEAK, settling / _TIME_CONSTANTS, _OVERRANGE, _READ_OVERRANGE,
        reading_step=None if step is None else step / full)


VOLTAGE_40 = (
    _range(0.1, (0.15e-3, 150e-6), (0.2e-3, 250e-6), 20e-6, 50e-6),
    _range(1.0, (0.15e-3, 200e-6), (0.2e-3, 400e-6), 50e-6, 50e-6),
    _range(6.0, (0.15e-3, 1e-3), (0.2e-3, 1.8e-3), 100e-6, 110e-6, 1e-6),
    _range(40.0, (0.15e-3, 8e-3), (0.2e-3, 12e-3), 500e-6, 150e-6, 10e-6),
)
VOLTAGE_200 = (
    _range(0.2, (0.15e-3, 225e-6), (0.2e-3, 375e-6), 20e-6, 50e-6),
    _range(2.0, (0.2e-3, 350e-6), (0.2e-3, 600e-6), 50e-6, 50e-6),
    _range(20.0, (0.15e-3, 5e-3), (0.2e-3, 5e-3), 300e-6, 110e-6),
    _range(200.0, (0.15e-3, 50e-3), (0.2e-3, 50e-3), 2e-3, 700e-6),
)
_FROM_1_UA = (
    _range(1e-6, (0.25e-3, 500e-12), (0.3e-3, 800e-12), 25e-12, 2e-3),
    _range(10e-6, (0.25e-3, 1.5e-9), (0.3e-3, 5e-9), 60e-12, 500e-6),
    _range(100e-6, (0.2e-3, 25e-9), (0.3e-3, 60e-9), 3e-9, 150e-6),
    _range(1e-3, (0.2e-3, 200e-9), (0.3e-3, 300e-9), 6e-9, 100e-6),
    _range(10e-3, (0.2e-3, 2.5e-6), (0.3e-3, 6e-6), 200e-9, 80e-6),
    _range(100e-3, (0.2e-3, 20e-6), (0.3e-3, 30e-6), 600e-9, 80e-6),
    _range(1.0, (0.3e-3, 1.5e-3), (0.5e-3, 1.8e-3), 70e-6, 80e-6),
)
_100_NA = _range(100e-9, (0.5e-3, 100e-12), (0.6e-3, 100e-12), 5e-12, 20e-3)
CURRENT_3 = (_100_NA, *_FROM_1_UA, _range(3.0, (0.5e-3, 3.5e-3), (0.6e-3, 4e-3), 150e-6, 80e-6, 1e-6))
CURRENT_1_5 = (_100_NA, *_FROM_1_UA, _range(1.5, (0.5e-3, 3.5e-3), (0.6e-3, 4e-3), 150e-6, 120e-6))
CURRENT_LOW = (
    _range(100e-12, (1.5e-3, 120e-15), (1.5e-3, 2e-12), 0.8e-15 * 6, 0.5),
    _range(1e-9, (1.5e-3, 240e-15), (1.5e-3, 2e-12), 800e-15 / 6, 0.15),
    _range(10e-9, (1.5e-3, 3e-12), (1.5e-3, 5e-12), 2e-12, 40e-3),
    _range(100e-9, (0.6e-3, 40e-12), (0.6e-3, 50e-12), 5e-12, 20e-3),
    _range(1e-6, (0.25e-3, 400e-12), (0.3e-3, 700e-12), 25e-12, 2e-3),
    *CURRENT_1_5[2:],
)
_MANUAL = "Reference manual 2600BS-901-01"
_SPEC = "SPEC-2602B rev. B, p. 2"
_SISTERS = "the 2612B and 2636B: voltages, currents below 1 uA, and 1.5 A"
SOURCES = SourceMeterSources(
    reading_accuracy=Origin(_SPEC, _SISTERS), level_accuracy=Origin(_SPEC, _SISTERS),
    reading_noise=Origin(
        f"{_SPEC} (noise of levels, peak to peak, divided by 6)", f"the noise of readings, and {_SISTERS}"),
    reading_resolution=Origin(_SPEC, "the 2612B and 2636B"),
    overflow=Origin(f"{_MANUAL} rev. F, p. 2-44 (102 %)"),
    settling=Origin("SPEC-2602B rev. B, p. 5", "the 2612B and 2636B"),
    output_resistance=Origin(
        f"{_MANUAL} rev. C, p. B-21 (calibrated with local sense), and chapter Source V (sensed at the terminals); "
        "data sheet of the 2636B, p. 10 (burden below 1 mV)",
        "the voltage burden: 100 uV are less than each offset of a level"),
    least_limit=Origin(f"{_MANUAL}, p. 7-224, and rev. F, p. 9-244; data sheet of the 2601B, p. 5"),
    off_state=Origin(f"{_MANUAL} rev. B, p. 2-77 and 2-78, and rev. C, p. 2-77"),
)
#: [s] automatic source delay, by the full scale of the current range
_AUTO_DELAYS = {100e-12: 0.5, 1e-9: 0.15, 10e-9: 40e-3, 100e-9: 20e-3, 1e-6: 2e-3, 10e-6: 500e-6}


def _sheet(
    model: str, voltage: tuple[RangeData, ...], current: tuple[RangeData, ...], channels: tuple[str, ...],
    highest: tuple[float, float], first: tuple[float, float], least: tuple[float, float],
) -> TspSourceMeterDataSheet:
    """Return the data sheet of a model.

    Parameters
    ----------
    highest : [A] beside the voltage ranges below the highest, and beside the highest
    first, least : limits [A], [V] after a reset, and the lowest
    """
    low, high = highest
    return TspSourceMeterDataSheet(
        name=f"Model {model}", manufacturer="Keithley Instruments Inc.", firmware="3.4.0",
        ranges={"VOLT": voltage, "CURR": current}, resistance_ranges=(),
        first_ranges={"VOLT": voltage[0], "CURR": next(row for row in current if row.full_scale >= 0.099)},
        highest_limit={
            "VOLT": (*(low,) * (len(voltage) - 1), high),
            "CURR": tuple(voltage[-1 if row.full_scale <= high else -2].full_scale for row in current),
        },
        least_limit=0.1, least_limit_is_enforced=True, range_limits_at=1.05,
        off_states={
            "NORM": OffState(relay_closed=True, limit_of_range=0.0, limit=1e-3),
            "ZERO": OffState(relay_closed=True, limit_of_range=0.1, keeps_limit=True),
            "HIMP": OffState(relay_closed=False, limit_of_range=0.0, limit=1e-3),
        },
        auto_delays=tuple(_AUTO_DELAYS.get(row.full_scale, 150e-6) for row in current),
        output_resistance=0.05, relay_resistance=0.05, voltage_burden=100e-6,
        slew_rate=0.5e6, high_capacitance_factor=20.0,
        loop_swing=1.0, loop_swing_of_range=0.15, limit_band=0.005,
        relay_time=0.5e-3, switch_on_time=2e-3, range_change_time=1e-3, range_change_overshoot=0.25,
        overshoot_time=10e-6, reading_overhead=100e-6, resolution=1e-6, range_down=0.09,
        channels=channels, least_limits={"CURR": least[0], "VOLT": least[1]},
        first_limits={"CURR": first[0], "VOLT": first[1]}, interlock=voltage is VOLTAGE_200,
        least_source_current=1e-9 if current is CURRENT_LOW else 100e-9, sources=SOURCES,
        first_measure_delay=-1.0 if current is CURRENT_LOW else 0.0,
    )


KEITHLEY_2601B = _sheet("2601B", VOLTAGE_40, CURRENT_3, ("a",), (3.0, 1.0), (1.0, 40.0), (10e-9, 10e-3))
KEITHLEY_2602B = _sheet("2602B", VOLTAGE_40, CURRENT_3, ("a", "b"), (3.0, 1.0), (1.0, 40.0), (10e-9, 10e-3))
KEITHLEY_2612B = _sheet("2612B", VOLTAGE_200, CURRENT_1_5, ("a", "b"), (1.5, 0.1), (0.1, 20.0), (10e-9, 20e-3))
KEITHLEY_2636B = _sheet(
    "2636B", VOLTAGE_200, CURRENT_LOW, ("a", "b"), (1.5, 0.1), (0.1, 20.0), (100e-12, 20e-3))

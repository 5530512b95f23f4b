"""The Keithley 2450's numbers: data sheet SPEC-2450 rev. A (1 year, 23 +- 5 degrees, 1 PLC).

Settling times of the current ranges are those of the 2601B (data sheet), whose output stage the 2450 resembles. The
test currents of resistance are those of the 2400 (user's manual of the series, table 4-1).
"""

from tsbench.simulated_backends.virtual_instruments.keithley_interactive.data_sheet import (
    AUTOMATIC_RANGE,
    MANUAL_2450,
    MANUAL_2470,
    SWITCHING_TIMES,
    InteractiveDataSheet,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    OffState,
    RangeData,
    SourceMeterSources,
)
from tsbench.simulated_backends.virtual_instruments.sources import Origin

#: from the settling time to 0.1 % to the time constant of one pole
_TIME_CONSTANTS = 6.9


def _range(full: float, mg: float, mo: float, sg: float, so: float, noise: float, settling: float) -> RangeData:
    return RangeData(full, mg, mo, sg, so, noise, settling / _TIME_CONSTANTS)


VOLTAGE: tuple[RangeData, ...] = (
    _range(20e-3, 1.00e-3, 150e-6, 1.00e-3, 200e-6, 1e-6, 50e-6),
    _range(200e-3, 0.12e-3, 200e-6, 0.15e-3, 200e-6, 1e-6, 50e-6),
    _range(2.0, 0.12e-3, 300e-6, 0.20e-3, 300e-6, 10e-6, 50e-6),
    _range(20.0, 0.15e-3, 1e-3, 0.15e-3, 2.4e-3, 100e-6, 200e-6),
    _range(200.0, 0.15e-3, 10e-3, 0.15e-3, 24e-3, 1e-3, 500e-6),
)
CURRENT: tuple[RangeData, ...] = (
    _range(10e-9, 1.00e-3, 50e-12, 1.00e-3, 100e-12, 0.5e-12, 20e-3),
    _range(100e-9, 0.60e-3, 100e-12, 0.60e-3, 150e-12, 0.5e-12, 20e-3),
    _range(1e-6, 0.25e-3, 300e-12, 0.25e-3, 400e-12, 5e-12, 2e-3),
    _range(10e-6, 0.25e-3, 700e-12, 0.25e-3, 1.5e-9, 40e-12, 500e-6),
    _range(100e-6, 0.20e-3, 6e-9, 0.20e-3, 15e-9, 400e-12, 150e-6),
    _range(1e-3, 0.20e-3, 60e-9, 0.20e-3, 150e-9, 5e-9, 100e-6),
    _range(10e-3, 0.20e-3, 600e-9, 0.20e-3, 1.5e-6, 40e-9, 80e-6),
    _range(100e-3, 0.25e-3, 6e-6, 0.25e-3, 15e-6, 100e-9, 80e-6),
    _range(1.0, 0.30e-3, 500e-6, 0.67e-3, 900e-6, 3e-6, 80e-6),
)

_SPEC = "SPEC-2450 rev. A"
SOURCES = SourceMeterSources(
    reading_accuracy=Origin(f"{_SPEC}, p. 2"), level_accuracy=Origin(f"{_SPEC}, p. 2"),
    reading_noise=Origin(f"{_SPEC}, p. 2 (noise of the source below 10 Hz)", "the noise of readings"),
    reading_resolution=Origin(f"{_SPEC}, p. 2"),
    settling=Origin(
        f"{_SPEC}, p. 4 (20 V: 200 us); data sheet of the 2601B, p. 5 (currents)", "the other voltage ranges"),
    slew_rate=Origin(f"{_SPEC}, p. 4 (0.2 V/us, 200 V range)"),
    least_limit=Origin(f"{MANUAL_2450}, p. 2-100, 6-71"),
    automatic_delay=Origin(f"{MANUAL_2450}, p. 2-111 (of a voltage source)"),
    range_change_overshoot=Origin(f"{_SPEC}, p. 4 (250 mV into 100 kOhm)", "its duration"),
    output_resistance=Origin(
        f"{MANUAL_2450}, p. 6-58 (sensed at the connectors); {_SPEC}, p. 2 (accuracy holds with two wires; voltage "
        "burden below 100 uV)"),
    off_state=Origin(f"{MANUAL_2450}, p. 2-83 and 6-32; NORM: {MANUAL_2470}, p. 15-12"),
    switching_times=SWITCHING_TIMES, automatic_range=AUTOMATIC_RANGE,
)

KEITHLEY_2450 = InteractiveDataSheet(
    name="MODEL 2450", manufacturer="KEITHLEY INSTRUMENTS", firmware="1.7.12b",
    ranges={"VOLT": VOLTAGE, "CURR": CURRENT},
    resistance_ranges=(20.0, 200.0, 2e3, 20e3, 200e3, 2e6, 20e6, 200e6),
    first_ranges={"VOLT": VOLTAGE[-1], "CURR": CURRENT[4]},
    # 210 V at 105 mA, 21 V at 1.05 A
    highest_limit={"VOLT": (1.05, 1.05, 1.05, 1.05, 105e-3), "CURR": (*(210.0,) * 8, 21.0)},
    lowest_limit={"VOLT": 1e-9, "CURR": 0.02}, first_limit={"VOLT": 105e-6, "CURR": 21.0},
    protections=(2, 5, 10, 20, 40, 60, 80, 100, 120, 140, 160, 180),
    test_currents=(100e-3, 10e-3, 1e-3, 100e-6, 10e-6, 1e-6, 1e-6, 100e-9),
    least_limit=1e-3,   # reference manual 2450-901-01 rev. B, p. 2-100, 6-71
    off_states={
        "NORM": OffState(relay_closed=True, limit_of_range=0.1),
        "HIMP": OffState(relay_closed=False, limit_of_range=0.1),
        "ZERO": OffState(relay_closed=True, limit_of_range=1.0),
        "GUAR": OffState(relay_closed=True, limit_of_range=0.1, function="CURR"),
    },
    auto_delays=(50e-3, 50e-3, 3e-3, 2e-3, 1e-3, 1e-3, 1e-3, 1e-3, 1e-3),
    output_resistance=0.05, relay_resistance=0.05, voltage_burden=100e-6,
    slew_rate=0.2e6, high_capacitance_factor=20.0,
    loop_swing=1.0, loop_swing_of_range=0.15, limit_band=0.005,
    relay_time=0.5e-3, switch_on_time=2e-3, range_change_time=2e-3, range_change_overshoot=0.25, overshoot_time=10e-6,
    reading_overhead=250e-6, resolution=1e-6, range_down=0.1, open_relay_settling=15e-3, sources=SOURCES,
)

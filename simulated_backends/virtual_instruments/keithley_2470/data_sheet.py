"""Data sheet of the virtual Keithley 2470.

Sources
-------
- The ranges, the levels of the overvoltage protection and the limit after a reset are those of Tektronix's command help
  for the 2470 (``smu.source.range``, ``smu.source.protect.level``, ``smu.source.xlimit.level``). A level is at most
  1100 V. A limit is at least 10.6 % of a fixed measuring range.
- The ranges of resistance begin at 2 Ohm (reference manual 2470-901-01 rev. A, p. 12-53).
- The automatic delays are those of the reference manual 2470-901-01 rev. A, p. 4-45.
- The accuracies, the noise and the steps of readings are those of a reseller's copy of the data sheet's tables
  (atltest.com.cn, product 14087).

Not compared with a data sheet
------------------------------
- The operating boundaries are 21 V at 1.05 A, 210 V at 105 mA and 1100 V at 21 mA.
- The output slews at 1 V/us. The automatic delay then covers a step of 1000 V.
- The regulating loop of the range of 1000 V is as fast as that of 200 V.
- All other numbers are those of the 2450.
"""

import dataclasses

from tsbench.simulated_backends.virtual_instruments.keithley_2450.data_sheet import CURRENT, KEITHLEY_2450, VOLTAGE
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.data_sheet import (
    AUTOMATIC_RANGE,
    MANUAL_2470,
    SWITCHING_TIMES,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import (
    OffState,
    RangeData,
    SourceMeterSources,
)
from tsbench.simulated_backends.virtual_instruments.sources import Origin

#: 100 nV of 200 mV, and so on; 10 mV of 1000 V
_STEP, _STEP_OF_THOUSAND = 0.5e-6, 10e-6
THOUSAND = RangeData(
    1000.0, 0.15e-3, 50e-3, 0.20e-3, 100e-3, 20e-3, VOLTAGE[-1].time_constant, overrange=1.1,
    reading_step=_STEP_OF_THOUSAND)
_VOLTAGE = (
    dataclasses.replace(VOLTAGE[1], noise=2e-6, reading_step=_STEP),
    *(dataclasses.replace(row, reading_step=_STEP) for row in VOLTAGE[2:]), THOUSAND)
_CURRENT = (
    dataclasses.replace(CURRENT[0], measure_offset=250e-12, source_offset=200e-12),
    dataclasses.replace(CURRENT[1], measure_offset=300e-12, source_offset=250e-12),
    *CURRENT[2:-1], dataclasses.replace(CURRENT[-1], noise=10e-6))

_TABLE = Origin("a reseller's copy of the data sheet's tables (atltest.com.cn, product 14087)")
SOURCES = SourceMeterSources(
    reading_accuracy=_TABLE, level_accuracy=_TABLE, reading_resolution=_TABLE,
    reading_noise=dataclasses.replace(
        _TABLE, found=f"{_TABLE.found}: noise of the source below 10 Hz", missing="the noise of readings"),
    output_resistance=Origin(
        f"{MANUAL_2470}, p. 4-8 (sensed at the connectors)", "the voltage burden, which is that of the 2450"),
    least_limit=Origin("Tektronix's command help for the 2470, smu.source.xlimit.level"),
    automatic_delay=Origin(f"{MANUAL_2470}, p. 4-45 (of a voltage source)"),
    off_state=Origin(f"{MANUAL_2470}, p. 15-12 and 4-18"),
    switching_times=SWITCHING_TIMES,
    automatic_range=AUTOMATIC_RANGE,
)

KEITHLEY_2470 = dataclasses.replace(
    KEITHLEY_2450,
    name="MODEL 2470", firmware="1.7.12b",
    ranges={"VOLT": _VOLTAGE, "CURR": _CURRENT},
    resistance_ranges=(2.0, *KEITHLEY_2450.resistance_ranges),
    test_currents=(1.0, *KEITHLEY_2450.test_currents),
    first_ranges={"VOLT": THOUSAND, "CURR": _CURRENT[4]},
    highest_limit={"VOLT": (1.05, 1.05, 1.05, 105e-3, 21e-3), "CURR": (*(1100.0,) * 7, 210.0, 21.0)},
    lowest_limit={"VOLT": 1e-9, "CURR": 0.2},
    protections=(20, 40, 100, 200, 300, 400, 500),
    least_limit=0.106,
    auto_delays=(150e-3, 100e-3, *KEITHLEY_2450.auto_delays[2:]),
    sources=SOURCES,
    slew_rate=1e6,
    off_states={**KEITHLEY_2450.off_states, "ZERO": OffState(relay_closed=True, limit_of_range=0.1, keeps_limit=True)},
)

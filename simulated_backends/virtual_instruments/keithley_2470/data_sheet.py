"""Data sheet of the virtual Keithley 2470.

Sources
-------
- The ranges, the levels of the overvoltage protection and the limit after a reset are those of Tektronix's command help
  for the 2470 (``smu.source.range``, ``smu.source.protect.level``, ``smu.source.xlimit.level``). A level is at most
  1100 V. A limit is at least 10.6 % of a fixed measuring range.
- The ranges of resistance begin at 2 Ohm (reference manual 2470-901-01 rev. A, p. 12-53).

Not compared with a data sheet
------------------------------
- The operating boundaries are 21 V at 1.05 A, 210 V at 105 mA and 1100 V at 21 mA.
- The range of 1000 V has five times the offsets and the noise of the range of 200 V.
- The output slews at 1 V/us. The automatic delay then covers a step of 1000 V.
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

_LOW = VOLTAGE[-1]
THOUSAND = RangeData(
    1000.0, _LOW.measure_gain, 5 * _LOW.measure_offset, _LOW.source_gain, 5 * _LOW.source_offset, 5 * _LOW.noise,
    _LOW.time_constant, overrange=1.1)

SOURCES = SourceMeterSources(
    least_limit=Origin("Tektronix's command help for the 2470, smu.source.xlimit.level"),
    off_state=Origin(f"{MANUAL_2470}, p. 15-12 and 4-18"),
    switching_times=SWITCHING_TIMES,
    automatic_range=AUTOMATIC_RANGE,
)

KEITHLEY_2470 = dataclasses.replace(
    KEITHLEY_2450,
    name="MODEL 2470", firmware="1.7.12b",
    ranges={"VOLT": (*VOLTAGE[1:], THOUSAND), "CURR": CURRENT},
    resistance_ranges=(2.0, *KEITHLEY_2450.resistance_ranges),
    test_currents=(1.0, *KEITHLEY_2450.test_currents),
    first_ranges={"VOLT": THOUSAND, "CURR": CURRENT[4]},
    highest_limit={"VOLT": (1.05, 1.05, 1.05, 105e-3, 21e-3), "CURR": (*(1100.0,) * 7, 210.0, 21.0)},
    lowest_limit={"VOLT": 1e-9, "CURR": 0.2},
    protections=(20, 40, 100, 200, 300, 400, 500),
    least_limit=0.106,
    sources=SOURCES,
    slew_rate=1e6,
    off_states={**KEITHLEY_2450.off_states, "ZERO": OffState(relay_closed=True, limit_of_range=0.1, keeps_limit=True)},
)

"""Data sheet of the virtual Keithley 2461: that of the 2460, and a range of 10 A for pulses.

Sources
-------
- The DC ranges, the range of 10 A and the levels of the overvoltage protection are those of Tektronix's command help
  for the 2461 (``smu.source.range``, ``smu.source.protect.level``). Without pulses, a level is at most 7.35 A.
- A limit is at least 10.6 % of a fixed measuring range (the same help, ``smu.source.xlimit.level``).
- The reference manual 2461-901-01 rev. A has the same limits and delays as the 2460 (p. 6-94, 2-131, 8-166 and 4-8).

Not compared with a data sheet: the accuracies, which are those of the 2460, and all numbers of the range of 10 A, which
are in proportion to those of the range of 7 A.
"""

import dataclasses

from tsbench.simulated_backends.virtual_instruments.keithley_2460.data_sheet import (
    KEITHLEY_2460,
    SENSED_AT_THE_TERMINALS,
)
from tsbench.simulated_backends.virtual_instruments.keithley_interactive.data_sheet import (
    AUTOMATIC_RANGE,
    OFF_STATE,
    SWITCHING_TIMES,
)
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import RangeData, SourceMeterSources
from tsbench.simulated_backends.virtual_instruments.sources import Origin

DC_CURRENT = 7.35  #: [A] highest level without pulses
_SEVEN = KEITHLEY_2460.ranges["CURR"][-1]
TEN = RangeData(
    10.0, _SEVEN.measure_gain, _SEVEN.measure_offset * 10 / 7, _SEVEN.source_gain, _SEVEN.source_offset * 10 / 7,
    _SEVEN.noise * 10 / 7, _SEVEN.time_constant)

SOURCES = SourceMeterSources(
    level_accuracy=Origin("Reference manual 2461-901-01 rev. A, p. 4-19 (100 mA)", "the other ranges"),
    least_limit=Origin("Tektronix's command help for the 2461, smu.source.xlimit.level"),
    automatic_delay=Origin("Reference manual 2461-901-01 rev. A, p. 2-131"),
    output_resistance=SENSED_AT_THE_TERMINALS,
    off_state=OFF_STATE, switching_times=SWITCHING_TIMES, automatic_range=AUTOMATIC_RANGE,
)

KEITHLEY_2461 = dataclasses.replace(
    KEITHLEY_2460,
    name="MODEL 2461", firmware="1.7.12b",
    ranges={"VOLT": KEITHLEY_2460.ranges["VOLT"], "CURR": (*KEITHLEY_2460.ranges["CURR"], TEN)},
    highest_limit={
        "VOLT": KEITHLEY_2460.highest_limit["VOLT"], "CURR": (*KEITHLEY_2460.highest_limit["CURR"], 7.35)},
    auto_delays=(*KEITHLEY_2460.auto_delays, 1e-3),
    least_limit=0.106,
    sources=SOURCES,
)

"""Reads the reply of the instrument to one measurement, and checks that the values are plausible."""

import math

from tsbench.errors import GarbledReply
from tsbench.instruments.interfaces import Reading, SourceSettings
from tsbench.instruments.keithley_interactive import data_sheet
from tsbench.records import Flag

#: of a reading, as they are asked for: relative time, source read back, measured value, status of the source
ELEMENTS = "REL,SOUR,READ,SOURSTAT"
_RESOLUTION = 1e-15  #: [A or V] smaller numbers than these no range can tell from zero
_PLAUSIBLE = 1.5  #: times level or limit: overshoot and noise stay far below


def decoded(
    values: list[float],
    level: float,
    source: SourceSettings,
    function: data_sheet.Function,
    full_scale: float,
    label: str,
) -> Reading:
    """Return a reading with its flags.

    Parameters
    ----------
    values : those of :data:`ELEMENTS`; NaN where the instrument sent an overflow
    level : [V or A] that was set
    source : as it is configured
    function : what is measured
    full_scale : [V or A] of the range that sources ``level``
    label : the instrument, as messages call it

    Raises
    ------
    GarbledReply
        These are not the values of one reading.
    """
    if len(values) != len(ELEMENTS.split(",")):
        raise GarbledReply(f"{label}: a reading of {len(values)} values; expected {ELEMENTS}")
    time, sourced, measured, status = values
    if not (math.isfinite(time) and math.isfinite(status) and status == int(status)):
        raise GarbledReply(f"{label}: a reading at {time:g} s with status {status:g}; repeat it")
    flags = Flag.NONE
    if int(status) & data_sheet.STATUS_LIMITED:
        flags |= Flag.COMPLIANCE
    if int(status) & data_sheet.STATUS_OVER_TEMPERATURE:
        flags |= Flag.UNSETTLED
    if not (math.isfinite(sourced) and math.isfinite(measured)):
        flags |= Flag.OVERFLOW
    sourced = sourced if math.isfinite(sourced) else math.nan
    measured = measured if math.isfinite(measured) else math.nan
    beyond = abs(sourced) > max(abs(level), full_scale * 0.01) * _PLAUSIBLE  # never so for NaN
    beyond |= any(0.0 < abs(number) < _RESOLUTION for number in (sourced, measured))
    if beyond or (function != source.function and abs(measured) > source.limit * _PLAUSIBLE):
        flags |= Flag.IMPLAUSIBLE
    if function == source.function:  # it measures what it sources
        other = math.nan
        flags |= Flag.OVERFLOW
    else:
        other = measured
    voltage, current = (sourced, other) if source.function == "voltage" else (other, sourced)
    return Reading(time, level, voltage, current, flags)

"""Readings of a Keithley 2600B: from printed values and buffers to voltage, current and flags."""

import math
from collections.abc import Sequence

from tsbench.errors import GarbledReply
from tsbench.instruments.interfaces import Reading
from tsbench.instruments.keithley_2600.data_sheet import LIMITED, OVER_TEMPERATURE
from tsbench.instruments.languages.tsp import parse_printed
from tsbench.records import Flag

OVERFLOW = 9e37  #: the instrument shows 9.91e37
#: columns of the buffers, as they are printed for each reading
COLUMNS = ("nvbuffer1.readings", "nvbuffer2.readings", "nvbuffer1.timestamps", "nvbuffer1.statuses")


def parse_reading(reply: str) -> tuple[float, float, float, float]:
    """Parse a printed reading, ``time, current, voltage, compliance``, to the values of :data:`COLUMNS`.

    Raises
    ------
    ValueError
        The reply is not a reading.
    """
    values = parse_printed(reply)
    if len(values) != 4 or not isinstance(values[3], bool):
        raise ValueError(f"the reply {reply!r} is not a reading")
    time, current, voltage = (float(value) for value in values[:3])
    return current, voltage, time, float(LIMITED if values[3] else 0)


def decoded(values: Sequence[float], level: float, label: str) -> Reading:
    """Return a reading with its flags.

    Parameters
    ----------
    values : those of :data:`COLUMNS`
    level : [V or A] that was set
    label : the unit, as messages call it

    Raises
    ------
    GarbledReply
        Time or status are not valid.
    """
    current, voltage, time, status = values
    if not (math.isfinite(time) and math.isfinite(status) and status == int(status)):
        raise GarbledReply(f"{label}: the time ({time:g} s) or the status ({status:g}) of a reading is not valid. "
                           "Repeat the measurement")
    flags = Flag.NONE
    if int(status) & LIMITED:
        flags |= Flag.COMPLIANCE
    if int(status) & OVER_TEMPERATURE:
        flags |= Flag.UNSETTLED
    volts, amperes = (number if abs(number) < OVERFLOW else math.nan for number in (voltage, current))
    if math.isnan(volts) or math.isnan(amperes):
        flags |= Flag.OVERFLOW
    return Reading(time, level, volts, amperes, flags)

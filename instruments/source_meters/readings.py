"""Readings of source meters that send voltage, current, time and a status word."""

import math
from collections.abc import Mapping, Sequence

from tsbench.errors import GarbledReply
from tsbench.instruments.interfaces import Reading
from tsbench.records import Flag

ELEMENTS = "VOLT,CURR,TIME,STAT"  #: of a reading, as they are asked for


def decoded(values: Sequence[float], level: float, flags_of_status: Mapping[int, Flag], label: str) -> Reading:
    """Return a reading with its flags.

    Parameters
    ----------
    values : those of :data:`ELEMENTS`; NaN or infinite where the instrument sent an overflow
    level : [V or A] that was set
    flags_of_status : for each mask, the flag of a status word that has one of its bits
    label : the instrument, as messages call it

    Raises
    ------
    GarbledReply
        These are not the values of one reading.
    """
    if len(values) != len(ELEMENTS.split(",")):
        raise GarbledReply(f"{label}: a reading has {len(values)} values, but 4 values ({ELEMENTS}) are expected. "
                           "Repeat the measurement")
    voltage, current, time, status = values
    if not (math.isfinite(time) and math.isfinite(status) and status == int(status)):
        raise GarbledReply(f"{label}: the time ({time:g} s) or the status ({status:g}) of a reading is not valid. "
                           "Repeat the measurement")
    flags = Flag.NONE
    for mask, flag in flags_of_status.items():
        if int(status) & mask:
            flags |= flag
    if not (math.isfinite(voltage) and math.isfinite(current)):
        flags |= Flag.OVERFLOW
    voltage, current = (value if math.isfinite(value) else math.nan for value in (voltage, current))
    return Reading(time, level, voltage, current, flags)

"""Readings of the 2400 family: what the numbers mean, and those of a list sweep, which come when it has ended."""

import contextlib
import math

from tsbench.errors import GarbledReply, InstrumentError
from tsbench.instruments.interfaces import Reading
from tsbench.instruments.keithley_2400.data_sheet import (
    STATUS_COMPLIANCE,
    STATUS_OVERFLOWED,
    STATUS_PROTECTED,
    STATUS_RANGE_COMPLIANCE,
)
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.records import Flag, FloatArray

ELEMENTS = "VOLT,CURR,TIME,STAT"
#: bits of the status word with which the source does not hold its level
_LIMITED = STATUS_COMPLIANCE | STATUS_RANGE_COMPLIANCE | STATUS_PROTECTED
_BYTES_OF_READING = 56  #: four numbers of 13 characters, with their commas


def decoded(values: list[float], level: float, label: str) -> Reading:
    """Return a reading with its flags.

    Parameters
    ----------
    values : those of :data:`ELEMENTS`; NaN or infinite where the instrument sent an overflow
    level : [V or A] that was set
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
    if int(status) & _LIMITED:
        flags |= Flag.COMPLIANCE
    if int(status) & STATUS_OVERFLOWED or not (math.isfinite(voltage) and math.isfinite(current)):
        flags |= Flag.OVERFLOW
    voltage, current = (value if math.isfinite(value) else math.nan for value in (voltage, current))
    return Reading(time, level, voltage, current, flags)


class ListSweep:
    """The readings of one list sweep: they are read once, and then kept.

    Parameters
    ----------
    levels : [V or A], shape (n,)
    """

    def __init__(self, levels: FloatArray) -> None:
        self._levels = levels
        self._readings: list[Reading] | None = None

    def fetched(self, meter: MessageInstrument) -> list[Reading]:
        """Return the readings of the sweep, which has ended; fewer than levels where it was ended early."""
        if self._readings is None:
            width = len(ELEMENTS.split(","))
            with self._endurance(meter):
                values = meter.ask_list(":TRAC:DATA?")
            if len(values) % width or len(values) // width > len(self._levels):
                raise InstrumentError(
                    f"{meter.label}: the instrument sent {len(values)} values for {len(self._levels)} readings, but "
                    f"{width} values are expected for each reading. Repeat the measurement")
            rows = [values[start : start + width] for start in range(0, len(values), width)]
            self._readings = [
                decoded(row, float(level), meter.label) for row, level in zip(rows, self._levels, strict=False)]
        return self._readings

    def _endurance(self, meter: MessageInstrument) -> contextlib.AbstractContextManager[None]:
        """Wait as long for the reply as its bytes need on a serial port."""
        connection = meter.adapter.connection
        baud_rate = getattr(getattr(connection, "link", None), "baud_rate", None)
        if getattr(connection, "polls", True) or not baud_rate:
            return contextlib.nullcontext()
        found: contextlib.AbstractContextManager[None] = connection.endurance(
            5.0 + len(self._levels) * _BYTES_OF_READING * 10 / baud_rate)
        return found

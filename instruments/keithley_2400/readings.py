"""Readings of the 2400 family: what the numbers mean, and those of a list sweep, which come when it has ended."""

import contextlib
from collections.abc import Sequence

from tsbench.errors import InstrumentError
from tsbench.instruments.interfaces import Reading
from tsbench.instruments.keithley_2400.data_sheet import (
    STATUS_COMPLIANCE,
    STATUS_OVERFLOWED,
    STATUS_PROTECTED,
    STATUS_RANGE_COMPLIANCE,
)
from tsbench.instruments.languages.message_instrument import MessageInstrument
from tsbench.instruments.source_meters import readings
from tsbench.instruments.source_meters.readings import ELEMENTS
from tsbench.records import Flag, FloatArray

#: for each group of bits of the status word, the flag of a reading: those of the first do not let the source hold
_FLAGS = {
    STATUS_COMPLIANCE | STATUS_RANGE_COMPLIANCE | STATUS_PROTECTED: Flag.COMPLIANCE,
    STATUS_OVERFLOWED: Flag.OVERFLOW,
}
_BYTES_OF_READING = 56  #: four numbers of 13 characters, with their commas


def decoded(values: Sequence[float], level: float, label: str) -> Reading:
    """Return a reading with the flags of the 2400's status word; see :func:`readings.decoded`."""
    return readings.decoded(values, level, _FLAGS, label)


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
            with self._long_timeout(meter):
                values = meter.ask_list(":TRAC:DATA?")
            if len(values) % width or len(values) // width > len(self._levels):
                raise InstrumentError(
                    f"{meter.label}: the instrument sent {len(values)} values for {len(self._levels)} readings, but "
                    f"{width} values are expected for each reading. Repeat the measurement")
            rows = [values[start : start + width] for start in range(0, len(values), width)]
            self._readings = [
                decoded(row, float(level), meter.label) for row, level in zip(rows, self._levels, strict=False)]
        return self._readings

    def _long_timeout(self, meter: MessageInstrument) -> contextlib.AbstractContextManager[None]:
        """Wait as long for the reply as its bytes need on a serial port."""
        connection = meter.adapter.connection
        baud_rate = getattr(getattr(connection, "link", None), "baud_rate", None)
        if getattr(connection, "polls", True) or not baud_rate:
            return contextlib.nullcontext()
        found: contextlib.AbstractContextManager[None] = connection.timeout_at_least(
            5.0 + len(self._levels) * _BYTES_OF_READING * 10 / baud_rate)
        return found

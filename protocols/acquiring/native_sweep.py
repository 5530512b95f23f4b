"""A sweep that the source meter runs by itself: start it, poll it, and take the readings as they come."""

from collections.abc import Iterator
from dataclasses import replace

from tsbench.errors import InstrumentError
from tsbench.instruments import Clock, Reading, SourceMeter
from tsbench.protocols.acquiring.waiting import LONGEST_POLL
from tsbench.records import FloatArray

_LONGEST_WAIT = 5.0  #: times the expected duration, and as many seconds


def native_readings(
    meter: SourceMeter, clock: Clock, levels: FloatArray, dwell: float, expected: float, role: str = "drive",
) -> Iterator[list[Reading]]:
    """Yield the readings of a native sweep in the groups in which they come; an empty one where none has come yet.

    Parameters
    ----------
    meter : its output is on at the first level
    clock : the bench's
    levels : [V or A], shape (n,), at most ``maximum_sweep_points``
    dwell : [s] at each level before its reading
    expected : [s] that the sweep takes
    role : of the source meter, for messages

    Yields
    ------
    list of Reading
        With their times on the bench's clock. Stop the iteration with ``close``: the sweep is then aborted.

    Raises
    ------
    InstrumentError
        The sweep does not end.
    """
    total, taken, longest_wait = len(levels), 0, _LONGEST_WAIT * (expected + 1.0)
    began, offset = clock.now(), 0.0
    meter.start_sweep(levels, dwell)
    try:
        while taken < total:
            available = min(meter.poll_sweep(), total)
            readings = meter.fetch_sweep(taken, available) if available > taken else []
            if readings and not taken:  # the meter counts from its own zero: tie its first reading to the bench's clock
                offset = began + expected / total - readings[0].time
            taken += len(readings)
            if not readings and clock.now() > began + longest_wait:
                raise InstrumentError(f"{role}: the sweep has only {taken} of {total} points after {longest_wait:.3g} "
                                      "s. Check the panel of the source meter")
            yield [replace(reading, time=reading.time + offset) for reading in readings]
            if taken < total:
                clock.wait(min(expected / total, LONGEST_POLL))
    finally:
        if taken < total:
            meter.abort()

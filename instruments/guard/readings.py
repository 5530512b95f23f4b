"""Checks of the readings that a driver returns, before they are stored."""

import math
from dataclasses import replace
from numbers import Real

from tsbench.errors import InstrumentError
from tsbench.instruments.interfaces import Reading
from tsbench.records import Flag

_MEASURED = ("voltage", "current")  #: NaN where they are beyond the range
_NEAREST_ZERO = 1e-20  #: [V or A] far below what a preamplifier resolves (1e-17 A)


def usable(reading: Reading, subject: str) -> Reading:
    """Return a reading that can be stored.

    ``subject``: the instrument in messages. The driver may be another author's. IMPLAUSIBLE: the reading is nearer to
    zero than any instrument tells, so a digit has changed on its way.

    Raises
    ------
    InstrumentError
        It holds something else than finite numbers, and no overflow explains it.
    """
    if not isinstance(reading, Reading):
        raise InstrumentError(
            f"{subject}: the driver returned {reading!r:.60}, not a Reading. Correct the driver")
    overflow = Flag.OVERFLOW in reading.flags
    for name in ("time", "source", "voltage", "current"):
        number: object = getattr(reading, name)
        unknown = overflow and name in _MEASURED
        if isinstance(number, Real) and (math.isfinite(number) or (unknown and math.isnan(number))):
            continue
        raise InstrumentError(
            f"{subject}: the driver returned a reading whose {name} is {number!r:.60}. A reading "
            "consists of finite numbers. Only an overflow is NaN, with Flag.OVERFLOW. Correct the driver")
    if any(0.0 < abs(number) < _NEAREST_ZERO for number in (reading.voltage, reading.current)):
        return replace(reading, flags=reading.flags | Flag.IMPLAUSIBLE)
    return reading

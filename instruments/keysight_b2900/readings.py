"""Readings of the B2900 family, and the levels and compliances that its ranges allow."""

from collections.abc import Sequence

from tsbench.errors import LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import Accuracy, Range, Reading, SourceSettings
from tsbench.instruments.keysight_b2900.data_sheet import (
    STATUS_COMPLIANCE,
    STATUS_HOT,
    STATUS_OVERFLOWED,
    ModelB2900,
)
from tsbench.instruments.source_meters import readings
from tsbench.instruments.source_meters.functions import OTHER, UNIT
from tsbench.quantities import short_quantity
from tsbench.records import Flag

#: for each bit of the status word, the flag of a reading
_FLAGS = {STATUS_COMPLIANCE: Flag.COMPLIANCE, STATUS_HOT: Flag.UNSETTLED, STATUS_OVERFLOWED: Flag.OVERFLOW}
_SLACK = 1e-9


def decoded(values: Sequence[float], level: float, label: str) -> Reading:
    """Return a reading with the flags of the B2900's status word; see :func:`readings.decoded`."""
    return readings.decoded(values, level, _FLAGS, label)


def row_for(rows: Sequence[Accuracy], value: float) -> Accuracy:
    """Return the lowest range that holds ``value`` (the highest if none does)."""
    def top(row: Accuracy) -> float:
        return row.full_scale * (1.01 if row.full_scale in {1.5, 3.0} else 1.05)

    return next((row for row in rows if abs(value) <= top(row) * (1 + _SLACK)), rows[-1])


def require_level(label: str, model: ModelB2900, level: float, source: SourceSettings) -> Accuracy:
    """Return the source range of a level [V or A]; LimitError where the level, or the compliance, is not allowed."""
    caps, function = model.capabilities, source.function
    rows = caps.source_voltage_accuracy if function == "voltage" else caps.source_current_accuracy
    require_in_range(
        label, f"source {function}", level, caps.source_voltage if function == "voltage" else caps.source_current)
    row = row_for(rows, level if source.range is None else source.range)
    if source.range is not None:
        top = row.full_scale * 1.05
        require_in_range(
            label, f"source {function}", level, Range(-top, top, UNIT[function]), "the fixed source range")
    steps = model.boundaries[function]
    highest = next((limit for top, limit in steps if row.full_scale <= top), steps[-1][1])
    if source.compliance > highest * (1 + _SLACK):
        unit = UNIT[OTHER[function]]
        raise LimitError(
            f"{label}: source {function} {short_quantity(level, UNIT[function])} needs a range that allows a "
            f"compliance of at most {short_quantity(highest, unit)}, but a compliance of "
            f"{short_quantity(source.compliance, unit)} is set. Lower the compliance or the level")
    return row

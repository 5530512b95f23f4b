"""Which source limits the Keithley 2450 takes beside its ranges; it moves a limit that does not suit them.

Reference manual 2450-901-01 rev. B, p. 2-100 and 6-71: beside a fixed measuring range the limit must be more than 0.1 %
of that range; a range that does not suit the limit changes the *limit*, with no more than a warning in the event log.
The highest source ranges leave 105 mA and 21 V (data sheet).
"""

from tsbench.errors import LimitError
from tsbench.instruments.guard.limits import shown
from tsbench.instruments.interfaces import MeasureSettings, SourceSettings
from tsbench.instruments.keithley_2450 import data

LEAST = 1e-3  #: of a fixed measuring range
#: by sourced function: largest level that needs no highest range, limit beside a larger one, units of both
_HIGHEST = {"voltage": (21.0, 105e-3, "V", "A"), "current": (105e-3, 21.0, "A", "V")}
_SLACK = 1e-9


def fixed_range(source: SourceSettings, measure: MeasureSettings | None) -> float | None:
    """Return the fixed range [A or V] in which the limited quantity is measured, None where there is none."""
    if measure is None or measure.function == source.function:
        return None
    return measure.range


def suits(source: SourceSettings, measure: MeasureSettings | None) -> bool:
    """Return whether the limit is more than 0.1 % of the fixed measuring range."""
    full_scale = fixed_range(source, measure)
    if full_scale is None:
        return True
    table = data.VOLTAGE if source.function == "current" else data.CURRENT
    return source.limit > LEAST * data.row_for(table, full_scale).full_scale * (1 + _SLACK)


def require_suitable(label: str, source: SourceSettings, measure: MeasureSettings | None) -> None:
    """Raise LimitError where the instrument would raise the limit for the measuring range."""
    if suits(source, measure):
        return
    quantity, unit = ("current", "A") if source.function == "voltage" else ("voltage", "V")
    full_scale = fixed_range(source, measure)
    assert full_scale is not None
    raise LimitError(
        f"{label}: compliance_{quantity} {shown(source.limit, unit)} is not more than 0.1 % of the measuring range "
        f"{shown(full_scale, unit)}, so the instrument would raise it; choose a lower measuring range or a higher "
        "compliance"
    )


def require_beside_level(label: str, source: SourceSettings, level: float) -> None:
    """Raise LimitError where the source range that ``level`` [V or A] needs does not allow the limit."""
    top, highest, unit, limit_unit = _HIGHEST[source.function]
    if abs(level) <= top * (1 + _SLACK) or source.limit <= highest * (1 + _SLACK):
        return
    raise LimitError(
        f"{label}: source {source.function} {shown(level, unit)} needs a range that allows a compliance of at most "
        f"{shown(highest, limit_unit)}; {shown(source.limit, limit_unit)} is set: lower the compliance or the level"
    )

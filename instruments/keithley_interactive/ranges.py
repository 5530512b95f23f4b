"""Ranges, and the source limits that they allow; refuses values with which the instrument would change a limit.

Reference manual 2450-901-01 rev. B, p. 2-100 and 6-71: beside a fixed measuring range the limit must be more than 0.1 %
of that range (2461 and 2470: 10.6 %); a range that does not suit the limit changes the *limit*, with no more than a
warning in the event log. How high a limit a source range leaves is in the data sheet's operating boundaries.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tsbench.errors import LimitError
from tsbench.instruments.interfaces import Accuracy, SourceMeterCapabilities, SourceSettings
from tsbench.instruments.keithley_interactive.data_sheet import OVERRANGE, DataSheet
from tsbench.instruments.source_meters.functions import Function
from tsbench.quantities import short_quantity

_SLACK = 1e-9
#: [A]: [s] that the current loop needs to settle to 0.1 % where the full current makes 1 V at the load; those of the
#: 2601B (data sheet), whose output stage these instruments resemble
_SETTLING = {10e-9: 20e-3, 100e-9: 20e-3, 1e-6: 2e-3, 10e-6: 500e-6, 100e-6: 150e-6, 1e-3: 100e-6}
_FASTEST, _SLOWEST = 80e-6, 1.0  #: [s]
_VOLTAGE_SETTLING = 500e-6  #: [s] of the voltage loop, slowest range


def measuring_ranges(capabilities: SourceMeterCapabilities, function: Function) -> Sequence[Accuracy]:
    """Return the ranges in which a quantity is measured."""
    return capabilities.current_accuracy if function == "current" else capabilities.voltage_accuracy


def sourcing_ranges(capabilities: SourceMeterCapabilities, function: Function) -> Sequence[Accuracy]:
    """Return the ranges in which a quantity is sourced."""
    return capabilities.source_voltage_accuracy if function == "voltage" else capabilities.source_current_accuracy


def _ranges_of_limited(capabilities: SourceMeterCapabilities, sourced: Function) -> Sequence[Accuracy]:
    """Return the measuring ranges of the quantity that is limited beside what is sourced."""
    return measuring_ranges(capabilities, "current" if sourced == "voltage" else "voltage")


def row_for(rows: Sequence[Accuracy], value: float) -> Accuracy:
    """Return the lowest range that holds ``value`` (the highest if none does)."""
    magnitude = abs(value)
    for row in rows:
        if magnitude <= row.full_scale * OVERRANGE * (1 + _SLACK):
            return row
    return rows[-1]


@dataclass(frozen=True)
class SourceRange:
    """A range of the source, with the levels (their magnitudes, in V or A) at which the instrument stays in it."""

    row: Accuracy
    above: float  #: levels are higher than this
    up_to: float  #: and at most this high
    compliance: float  #: [A or V] highest that is allowed beside these levels


def source_range(
    capabilities: SourceMeterCapabilities, sheet: DataSheet, source: SourceSettings, level: float,
) -> SourceRange:
    """Return the range in which ``level`` [V or A] is sourced, with the levels around it of which the same holds."""
    rows, magnitude = sourcing_ranges(capabilities, source.function), abs(level)
    steps = sheet.boundaries[source.function]
    edges = [step.level * (1 + _SLACK) for step in steps]
    if source.range is None:
        edges += [row.full_scale * OVERRANGE * (1 + _SLACK) for row in rows]
    highest = next((step for step in steps if magnitude <= step.level * (1 + _SLACK)), steps[-1]).compliance
    return SourceRange(
        row_for(rows, level if source.range is None else source.range),
        max((edge for edge in edges if edge < magnitude), default=-1.0),
        min((edge for edge in edges if edge >= magnitude), default=math.inf),
        highest * (1 + _SLACK))


def settling_time(
    capabilities: SourceMeterCapabilities,
    function: Function,
    limit: float,
    level: float,
    measuring_range: float | None,
) -> float:
    """Return how long a new limit needs to hold [s].

    The loop regulates in the fixed measuring range, else in that of the limit, and is slower by as much as the load
    is larger than the one that its settling time is stated for; the largest load that can be in compliance is
    ``level / limit``.

    Parameters
    ----------
    capabilities : SourceMeterCapabilities
    function : that is sourced
    limit, level : [A or V]
    measuring_range : [A or V] fixed; None: automatic
    """
    if function == "current":
        return _VOLTAGE_SETTLING
    full_scale = row_for(
        capabilities.current_accuracy, limit if measuring_range is None else measuring_range).full_scale
    load = abs(level) * full_scale / limit  # [V] at the full current
    return min(_SETTLING.get(full_scale, _FASTEST) * max(load, 1.0), _SLOWEST)


def is_range_of(
    capabilities: SourceMeterCapabilities, function: Function, limit: float, measuring_range: float,
) -> bool:
    """Return whether a limit [A or V] beside sourced ``function`` has this range [A or V] as its own."""
    rows = _ranges_of_limited(capabilities, function)
    return row_for(rows, limit) is row_for(rows, measuring_range)


def suits(capabilities: SourceMeterCapabilities, source: SourceSettings, measuring_range: float) -> bool:
    """Return whether the limit is above the least part of the fixed measuring range [A or V]."""
    row = row_for(_ranges_of_limited(capabilities, source.function), measuring_range)
    return source.compliance > capabilities.least_of_range * row.full_scale * (1 + _SLACK)


def require_suitable(
    label: str, capabilities: SourceMeterCapabilities, source: SourceSettings, measuring_range: float,
) -> None:
    """Raise LimitError where the instrument would raise the limit for the fixed measuring range [A or V]."""
    if suits(capabilities, source, measuring_range):
        return
    unit = "A" if source.function == "voltage" else "V"
    compliance, span = short_quantity(source.compliance, unit), short_quantity(measuring_range, unit)
    share = f"{100 * capabilities.least_of_range:g} %"
    raise LimitError(
        f"{label}: compliance {compliance} must be above {share} of the measuring range {span}. Otherwise the "
        "instrument increases the compliance. Choose a lower measuring range or a higher compliance"
    )


def too_high_beside_level(label: str, source: SourceSettings, level: float, highest: float) -> LimitError:
    """Return the error for a ``level`` [V or A] that leaves a limit of ``highest`` [A or V], below the one set."""
    unit, limit_unit = ("V", "A") if source.function == "voltage" else ("A", "V")
    allowed, asked = short_quantity(highest, limit_unit), short_quantity(source.compliance, limit_unit)
    return LimitError(
        f"{label}: source {source.function} {short_quantity(level, unit)} needs a range that allows a compliance of at "
        f"most {allowed}, but a compliance of {asked} is set. Lower the compliance or the level"
    )

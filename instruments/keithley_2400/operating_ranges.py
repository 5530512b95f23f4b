"""Ranges of the 2400 family, and the compliances that they allow; refuses what the instrument would refuse.

User's manual 2400S-900-01 rev. K, p. 18-62 and 18-68: a compliance is at least 0.1 % of the measuring range, and a
measuring range is at most that of the compliance. How high a compliance a source range leaves is in the data sheet.
"""

from collections.abc import Sequence

from tsbench.errors import LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import Accuracy, Range, SourceSettings
from tsbench.instruments.keithley_2400.data_sheet import Keithley2400Sheet
from tsbench.instruments.source_meters.functions import OTHER, UNIT
from tsbench.quantities import short_quantity

_SLACK = 1e-9


def top_of(row: Accuracy) -> float:
    """Return the highest level or reading of a range [V or A]."""
    return row.full_scale * (1.1 if row.full_scale == 1000.0 else 1.05)


def row_for(rows: Sequence[Accuracy], value: float) -> Accuracy:
    """Return the lowest range that holds ``value`` (the highest if none does)."""
    return next((row for row in rows if abs(value) <= top_of(row) * (1 + _SLACK)), rows[-1])


class OperatingRanges:
    """The ranges of one model.

    Parameters
    ----------
    label : the instrument, as messages call it
    sheet : of the model
    """

    def __init__(self, label: str, sheet: Keithley2400Sheet) -> None:
        self._label = label
        self._sheet = sheet

    def measuring(self, function: str) -> Sequence[Accuracy]:
        """Return the ranges in which a quantity is measured."""
        caps = self._sheet.capabilities
        return caps.voltage_accuracy if function == "voltage" else caps.current_accuracy

    def sourcing(self, function: str) -> Sequence[Accuracy]:
        """Return the ranges in which a quantity is sourced."""
        caps = self._sheet.capabilities
        return caps.source_voltage_accuracy if function == "voltage" else caps.source_current_accuracy

    def require_range(self, function: str, value: float) -> Accuracy:
        """Return the range that holds ``value`` [V or A]; LimitError where none does."""
        rows = self.measuring(function)
        require_in_range(self._label, f"{function} range", value, Range(0.0, top_of(rows[-1]), UNIT[function]))
        return row_for(rows, value)

    def require_level(self, level: float, source: SourceSettings) -> Accuracy:
        """Return the source range of a level [V or A]; LimitError where the level is not allowed."""
        caps, function = self._sheet.capabilities, source.function
        quantity = f"source {function}"
        require_in_range(
            self._label, quantity, level, caps.source_voltage if function == "voltage" else caps.source_current)
        if source.range is not None:
            top = top_of(row_for(self.sourcing(function), source.range))
            require_in_range(
                self._label, quantity, level, Range(-top, top, UNIT[function]), "the fixed source range")
        row = row_for(self.sourcing(function), level if source.range is None else source.range)
        self.require_limit_beside(row, level, source)
        return row

    def require_limit_beside(self, row: Accuracy, level: float, source: SourceSettings) -> None:
        """Raise LimitError where a source range does not allow the compliance."""
        steps = self._sheet.boundaries[source.function]
        highest = next((step for step in steps if top_of(row) <= step.level * (1 + _SLACK)), steps[-1]).compliance
        if source.compliance > highest * (1 + _SLACK):
            unit, limit_unit = UNIT[source.function], UNIT[OTHER[source.function]]
            raise LimitError(
                f"{self._label}: source {source.function} {short_quantity(level, unit)} needs a range that allows a "
                f"compliance of at most {short_quantity(highest, limit_unit)}, but a compliance of "
                f"{short_quantity(source.compliance, limit_unit)} is set. Lower the compliance or the level")

    def require_source(self, settings: SourceSettings, level: float | None) -> None:
        """Raise LimitError where the instrument cannot source this, or not at the present level [V or A]."""
        caps, function = self._sheet.capabilities, settings.function
        allowed = caps.compliance_current if function == "voltage" else caps.compliance_voltage
        require_in_range(self._label, "compliance", settings.compliance, allowed)
        if settings.high_capacitance:
            raise LimitError(f"{self._label}: it has no high-capacitance mode. Set high_capacitance = false")
        if settings.range is not None:
            self.require_limit_beside(self.require_range(function, settings.range), settings.range, settings)
        if level is not None:
            self.require_level(level, settings)

    def suits(self, source: SourceSettings, measuring_range: float) -> bool:
        """Return whether a measuring range [A or V] of the limited quantity is allowed beside the compliance."""
        rows = self.measuring(OTHER[source.function])
        return row_for(rows, measuring_range).full_scale <= row_for(rows, source.compliance).full_scale

    def require_suitable(self, source: SourceSettings, measuring_range: float) -> None:
        """Raise LimitError where the instrument would refuse a measuring range [A or V] beside the compliance."""
        if not self.suits(source, measuring_range):
            unit = UNIT[OTHER[source.function]]
            raise LimitError(
                f"{self._label}: the measuring range {short_quantity(measuring_range, unit)} is above the range of the "
                f"compliance {short_quantity(source.compliance, unit)}. Choose a lower measuring range or a higher "
                "compliance")

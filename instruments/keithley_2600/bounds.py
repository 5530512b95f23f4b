"""What a unit of the 2600B accepts: levels, ranges and limits; refused here before a message is sent.

Reference manual 2600BS-901-01: beside a fixed measuring range, a limit below 10 % of the range is enforced at 10 %
without a message.
"""

from tsbench.errors import LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import Accuracy, MeasureSettings, Range, SourceSettings
from tsbench.instruments.keithley_2600.data_sheet import LEAST_LIMIT, OVERRANGE, ModelData, range_for
from tsbench.instruments.source_meters.functions import UNIT
from tsbench.quantities import short_quantity
from tsbench.records import FloatArray

_SLACK = 1 + 1e-9


class UnitBounds:
    """The bounds of one unit.

    Parameters
    ----------
    label : the unit, as messages call it
    model : ModelData
    """

    def __init__(self, label: str, model: ModelData) -> None:
        self._label = label
        self._model = model
        self._caps = model.capabilities

    def source_rows(self, function: str) -> tuple[Accuracy, ...]:
        """Return the ranges in which a quantity is sourced."""
        return self._caps.source_voltage_accuracy if function == "voltage" else self._caps.source_current_accuracy

    def measuring_rows(self, function: str) -> tuple[Accuracy, ...]:
        """Return the ranges in which a quantity is measured."""
        return self._caps.voltage_accuracy if function == "voltage" else self._caps.current_accuracy

    def require_source(self, settings: SourceSettings) -> None:
        """Refuse a source with a limit or a range that the unit does not have."""
        voltage = settings.function == "voltage"
        require_in_range(
            self._label, "compliance", settings.compliance,
            self._caps.compliance_current if voltage else self._caps.compliance_voltage)
        if settings.range is not None:
            top = self.source_rows(settings.function)[-1].full_scale
            require_in_range(self._label, f"{settings.function} range", settings.range,
                             Range(0.0, top, UNIT[settings.function]))
            row = range_for(self.source_rows(settings.function), settings.range)
            self._require_limit_beside(row.full_scale, settings)

    def require_list(self, levels: FloatArray, source: SourceSettings) -> SourceSettings:
        """Refuse a list with too many levels [V or A], or with one that the source cannot have; return the source."""
        require_in_range(
            self._label, "number of sweep points", len(levels), Range(1, self._caps.maximum_sweep_points, ""))
        for level in levels:
            self.require_level(float(level), source)
        return source

    def require_level(self, level: float, source: SourceSettings) -> None:
        """Refuse a level [V or A] that the source cannot have."""
        caps, quantity = self._caps, f"source {source.function}"
        require_in_range(self._label, quantity, level,
                         caps.source_voltage if source.function == "voltage" else caps.source_current)
        rows = self.source_rows(source.function)
        if source.range is not None:
            top = range_for(rows, source.range).full_scale * OVERRANGE
            require_in_range(self._label, quantity, level, Range(-top, top, UNIT[source.function]),
                             "the fixed source range")
            return
        self._require_limit_beside(range_for(rows, level, OVERRANGE).full_scale, source)

    def _require_limit_beside(self, full_scale: float, source: SourceSettings) -> None:
        """Refuse a source range [V or A] that does not leave the limit."""
        model = self._model
        if source.function == "voltage":
            high, allowed, unit = full_scale >= model.high_range, model.high_limit, "A"
        else:
            high, allowed, unit = full_scale > model.high_limit * _SLACK, model.high_voltage_limit, "V"
        if high and source.compliance > allowed * _SLACK:
            span, most = short_quantity(full_scale, UNIT[source.function]), short_quantity(allowed, unit)
            raise LimitError(
                f"{self._label}: the source range {span} allows a compliance of at most {most}, but a compliance of "
                f"{short_quantity(source.compliance, unit)} is set. Lower the compliance or the level")

    def suits(self, source: SourceSettings, measure: MeasureSettings) -> bool:
        """Return whether the limit is at least 10 % of a fixed measuring range of the limited quantity."""
        if measure.range is None or measure.function == source.function:
            return True
        full_scale = range_for(self.measuring_rows(measure.function), measure.range).full_scale
        return source.compliance >= LEAST_LIMIT * full_scale / _SLACK

    def require_measure(self, settings: MeasureSettings, source: SourceSettings | None) -> None:
        """Refuse an aperture or a range that the unit does not have, or that does not suit the limit."""
        require_in_range(self._label, "nplc", settings.nplc, self._caps.nplc)
        if settings.range is None:
            return
        top, unit = self.measuring_rows(settings.function)[-1].full_scale, UNIT[settings.function]
        require_in_range(self._label, f"{settings.function} range", settings.range, Range(0.0, top, unit))
        if source is not None and not self.suits(source, settings):
            full_scale = range_for(self.measuring_rows(settings.function), settings.range).full_scale
            limit, span = short_quantity(source.compliance, unit), short_quantity(full_scale, unit)
            raise LimitError(
                f"{self._label}: compliance {limit} must be at least 10 % of the measuring range "
                f"{span}. Otherwise the instrument limits only at 10 %. Choose a lower measuring range or a higher "
                "compliance")

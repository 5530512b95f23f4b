"""Levels, ranges and compliances that a source meter module of a B1500A accepts; the command that forces a level."""

from collections.abc import Mapping

from tsbench.errors import LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import Range, SourceSettings
from tsbench.instruments.keysight_b1500a.data_sheet import CURRENT_OVERRANGE, Module
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.source_meters.functions import OTHER, UNIT
from tsbench.quantities import short_quantity

FORCE: Mapping[str, str] = {"voltage": "DV", "current": "DI"}


def require_range(label: str, module: Module, function: str, value: float) -> None:
    """Raise LimitError where no range of a quantity holds ``value`` [V or A]."""
    require_in_range(
        label, f"{function} range", value, Range(0.0, module.full_scales(function)[-1], UNIT[function]))


def require_level(label: str, module: Module, level: float, source: SourceSettings) -> None:
    """Raise LimitError where the module, the fixed range or the compliance does not allow a level [V or A]."""
    function = source.function
    top = module.voltages[-1] if function == "voltage" else module.corners[0][1]
    require_in_range(label, f"source {function}", level, Range(-top, top, UNIT[function]))
    if source.range is not None:
        top = source.range * (1.0 if function == "voltage" else CURRENT_OVERRANGE)
        require_in_range(
            label, f"source {function}", level, Range(-top, top, UNIT[function]), "the fixed source range")
    highest = module.highest_compliance(function, level)
    if source.compliance > highest * (1 + 1e-9):
        unit = UNIT[OTHER[function]]
        raise LimitError(
            f"{label}: beside {short_quantity(level, UNIT[function])} the compliance is at most "
            f"{short_quantity(highest, unit)}, but {short_quantity(source.compliance, unit)} is set. Lower the "
            "compliance")


def force_command(slot: int, module: Module, level: float, source: SourceSettings) -> str:
    """Return the command that forces a level [V or A]."""
    code = 0 if source.range is None else module.code(source.function, source.range)
    return f"{FORCE[source.function]} {slot},{code},{format_number(level)},{format_number(source.compliance)}"

"""What a source-measure unit of a 4200A-SCS accepts, the command that forces a level, and what readings mean."""

import contextlib
from collections.abc import Iterator, Mapping

from tsbench.errors import CommunicationError, InstrumentError, LimitError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import MeasureSettings, Range, Reading, SourceSettings
from tsbench.instruments.keithley_4200 import data_sheet
from tsbench.instruments.keithley_4200.data_sheet import SourceMeasureUnit
from tsbench.instruments.languages.kxci import KxciReading
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.source_meters.functions import UNIT
from tsbench.quantities import short_quantity
from tsbench.records import Flag

_FORCE: Mapping[str, str] = {"voltage": "DV", "current": "DI"}
_PLAUSIBLE = 1.5  #: times level or limit: overshoot and noise stay far below


def require_level(label: str, unit: SourceMeasureUnit, level: float, source: SourceSettings) -> None:
    """Raise LimitError where the unit, the fixed range or the compliance does not allow a level [V or A]."""
    function, symbol = source.function, UNIT[source.function]
    highest_level = 210.0 if function == "voltage" else unit.top_current
    require_in_range(label, f"source {function}", level, Range(-highest_level, highest_level, symbol))
    if source.range is not None:
        top = source.range * data_sheet.OVERRANGE
        require_in_range(label, f"source {function}", level, Range(-top, top, symbol), "the fixed source range")
    highest = unit.highest_compliance(function, level)
    if source.compliance > highest * (1 + 1e-9):
        other = "A" if function == "voltage" else "V"
        raise LimitError(
            f"{label}: beside {short_quantity(level, symbol)} the compliance is at most "
            f"{short_quantity(highest, other)}, but {short_quantity(source.compliance, other)} is set. Lower the "
            "compliance")


def automatic_range(unit: SourceMeasureUnit) -> str:
    """Return the command that makes the range of the current automatic."""
    return f"RG {unit.number},{format_number(unit.currents[0])}"


def suits(source: SourceSettings, measure: MeasureSettings) -> bool:
    """Return whether a compliance is above 11 % of a fixed measuring range: the instrument would raise a lower one."""
    if measure.range is None or measure.function == source.function:
        return True
    return source.compliance > data_sheet.LEAST_OF_RANGE * measure.range * (1 + 1e-9)


def require_compliance(label: str, source: SourceSettings | None, measure: MeasureSettings | None) -> None:
    """Raise LimitError for a compliance that the instrument would raise: 11 % of a fixed measuring range or less."""
    if source is not None and measure is not None and measure.range is not None and not suits(source, measure):
        unit = UNIT[measure.function]
        raise LimitError(
            f"{label}: the compliance {short_quantity(source.compliance, unit)} is not above 11 % of the measuring "
            f"range {short_quantity(measure.range, unit)}: the instrument would set a higher one. Choose a lower "
            "range, an automatic one, or another compliance")


@contextlib.contextmanager
def naming_interlock(label: str, voltage: float) -> Iterator[None]:
    """Say what to do where the instrument refuses a high voltage [V]: KXCI does not tell whether the interlock is open.

    Raises
    ------
    InstrumentError
    """
    try:
        yield
    except CommunicationError:
        raise
    except InstrumentError as error:
        above = data_sheet.INTERLOCK_VOLTAGE
        if abs(voltage) <= above:
            raise
        raise InstrumentError(
            f"{label}: the instrument refuses {short_quantity(voltage, 'V')}. Above {short_quantity(above, 'V')} its "
            "interlock must be closed, and KXCI does not tell whether it is. Close the interlock and measure again"
        ) from error


def force_command(unit: SourceMeasureUnit, level: float, source: SourceSettings) -> str:
    """Return the command that forces a level [V or A] and switches the output on."""
    codes = data_sheet.VOLTAGE_CODES if source.function == "voltage" else data_sheet.CURRENT_CODES
    code = 0 if source.range is None else codes[source.range]
    return f"{_FORCE[source.function]}{unit.number},{code},{format_number(level)},{format_number(source.compliance)}"


def decoded(
    time: float, level: float, source: SourceSettings, unit: SourceMeasureUnit, volts: KxciReading,
    amperes: KxciReading,
) -> Reading:
    """Return a reading of both quantities.

    Parameters
    ----------
    time : [s]
    level : [V or A] that was set
    source : as it is configured
    unit : SourceMeasureUnit
    volts, amperes : as they were read
    """
    flags = volts.flags | amperes.flags
    limited, forced = ((amperes.value, volts.value) if source.function == "voltage"
                       else (volts.value, amperes.value))
    full_scale = unit.range_for(source.function, level)
    if abs(limited) > source.compliance * _PLAUSIBLE or abs(forced) > max(abs(level), full_scale * 0.01) * _PLAUSIBLE:
        flags |= Flag.IMPLAUSIBLE
    return Reading(time, level, volts.value, amperes.value, flags)

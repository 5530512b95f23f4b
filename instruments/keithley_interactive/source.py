"""Source part of the driver of interactive source meters: function, level, range, limit and output.

What the instrument may do to a limit by itself, and what is done about it, is in
:mod:`tsbench.instruments.keithley_interactive.ranges`.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from pymeasure.instruments import Instrument

from tsbench.errors import InstrumentError
from tsbench.instruments.guard.limits import require_in_range
from tsbench.instruments.interfaces import (
    LimitQuestions,
    MeasureSettings,
    OutputState,
    Range,
    SourceMeterCapabilities,
    SourceSettings,
)
from tsbench.instruments.keithley_interactive import ranges
from tsbench.instruments.keithley_interactive.data_sheet import OVERRANGE, DataSheet
from tsbench.instruments.keithley_interactive.ranges import SourceRange
from tsbench.instruments.languages.scpi import format_number, parse_name
from tsbench.instruments.source_meters.functions import OTHER, UNIT, WORD, Function
from tsbench.instruments.source_meters.output_off import ScpiOutputOff
from tsbench.quantities import short_quantity

LIMIT: Mapping[str, str] = {"voltage": "ILIM", "current": "VLIM"}


def fixed_range(source: SourceSettings, measure: MeasureSettings | None) -> float | None:
    """Return the fixed range [A or V] in which the limited quantity is measured, None where there is none."""
    if measure is None or measure.function == source.function:
        return None
    return measure.range


class SourceRanges:
    """The ranges of a source: the one in use, and the levels, ranges and limits that the source accepts.

    Parameters
    ----------
    label : str
        The instrument, as messages call it.
    sheet : DataSheet
        Of the model.
    """

    def __init__(self, label: str, sheet: DataSheet) -> None:
        self._label = label
        self._sheet = sheet
        self.in_use: SourceRange | None = None  #: at which the limit was read last

    def computed(self, level: float, source: SourceSettings) -> SourceRange:
        """Return the source range at ``level`` [V or A], computed from the data sheet."""
        return ranges.source_range(self._sheet.capabilities, self._sheet, source, level)

    def at(self, level: float, source: SourceSettings) -> SourceRange:
        """Return the source range at ``level`` [V or A]: mostly the one in use. ``source`` is what is configured."""
        now = self.in_use
        return now if now is not None and now.above < abs(level) <= now.up_to else self.computed(level, source)

    def require_range(self, function: Function, value: float) -> None:
        """Raise LimitError where no range of a quantity holds ``value`` [V or A].

        The source ranges have the same full scales as the measuring ranges, so this serves both.
        """
        top = ranges.measuring_ranges(self._sheet.capabilities, function)[-1].full_scale * OVERRANGE
        require_in_range(self._label, f"{function} range", value, Range(0.0, top, UNIT[function]))

    def require_limit_beside(self, level: float, source: SourceSettings, found: SourceRange) -> None:
        """Raise LimitError where the source range that ``level`` [V or A] needs does not allow the limit."""
        if source.compliance > found.compliance:
            raise ranges.too_high_beside_level(self._label, source, level, found.compliance)

    def require_level(self, level: float, source: SourceSettings) -> SourceRange:
        """Return the source range at ``level`` [V or A]; LimitError where the level is not allowed."""
        caps, unit = self._sheet.capabilities, UNIT[source.function]
        quantity = f"source {source.function}"
        allowed = caps.source_voltage if source.function == "voltage" else caps.source_current
        require_in_range(self._label, quantity, level, allowed)
        found = self.at(level, source)
        self.require_limit_beside(level, source, found)
        if source.range is not None:
            top = source.range * OVERRANGE
            require_in_range(self._label, quantity, level, Range(-top, top, unit), "the fixed source range")
        return found


def require_same_limit(label: str, before: SourceSettings | None, now: SourceSettings | None, because: str) -> None:
    """Raise InstrumentError where the instrument has moved the limit."""
    if before is None or now is None or math.isclose(now.compliance, before.compliance, rel_tol=1e-3):
        return
    unit = UNIT[OTHER[now.function]]
    was, found = short_quantity(before.compliance, unit), short_quantity(now.compliance, unit)
    raise InstrumentError(
        f"{label}: when tsbench set {because}, the instrument changed the compliance from {was} to {found}. Choose "
        f"ranges that allow a compliance of {was}, and configure the source again"
    )


class SourceSide(ScpiOutputOff):
    """What sources; the class in :mod:`tsbench.instruments.keithley_interactive.driver` adds what measures."""

    reads_output_back = True  #: after :meth:`set_output`, which raises where the output did not switch

    off_headers = (":OUTP:VOLT:SMOD", ":OUTP:CURR:SMOD")

    data_sheet: ClassVar[DataSheet]  #: of the model
    capabilities: SourceMeterCapabilities

    output_enabled = Instrument.setting(
        ":OUTP %s", """Set the output (bool).""", map_values=True, values={True: "ON", False: "OFF"},
    )
    source_function = Instrument.control(
        ":SOUR:FUNC?", ":SOUR:FUNC %s", """Control the sourced quantity ("voltage" or "current").""",
        map_values=True, values=dict(WORD), cast=str, preprocess_reply=lambda reply: parse_name(reply)[:4],
    )

    def __init__(self, adapter: Any, name: str, **kwargs: Any) -> None:
        self.capabilities = dataclasses.replace(self.data_sheet.capabilities, boundaries={
            function: tuple((step.level, step.compliance) for step in steps)
            for function, steps in self.data_sheet.boundaries.items()})
        self._automatic_delay = True
        super().__init__(adapter, name, **kwargs)
        self._source_ranges = SourceRanges(self.label, self.data_sheet)
        self.limit_questions = LimitQuestions(
            self.ask_number, {sourced: f":SOUR:{WORD[sourced]}:{limit}?" for sourced, limit in LIMIT.items()})
        self.forget()

    def forget(self) -> None:
        """Forget the set-up as it was last read back (after a reset)."""
        #: as it was last read to be set; None before it is configured
        self.source: SourceSettings | None = None
        self.measure_settings: MeasureSettings | None = None
        self._level = 0.0
        self._source_ranges.in_use = None

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range, compliance; a new function starts at level zero (its output opens).

        Where an output that is on gets another limit, this returns when the limit holds. A fixed measuring range that
        is too high for the limit gives way to automatic ranging, as the instrument would raise the limit for it.
        """
        caps, function = self.capabilities, settings.function
        voltage = function == "voltage"
        quantity = "compliance"
        require_in_range(self.label, quantity, settings.compliance,
                         caps.compliance_current if voltage else caps.compliance_voltage)
        if settings.range is not None:
            self._source_ranges.require_range(function, settings.range)
            self._source_ranges.require_limit_beside(
                settings.range, settings, self._source_ranges.computed(settings.range, settings))
        measuring_range = fixed_range(settings, self.measure_settings)
        if measuring_range is not None and not ranges.suits(caps, settings, measuring_range):
            assert self.measure_settings is not None
            self.write(f":SENS:{WORD[self.measure_settings.function]}:RANG:AUTO ON")
            self.check_errors()
            self.measure_settings = dataclasses.replace(self.measure_settings, range=None)
        before = self.source
        word, limit = f":SOUR:{WORD[function]}", LIMIT[function]
        if self.source is None or self.source.function != function:
            self.source_function = function
            self.write(f"{word} 0")
            self._level = 0.0
        self.write(
            f"{word}:RANG:AUTO ON"
            if settings.range is None
            else f"{word}:RANG {format_number(settings.range)}"
        )
        self.send(
            f"{word}:{limit} {format_number(settings.compliance)}",
            f"{word}:READ:BACK ON",
            f"{word}:DEL:AUTO ON",
            f"{word}:HIGH:CAP {'ON' if settings.high_capacitance else 'OFF'}",
        )
        self._automatic_delay = True
        self.check_errors()
        accepted = self.accepted(
            quantity, settings.compliance, self.limit_questions.now(function), UNIT[OTHER[function]],
        )
        got_range = (
            None
            if settings.range is None
            else self._accepted_range(f"{word}:RANG?", settings.range, function)
        )
        self.source = settings.read_back(accepted, got_range)
        self._source_ranges.in_use = self._source_ranges.computed(self._level, self.source)
        changed = before is not None and before.function == function and before.compliance != accepted
        if changed and self.ask_switch(":OUTP?"):
            self._wait_for_limit(self.source)
        return self.source

    def _wait_for_limit(self, source: SourceSettings) -> None:
        """Wait until the limit of an output that is on holds: the next reading is of this limit only."""
        measuring_range = fixed_range(source, self.measure_settings)
        self.wait(ranges.settling_time(
            self.capabilities, source.function, source.compliance, self._level, measuring_range))

    def _read_limit(self) -> SourceSettings | None:
        """Read the limit again after a setting that may have moved it: from here on the one that is read counts.

        Returns
        -------
        SourceSettings, optional
            The source as it was last known to be set.
        """
        before = self.source
        if before is not None:
            self.source = before.read_back(self.limit_questions.now(before.function), before.range)
        return before

    def set_level(self, level: float) -> None:
        """Set the source level [V or A], read back; settled before the next reading."""
        source = before = self.configured(self.source, "source")
        word = f":SOUR:{WORD[source.function]}"
        found, in_use = self._source_ranges.require_level(level, source), self._source_ranges.in_use
        if not self._automatic_delay:
            self.write(f"{word}:DEL:AUTO ON")
            self._automatic_delay = True
        self.write(f"{word} {format_number(level)}")
        if in_use is None or found.row is not in_use.row:  # it may have moved the limit
            self._read_limit()
        self._source_ranges.in_use = found
        self.check_errors()
        got = self.ask_number(f"{word}?")
        self._level = self.accepted(
            f"source {source.function}", level, got, UNIT[source.function], absolute=found.row.full_scale * 1e-5
        )
        require_same_limit(self.label, before, self.source, "the source range")
        source = self.configured(self.source, "source")
        measuring_range = fixed_range(source, self.measure_settings)
        # the automatic delay is too short where the measuring range is far above the limit
        if measuring_range is not None and not ranges.is_range_of(
                self.capabilities, source.function, source.compliance, measuring_range):
            self._wait_for_limit(source)

    def set_output(self, enabled: bool) -> None:
        """Switch the output and read back that it did."""
        self.output_enabled = enabled
        self.check_errors()
        if self.ask_switch(":OUTP?") != enabled:
            raise InstrumentError(
                f"{self.label}: the output did not switch {'on' if enabled else 'off'}. Check the interlock"
            )

    def interlock_closed(self) -> bool:
        """Ask whether the interlock is asserted, so that all voltage ranges are available (manual rev. B, p. 6-33)."""
        return self.ask_switch(":OUTP:INT:TRIP?")

    def _accepted_range(self, query: str, asked: float, function: Function) -> float:
        """Return the range that the instrument chose: the lowest that holds what was asked for.

        The source ranges have the same full scales as the measuring ranges, so this serves both.
        """
        expected = ranges.row_for(ranges.measuring_ranges(self.capabilities, function), asked).full_scale
        return self.accepted(f"{function} range", expected, self.ask_number(query), UNIT[function])

    def safe_state(self) -> None:
        """Stop, open the output, set both levels to zero."""
        self.send(":ABOR", ":OUTP OFF", ":SOUR:VOLT 0", ":SOUR:CURR 0")
        self._level = 0.0
        if self.source is not None:
            self._source_ranges.in_use = self._source_ranges.at(0.0, self.source)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return the name of the one output."""
        return (self.name,)

    def output_states(self) -> list[OutputState]:
        """Read the output back."""
        return [OutputState(self.name, self.ask_switch(":OUTP?"))]

"""Source part of the driver of the 2400 family: function, range, compliance, level and output."""

import dataclasses
from typing import Any, ClassVar

from tsbench.errors import InstrumentError
from tsbench.instruments.interfaces import (
    LimitQuestions,
    MeasureSettings,
    OutputState,
    SourceMeterCapabilities,
    SourceSettings,
)
from tsbench.instruments.keithley_2400.data_sheet import REPEATABLE, Keithley2400Sheet
from tsbench.instruments.keithley_2400.operating_ranges import OperatingRanges, row_for, top_of
from tsbench.instruments.languages.scpi import format_number
from tsbench.instruments.source_meters.functions import OTHER, UNIT, WORD
from tsbench.instruments.source_meters.output_off import ScpiOutputOff


class SourceOf2400(ScpiOutputOff):
    """What sources; the class in :mod:`tsbench.instruments.keithley_2400.driver` adds what measures and sweeps.

    The instrument answers nothing while it sweeps. So nothing is asked then, and everything that must act at once
    begins with a device clear, which brings the instrument back to idle (user's manual, p. 16-3).
    """

    reads_output_back = True  #: after :meth:`set_output`, which raises where the output did not switch

    off_headers = (":OUTP:SMOD",)

    repeatable = REPEATABLE
    data_sheet: ClassVar[Keithley2400Sheet]  #: of the model
    capabilities: SourceMeterCapabilities

    def __init__(self, adapter: Any, name: str, **kwargs: Any) -> None:
        self.capabilities = dataclasses.replace(self.data_sheet.capabilities, boundaries={
            function: tuple((step.level, step.compliance) for step in steps)
            for function, steps in self.data_sheet.boundaries.items()})
        self.sweeping = False  #: the trigger model may not be idle
        super().__init__(adapter, name, **kwargs)
        self.ranges = OperatingRanges(self.label, self.data_sheet)
        self.limit_questions = LimitQuestions(
            self.ask_number, {sourced: f":SENS:{WORD[OTHER[sourced]]}:PROT?" for sourced in OTHER})
        self.forget()

    def forget(self) -> None:
        """Forget the set-up as it was last read back (after a reset)."""
        #: as it was last read to be set; None before it is configured
        self.source: SourceSettings | None = None
        self.measure_settings: MeasureSettings | None = None
        self.level = 0.0
        self.lists_levels = False  #: the source is in the mode of a list sweep

    def abort(self) -> None:
        """End a sweep by a device clear, which brings the instrument back to idle; level and output stay."""
        if self.sweeping:
            self.adapter.connection.clear()
            self.sweeping = False

    def to_fixed_level(self) -> None:
        """Leave the mode of a list sweep: a level can be set again."""
        self.abort()
        if self.lists_levels:
            word = WORD[self.configured(self.source, "source").function]
            self.send(f":SOUR:{word}:MODE FIX", ":TRIG:COUN 1", ":SOUR:DEL:AUTO ON")
            self.lists_levels = False

    # ------------------------------------------------------------------------------------- configuration

    def configure_source(self, settings: SourceSettings) -> SourceSettings:
        """Set function, range, compliance; a new function starts at level zero (its output opens).

        The measuring range is automatic meanwhile: a fixed one is set again where it is allowed beside the compliance.
        """
        same = self.source is not None and self.source.function == settings.function
        self.ranges.require_source(settings, self.level if same else None)
        self.to_fixed_level()
        function = settings.function
        word, limited = WORD[function], WORD[OTHER[function]]
        if not same:
            self.send(f":SOUR:FUNC {word}", f":SOUR:{word}:MODE FIX", f":SOUR:{word} 0")
            self.level = 0.0
        self.write(f":SENS:{limited}:RANG:AUTO ON")
        to_limit = f":SENS:{limited}:PROT {format_number(settings.compliance)}"
        to_range = (f":SOUR:{word}:RANG:AUTO ON" if settings.range is None
                    else f":SOUR:{word}:RANG {format_number(settings.range)}")
        lowered = self.source is None or settings.compliance <= self.source.compliance
        # a high compliance is refused beside a high range, so what comes down comes first
        self.send(*((to_limit, to_range) if lowered else (to_range, to_limit)))
        self.write(":SOUR:DEL:AUTO ON")
        self.check_errors()
        limit = self.accepted(
            "compliance", settings.compliance, self.limit_questions.now(function),
            UNIT[OTHER[function]])
        source_range = None
        if settings.range is not None:
            row = row_for(self.ranges.sourcing(function), settings.range)
            self.accepted(
                f"{function} range", top_of(row), self.ask_number(f":SOUR:{word}:RANG?"), UNIT[function])
            source_range = row.full_scale
        self.source = settings.read_back(limit, source_range)
        self._measure_again(self.source)
        return self.source

    def _measure_again(self, source: SourceSettings) -> None:
        """Set the fixed measuring range again, where the compliance allows it; else it stays automatic."""
        measure = self.measure_settings
        if measure is None or measure.range is None:
            return
        if measure.function == source.function or not self.ranges.suits(source, measure.range):
            self.measure_settings = dataclasses.replace(measure, range=None)
            return
        self.write(f":SENS:{WORD[measure.function]}:RANG {format_number(measure.range)}")
        self.check_errors()

    # ------------------------------------------------------------------------------------- level, output

    def set_level(self, level: float) -> None:
        """Set the source level [V or A], read back; settled before the next reading."""
        source = self.configured(self.source, "source")
        row = self.ranges.require_level(level, source)
        self.to_fixed_level()
        word = f":SOUR:{WORD[source.function]}"
        self.write(f"{word} {format_number(level)}")
        self.check_errors()
        self.level = self.accepted(
            f"source {source.function}", level, self.ask_number(f"{word}?"), UNIT[source.function],
            absolute=row.full_scale * 5e-5)   # the resolution of a level is 25e-6 of the range

    def set_output(self, enabled: bool) -> None:
        """Switch the output and read back that it did; a sweep ends first."""
        self.abort()
        self.write(f":OUTP {'ON' if enabled else 'OFF'}")
        self.check_errors()
        if self.ask_switch(":OUTP?") != enabled:
            raise InstrumentError(
                f"{self.label}: the output did not switch {'on' if enabled else 'off'}. Check the output enable line")

    def safe_state(self) -> None:
        """Device clear, output off, both levels to zero."""
        self.adapter.connection.clear()
        self.sweeping = False
        self.send(
            ":OUTP OFF", ":SOUR:VOLT:MODE FIX", ":SOUR:CURR:MODE FIX", ":SOUR:VOLT 0", ":SOUR:CURR 0", ":TRIG:COUN 1")
        self.level, self.lists_levels = 0.0, False

    @property
    def output_names(self) -> tuple[str, ...]:
        """Return the name of the one output."""
        return (self.name,)

    def output_states(self) -> list[OutputState]:
        """Read the output back. While the instrument sweeps, it is on, and cannot be asked."""
        return [OutputState(self.name, self.sweeping or self.ask_switch(":OUTP?"))]

    # -------------------------------------------------------------------------------------- common duties

    def clear(self) -> None:
        """Device clear, which ends a sweep, then an empty status and error queue."""
        super().clear()
        self.sweeping = False

    def check_errors(self) -> None:
        """Empty the error queue; not while the instrument sweeps: its errors are read when it has ended."""
        if not self.sweeping:
            super().check_errors()

    def lost_power(self) -> bool:
        """Whether it was switched off and on since ``reset``; False, without a question, while a sweep runs."""
        return not self.sweeping and super().lost_power()

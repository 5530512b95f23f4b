"""Measured functions of the 2400 family: which are on, and what automatic ohms does to the source."""

import copy
from typing import Any

from tsbench.simulated_backends.virtual_instruments.keithley_2400.data_sheet import Keithley2400DataSheet
from tsbench.simulated_backends.virtual_instruments.source_meter.output import SourceOutput
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import SourceMeterSettings

ALL = ("VOLT", "CURR", "RES")
_OHMS_COMPLIANCE = 21.0  #: [V] of automatic ohms
_SET_BY_OHMS = ("source_function", "source_level", "source_autorange", "sense_autorange", "voltage_limit")
_LEAST_OF_RANGE = 0.095  #: a resistance below this part of the range makes automatic ohms go down


class MeasuredFunctions:
    """The functions that are measured, several at once while ``concurrent``.

    Parameters
    ----------
    sheet : Keithley2400DataSheet
    settings : the settings of the shared code, which follow from the functions
    output : SourceOutput
    """

    def __init__(self, sheet: Keithley2400DataSheet, settings: SourceMeterSettings, output: SourceOutput) -> None:
        self._sheet = sheet
        self._settings = settings
        self._output = output
        self.forget()

    def forget(self) -> None:
        """Take the state after a reset."""
        self.selected: set[str] = {"CURR"}
        self.concurrent = True
        self.automatic_ohms = True
        self.offset_compensated = False
        self.resistance_range = self._sheet.resistance_ranges[4]  #: [Ohm]
        self.resistance_autorange = True
        self._before_ohms: dict[str, Any] | None = None  #: source settings that automatic ohms has replaced

    @property
    def ohms_set_the_source(self) -> bool:
        """Whether automatic ohms has the source to itself."""
        return "RES" in self.selected and self.automatic_ohms

    def select(self, functions: set[str]) -> None:
        """Measure these functions; without ``concurrent`` they take the place of the others."""
        self.selected = self.selected | functions if self.concurrent else set(functions)
        self.apply()

    def apply(self) -> None:
        """Bring source and measuring ranges in line with the functions."""
        settings = self._settings
        if self._before_ohms is not None and not self.ohms_set_the_source:
            vars(settings).update(self._before_ohms)
            self._before_ohms = None
        if self.ohms_set_the_source:
            self._before_ohms = self._before_ohms or {
                name: copy.copy(getattr(settings, name)) for name in _SET_BY_OHMS}
            settings.source_function = "CURR"
            settings.source_level["CURR"] = self._sheet.test_currents[self.resistance_range]
            settings.source_autorange["CURR"] = True
            settings.sense_autorange["VOLT"] = True
            settings.voltage_limit = min(_OHMS_COMPLIANCE, self._sheet.ranges["VOLT"][-1].top)
        other = "CURR" if settings.source_function == "VOLT" else "VOLT"
        measures_other = other in self.selected or "RES" in self.selected
        settings.sense_function = other if measures_other else settings.source_function
        self._output.measuring_changed()

    def range_for(self, resistance: float) -> float:
        """Return the lowest resistance range [Ohm] that holds a value."""
        rows = self._sheet.resistance_ranges
        return next((row for row in rows if abs(resistance) <= 1.05 * row), rows[-1])

    def next_ohms_range(self, resistance: float, overflowed: bool) -> bool:
        """Go to the next range of automatic ohms if a reading asks for it; returns whether it did."""
        rows = self._sheet.resistance_ranges
        place = rows.index(self.resistance_range)
        if overflowed or resistance > 1.05 * self.resistance_range:
            place += 1
        elif abs(resistance) < _LEAST_OF_RANGE * self.resistance_range:
            place -= 1
        if not (0 <= place < len(rows)) or rows[place] == self.resistance_range:
            return False
        self.resistance_range = rows[place]
        self.apply()
        return True

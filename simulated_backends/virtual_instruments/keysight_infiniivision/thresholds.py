"""The commands that say what MEASure measures: sources, thresholds and the edges of a delay."""

from typing import Any

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.parameters import Choice, Many, Number, Optional, Parameter, Text, text_of
from tsbench.simulated_backends.scpi.plain_numbers import number_behind
from tsbench.simulated_backends.scpi.tree import command
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.channels import OUT_OF_RANGE
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.command_table import ScopeTable
from tsbench.simulated_backends.virtual_instruments.keysight_infiniivision.sources import SourceName
from tsbench.simulated_backends.virtual_instruments.oscilloscope.shown_trace import Thresholds

_SOURCE = SourceName("CHAN", "FUNC", "WMEM", "FFT", "EXT")
_MODES = Choice("STANdard", "PERCent", "ABSolute")
_LOWEST, _HIGHEST = 5.0, 95.0  #: [%] of the amplitude


class EdgeNumber(Parameter):
    """An edge: its slope (+ if left out) and its number from the left, from 1 on."""

    def parse(self, raw: bytes, owner: Any, key: tuple[Any, ...]) -> tuple[str, int]:
        text = text_of(raw)
        number = number_behind("[+-]?", text)
        if number is None:
            raise ScpiError(-104)
        if not number:
            raise ScpiError(-222, text=OUT_OF_RANGE)
        return "-" if text.startswith("-") else "+", number


slope_and_occurrence = EdgeNumber()


class ThresholdCommands(ScopeTable):
    """What ``:MEASure:SOURce`` and ``:MEASure:DEFine`` set."""

    @property
    def sources(self) -> tuple[str, str]:
        """Return the sources of measurements without one; the second is NONE if it was not given."""
        first, second = self.setting_values.get(("measure_sources", ()), ("CHAN1", "NONE"))
        return first, second

    @command(":MEASure:SOURce", _SOURCE, Optional(_SOURCE))
    def _set_sources(self, first: str, second: str = "NONE") -> None:
        self.setting_values["measure_sources", ()] = (first, second)

    @command(":MEASure:SOURce?")
    def _get_sources(self) -> str:
        return ",".join(source if source == "NONE" else _SOURCE.format(source, self) for source in self.sources)

    # ---------------------------------------------------------------------------------------------- definitions

    def of(self, source: str) -> Thresholds:
        """Return the thresholds of a waveform."""
        mode, upper, middle, lower = self.setting_values.get(("thresholds", (source,)), ("PERC", 90.0, 50.0, 10.0))
        return Thresholds(upper, middle, lower, mode == "ABS")

    @property
    def delay_edges(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """Return the edges between which a delay is measured."""
        first, second = self.setting_values.get(("delay_edges", ()), (("+", 1), ("+", 1)))
        return first, second

    @command(":MEASure:DEFine", Choice("DELay", "THResholds"), Many(Text(bare=True), 1, 5))
    def _define(self, what: str, *values: str) -> None:
        if what == "DEL":
            if len(values) < 2:
                raise ScpiError(-109)
            edges = [slope_and_occurrence.parse(value.encode(), self, ()) for value in values[:2]]
            self.setting_values["delay_edges", ()] = tuple(edges)
            return
        mode = _MODES.parse(values[0].encode(), self, ())
        numbers, named = (values[1:4], values[4:]) if mode != "STAN" else ((), values[1:])
        if len(numbers) < 3 and mode != "STAN":
            raise ScpiError(-109)
        source = _SOURCE.parse(named[0].encode(), self, ()) if named else self.sources[0]
        upper, middle, lower = (
            [Number().parse(number.encode(), self, ()) for number in numbers] if numbers else (90.0, 50.0, 10.0))
        percent = mode != "ABS"
        if not upper > middle > lower or (percent and not (lower >= _LOWEST and upper <= _HIGHEST)):
            raise ScpiError(-222, text=OUT_OF_RANGE)
        self.setting_values["thresholds", (source,)] = ("PERC" if percent else "ABS", upper, middle, lower)

    @command(":MEASure:DEFine?", Choice("DELay", "THResholds"), Optional(_SOURCE))
    def _defined(self, what: str, source: str | None = None) -> str:
        if what == "DEL":
            return ",".join(f"{slope}{number}" for slope, number in self.delay_edges)
        found = self.of(source or self.sources[0])
        numbers = ",".join(self.format_number(value) for value in (found.upper, found.middle, found.lower))
        return f"THR,{'ABS' if found.absolute else 'PERC'},{numbers}"

"""Virtual Lake Shore temperature controller: display, keys and lamps of the front panel. They change no reading.

The commands are those of the user's manuals of the 335 and 336, chapter 6; their arguments are those of the maker's
driver (lakeshore 1.10.0, ``model_335.py``, ``model_336.py``). Values after a start are not compared with an instrument.
"""

from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.arguments import (
    COMMAND_ERROR,
    EXECUTION_ERROR,
    whole_number,
    whole_numbers,
)
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.controller import LoopController
from tsbench.simulated_backends.virtual_instruments.line_commands import LineError, LineTable, line_command

_UNITS = 6  #: of a field: kelvin, Celsius, sensor, minimum, maximum, name


class PanelCommands(LineTable[LoopController]):
    """Settings of the front panel."""

    def __init__(self, instrument: LoopController) -> None:
        super().__init__(instrument)
        sheet = instrument.data_sheet
        self._display = ",".join(str(low) for low, _ in sheet.display)
        self._fields = dict.fromkeys(range(1, sheet.display_fields + 1), "1,1")
        self._brightness = sheet.brightness[1]
        self._lamps, self._lock, self._code, self._mode = 1, 0, 123, 1

    @line_command("DISPLAY")
    def _set_display(self, mode: str, fields: str | None = None, output: str | None = None) -> None:
        """``DISPLAY 7`` (335), ``DISPLAY 4,0,1`` (336: what is shown, number of fields, output)."""
        given = tuple(text for text in (mode, fields, output) if text is not None)
        if len(given) != len(self.instrument.data_sheet.display):
            raise LineError(COMMAND_ERROR, "DISPLAY")
        self._display = whole_numbers(given, self.instrument.data_sheet.display)

    @line_command("DISPLAY?")
    def _displayed(self) -> str:
        return self._display

    @line_command("DISPFLD")
    def _set_field(self, field: str, source: str, unit: str) -> None:
        """``DISPFLD 2,1,1``: field 2 of a custom display shows input A in kelvin."""
        found = whole_number(field, 1, self.instrument.data_sheet.display_fields)
        self._fields[found] = whole_numbers(
            (source, unit), ((0, self.instrument.data_sheet.display_sources), (1, _UNITS)))

    @line_command("DISPFLD?")
    def _field(self, field: str) -> str:
        return self._fields[whole_number(field, 1, self.instrument.data_sheet.display_fields)]

    @line_command("BRIGT")
    def _set_brightness(self, level: str) -> None:
        self._brightness = whole_number(level, *self.instrument.data_sheet.brightness)

    @line_command("BRIGT?")
    def _bright(self) -> str:
        return str(self._brightness)

    @line_command("LEDS")
    def _set_lamps(self, on: str) -> None:
        self._lamps = whole_number(on, 0, 1)

    @line_command("LEDS?")
    def _lit(self) -> str:
        return str(self._lamps)

    @line_command("LOCK")
    def _set_lock(self, on: str, code: str) -> None:
        """``LOCK 1,123``: the code has three digits."""
        if len(code) > len("999"):
            raise LineError(EXECUTION_ERROR, code)
        self._lock, self._code = whole_number(on, 0, 1), whole_number(code, 0, 999)

    @line_command("LOCK?")
    def _locked(self) -> str:
        return f"{self._lock},{self._code:03d}"

    @line_command("MODE")
    def _set_mode(self, mode: str) -> None:
        """``MODE 0``: local, ``1``: remote, ``2``: remote with the keys locked."""
        self._mode = whole_number(mode, 0, 2)

    @line_command("MODE?")
    def _moded(self) -> str:
        return str(self._mode)

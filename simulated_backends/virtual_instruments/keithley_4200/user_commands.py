"""4200A-SCS: commands of the user mode (US): constant sources, ranges and readings at once."""

from collections.abc import Generator

from tsbench.simulated_backends.kxci.syntax import KxciParameter, WholeNumber, kxci
from tsbench.simulated_backends.virtual_instruments.keithley_4200.mainframe import LETTERS, Frame4200
from tsbench.simulated_backends.virtual_instruments.keithley_4200.source_unit import letter_of, value_of

US = ("US",)
UNIT = WholeNumber(1, 8)
NUMBER, LEFT_OUT = KxciParameter(), KxciParameter(optional=True)
CODE = WholeNumber(0, 13, optional=True)
Steps = Generator[float, None, None]


class UserCommands:
    """Sources and readings.

    Parameters
    ----------
    frame : Frame4200
    """

    def __init__(self, frame: Frame4200) -> None:
        self._frame = frame

    @kxci("DV", UNIT, CODE, LEFT_OUT, LEFT_OUT, pages=US)
    def _force_voltage(self, number: int, *rest: float) -> Steps:
        yield from self._force("VOLT", number, *rest)

    @kxci("DI", UNIT, CODE, LEFT_OUT, LEFT_OUT, pages=US)
    def _force_current(self, number: int, *rest: float) -> Steps:
        yield from self._force("CURR", number, *rest)

    def _force(
        self, function: str, number: int, code: float | None = None, level: float = 0.0, limit: float | None = None,
    ) -> Steps:
        """Source a level; a unit that stands alone is switched off."""
        unit = self._frame.source(number)
        if code is None:
            yield from unit.switch_off()
            return
        wanted = (unit.settings.current_limit if function == "VOLT" else unit.settings.voltage_limit
                  ) if limit is None else limit
        allowed = unit.check(function, int(code), wanted, level)
        unit.force(function, int(code), level, allowed)

    @kxci("TI", UNIT, pages=US)
    def _read_current(self, number: int) -> Generator[float, None, str]:
        return (yield from self._read(number, "CURR", "ABCDEFGH"[number - 1]))

    @kxci("TV", UNIT, pages=US)
    def _read_voltage(self, number: int) -> Generator[float, None, str]:
        return (yield from self._read(number, "VOLT", LETTERS[number - 1]))

    def _read(self, number: int, quantity: str, letter: str) -> Generator[float, None, str]:
        unit = self._frame.source(number)
        readings = yield from unit.take((quantity,))
        reading = readings[quantity]
        status = letter_of(reading, self._frame.limited(unit))
        return f"{status}{letter}{quantity[0].replace('C', 'I')} {self._frame.number(value_of(reading))}"

    @kxci("RI", UNIT, NUMBER, NUMBER)
    def _fix_current_range(self, number: int, value: float, limit: float) -> None:
        self._frame.source(number).fix_range("CURR", value, limit)

    @kxci("RV", UNIT, NUMBER, NUMBER)
    def _fix_voltage_range(self, number: int, value: float, limit: float) -> None:
        self._frame.source(number).fix_range("VOLT", value, limit)

    @kxci("RG", UNIT, NUMBER)
    def _lowest_current_range(self, number: int, lowest: float) -> None:
        self._frame.source(number).range_by_itself(lowest)

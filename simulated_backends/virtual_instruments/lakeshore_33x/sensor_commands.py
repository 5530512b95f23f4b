"""Virtual Lake Shore temperature controller: readings in sensor units, curves, filters and what excites a diode."""

from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.arguments import (
    EXECUTION_ERROR,
    number,
    six_digits,
    whole_number,
    whole_numbers,
)
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.controller import LoopController
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.curves import (
    FIRST_USER_CURVE,
    LAST_CURVE,
    MOST_POINTS,
    NEGATIVE,
    POSITIVE,
    Curve,
)
from tsbench.simulated_backends.virtual_instruments.lakeshore_33x.sensors import sensor_units
from tsbench.simulated_backends.virtual_instruments.line_commands import LineError, LineTable, line_command

_NAME, _SERIAL = 15, 10  #: characters
_LARGEST = 999_999  #: value of a point: replies have six digits; not compared with a manual


class SensorCommands(LineTable[LoopController]):
    """Sensors and their curves. The readings in kelvin do not depend on them here."""

    @line_command("SRDG?")
    def _sensor(self, letter: str) -> str:
        """``SRDG? A``: volts of a diode, ohms of a platinum sensor (user's manual of the 335, p. 125)."""
        if letter == "0":
            return ",".join(self._sensor(one) for one in self.instrument.data_sheet.inputs)
        found = self.instrument.letter(letter)
        kelvins = self.instrument.reading(found)
        value = sensor_units(int(self.instrument.input_types[found].partition(",")[0]), kelvins or 0.0)
        if value is None:
            raise LineError(EXECUTION_ERROR, letter)
        return six_digits(0.0 if kelvins is None else value)

    def _curve(self, text: str, first: int = 1) -> Curve:
        return self.instrument.curves[whole_number(text, first, LAST_CURVE)]

    @line_command("CRVHDR")
    def _set_header(self, curve: str, name: str, serial: str, form: str, limit: str, coefficient: str) -> None:
        found = self._curve(curve, FIRST_USER_CURVE)
        kind, highest = whole_number(form, 1, 4), number(limit, 0.0, 9999.0)
        found.sign = whole_number(coefficient, NEGATIVE, POSITIVE)
        found.name, found.serial = name.strip('"')[:_NAME], serial.strip('"')[:_SERIAL]
        found.format, found.limit = kind, highest

    @line_command("CRVHDR?")
    def _header(self, curve: str) -> str:
        found = self._curve(curve)
        return f"{found.name:<{_NAME}},{found.serial:<{_SERIAL}},{found.format},{found.limit:+.3f},{found.coefficient}"

    @line_command("CRVPT")
    def _set_point(self, curve: str, index: str, units: str, kelvins: str) -> None:
        point = (number(units, -_LARGEST, _LARGEST), number(kelvins, 0.0, 9999.0))
        self._curve(curve, FIRST_USER_CURVE).points[whole_number(index, 1, MOST_POINTS)] = point

    @line_command("CRVPT?")
    def _point(self, curve: str, index: str) -> str:
        """``CRVPT? 21,1``; 0 for a point that was not written. Those of standard curves are not modelled."""
        found = self._curve(curve, FIRST_USER_CURVE)
        return ",".join(map(six_digits, found.points.get(whole_number(index, 1, MOST_POINTS), (0.0, 0.0))))

    @line_command("CRVDEL")
    def _delete(self, curve: str) -> None:
        self._curve(curve, FIRST_USER_CURVE)
        self.instrument.curves[int(curve)] = Curve()

    @line_command("FILTER")
    def _set_filter(self, letter: str, on: str, points: str, window: str) -> None:
        """``FILTER A,1,10,2``: kept, and changes no reading."""
        self.instrument.filters[self.instrument.letter(letter)] = whole_numbers(
            (on, points, window), ((0, 1), (2, 64), (1, 10)))

    @line_command("FILTER?")
    def _filter(self, letter: str) -> str:
        return self.instrument.filters[self.instrument.letter(letter)]

    @line_command("DIOCUR")
    def _set_excitation(self, letter: str, current: str) -> None:
        """``DIOCUR A,0``: 10 uA, ``1``: 1 mA; kept, and changes no reading."""
        self.instrument.excitations[self.instrument.letter(letter)] = whole_number(current, 0, 1)

    @line_command("DIOCUR?")
    def _excitation(self, letter: str) -> str:
        return str(self.instrument.excitations[self.instrument.letter(letter)])


class EmulationCommands(LineTable[LoopController]):
    """Emulation of older models, which the 335 has; here it is itself only."""

    @line_command("EMUL")
    def _emulate(self, mode: str, display: str) -> None:
        """``EMUL 0,0``: none, as the maker's driver sends it at its start (lakeshore 1.10.0, ``model_335.py``)."""
        whole_numbers((mode, display), ((0, 0), (0, 1)))

    @line_command("EMUL?")
    def _emulated(self) -> str:
        return "0,0"

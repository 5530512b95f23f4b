"""The table ``smuX.source`` of the 2600B (2600BS-901-01, section 7)."""

from collections.abc import Callable
from typing import Any

from tsbench.simulated_backends.tsp.interpreter import Interpreter
from tsbench.simulated_backends.tsp.tables import TspTable, number, whole
from tsbench.simulated_backends.virtual_instruments.keithley_2600.channel import OFF_MODES, SmuChannel
from tsbench.simulated_backends.virtual_instruments.source_meter.data_sheet import RangeData
from tsbench.simulated_backends.virtual_instruments.source_meter.output_stage import range_for

QUANTITY = {"v": "VOLT", "i": "CURR"}


class SourceTable:
    """Level, range, limit, output, off state.

    Parameters
    ----------
    channel : SmuChannel
    interpreter : takes what a change costs in time
    table : the table ``smuX.source``
    """

    def __init__(self, channel: SmuChannel, interpreter: Interpreter, table: TspTable) -> None:
        self._channel = channel
        self._settings = channel.settings
        self._output = channel.output
        self._interpreter = interpreter
        settings, output = channel.settings, channel.output
        for letter, quantity in QUANTITY.items():
            self._of_quantity(table, letter, quantity)
        self._put(table, "func", lambda: int(settings.source_function == "VOLT"), self._set_function)
        self._put(table, "output", self._output_state, self._set_output, guarded=False)
        self._put(table, "delay", lambda: -1.0 if settings.source_autodelay["VOLT"] else settings.source_delay["VOLT"],
                  self._set_delay)
        self._put(table, "offmode", lambda: OFF_MODES.index(settings.off_state["VOLT"]), self._set_off_mode)
        self._put(table, "offfunc", lambda: int(output.off_function == "VOLT"), self._set_off_function)
        self._put(table, "highc", lambda: int(settings.high_capacitance["VOLT"]), self._set_high_capacitance)
        self._put(table, "limitp", lambda: channel.state.power_limit, self._set_power_limit)
        for name, attribute, high in (
            ("sink", "sink", 1), ("outputenableaction", "output_enable_action", 1), ("settling", "settling", 128),
        ):
            self._plain(table, name, attribute, high)
        table.attribute("compliance", self._compliance)
        for name in ("calibratei", "calibratev"):
            table.method(name, self._locked)

    def _put(
        self, table: TspTable, name: str, read: Callable[[], Any], write: Callable[[Any], None], guarded: bool = True,
    ) -> None:
        def checked(value: Any) -> None:
            if guarded:
                self._channel.idle()
            write(value)
            self._channel.show_limits()

        table.attribute(name, read, checked)

    def _plain(self, table: TspTable, name: str, attribute: str, high: int) -> None:
        self._put(table, name, lambda: getattr(self._channel.state, attribute),
                  lambda value: setattr(self._channel.state, attribute, whole(value, 0, high)))

    def _of_quantity(self, table: TspTable, letter: str, quantity: str) -> None:
        settings, output = self._settings, self._output
        put = self._put
        put(table, f"level{letter}", lambda: settings.source_level[quantity],
            lambda value: self.set_level(quantity, value))
        put(table, f"range{letter}", lambda: output.source_range(quantity).full_scale,
            lambda value: self._set_range(quantity, value))
        put(table, f"autorange{letter}", lambda: int(settings.source_autorange[quantity]),
            lambda value: self._set_autorange(quantity, value))
        put(table, f"lowrange{letter}", lambda: settings.source_lowest[quantity],
            lambda value: self._set_lowest(quantity, value))
        put(table, f"limit{letter}", lambda: settings.current_limit if quantity == "CURR" else settings.voltage_limit,
            lambda value: self.set_limit(quantity, value))
        put(table, f"offlimit{letter}", lambda: output.off_limits[quantity],
            lambda value: self._set_off_limit(quantity, value))

    # ------------------------------------------------------------------------------------ level and limit

    def _highest(self, quantity: str) -> RangeData:
        return self._channel.sheet.ranges[quantity][-1]

    def check_level(self, quantity: str, value: float) -> None:
        """Refuse a level that cannot be sourced: errors 1101, 5005 and 5007."""
        top = self._highest(quantity).top * (1 + 1e-12)
        number(value, -top, top)
        settings, sheet = self._settings, self._channel.sheet
        if not settings.source_autorange[quantity]:
            row = self._output.source_range(quantity)
            if abs(value) > row.top * (1 + 1e-12):
                raise self._channel.error(5005)
            return
        row = range_for(sheet.ranges[quantity], max(abs(value), settings.source_lowest[quantity]))
        self._check_area(quantity, row)

    def _check_area(self, quantity: str, row: RangeData) -> None:
        """Refuse a source range beside which the limit is too high."""
        if quantity != self._channel.sourced:
            return
        sheet, settings = self._channel.sheet, self._settings
        limit = settings.current_limit if quantity == "VOLT" else settings.voltage_limit
        if limit > sheet.highest_limit[quantity][sheet.ranges[quantity].index(row)] * (1 + 1e-9):
            raise self._channel.error(5007)

    def set_level(self, quantity: str, value: Any) -> None:
        """Set a level; it is sourced at once if the output is on."""
        level = number(value)
        self.check_level(quantity, level)
        self._settings.source_level[quantity] = level
        self._output.level_changed(quantity)

    def set_limit(self, quantity: str, value: Any) -> None:
        """Set a limit; 0 is error 1102 (manual, smuX.source.limitY)."""
        sheet, sourced = self._channel.sheet, "VOLT" if quantity == "CURR" else "CURR"
        limit = number(value, (sheet.least_limits or {})[quantity], self._highest(quantity).full_scale * (1 + 1e-9))
        row = self._output.source_range(sourced)
        if limit > sheet.highest_limit[sourced][sheet.ranges[sourced].index(row)] * (1 + 1e-9):
            raise self._channel.error(5007)
        if quantity == "CURR":
            self._settings.current_limit = limit
        else:
            self._settings.voltage_limit = limit
        if self._channel.state.follow_limit and quantity == "CURR":
            self._settings.sense_range["CURR"] = range_for(sheet.ranges["CURR"], limit).full_scale
        self._output.refresh()

    def _set_power_limit(self, value: Any) -> None:
        self._channel.state.power_limit = number(value, 0.0, 1000.0)

    # --------------------------------------------------------------------------------------------- ranges

    def _set_range(self, quantity: str, value: Any) -> None:
        top = self._highest(quantity).full_scale * (1 + 1e-9)
        wanted = abs(number(value, -top, top))
        row = _holding(self._channel.sheet.ranges[quantity], max(wanted, self._least(quantity)))
        if quantity == self._channel.sourced and abs(self._settings.source_level[quantity]) > row.top:
            raise self._channel.error(5005)
        self._check_area(quantity, row)
        self._settings.source_range[quantity] = row.full_scale
        self._output.range_changed(quantity)

    def _least(self, quantity: str) -> float:
        return self._channel.sheet.least_source_current if quantity == "CURR" else 0.0

    def _set_autorange(self, quantity: str, value: Any) -> None:
        automatic = bool(whole(value, 0, 1))
        if not automatic:
            self._settings.source_range[quantity] = self._output.source_range(quantity).full_scale
        self._settings.source_autorange[quantity] = automatic
        self._output.level_changed(quantity)

    def _set_lowest(self, quantity: str, value: Any) -> None:
        wanted = max(number(value, 0.0, self._highest(quantity).full_scale), self._least(quantity))
        self._settings.source_lowest[quantity] = _holding(self._channel.sheet.ranges[quantity], wanted).full_scale
        self._output.level_changed(quantity)

    # ------------------------------------------------------------------------------------------- the rest

    def _set_function(self, value: Any) -> None:
        function = "VOLT" if whole(value, 0, 1) else "CURR"
        sheet, settings = self._channel.sheet, self._settings
        row = self._output.source_range(function)
        limit = settings.current_limit if function == "VOLT" else settings.voltage_limit
        if limit > sheet.highest_limit[function][sheet.ranges[function].index(row)] * (1 + 1e-9):
            raise self._channel.error(5007)
        settings.source_function = function
        settings.sense_function = "CURR" if function == "VOLT" else "VOLT"
        self._output.level_changed(function)

    def _output_state(self) -> int:
        if self._output.stage.enabled:
            return 1
        return 2 if self._output.high_impedance else 0

    def _set_output(self, value: Any) -> None:
        state, channel = whole(value, 0, 2), self._channel
        if state == 1:
            if channel.interlock_is_open and self._output.source_range("VOLT") is self._highest("VOLT"):
                raise channel.error(802)
            self._output.high_impedance = False
            if not self._output.stage.enabled:
                self._output.switch_on()
                self._interpreter.owe(channel.sheet.switch_on_time)
            return
        channel.end_operations()
        self._output.high_impedance = state == 2
        if self._output.stage.enabled:
            self._interpreter.owe(next(self._output.switch_off(), 0.0))
        else:
            self._output.off_state_changed(channel.sourced)

    def _set_delay(self, value: Any) -> None:
        seconds = number(value, -1.0, 1e5)
        if -1.0 < seconds < 0.0:
            raise self._channel.error(-222)
        for quantity in QUANTITY.values():
            self._settings.source_autodelay[quantity] = seconds == -1.0
            self._settings.source_delay[quantity] = max(seconds, 0.0)

    def _set_off_mode(self, value: Any) -> None:
        mode = OFF_MODES[whole(value, 0, 2)]
        self._settings.off_state.update(VOLT=mode, CURR=mode)
        self._output.off_state_changed(self._channel.sourced)

    def _set_off_function(self, value: Any) -> None:
        self._output.off_function = "VOLT" if whole(value, 0, 1) else "CURR"
        self._output.off_state_changed(self._channel.sourced)

    def _set_off_limit(self, quantity: str, value: Any) -> None:
        least = (self._channel.sheet.least_limits or {})[quantity]
        self._output.off_limits[quantity] = number(value, least, self._highest(quantity).full_scale)
        self._output.off_state_changed(self._channel.sourced)

    def _set_high_capacitance(self, value: Any) -> None:
        on = bool(whole(value, 0, 1))
        self._settings.high_capacitance.update(VOLT=on, CURR=on)
        if on:
            self._channel.follow_limit()
        self._output.refresh()

    def _compliance(self) -> bool:
        self._channel.show_limits()
        return self._output.stage.limiting()

    def _locked(self, *arguments: Any) -> None:
        raise self._channel.error(5011)


def _holding(rows: tuple[RangeData, ...], value: float) -> RangeData:
    """Return the lowest range whose full scale holds ``value``."""
    return next((row for row in rows if value <= row.full_scale * (1 + 1e-9)), rows[-1])

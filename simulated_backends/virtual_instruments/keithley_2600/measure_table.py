"""The table ``smuX.measure`` of the 2600B (2600BS-901-01, section 7)."""

from collections.abc import Callable, Generator
from typing import Any

from tsbench.simulated_backends.tsp.errors import TspError
from tsbench.simulated_backends.tsp.tables import TspTable, number, whole
from tsbench.simulated_backends.virtual_instruments.keithley_2600.buffers import BufferTables, TspBuffer
from tsbench.simulated_backends.virtual_instruments.keithley_2600.channel import SmuChannel
from tsbench.simulated_backends.virtual_instruments.source_meter.settings import QUANTITIES

FILTERS = ("MOV", "REP", "MED")


class MeasureTable:
    """Ranges, aperture, filter, counts, and the readings themselves.

    Parameters
    ----------
    channel : SmuChannel
    buffers : BufferTables
    table : the table ``smuX.measure``
    """

    def __init__(self, channel: SmuChannel, buffers: BufferTables, table: TspTable) -> None:
        self._channel = channel
        self._settings = channel.settings
        self._buffers = buffers
        settings = channel.settings
        for letter, quantity in (("v", "VOLT"), ("i", "CURR")):
            self._of_quantity(table, letter, quantity)
        self._put(table, "nplc", lambda: settings.nplc["CURR"], self._set_nplc)
        self._put(table, "count", lambda: channel.state.measure_count, self._set_count)
        for name, attribute, low, high in (
            ("interval", "measure_interval", 0.0, 1.0), ("delayfactor", "delay_factor", 0.0, 1e6),
            ("highcrangedelayfactor", "range_delay_factor", 1.0, 99.0),
        ):
            self._number(table, name, attribute, low, high)
        self._put(table, "delay", lambda: channel.state.measure_delay, self._set_delay)
        self._put(table, "autozero", lambda: channel.state.autozero, self._set_autozero)
        self._put(table, "analogfilter", lambda: channel.state.analog_filter,
                  lambda value: setattr(channel.state, "analog_filter", whole(value, 0, 1)))
        self._show_filter(table.table("filter"))
        self._show_relative(table.table("rel"))
        for function in ("i", "v", "r", "p", "iv"):
            table.method(function, self._measuring(function))
            table.method(f"overlapped{function}", self._overlapping(function), len(function))
        for name in ("calibratei", "calibratev"):
            table.method(name, self._locked)

    def _put(self, table: TspTable, name: str, read: Callable[[], Any], write: Callable[[Any], None]) -> None:
        def checked(value: Any) -> None:
            self._channel.idle()
            write(value)

        table.attribute(name, read, checked)

    def _number(self, table: TspTable, name: str, attribute: str, low: float, high: float) -> None:
        self._put(table, name, lambda: getattr(self._channel.state, attribute),
                  lambda value: setattr(self._channel.state, attribute, number(value, low, high)))

    def _of_quantity(self, table: TspTable, letter: str, quantity: str) -> None:
        measurer, settings = self._channel.measurer, self._settings
        self._put(table, f"range{letter}", lambda: measurer.measuring_range(quantity).full_scale,
                  lambda value: self._set_range(quantity, value))
        self._put(table, f"autorange{letter}", lambda: self._autorange(quantity),
                  lambda value: self._set_autorange(quantity, value))
        self._put(table, f"lowrange{letter}", lambda: settings.lowest_range[quantity],
                  lambda value: self._set_lowest(quantity, value))

    # --------------------------------------------------------------------------------------------- ranges

    def _holding(self, quantity: str, value: Any) -> float:
        rows = self._channel.sheet.ranges[quantity]
        top = rows[-1].full_scale * (1 + 1e-9)
        wanted = abs(number(value, -top, top))
        return next(row.full_scale for row in rows if wanted <= row.full_scale * (1 + 1e-9))

    def _set_range(self, quantity: str, value: Any) -> None:
        if quantity == "CURR" and self._settings.high_capacitance["VOLT"]:
            raise self._channel.error(5069)
        self._settings.sense_range[quantity] = self._holding(quantity, value)
        self._settings.sense_autorange[quantity] = False
        if quantity == "CURR":
            self._channel.state.follow_limit = False
        self._channel.output.measuring_changed()

    def _autorange(self, quantity: str) -> int:
        if quantity == "CURR" and self._channel.state.follow_limit:
            return 2
        return int(self._settings.sense_autorange[quantity])

    def _set_autorange(self, quantity: str, value: Any) -> None:
        wanted, settings = whole(value, 0, 2), self._settings
        if quantity == "CURR" and settings.high_capacitance["VOLT"] and wanted != 2:
            raise self._channel.error(5069)
        if wanted == 2 and quantity == "CURR":
            self._channel.follow_limit()
            return
        if quantity == "CURR":
            self._channel.state.follow_limit = False
        if not wanted and settings.sense_autorange[quantity]:
            settings.sense_range[quantity] = self._channel.output.automatic[quantity].full_scale
        settings.sense_autorange[quantity] = bool(wanted)
        self._channel.output.measuring_changed()

    def _set_lowest(self, quantity: str, value: Any) -> None:
        self._settings.lowest_range[quantity] = lowest = self._holding(quantity, value)
        rows = self._channel.sheet.ranges[quantity]
        if self._channel.output.automatic[quantity].full_scale < lowest:
            self._channel.output.automatic[quantity] = next(row for row in rows if row.full_scale == lowest)

    # ----------------------------------------------------------------------------------- aperture, filter

    def _set_nplc(self, value: Any) -> None:
        self._settings.nplc.update(dict.fromkeys(QUANTITIES, number(value, 0.001, 25.0)))

    def _set_delay(self, value: Any) -> None:
        seconds = number(value, -1.0, 1e5)
        if -1.0 < seconds < 0.0:
            raise self._channel.error(-222)
        self._channel.state.measure_delay = seconds

    def _set_autozero(self, value: Any) -> None:
        wanted = whole(value, 0, 2)
        self._channel.state.autozero = 0 if wanted == 1 else wanted   # once, and then not again
        if wanted == 1:
            self._channel.owe(2.0 * self._settings.nplc["CURR"] / self._settings.line_frequency)

    def _set_count(self, value: Any) -> None:
        count = whole(value, 1, 1_000_000_000)
        if count > 1 and self._settings.filter_on["CURR"] and self._settings.filter_count["CURR"] > 1:
            raise self._channel.error(5045)
        self._channel.state.measure_count = count

    def _show_filter(self, table: TspTable) -> None:
        settings = self._settings

        def write(name: str, convert: Callable[[Any], Any]) -> Callable[[Any], None]:
            return lambda value: getattr(settings, name).update(dict.fromkeys(QUANTITIES, convert(value)))

        def count(value: Any) -> int:
            wanted = whole(value, 1, 100)
            if wanted > 1 and self._channel.state.measure_count > 1:
                raise self._channel.error(5025)
            return wanted

        self._put(table, "count", lambda: settings.filter_count["CURR"], write("filter_count", count))
        self._put(table, "enable", lambda: int(settings.filter_on["CURR"]),
                  write("filter_on", lambda value: bool(whole(value, 0, 1))))
        self._put(table, "type", lambda: FILTERS.index(settings.filter_type["CURR"]),
                  write("filter_type", lambda value: FILTERS[whole(value, 0, 2)]))

    def _show_relative(self, table: TspTable) -> None:
        channel = self._channel

        def show(letter: str) -> None:
            table.attribute(
                f"enable{letter}", lambda: int(channel.state.relative_on[letter]),
                lambda value: channel.state.relative_on.__setitem__(letter, bool(whole(value, 0, 1))))
            table.attribute(
                f"level{letter}", lambda: channel.state.relative[letter],
                lambda value: channel.state.relative.__setitem__(letter, number(value)))

        for letter in ("i", "p", "r", "v"):
            show(letter)

    # ------------------------------------------------------------------------------------------- readings

    def given(self, function: str, arguments: tuple[Any, ...]) -> tuple[TspBuffer, ...]:
        """Return the buffers in the arguments of a function; error 1401 for anything else."""
        wanted = arguments[: len(function)]
        if not wanted or wanted[0] is None:
            return ()
        return tuple(self._buffers.require(value, place) for place, value in enumerate(wanted, 1))

    def _measuring(self, function: str) -> Callable[..., Generator[float, None, tuple[float, ...]]]:
        def measure(*arguments: Any) -> Generator[float, None, tuple[float, ...]]:
            buffers = self.given(function, arguments)
            self._channel.idle()
            if function == "iv" and len(buffers) == 2 and buffers[0] is buffers[1]:
                raise TspError(5040, self._channel.title)
            return (yield from self._channel.measure(function, buffers))
        return measure

    def _overlapping(self, function: str) -> Callable[..., None]:
        return lambda *arguments: self._channel.start_overlapped(function, self.given(function, arguments))

    def _locked(self, *arguments: Any) -> None:
        raise self._channel.error(5011)

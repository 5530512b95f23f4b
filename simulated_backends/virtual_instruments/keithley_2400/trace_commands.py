"""Virtual 2400 family: CONFigure, READ?, MEASure?, FETCh?, TRACe and FORMat (manual, sections 17 and 18)."""

from collections.abc import Sequence

from tsbench.simulated_backends.scpi.errors import ScpiError
from tsbench.simulated_backends.scpi.message import Handler
from tsbench.simulated_backends.scpi.parameters import Choice, Integer, Many, Optional
from tsbench.simulated_backends.scpi.tree import Setting, command
from tsbench.simulated_backends.virtual_instruments.keithley_2400.command_table import SourceMeterTable
from tsbench.simulated_backends.virtual_instruments.keithley_2400.errors import refusal
from tsbench.simulated_backends.virtual_instruments.keithley_2400.functions import ALL
from tsbench.simulated_backends.virtual_instruments.keithley_2400.readings import (
    ELEMENTS,
    StoredReading,
    flat,
)
from tsbench.simulated_backends.virtual_instruments.keithley_2400.sweep_levels import MOST_POINTS
from tsbench.simulated_backends.virtual_instruments.keithley_2400.trigger_model import BUFFER_FULL
from tsbench.simulated_backends.virtual_instruments.keithley_2400.trigger_settings import Layer

_BYTES_OF_READING = 24
_ELEMENT = Choice("VOLTage", "CURRent", "RESistance", "TIME", "STATus")


class Trace2400(SourceMeterTable):
    """Readings into the buffers, and out of them."""

    byte_order = Setting(":FORMat:BORDer", Choice("NORMal", "SWAPped"), part="reading_format")
    register_format = Setting(
        ":FORMat:SREGister", Choice("ASCii", "HEXadecimal", "OCTal", "BINary"), part="reading_format")
    digital_format = Setting(":FORMat:SOURce2", Choice("ASCii", "HEXadecimal", "OCTal", "BINary"), "ASC")
    calculation_elements = Setting(":FORMat:ELEMents:CALCulate", Choice("CALC", "TIME", "STATus"), "CALC")

    @command(":FORMat:ELEMents[:SENSe]", Many(_ELEMENT, 1, 5))
    def _set_elements(self, *elements: str) -> None:
        self.reading_format.elements = tuple(element for element in ELEMENTS if element in elements)

    @command(":FORMat:ELEMents[:SENSe]?")
    def _elements(self) -> str:
        return ",".join(self.reading_format.elements)

    @command(":FORMat[:DATA]", Choice("ASCii", "REAL", "SREal"), Optional(Integer("", 32, 32)))
    def _set_format(self, kind: str, length: int = 32) -> None:
        self.reading_format.real = kind != "ASC"

    @command(":FORMat[:DATA]?")
    def _format(self) -> str:
        return "REAL,32" if self.reading_format.real else "ASC"

    def _answer(self, readings: Sequence[StoredReading], delta: bool = False) -> str | bytes:
        if not readings:
            raise ScpiError(-230)
        return self.reading_format.written(flat(readings, self.reading_format.elements, self.meter.time_zero, delta))

    # -------------------------------------------------------------------------------------- taking readings

    @command(":READ?")
    def _read(self) -> Handler:
        model = self.trigger_model
        if model.settings.arm.count == float("inf"):
            raise refusal(830)
        yield from model.run()
        return self._answer(self.meter.sample)

    @command(":FETCh?")
    @command("[:SENSe]:DATA[:LATest]?")
    def _fetch(self) -> str | bytes:
        return self._answer(self.meter.sample)

    @command(":CONFigure:{VOLTage|CURRent|RESistance}[:DC]")
    def _configure(self, function: str) -> Handler:
        """Set one function up for one reading, and switch the output on.

        The manual (p. 17-2) resets "all controls related to the selected function". Here these are range, aperture and
        filter. The compliance stays, because it belongs to the source.
        """
        settings, model = self.settings, self.trigger_model
        self.functions.selected = {function}
        settings.sense_autorange[function], settings.sense_range[function] = True, None
        settings.nplc.update(dict.fromkeys(ALL, 1.0))
        settings.filter_on.update(dict.fromkeys(ALL, False))
        settings.auto_zero.update(dict.fromkeys(ALL, True))
        model.settings.arm, model.settings.trigger, model.settings.delay = Layer(), Layer(), 0.0
        self.calculations.math_enabled = self.calculations.null_enabled = False
        self.buffer.storing = False
        self.functions.apply()
        if not (self.output.stage.enabled or model.settings.clears_output):
            self.meter.require_unblocked()
            self.output.switch_on()
            yield self.data_sheet.switch_on_time

    @command(":CONFigure?")
    def _configured(self) -> str:
        return ",".join(f'"{name}"' if name == "RES" else f'"{name}:DC"' for name in ALL
                        if name in self.functions.selected)

    @command(":MEASure:{VOLTage|CURRent|RESistance}[:DC]?")
    def _measure(self, function: str) -> Handler:
        yield from self._configure(function)
        return (yield from self._read())

    @command(":MEASure?")
    def _measure_again(self) -> Handler:
        chosen = self.functions.selected
        return (yield from self._measure(next((name for name in ALL if name in chosen), "CURR")))

    # ---------------------------------------------------------------------------------------------- buffer

    def _require_idle_buffer(self) -> None:
        if self.buffer.storing:
            raise refusal(800)

    @command(":TRACe:DATA?")
    def _data(self) -> str | bytes:
        return self._answer(self.buffer.readings, self.buffer.delta_times)

    @command(":TRACe:CLEar")
    def _clear(self) -> None:
        self._require_idle_buffer()
        self.buffer.readings = []
        self.meter.measurement.set_bit(BUFFER_FULL, False)

    @command(":TRACe:FREE?")
    def _free(self) -> str:
        used = len(self.buffer.readings) * _BYTES_OF_READING
        return f"{MOST_POINTS * _BYTES_OF_READING - used},{used}"

    @command(":TRACe:POINts", Integer("", 1, MOST_POINTS, 100))
    def _set_points(self, points: int) -> None:
        self._require_idle_buffer()
        self.buffer.capacity = points
        self.buffer.readings = []
        self.meter.measurement.set_bit(BUFFER_FULL, False)

    @command(":TRACe:POINts?")
    def _points(self) -> str:
        return str(self.buffer.capacity)

    @command(":TRACe:POINts:ACTual?")
    def _stored(self) -> str:
        return str(len(self.buffer.readings))

    @command(":TRACe:FEED", Choice("SENSe", "CALCulate1", "CALCulate2"))
    def _set_feed(self, feed: str) -> None:
        self._require_idle_buffer()
        self.buffer.feed = feed

    @command(":TRACe:FEED?")
    def _feed(self) -> str:
        return {"SENS": "SENS1"}.get(self.buffer.feed, self.buffer.feed)

    @command(":TRACe:FEED:CONTrol", Choice("NEXT", "NEVer"))
    def _set_control(self, control: str) -> None:
        self.buffer.storing = control == "NEXT"
        if self.buffer.storing:
            self.buffer.readings = []
            self.meter.measurement.set_bit(BUFFER_FULL, False)

    @command(":TRACe:FEED:CONTrol?")
    def _control(self) -> str:
        return "NEXT" if self.buffer.storing else "NEV"

    @command(":TRACe:TSTamp:FORMat", Choice("ABSolute", "DELTa"))
    def _set_times(self, kind: str) -> None:
        self.buffer.delta_times = kind == "DELT"

    @command(":TRACe:TSTamp:FORMat?")
    def _times(self) -> str:
        return "DELT" if self.buffer.delta_times else "ABS"
